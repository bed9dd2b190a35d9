"""Blacklists of the HTTP client, speech services, apps of accounts: the small maintenance modules."""

from __future__ import annotations

import pytest

from kazoo_sup.commands import (
    callflow_maintenance,
    cb_apps_maintenance,
    conference_maintenance,
    crossbar_maintenance,
    kapps_maintenance,
    kazoo_endpoint_maintenance,
    kazoo_ips_maintenance,
    kazoo_speech_maintenance,
    kazoo_web_maintenance,
    notify_maintenance,
)
from kazoo_sup.kazoo.accounts import NamedAccount
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.results import NO_RETURN
from kazoo_sup.terms import UNDEFINED, Atom

ACCOUNT = "1" * 32
OWN = plain(account_database(ACCOUNT))


@pytest.mark.parametrize(("cidr", "listed"), [("192.0.2.0/24", True), ("2001:db8::/32", True), ("192.0.2.1/24", False)])
def test_only_networks_are_blacklisted(zone, cidr, listed):
    outcome = kazoo_web_maintenance.blacklist_client_ip(zone, cidr)
    assert (outcome.term == Atom("error")) is not listed
    assert (cidr in outcome.term) is listed


def test_an_address_without_a_mask_is_told_what_is_missing(zone):
    outcome = kazoo_web_maintenance.blacklist_client_ip(zone, "192.0.2.1")
    assert list(outcome.lines) == ["Please use CIDR notation (maybe 192.0.2.1/32)"]
    assert outcome.term == Atom("error")


def test_what_is_blacklisted_comes_first_and_once(zone):
    for _time in range(2):
        zone.rerun()
        assert kazoo_web_maintenance.blacklist_client_host(zone, "x").term == ["x", "localhost"]
    zone.rerun()
    lines = list(kazoo_web_maintenance.show_client_blacklists(zone).lines)
    assert lines[2] == 'Hosts: [<<"x">>,<<"localhost">>]'


def test_speech_services_and_languages_are_set_for_all_nodes(zone):
    kazoo_speech_maintenance.set_tts_provider(zone, "flite")
    kazoo_speech_maintenance.set_tts_language(zone, "en-us")
    (line,) = kazoo_speech_maintenance.set_tts_provider(zone, "nobody").lines
    assert line == "No provider module for nobody"
    zone.run = zone.new_run(ask=lambda question, secret: "secret" if secret else "")
    kazoo_speech_maintenance.set_tts_api_key(zone, "google")
    assert zone.couchdb.all("system_config")["speech"]["default"] == {
        "tts_provider": "flite",
        "tts_language": "en-us",
        "tts_api_key": "secret",
    }


def test_apps_are_moved_out_of_the_definition(zone):
    zone.couchdb.put(OWN, {"_id": ACCOUNT, "apps": {"a": {"n": 1}, "b": {"n": 2}}})
    zone.couchdb.put("accounts", {"_id": ACCOUNT, "apps": {"a": {"n": 1}}})
    zone.couchdb.put(OWN, {"_id": "apps_store", "apps": {"b": {"n": 3}}})
    answer, document = cb_apps_maintenance.migrate(zone, ACCOUNT).term
    assert answer == "ok"
    assert document["apps"] == {"a": {"n": 1}, "b": {"n": 3}}
    assert "apps" not in zone.couchdb.all(OWN)[ACCOUNT]
    assert "apps" not in zone.couchdb.all("accounts")[ACCOUNT]
    assert cb_apps_maintenance.migrate(zone, ACCOUNT).term == (Atom("error"), Atom("migrated"))
    assert cb_apps_maintenance.migrate(zone, "2" * 32).term == (Atom("error"), Atom("not_found"))


def test_endpoints_are_forgotten_with_the_accounts_documents(zone):
    zone.couchdb.create(OWN)
    kazoo_endpoint_maintenance.flush(zone)
    assert [key.split(".")[1] for key in zone.broker.keys] == [account_database(ACCOUNT)]


@pytest.mark.parametrize("function", ["add", "assign", "release", "delete"])
def test_commands_for_addresses_show_their_use_when_nothing_is_said(zone, function):
    (line,) = getattr(kazoo_ips_maintenance, function)(zone).lines
    assert line.startswith(f"Please use: sup kazoo_ips_maintenance {function} <ip>")


def test_half_of_what_an_address_needs_is_refused(zone):
    for words in (("192.0.2.1",), ("192.0.2.1", "zone")):
        with pytest.raises(kazoo_ips_maintenance.NotTogether):
            kazoo_ips_maintenance.add(zone, *words)
    with pytest.raises(kazoo_ips_maintenance.NotTogether):
        kazoo_ips_maintenance.assign(zone, "192.0.2.1")


def test_an_address_that_is_there_or_not_there_is_told(zone):
    zone.couchdb.put(OWN, {"_id": ACCOUNT, "pvt_type": "account"})
    account = NamedAccount(ACCOUNT, "said")
    told = [
        kazoo_ips_maintenance.add(zone, "192.0.2.1", "zone", "host"),
        kazoo_ips_maintenance.add(zone, "192.0.2.1", "zone", "another"),
        kazoo_ips_maintenance.assign(zone, "192.0.2.1", account),
        kazoo_ips_maintenance.assign(zone, "192.0.2.2", account),
        kazoo_ips_maintenance.assign(zone, "192.0.2.1", NamedAccount("2" * 32, "x")),
        kazoo_ips_maintenance.release(zone, "192.0.2.2"),
    ]
    assert [next(iter(each.lines)) for each in told] == [
        "added IP 192.0.2.1 to available dedicated ips",
        "unable to add IP 192.0.2.1: conflict",
        "assigned IP 192.0.2.1 to said",
        "unable to assign IP: not_found",
        "unable to find account: not_found",
        "unable to release IP: not_found",
    ]
    assert [each for each in zone.reports if each.error] == []


@pytest.mark.parametrize(
    "module", [callflow_maintenance, conference_maintenance, crossbar_maintenance, notify_maintenance]
)
def test_the_result_of_a_refresh_that_is_no_more_stands_on_the_line_of_its_sentence(module):
    outcome = module.refresh()
    (line,) = outcome.lines
    assert outcome.term is NO_RETURN
    assert line.endswith(".ok")


def test_account_views_that_no_process_keeps_are_undefined():
    assert kapps_maintenance.flush_account_views().term is UNDEFINED

"""Caller names and emergency addresses that Telnyx keeps: told when a number is saved, acquired or released."""

from __future__ import annotations

import pytest

from helpers.carrier_servers import TelnyxServer
from helpers.fault_server import says, stores_then_says
from helpers.memory_zone import MemoryZone
from kazoo_sup.kazoo.numbers import lifecycle, store
from kazoo_sup.kazoo.numbers.lifecycle import Policy, Request, Setting
from kazoo_sup.kazoo.numbers.providers import Rules
from kazoo_sup.kazoo.numbers.targets import Target
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.transports import net

ACCOUNT = "1" * 32
NUMBER = "+14155550123"
DATABASE = "numbers/+1415"
ADDRESS = {
    "street_address": "1 Main St.",
    "extended_address": "Suite 5",
    "locality": "Townsville",
    "region": "CA",
    "postal_code": "94103-1111",
}
RULES = Rules(cnam_provider="knm_telnyx_cnam", e911_provider="knm_telnyx_e911")


@pytest.fixture
def zone(tmp_path, monkeypatch):
    monkeypatch.setattr(net, "ASKING_AGAIN", net.ASKING_AGAIN._replace(first=0.001))
    monkeypatch.setattr("kazoo_sup.kazoo.numbers.number_notices.bus.publish", lambda _zone, asked: list(asked))
    zone = MemoryZone(tmp_path)
    account = plain(account_database(ACCOUNT))
    for database in ("accounts", "services", "system_config", "system_data", "system_schemas", "port_requests"):
        zone.couchdb.create(database)
    for database in ("pending_notifications", account, DATABASE):
        zone.couchdb.create(database)
    for database in (account, "accounts"):
        zone.couchdb.put(database, {"_id": ACCOUNT, "name": "ACME Inc", "pvt_type": "account"})
    return zone


@pytest.fixture
def server(zone):
    with TelnyxServer() as server:
        server.offered = ["+14155550199"]
        server.held = {NUMBER}
        zone.couchdb.put("system_config", {"_id": "number_manager.telnyx", "default": server.settings})
        put(zone)
        yield server


def put(zone, number=NUMBER, **fields):
    base = {"_id": number, "pvt_type": "number", "pvt_module_name": "knm_telnyx", "pvt_state": "in_service"}
    zone.couchdb.put(DATABASE, {**base, "pvt_assigned_to": ACCOUNT, **fields})


def perform(zone, deed, number=NUMBER):
    setting = Setting(Policy(default_module="knm_telnyx"), rules=lambda account: RULES)
    return store.perform(zone, [Target(number)], lambda _target: deed, setting, label="test")


def save(zone, **public):
    return perform(zone, lifecycle.update(Request(public=public)))


def stored(zone, number=NUMBER):
    return zone.couchdb.all(DATABASE)[number]


class TestCallerNames:
    def test_are_listed_and_taken_away(self, zone, server):
        save(zone, cnam={"display_name": "ACME Sales", "inbound_lookup": True})
        listing = {"cnam_listing_enabled": True, "cnam_listing_details": "ACME Sales"}
        assert server.voice[NUMBER]["cnam_listing"] == listing
        assert server.voice[NUMBER]["caller_id_name_enabled"] is True
        assert stored(zone)["pvt_features"]["outbound_cnam"] == {"display_name": "ACME Sales"}
        save(zone)
        assert server.voice[NUMBER]["cnam_listing"]["cnam_listing_enabled"] is False
        assert server.voice[NUMBER]["caller_id_name_enabled"] is False
        assert not stored(zone).get("pvt_features")

    def test_nothing_is_told_that_is_as_it_was(self, zone, server):
        save(zone, cnam={"display_name": "ACME"})
        before = len(server.requests)
        save(zone, cnam={"display_name": "ACME"}, prepend={"enabled": True})
        assert len(server.requests) == before

    @pytest.mark.parametrize("name", ["A name that is too long", "Ünlaut", "a,b"])
    def test_a_name_that_cannot_be_listed_is_refused_before_anything_is_sent(self, zone, server, name):
        assert save(zone, cnam={"display_name": name}).errors
        assert server.requests == []
        assert "cnam" not in stored(zone)

    def test_a_refusal_leaves_the_number_as_it_is(self, zone, server):
        server.fails(says(422, b'{"errors": [{"detail": "no"}]}'), to="PATCH")
        (error,) = save(zone, cnam={"display_name": "ACME"}).errors
        assert "knm_telnyx_cnam did not change cnam" in str(error)
        assert "cnam" not in stored(zone)


class TestEmergencyAddresses:
    def test_are_put_in_force(self, zone, server):
        save(zone, e911=ADDRESS)
        (identifier,) = server.addresses
        sent = server.addresses[identifier]
        assert (sent["street_address"], sent["extended_address"]) == ("1 MAIN ST", "SUITE 5")
        assert (sent["administrative_area"], sent["postal_code"], sent["country_code"]) == ("CA", "94103-1111", "US")
        assert sent["business_name"] == "ACME Inc"
        assert server.voice[NUMBER]["emergency"]["emergency_address_id"] == identifier
        assert stored(zone)["pvt_carrier_data"] == {"address_id": identifier}
        assert stored(zone)["pvt_features"]["e911"] == ADDRESS

    def test_one_that_is_not_in_force_yet_is_told(self, zone, server):
        def later(handler, carry_out):
            done = carry_out()
            done.body = done.body.replace(b'"active"', b'"provisioning"')
            handler.send(done)

        server.fails(later, to="enable_emergency")
        assert not save(zone, e911=ADDRESS).errors
        assert "its status is still provisioning" in zone.warnings[-1]

    def test_one_that_fails_to_be_put_in_force(self, zone, server):
        def failed(handler, carry_out):
            done = carry_out()
            done.body = done.body.replace(b'"active"', b'"provisioning-failed"')
            handler.send(done)

        server.fails(failed, to="enable_emergency")
        assert save(zone, e911=ADDRESS).errors
        assert "e911" not in stored(zone)

    def test_an_answer_for_another_number_is_not_believed(self, zone, server):
        def for_another(handler, carry_out):
            done = carry_out()
            done.body = done.body.replace(NUMBER.encode(), b"+14155550199")
            handler.send(done)

        server.fails(for_another, to="enable_emergency")
        (error,) = save(zone, e911=ADDRESS).errors
        assert "not known" in str(error)
        assert "e911" not in stored(zone)
        assert server.voice[NUMBER]["emergency"]["emergency_address_id"] in server.addresses

    def test_the_old_one_is_removed_once_the_new_one_is_in_force(self, zone, server):
        save(zone, e911=ADDRESS)
        save(zone, e911={**ADDRESS, "street_address": "2 Main St"})
        assert [each["street_address"] for each in server.addresses.values()] == ["2 MAIN ST"]
        assert [f"{each.method} {each.path}" for each in server.requests][-2:] == [
            "POST /phone_numbers/14155550123/actions/enable_emergency",
            "DELETE /addresses/address-0",
        ]

    def test_one_that_is_taken_away(self, zone, server):
        save(zone, e911=ADDRESS)
        save(zone)
        assert server.voice[NUMBER]["emergency"]["emergency_enabled"] is False
        assert server.addresses == {}
        assert "e911" not in stored(zone).get("pvt_features", {})
        assert "address_id" not in stored(zone).get("pvt_carrier_data", {})

    @pytest.mark.parametrize("kept", [{}, {"address_id": "421570676474774685"}])
    def test_one_of_which_only_telnyx_has_the_id(self, zone, server, kept):
        save(zone, e911=ADDRESS)
        put(zone, e911=ADDRESS, pvt_features={"e911": ADDRESS}, pvt_carrier_data=kept)
        zone.read_afresh()
        save(zone)
        assert server.voice[NUMBER]["emergency"]["emergency_enabled"] is False

    def test_one_that_is_incomplete_is_refused_before_anything_is_sent(self, zone, server):
        (error,) = save(zone, e911={"locality": "Townsville"}).errors
        assert "street_address, region, postal_code" in str(error)
        assert server.requests == []

    def test_a_refusal_leaves_no_address_behind(self, zone, server):
        server.fails(says(422, b'{"errors": [{"detail": "no"}]}'), to="enable_emergency")
        assert save(zone, e911=ADDRESS).errors
        assert server.addresses == {}
        assert "e911" not in stored(zone)

    def test_an_unclear_answer_is_told_as_such_and_the_next_run_completes_it(self, zone, server):
        server.fails(*[stores_then_says(502)] * 30, to="enable_emergency")
        (error,) = save(zone, e911=ADDRESS).errors
        assert "not known" in str(error)
        server._faults.clear()
        assert not save(zone, e911=ADDRESS).errors
        assert server.voice[NUMBER]["emergency"]["emergency_address_id"] in server.addresses

    def test_a_number_that_is_not_on_the_account_gets_no_address(self, zone, server):
        server.held = set()
        assert save(zone, e911=ADDRESS).errors
        assert server.addresses == {}


def test_a_number_with_both_is_released(zone, server):
    save(zone, e911=ADDRESS, cnam={"display_name": "ACME", "inbound_lookup": True})
    assert not perform(zone, lifecycle.release()).errors
    assert server.voice[NUMBER]["emergency"]["emergency_enabled"] is False
    assert server.voice[NUMBER]["cnam_listing"]["cnam_listing_enabled"] is False
    assert server.addresses == {}
    assert stored(zone)["pvt_state"] == "available"
    assert server.held == {NUMBER}


def test_one_that_is_acquired_with_both(zone, server):
    number = "+14155550199"
    put(zone, number, pvt_state="discovery", pvt_assigned_to=None)
    deed = lifecycle.move(Request(account=ACCOUNT, public={"cnam": {"display_name": "ACME"}, "e911": ADDRESS}))
    assert not perform(zone, deed, number).errors
    assert server.orders == {number: 1}
    assert server.voice[number]["emergency"]["emergency_enabled"] is True
    assert stored(zone, number)["pvt_carrier_data"] == {"order_id": "8181", "address_id": "address-0"}


def test_one_that_was_acquired_is_stored_though_its_features_are_refused(zone, server):
    number = "+14155550199"
    put(zone, number, pvt_state="discovery", pvt_assigned_to=None)
    server.fails(says(422, b'{"errors": [{"detail": "no"}]}'), to="PATCH")
    deed = lifecycle.move(Request(account=ACCOUNT, public={"cnam": {"display_name": "ACME"}}))
    assert perform(zone, deed, number).errors
    assert (stored(zone, number)["pvt_state"], stored(zone, number)["pvt_assigned_to"]) == ("in_service", ACCOUNT)
    assert "cnam" not in stored(zone, number)
    assert server.orders == {number: 1}


def test_a_dry_run_says_whom_it_would_tell(zone, server):
    zone.rerun(dry_run=True)
    save(zone, e911=ADDRESS)
    assert server.requests == []
    assert f"tell knm_telnyx_e911 of e911 of {NUMBER}" in zone.deeds

"""What keeps carrier modules from working is found by their settings and by one harmless request each."""

from __future__ import annotations

from datetime import date

import pytest

from helpers.carrier_servers import SERVERS, Bandwidth2Server, PhonebookServer, VitelityServer, VoipInnovationsServer
from helpers.fault_server import says, stores_then_stalls
from kazoo_sup.errors import ServerUnreachable, SupError
from kazoo_sup.kazoo.carriers import ALL, STUBS, of, verifying
from kazoo_sup.kazoo.carriers.porting.knm_vitelity import VitelityV2
from kazoo_sup.transports import net

GENEROUS = 30.0


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(net, "ASKING_AGAIN", net.ASKING_AGAIN._replace(first=0.001))
    monkeypatch.setattr(verifying, "_today", lambda: date(2026, 11, 29))


@pytest.fixture
def started(zone):
    running = []

    def start(kind, without=(), **settings):
        server = kind().__enter__()
        running.append(server)
        stored = {name: value for name, value in server.settings.items() if name not in without}
        category = f"number_manager.{server.module[4:]}"
        zone.read_afresh()
        zone.couchdb.put("system_config", {"_id": category, "default": {**stored, **settings}})
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)


def complaints(zone, name, *, enabled=True, seconds=GENEROUS):
    (found,) = verifying.verify(zone, [name], [name] if enabled else [], seconds)
    for each in found.complaints:
        assert each.do.startswith(("sup ", "make "))
    return [(str(each.state), each.found) for each in found.complaints]


def states(found):
    return [state for state, _ in found]


@pytest.mark.parametrize("kind", SERVERS)
def test_each_is_asked_once_and_refused_credentials_are_critical(zone, started, kind):
    server = started(kind)
    assert "critical" not in states(complaints(zone, server.module))
    assert len(server.requests) <= 3  # a token may have to be fetched before, and the set SIP peer is looked for
    server.fails(*[says(401)] * 10)
    found = complaints(zone, server.module)
    assert "critical" in states(found)
    assert "s3cret" not in str(found)


def test_what_works_has_no_complaint(zone, started):
    server = started(VitelityServer)
    assert complaints(zone, server.module) == []


def test_a_carrier_that_is_down_or_silent_is_unknown(zone, started):
    server = started(VitelityServer)
    server.fails(*[says(503)] * 20)
    ((state, found),) = complaints(zone, server.module)
    assert (state, "could not be found out" in found) == ("unknown", True)
    server.fails(*[stores_then_stalls] * 20)
    assert states(complaints(zone, server.module, seconds=0.01)) == ["unknown"]


def test_without_settings_it_is_asked_nothing_and_only_complained_of_when_enabled(zone):
    found = complaints(zone, "knm_vitelity")
    assert found[0] == ("warning", "it is without login, pass: every search asks it in vain")
    assert complaints(zone, "knm_vitelity", enabled=False) == []


@pytest.mark.parametrize(
    ("kind", "without", "said"),
    [
        (VitelityServer, ["routesip"], "routesip is not set"),
        (VoipInnovationsServer, ["endpoint_group"], "endpoint_group is not set"),
        (Bandwidth2Server, ["site_id", "sip_peer"], "site_id and sip_peer are not set"),
        (PhonebookServer, ["endpoints"], "endpoints is not set"),
    ],
)
def test_numbers_whose_calls_go_nowhere(zone, started, kind, without, said):
    server = started(kind, without)
    assert any(said in found for _, found in complaints(zone, server.module))
    started(kind)
    assert not any("go nowhere" in found for _, found in complaints(zone, server.module))


@pytest.mark.parametrize(("today", "state"), [(date(2026, 12, 1), "warning"), (date(2026, 12, 2), "critical")])
def test_user_and_password_of_bandwidth_end_on_a_day(zone, monkeypatch, today, state):
    monkeypatch.setattr(verifying, "_today", lambda: today)
    old = {"account_id": "77", "api_username": "ann", "api_password": "s3cret", "api_url": "http://127.0.0.1:1"}
    zone.couchdb.put("system_config", {"_id": "number_manager.bandwidth2", "default": old})
    found = complaints(zone, "knm_bandwidth2")
    assert (state, "2 December 2026") in [(each, said[-15:]) for each, said in found]
    new = {**old, "client_id": "i", "client_secret": "s3cret"}
    zone.couchdb.put("system_config", {"_id": "number_manager.bandwidth2", "default": new})
    zone.read_afresh()
    assert not any("2 December" in said for _, said in complaints(zone, "knm_bandwidth2"))


def test_the_retired_interface_of_telnyx(zone):
    old = {"user": "ann", "token": "s3cret", "api_url": "http://127.0.0.1:1"}
    zone.couchdb.put("system_config", {"_id": "number_manager.telnyx", "default": old})
    assert any("retired" in said for _, said in complaints(zone, "knm_telnyx"))


def test_sandboxes_and_addresses_in_the_open(zone, started):
    server = started(VoipInnovationsServer, sandbox_provisioning=True)
    assert any("sandbox" in said for _, said in complaints(zone, server.module))
    server = started(VitelityServer, api_uri="http://vitelity.invalid/api.php")
    assert any("without TLS" in said for _, said in complaints(zone, server.module, seconds=0.01))


@pytest.mark.parametrize("stored", ["http://[::1", "https://[", "http://h:port/", "http://", "gopher://h", 7, {"a": 1}])
def test_an_address_that_is_none_is_named_and_nobody_asked(zone, started, stored):
    server = started(VitelityServer, api_uri=stored)
    found = complaints(zone, server.module)
    assert found == [("critical", "api_uri is no address: it must read http://host/path or https://host/path")]
    assert not server.requests


def test_porting_refuses_an_address_that_is_none(zone, started):
    started(VitelityServer, api_uri="http://[::1")
    with pytest.raises(SupError, match="it must read http://host:port or https://host:port"):
        VitelityV2(zone).ask("GET")


def test_vitelity_is_spoken_to_over_tls_also_where_kazoo_has_stored_its_own_default(zone):
    assert of(zone, "knm_vitelity").url() == "https://api.vitelity.net/api.php"
    stored = {"_id": "number_manager.vitelity", "default": {"api_uri": "http://api.vitelity.net/api.php"}}
    zone.couchdb.put("system_config", stored)
    zone.read_afresh()
    assert of(zone, "knm_vitelity").url() == "https://api.vitelity.net/api.php"


def test_inum_and_what_is_none(zone):
    ((state, found),) = complaints(zone, "knm_inum")
    assert (state, "closed" in found) == ("warning", True)
    assert complaints(zone, "knm_inum", enabled=False) == []
    assert states(complaints(zone, "knm_voxbone")) == ["warning"]
    assert states(complaints(zone, "knm_nonsense")) == ["warning"]


def test_all_modules_without_settings_are_no_trouble(zone):
    found = verifying.verify(zone, ALL, ["knm_local"], GENEROUS)
    assert [each.module for each in found] == list(ALL)
    assert not any(each.complaints for each in found)
    assert all(each.good for each in found)
    assert {each.module for each in found} >= STUBS


def test_a_database_that_is_down_is_not_told_as_the_carriers_fault(zone, monkeypatch):
    def down(_zone, _category, *_more):
        raise ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")

    carrier = of(zone, "knm_vitelity", {"login": "ann", "pass": "s3cret"})
    monkeypatch.setattr("kazoo_sup.kazoo.carriers.base.system_config.get", down)
    with pytest.raises(ServerUnreachable):
        carrier.verify()

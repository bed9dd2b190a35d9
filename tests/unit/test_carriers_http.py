"""The carriers that are reached over HTTP: what they are sent, what is made of their answers, orders sent only once."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import product

import pytest

from helpers.carrier_servers import (
    SERVERS,
    Bandwidth2Server,
    BandwidthServer,
    BandwidthUserServer,
    BandwidthV2Server,
    PhonebookServer,
    SimwoodServer,
    TelnyxOriginationServer,
    TelnyxServer,
    VitelityServer,
    VoipInnovationsServer,
    in_json,
    xml,
)
from helpers.fault_server import breaks_off, breaks_off_cleanly, resets, says, stores_then_says, stores_then_stalls
from kazoo_sup.errors import Declined, SettingsError
from kazoo_sup.kazoo.carriers import of, open_orders
from kazoo_sup.kazoo.carriers.base import (
    CarrierError,
    CarrierLacks,
    CarrierRefused,
    CarrierUnreadable,
    NotConfigured,
    OrderNotPlaced,
    OrderUnknown,
    ProvisioningDisabled,
    Query,
)
from kazoo_sup.kazoo.carriers.knm_bandwidth import Gone
from kazoo_sup.transports import net

NUMBER = "+14155550123"
OTHER = "+14155550199"
UNCLEAR = {
    "stalls": stores_then_stalls,
    "resets": resets,
    "500": stores_then_says(500, b"oops"),
    "503": stores_then_says(503),
    "breaks off": breaks_off,
    "breaks off cleanly": breaks_off_cleanly,
}
LOOKS_UP = [server for server in SERVERS if server not in (BandwidthServer, PhonebookServer)]
OF_BANDWIDTH2 = (Bandwidth2Server, BandwidthV2Server, BandwidthUserServer)
SEARCH = dict.fromkeys(OF_BANDWIDTH2, "/availableNumbers")
"""Part of the path of a search, where it is not the first request."""

GIVES_UP = (VitelityServer, VoipInnovationsServer, SimwoodServer)
IN_XML = [VitelityServer, VoipInnovationsServer, BandwidthServer, Bandwidth2Server]
IN_JSON = [TelnyxServer, SimwoodServer, PhonebookServer]
XXE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
BAD_XML = [XXE.encode(), b"<content><status>ok", b"not XML", b""]
BAD_JSON = [b'{"result": [', b"<html>", b"", b"[" * 100_000]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("kazoo_sup.kazoo.carriers.knm_bandwidth2.POLL_INTERVAL", 0.0)
    monkeypatch.setattr("kazoo_sup.kazoo.carriers.knm_telnyx.POLL_INTERVAL", 0.0)
    monkeypatch.setattr(net, "ASKING_AGAIN", net.ASKING_AGAIN._replace(first=0.001))


@pytest.fixture
def started(zone):
    """Start a carrier's server and configure the zone to use it; more settings are laid over that."""
    running = []

    def start(kind, **settings):
        server = kind().__enter__()
        running.append(server)
        server.offered = [NUMBER, OTHER, "+14156660000", "+18005550111"]
        category = f"number_manager.{server.module[4:]}"
        zone.read_afresh()
        zone.couchdb.put("system_config", {"_id": category, "default": {**server.settings, **settings}})
        return server, of(zone, server.module)

    yield start
    for server in running:
        server.__exit__(None, None, None)


def document(number=NUMBER):
    return {"_id": number, "pvt_state": "available", "pvt_type": "number", "pvt_module_name": "x"}


def some(kind, quantity=1):
    """A search for numbers that the carrier can have."""
    return Query("+441983" if kind is SimwoodServer else "+1415", quantity)


def names(found):
    return [each.number for each in found]


def notes(zone):
    return list(open_orders.directory(zone).glob("*"))


class TestSearching:
    @pytest.mark.parametrize("kind", [each for each in SERVERS if each is not SimwoodServer])
    def test_numbers_that_begin_with_the_prefix_and_no_more_than_asked_for(self, started, kind):
        _, carrier = started(kind)
        assert sorted(names(carrier.search(Query("+1415", 5)))) == [NUMBER, OTHER, "+14156660000"]
        assert sorted(names(carrier.search(Query("+1415555", 5)))) == [NUMBER, OTHER]
        assert len(names(carrier.search(Query("+1415", 1)))) == 1
        assert names(carrier.search(Query("+1212", 5))) == []
        assert {each.module_name for each in carrier.search(Query("+1415", 5))} == {carrier.name}
        assert {each.state for each in carrier.search(Query("+1415", 5))} == {"discovery"}

    def test_simwood_takes_patterns_without_its_country_code(self, started):
        server, carrier = started(SimwoodServer)
        server.offered = ["+441983632222", "+441983632223"]
        assert names(carrier.search(Query("+441983", 5))) == ["+441983632222", "+441983632223"]
        assert server.requests[-1].path == "/numbers/acc/available/standard/10?pattern=1983%2A"
        assert names(carrier.search(Query("+441983", 1))) == ["+441983632222"]

    @pytest.mark.parametrize("kind", [TelnyxServer, VitelityServer, VoipInnovationsServer, Bandwidth2Server])
    def test_toll_free_numbers(self, started, kind):
        server, carrier = started(kind)
        assert names(carrier.search(Query("+1800", 5))) == ["+18005550111"]
        assert b"listtollfree" in server.requests[-1].body or kind is not VitelityServer

    def test_a_star_for_the_last_digit_of_a_toll_free_area_code(self, started):
        server, carrier = started(Bandwidth2Server)
        list(carrier.search(Query("+186*", 5)))
        assert "tollFreeWildCardPattern=86%2A" in server.requests[-1].path

    @pytest.mark.parametrize("kind", [VitelityServer, VoipInnovationsServer, BandwidthServer, Bandwidth2Server])
    @pytest.mark.parametrize("prefix", ["+44", "+1", "+14"])
    def test_what_is_no_area_code_of_north_america(self, started, kind, prefix):
        server, carrier = started(kind)
        with pytest.raises(CarrierLacks):
            list(carrier.search(Query(prefix, 5)))
        assert server.requests == []

    def test_telnyx_names_area_codes_of_other_countries(self, started):
        server, carrier = started(TelnyxOriginationServer)
        found = list(carrier.search(Query("+44", 5, country="GB")))
        assert names(found) == ["+44200000"]
        assert b'"country_iso": "GB"' in server.requests[-1].body
        assert (found[0].activation_charge, found[0].monthly) == (2.0, None)

    def test_telnyx_filters_by_both_costs(self, started):
        _, carrier = started(TelnyxServer, should_filter_rates=True, monthly_recurring_cost=2.0)
        found = list(carrier.search(Query("+1415", 5)))
        assert [(each.number, each.monthly) for each in found] == [(OTHER, 2.0)]

    def test_carrier_data_is_what_kazoo_keeps(self, started):
        _, vi = started(VoipInnovationsServer)
        assert next(vi.search(Query("+1415", 1))).carrier_data == {
            "e164": NUMBER,
            "rate_center": "RICH & CO",
            "state": "UT",
            "cnam": True,
            "t38": False,
        }
        _, bandwidth = started(BandwidthServer)
        assert next(bandwidth.search(Query("+1415", 1))).carrier_data == {
            "number_id": f"id-{NUMBER[1:]}",
            "ten_digit": NUMBER[2:],
            "e164": NUMBER,
            "status": "Available",
            "rate_center": {"name": "SOMEWHERE", "lata": "7", "state": "CA"},
        }
        _, vitelity = started(VitelityServer)
        data = next(vitelity.search(Query("+1415", 1))).carrier_data
        assert data == {"number": NUMBER, "ratecenter": "SOMEWHERE", "state": "CA"}

    def test_a_phonebook_has_blocks_and_states(self, started):
        server, carrier = started(PhonebookServer)
        assert names(carrier.search(Query("+1415", 10, blocks=1))) == ["+14155550100", "+14155550109"]
        assert server.requests[-1].path == "/blocks/US/search?prefix=%2B1415&size=10&offset=0&limit=1"
        assert carrier.check([NUMBER, "+12125550000"]) == {NUMBER: "tn_available"}
        assert names(carrier.search(Query("+1415", 10, offset=1))) == [OTHER, "+14156660000"]

    @pytest.mark.parametrize("kind", SERVERS)
    def test_a_search_is_repeated_when_its_answer_is_lost(self, started, kind):
        server, carrier = started(kind)
        server.fails(resets, to=SEARCH.get(kind, ""))
        list(carrier.search(some(kind)))
        assert len(server.sent(path=SEARCH.get(kind, ""))) == 2

    @pytest.mark.parametrize(("kind", "body"), [*product(IN_XML, BAD_XML), *product(IN_JSON, BAD_JSON)])
    def test_xml_and_json_that_are_hostile_or_broken(self, started, kind, body):
        server, carrier = started(kind)
        server.fails(says(200, body), to=SEARCH.get(kind, ""))
        with pytest.raises(CarrierUnreadable):
            list(carrier.search(some(kind)))


class TestOrdering:
    @pytest.mark.parametrize("kind", SERVERS)
    def test_one_order_and_no_note_of_it_left(self, started, kind, zone):
        server, carrier = started(kind)
        before = document()
        carrier.acquire(before)
        assert server.orders == {NUMBER: 1}
        assert before == document()
        assert notes(zone) == []

    def test_what_is_kept_of_an_order(self, started):
        _, telnyx = started(TelnyxServer)
        changed = telnyx.acquire({**document(), "pvt_carrier_data": {"a": 1}})
        assert changed["pvt_carrier_data"] == {"a": 1, "order_id": "8181"}
        _, bandwidth2 = started(Bandwidth2Server)
        data = bandwidth2.acquire(document())["pvt_carrier_data"]
        assert (data["number"], data["order_name"], len(data["order_id"])) == (NUMBER, "Kazoo-1", 32)
        _, bandwidth = started(BandwidthServer)
        data = bandwidth.acquire({**document(), "pvt_carrier_data": {"number_id": f"id-{NUMBER[1:]}"}})
        assert data["pvt_carrier_data"]["order_id"] == "o1"
        assert data["pvt_carrier_data"]["number"]["e164"] == NUMBER
        _, other = started(PhonebookServer)
        changed = other.acquire({**document(), "pvt_features": {"cnam": {}}})
        assert changed["pvt_carrier_data"] == {"id": 1}
        assert changed["pvt_features"] == {"cnam": {}, "locality": {"city": "SF"}}

    def test_bandwidth_is_told_all_hosts_and_the_account(self, started):
        server, carrier = started(BandwidthServer)
        carrier.acquire({**document(), "pvt_assigned_to": "acct"})
        body = server.requests[-1].body
        assert b"<endPoints><host>a.example.com</host><host>b.example.com</host></endPoints>" in body
        assert b"<subscriber>acct</subscriber>" in body

    @pytest.mark.parametrize("kind", SERVERS)
    def test_a_refusal_says_why_and_is_final(self, started, kind, zone):
        server, carrier = started(kind)
        server.offered = []
        with pytest.raises(CarrierError) as refused:
            carrier.acquire(document())
        assert not isinstance(refused.value, (OrderUnknown, OrderNotPlaced, CarrierUnreadable))
        assert any(word in str(refused.value).lower() for word in ("avail", "taken"))
        assert notes(zone) == []

    @pytest.mark.parametrize("kind", LOOKS_UP)
    @pytest.mark.parametrize("fault", UNCLEAR)
    def test_an_order_whose_answer_is_lost_is_looked_up_and_not_sent_again(self, started, kind, fault, zone):
        server, carrier = started(kind)
        server.fails(UNCLEAR[fault], to=kind.order_path)
        if fault == "stalls":
            zone.give_up_after(2)
        assert carrier.acquire(document())["_id"] == NUMBER
        assert server.orders == {NUMBER: 1}
        assert notes(zone) == []

    @pytest.mark.parametrize("kind", LOOKS_UP)
    def test_an_order_that_the_carrier_does_not_know_was_not_placed(self, started, kind, zone):
        server, carrier = started(kind)
        server.fails(says(500), to=kind.order_path)
        with pytest.raises(OrderNotPlaced, match="nothing was ordered"):
            carrier.acquire(document())
        assert server.orders == {}
        assert carrier.acquire(document())["_id"] == NUMBER
        assert server.orders == {NUMBER: 1}
        assert notes(zone) == []

    @pytest.mark.parametrize("kind", SERVERS)
    def test_an_order_that_cannot_be_looked_up_is_unknown_and_stays_so_until_it_can(self, started, kind, zone):
        server, carrier = started(kind)
        # The old Bandwidth looks the number's id up first.
        number = {**document(), "pvt_carrier_data": {"number_id": f"id-{NUMBER[1:]}"}}
        if kind in OF_BANDWIDTH2:
            carrier.verify()  # it has its token
        if kind is TelnyxServer:
            server.fails(lambda handler, carry_out: handler.send(carry_out()))  # it searches for the number first
        server.fails(stores_then_says(502), *[says(500)] * 50)
        with pytest.raises(OrderUnknown) as unknown:
            carrier.acquire(number)
        (note,) = notes(zone)
        assert carrier.check_by in str(unknown.value)
        assert str(note) in str(unknown.value)
        with pytest.raises(OrderUnknown):
            of(zone, carrier.name).acquire(number)
        assert server.orders == {NUMBER: 1}
        server._faults.clear()
        if kind in LOOKS_UP:
            assert of(zone, carrier.name).acquire(number)["_id"] == NUMBER
            assert notes(zone) == []
        assert server.orders == {NUMBER: 1}

    @pytest.mark.parametrize("kind", SERVERS)
    def test_a_busy_carrier_is_asked_again_when_it_says(self, started, kind):
        server, carrier = started(kind)
        server.fails(says(429, b"slow down", Retry_After="0"), to=kind.order_path)
        carrier.acquire(document())
        assert server.orders == {NUMBER: 1}

    def test_a_carrier_that_is_busy_for_long_is_reported(self, started, zone):
        server, carrier = started(TelnyxServer)
        server.fails(says(429, b"slow down", Retry_After="3600"))
        with pytest.raises(CarrierError, match="429 .*slow down"):
            carrier.acquire(document())
        assert server.orders == {}
        assert notes(zone) == []

    @pytest.mark.parametrize(
        ("kind", "reply"),
        [
            (VitelityServer, xml(200, "<content><status>ok</status><did>4155550199</did></content>")),
            (PhonebookServer, in_json(200, {"status": "success", "data": {OTHER: {"status": "success"}}})),
        ],
    )
    def test_a_reply_for_another_number_is_not_believed(self, started, kind, reply, zone):
        server, carrier = started(kind)
        server.fails(lambda handler, carry_out: handler.send(reply), to=kind.order_path)
        with pytest.raises((OrderNotPlaced, OrderUnknown), match=r"it (answers for|says nothing of)"):
            carrier.acquire(document())
        assert len(notes(zone)) == 1

    @pytest.mark.parametrize("kind", [VoipInnovationsServer, BandwidthServer, Bandwidth2Server])
    def test_a_recorded_reply_for_another_number_is_not_believed(self, started, kind):
        server, carrier = started(kind)

        def answers_for_another(handler, carry_out):
            done = carry_out()
            done.body = done.body.replace(NUMBER[2:].encode(), OTHER[2:].encode())
            handler.send(done)

        number = {**document(), "pvt_carrier_data": {"number_id": f"id-{NUMBER[1:]}"}}
        if kind is Bandwidth2Server:
            server.fails(answers_for_another, answers_for_another, to="/orders/")
        else:
            server.fails(answers_for_another)
        with pytest.raises(OrderUnknown) if kind is BandwidthServer else nullcontext():
            carrier.acquire(number)
        assert server.orders == {NUMBER: 1}

    def test_an_order_of_bandwidth_that_is_never_through_is_unknown(self, started):
        server, carrier = started(Bandwidth2Server)
        server.outcome = "BACKORDERED"
        with pytest.raises(OrderUnknown, match="BACKORDERED"):
            carrier.acquire(document())
        server.outcome = "FAILED"
        with pytest.raises(CarrierRefused, match="not available"):
            carrier.acquire(document())
        assert server.orders == {NUMBER: 1}

    @pytest.mark.parametrize("kind", SERVERS)
    def test_a_dry_run_sends_nothing(self, started, kind, zone):
        server, carrier = started(kind)
        zone.rerun(dry_run=True)
        assert carrier.acquire(document()) == document()
        assert server.requests == []
        assert zone.deeds[-1].endswith(f": {NUMBER} ordered")
        assert notes(zone) == []

    @pytest.mark.parametrize(
        "kind", [TelnyxServer, TelnyxOriginationServer, VoipInnovationsServer, BandwidthServer, Bandwidth2Server]
    )
    def test_provisioning_that_is_switched_off(self, started, kind):
        server, carrier = started(kind, enable_provisioning=False, sandbox_provisioning=False)
        with pytest.raises(ProvisioningDisabled):
            carrier.acquire(document())
        server, carrier = started(kind, enable_provisioning=False, sandbox_provisioning=True)
        assert carrier.acquire(document()) == document()
        assert server.requests == []

    def test_the_sandbox_of_voip_innovations(self, started):
        _, carrier = started(VoipInnovationsServer, api_url="", sandbox_provisioning=True)
        assert carrier.url() == "http://dev.voipinnovations.com/VOIP/Services/APIService.asmx"

    def test_no_order_without_a_note(self, started, zone):
        server, carrier = started(TelnyxServer)
        zone.state_dir.parent.mkdir(exist_ok=True)
        zone.state_dir.write_text("a file")
        with pytest.raises(SettingsError):
            carrier.acquire(document())
        assert server.orders == {}

    def test_an_order_that_is_interrupted_is_looked_up_by_the_next_run(self, started, zone, monkeypatch):
        server, carrier = started(TelnyxServer)

        ask = carrier.ask

        def interrupted(*words, **more):
            ask(*words, **more)
            raise KeyboardInterrupt

        monkeypatch.setattr(carrier, "ask", interrupted)
        with pytest.raises(KeyboardInterrupt):
            carrier.acquire(document())
        assert "may be ordered at Telnyx all the same" in zone.warnings[-1]
        assert of(zone, carrier.name).acquire(document())["_id"] == NUMBER
        assert server.orders == {NUMBER: 1}

    def test_two_runs_at_once(self, started, zone):
        server, carrier = started(TelnyxServer)
        with open_orders.begin(open_orders.directory(zone), carrier.name, NUMBER, "ordered"), pytest.raises(Declined):
            carrier.acquire(document())
        assert server.orders == {}


class TestReturning:
    @pytest.mark.parametrize("kind", GIVES_UP)
    def test_a_number_is_returned_and_a_lost_answer_looked_up(self, started, kind, zone):
        server, carrier = started(kind)
        for fault in (None, stores_then_says(500), resets):
            server.held = {NUMBER}
            if fault:
                server.fails(fault)
            assert carrier.disconnect(document()) == document()
            assert server.held == set()
        assert notes(zone) == []

    @pytest.mark.parametrize("kind", GIVES_UP)
    def test_a_return_that_never_arrived(self, started, kind):
        server, carrier = started(kind)
        server.held = {NUMBER}
        server.fails(says(500))
        with pytest.raises(OrderNotPlaced, match="nothing was returned"):
            carrier.disconnect(document())
        assert server.held == {NUMBER}

    def test_one_that_is_returned_already(self, started):
        _, carrier = started(VoipInnovationsServer)
        assert carrier.disconnect(document()) == document()

    @pytest.mark.parametrize("kind", [TelnyxServer, BandwidthServer, Bandwidth2Server, PhonebookServer])
    def test_the_others_are_told_nothing(self, started, kind):
        server, carrier = started(kind)
        assert carrier.disconnect(document()) == document()
        assert server.requests == []


class TestCredentials:
    @pytest.mark.parametrize("kind", [each for each in SERVERS if each is not PhonebookServer])
    def test_wrong_ones_are_told_and_never_shown(self, started, kind):
        server, carrier = started(kind)
        secret = next(key.name for key in carrier.keys if key.secret and server.settings.get(key.name))
        _, carrier = started(kind, **{secret: "wr0ng"})
        with pytest.raises(CarrierError) as refused:
            carrier.verify()
        assert "wr0ng" not in str(refused.value)

    @pytest.mark.parametrize("kind", SERVERS)
    def test_the_right_ones_are_verified(self, started, kind):
        _, carrier = started(kind)
        carrier.verify()

    @pytest.mark.parametrize("kind", SERVERS)
    def test_a_redirection_is_not_followed(self, started, kind):
        elsewhere, _ = started(TelnyxServer)
        server, carrier = started(kind)
        server.fails(says(307, Location=f"{elsewhere.url}/x"))
        with pytest.raises(CarrierError, match="not followed"):
            list(carrier.search(some(kind)))
        assert elsewhere.requests == []

    @pytest.mark.parametrize("kind", [each for each in SERVERS if each is not BandwidthServer])
    def test_a_carrier_that_is_not_configured(self, kind, zone):
        carrier = of(zone, kind.module)
        for deed in (lambda: list(carrier.search(some(kind))), lambda: carrier.acquire(document())):
            with pytest.raises(NotConfigured):
                deed()

    def test_the_address_of_the_old_bandwidth_is_gone(self, zone):
        zone.couchdb.put("system_config", {"_id": "number_manager.bandwidth", "default": {"developer_key": "s3cret"}})
        carrier = of(zone, "knm_bandwidth")
        for deed in (lambda: list(carrier.search(Query("+1415"))), lambda: carrier.acquire(document()), carrier.verify):
            with pytest.raises(Gone, match="use knm_bandwidth2"):
                deed()

    def test_the_old_bandwidth_says_that_it_is_deprecated(self, started, zone):
        _, carrier = started(BandwidthServer)
        list(carrier.search(Query("+1415", 1)))
        list(carrier.search(Query("+1415", 1)))
        assert zone.warnings == ["knm_bandwidth is deprecated, use knm_bandwidth2"]

    def test_vitelity_has_its_secrets_in_the_body(self, started):
        server, carrier = started(VitelityServer)
        carrier.verify()
        assert server.requests[-1].path == "/api.php"

    def test_sites_and_peers(self, started):
        _, carrier = started(Bandwidth2Server)
        assert carrier.sites() == [("5", "Main"), ("8", "Lab")]
        assert carrier.peers("8") == [("6", "Edge")]

"""Port requests beside what carriers say of their orders, and whether numbers can be ported at all."""

from __future__ import annotations

import pytest

from helpers.fault_server import says, stores_then_stalls
from helpers.memory_zone import MemoryZone
from helpers.porting_servers import SERVERS, BandwidthPorts, TelnyxPorts, VitelityPorts, VoipInnovationsPorts
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.numbers import porting
from kazoo_sup.kazoo.numbers.porting import NobodyToAsk
from kazoo_sup.transports import net

YES, NO, NEITHER = "+14155550100", "+14155550101", "+14155550102"
ACCOUNT = "1" * 32
BOMB = b'<!DOCTYPE a [<!ENTITY x "xxxx">]><a>&x;</a>'


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(net, "ASKING_AGAIN", net.ASKING_AGAIN._replace(first=0.001))


@pytest.fixture
def requests():
    """Port requests by their numbers."""
    return {}


@pytest.fixture
def zone(tmp_path, monkeypatch, requests):
    zone = MemoryZone(tmp_path / "state")
    zone.couchdb.create("system_config")

    def rows(_zone, _database, _design, view, *, keys=None, include_docs=False):
        assert include_docs
        for number, request in requests.items():
            active = request["pvt_port_state"] in porting.UNDER_WAY
            if view == "listing_by_state" or (active and (keys is None or number in keys)):
                yield {"key": number, "doc": request}

    monkeypatch.setattr("kazoo_sup.kazoo.numbers.porting.views.rows", rows)
    return zone


@pytest.fixture
def started(zone):
    running = []

    def start(kind, **settings):
        server = kind().__enter__()
        running.append(server)
        server.portable = {YES: True, NO: False}
        category = f"number_manager.{server.module[4:]}"
        zone.read_afresh()
        zone.couchdb.put("system_config", {"_id": category, "default": {**server.settings, **settings}})
        return server

    yield start
    for server in running:
        server.__exit__(None, None, None)


def request(number, state="pending", **more):
    return {
        "_id": f"r{number[-4:]}",
        "pvt_account_id": ACCOUNT,
        "pvt_port_state": state,
        "numbers": {number: {}},
        **more,
    }


def checked(zone, *numbers, module=None):
    rows, errors = sorted_out(porting.check(zone, numbers, module))
    return [(row["number"], row["portable"]) for row in rows], errors


def status(zone, numbers=None, module=None):
    return sorted_out(porting.status(zone, numbers, module))


def sorted_out(items):
    """The rows, and the errors among them."""
    found = list(items)
    is_error = [isinstance(each, SupError) for each in found]
    return [each for each, wrong in zip(found, is_error, strict=True) if not wrong], [
        each for each, wrong in zip(found, is_error, strict=True) if wrong
    ]


class TestChecking:
    @pytest.mark.parametrize("kind", SERVERS)
    def test_yes_and_no_are_told(self, zone, started, kind):
        server = started(kind)
        found, errors = checked(zone, YES, NO)
        assert (found, errors) == ([(YES, "yes"), (NO, "no")], [])
        assert "s3cret" not in " ".join(each.path for each in server.requests)

    @pytest.mark.parametrize("kind", [each for each in SERVERS if each is not TelnyxPorts])
    def test_a_number_that_the_carrier_cannot_have_is_not_asked_about(self, zone, started, kind):
        server = started(kind)
        assert checked(zone, "+442071838750") == ([("+442071838750", "no")], [])
        assert server.requests == []

    @pytest.mark.parametrize("kind", [TelnyxPorts, BandwidthPorts, VitelityPorts])
    def test_a_number_of_which_nothing_is_said_is_unknown(self, zone, started, kind):
        started(kind)
        found, errors = checked(zone, YES, NEITHER)
        assert found == [(YES, "yes"), (NEITHER, "unknown")]
        assert [error.exit_code for error in errors] == [5]

    @pytest.mark.parametrize("shape", ["list", "object", "lists"])
    def test_vitelitys_answer_may_have_several_shapes(self, zone, started, shape):
        started(VitelityPorts).shape = shape
        assert checked(zone, YES, NO)[0] == [(YES, "yes"), (NO, "no")]

    def test_an_answer_of_no_known_shape_is_no_good_news(self, zone, started):
        started(VitelityPorts).shape = "none"
        assert checked(zone, YES)[0] == [(YES, "unknown")]

    def test_toll_free_numbers_are_not_known_to_bandwidth_at_once(self, zone, started):
        server = started(BandwidthPorts)
        assert checked(zone, "+18005550100")[0] == [("+18005550100", "unknown")]
        assert server.requests == []

    @pytest.mark.parametrize("kind", SERVERS)
    @pytest.mark.parametrize(
        "fault", [says(401), says(403), says(500, b"s3cret"), says(200, BOMB), says(200, b"{"), stores_then_stalls]
    )
    def test_a_carrier_that_fails_makes_it_unknown(self, zone, started, kind, fault):
        server = started(kind)
        server.fails(*[fault] * 20)
        if fault is stores_then_stalls:
            zone.give_up_after(0.5)
        found, errors = checked(zone, YES)
        assert (found, errors[0].exit_code) == ([(YES, "unknown")], 5)
        assert "s3cret" not in str(errors)

    def test_all_carriers_with_settings_are_asked_or_one(self, zone, started):
        started(BandwidthPorts)
        started(VitelityPorts)
        assert len(checked(zone, YES)[0]) == 2
        assert len(checked(zone, YES, module="knm_vitelity")[0]) == 1

    def test_without_any_it_says_who_could_be(self, zone):
        with pytest.raises(NobodyToAsk, match="knm_vitelity"):
            checked(zone, YES)
        with pytest.raises(NobodyToAsk, match="knm_simwood"):
            checked(zone, YES, module="knm_simwood")


class TestStatus:
    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            (TelnyxPorts, ("ported", "exception", "foc-date-confirmed", "cancelled")),
            (BandwidthPorts, ("COMPLETE", "EXCEPTION", "FOC", "CANCELLED")),
            (VoipInnovationsPorts, ("Complete", "Rejected", "FOC Received", "Cancelled")),
        ],
    )
    def test_what_the_carrier_says_stands_beside_it_with_what_to_do(self, zone, started, requests, kind, words):
        server = started(kind)
        requests[YES] = request(YES, reference_number="4711")
        notes = ("complete the port request", "waits for something", "schedule the port request", "is canceled")
        for word, note in zip(words, notes, strict=True):
            server.ports = {YES: word}
            (row,), errors = status(zone)
            assert (row["state"], row["carrier_state"], row["carrier"]) == ("pending", word, server.module)
            assert note in row["note"]
            assert row["due"].startswith("2026-12-09")
            assert errors == []

    def test_where_both_agree_there_is_no_note(self, zone, started, requests):
        started(BandwidthPorts).ports = {YES: "FOC"}
        requests[YES] = request(YES, "scheduled")
        assert status(zone)[0][0]["note"] == ""

    def test_a_number_without_an_order_says_so(self, zone, started, requests):
        started(BandwidthPorts)
        requests[YES] = request(YES)
        ((row,), _) = status(zone)
        assert (row["carrier_state"], row["note"]) == ("", "knm_bandwidth2: no order for it")

    def test_another_numbers_answer_is_not_taken(self, zone, started, requests):
        started(VoipInnovationsPorts).ports = {NO: "Complete"}
        requests[YES] = request(YES, reference_number="4711")
        ((row,), errors) = status(zone)
        assert (row["carrier_state"], len(errors)) == ("unknown", 1)

    def test_what_cannot_be_asked_is_said(self, zone, started, requests):
        started(VitelityPorts)
        requests[YES] = request(YES)
        assert "see its portal" in status(zone)[0][0]["note"]

    def test_without_carriers_the_stored_state_is_shown(self, zone, requests):
        requests[YES] = request(YES, transfer_date=63_950_000_000)
        ((row,), errors) = status(zone)
        assert (row["state"], row["request"], row["due"], errors) == ("pending", "r0100", "2026-06-30", [])
        assert any("no carrier" in warning for warning in zone.warnings)

    def test_numbers_of_finished_requests_and_of_none(self, zone, requests):
        requests[YES] = request(YES, "completed")
        rows, errors = status(zone, [YES, NO])
        assert [(row["number"], row["state"]) for row in rows] == [(YES, "completed")]
        assert [str(error) for error in errors] == [f"there is no port request for {NO}"]

    def test_a_carrier_that_is_down_is_asked_once(self, zone, started, requests):
        server = started(BandwidthPorts)
        server.fails(*[stores_then_stalls] * 20)
        zone.give_up_after(0.5)
        for number in (YES, NO, NEITHER):
            requests[number] = request(number)
        rows, errors = status(zone)
        assert [row["carrier_state"] for row in rows] == ["unknown"] * 3
        assert len(errors) == 3
        assert all(each.path.endswith(YES[2:]) for each in server.requests)

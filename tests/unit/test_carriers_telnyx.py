"""Telnyx, version 2: what it is asked, what becomes of its answers, numbers and reservations of the account."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from helpers.carrier_servers import TelnyxOriginationServer, TelnyxServer, asked, in_json
from helpers.fault_server import says, stores_then_says
from kazoo_sup.kazoo.carriers import of, open_orders
from kazoo_sup.kazoo.carriers.base import (
    CarrierError,
    CarrierLacks,
    CarrierRefused,
    CarrierUnreadable,
    NoSuchOrder,
    NotConfigured,
    NotOnAccount,
    OrderUnknown,
    Query,
)
from kazoo_sup.kazoo.carriers.telnyx_origination import TelnyxOrigination
from kazoo_sup.transports import net

NUMBER = "+14155550123"
OTHER = "+14155550199"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("kazoo_sup.kazoo.carriers.knm_telnyx.POLL_INTERVAL", 0.0)
    monkeypatch.setattr(net, "ASKING_AGAIN", net.ASKING_AGAIN._replace(first=0.001))


@pytest.fixture
def server():
    with TelnyxServer() as server:
        server.offered = [NUMBER, OTHER, "+18005550111"]
        yield server


@pytest.fixture
def telnyx(zone, server):
    return configured(zone, server)


def configured(zone, server, **settings):
    zone.read_afresh()
    wanted = {**server.settings, **settings}
    zone.couchdb.put("system_config", {"_id": "number_manager.telnyx", "default": wanted})
    return of(zone, "knm_telnyx")


def document(number=NUMBER, **more):
    return {"_id": number, "pvt_state": "available", "pvt_type": "number", **more}


class TestSearching:
    def test_by_area_code_and_how_the_number_goes_on(self, server, telnyx):
        found = list(telnyx.search(Query("+1415555", 5)))
        assert asked(server.requests[-1]) == {
            "filter[country_code]": "US",
            "filter[national_destination_code]": "415",
            "filter[phone_number][starts_with]": "555",
            "filter[limit]": "5",
        }
        assert [(each.number, each.activation_charge, each.monthly, each.currency) for each in found] == [
            (NUMBER, 1.0, 1.0, "USD"),
            (OTHER, 1.0, 2.0, "USD"),
        ]

    def test_by_place_kind_and_features(self, server, telnyx):
        wishes = {"city": "Toronto", "state": "ON", "rate_center": "TORONTO", "features": ("sms", "voice")}
        list(telnyx.search(Query("+1416", 2, kind="local", best_effort=True, **wishes)))
        query = parse_qs(urlsplit(server.requests[-1].path).query)
        assert query["filter[features][]"] == ["sms", "voice"]
        assert asked(server.requests[-1]) | {"filter[features][]": ""} == {
            "filter[country_code]": "CA",
            "filter[national_destination_code]": "416",
            "filter[locality]": "Toronto",
            "filter[administrative_area]": "ON",
            "filter[rate_center]": "TORONTO",
            "filter[phone_number_type]": "local",
            "filter[features][]": "",
            "filter[best_effort]": "true",
            "filter[limit]": "2",
        }

    def test_other_countries_are_searched_by_how_the_number_begins(self, server, telnyx):
        list(telnyx.search(Query("+4420", 1, best_effort=True)))
        assert asked(server.requests[-1]) == {
            "filter[country_code]": "GB",
            "filter[phone_number][starts_with]": "20",
            "filter[limit]": "1",
        }

    def test_neighbouring_areas_are_found_only_when_they_are_wanted(self, server, telnyx):
        server.offered.append("+15105550100")
        assert [each.number for each in telnyx.search(Query("+1415", 5))] == [NUMBER, OTHER]
        found = [each.number for each in telnyx.search(Query("+1415", 5, best_effort=True))]
        assert "+15105550100" in found

    def test_costs_that_are_wanted(self, zone, server):
        carrier = configured(zone, server, should_filter_rates=True, monthly_recurring_cost=2.0)
        assert [each.number for each in carrier.search(Query("+1415", 5))] == [OTHER]

    @pytest.mark.parametrize("wanted", [{"features": ("teleport",)}, {"kind": "premium"}])
    def test_what_it_does_not_know_is_refused_before_it_is_asked(self, server, telnyx, wanted):
        with pytest.raises(CarrierLacks, match="it knows no"):
            list(telnyx.search(Query("+1415", 5, **wanted)))
        with pytest.raises(CarrierLacks, match="no country"):
            list(telnyx.search(Query("+8835100", 5)))
        assert server.requests == []

    def test_single_numbers(self, server, telnyx):
        server.held = {"+14155550111"}
        assert telnyx.check([NUMBER, "+14155550111", "+12125550100"]) == {
            NUMBER: "available",
            "+14155550111": "in_service",
            "+12125550100": "unavailable",
        }


class TestOrders:
    def test_are_for_the_connection_and_have_a_reference_of_ours(self, zone, server):
        carrier = configured(zone, server, messaging_profile_id="77")
        data = carrier.acquire(document())["pvt_carrier_data"]
        placed = carrier.order(data["order_id"])
        assert (placed["status"], len(placed["customer_reference"])) == ("success", 32)
        assert b'"messaging_profile_id": "77"' in server.sent("POST")[-1].body
        assert [each["id"] for each in carrier.orders()] == [data["order_id"]]

    def test_are_waited_for(self, server, telnyx):
        server.pending = 4
        assert telnyx.acquire(document())["pvt_carrier_data"] == {"order_id": "8181"}
        assert server.orders == {NUMBER: 1}

    def test_that_wait_for_papers_are_unknown_and_found_again(self, server, telnyx, zone):
        server.pending = 1000
        with pytest.raises(OrderUnknown, match="order 8181 is pending"):
            telnyx.acquire(document())
        server.pending = 1
        assert of(zone, "knm_telnyx").acquire(document())["pvt_carrier_data"] == {"order_id": "8181"}
        assert server.orders == {NUMBER: 1}

    def test_that_failed_later_are_refused_and_settled(self, server, telnyx, zone):
        server.pending = 1000
        with pytest.raises(OrderUnknown):
            telnyx.acquire(document())
        server.taken["8181"]["status"] = "failure"
        with pytest.raises(CarrierRefused, match="order 8181 failed"):
            telnyx.acquire(document())
        assert not list(open_orders.directory(zone).glob("*"))

    def test_a_refusal_says_what_telnyx_says_without_the_key(self, server, telnyx):
        server.fails(says(422, b'{"errors": [{"detail": "no money for s3cret"}]}'), to="POST /number_orders")
        with pytest.raises(CarrierRefused, match=r"no money for \*\*\*\*"):
            telnyx.acquire(document())

    def test_one_for_another_number_is_not_believed(self, server, telnyx):
        def for_another(handler, carry_out):
            done = carry_out()
            done.body = done.body.replace(NUMBER.encode(), OTHER.encode())
            handler.send(done)

        server.fails(for_another, for_another, to="/number_orders")
        assert telnyx.acquire(document())["pvt_carrier_data"] == {"order_id": "8181"}
        assert server.orders == {NUMBER: 1}

    def test_a_request_that_came_too_slowly_leaves_open_what_became_of_it(self, server, telnyx):
        server.fails(stores_then_says(408), to="POST /number_orders")
        assert telnyx.acquire(document())["pvt_carrier_data"] == {"order_id": "8181"}
        assert server.orders == {NUMBER: 1}

    def test_one_that_is_not_there(self, telnyx):
        with pytest.raises(NoSuchOrder, match="order nope"):
            telnyx.order("nope")

    @pytest.mark.parametrize("pages", [1e999, -1, "many", None, 2])
    def test_are_listed_however_many_pages_there_are_said_to_be(self, server, telnyx, pages):
        def says_pages(handler, carry_out):
            done = carry_out()
            answer = {**json.loads(done.body), "meta": {"total_pages": pages}}
            handler.send(in_json(200, answer))

        telnyx.acquire(document())
        server.fails(says_pages, to="GET /number_orders")
        assert {each["id"] for each in telnyx.orders()} == {"8181"}


class TestReturning:
    def test_releasing_keeps_a_number_unless_it_is_set_otherwise(self, zone, server, telnyx):
        server.held = {NUMBER}
        assert telnyx.disconnect(document()) == document()
        assert server.requests == []
        carrier = configured(zone, server, return_on_release=True)
        assert carrier.disconnect(document()) == document()
        assert server.held == set()

    @pytest.mark.parametrize("fault", [stores_then_says(500), stores_then_says(504)])
    def test_a_lost_answer_is_looked_up(self, server, telnyx, fault):
        server.held = {NUMBER}
        server.fails(fault, to="DELETE")
        assert telnyx.give_back(document()) == document()
        assert len(server.sent("DELETE")) == 1

    def test_one_that_is_returned_already(self, server, telnyx):
        assert telnyx.give_back(document()) == document()
        assert server.sent("DELETE") == []

    def test_a_number_that_only_contains_it_is_left_alone(self, server, telnyx):
        server.held = {f"{NUMBER}9"}
        telnyx.give_back(document())
        assert server.held == {f"{NUMBER}9"}


class TestNumbers:
    def test_settings(self, server, telnyx):
        server.held = {NUMBER}
        telnyx.set_number(NUMBER, {"connection_id": "78", "messaging_profile_id": "79"})
        assert server.number_settings[NUMBER] == {"connection_id": "78", "messaging_profile_id": "79"}
        assert telnyx.number(NUMBER)["connection_id"] == "78"

    def test_one_that_is_not_on_the_account(self, telnyx):
        with pytest.raises(NotOnAccount):
            telnyx.set_number(NUMBER, {"connection_id": "78"})

    def test_reservations(self, server, telnyx):
        assert telnyx.reserve(NUMBER)["id"] == "r1"
        assert server.reserved == {NUMBER: "r1"}
        assert [each["id"] for each in telnyx.reservations()] == ["r1"]
        assert telnyx.extend("r1")["status"] == "success"


class TestConfiguration:
    def test_the_connection_is_verified_against_the_account(self, zone, server, telnyx):
        telnyx.verify()
        for key in ("connection_id", "messaging_profile_id"):
            with pytest.raises(CarrierError, match=f"the account has no {key} 99"):
                configured(zone, server, **{key: "99"}).verify()

    def test_it_needs_a_key(self, zone, server):
        carrier = configured(zone, server, api_key="")
        assert carrier.missing == ["api_key"]
        with pytest.raises(NotConfigured, match="api_key"):
            carrier.verify()

    def test_user_and_token_of_old_are_used_with_a_warning_until_there_is_a_key(self, zone):
        with TelnyxOriginationServer() as server:
            carrier = configured(zone, server)
            assert isinstance(carrier, TelnyxOrigination)
            list(carrier.search(Query("+1415", 1)))
            assert "retired" in zone.warnings[-1]
            assert "sup knm_telnyx configure api_key=-" in zone.warnings[-1]
            assert not isinstance(configured(zone, server, api_key="k"), TelnyxOrigination)

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_key_is_told_without_it(self, server, telnyx, status):
        server.fails(says(status, b'{"errors": [{"detail": "bad key s3cret"}]}'))
        with pytest.raises(CarrierError, match="refused the credentials") as refused:
            telnyx.verify()
        assert "s3cret" not in str(refused.value)

    @pytest.mark.parametrize(
        "reply",
        [
            {"data": {"phone_number": NUMBER, "caller_id_name_enabled": False}},
            {"data": {"phone_number": OTHER, "caller_id_name_enabled": True}},
            {"data": []},
            [],
            {},
        ],
    )
    def test_voice_settings_that_are_not_in_force_then_are_not_believed(self, server, telnyx, reply):
        server.held = {NUMBER}
        server.fails(lambda handler, carry_out: handler.send(in_json(200, reply)), to="PATCH")
        with pytest.raises(CarrierUnreadable):
            telnyx.set_voice(NUMBER, {"caller_id_name_enabled": True})

"""Bandwidth: its access tokens, both versions of its interface, places to search, orders that give numbers back."""

from __future__ import annotations

import json
import stat
import time

import pytest

from helpers.carrier_servers import Bandwidth2Server, BandwidthUserServer, BandwidthV2Server, asked, in_json
from helpers.fault_server import says, stores_then_says
from kazoo_sup.kazoo.carriers import of, open_orders
from kazoo_sup.kazoo.carriers.base import (
    CarrierError,
    CarrierLacks,
    CarrierRefused,
    NoSuchOrder,
    NotConfigured,
    OrderUnknown,
    Query,
)
from kazoo_sup.transports import net

NUMBER = "+14155550123"
LONDON = "+442071838750"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("kazoo_sup.kazoo.carriers.knm_bandwidth2.POLL_INTERVAL", 0.0)
    monkeypatch.setattr(net, "ASKING_AGAIN", net.ASKING_AGAIN._replace(first=0.001))


@pytest.fixture
def started(zone):
    running = []

    def start(kind=Bandwidth2Server, **settings):
        server = kind().__enter__()
        running.append(server)
        server.offered = [NUMBER, "+18005550111", LONDON]
        return server, configured(zone, server, **settings)

    yield start
    for server in running:
        server.__exit__(None, None, None)


def configured(zone, server, **settings):
    zone.read_afresh()
    wanted = {**server.settings, **settings}
    zone.couchdb.put("system_config", {"_id": "number_manager.bandwidth2", "default": wanted})
    return of(zone, "knm_bandwidth2")


def document(number=NUMBER):
    return {"_id": number, "pvt_state": "available", "pvt_type": "number"}


def tokens(zone):
    return sorted((zone.state_dir / "tokens").glob("*/*"))


class TestTokens:
    def test_are_kept_for_their_life_where_nobody_else_reads_them(self, started, zone):
        server, carrier = started()
        carrier.sites()
        of(zone, "knm_bandwidth2").sites()
        assert len(server.tokens) == 1
        (file,) = tokens(zone)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert "s3cret" not in file.name + file.read_text()

    def test_are_fetched_anew_at_their_end(self, started, zone):
        server, carrier = started()
        carrier.sites()
        (file,) = tokens(zone)
        file.write_text(json.dumps({"access_token": server.tokens[-1], "end": time.time() + 5}))
        of(zone, "knm_bandwidth2").sites()
        assert len(server.tokens) == 2

    @pytest.mark.parametrize("kept", ["", "{}", "[1]", '{"access_token": 1}', '{"access_token": "x", "end": "never"}'])
    def test_a_file_that_is_none_is_passed_over(self, started, zone, kept):
        server, carrier = started()
        carrier.sites()
        tokens(zone)[0].write_text(kept)
        of(zone, "knm_bandwidth2").sites()
        assert len(server.tokens) == 2

    def test_where_none_can_be_kept_each_run_fetches_its_own(self, started, zone):
        server, carrier = started()
        zone.state_dir.write_text("a file")
        carrier.sites()
        server.expire()
        assert carrier.sites()
        of(zone, "knm_bandwidth2").sites()
        assert len(server.sent("POST", "token")) == 3

    def test_another_secret_does_not_use_the_token_of_the_one_before(self, started, zone):
        server, carrier = started()
        carrier.sites()
        with pytest.raises(CarrierError, match="refused the credentials"):
            configured(zone, server, client_secret="other").sites()

    def test_one_that_expires_in_the_middle_of_a_run_is_renewed_once(self, started):
        server, carrier = started()
        carrier.sites()
        server.expire()
        assert carrier.sites()
        assert len(server.sent("POST", "token")) == 2

    def test_an_order_is_sent_once_though_its_token_was_refused(self, started, zone):
        server, carrier = started()
        carrier.sites()
        server.expire()
        assert carrier.acquire(document())["pvt_carrier_data"]["number"] == NUMBER
        assert server.orders == {NUMBER: 1}
        assert not list(open_orders.directory(zone).glob("*"))

    def test_a_new_one_that_is_refused_too_is_not_renewed_for_ever(self, started):
        server, carrier = started()
        server.authorised = lambda request: False
        with pytest.raises(CarrierError, match="refused the credentials"):
            carrier.sites()
        assert len(server.sent("GET")) == 2

    def test_forbidden_is_not_the_token(self, started):
        server, carrier = started()
        server.fails(says(403, b"<Error><Description>no role</Description></Error>"), to="/sites")
        with pytest.raises(CarrierError, match="no role"):
            carrier.sites()
        assert len(server.tokens) == 1

    @pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": "a\nb"}, {"access_token": 7}, []])
    def test_an_answer_without_one(self, started, answer):
        server, carrier = started()
        server.fails(lambda handler, carry_out: handler.send(in_json(200, answer)), to="token")
        with pytest.raises(CarrierError):
            carrier.sites()

    def test_an_order_for_which_there_is_no_token_is_known_not_to_be_sent(self, started, zone):
        server, carrier = started()
        server.fails(*[says(500)] * 50, to="token")
        with pytest.raises(CarrierError) as failed:
            carrier.acquire(document())
        assert not isinstance(failed.value, OrderUnknown)
        assert not list(open_orders.directory(zone).glob("*"))

    def test_no_error_shows_secret_or_token(self, started):
        server, carrier = started(client_secret="wr0ng")
        with pytest.raises(CarrierError) as refused:
            carrier.sites()
        sent = server.sent("POST", "token")[-1].headers["Authorization"].partition(" ")[2]
        assert "wr0ng" not in str(refused.value)
        assert sent not in str(refused.value)
        server, carrier = started()
        carrier.sites()
        token = server.tokens[-1]
        server.fails(says(400, f"<Error><Description>{token}</Description></Error>".encode()), to="/sites")
        with pytest.raises(CarrierError) as refused:
            carrier.sites()
        assert token not in str(refused.value)


class TestVersions:
    def test_number_formats(self, started):
        for kind, written in ((Bandwidth2Server, b">4155550123<"), (BandwidthV2Server, b">+14155550123<")):
            server, carrier = started(kind)
            assert carrier.acquire(document())["pvt_carrier_data"]["number"] == NUMBER
            assert written in server.sent("POST", "/orders")[0].body
            assert server.held == {NUMBER}

    def test_an_address_that_names_its_version_decides(self, started, zone):
        server, _ = started()
        carrier = configured(zone, server, api_url=f"{server.url}/v1", api_version="v2")
        assert carrier.sites()
        assert server.requests[-1].path == "/v1/accounts/77/sites"
        assert server.sent("POST", "token")[0].path == "/v1/oauth2/token"

    def test_one_that_is_none(self, started):
        server, carrier = started(api_version="v3")
        with pytest.raises(CarrierError, match="none of v1, v2"):
            carrier.sites()
        assert server.requests == []

    def test_the_addresses_of_its_own(self, zone):
        settings = {"account_id": "7", "client_id": "a", "client_secret": "b"}
        carrier = of(zone, "knm_bandwidth2", settings)
        assert carrier.url() == "https://api.bandwidth.com/api/v1/accounts/7"
        assert (
            of(zone, "knm_bandwidth2", {**settings, "api_version": "2"})
            .url()
            .startswith("https://api.bandwidth.com/api/v2/")
        )
        moved = of(zone, "knm_bandwidth2", {**settings, "api_url": "https://dashboard.bandwidth.com/api/"})
        assert moved.url() == carrier.url()
        old = {"account_id": "7", "api_username": "a", "api_password": "b"}
        assert of(zone, "knm_bandwidth2", old).url() == "https://dashboard.bandwidth.com/api/accounts/7"

    def test_user_and_password_are_used_with_the_date_of_their_end_and_what_to_do(self, started, zone):
        _, carrier = started(BandwidthUserServer)
        assert carrier.sites()
        assert "2 December 2026" in zone.warnings[-1]
        assert "client_id=ID client_secret=-" in zone.warnings[-1]
        with pytest.raises(NotConfigured, match="client_id, client_secret"):
            of(zone, "knm_bandwidth2", {"api_username": "", "api_password": ""}).sites()


class TestSearching:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            (Query("+1415", 5), {"areaCode": "415"}),
            (Query("+1415555", 5), {"npaNxx": "415555"}),
            (Query("+14155", 5), {"areaCode": "415"}),
            (Query("+1", 5, state="CA"), {"state": "CA"}),
            (Query("+1", 5, state="CA", city="SF"), {"state": "CA", "city": "SF"}),
            (Query("+1415", 5, state="CA", rate_center="SF"), {"areaCode": "415", "state": "CA", "rateCenter": "SF"}),
            (Query("+1", 5, kind="toll_free"), {"tollFreeWildCardPattern": "8**"}),
            (Query("+1833", 5), {"tollFreeWildCardPattern": "33*"}),
        ],
    )
    def test_what_version_1_is_asked(self, started, query, expected):
        server, carrier = started()
        list(carrier.search(query))
        sent = asked(server.requests[-1])
        assert {name: sent[name] for name in sent if name not in ("quantity", "enableTNDetail")} == expected

    def test_what_version_2_is_asked(self, started):
        server, carrier = started(BandwidthV2Server)
        assert [each.number for each in carrier.search(Query("+4420", 5))] == [LONDON]
        assert asked(server.requests[-1])["countryCodeA3"] == "GBR"
        assert [each.number for each in carrier.search(Query("+1415", 5, kind="local"))] == [NUMBER]
        sent = asked(server.requests[-1])
        assert (sent["countryCodeA3"], sent["areaCode"], sent["phoneNumberType"]) == ("USA", "415", "GEOGRAPHIC")

    def test_details_are_kept(self, started):
        _, carrier = started()
        (found,) = carrier.search(Query("+1415", 5, state="CA"))
        rate_center = {"name": "SOMEWHERE", "state": "CA"}
        assert found.carrier_data == {"rate_center": rate_center, "city": "SOMEWHERE"}

    def test_numbers_of_no_country(self, started):
        server, carrier = started(BandwidthV2Server)
        with pytest.raises(CarrierLacks, match="no country"):
            list(carrier.search(Query("+8835100", 5)))
        assert server.requests == []

    def test_a_city_takes_its_state(self, started):
        server, carrier = started()
        with pytest.raises(CarrierLacks, match="the state, too"):
            list(carrier.search(Query("+1415", 5, city="SF")))
        assert server.requests == []

    def test_single_numbers(self, started):
        server, carrier = started()
        server.held = {"+14155550111"}
        wanted = [NUMBER, "+14155550111", "+12125550100", "+18005550111"]
        assert list(carrier.check(wanted).values()) == ["available", "in_service", "unavailable", "available"]


class TestReturning:
    @pytest.mark.parametrize("kind", [Bandwidth2Server, BandwidthV2Server])
    def test_a_number_is_disconnected(self, started, kind):
        server, carrier = started(kind)
        server.held = {NUMBER}
        assert carrier.give_back(document()) == document()
        assert server.held == set()

    def test_a_lost_answer_is_looked_up(self, started, zone):
        server, carrier = started()
        server.held = {NUMBER}
        server.fails(stores_then_says(500), to="/disconnects")
        assert carrier.give_back(document()) == document()
        assert len(server.sent("POST", "/disconnects")) == 1
        assert not list(open_orders.directory(zone).glob("*"))

    def test_a_refusal_says_why(self, started):
        _, carrier = started()
        with pytest.raises(CarrierRefused, match="not available"):
            carrier.give_back(document())

    def test_releasing_tells_it_only_when_that_is_set(self, started):
        server, carrier = started()
        assert carrier.disconnect(document()) == document()
        assert server.requests == []
        server, carrier = started(return_on_release=True)
        server.held = {NUMBER}
        carrier.disconnect(document())
        assert server.held == set()


class TestLookingUp:
    def test_orders(self, started):
        _, carrier = started()
        reference = carrier.acquire(document())["pvt_carrier_data"]["order_id"]
        (found,) = carrier.orders(reference)
        assert (found["orderId"], found["OrderStatus"]) == ("order-0", "COMPLETE")
        assert carrier.order("order-0").findtext("OrderStatus") == "COMPLETE"
        with pytest.raises(NoSuchOrder):
            carrier.order("order-9")

    def test_site_and_peer_are_verified_against_the_account(self, started, zone):
        server, carrier = started()
        carrier.verify()
        for settings, reason in (({"site_id": "4"}, "no site_id 4"), ({"sip_peer": "9"}, "site 5 has no sip_peer 9")):
            with pytest.raises(CarrierError, match=reason):
                configured(zone, server, **settings).verify()

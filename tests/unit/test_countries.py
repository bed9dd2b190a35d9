"""Which country a number is of, told from how it begins."""

from __future__ import annotations

import pytest

from helpers.carrier_servers import (
    SERVERS,
    Bandwidth2Server,
    BandwidthServer,
    BandwidthUserServer,
    BandwidthV2Server,
    SimwoodServer,
    TelnyxOriginationServer,
    TelnyxServer,
    VitelityServer,
    VoipInnovationsServer,
)
from helpers.memory_zone import MemoryZone
from kazoo_sup.kazoo.carriers import ALL, countries, of, searching
from kazoo_sup.kazoo.carriers.base import Carrier, CarrierLacks, Found, Query
from kazoo_sup.kazoo.carriers.searching import SearchFailed

WORLDWIDE = (TelnyxServer, TelnyxOriginationServer, BandwidthV2Server)


@pytest.mark.parametrize(
    ("prefix", "country"),
    [
        ("+1", "US"),
        ("+1415", "US"),
        ("+1416", "CA"),
        ("+1876555", "JM"),
        ("+1800", "US"),
        ("+186*", "US"),
        ("+44", "GB"),
        ("+4420", "GB"),
        ("+7495", "RU"),
        ("+7727", "KZ"),
        ("+39", "IT"),
        ("+441534", "JE"),
        ("+441983", "GB"),
        ("+35818", "AX"),
        ("+8835100", ""),
    ],
)
def test_the_country_of_a_prefix(prefix, country):
    assert countries.of_prefix(prefix) == country


@pytest.mark.parametrize(
    ("country", "prefix", "can_be"),
    [
        ("US", "+1415", True),
        ("US", "+1416", False),
        ("CA", "+1416", True),
        ("CA", "+1", True),
        ("CA", "+1800", True),
        ("US", "+4420", False),
        ("GB", "+1415", False),
        ("JE", "+441534", True),
        ("JE", "+44", True),
        ("JE", "+4420", False),
        ("GB", "+44", True),
        ("GB", "+441534", False),
        ("GG", "+441534", False),
        ("KZ", "+7495", False),
        ("RU", "+7", True),
        ("XX", "+1", False),
    ],
)
def test_whether_a_country_has_numbers_that_begin_so(country, prefix, can_be):
    assert countries.begins_with(country, prefix) is can_be


def test_codes_of_three_letters():
    assert [countries.alpha3(each) for each in ("US", "GB", "DE", "XK")] == ["USA", "GBR", "DEU", "XKX"]
    assert not countries.is_known("XX")


@pytest.fixture
def zone(tmp_path):
    zone = MemoryZone(tmp_path)
    zone.couchdb.create("system_config")
    return zone


@pytest.mark.parametrize("kind", SERVERS)
def test_no_carrier_is_asked_for_numbers_of_another_country_than_that_of_the_prefix(zone, kind):
    with kind() as server:
        zone.couchdb.put("system_config", {"_id": f"number_manager.{kind.module[4:]}", "default": server.settings})
        for query in (
            Query("+4420", 5, country="US"),
            Query("+1415", 5, country="GB"),
            Query("+1416", 5, country="US"),
        ):
            with pytest.raises(SearchFailed, match="no number of"):
                list(searching.search(zone, [kind.module], query, 10, 5))
        assert server.requests == []


@pytest.mark.parametrize("kind", [each for each in SERVERS if each not in WORLDWIDE])
def test_a_carrier_without_numbers_of_a_country_is_not_asked(zone, kind):
    with kind() as server:
        zone.couchdb.put("system_config", {"_id": f"number_manager.{kind.module[4:]}", "default": server.settings})
        foreign = "+1415" if kind is SimwoodServer else "+4989"
        with pytest.raises(SearchFailed):
            list(searching.search(zone, [kind.module], Query(foreign, 5), 10, 5))
        assert server.requests == []


@pytest.mark.parametrize("kind", [TelnyxServer, BandwidthV2Server])
def test_numbers_of_other_countries_are_found_where_a_carrier_has_them(zone, kind):
    with kind() as server:
        server.offered = ["+442071838750", "+14155550100", "+441983632222"]
        zone.couchdb.put("system_config", {"_id": f"number_manager.{kind.module[4:]}", "default": server.settings})
        found = searching.search(zone, [kind.module], Query("+4420", 5), 10, 5)
        assert [each.number for each in found] == ["+442071838750"]


def test_what_a_carrier_cannot_search_by_is_refused_before_it_is_asked(zone):
    with Bandwidth2Server() as server:
        zone.couchdb.put("system_config", {"_id": "number_manager.bandwidth2", "default": server.settings})
        carrier = of(zone, "knm_bandwidth2")
        for wanted in ({"features": ("sms",)}, {"city": "SF"}, {"kind": "mobile"}, {"best_effort": True}):
            with pytest.raises(CarrierLacks):
                list(carrier.search(Query("+1415", 5, **wanted)))
        assert server.requests == []


@pytest.mark.parametrize("name", [each for each in ALL if each not in ("knm_telnyx", "knm_bandwidth2")])
def test_most_search_by_the_prefix_only(zone, name):
    with pytest.raises(CarrierLacks, match="cannot search by city"):
        of(zone, name).refuse_unsearchable(Query("+441983" if name == "knm_simwood" else "+1415", city="SF"))


def test_a_number_of_another_country_is_left_out_whoever_found_it(zone, monkeypatch):
    class Wrong(Carrier):
        name = "knm_wrong"

        def search(self, query):
            yield from (Found("+14155550100", self.name), Found("+442071838750", self.name))

    monkeypatch.setattr(searching, "of", lambda zone, name: Wrong(zone))
    found = searching.search(zone, ["knm_wrong"], Query("+4420", 5), 10, 5)
    assert [each.number for each in found] == ["+442071838750"]


@pytest.mark.parametrize(
    ("country", "prefix", "kept"),
    [
        ("CA", "+1", "+14165550100"),
        ("US", "+1", "+14155550100"),
        ("GG", "+44", "+441481555010"),
        ("GB", "+44", "+442071838750"),
    ],
)
def test_numbers_that_begin_alike_are_those_of_the_country_that_was_named(zone, monkeypatch, country, prefix, kept):
    class Careless(Carrier):
        name = "knm_careless"

        def search(self, query):
            numbers = ("+14155550100", "+14165550100", "+442071838750", "+441481555010")
            return (Found(number, self.name) for number in numbers)

    monkeypatch.setattr(searching, "of", lambda zone, name: Careless(zone))
    found = searching.search(zone, ["knm_careless"], Query(prefix, 5, country=country), 10, 5)
    assert [each.number for each in found] == [kept]


@pytest.mark.parametrize(
    "kind", [VitelityServer, VoipInnovationsServer, BandwidthServer, Bandwidth2Server, BandwidthUserServer]
)
def test_no_number_is_ordered_or_returned_that_a_carrier_of_north_america_cannot_have(zone, kind):
    document = {"_id": "+442071838750", "pvt_state": "available", "pvt_type": "number"}
    with kind() as server:
        zone.couchdb.put("system_config", {"_id": f"number_manager.{kind.module[4:]}", "default": server.settings})
        carrier = of(zone, kind.module)
        for deed in (carrier.acquire, carrier.give_back) if carrier.gives_up else (carrier.acquire,):
            with pytest.raises(CarrierLacks, match=r"\+442071838750 is not a number of North America"):
                deed(document)
        assert server.requests == []
    assert not list(zone.state_dir.rglob("*.json"))

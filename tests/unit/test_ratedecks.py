"""Which rates apply to a number, and which of them wins (Kazoo hon_util)."""

from __future__ import annotations

import pytest

from kazoo_sup.commands import hotornot_maintenance
from kazoo_sup.errors import BadArgument, Declined
from kazoo_sup.kazoo.billing import ratedecks
from kazoo_sup.kazoo.billing.ratedecks import Call
from kazoo_sup.kazoo.config.expressions import BadExpression
from kazoo_sup.messages.names import account_database, plain

MASTER, RESELLER, CHILD = (letter * 32 for letter in "abc")
NUMBER = "+14155550100"


def rate(name, prefix, **fields):
    return {"_id": name, "pvt_type": "rate", "prefix": prefix, "rate_name": name, "routes": [r"^\+1.+$"], **fields}


@pytest.fixture
def zone(zone):
    zone.couchdb.put("system_config", {"_id": "accounts", "default": {"master_account_id": MASTER}})
    trees = {MASTER: [], RESELLER: [MASTER], CHILD: [MASTER, RESELLER]}
    for account, tree in trees.items():
        definition = {"_id": account, "pvt_type": "account", "pvt_tree": tree, "realm": f"{account[0]}.example.com"}
        zone.couchdb.put(plain(account_database(account)), definition)
        zone.couchdb.put("accounts", definition)
    for deck in ("ratedeck", "ratedeck/own deck"):
        zone.couchdb.put(
            deck,
            rate("us", "1"),
            rate("sf", 1415, weight=20, direction=["inbound"]),
            rate("sf-cheap", "1415", weight="10", rate_cost=0.5, options=["cheap"]),
            rate("uk", "44"),
        )
    return zone


def names(rates):
    return [each["rate_name"] for each in rates]


def test_candidates_are_those_whose_prefix_the_number_has_the_longest_first(zone):
    found = ratedecks.candidates(zone, Call(NUMBER))
    assert names(found) == ["sf", "sf-cheap", "us"]
    assert {each["ratedeck_id"] for each in found} == {"ratedeck"}
    assert ratedecks.candidates(zone, Call("+")) == []


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call(NUMBER), ["sf-cheap", "sf", "us"]),
        (Call(NUMBER, "inbound"), ["sf-cheap", "sf", "us"]),
        (Call(NUMBER, "outbound"), ["sf-cheap", "us"]),
        (Call(NUMBER, "outbound", None, ("cheap",)), ["sf-cheap", "us"]),
        (Call(NUMBER, "inbound", None, ("other",)), ["sf", "us"]),
    ],
)
def test_filters_leave_what_fits_and_the_lightest_wins(zone, call, expected):
    assert names(ratedecks.matching(zone, ratedecks.candidates(zone, call), call)) == expected


def test_by_cost_the_dearest_comes_first(zone):
    zone.couchdb.put("system_config", {"_id": "hotornot", "default": {"sort_by_weight": False}})
    call = Call(NUMBER)
    assert names(ratedecks.matching(zone, ratedecks.candidates(zone, call), call))[0] == "sf-cheap"


def test_an_expression_that_is_none_is_named(zone):
    call = Call(NUMBER)
    broken = {**rate("x", 1, routes=["("]), "ratedeck_id": "ratedeck"}
    with pytest.raises(BadExpression, match=r"routes of rate x in rate deck ratedeck: '\(' is not an expression"):
        ratedecks.matching(zone, [broken], call)


def test_a_route_is_read_as_kazoo_reads_it(zone):
    named = rate("x", 1, routes=[r"^\+(?<country>1)\d+\z"])
    assert ratedecks.matching(zone, [named], Call(NUMBER)) == [named]


def test_a_filter_that_is_none_matches_nothing(zone):
    call = Call(NUMBER)
    zone.couchdb.put("system_config", {"_id": "hotornot", "default": {"filter_list": ["sorcery"]}})
    assert ratedecks.matching(zone, [rate("x", 1)], call) == []


def test_the_version_filters_where_it_is_asked_for(zone):
    settings = {"filter_list": ["version"], "rate_version": "2"}
    zone.couchdb.put("system_config", {"_id": "hotornot", "default": settings})
    rates = [rate("old", 1, rate_version="1"), rate("new", 1, rate_version="2")]
    assert names(ratedecks.matching(zone, rates, Call(NUMBER))) == ["new"]


OWN = "ratedeck%2Fown%20deck"


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ({}, "ratedeck"),
        ({CHILD: {"ratedeck": {"id": "own deck"}}}, OWN),
        ({RESELLER: {"ratedeck": {"id": "own deck"}}, CHILD: {"pvt_reseller_id": RESELLER}}, OWN),
        ({CHILD: {"plans": {"plan": {"vendor_id": MASTER}}}}, "ratedeck%2Fplanned"),
        ({CHILD: {"plans": {"plan": {"vendor_id": MASTER, "overrides": {"ratedeck": {"id": "own deck"}}}}}}, OWN),
    ],
)
def test_an_account_has_its_own_deck_or_its_plans_or_its_resellers(zone, services, expected):
    plan = {"_id": "plan", "pvt_type": "service_plan", "ratedeck": {"id": "planned"}}
    zone.couchdb.put(plain(account_database(MASTER)), plan)
    for account, document in services.items():
        zone.couchdb.put("services", {"_id": account, **document})
    assert ratedecks.of_account(zone, CHILD) == expected


def test_the_words_after_the_number_mean_what_their_count_says(zone):
    zone.couchdb.put("services", {"_id": CHILD, "ratedeck": {"id": "own deck"}})
    for words in ((CHILD,), ("inbound", "c.example.com", "cheap")):
        lines = list(hotornot_maintenance.rates_for_did(zone, "4155550100", *words).lines)
        assert "own deck" in lines[2]
    lines = list(hotornot_maintenance.rates_for_did(zone, "4155550100", "outbound", "cheap").lines)
    assert lines[0] == "Candidates:"
    winner = lines[lines.index("Matching:") + 2]
    assert "* sf-cheap" in winner
    assert len({len(line) for line in lines if "|" in line}) == 1
    with pytest.raises(BadArgument):
        hotornot_maintenance.rates_for_did(zone, NUMBER, "nobody")
    with pytest.raises(BadArgument):
        hotornot_maintenance.rates_for_did(zone, NUMBER, "a", CHILD, "b", "c")


@pytest.mark.parametrize(
    ("did", "line"),
    [
        ("1", "rate lookup error: did_too_short"),
        ("abc", "rate lookup error: did_too_short"),
        ("+9999", "rate lookup had no results"),
    ],
)
def test_a_number_without_rates_is_told(zone, did, line):
    assert list(hotornot_maintenance.rates_for_did(zone, did).lines) == [line]


def test_a_deck_that_is_missing_is_told(zone):
    zone.couchdb.stored.pop("ratedeck")
    assert list(hotornot_maintenance.rates_for_did(zone, NUMBER).lines) == ["rate lookup error: not_found"]
    assert list(hotornot_maintenance.rates_between(zone, 1, 2).lines) == ["rate lookup error: not_found"]


def test_rates_between_prefixes_are_shown(zone):
    lines = list(hotornot_maintenance.rates_between(zone, 2, 1415).lines)
    assert [line.split("|")[0].strip() for line in lines[2:]] == ["uk", "sf", "sf-cheap"]
    assert list(hotornot_maintenance.rates_between(zone, 2, 3).lines) == ["rate lookup had no results"]


def test_a_trie_is_rebuilt_only_by_nodes(zone):
    assert list(hotornot_maintenance.trie_rebuild(zone).lines) == ["trie usage is not configured"]
    zone.rerun()
    zone.couchdb.put("system_config", {"_id": "hotornot", "default": {"use_trie": True}})
    with pytest.raises(Declined):
        hotornot_maintenance.trie_rebuild(zone)

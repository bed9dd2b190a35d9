"""The two copies of numbers, compared and mended (Kazoo kazoo_number_manager_maintenance:copy_*, remove_wrong_*)."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.memory_zone import MemoryZone
from kazoo_sup.errors import ServerUnreachable, Unfinished
from kazoo_sup.kazoo.accounts import NamedAccount
from kazoo_sup.kazoo.databases.failures import BrokenOff
from kazoo_sup.kazoo.databases.walk import account_databases, listed, of_accounts
from kazoo_sup.kazoo.numbers import assignments, copies, number_databases
from kazoo_sup.kazoo.numbers.repair import PartlyMended, Repair
from kazoo_sup.kazoo.numbers.repair_events import DatabaseBegun
from kazoo_sup.messages.names import account_database, number_database, plain
from kazoo_sup.texts import number_repairs

ONE, OTHER, GONE = (letter * 32 for letter in "123")
NUMBERS = ("+14155550100", "+14155550101", "+442079460000", "+442079460001", "+442079460002")
DOWN = ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")


def database(account):
    return plain(account_database(account))


def number(name, **fields):
    return {"_id": name, "pvt_type": "number", "pvt_state": "in_service", **fields}


def copy_all(zone):
    """Yield the lines of both directions, one after the other, and of the removal."""
    mending = Repair(zone)

    def lines():
        yield from copies.to_number_databases(mending, account_databases(zone))
        yield from copies.to_accounts(mending, number_databases.every(zone))
        yield from assignments.remove_wrong(mending, account_databases(zone))

    return mending.ended(lines())


def numbers_in(zone, name):
    stored = zone.couchdb.all(name).items()
    return {each: document for each, document in stored if not each.startswith("_design/")}


def finished(events):
    """Return the lines made of them, and whether something failed."""
    said = []
    try:
        said.extend(number_repairs.lines(events))
    except PartlyMended:
        return said, True
    return said, False


@pytest.fixture
def zone(zone):
    for account in (ONE, OTHER):
        zone.couchdb.create(database(account))
    zone.couchdb.create("numbers/+1415")
    return zone


VALUES = st.fixed_dictionaries({"note": st.integers(0, 2)})
IN_NUMBERS = st.dictionaries(
    st.sampled_from(NUMBERS), st.tuples(VALUES, st.sampled_from([None, ONE, OTHER, GONE])), max_size=5
)
IN_ACCOUNTS = st.dictionaries(
    st.tuples(st.sampled_from([ONE, OTHER]), st.sampled_from(NUMBERS)),
    st.tuples(VALUES, st.sampled_from([ONE, OTHER])),
    max_size=6,
)


def started(directory, in_numbers, in_accounts):
    zone = MemoryZone(directory / "state")
    for name in ("accounts", "system_config", "system_data", database(ONE), database(OTHER)):
        zone.couchdb.create(name)
    for name, (fields, account) in in_numbers.items():
        zone.couchdb.put(plain(number_database(name)), number(name, **fields, pvt_assigned_to=account))
    for (account, name), (fields, assigned) in in_accounts.items():
        zone.couchdb.put(database(account), number(name, **fields, pvt_assigned_to=assigned))
    return zone


def agreed(zone):
    """Assert that the copies agree, but for those reported: an account's own that its number database gives another."""
    originals = {}
    for name in zone.couchdb.databases(start="numbers/", end="numbers/\ufff0"):
        originals |= numbers_in(zone, name)
    reported = {(plain(each.database), each.id) for each in zone.reports if each.error}
    for account in (ONE, OTHER):
        wanted = {name: each for name, each in originals.items() if each.get("pvt_assigned_to") == account}
        found = numbers_in(zone, database(account))
        assert {name: found.get(name) for name in wanted} == wanted
        disputed = {name for name, each in found.items() if name not in wanted}
        assert all(found[name]["pvt_assigned_to"] == account for name in disputed)
        assert {(database(account), name) for name in disputed} <= reported


@settings(max_examples=150)
@given(IN_NUMBERS, IN_ACCOUNTS, st.integers(1, 3))
def test_whatever_the_start_the_copies_agree_and_no_number_is_lost(tmp_path_factory, in_numbers, in_accounts, page):
    zone = started(tmp_path_factory.mktemp("zone"), in_numbers, in_accounts)
    zone.couchdb.put("system_config", {"_id": "datamgr", "default": {"max_bulk_read": page}})
    finished(copy_all(zone))
    agreed(zone)
    everywhere = {name for name in NUMBERS if zone.couchdb.get(plain(number_database(name)), name)}
    assert everywhere == set(in_numbers) | {name for _account, name in in_accounts}
    for name, (fields, account) in in_numbers.items():
        assert zone.couchdb.all(plain(number_database(name)))[name] == number(name, **fields, pvt_assigned_to=account)


@settings(max_examples=80)
@given(IN_NUMBERS, IN_ACCOUNTS, st.integers(0, 12))
def test_a_run_that_was_interrupted_is_completed_by_the_next(tmp_path_factory, in_numbers, in_accounts, saves):
    zone = started(tmp_path_factory.mktemp("zone"), in_numbers, in_accounts)
    left = [saves]

    def fails(_database, _documents):
        left[0] -= 1
        if left[0] == 0:
            raise DOWN

    zone.couchdb.before_save.append(fails)
    with suppress(ServerUnreachable, Unfinished, BrokenOff):
        finished(copy_all(zone))
    finished(copy_all(zone))
    agreed(zone)


class TestToAccounts:
    def test_a_copy_that_differs_is_made_as_the_number_database_has_it(self, zone):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0], pvt_assigned_to=ONE, note=1))
        zone.couchdb.put(database(ONE), number(NUMBERS[0], pvt_assigned_to=OTHER, note=2))
        said, failed = finished(Repair(zone).ended(copies.to_accounts(Repair(zone), number_databases.every(zone))))
        assert not failed
        assert numbers_in(zone, database(ONE)) == numbers_in(zone, "numbers/+1415")
        assert "         [conflict: 1]" in said

    def test_copies_that_agree_are_not_saved_but_announced(self, zone):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0], pvt_assigned_to=ONE))
        zone.couchdb.put(database(ONE), number(NUMBERS[0], pvt_assigned_to=ONE))
        finished(copies.to_accounts(Repair(zone), number_databases.every(zone)))
        assert [each for each in zone.couchdb.written if not each[1].startswith("_design/")] == []
        events = {each["Event-Name"]: "Rev" in each for each in zone.broker.events}
        assert events == {"doc_created": False, "doc_edited": True}

    def test_what_somebody_saves_meanwhile_is_not_overwritten_with_something_older(self, zone):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0], pvt_assigned_to=ONE, note=1))
        zone.couchdb.put(database(ONE), number(NUMBERS[0], pvt_assigned_to=ONE, note=0))

        def somebody(name, documents):
            if name == database(ONE) and not documents[0]["_id"].startswith("_design/"):
                zone.couchdb.before_save.clear()
                newer = number(NUMBERS[0], pvt_assigned_to=ONE, note=2)
                zone.couchdb.put("numbers/+1415", newer)
                zone.couchdb.put(database(ONE), newer)

        zone.couchdb.before_save.append(somebody)
        finished(copies.to_accounts(Repair(zone), number_databases.every(zone)))
        assert numbers_in(zone, database(ONE))[NUMBERS[0]]["note"] == 2

    def test_a_number_that_leaves_meanwhile_is_not_copied(self, zone):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0], pvt_assigned_to=ONE))

        def somebody(name, documents):
            if name == database(ONE) and documents[0]["_id"] == NUMBERS[0]:
                zone.couchdb.before_save.clear()
                zone.couchdb.put("numbers/+1415", number(NUMBERS[0], pvt_assigned_to=OTHER))
                zone.couchdb.put(database(ONE), number(NUMBERS[0], pvt_assigned_to=ONE, note=9))

        zone.couchdb.before_save.append(somebody)
        finished(copies.to_accounts(Repair(zone), number_databases.every(zone)))
        assert numbers_in(zone, database(ONE))[NUMBERS[0]]["note"] == 9

    def test_an_account_without_database_is_summed_up_and_reported(self, zone):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0], pvt_assigned_to=GONE))
        mending = Repair(zone)
        said, failed = finished(mending.ended(copies.to_accounts(mending, number_databases.every(zone))))
        assert failed
        summary = json.loads("\n".join(said[said.index("{") :]))
        assert summary == {account_database(GONE): {"failed": {"save_docs-db_not_found": [NUMBERS[0]]}}}
        assert [(each.action, each.id) for each in zone.reports if each.error] == [("failed", NUMBERS[0])]

    def test_only_the_account_asked_for_is_copied_to(self, zone):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0], pvt_assigned_to=ONE))
        zone.couchdb.put("numbers/+1415", number(NUMBERS[1], pvt_assigned_to=OTHER))
        finished(copies.to_account(Repair(zone), NamedAccount(OTHER, "other.example.com")))
        assert set(numbers_in(zone, database(OTHER))) == {NUMBERS[1]}
        assert numbers_in(zone, database(ONE)) == {}

    def test_numbers_that_do_not_exist_are_reported_and_the_others_copied(self, zone):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0], pvt_assigned_to=ONE))
        mending = Repair(zone)
        _said, failed = finished(mending.ended(copies.some_to_accounts(mending, [NUMBERS[1], NUMBERS[0], NUMBERS[2]])))
        assert failed
        assert set(numbers_in(zone, database(ONE))) == {NUMBERS[0]}
        assert {each.id for each in zone.reports if each.error} == {NUMBERS[1], NUMBERS[2]}

    def test_one_number_into_any_account(self, zone):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0]))
        assert copies.one_to_account(zone, NUMBERS[0], ONE) == ("ok", NUMBERS[0])
        assert numbers_in(zone, database(ONE)) == numbers_in(zone, "numbers/+1415")
        assert copies.one_to_account(zone, NUMBERS[1], ONE)[0] == "error"
        assert copies.one_to_account(zone, NUMBERS[0], GONE)[0] == "error"


class TestToNumberDatabases:
    def test_what_is_missing_is_restored_with_its_database(self, zone):
        zone.couchdb.put(database(ONE), number(NUMBERS[2], pvt_assigned_to=ONE))
        mending = Repair(zone)
        said, failed = finished(mending.ended(copies.to_number_databases(mending, account_databases(zone))))
        assert not failed
        assert numbers_in(zone, "numbers/+4420") == numbers_in(zone, database(ONE))
        assert f"         creating number db {number_database(NUMBERS[2])}" in said

    def test_what_is_there_stays_and_a_difference_is_reported(self, zone):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0], note=1), number(NUMBERS[1]))
        zone.couchdb.put(database(ONE), number(NUMBERS[0], note=2), number(NUMBERS[1]))
        mending = Repair(zone)
        said, failed = finished(mending.ended(copies.to_number_databases(mending, listed([account_database(ONE)]))))
        assert failed
        assert numbers_in(zone, "numbers/+1415")[NUMBERS[0]]["note"] == 1
        assert [each.id for each in zone.reports if each.error] == [NUMBERS[0]]
        summary = json.loads("\n".join(said[said.index("{") :]))
        assert summary == {"numbers%2F%2B1415": {"failed": {"save_docs-conflict": [NUMBERS[0], NUMBERS[1]]}}}

    def test_numbers_named_are_read_from_the_account_s_database(self, zone):
        zone.couchdb.put(database(ONE), number(NUMBERS[0], pvt_assigned_to=ONE))
        finished(copies.some_to_number_databases(Repair(zone), NamedAccount(ONE, ONE), [NUMBERS[0]]))
        assert set(numbers_in(zone, "numbers/+1415")) == {NUMBERS[0]}

    def test_a_dry_run_changes_nothing(self, zone):
        zone.couchdb.put_views(database(ONE), "numbers")
        zone.couchdb.put(database(ONE), number(NUMBERS[2], pvt_assigned_to=ONE))
        before = zone.couchdb.written[:]
        zone.run = zone.new_run(dry_run=True)
        finished(copies.to_number_databases(Repair(zone), account_databases(zone)))
        assert zone.couchdb.written == before
        assert "numbers/+4420" not in zone.couchdb.stored
        assert ("created", NUMBERS[2]) in [(each.action, each.id) for each in zone.reports]


class TestRemovingWrong:
    def test_a_copy_of_another_account_s_number_goes(self, zone):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0], pvt_assigned_to=OTHER))
        zone.couchdb.put(
            database(ONE), number(NUMBERS[0], pvt_assigned_to=OTHER), number(NUMBERS[1], pvt_assigned_to=ONE)
        )
        said, failed = finished(assignments.remove_wrong(Repair(zone), account_databases(zone)))
        assert not failed
        assert set(numbers_in(zone, database(ONE))) == {NUMBERS[1]}
        assert "     2 wrong assignments to remove" in said
        assert zone.broker.events[-1]["Event-Name"] == "doc_deleted"

    def test_the_last_copy_of_a_number_is_kept_and_reported(self, zone):
        zone.couchdb.put(database(ONE), number(NUMBERS[0], pvt_assigned_to=OTHER))
        mending = Repair(zone)
        _said, failed = finished(mending.ended(assignments.remove_wrong(mending, account_databases(zone))))
        assert failed
        assert set(numbers_in(zone, database(ONE))) == {NUMBERS[0]}

    def test_one_that_is_assigned_to_the_account_meanwhile_stays(self, zone):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0], pvt_assigned_to=OTHER))
        zone.couchdb.put(database(ONE), number(NUMBERS[0], pvt_assigned_to=OTHER))

        def somebody(name, documents):
            if name == database(ONE) and documents[0].get("_deleted"):
                zone.couchdb.before_save.clear()
                zone.couchdb.put(database(ONE), number(NUMBERS[0], pvt_assigned_to=ONE))

        zone.couchdb.before_save.append(somebody)
        finished(assignments.remove_wrong(Repair(zone), account_databases(zone)))
        assert set(numbers_in(zone, database(ONE))) == {NUMBERS[0]}

    @pytest.mark.parametrize("owner", [OTHER, None])
    def test_a_number_that_both_claim_stays_and_is_reported(self, zone, owner):
        zone.couchdb.put("numbers/+1415", number(NUMBERS[0], pvt_assigned_to=owner))
        zone.couchdb.put(database(ONE), number(NUMBERS[0], pvt_assigned_to=ONE))
        mending = Repair(zone)
        _said, failed = finished(mending.ended(assignments.remove_wrong(mending, account_databases(zone))))
        assert failed
        assert set(numbers_in(zone, database(ONE))) == {NUMBERS[0]}


def test_a_database_without_views_is_reported_and_the_next_one_done(zone):
    zone.couchdb.put_registration("account", {"_id": "_design/numbers", "views": {}})
    mending = Repair(zone)
    said, failed = finished(mending.ended(copies.to_number_databases(mending, account_databases(zone))))
    assert failed
    assert said.count("  -- failed to get results: not_found") == 2


def test_who_is_named_twice_is_worked_on_once_and_counts_twice_as_to_kazoo(zone):
    name = account_database(ONE)
    begun, *events = copies.to_number_databases(Repair(zone), of_accounts(zone, [ONE, ONE]))
    assert (begun.databases, [each.total for each in events if isinstance(each, DatabaseBegun)]) == (2, [2])
    assert list(of_accounts(zone, [ONE, ONE]).names()) == [name]

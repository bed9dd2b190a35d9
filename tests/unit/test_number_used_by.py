"""Which application uses a number, and the documents that say so (Kazoo kazoo_number_manager_maintenance:fix_*)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.kazoo.accounts import NamedAccount
from kazoo_sup.kazoo.databases.walk import account_databases, listed
from kazoo_sup.kazoo.numbers import number_databases, usage, used_by
from kazoo_sup.kazoo.numbers.repair import PartlyMended, Repair
from kazoo_sup.kazoo.numbers.used_by import USED_BY
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import number_repairs, numbers

ONE, OTHER = "1" * 32, "2" * 32
A, B, C, D = "+14155550100", "+14155550101", "+14155550102", "+14155550103"
RIGHT = {A: "callflow", B: "trunkstore", C: None}


def database(account):
    return plain(account_database(account))


def number(name, application=None, account=ONE):
    used = {} if application is None else {USED_BY: application}
    return {"_id": name, "pvt_type": "number", "pvt_assigned_to": account, **used}


def said_in(zone, name):
    stored = zone.couchdb.all(name).items()
    return {each: document.get(USED_BY) for each, document in stored if each.startswith("+")}


def run(zone, work):
    """Do the work; return its lines and whether something failed."""
    mending = Repair(zone)
    lines = []
    try:
        lines.extend(number_repairs.lines(mending.ended(work(mending))))
    except PartlyMended:
        return lines, True
    return lines, False


@pytest.fixture
def zone(zone):
    zone.couchdb.create("numbers/+1415")
    zone.couchdb.put(database(ONE), {"_id": "cf", "pvt_type": "callflow", "numbers": [A, D, "1001"]})
    server = {"auth": {"auth_user": "pbx"}, "DIDs": {B: {}, D: {}}}
    realm = {"auth_realm": "one.example.com"}
    zone.couchdb.put(database(ONE), {"_id": "ts", "pvt_type": "sys_info", "account": realm, "servers": [server]})
    return zone


@pytest.mark.parametrize("before", ["callflow", "trunkstore", None])
@pytest.mark.parametrize("place", ["account", "numbers", "named", "named in account", "of account"])
def test_every_number_gets_the_application_that_uses_it(zone, before, place):
    name = database(ONE) if "account" in place and place != "of account" else "numbers/+1415"
    zone.couchdb.put(name, *(number(each, before) for each in RIGHT))
    ways = {
        "account": lambda mending: used_by.in_accounts(mending, account_databases(zone)),
        "numbers": lambda mending: used_by.in_number_databases(mending, number_databases.every(zone)),
        "named": lambda mending: used_by.some_in_number_databases(mending, list(RIGHT)),
        "named in account": lambda mending: used_by.some_in_account(mending, NamedAccount(ONE, ONE), list(RIGHT)),
        "of account": lambda mending: used_by.of_accounts(mending, [ONE]),
    }
    _lines, failed = run(zone, ways[place])
    assert not failed
    assert said_in(zone, name) == RIGHT


@pytest.mark.parametrize("before", ["callflow", None])
def test_a_number_that_both_applications_have_stays(zone, before):
    zone.couchdb.put("numbers/+1415", number(D, before))
    lines, _failed = run(zone, lambda mending: used_by.in_number_databases(mending, number_databases.every(zone)))
    assert f"numbers used by both trunkstore and callflow: {D}" in lines
    run(zone, lambda mending: used_by.some_in_number_databases(mending, [D]))
    assert said_in(zone, "numbers/+1415") == {D: before}


def test_numbers_of_an_account_that_cannot_be_read_stay_and_are_reported(zone):
    zone.couchdb.put("numbers/+1415", number(A, "trunkstore"), number(B, "callflow", OTHER))
    _lines, failed = run(zone, lambda mending: used_by.in_number_databases(mending, number_databases.every(zone)))
    assert failed
    assert said_in(zone, "numbers/+1415") == {A: "callflow", B: "callflow"}


def test_a_number_that_somebody_edits_meanwhile_keeps_that_edit(zone):
    zone.couchdb.put("numbers/+1415", number(A))

    def somebody(name, documents):
        if documents[0]["_id"] == A:
            zone.couchdb.before_save.clear()
            zone.couchdb.put(name, {**number(A), "note": 1})

    zone.couchdb.before_save.append(somebody)
    run(zone, lambda mending: used_by.in_number_databases(mending, number_databases.every(zone)))
    assert zone.couchdb.all("numbers/+1415")[A] == {**number(A, "callflow"), "note": 1}


def test_pages_that_shift_under_the_corrections_leave_none_out(zone):
    zone.couchdb.put("system_config", {"_id": "datamgr", "default": {"max_bulk_read": 2}})
    zone.couchdb.put(database(ONE), *(number(each, wrong) for each, wrong in zip(RIGHT, (None, "a", "b"), strict=True)))
    run(zone, lambda mending: used_by.in_accounts(mending, listed([account_database(ONE)])))
    assert said_in(zone, database(ONE)) == RIGHT


@given(st.none() | st.text(max_size=5), st.none() | st.text(max_size=5))
def test_a_document_says_its_application_and_nothing_else_changes(before, after):
    document = number(A, before)
    changed = used_by.using(document, after)
    assert changed.get(USED_BY) == after
    assert {**changed, USED_BY: 0} == {**document, USED_BY: 0}
    assert (changed is document) == (before == after)


class TestUsage:
    @pytest.mark.parametrize(("asked", "found"), [(A, "callflow"), (B, "trunkstore"), (C, None), (D, "callflow")])
    def test_app_using(self, zone, asked, found):
        assert usage.application(zone, asked, account_database(ONE))[1] == found

    def test_app_using_of_an_account_that_is_not_there(self, zone):
        having, found = usage.application(zone, A, account_database(OTHER))
        assert found is None
        assert sum("failed" in line for line in numbers.using(account_database(OTHER), having)) == 2

    def test_carrier_modules_are_counted_by_database_and_in_all(self, zone):
        zone.couchdb.put("numbers/+1415", *({"_id": each, "pvt_module_name": "knm_local"} for each in (A, B)))
        zone.couchdb.put("numbers/managed", {"_id": "+1"}, {"_id": "+2", "pvt_module_name": "knm_local"})
        found = usage.carrier_modules(zone, number_databases.every(zone))
        assert found.report.counts == {"done": 2, "failed": 0}
        assert list(numbers.carrier_modules(found)) == [
            "numbers%2F%2B1415:",
            "    knm_local: 2",
            "numbers%2Fmanaged:",
            "    null: 1",
            "    knm_local: 1",
            "Totals:",
            "    knm_local: 3",
            "    null: 1",
        ]

    def test_the_order_of_totals_is_that_of_erlang_s_dict(self):
        # erlang:phash/2 with 16 buckets puts these into 4, 6, 11, 14.
        found = usage.in_dict_order(["knm_mdn", "knm_inum", "knm_managed", "knm_local"])
        assert found == ["knm_local", "knm_managed", "knm_inum", "knm_mdn"]

"""Balances carried from month to month (Kazoo kz_ledgers, kazoo_ledgers_maintenance)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import shown
from helpers.memory_zone import MemoryZone
from kazoo_sup.cli.render.ending import Ending
from kazoo_sup.commands import kazoo_ledgers_maintenance
from kazoo_sup.errors import BadArgument, ExitCode, ServerRefused
from kazoo_sup.kazoo.billing import ledgers, rollovers
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.documents import now
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import rollovers as texts

ACCOUNT, OTHER = "1" * 32, "2" * 32


def told(events, tell=texts.lines):
    """Return the lines of events."""
    return shown.told(events, tell)[0]


def database(account, month=""):
    return plain(months.database(account, month) if month else account_database(account))


def recent(count):
    """Return this month and those before it, the oldest first."""
    found = [months.this_month()]
    while len(found) < count:
        found.insert(0, months.before(found[0]))
    return found


def entry(name, service, amount):
    kind = "debit" if amount < 0 else "credit"
    return {
        "_id": name,
        "pvt_type": "ledger",
        "pvt_ledger_type": kind,
        "amount": abs(amount),
        "source": {"service": service},
        "pvt_created": now(),
    }


def rollover(month, amount):
    return entry(ledgers.rollover_id(month), "rollovers", amount)


def prepared(zone, account, spent, *, created=None, carried=None):
    """Store an account with an entry of SPENT in each of the last months, and what was CARRIED into each."""
    definition = {"_id": account, "name": "A", "pvt_type": "account"}
    if created is not None:
        definition["pvt_created"] = created
    zone.couchdb.put(database(account), definition)
    zone.couchdb.put("accounts", definition)
    for month, amount, into in zip(recent(len(spent)), spent, carried or [None] * len(spent), strict=True):
        zone.couchdb.put_views(database(account, month), "ledgers")
        zone.couchdb.put(database(account, month), entry("x", "per-minute-voip", amount))
        if into is not None:
            zone.couchdb.put(database(account, month), rollover(month, into))


def amounts(zone, account, count):
    return [ledgers.amount(ledgers.read_rollover(zone, account, month) or {}) for month in recent(count)]


def test_months_go_back_over_the_turn_of_the_year():
    assert months.before("202601") == "202512"
    assert months.before("202612") == "202611"
    assert months.shown("202601") == "2026-1"


def test_a_balance_without_rollovers_is_summed_up_and_nothing_is_written(zone):
    prepared(zone, ACCOUNT, [100, -30, 5])
    zone.couchdb.written.clear()
    assert ledgers.balance(zone, ACCOUNT, months.this_month()) == 75
    assert zone.couchdb.written == []
    with pytest.raises(ledgers.NoBalance, match="db_not_found"):
        ledgers.balance(zone, ACCOUNT, "200001")


def test_where_balances_are_not_carried_a_month_begins_with_nothing(zone):
    zone.couchdb.put("system_config", {"_id": "ledgers", "default": {"rollover_monthly_balance": False}})
    prepared(zone, ACCOUNT, [100, 5])
    assert ledgers.balance(zone, ACCOUNT, months.this_month()) == 5


def test_old_transactions_of_a_month_stand_for_its_rollover(zone):
    prepared(zone, ACCOUNT, [100, 5])
    month = database(ACCOUNT, months.this_month())
    total = {"map": "function (doc) { if (doc.pvt_type === 'credit') emit(null, doc.pvt_amount); }", "reduce": "_sum"}
    zone.couchdb.put(month, {"_id": "_design/transactions", "views": {"legacy_total": total}})
    zone.couchdb.put(month, {"_id": "t", "pvt_type": "credit", "pvt_amount": 40})
    assert ledgers.balance(zone, ACCOUNT, months.this_month()) == 45


def test_rolling_over_makes_the_month_and_its_rollover_once(zone):
    prepared(zone, ACCOUNT, [100, -130, 0])
    month = months.this_month()
    zone.couchdb.stored.pop(database(ACCOUNT, month))
    assert told([rollovers.roll_over(zone, ACCOUNT)]) == [f"account {ACCOUNT} rolled up"]
    made = zone.couchdb.all(database(ACCOUNT, month))[ledgers.rollover_id(month)]
    assert (made["amount"], made["pvt_ledger_type"], made["account"]["name"]) == (30, "debit", "A")
    zone.couchdb.written.clear()
    rollovers.roll_over(zone, ACCOUNT)
    assert zone.couchdb.written == []


def test_no_month_is_made_of_an_account_that_is_deleted(zone):
    zone.couchdb.put("accounts", {"_id": ACCOUNT, "pvt_deleted": True})
    zone.couchdb.create(database(ACCOUNT))
    with pytest.raises(rollovers.NoMonth):
        rollovers.roll_over(zone, ACCOUNT)
    assert not zone.couchdb.exists(database(ACCOUNT, months.this_month()))


def test_the_oldest_month_of_an_older_account_keeps_what_was_carried_into_it(zone):
    prepared(zone, ACCOUNT, [-10, -10], created=63_000_000_000, carried=[500, 1])
    list(rollovers.fix(zone, ACCOUNT))
    assert amounts(zone, ACCOUNT, 2) == [500, 490]
    assert "older than its oldest month" in zone.warnings[0]


def test_the_month_in_which_an_account_was_created_begins_with_nothing(zone):
    prepared(zone, ACCOUNT, [-10], created=now(), carried=[500])
    assert told(rollovers.fix(zone, ACCOUNT)) == [
        f"account {ACCOUNT} {months.shown(months.this_month())} incorrect, updating with 0 units"
    ]
    assert amounts(zone, ACCOUNT, 1) == [0]


@pytest.mark.parametrize("created", [10**13, -(10**13), "x"])
def test_a_time_that_is_none_makes_no_account_new(zone, created):
    prepared(zone, ACCOUNT, [-10], created=created, carried=[500])
    list(rollovers.fix(zone, ACCOUNT))
    assert amounts(zone, ACCOUNT, 1) == [500]


def test_one_month_is_fixed_only_where_there_is_one(zone):
    prepared(zone, ACCOUNT, [100, 5], carried=[0, 7])
    assert len(list(rollovers.fix_month(zone, ACCOUNT, months.this_month()))) == 1
    assert amounts(zone, ACCOUNT, 2)[1] == 100
    [told] = rollovers.fix_month(zone, ACCOUNT, "200001")
    assert told == rollovers.RolloverNotFixed(ACCOUNT, "200001", "db_not_found")
    zone.couchdb.delete(database(ACCOUNT, months.this_month()))
    with pytest.raises(rollovers.NoMonth):
        list(rollovers.fix_month(zone, ACCOUNT, months.this_month()))


def test_verifying_goes_over_all_accounts_the_last_first(zone):
    for account in (ACCOUNT, OTHER):
        prepared(zone, account, [100, 5], carried=[0, 100])
    lines = told(rollovers.verify_everywhere(zone, every_month=True, start=None), texts.verified)
    assert [line for line in lines if line.startswith("verify")] == [
        f"verify rollover accounts ({place}/2) '{account_database(account)}'"
        for place, account in ((1, OTHER), (2, ACCOUNT))
    ]
    assert sum(line.endswith("rollover confirmed") for line in lines) == 2
    assert sum("error getting balance" in line for line in lines) == 2
    rest = told(rollovers.verify_everywhere(zone, every_month=False, start=ACCOUNT), texts.verified)
    assert len(rest) == 2
    assert ACCOUNT in rest[1]
    with pytest.raises(BadArgument):
        list(rollovers.verify_everywhere(zone, every_month=False, start="3" * 32))


def test_verifying_every_month_counts_those_that_cannot_be_read(zone, monkeypatch):
    for account in (ACCOUNT, OTHER):
        prepared(zone, account, [100, 5], carried=[0, 100])
    month = database(OTHER, months.this_month())
    get = zone.couchdb.get

    def broken(name, identifier):
        if name == month:
            raise ServerRefused(server="CouchDB", status=500, request="GET", reason="badarg")
        return get(name, identifier)

    monkeypatch.setattr(zone.couchdb, "get", broken)
    result = kazoo_ledgers_maintenance.verify_all_rollovers(zone)
    ending = Ending(result)
    list(ending.rest(result.events))
    assert {each.of: each.counts for each in ending.parts} == {
        "months": {"done": 3, "failed": 1},
        "databases": {"done": 2, "failed": 0},
    }
    assert [str(each) for each in ending.errors] == ["1 of 4 months failed; the same command tries them again"]
    assert ending.code(maintenance=True, failed=False) == ExitCode.PARTIAL
    assert [report.database for report in zone.reports if report.error] == [months.database(OTHER, months.this_month())]


def test_current_rollovers_are_counted_down(zone):
    prepared(zone, ACCOUNT, [5], carried=[0])
    prepared(zone, OTHER, [5])
    lines = told(rollovers.current(zone, None))
    assert lines[0].startswith(f"[1] account {ACCOUNT} has rollover (created ")
    assert lines[1] == f"[0] account {OTHER} has no rollover for {months.shown(months.this_month())}"


HISTORY = st.lists(st.tuples(st.integers(-500, 500), st.none() | st.integers(-500, 500)), min_size=1, max_size=5)


@given(history=HISTORY)
def test_fixed_rollovers_are_what_was_left_and_a_dry_run_foretells_them(tmp_path_factory, history):
    zone = MemoryZone(tmp_path_factory.mktemp("state"))
    for name in ("accounts", "system_data", "system_config"):
        zone.couchdb.create(name)
    spent = [each for each, _carried in history]
    prepared(zone, ACCOUNT, spent, created=now(), carried=[carried for _spent, carried in history])
    zone.rerun(dry_run=True)
    foretold = told(rollovers.fix(zone, ACCOUNT))
    zone.rerun()
    assert told(rollovers.fix(zone, ACCOUNT)) == foretold
    assert amounts(zone, ACCOUNT, len(spent)) == [sum(spent[:place]) for place in range(len(spent))]
    assert all(line.endswith(("rollover confirmed", "db_not_found")) for line in told(rollovers.verify(zone, ACCOUNT)))
    assert told(rollovers.fix(zone, ACCOUNT)) == []

"""Work on many databases: side by side, each for itself, told of in their order (kazoo.every_account)."""

from __future__ import annotations

import threading
import time

import pytest

from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import BadArgument, ExitCode, NotFound, ServerUnreachable, TimedOut
from kazoo_sup.kazoo.databases import every_account
from kazoo_sup.kazoo.databases.every_account import WORKERS, DatabaseWorkedOn, Work
from kazoo_sup.kazoo.databases.failures import SILENT_IN_A_ROW, BrokenOff
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.results import PartlyDone

ACCOUNTS = [f"{number:032x}" for number in range(40)]
MISSING = NotFound(server="CouchDB", what="a shard")
DOWN = ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")
SILENT = TimedOut(seconds=1, doing="")


@pytest.fixture
def zone(zone):
    for account in ACCOUNTS:
        zone.couchdb.create(plain(account_database(account)))
        zone.couchdb.create(f"{plain(account_database(account))}-202611")
    return zone


def work(zone: MemoryZone, step, start=None):
    return Work(zone, every_account.accounts(zone, start), step, label="testing")


def failing(*broken, error=MISSING):
    names = {account_database(ACCOUNTS[number]) for number in broken}

    def step(_zone, database):
        if database in names:
            raise error
        return [database]

    return step


def test_every_account_comes_once_in_order_whoever_is_done_first(zone):
    def slow_at_first(_zone, database):
        time.sleep(0.02 if database == account_database(ACCOUNTS[0]) else 0)
        return [database]

    done = list(work(zone, slow_at_first))
    assert [each.database for each in done] == [account_database(account) for account in ACCOUNTS]
    assert [each.left for each in done] == list(range(len(ACCOUNTS), 0, -1))
    assert {each.total for each in done} == {len(ACCOUNTS)}


def test_no_more_are_worked_on_at_once_than_there_are_workers(zone):
    lock, at_once, most = threading.Lock(), 0, 0

    def step(_zone, _database):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.001)
        with lock:
            at_once -= 1

    list(work(zone, step))
    assert most <= WORKERS


def test_an_iterator_is_worked_off_beside_the_others_not_when_its_lines_are_read(zone):
    threads = set()

    def step(_zone, database):
        threads.add(threading.current_thread())
        yield database

    found = [line for done in work(zone, step) for line in done.found]
    assert len(found) == len(ACCOUNTS)
    assert threading.current_thread() not in threads


def test_one_that_fails_is_reported_and_the_others_go_on(zone):
    running = work(zone, failing(3, 17))
    assert sum(each.error is None for each in running) == len(ACCOUNTS) - 2
    assert [each.database for each in zone.reports] == [account_database(ACCOUNTS[3]), account_database(ACCOUNTS[17])]
    with pytest.raises(PartlyDone, match="2 of 40 databases failed"):
        running.end()
    assert PartlyDone.exit_code is ExitCode.PARTIAL


def test_the_server_itself_ends_the_run_which_says_where_to_go_on(zone):
    with pytest.raises(BrokenOff, match="databases done before that: 5") as broken_off:
        list(work(zone, failing(5, error=DOWN)))
    assert (broken_off.value.__cause__, broken_off.value.exit_code) == (DOWN, ExitCode.PARTIAL)
    assert zone.warnings == [f"5 of 40 databases are done; --from {ACCOUNTS[5]} goes on from there"]
    with pytest.raises(ServerUnreachable):
        list(work(zone, failing(0, error=DOWN)))


def test_silence_is_one_databases_own_until_several_keep_silent(zone):
    alone = work(zone, failing(1, 3, 5, 7, 9, 11, error=SILENT))
    assert sum(each.error is not None for each in alone) == 6
    with pytest.raises(BrokenOff, match="databases done before that: 4"):
        list(work(zone, failing(*range(4, 4 + SILENT_IN_A_ROW), error=SILENT)))


def test_what_was_done_before_is_not_done_again(zone):
    done = list(work(zone, failing(), start=ACCOUNTS[30]))
    assert [each.database for each in done] == [account_database(account) for account in ACCOUNTS[30:]]
    with pytest.raises(BadArgument, match="has no database"):
        every_account.accounts(zone, "f" * 32)


def test_reports_and_warnings_come_in_the_order_of_the_databases(zone):
    told = []
    zone.run = zone.run._replace(report=lambda report: told.append(report.database), warn=told.append)

    def step(each, database):
        time.sleep(0.002 if database.endswith("0") else 0)
        changes.apply(each, [Change(database, {"_id": "a"}, None)])
        each.run.warn(f"seen {database}")

    list(work(zone, step))
    expected = [
        word for account in ACCOUNTS for word in (account_database(account), f"seen {account_database(account)}")
    ]
    assert told == expected


def test_changes_of_all_threads_are_announced(zone):
    def step(each, database):
        changes.apply(each, [Change(database, {"_id": "a", "pvt_type": "device"}, None)])

    list(work(zone, step))
    keys = set(zone.broker.keys)
    assert len(keys) == len(ACCOUNTS)


def test_a_dry_run_goes_one_by_one(zone):
    zone.run = zone.run._replace(dry_run=True)
    threads = set()
    list(work(zone, lambda _zone, _database: threads.add(threading.current_thread().name)))
    assert len(threads) == 1


def test_each_database_has_its_turn_then_its_events_and_the_report_ends_it(zone):
    first, second = (account_database(account) for account in ACCOUNTS[38:])
    *events, report = every_account.followed(work(zone, failing(), start=ACCOUNTS[38]))
    turns = [DatabaseWorkedOn(first, 2, 2), DatabaseWorkedOn(second, 1, 2)]
    assert events == [turns[0], first, turns[1], second]
    assert (turns[0].place, turns[1].place) == (1, 2)
    assert report.counts == {"done": 2, "failed": 0}


def test_backwards_and_some(zone):
    every = every_account.accounts(zone)
    assert list(every_account.accounts(zone, backwards=True).names()) == list(every.names())[::-1]
    rest = every_account.accounts(zone, ACCOUNTS[1], backwards=True)
    assert list(rest.names()) == [account_database(ACCOUNTS[1]), account_database(ACCOUNTS[0])]
    assert list(every_account.some([ACCOUNTS[2], ACCOUNTS[1]]).names()) == [
        account_database(ACCOUNTS[2]),
        account_database(ACCOUNTS[1]),
    ]

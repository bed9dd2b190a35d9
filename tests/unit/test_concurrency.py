"""What is asked ahead of its use comes in order, and no more than was said is under way."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import Future
from queue import Empty, SimpleQueue

import pytest

from kazoo_sup import concurrency
from kazoo_sup.concurrency import ahead
from kazoo_sup.transports.couchdb.bulk import save_batches


def test_results_come_in_the_order_of_the_items_however_long_each_takes():
    later = threading.Event()

    def work(item):
        if item == 0:
            assert later.wait(30)
        later.set()
        return item * 10

    assert list(ahead(work, range(20))) == [item * 10 for item in range(20)]


def test_no_more_items_are_taken_than_are_worked_on_and_one():
    taken = []

    def items():
        for item in range(100):
            taken.append(item)
            yield item

    results = ahead(lambda item: item, items(), workers=3)
    assert next(results) == 0
    assert len(taken) == 4
    results.close()
    assert len(taken) == 4


def test_what_is_raised_is_raised_in_its_place():
    def work(item):
        if item == 2:
            raise ValueError(item)
        return item

    results = ahead(work, range(9))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="2"):
        next(results)


def test_of_nothing_comes_nothing():
    assert list(ahead(str, [])) == []


@pytest.fixture
def signals():
    """Have SIGINT raise KeyboardInterrupt as a command has, and nothing after the test."""
    before = signal.getsignal(signal.SIGINT)
    concurrency.take(signal.SIGINT, signal.default_int_handler)
    concurrency.begin()
    yield
    signal.signal(signal.SIGINT, before)
    concurrency.begin()


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("put_off", [False, True])
def test_whoever_is_interrupted_between_two_answers_waits_for_none_that_is_under_way(put_off):
    answered, waited_for = threading.Event(), []

    def save(_database, documents):
        if documents != [{"_id": "0"}] and not answered.wait(60):
            waited_for.append(documents)
        return []

    def use():
        batches = (("db", [{"_id": str(number)}], number) for number in range(9))
        for _database, _documents, _results, _token in save_batches(save, batches, 2):
            if put_off:
                with concurrency.held():
                    signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        use()
    answered.set()
    assert waited_for == []


@pytest.mark.usefixtures("signals")
def test_a_signal_ends_one_command_and_not_the_next():
    assert not concurrency.is_ended_by_signal()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert concurrency.is_ended_by_signal()
    concurrency.begin()
    assert not concurrency.is_ended_by_signal()


def test_whoever_waits_looks_up_and_waits_on(monkeypatch):
    monkeypatch.setattr(concurrency, "LOOK", 0.01)
    future: Future[int] = Future()
    queue: SimpleQueue[int] = SimpleQueue()
    changed, there = threading.Condition(), []

    def come():
        time.sleep(0.1)
        future.set_result(1)
        queue.put(2)
        with changed:
            there.append(3)
            changed.notify_all()

    threading.Thread(target=come, daemon=True).start()
    assert concurrency.outcome(future) == 1
    assert concurrency.next_of(queue) == 2
    with changed:
        concurrency.wait_for(changed, lambda: there)
    assert there == [3]


def test_a_wait_that_has_an_end_ends(monkeypatch):
    monkeypatch.setattr(concurrency, "LOOK", 0.01)
    failed: Future[int] = Future()
    failed.set_exception(TimeoutError("of its own"))
    with pytest.raises(TimeoutError, match="of its own"):
        concurrency.outcome(failed)
    for seconds in (-1, 0, 0.05):
        with pytest.raises(Empty):
            concurrency.next_of(SimpleQueue(), seconds)
        changed = threading.Condition()
        with changed:
            concurrency.wait_for(changed, lambda: False, seconds)


@pytest.mark.usefixtures("signals")
def test_a_signal_that_only_a_finaliser_met_is_sent_again(monkeypatch):
    monkeypatch.setattr("sys.unraisablehook", concurrency.send_again)

    class Finalised:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    def use():
        finalised = Finalised()
        del finalised
        for _ in range(6000):
            time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        use()


def test_what_else_cannot_be_raised_is_printed(monkeypatch, capsys):
    monkeypatch.setattr("sys.unraisablehook", concurrency.send_again)

    class Finalised:
        def __del__(self):
            raise ValueError("of its own")

    finalised = Finalised()
    del finalised
    assert "of its own" in capsys.readouterr().err

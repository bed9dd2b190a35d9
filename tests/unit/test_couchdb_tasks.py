"""What CouchDB's nodes are busy with, once, again and again, or until it is over."""

from __future__ import annotations

from kazoo_sup.kazoo.couchdb import tasks

COMPACTION = {"type": "database_compaction", "database": "shards/00000000-7fffffff/accounts.1400000000", "progress": 40}
CONTINUOUS = {"type": "replication", "source": "http://a/x/", "target": "http://b/x/", "continuous": True}


def looked(*answers, **how):
    """Return the types on each page, and how often there was a pause; looking more often than that is an error."""
    left = list(answers)
    pauses = []
    found = tasks.pages(lambda: left.pop(0), sleep=pauses.append, **how)
    return [[row["type"] for row in page] for page in found], len(pauses)


def test_waiting_shows_nothing_before_all_is_done():
    assert looked([COMPACTION], [COMPACTION], [], watch=False, wait=True) == ([[]], 2)


def test_where_nothing_runs_nobody_waits():
    assert looked([], watch=False, wait=True) == ([[]], 0)


def test_a_continuous_replication_is_not_waited_for_but_shown():
    assert looked([COMPACTION, CONTINUOUS], [CONTINUOUS], watch=False, wait=True) == ([["replication"]], 1)


def test_both_show_how_it_goes_until_it_is_over():
    assert looked([COMPACTION], [], watch=True, wait=True) == ([["database_compaction"], []], 1)


def test_watching_goes_on_when_nothing_runs():
    answers = iter([[COMPACTION], [], [COMPACTION]])
    pages = tasks.pages(lambda: next(answers), watch=True, wait=False, sleep=lambda _seconds: None)
    assert [len(next(pages)) for _ in range(3)] == [1, 0, 1]

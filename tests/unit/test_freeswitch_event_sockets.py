from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from kazoo_sup.errors import NotAuthorised
from kazoo_sup.kazoo.freeswitch import event_sockets
from kazoo_sup.kazoo.freeswitch.event_sockets import merged
from kazoo_sup.transports.esl import Event


def beats(first, last=None, ending=None, after=None):
    """Give events with the numbers from FIRST to LAST, then wait for AFTER and end with an error."""
    yield from (Event(Number=number) for number in range(first, (last or first) + 1))
    if after:
        after.wait(600)
    if ending:
        raise ending
    threading.Event().wait()


def refused(name):
    return NotAuthorised(server=name, address="", reason="")


def test_events_come_with_their_servers_names_and_so_many():
    sources = {"fs1": beats(1, 5), "fs2": beats(11, 15)}
    found = list(merged(sources, lambda said: None, count=10))
    assert sorted((event["Number"], event["server"]) for event in found) == [
        *((number, "fs1") for number in range(1, 6)),
        *((number, "fs2") for number in range(11, 16)),
    ]


def test_it_ends_when_the_time_is_up(monkeypatch):
    clock = iter((0.0, 1.0, 2.0, 59.99, 61.0, 61.0))
    monkeypatch.setattr(event_sockets, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    found = merged({"fs1": beats(1, 2)}, lambda said: None, seconds=60)
    assert list(found) == [{"server": "fs1", "Number": number} for number in (1, 2)]


def test_one_that_ends_for_good_is_told_and_the_others_go_on():
    said = []
    told = threading.Event()

    def tell(sentence):
        said.append(sentence)
        told.set()

    events = merged({"fs1": beats(1, ending=refused("fs1")), "fs2": beats(2, ending=refused("fs2"), after=told)}, tell)
    assert sorted([next(events)["Number"], next(events)["Number"]]) == [1, 2]
    with pytest.raises(NotAuthorised, match="fs2"):
        next(events)
    assert said == ["fs1 at  refused the credentials"]


def test_a_defect_is_raised_at_once():
    with pytest.raises(ZeroDivisionError):
        list(merged({"fs1": beats(1, ending=ZeroDivisionError()), "fs2": beats(2)}, lambda said: None))


def test_without_sources_there_is_nothing():
    assert list(merged({}, lambda said: None)) == []

"""Waiting for what goes on by itself."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.zone import awaited
from kazoo_sup.zone import Run, Session

GOES_ON = "it goes on"


@pytest.fixture
def warned():
    return []


@pytest.fixture
def pauses(monkeypatch):
    pauses = []
    monkeypatch.setattr(awaited, "time", SimpleNamespace(sleep=pauses.append))
    return pauses


@pytest.fixture
def shown():
    return []


@pytest.fixture
def run(warned, shown):
    @contextmanager
    def progress(label, total):
        shown.append((label, total))
        yield shown.append

    return Run(Session(), warn=warned.append, progress=progress)


def test_it_is_asked_until_nothing_is_left_and_what_ends_is_counted(run, warned, shown, pauses):
    left = [3, 3, 4, 1, 0]
    awaited.until_none(run, lambda: left.pop(0), label="calls", goes_on=GOES_ON, every=7)
    assert (left, pauses, warned) == ([], [7, 7, 7, 7], [])
    assert shown == [("calls", 3), 2, 1]


def test_where_nothing_is_left_nobody_waits(run, warned, pauses):
    awaited.until_none(run, lambda: 0, label="calls", goes_on=GOES_ON)
    assert (warned, pauses) == ([], [])


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), SupError(reason="gone")])
def test_whoever_ends_the_wait_hears_what_goes_on(run, warned, pauses, ending):
    def left():
        if pauses:
            raise ending
        return 1

    with pytest.raises(type(ending)):
        awaited.until_none(run, left, label="calls", goes_on=GOES_ON)
    assert warned == [GOES_ON]

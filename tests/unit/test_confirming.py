"""What waits to be confirmed: kept or taken back, never both, whoever dies in between."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from kazoo_sup.changes import guard
from kazoo_sup.changes.confirming import Held, Waiting
from kazoo_sup.cli import confirm_within
from kazoo_sup.errors import BadArgument


@pytest.fixture
def waiting(tmp_path):
    return Waiting(tmp_path)


@pytest.fixture
def held(waiting):
    made = Held("t1", "sup db work", 60, time.time() + 60, ("--zone", "here"))
    waiting.write(made)
    return made


@pytest.mark.parametrize(
    ("text", "span"), [("90", 90), ("90s", 90), ("5m", 300), ("1.5h", 5400), (" 2 H ", 7200), ("1d", 86_400)]
)
def test_spans(text, span):
    assert confirm_within.seconds(text) == span


@pytest.mark.parametrize("text", ["", "0", "0m", "-5m", "5x", "m", "1e3", "nan", "99999999999d"])
def test_what_is_no_span(text):
    with pytest.raises(BadArgument):
        confirm_within.seconds(text)


def test_it_is_read_as_it_was_written(waiting, held):
    assert waiting.read("t1") == held
    assert [each.state for each in waiting.all()] == ["waiting"]
    assert waiting.path("t1").stat().st_mode & 0o777 == 0o600


def test_who_confirms_first_keeps_it(waiting, held):
    assert waiting.confirm("t1")
    assert not waiting.take("t1")
    assert not waiting.confirm("t1")
    assert waiting.read("t1") is None


def test_who_takes_first_takes_it_and_goes_on_after_a_crash(waiting, held):
    assert waiting.take("t1")
    assert not waiting.confirm("t1")
    assert waiting.take("t1")
    assert waiting.read("t1").state == "being taken back"


@pytest.mark.parametrize(("code", "state"), [(0, "taken back"), (5, "taken back in part"), (3, "failed")])
def test_how_it_ended_is_told_once(waiting, held, code, state, tmp_path):
    waiting.take("t1")
    waiting.write(replace(held, taking=True, ended={"code": code, "at": time.time()}))
    told = []
    guard.look_after(tmp_path, told.append)
    guard.look_after(tmp_path, told.append)
    assert len(told) == 1
    assert f"sup db work was not confirmed by {held.until}: {state}" in told[0]


def test_what_ended_long_ago_is_forgotten(waiting, held, tmp_path):
    waiting.take("t1")
    waiting.write(replace(held, taking=True, ended={"code": 0, "at": time.time() - guard.KEPT - 1}))
    guard.look_after(tmp_path, pytest.fail)
    assert list(waiting.all()) == []


def test_one_guard_at_a_time(waiting, held):
    assert not waiting.is_guarded("t1")
    with waiting.guard("t1"):
        assert waiting.is_guarded("t1")
        assert waiting.guard("t1") is None
    assert not waiting.is_guarded("t1")


def test_a_guard_of_what_is_confirmed_ends_and_leaves_nothing(waiting, held, tmp_path):
    waiting.confirm("t1")
    guard.main(tmp_path, "t1")
    assert list(waiting.directory.iterdir()) == []


def test_a_guard_of_a_run_that_changed_nothing_leaves_nothing(waiting, held, tmp_path):
    waiting.write(replace(held, deadline=time.time()))
    guard.main(tmp_path, "t1")
    assert list(waiting.directory.iterdir()) == []


def test_a_file_that_is_damaged_stops_nobody(waiting, held, tmp_path):
    (waiting.directory / "t0.json").write_text("{")
    assert [each.token for each in waiting.all()] == ["t1"]

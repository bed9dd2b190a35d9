"""What waits to be confirmed: kept or taken back, never both, whoever dies in between."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import kazoo_sup
from helpers.real_servers import until
from kazoo_sup.changes import guard
from kazoo_sup.changes.confirming import KEY, Held, Waiting
from kazoo_sup.changes.journal.bounds import keep_within
from kazoo_sup.changes.journal.recorder import NotRecorded, Recorder, Told
from kazoo_sup.cli import confirm_within
from kazoo_sup.errors import BadArgument
from kazoo_sup.settings.journaling import Journaling
from kazoo_sup.zone import Was


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


def test_a_guard_starts_where_only_a_launcher_has_the_program_on_its_path(waiting, held, tmp_path):
    """As where the Debian package, the rpm or the zipapp brought it."""
    here = tmp_path / "lib"
    here.mkdir()
    (here / "kazoo_sup").symlink_to(Path(kazoo_sup.__file__).parent)
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if each.suffix != ".pth" and each.name != "kazoo_sup":
            (here / each.name).symlink_to(each)
    launcher = f"""
import sys
sys.path.insert(0, {str(here)!r})
from pathlib import Path
from kazoo_sup.changes import guard
from kazoo_sup.changes.confirming import Waiting
guard.start(Waiting(Path({str(tmp_path)!r})), "t1")
"""
    subprocess.run([sys._base_executable, "-I", "-c", launcher], check=True)
    assert waiting.is_guarded("t1")
    assert waiting.confirm("t1")
    until(lambda: not waiting.is_guarded("t1"), "the guard's end")


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


def recorded(tmp_path, token, **fields):
    """Make the record of a run that bears a token; return its file."""
    ours = Recorder(Told(), warn=pytest.fail)
    ours.about[KEY] = token
    ours.begin(tmp_path / "journal", Journaling(), zone="here", host="h", cluster=None)
    ours.deed("here", "ban an address", Was())
    run = ours.run
    ours.end(0)
    return tmp_path / "journal" / f"{run}.jsonl.gz"


def test_what_waits_whose_record_cannot_be_read_is_not_forgotten(waiting, held, tmp_path):
    recorded(tmp_path, "t1").write_bytes(b"rubbish")
    waiting.write(replace(held, deadline=time.time()))
    guard.main(tmp_path, "t1")
    [after] = waiting.all()
    assert after.state == "failed"
    assert "cannot be read" in after.ended["said"]
    told = []
    guard.look_after(tmp_path, told.append)
    assert len(told) == 1


class Clock:
    """A clock that is set while somebody waits, and time that passes whatever it is set to."""

    def __init__(self):
        self.shown = 1_000_000.0
        self.passed = 0.0

    def time(self):
        return self.shown

    def sleep(self, seconds):
        self.shown += seconds
        self.passed += seconds


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(guard.time, "time", made.time)
    monkeypatch.setattr(guard.time, "sleep", made.sleep)
    monkeypatch.setattr(guard.time, "clock_gettime", lambda _clock: made.passed)
    return made


@pytest.mark.parametrize("step", [-86_400, 86_400])
def test_a_clock_that_is_set_neither_hastens_nor_delays_it(waiting, clock, tmp_path, step, monkeypatch):
    waiting.write(Held("t2", "sup db work", 60, clock.shown + 60))
    recorded(tmp_path, "t2")
    taken = []
    monkeypatch.setattr(guard, "_take_back", lambda _waiting, held: taken.append(clock.passed))
    sleep = clock.sleep

    def set_once(seconds):
        if clock.passed == 0:
            clock.shown += step
        sleep(seconds)

    monkeypatch.setattr(guard.time, "sleep", set_once)
    guard.main(tmp_path, "t2")
    assert taken == [pytest.approx(60, abs=guard.LOOK)]


def test_a_deadline_that_is_written_anew_counts_from_then(waiting, clock, tmp_path, monkeypatch):
    waiting.write(Held("t2", "sup db work", 60, clock.shown + 60))
    taken = []
    monkeypatch.setattr(guard, "_take_back", lambda _waiting, held: taken.append(clock.passed))
    sleep = clock.sleep

    def write_anew(seconds):
        sleep(seconds)
        if clock.passed == 5:
            waiting.write(Held("t2", "sup db work", 60, clock.shown + 60))

    monkeypatch.setattr(guard.time, "sleep", write_anew)
    guard.main(tmp_path, "t2")
    assert taken == [pytest.approx(65, abs=guard.LOOK)]


def test_what_cannot_be_read_for_a_while_is_not_taken_for_confirmed(waiting, clock, tmp_path, monkeypatch):
    waiting.write(Held("t2", "sup db work", 60, clock.shown + 60))
    taken = []
    monkeypatch.setattr(guard, "_take_back", lambda _waiting, held: taken.append(held.token))
    sleep = clock.sleep

    def damage(seconds):
        sleep(seconds)
        waiting.path("t2").write_text("{")

    monkeypatch.setattr(guard.time, "sleep", damage)
    guard.main(tmp_path, "t2")
    assert taken == ["t2"]


def test_without_a_record_nothing_is_changed(tmp_path):
    (tmp_path / "journal").write_text("no directory")
    ours = Recorder(Told(), warn=pytest.fail)
    ours.required_by = "--confirm-within"
    with pytest.raises(NotRecorded, match="a record is required .--confirm-within."):
        ours.begin(tmp_path / "journal", Journaling(), zone="here", host="h", cluster=None)


def test_its_record_stays_while_it_waits(waiting, clock, tmp_path, monkeypatch):
    path = recorded(tmp_path, "t2")
    waiting.write(Held("t2", "sup db work", 60, clock.shown + 60, run=path.name.removesuffix(".jsonl.gz")))
    monkeypatch.setattr(guard, "_take_back", lambda _waiting, held: None)
    sleep = clock.sleep

    def prune(seconds):
        keep_within(path.parent, days=1e-9, size=0)
        assert path.exists()
        sleep(seconds)

    monkeypatch.setattr(guard.time, "sleep", prune)
    guard.main(tmp_path, "t2")
    assert clock.passed >= 60
    keep_within(path.parent, days=1e-9, size=0)
    assert not path.exists()


@pytest.fixture
def confirming(tmp_path, monkeypatch):
    """A run that is to be confirmed, its guard left out: its recorder, and what begins its record."""
    monkeypatch.setattr(guard, "start", lambda _waiting, _token: None)
    ours = Recorder(Told(), warn=pytest.fail)
    settings = SimpleNamespace(journal=Journaling(), state_dir=tmp_path, active="here")
    asked = SimpleNamespace(config=None, node=None, use_short=False)
    confirm_within.ConfirmWithin(60, settings, Wanted(ours), asked, "sup db work", pytest.fail)
    return ours, lambda: ours.begin(tmp_path / "journal", Journaling(), zone="here", host="h", cluster=None)


class Wanted:
    """The record of a run that has one."""

    wanted = True

    def __init__(self, recorder):
        self.recorder = recorder

    def __call__(self):
        return self.recorder


def test_the_record_of_a_run_that_is_killed_stays_while_it_waits(waiting, confirming, clock, tmp_path, monkeypatch):
    ours, begin = confirming
    begin()
    ours.deed("here", "ban an address", Was())
    path = ours._lines.path
    [held] = waiting.all()
    waiting.write(replace(held, deadline=clock.shown + 60))
    monkeypatch.setattr(guard, "_take_back", lambda _waiting, held: None)
    sleep = clock.sleep

    def prune(seconds):
        keep_within(path.parent, days=1e-9, size=0)
        assert path.exists()
        ours._lines.close()  # what a kill does to its lock
        sleep(seconds)

    monkeypatch.setattr(guard.time, "sleep", prune)
    guard.main(tmp_path, held.token)
    assert clock.passed >= 60


def test_a_run_whose_time_is_over_before_its_first_change_changes_nothing(waiting, confirming):
    ours, begin = confirming
    [held] = waiting.all()
    waiting.forget(held.token)
    with pytest.raises(confirm_within.OverTooSoon, match="nothing was changed: the 60 s"):
        begin()
    assert list(waiting.all()) == []
    ours.end(3)

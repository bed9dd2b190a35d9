"""The journal's files: what was recorded is what is read, however the run ended and whatever cut the file off."""

from __future__ import annotations

import gzip
import json
import os
import stat
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kazoo_sup.changes.change import Change
from kazoo_sup.changes.journal import Journal, KeptFile, NoSuchRun, bounds
from kazoo_sup.changes.journal.frames import Damaged, Members, packed
from kazoo_sup.changes.journal.recorder import NotRecorded, Recorder, Told
from kazoo_sup.settings.journaling import Journaling
from kazoo_sup.zone import Was

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
FIELDS = st.dictionaries(st.text(min_size=1).filter(lambda key: not key.startswith("_")), JSON, max_size=4)


@pytest.fixture
def told():
    return []


def recorder(directory, told, **settings):
    made = Recorder(Told("kapps_config", "set", ("kapps_config", "set", "a")), warn=told.append)
    assert made.begin(directory, Journaling(**settings), zone="here", host="h1", cluster=lambda: "abc") is not None
    return made


def stored(identifier, rev="1-a", **fields):
    return {"_id": identifier, "_rev": rev, **fields}


def test_what_was_recorded_is_read_with_what_became_of_it(tmp_path, told):
    ours = recorder(tmp_path / "journal", told)
    batch = [
        Change("db", {"_id": "new", "a": 1}, None),
        Change("db", {"_id": "old", "a": True, "c": 3}, stored("old", a=1, b=2, c=3)),
        Change("db", None, stored("gone", x="y")),
        Change("db", {"_id": "lost"}, None),
    ]
    file = KeptFile("voice.mp3", "audio/mpeg", "md5-x", 3, b"abc")
    begun = ours.changes("here", batch, {2: [file]})
    ours.settle({begun.first: "1-n", begun.first + 1: "2-b", begun.first + 2: "2-c"})
    ours.end(5)
    [record] = Journal(tmp_path / "journal").runs()
    lost, gone, old, new = record.newest_first()
    assert new.act == "created"
    assert (new.before, new.after) == (None, {"_id": "new", "a": 1, "_rev": "1-n"})
    assert (old.before, old.revision) == (stored("old", a=1, b=2, c=3), "2-b")
    assert old.after == {"_id": "old", "_rev": "2-b", "a": True, "c": 3}
    assert old.after["a"] is True
    assert (gone.act, gone.before, gone.after, gone.files) == ("deleted", stored("gone", x="y"), None, (file,))
    assert lost.state == "unknown"
    assert [each.id for each in record.oldest_first()] == ["new", "old", "gone", "lost"]
    assert (record.header.cluster, record.header.command) == ("abc", ("kapps_config", "set", "a"))
    assert record.state == "partly done"
    assert dict(record.summary.counts) == {"created": 1, "edited": 1, "deleted": 1, "unknown": 1}
    assert record.summary.undoable.verdict == "yes"
    assert told == []


def test_only_its_owner_reads_it(tmp_path, told):
    ours = recorder(tmp_path / "journal", told)
    ours.database("here", "new", "created")
    [path] = (tmp_path / "journal").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    ours.end(0)


def test_any_gzip_reads_it(tmp_path, told):
    ours = recorder(tmp_path, told)
    ours.deed("here", "drain web1", Was({"state": "UP"}, ["haproxy", "ready", "web1"]))
    ours.end(0)
    [path] = tmp_path.iterdir()
    kinds = [next(iter(json.loads(line))) for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert kinds == ["run", "n", "end"]


def test_a_living_run_is_told_from_a_killed_one(tmp_path, told):
    ours = recorder(tmp_path, told)
    begun = ours.deed("here", "hang up", Was())
    [record] = Journal(tmp_path).runs()
    assert record.state == "running"
    ours._lines.close()
    assert record.state == "interrupted"
    assert record.summary.undoable.verdict == "no"
    assert [entry.state for entry in record.newest_first()] == ["unknown"]
    assert begun.first == 1


def test_ids_sort_by_time_and_are_found_by_their_beginning(tmp_path, told):
    runs = []
    for _ in range(5):
        ours = recorder(tmp_path, told)
        runs.append(ours.run)
        ours.end(0)
    journal = Journal(tmp_path)
    assert len(set(runs)) == 5
    assert [record.run for record in journal.runs()] == sorted(runs, reverse=True)
    assert journal.find(runs[2]).run == runs[2]
    with pytest.raises(NoSuchRun, match="several begin so: "):
        journal.find(runs[0][:4])
    with pytest.raises(NoSuchRun, match="history list"):
        journal.find("1999")


@given(contents=st.lists(st.binary(max_size=300), min_size=1, max_size=8), cut=st.integers(min_value=0), data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_is_cut_off_the_members_before_are_whole(tmp_path_factory, contents, cut, data):
    path = tmp_path_factory.mktemp("frames") / "file"
    ends = [0]
    whole = b""
    for content in contents:
        whole += packed(content, ends[-1] - (ends[-2] if len(ends) > 1 else 0))
        ends.append(len(whole))
    place = cut % (len(whole) + 1)
    rubbish = data.draw(st.binary(max_size=5) | st.integers(0, 50).map(bytes))
    path.write_bytes(whole[:place] + rubbish)
    kept = [content for content, end in zip(contents, ends[1:], strict=True) if end <= place]
    with path.open("rb") as file:
        members = Members(file, "file")
        assert list(members.forwards())[: len(kept)] == kept
        assert list(members.backwards())[::-1][: len(kept)] == kept


def test_damage_in_the_middle_is_told(tmp_path):
    first, second = packed(b"one" * 50, 0), packed(b"two", 0)
    second = packed(b"two", len(first))
    (tmp_path / "file").write_bytes(first[:-8] + b"\0" * 8 + second)
    with (tmp_path / "file").open("rb") as file:
        with pytest.raises(Damaged):
            list(Members(file, "file").forwards())
        with pytest.raises(Damaged):
            list(Members(file, "file").backwards())


@given(before=FIELDS, after=FIELDS)
@settings(max_examples=100, deadline=None)
def test_the_document_after_is_what_was_sent(tmp_path_factory, before, after):
    told = []
    directory = tmp_path_factory.mktemp("after")
    ours = recorder(directory, told)
    begun = ours.changes("here", [Change("db", {"_id": "x", **after}, stored("x", **before))], {})
    ours.settle({begun.first: "2-b"})
    ours.end(0)
    [record] = Journal(directory).runs()
    [entry] = record.newest_first()
    assert json.dumps(entry.after, sort_keys=True) == json.dumps({**after, "_id": "x", "_rev": "2-b"}, sort_keys=True)
    assert json.dumps(entry.before, sort_keys=True) == json.dumps(stored("x", **before), sort_keys=True)


def test_the_oldest_runs_go_when_room_or_days_are_over(tmp_path, told):
    for number in range(4):
        ours = recorder(tmp_path, told)
        ours.deed("here", f"deed {number}", Was(os.urandom(400).hex()))
        ours.end(0)
    runs = [record.run for record in Journal(tmp_path).runs()]
    os.utime(tmp_path / f"{runs[3]}.jsonl.gz", (0, 0))
    room = sum((tmp_path / f"{run}.jsonl.gz").stat().st_size for run in runs[:2])
    living = recorder(tmp_path, told, megabytes=room / 10**6)
    assert [record.run for record in Journal(tmp_path).runs()] == [living.run, *runs[:2]]
    living.end(0)


def test_a_run_by_a_clock_that_is_years_ahead_takes_no_records_away(tmp_path, told, monkeypatch):
    recorder(tmp_path, told).end(0)
    monkeypatch.setattr(bounds, "time", SimpleNamespace(time=lambda: 4_000_000_000.0))
    recorder(tmp_path, told).end(0)
    assert len(list(Journal(tmp_path).runs())) == 2


@pytest.mark.parametrize(
    ("last", "next_one"),
    [("20991231-235959999-abcd", "21000101-000000000-"), ("99991231-235959999-abcd", "2"), ("odd", "2")],
)
def test_a_run_is_the_newest_though_one_before_it_had_a_clock_that_was_fast(tmp_path, told, last, next_one):
    (tmp_path / f"{last}.jsonl.gz").touch()
    runs = []
    for _ in range(2):
        ours = recorder(tmp_path, told)
        runs.append(ours.run)
        ours.end(0)
    assert runs == sorted(runs)
    assert all(run.startswith(next_one[:2]) for run in runs)
    assert runs[0].startswith(next_one)


def test_a_record_that_cannot_be_made_warns_once_or_stops_the_run(tmp_path, told):
    (tmp_path / "file").write_text("")
    ours = Recorder(Told(), warn=told.append)
    for _ in range(2):
        assert not ours.begin(tmp_path / "file", Journaling(), zone="here", host="h", cluster=None)
    assert len(told) == 1
    required = Recorder(Told(), warn=told.append)
    with pytest.raises(NotRecorded, match="required"):
        required.begin(tmp_path / "file", Journaling(mode="required"), zone="here", host="h", cluster=None)


def test_a_full_disk_ends_the_record_and_not_the_run(tmp_path, told, monkeypatch):
    ours = recorder(tmp_path, told)
    ours.settle({ours.deed("here", "first", Was(None, ("a", "b"))).first: None})
    write = ours._lines._append

    def full(content):
        if b'"second"' in content:
            raise OSError(28, "No space left on device")
        write(content)

    monkeypatch.setattr(ours._lines, "_append", full)
    assert ours.deed("here", "second", Was()).count == 0
    assert ours.deed("here", "third", Was()).count == 0
    ours.end(0)
    assert len(told) == 1
    assert "No space left" in told[0]
    [record] = Journal(tmp_path).runs()
    assert [entry.deed for entry in record.newest_first()] == ["first"]
    assert record.summary.undoable.verdict == "partly"
    assert "No space left" in str(record.summary.undoable)


def test_a_record_has_a_largest_size(tmp_path, told):
    ours = recorder(tmp_path, told, run_megabytes=0.001)
    assert ours.deed("here", "large", Was(os.urandom(1000).hex())).count == 1
    assert ours.deed("here", "next", Was()).count == 0
    assert "journal.run_megabytes" in told[0]
    ours.end(0)

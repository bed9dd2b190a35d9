"""The outbox among several runs at once: who may take what, and what a run that is killed at any moment leaves."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from kazoo_sup.changes import outbox
from kazoo_sup.changes.outbox import Outbox
from kazoo_sup.settings import own_files

DUE = [["created", "accounts", "a", "account", None], ["deleted", "accounts", "b", None, None]]

HOLDER = """
import sys
from pathlib import Path
from kazoo_sup.changes.outbox import Outbox
box = Outbox(Path(sys.argv[1]), "sup@vm")
held = box.open() if sys.argv[2] == "writes" else box.claim()
if sys.argv[2] == "writes":
    held.keep("theirs", b"{}")
print("ready", flush=True)
sys.stdin.read()
if sys.argv[2] == "writes":
    held.close()
"""


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "outbox"


@pytest.fixture
def box(directory):
    return Outbox(directory, "sup@vm")


@pytest.fixture
def other(directory):
    """Give a function that starts another run, which writes or claims until its standard input is closed."""
    started = []

    def start(what):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(directory), what], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def keep(box, *keys):
    spool = box.open()
    for key in keys:
        spool.keep(key, b"{}")
    spool.close()


def keys(box):
    """Return what can be claimed now; it is left there."""
    claims = box.claim()
    found = [key for claim in claims for key, _ in claim.messages()]
    for claim in claims:
        claim.release()
    return found


class TestTwoProcesses:
    def test_what_a_living_run_writes_is_its_own_until_it_ends(self, box, other):
        process = other("writes")
        assert keys(box) == []
        process.communicate(b"")
        assert keys(box) == ["theirs"]

    def test_what_a_killed_run_wrote_is_anybody_s(self, box, other):
        process = other("writes")
        process.kill()
        process.communicate()
        assert keys(box) == ["theirs"]

    def test_what_one_has_claimed_no_other_gets(self, box, other):
        keep(box, "ours")
        process = other("claims")
        assert keys(box) == []
        process.kill()
        process.communicate()
        assert keys(box) == ["ours"]

    def test_what_is_free_is_taken_although_something_else_is_held(self, box, other):
        keep(box, "first")
        process = other("writes")
        keep(box, "last")
        assert keys(box) == ["first", "last"]
        process.communicate(b"")
        assert keys(box) == ["first", "theirs", "last"]


class TestRaces:
    def test_a_run_that_ends_while_another_looks_is_no_failure(self, box, monkeypatch):
        spool = box.open()
        keep(box, "waiting")
        sort = sorted

        def ends_meanwhile(paths):
            found = sort(paths)
            spool.close()
            return found

        monkeypatch.setattr(outbox, "sorted", ends_meanwhile, raising=False)
        assert keys(box) == ["waiting"]

    def test_a_run_that_has_only_just_begun_does_not_lose_its_file(self, box, monkeypatch):
        hold = own_files.hold

        def another_run_is_faster(file):
            monkeypatch.setattr(own_files, "hold", hold)
            for claim in box.claim():
                assert list(claim.messages()) == []
                claim.remove()
            return hold(file)

        monkeypatch.setattr(own_files, "hold", another_run_is_faster)
        spool = box.open()
        spool.due(DUE)
        spool._file.close()  # as when the run is killed
        assert keys(box) == ["doc_created.accounts.account.a", "doc_deleted.accounts.undefined.b"]


class TestFiles:
    def lines(self, directory):
        [file] = directory.iterdir()
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    def test_what_was_settled_is_left_out_when_the_run_ends(self, box, directory):
        spool = box.open()
        settled, open_ = spool.due(DUE), spool.due(DUE[:1])
        spool.keep("kept", b'{"ID":"\xc3\xa9"}')
        spool.settle(settled)
        assert len(self.lines(directory)) == 3
        assert spool.close() == (1, 1)
        assert self.lines(directory) == [{"key": "kept", "body": {"ID": "é"}}, {"due": DUE[:1]}]
        assert open_ != settled

    def test_batches_may_be_settled_in_any_order(self, box, directory):
        spool = box.open()
        tokens = [spool.due(DUE) for _ in range(5)]
        for token in (tokens[3], tokens[0], tokens[4], tokens[2], tokens[1]):
            spool.settle(token)
        assert spool.close() == (0, 0)
        assert list(directory.iterdir()) == []

    def test_a_run_without_anything_due_leaves_nothing(self, box, directory):
        spool = box.open()
        spool.settle(spool.due([]))
        assert spool.close() == (0, 0)
        assert list(directory.iterdir()) == []

    @pytest.mark.parametrize("length", [1, 10, 60, -1])
    def test_a_file_cut_off_anywhere_gives_what_was_complete(self, box, directory, length):
        spool = box.open()
        spool.due(DUE)
        spool.keep("kept", b"{}")
        spool._file.close()
        [file] = directory.iterdir()
        text = file.read_bytes()
        file.write_bytes(text[:length])
        complete = text[:length].count(b"\n")
        assert len(keys(box)) == (0, 2, 3)[complete]

    def test_an_empty_file_is_forgotten_with_the_next_claim(self, box, directory):
        spool = box.open()
        spool._file.close()
        [claim] = box.claim()
        assert list(claim.messages()) == []
        claim.remove()
        assert list(directory.iterdir()) == []

    def test_an_event_that_is_made_anew_has_no_revision_and_our_name(self, box):
        spool = box.open()
        spool.due([("edited", "db", "x", "t", "a" * 32)])
        spool._file.close()
        [claim] = box.claim()
        [(key, body)] = claim.messages()
        claim.release()
        event = json.loads(body)
        assert key == "doc_edited.db.t.x"
        assert (event["Node"], event["Account-ID"], event["Type"]) == ("sup@vm", "a" * 32, "t")
        assert "Rev" not in event

    def test_claims_come_oldest_first(self, box):
        for key in "cab":
            keep(box, key)
        claims = box.claim()
        assert [next(claim.messages())[0] for claim in claims] == ["c", "a", "b"]
        assert [claim.since for claim in claims] == sorted(claim.since for claim in claims)
        for claim in claims:
            claim.release()

    def test_nothing_else_in_the_directory_is_touched(self, box, directory):
        keep(box, "kept")
        (directory / "notes.txt").write_text("mine")
        for claim in box.claim():
            claim.remove()
        assert [path.name for path in directory.iterdir()] == ["notes.txt"]

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

import pytest

from kazoo_sup.changes.outbox import Outbox
from kazoo_sup.errors import SettingsError

DUE = [("created", "accounts", "a", "account", None), ("deleted", "accounts", "b", None, None)]


@pytest.fixture
def box(tmp_path):
    return Outbox(tmp_path / "outbox", "sup@vm")


def keys(box):
    found = []
    for claim in box.claim():
        found += [key for key, _ in claim.messages()]
        claim.release()
    return found


def test_a_run_that_settles_everything_leaves_nothing(box, tmp_path):
    spool = box.open()
    spool.settle(spool.due(DUE))
    assert spool.close() == (0, 0)
    assert list((tmp_path / "outbox").iterdir()) == []
    assert box.claim() == []


def test_what_the_broker_did_not_take_waits_as_it_was(box):
    spool = box.open()
    token = spool.due(DUE)
    spool.keep("doc_created.accounts.account.a", b'{"ID":"a","Rev":"1-x"}')
    spool.settle(token)
    assert spool.close() == (1, 0)
    [claim] = box.claim()
    assert list(claim.messages()) == [("doc_created.accounts.account.a", b'{"ID":"a","Rev":"1-x"}')]
    claim.remove()
    assert box.claim() == []


def test_what_became_due_and_was_never_settled_waits(box):
    spool = box.open()
    spool.settle(spool.due(DUE))
    spool.due(DUE)
    assert spool.close() == (0, 2)
    assert keys(box) == ["doc_created.accounts.account.a", "doc_deleted.accounts.undefined.b"]


def test_a_killed_run_leaves_all_that_was_due(box, tmp_path):
    script = (
        "import os, sys; from pathlib import Path; from kazoo_sup.changes.outbox import Outbox\n"
        f"spool = Outbox(Path({str(tmp_path / 'outbox')!r}), 'sup@vm').open()\n"
        f"spool.settle(spool.due({DUE!r}))\n"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert len(keys(box)) == 2


def test_a_line_cut_off_while_it_was_written_is_left_out(box, tmp_path):
    spool = box.open()
    spool.keep("one", b"{}")
    spool.close()
    [file] = (tmp_path / "outbox").iterdir()
    file.write_text(file.read_text() + '{"key":"two","bo')
    assert keys(box) == ["one"]


def test_a_living_run_s_file_is_not_touched(box):
    spool = box.open()
    spool.keep("one", b"{}")
    assert box.claim() == []
    spool.close()
    assert keys(box) == ["one"]


def test_files_come_oldest_first_and_tell_their_age(box):
    for name in ("one", "two"):
        spool = box.open()
        spool.keep(name, b"{}")
        spool.close()
    assert keys(box) == ["one", "two"]
    claims = box.claim()
    assert claims[0].since.startswith("20")
    for claim in claims:
        claim.release()


def test_a_directory_that_cannot_be_written_is_told_before_anything_is_saved(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="SUP_STATE_DIR"):
        Outbox(tmp_path / "file" / "outbox", "sup@vm").open()


def test_lines_are_json(box, tmp_path):
    spool = box.open()
    spool.due(DUE)
    [file] = (tmp_path / "outbox").iterdir()
    assert json.loads(file.read_text()) == {"due": [list(each) for each in DUE]}
    assert str(os.getpid()) in file.name
    spool.close()


GOOD = b'{"key":"doc_created.accounts.account.a","body":{"ID":"a"}}\n'
DAMAGED = [
    b"{\n",
    b"\xff\xfe\n",
    b"[]\n",
    b'{"due":5}\n',
    b'{"due":[["edited","db","",null,null]]}\n',
    b'{"due":[["edited","db",null,null,null]]}\n',
    b'{"due":[["edited","db"]]}\n',
    b'{"key":5,"body":{}}\n',
    b'{"key":"k"}\n',
]


@pytest.mark.parametrize("line", DAMAGED)
def test_a_line_of_which_no_event_can_be_made_stops_none_of_the_others(box, tmp_path, line):
    directory = tmp_path / "outbox"
    directory.mkdir()
    (directory / "1-1.jsonl").write_bytes(line + GOOD)
    told = []
    [claim] = box.claim()
    assert [key for key, _body in claim.messages(told.append)] == ["doc_created.accounts.account.a"]
    claim.release()
    assert [each.file for each in told] == ["1-1.jsonl"]
    box.set_aside(told[0])
    assert json.loads(box.aside.read_text())["reason"] == told[0].reason
    assert [path.name for path in directory.glob("*.jsonl")] == ["1-1.jsonl"]


def test_the_others_of_a_batch_are_made_beside_one_that_names_nothing(box, tmp_path):
    (tmp_path / "outbox").mkdir()
    due = [*DUE[:1], ["edited", "db", "", None, None], *DUE[1:]]
    (tmp_path / "outbox" / "1-1.jsonl").write_text(json.dumps({"due": due}) + "\n")
    assert keys(box) == ["doc_created.accounts.account.a", "doc_deleted.accounts.undefined.b"]


def test_a_database_that_was_due_is_announced(box):
    spool = box.open()
    spool.due([("db_deleted", "db", "", None, None)])
    spool.close()
    assert [key.partition(".")[0] for key in keys(box)] == ["db_deleted"]


@pytest.fixture
def full(monkeypatch):
    """Give a function after whose call nothing more can be written, but for the first bytes."""

    def fill(spool):
        file = spool._file

        class Full:
            room = 7

            def write(self, data):
                if not self.room:
                    raise OSError(errno.ENOSPC, "No space left on device")
                written = file.write(data[: self.room])
                self.room = 0
                return written

            def __getattr__(self, name):
                return getattr(file, name)

        spool._file = Full()

    return fill


def test_on_a_full_disk_what_was_due_stays_and_nothing_half_written_does(box, full):
    spool = box.open()
    token = spool.due(DUE)
    full(spool)
    spool.keep("doc_created.accounts.account.a", b'{"ID":"a"}')
    spool.settle(token)
    assert spool.close() == (1, 0)
    assert not spool.complete
    assert keys(box) == ["doc_created.accounts.account.a", "doc_deleted.accounts.undefined.b"]


def test_on_a_full_disk_nothing_can_become_due(box, full):
    spool = box.open()
    full(spool)
    with pytest.raises(SettingsError, match="No space left"):
        spool.due(DUE)
    assert spool.close() == (0, 0)
    assert box.claim() == []

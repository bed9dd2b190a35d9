from __future__ import annotations

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
    assert spool.close() == 0
    assert list((tmp_path / "outbox").iterdir()) == []
    assert box.claim() == []


def test_what_the_broker_did_not_take_waits_as_it_was(box):
    spool = box.open()
    token = spool.due(DUE)
    spool.keep("doc_created.accounts.account.a", b'{"ID":"a","Rev":"1-x"}')
    spool.settle(token)
    assert spool.close() == 1
    [claim] = box.claim()
    assert list(claim.messages()) == [("doc_created.accounts.account.a", b'{"ID":"a","Rev":"1-x"}')]
    claim.remove()
    assert box.claim() == []


def test_what_became_due_and_was_never_settled_waits(box):
    spool = box.open()
    spool.settle(spool.due(DUE))
    spool.due(DUE)
    assert spool.close() == 2
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

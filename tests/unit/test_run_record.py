"""How a run is told in the journal: by words that can be typed again, and no option that nobody has set."""

from __future__ import annotations

import shlex

import pytest

from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.changes.journal import Journal
from kazoo_sup.cli import parsing
from kazoo_sup.cli.run_record import RunRecord

CREATE = "crossbar_maintenance create_account Acme acme.example.com admin"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (CREATE, f"sup {CREATE}"),
        (f"{CREATE} --no-email", f"sup {CREATE} --no-email"),
        (f"{CREATE} s3cret", f"sup {CREATE} ****"),
        ("knm_carriers verify --deadline 20", "sup knm_carriers verify --deadline=20.0"),
        ("changes undo --only a/b --only c/d --merge", "sup changes undo --merge --only=a/b --only=c/d"),
        ("changes undo", "sup changes undo"),
    ],
)
def test_what_was_typed_is_told(tmp_path, typed, told):
    asked = parsing.request(shlex.split(typed))
    record = RunRecord(asked.command, wanted=True)
    record.begin(asked.shown, asked.options, lambda sentence: None)
    zone = MemoryZone(tmp_path)
    zone.run = zone.new_run(journal=record)
    zone.couchdb.create("db")
    changes.apply(zone, [Change("db", {"_id": "a"}, None)])
    record.end(0)
    [run] = Journal(zone.state_dir / "journal").runs()
    assert run.header.typed == told

"""A run that is killed at any request leaves a record of all that it changed, with what was there before."""

from __future__ import annotations

import copy
import sys
from pathlib import Path

import pytest
from test_door_under_every_fault import EVERY, fill, kill_at

from helpers.couchdb_server import CouchDBServer
from kazoo_sup.changes.journal import Changed, Journal

RUN = """
import sys
sys.path[:0] = sys.argv[1:3]
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
import test_door_under_every_fault as tests
from kazoo_sup import changes
from kazoo_sup.changes.journal.recorder import Recorder, Told
changes.saving.BATCH = 10
zone = tests.made(SimpleNamespace(url=sys.argv[3]), Path(sys.argv[4]), brokers=())
recorder = Recorder(Told("module", "work"), warn=print)
zone.run = zone.run._replace(journal=lambda: recorder)
tests.work(zone)
"""


@pytest.fixture
def server():
    with CouchDBServer() as server:
        server.databases |= {"db": {}, "system_config": {}}
        fill(server)
        yield server


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("moment", [1, 2, 3, 4, 5, 6, 8, 10])
def test_all_that_was_changed_is_recorded_with_what_was_there(server, tmp_path, moment, after):
    """MOMENT is the request at which it is killed, before CouchDB does it or after."""
    original = copy.deepcopy(server.databases["db"])
    place = Path(__file__).parent
    words = [sys.executable, "-c", RUN, str(place), str(place.parent), server.url, str(tmp_path)]
    kill_at(moment, server, words, after=after)
    changed = {identifier for identifier in EVERY if server.databases["db"].get(identifier) != original.get(identifier)}
    records = list(Journal(tmp_path / "journal").runs())
    entries = [entry for record in records for entry in record.newest_first() if isinstance(entry, Changed)]
    assert changed <= {entry.id for entry in entries if entry.state != "unsaved"}
    for entry in entries:
        assert entry.before == original.get(entry.id)
        if entry.state == "saved":
            assert entry.id in changed
            assert entry.act == "deleted" or entry.after == server.databases["db"][entry.id]
    assert all(record.state == "interrupted" for record in records)
    assert changed or moment < 6
    if changed:
        assert records[0].summary.undoable.verdict == "yes"

"""What the journal says of documents that come back from a backup: which revisions, and that nothing undoes them."""

from __future__ import annotations

import io

import pytest

from helpers.couchdb_server import CouchDBServer
from helpers.fault_server import says
from kazoo_sup.changes import revisions
from kazoo_sup.changes.journal import Changed, Journal
from kazoo_sup.changes.journal.recorder import Recorder, Told
from kazoo_sup.changes.revisions import Revision
from kazoo_sup.kazoo.undo import chain
from kazoo_sup.transports.couchdb import Attachment


@pytest.fixture
def server():
    with CouchDBServer() as server:
        server.databases["a/b"] = {}
        yield server


def revision(number, *attachments):
    return Revision({"_id": f"{number:05}", "_rev": f"{number + 1}-abc"}, 100, attachments)


def restore(zone, found, **more):
    """Store revisions as a run of its own; return its record."""
    recorder = Recorder(Told("couchdb", "restore", ("couchdb", "restore", "f")), warn=zone.warnings.append)
    zone.rerun(journal=lambda: recorder)
    revisions.store(zone, "a%2Fb", found, label="x", **more)
    run = recorder.run
    recorder.end(0)
    return run and Journal(zone.state_dir / "journal").find(run)


def told(record):
    return {entry.id: (entry.act, entry.state, entry.revision) for entry in record.newest_first()}


def test_each_revision_that_is_stored_stands_there_and_no_other(server, zone_of):
    server.databases["a/b"]["00001"] = revision(1).document
    record = restore(zone_of(server.url), (revision(number) for number in range(revisions.BATCH + 2)))
    found = told(record)
    assert sorted(found) == [f"{number:05}" for number in range(revisions.BATCH + 2) if number != 1]
    assert set(found.values()) == {("restored", "saved", f"{int(name) + 1}-abc") for name in found}
    assert dict(record.summary.counts) == {"restored": revisions.BATCH + 1}
    assert list(record.summary.databases) == ["a%2Fb"]


def test_what_was_refused_is_told_as_not_saved(server, zone_of):
    part = Attachment("a", "text/plain", 3, lambda: io.BytesIO(b"abc"))
    server.fails(says(413), to="PUT /a%2Fb/00001")
    server.fails(says(201, b'{"ok":true,"id":"00002","rev":"3-abc"}'), to="PUT /a%2Fb/00002")
    record = restore(zone_of(server.url), [revision(0), revision(1, part), revision(2, part)])
    assert {name: state for name, (_act, state, _revision) in told(record).items()} == {
        "00000": "saved",
        "00001": "unsaved",
        "00002": "saved",
    }
    assert dict(record.summary.counts) == {"restored": 2, "unsaved": 1}


def test_it_is_on_the_disk_before_the_request_leaves(server, zone_of):
    zone = zone_of(server.url)
    seen = []

    def looked(handler, carry_out):
        [record] = Journal(zone.state_dir / "journal").runs()
        seen.extend(entry.state for entry in record.newest_first())
        handler.send(carry_out())

    server.fails(looked, to="_bulk_docs")
    restore(zone, [revision(0), revision(1)])
    assert seen == ["unknown", "unknown"]


def test_where_everything_is_there_nothing_is_recorded(server, zone_of):
    server.databases["a/b"]["00001"] = revision(1).document
    assert restore(zone_of(server.url), [revision(1)]) is None


def test_a_new_database_is_not_asked_what_it_has(server, zone_of):
    record = restore(zone_of(server.url), [revision(0), revision(1)], is_new=True)
    assert sorted(told(record)) == ["00000", "00001"]
    assert not server.sent("POST", "_revs_diff")


def test_nothing_takes_it_back_and_that_is_said(server, zone_of):
    zone = zone_of(server.url)
    record = restore(zone, [revision(0), revision(1)])
    assert record.summary.undoable.verdict == "no"
    reason = "documents came from a backup over others that are not known (2 times)"
    assert record.summary.undoable.reasons == (reason,)
    assert all(isinstance(entry, Changed) and entry.before is None for entry in record.newest_first())
    passed_over = []
    with pytest.raises(chain.NothingToTakeBack):
        chain.find(zone, "undo", None, passed_over.append)
    assert [each.run for each in passed_over] == [record.run]

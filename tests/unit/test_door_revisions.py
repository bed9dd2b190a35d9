"""The door for documents that come back from a backup."""

from __future__ import annotations

import io

import pytest

from helpers.couchdb_server import CouchDBServer
from helpers.fault_server import hangs_up, says
from kazoo_sup import changes
from kazoo_sup.changes import Change, revisions
from kazoo_sup.changes.revisions import Revision
from kazoo_sup.errors import NotFound, ServerUnreachable, Unfinished
from kazoo_sup.transports.couchdb import Attachment


@pytest.fixture
def server():
    with CouchDBServer() as server:
        server.databases["a/b"] = {}
        yield server


def revision(number, **more):
    return Revision({"_id": f"{number:05}", "_rev": f"{number + 1}-abc", **more}, 100)


def store(zone, found):
    return revisions.store(zone, "a%2Fb", found, label="x")


def test_each_revision_has_one_report_and_the_database_one_event(server, zone_of):
    server.databases["a/b"]["00001"] = revision(1).document
    zone = zone_of(server.url)
    tally = store(zone, (revision(number) for number in range(1200)))
    assert dict(tally.counts) == {"created": 1199, "unchanged": 1}
    assert sorted(report.id for report in zone.reports) == [f"{number:05}" for number in range(1200)]
    assert zone.broker.keys == ["db_edited.a%2Fb.database.a%252Fb"]
    assert all(document["_rev"] == f"{int(key) + 1}-abc" for key, document in server.databases["a/b"].items())


def test_what_is_there_is_not_sent_but_announced_since_an_earlier_run_may_have_been_killed(server, zone_of):
    server.databases["a/b"]["00001"] = revision(1).document
    zone = zone_of(server.url)
    assert dict(store(zone, [revision(1)]).counts) == {"unchanged": 1}
    assert zone.broker.keys == ["db_edited.a%2Fb.database.a%252Fb"]
    assert not server.sent("POST", "_bulk_docs")


def test_batches_end_by_bytes_too(server, zone_of):
    zone = zone_of(server.url)
    big = revisions.BATCH_BYTES // 2
    store(zone, [Revision(revision(number).document, big) for number in range(6)])
    assert len(server.sent("POST", "_bulk_docs")) == 3


def test_attachments_are_streamed_and_a_refused_one_does_not_stop_the_others(server, zone_of):
    part = Attachment("a", "text/plain", 3, lambda: io.BytesIO(b"abc"))
    with_one = [Revision(revision(number).document, 100, (part,)) for number in (1, 2)]
    server.fails(says(413), to="PUT /a%2Fb/00001")
    server.fails(says(201, b'{"ok":true,"id":"00002","rev":"3-abc"}'), to="PUT /a%2Fb/00002")
    zone = zone_of(server.url)
    tally = store(zone, [revision(0), *with_one, revision(3)])
    assert dict(tally.counts) == {"failed": 1, "created": 3}
    assert "a%2Fb/00001 was not saved" in str(tally.errors[0])


def test_a_server_that_fails_leaves_the_rest_to_the_next_run(server, zone_of, monkeypatch):
    monkeypatch.setattr(revisions, "BATCH", 500)

    def good(handler, carry_out):
        handler.send(carry_out())

    server.fails(good, hangs_up, to="_revs_diff")
    zone = zone_of(server.url)
    with pytest.raises(Unfinished, match="500 documents were saved"):
        store(zone, (revision(number) for number in range(1200)))
    assert zone.broker.keys == ["db_edited.a%2Fb.database.a%252Fb"]
    assert dict(store(zone, (revision(number) for number in range(1200))).counts) == {"unchanged": 500, "created": 700}


def test_errors_of_the_whole_run_are_raised(server, zone_of):
    with pytest.raises(NotFound, match="database nosuch"):
        revisions.store(zone_of(server.url), "nosuch", [revision(1)], label="x")
    server.fails(hangs_up, to="_revs_diff")
    with pytest.raises(ServerUnreachable):
        store(zone_of(server.url), [revision(1)])


def test_a_change_that_is_not_announced_makes_no_event(zone):
    zone.couchdb.create("db")
    changes.apply(zone, [Change("db", {"_id": "x"}, None)], announced=False)
    assert (zone.broker.keys, zone.waiting) == ([], [])
    changes.apply(zone, [Change("db", {"_id": "y"}, None)])
    assert zone.broker.keys == ["doc_created.db.undefined.y"]

"""Single documents through the door, and what goes with changes only where they are made."""

from __future__ import annotations

import base64

import pytest

from helpers.memory_couchdb import MemoryCouchDB
from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes.attaching import described
from kazoo_sup.errors import Conflict, NotFound


@pytest.fixture
def zone(tmp_path):
    return MemoryZone(tmp_path, couchdb=MemoryCouchDB(["db"]))


def counted(document):
    return {"_id": "a", **(document or {}), "count": (document or {}).get("count", 0) + 1}


def others_save(zone, **fields):
    """Have somebody else save the document just before the door does, once."""
    save = zone.couchdb.save

    def meddled(database, documents):
        zone.couchdb.save = save
        zone.couchdb.put("db", {**(zone.couchdb.get("db", "a") or {"_id": "a"}), **fields})
        return save(database, documents)

    zone.couchdb.save = meddled


class TestUpdate:
    def test_what_is_read_is_built_and_saved(self, zone):
        assert changes.update(zone, "db", "a", counted).document["count"] == 1
        assert changes.update(zone, "db", "a", counted).document["count"] == 2

    def test_what_others_saved_in_between_is_built_upon(self, zone):
        changes.update(zone, "db", "a", counted)
        others_save(zone, count=10)
        assert changes.update(zone, "db", "a", counted).document["count"] == 11

    def test_what_was_read_already_is_not_read_again(self, zone):
        stored = changes.update(zone, "db", "a", counted).document
        zone.couchdb.get = lambda *_: pytest.fail("it was read again")
        assert changes.update(zone, "db", "a", counted, stored=stored).document["count"] == 2

    def test_a_dry_run_shows_it(self, zone):
        zone.rerun(dry_run=True)
        tally = changes.update(zone, "db", "a", counted)
        assert (tally.planned, tally.document["count"], zone.couchdb.all("db")) == (True, 1, {})


class TestCreate:
    def test_one_that_is_there_is_a_conflict(self, zone):
        zone.couchdb.put("db", {"_id": "a", "theirs": 1})
        with pytest.raises(Conflict):
            changes.create(zone, "db", {"_id": "a"}).check()

    def test_one_that_is_there_may_stay(self, zone):
        zone.couchdb.put("db", {"_id": "a", "theirs": 1})
        tally = changes.create(zone, "db", {"_id": "a"}, unless_there=True)
        assert (tally.counts["unchanged"], tally.document["theirs"]) == (1, 1)


class TestDelete:
    def test_what_others_changed_stays(self, zone):
        zone.couchdb.put("db", {"_id": "a"})
        stored = zone.couchdb.get("db", "a")
        others_save(zone, theirs=1)
        with pytest.raises(Conflict):
            changes.delete(zone, "db", stored).check()
        assert zone.couchdb.get("db", "a")["theirs"] == 1

    def test_whatever_others_made_of_it_can_go(self, zone):
        zone.couchdb.put("db", {"_id": "a"})
        stored = zone.couchdb.get("db", "a")
        others_save(zone, theirs=1)
        assert changes.delete(zone, "db", stored, whatever=True).counts["deleted"] == 1
        assert zone.couchdb.get("db", "a") is None


class TestBesideChanges:
    def test_what_goes_with_them_is_done_where_they_are_made(self, zone):
        assert changes.if_made(zone, lambda: "done", shown=lambda: "shown") == "done"

    def test_a_dry_run_shows_it_instead(self, zone):
        zone.rerun(dry_run=True)
        assert changes.if_made(zone, lambda: pytest.fail("it was done"), shown=lambda: "shown") == "shown"
        assert changes.if_made(zone, lambda: pytest.fail("it was done")) is None

    def test_only_a_dry_run_passes_over_what_is_missing(self, zone):
        def look():
            with changes.planned_may_be_missing(zone):
                raise NotFound(server="CouchDB", what="database db")

        with pytest.raises(NotFound):
            look()
        zone.rerun(dry_run=True)
        look()


class TestTheRun:
    def test_a_zone_is_frozen(self, zone):
        from kazoo_sup.zone import Zone

        with pytest.raises(AttributeError):
            Zone.__setattr__(zone, "run", None)

    def test_what_is_written_of_the_configuration_is_read_again(self, zone):
        zone.couchdb.create("system_config")
        assert zone.configuration("a") is None
        changes.create(zone, "system_config", {"_id": "a", "default": {}})
        assert zone.configuration("a")["default"] == {}

    def test_another_run_of_the_zone_says_and_remembers_for_itself(self, zone):
        zone.run.warn_once("it is so")
        zone.run.warn_once("it is so")
        zone.run = zone.new_run()
        zone.run.warn_once("it is so")
        assert zone.warnings == ["it is so", "it is so"]


def test_attachments_are_described_without_their_contents():
    stub = {"content_type": "text/plain", "stub": True, "length": 3}
    inline = {"content_type": "text/plain", "data": base64.b64encode(b"abc").decode()}
    odd = {"content_type": "text/plain", "data": "no base64!"}
    shown = described({"_id": "a", "_attachments": {"old": stub, "new": inline, "odd": odd}})
    assert shown["_attachments"] == {
        "old": stub,
        "new": {"content_type": "text/plain", "length": 3, "digest": "md5-kAFQmDzST7DWlj99KOF/cg=="},
        "odd": odd,
    }
    assert described(None) is None
    assert described({"_id": "a"}) == {"_id": "a"}

"""Which outbox is whose, and what is told of what waits there."""

from __future__ import annotations

import json

import pytest

from helpers.memory_couchdb import MemoryCouchDB
from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes import Change, announcer, outboxes
from kazoo_sup.commands import outbox as commands
from kazoo_sup.errors import Delivered, ServerRefused, ServerUnreachable, TimedOut, Unfinished

REFUSED = {"server": "CouchDB", "address": "a:1", "reason": "connection refused"}


def cluster(directory, uuid, at_end=None, **settings):
    couchdb = MemoryCouchDB(["db", "system_config"])
    couchdb.uuid = uuid
    zone = MemoryZone(directory, couchdb=couchdb, **settings)
    if at_end:
        zone.rerun(at_end=at_end)
    return zone


def save(zone, *names):
    return changes.apply(zone, [Change("db", {"_id": name}, None) for name in names])


def told(zone):
    return [event["ID"] for event in zone.broker.events]


class TestWhose:
    def test_two_clusters_whose_zones_have_one_name_and_address_never_share_events(self, tmp_path):
        one, other = cluster(tmp_path, "a" * 32), cluster(tmp_path, "b" * 32)
        one.broker.down = "connection refused"
        save(one, "1")
        save(other, "2")
        assert commands.flush(other).report.counts == {"published": 0, "failed": 0}
        assert told(other) == ["2"]
        one.broker.down = None
        save(one, "3")
        assert sorted(told(one)) == ["1", "3"]

    def test_two_zones_of_one_cluster_share_theirs(self, tmp_path):
        one, other = cluster(tmp_path, "a" * 32), cluster(tmp_path, "a" * 32)
        one.broker.down = "connection refused"
        save(one, "1")
        save(other, "2")
        assert sorted(told(other)) == ["1", "2"]

    def test_what_waits_under_a_zone_s_name_is_moved_once(self, tmp_path):
        earlier = tmp_path / "outbox" / "local"
        earlier.mkdir(parents=True)
        (earlier / "1-1.jsonl").write_text('{"key":"doc_edited.db.t.old","body":{"ID":"old"}}\n')
        one, other = cluster(tmp_path, "a" * 32), cluster(tmp_path, "b" * 32)
        one.broker.down = "connection refused"
        save(one, "1")
        assert not earlier.exists()
        assert sorted(body["ID"] for _key, body in one.waiting) == ["1", "old"]
        assert other.waiting == []

    @pytest.mark.parametrize(
        "greeting", [{}, {"uuid": None}, [], ServerRefused(server="CouchDB", status=403, request="/", reason="no")]
    )
    def test_a_couchdb_that_tells_no_uuid_has_an_outbox_all_the_same(self, tmp_path, greeting):
        zone = cluster(tmp_path, "")

        def info():
            if isinstance(greeting, Exception):
                raise greeting
            return greeting

        zone.couchdb.info = info
        zone.broker.down = "connection refused"
        save(zone, "1")
        assert [body["ID"] for _key, body in zone.waiting] == ["1"]
        assert "192.0.2.1" in outboxes.cluster(zone)

    def test_nobody_is_asked_where_nothing_is_announced_and_nothing_waits(self, tmp_path):
        zone = cluster(tmp_path, "a" * 32)
        zone.couchdb.put("db", {"_id": "1"})
        zone.couchdb.info = None
        stored = zone.couchdb.get("db", "1")
        assert changes.apply(zone, [Change("db", stored, stored)]).counts["unchanged"] == 1
        assert not list(tmp_path.iterdir())

    def test_nothing_is_saved_where_the_cluster_does_not_say_who_it_is(self, tmp_path):
        zone = cluster(tmp_path, "a" * 32)

        def info():
            raise ServerUnreachable(**REFUSED)

        zone.couchdb.info = info
        with pytest.raises(ServerUnreachable):
            save(zone, "1")
        assert zone.couchdb.all("db") == {}


class TestTelling:
    @pytest.mark.parametrize(
        ("delivered", "kept"),
        [(Delivered.NO, 0), (Delivered.MAYBE, 2500), (Delivered.YES, 2500)],
        ids=["never reached", "answer lost", "unknown"],
    )
    def test_only_what_may_have_been_saved_is_kept_and_counted(self, tmp_path, delivered, kept):
        zone = cluster(tmp_path, "a" * 32)

        def fails(_database, _documents):
            raise ServerUnreachable(**REFUSED, delivered=delivered)

        zone.couchdb.before_save.append(fails)
        with pytest.raises(ServerUnreachable):
            save(zone, *map(str, range(2500)))
        assert len(zone.waiting) == kept
        said = [each for each in zone.warnings if "not known whether" in each]
        assert [each.split()[1] for each in said] == ([str(kept)] if kept else [])
        assert not any("could not be published" in each for each in zone.warnings)

    def test_what_was_saved_is_not_counted_with_what_may_have_been(self, tmp_path):
        zone = cluster(tmp_path, "a" * 32)
        saved = []

        def fails(_database, documents):
            if saved:
                raise TimedOut(seconds=1, doing="")
            saved.extend(documents)

        zone.couchdb.before_save.append(fails)
        zone.couchdb._workers = 1
        with pytest.raises((Unfinished, TimedOut)):
            save(zone, *map(str, range(2000)))
        assert sorted(told(zone)) == sorted(str(number) for number in range(1000))
        assert len(zone.waiting) == 1000
        zone.couchdb.before_save.clear()
        save(zone, "later")
        assert len(told(zone)) == 2001

    def test_a_run_tells_once_at_its_end_what_it_leaves_in_all(self, tmp_path):
        ends = []
        zone = cluster(tmp_path, "a" * 32, at_end=ends.append)
        zone.broker.down = "connection refused"
        for number in "1234":
            save(zone, number)
        assert zone.warnings == []
        [end] = ends
        end()
        [said] = zone.warnings
        assert said.startswith("4 change events could not be published (connection refused); kept")
        end()
        assert len(zone.warnings) == 1

    def test_what_was_published_after_all_before_the_run_ended_is_not_told(self, tmp_path):
        ends = []
        zone = cluster(tmp_path, "a" * 32, at_end=ends.append)
        zone.broker.down = "connection refused"
        save(zone, "1")
        zone.broker.down = None
        save(zone, "2")
        assert sorted(told(zone)) == ["1", "2"]
        for end in ends:
            end()
        assert zone.warnings == []

    def test_what_earlier_runs_left_is_told_with_it(self, tmp_path):
        zone = cluster(tmp_path, "a" * 32)
        zone.broker.down = "connection refused"
        save(zone, "1")
        ends = []
        zone = cluster(tmp_path, "a" * 32, at_end=ends.append)
        zone.broker.down = "connection refused"
        assert announcer.send_waiting(zone) == 0
        save(zone, "2")
        [end] = ends
        end()
        assert [each.partition(" could")[0] for each in zone.warnings] == ["2 change events"]

    def test_a_line_that_can_never_be_published_is_named_set_aside_and_stops_no_other(self, tmp_path):
        zone = cluster(tmp_path, "a" * 32)
        directory = tmp_path / "outboxes" / ("a" * 32)
        directory.mkdir(parents=True)
        long = json.dumps({"key": "k" * 300, "body": {}})
        due = '{"due":[["edited","db","",null,null],["edited","db","x",null,null]]}'
        (directory / "1-1.jsonl").write_text(f"{long}\n{due}\nnothing\n")
        assert save(zone, "1").counts["created"] == 1
        assert sorted(told(zone)) == ["1", "x"]
        assert len([each for each in zone.warnings if "set aside in" in each]) == 3
        assert zone.waiting == []
        zone.warnings.clear()
        save(zone, "2")
        assert zone.warnings == []
        assert list(commands.list_(zone).rows) == []

    def test_flush_tells_how_much_was_set_aside(self, tmp_path):
        zone = cluster(tmp_path, "a" * 32)
        directory = tmp_path / "outboxes" / ("a" * 32)
        directory.mkdir(parents=True)
        (directory / "1-1.jsonl").write_text('{"due":[["edited","db","x",null,null]]}\n{}\n')
        assert len(list(commands.list_(zone).rows)) == 1
        assert commands.flush(zone).report.counts == {"published": 1, "failed": 0, "set aside": 1}
        assert announcer.waiting(zone) == 0

"""The one door for writes, against a CouchDB in memory: one report for each change, nothing lost, nothing twice."""

from __future__ import annotations

import gc
import itertools
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.interrupter import quick_collections
from helpers.memory_couchdb import MemoryCouchDB
from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes import Change, outboxes
from kazoo_sup.errors import Declined, ExitCode, ServerRefused, ServerUnreachable, SupError, TimedOut, Unfinished
from kazoo_sup.zone import Run, Session

DOWN = ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")


@pytest.fixture
def couchdb():
    return MemoryCouchDB(["db", "other"])


@pytest.fixture
def zone(couchdb, tmp_path):
    """Give a zone on the CouchDB in memory, without a broker: every event goes to the outbox."""
    return made(couchdb, tmp_path)


def made(couchdb, directory, **run):
    zone = MemoryZone(directory, couchdb=couchdb, brokers=())
    zone.run = zone.new_run(**run)
    return zone


def create(number, **more):
    return Change("db", {"_id": f"{number}", **more}, None)


def edited(document, **more):
    return Change("db", {**document, **more}, document, lambda stored: {**stored, **more})


def waiting(zone):
    """Return the routing keys of the events that wait."""
    found = []
    for claim in outboxes.of(zone).claim():
        found += [key for key, _ in claim.messages()]
        claim.release()
    return found


class TestReports:
    def test_one_for_each_change_in_order(self, zone, couchdb):
        couchdb.put("db", {"_id": "1", "same": True})
        couchdb.put("db", {"_id": "2"})
        couchdb.put("db", {"_id": "3"})
        couchdb.put("db", {"_id": "4"})
        same, two, three = (couchdb.get("db", each) for each in "123")
        tally = changes.apply(
            zone,
            [create(0), edited(same, same=True), edited(two, new=1), Change("db", None, three), create(4)],
        )
        assert [(each.id, each.action) for each in zone.reports] == [
            ("1", "unchanged"),
            ("0", "created"),
            ("2", "edited"),
            ("3", "deleted"),
            ("4", "failed"),
        ]
        assert dict(tally.counts) == {"unchanged": 1, "created": 1, "edited": 1, "deleted": 1, "failed": 1}
        assert set(couchdb.all("db")) == {"0", "1", "2", "4"}
        assert str(tally.errors[0]) == "db/4: it exists already"

    def test_the_document_has_its_new_revision_and_its_order(self, zone):
        tally = changes.apply(zone, [create(1, b=1, a=2)])
        *fields, (last, revision) = tally.document.items()
        assert (fields, last) == ([("_id", "1"), ("b", 1), ("a", 2)], "_rev")
        assert revision.startswith("1-")

    def test_a_change_that_failed_raises_when_its_document_is_asked_for(self, zone, couchdb):
        couchdb.put("db", {"_id": "1"})
        with pytest.raises(SupError, match="exists already"):
            _ = changes.apply(zone, [create(1)]).document

    def test_a_missing_database_is_told(self, zone):
        [error] = changes.apply(zone, [Change("gone", {"_id": "1"}, None)]).errors
        assert str(error) == "gone/1 was not saved: CouchDB has no database gone"


class TestConflicts:
    def test_what_others_saved_is_read_again_and_kept(self, zone, couchdb):
        couchdb.put("db", {"_id": "1"})
        before = couchdb.get("db", "1")
        couchdb.put("db", {**before, "theirs": 1})
        changes.apply(zone, [edited(before, ours=1)])
        stored = couchdb.get("db", "1")
        assert (stored["ours"], stored["theirs"]) == (1, 1)

    def test_a_document_that_is_as_asked_by_now_is_unchanged(self, zone, couchdb):
        couchdb.put("db", {"_id": "1"})
        before = couchdb.get("db", "1")
        couchdb.put("db", {**before, "ours": 1, "theirs": 1})
        assert dict(changes.apply(zone, [edited(before, ours=1)]).counts) == {"unchanged": 1}

    def test_one_that_keeps_changing_is_given_up(self, zone, couchdb):
        couchdb.put("db", {"_id": "1"})
        before = couchdb.get("db", "1")
        times = itertools.count()

        def meddle(database, documents):
            couchdb.put("db", {**couchdb.get("db", "1"), "theirs": next(times)})

        couchdb.before_save.append(meddle)
        tally = changes.apply(zone, [edited(before, ours=1)])
        assert str(tally.errors[0]) == "db/1: others keep changing it"
        assert next(times) <= changes.saving.ROUNDS + 1

    def test_a_deletion_of_what_is_gone_meanwhile_is_told_as_one(self, zone, couchdb):
        couchdb.put("db", {"_id": "1"})
        before = couchdb.get("db", "1")
        couchdb.put("db", {**before, "_deleted": True})
        assert dict(changes.apply(zone, [Change("db", None, before)]).counts) == {"deleted": 1}
        assert waiting(zone) == ["doc_deleted.db.undefined.1"]

    @pytest.mark.parametrize("stamped", [{"pvt_created": 63_900_000_000}, {}])
    def test_what_was_saved_twice_over_counts_as_saved_and_is_announced(self, zone, couchdb, stamped):
        couchdb.put("db", {"_id": "edited", **stamped}, {"_id": "gone"})

        def repeat(database, documents):
            """Save it first, as a proxy that sends a request twice; the second answer is a conflict."""
            couchdb.before_save.clear()
            couchdb.save(database, documents)

        couchdb.before_save.append(repeat)
        made = [edited(couchdb.get("db", "edited"), new=1), Change("db", None, couchdb.get("db", "gone"))]
        tally = changes.apply(zone, [create("made", **stamped), *made] if stamped else made)
        expected = {"created": 1} if stamped else {}
        assert dict(tally.counts) == {**expected, "edited": 1, "deleted": 1}
        assert len(waiting(zone)) == tally.saved
        assert tally.last.after["_rev"] is not None

    @pytest.mark.parametrize("bad", [{}, {"_id": ""}, {"_id": 1}, {"_id": "_x"}, {"_id": "_design/"}, {"_id": None}])
    def test_a_document_without_a_name_is_refused_and_stops_no_other(self, zone, couchdb, bad):
        for dry_run in (True, False):
            zone.run = Run(Session(), dry_run=dry_run, report=zone.reports.append)
            tally = changes.apply(zone, [create(1), Change("db", bad, None), create(2), Change("", {"_id": "3"}, None)])
            assert dict(tally.counts) == {"failed": 2, "created": 2}
        assert set(couchdb.all("db")) == {"1", "2"}
        assert waiting(zone) == ["doc_created.db.undefined.1", "doc_created.db.undefined.2"]

    def test_a_change_may_refuse(self, zone, couchdb):
        def refuse(stored):
            raise Declined(reason="taken")

        couchdb.put("db", {"_id": "1"})
        tally = changes.apply(zone, [Change("db", {"_id": "1", "x": 1}, None, refuse)])
        assert str(tally.errors[0]) == "taken"


class TestDryRun:
    def test_it_writes_nothing_and_tells_what_would_be(self, couchdb, tmp_path):
        zone = made(couchdb, tmp_path, dry_run=True)
        couchdb.put("db", {"_id": "1", "a": 1})
        again = Change("db", {"_id": "1", "a": 1}, None, lambda stored: stored)
        tally = changes.apply(zone, [create(0), again, edited(couchdb.get("db", "1"), a=2)])
        assert couchdb.written == []
        assert dict(tally.counts) == {"created": 1, "unchanged": 1, "edited": 1}
        assert [each.planned for each in zone.reports] == [True, False, True]
        assert waiting(zone) == []

    def test_neither_does_the_creation_of_a_database(self, couchdb, tmp_path):
        zone = made(couchdb, tmp_path, dry_run=True)
        changes.create_database(zone, "new", [{"_id": "_design/x"}])
        assert not couchdb.exists("new")
        assert zone.reports[0].action == "created"


class TestEvents:
    def test_every_saved_document_is_announced_and_no_other(self, zone, couchdb):
        couchdb.put("db", {"_id": "1", "pvt_type": "t"})
        one = couchdb.get("db", "1")
        silent = [Change("db", {"_id": "2", "pvt_type": "cdr"}, None), Change("db", {"_id": "_design/x"}, None)]
        changes.apply(zone, [create(0), edited(one, a=1), edited(one, pvt_type="t"), create(1), *silent])
        changes.apply(zone, [Change("db", None, couchdb.get("db", "1"))])
        assert waiting(zone) == ["doc_created.db.undefined.0", "doc_edited.db.t.1", "doc_deleted.db.t.1"]
        assert "no broker is configured" in zone.warnings[0]

    def test_types_without_events_are_configured_in_datamgr(self, couchdb, tmp_path):
        couchdb.put("system_config", {"_id": "datamgr", "default": {"change_notice_exclude_types": ["quiet"]}})
        zone = made(couchdb, tmp_path)
        changes.apply(zone, [create(1, pvt_type="quiet"), create(2, pvt_type="cdr")])
        assert waiting(zone) == ["doc_created.db.cdr.2"]

    @pytest.mark.parametrize(
        ("section", "named"),
        [
            (1.5, "default is not an object"),
            ({"change_notice_exclude_types": [["quiet"]]}, "default.change_notice_exclude_types[0] is not text"),
        ],
    )
    def test_what_datamgr_has_of_another_shape_is_named_once_and_left_aside(self, couchdb, tmp_path, section, named):
        couchdb.put("system_config", {"_id": "datamgr", "default": section})
        zone = made(couchdb, tmp_path)
        for number in (1, 2):
            changes.apply(zone, [create(number, pvt_type="cdr"), create(number + 2)])
        assert waiting(zone) == ["doc_created.db.undefined.3", "doc_created.db.undefined.4"]
        assert zone.warnings.count(f"system_config/datamgr: {named}; it is left aside") == 1

    def test_none_are_made_when_they_were_ruled_out(self, couchdb, tmp_path):
        zone = made(couchdb, tmp_path / "state", events=False)
        changes.apply(zone, [create(1)])
        assert not (tmp_path / "state").exists()
        with pytest.raises(Declined, match="--no-events"):
            changes.forget(zone, "db")


class TestBulk:
    def test_changes_of_several_databases_are_gathered(self, zone, couchdb):
        mixed = [Change(("db", "other")[number % 2], {"_id": f"{number}"}, None) for number in range(5000)]
        assert changes.apply(zone, mixed).saved == 5000
        assert len(couchdb.all("db")) == len(couchdb.all("other")) == 2500

    def test_memory_does_not_grow_with_the_number_of_changes(self, couchdb, tmp_path):
        zone = made(couchdb, tmp_path, events=False)
        zone.run = zone.run._replace(report=lambda report: None)
        couchdb.save = lambda database, documents: [SimpleNamespace(error=None, rev="1-x") for _ in documents]
        most = 0

        def source():
            nonlocal most
            for number in range(30_000):
                if number % 5000 == 4999:
                    most = max(most, sum(isinstance(each, Change) for each in gc.get_objects()))
                yield create(number)

        with quick_collections():  # which leaves out what other tests made
            assert changes.apply(zone, source()).saved == 30_000
        assert most < 7 * changes.saving.BATCH  # five being saved, one waiting, one being gathered


class TestFailingServer:
    def test_one_that_fails_half_way_leaves_what_a_second_run_completes(self, zone, couchdb):
        def fail(database, documents):
            if couchdb.written:
                raise DOWN

        couchdb.before_save.append(fail)
        with pytest.raises(Unfinished, match="1000 documents were saved") as error:
            changes.apply(zone, (create(number) for number in range(2500)))
        assert error.value.exit_code is ExitCode.PARTIAL
        couchdb.before_save.clear()
        again = (replace(create(number), reapply=lambda stored: stored) for number in range(2500))
        assert dict(changes.apply(zone, again).counts) == {"unchanged": 1000, "created": 1500}
        assert {key.rpartition(".")[2] for key in waiting(zone)} == {f"{number}" for number in range(2500)}

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), TimedOut(seconds=1, doing="")])
    def test_an_interrupted_run_leaves_no_saved_document_unannounced(self, zone, couchdb, error):
        def source():
            for number in range(3000):
                if number == 2500:
                    raise error
                yield create(number)

        with pytest.raises(type(error)):
            changes.apply(zone, source())
        assert {key.rpartition(".")[2] for key in waiting(zone)} >= set(couchdb.all("db"))
        assert couchdb.all("db")

    def test_a_server_that_fails_at_once_is_the_error_itself(self, zone, couchdb):
        def fail(database, documents):
            raise DOWN

        couchdb.before_save.append(fail)
        with pytest.raises(ServerUnreachable):
            changes.apply(zone, [create(1)])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["ours", "theirs", "deleted"])), max_size=12))
def test_no_interleaving_loses_what_others_wrote(tmp_path_factory, steps):
    couchdb = MemoryCouchDB(["db"])
    zone = made(couchdb, tmp_path_factory.mktemp("state"), events=False)
    read = {each: couchdb.get("db", each) for each in "abc"}
    expected = {each: {} for each in "abc"}

    for number, (identifier, step) in enumerate(steps):
        stored = couchdb.get("db", identifier)
        if step == "theirs":
            couchdb.put("db", {**(stored or {"_id": identifier}), f"theirs{number}": 1})
            expected[identifier][f"theirs{number}"] = 1
        elif step == "deleted" and stored:
            couchdb.put("db", {**stored, "_deleted": True})
            expected[identifier] = {}
        elif step == "ours":
            more = {f"ours{number}": 1}
            before = read[identifier]
            document = {**(before or {"_id": identifier}), **more}
            again = lambda stored, identifier=identifier, more=more: {**(stored or {"_id": identifier}), **more}  # noqa: E731
            tally = changes.apply(zone, [Change("db", document, before, again)])
            assert not tally.errors
            expected[identifier].update(more)
            read[identifier] = couchdb.get("db", identifier)

    for identifier, fields in expected.items():
        stored = couchdb.get("db", identifier) or {}
        assert {key: each for key, each in stored.items() if not key.startswith("_")} == fields


def test_a_dry_run_shows_the_changes_of_other_databases_where_one_fails(tmp_path, monkeypatch):
    zone = MemoryZone(tmp_path)
    refused = ServerRefused(server="CouchDB", status=500, request="POST /sick/_all_docs", reason="timeout")
    read = zone.couchdb.get_many

    def get_many(database, ids):
        if database == "sick":
            raise refused
        return read(database, ids)

    monkeypatch.setattr(zone.couchdb, "get_many", get_many)
    zone.rerun(dry_run=True)
    with pytest.raises(ServerRefused):
        changes.apply(zone, [Change(name, {"_id": "a"}, None) for name in ("sick", "well")])
    assert [(each.database, each.action) for each in zone.reports] == [("well", "created")]


ALIKE_TO_PYTHON = [
    *(0, 1, 0.0, -0.0, 1.0, 1.5, True, False, None, "", "1"),
    *([], [1], [1.0], [True], [[1], 2], [[True], 2]),
    *({}, {"a": 1}, {"a": True}, {"a": 1.0}, {"a": -0.0}, {"a": 0}, {"a": [{"b": 1}]}, {"a": [{"b": True}]}),
    *({"a": 1, "b": None}, {"b": None, "a": 1}, {"b": False, "a": 1}),
]


@pytest.mark.parametrize("one", ALIKE_TO_PYTHON, ids=repr)
def test_values_are_the_same_exactly_where_their_json_is(one: Any) -> None:
    told = [changes.same(one, other) for other in ALIKE_TO_PYTHON]
    assert told == [json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True) for other in ALIKE_TO_PYTHON]

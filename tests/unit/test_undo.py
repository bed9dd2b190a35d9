"""Taking back what runs did, and making it again: what comes back, what others did meanwhile, and what ends it."""

from __future__ import annotations

import gzip
import json

import pytest

from helpers.memory_zone import MemoryZone
from helpers.recorded_runs import Killed, Runs
from kazoo_sup import changes
from kazoo_sup.changes import Change, attachment_copies, recording
from kazoo_sup.changes.journal.frames import packed
from kazoo_sup.errors import ExitCode, NotFound
from kazoo_sup.kazoo.ecallmgr import ecallmgr
from kazoo_sup.kazoo.undo import chain, following, walking
from kazoo_sup.kazoo.undo.chain import NothingToTakeBack, OfAnotherCluster, StillRunning
from kazoo_sup.kazoo.undo.judging import EditedSince
from kazoo_sup.kazoo.undo.walking import NotInRun
from kazoo_sup.messages.names import plain
from kazoo_sup.settings import Journaling
from kazoo_sup.zone import Was


@pytest.fixture
def zone(tmp_path):
    made = MemoryZone(tmp_path)
    for database in ("db", "other", "services", "system_config"):
        made.couchdb.create(database)
    made.couchdb.put("db", {"_id": "old", "a": 1, "b": {"c": 1, "d": 2}}, {"_id": "gone", "x": "y"})
    return made


@pytest.fixture
def runs(zone):
    return Runs(zone)


def put(identifier, **fields):
    """Return work that stores a document over what is there."""

    def work(zone):
        before = zone.couchdb.get("db", identifier)
        changes.apply(zone, [Change("db", {"_id": identifier, **fields}, before)])

    return work


def delete(identifier):
    return lambda zone: changes.apply(zone, [Change("db", None, zone.couchdb.get("db", identifier))])


def mixed(zone):
    """Create, edit and delete in one run."""
    old, gone = (zone.couchdb.get("db", each) for each in ("old", "gone"))
    made = [
        Change("db", {"_id": "new", "n": 1}, None),
        Change("db", {**old, "a": 2}, old),
        Change("db", None, gone),
    ]
    changes.apply(zone, made)


def test_created_documents_go_deleted_ones_come_back_and_edited_ones_return(zone, runs):
    before = zone.couchdb.all("db")
    runs.run(mixed)
    after = zone.couchdb.all("db")
    zone.broker.messages.clear()
    assert runs.undo() == {"created": 1, "edited": 1, "deleted": 1}
    assert zone.couchdb.all("db") == before
    assert [event["ID"] for event in zone.broker.events] == ["gone", "old", "new"]
    assert runs.redo() == {"created": 1, "edited": 1, "deleted": 1}
    assert zone.couchdb.all("db") == after


def test_each_undo_takes_the_next_older_run_and_redo_walks_forward(zone, runs):
    states = [zone.couchdb.all("db")]
    for value in (5, 6, 7):
        runs.run(put("old", a=value))
        states.append(zone.couchdb.all("db"))
    for state in reversed(states[:-1]):
        runs.undo()
        assert zone.couchdb.all("db") == state
    with pytest.raises(NothingToTakeBack, match="no run of this cluster that is not undone"):
        runs.undo()
    for state in states[1:]:
        runs.redo()
        assert zone.couchdb.all("db") == state
    with pytest.raises(NothingToTakeBack, match="not made again already"):
        runs.redo()
    runs.undo()
    assert zone.couchdb.all("db") == states[-2]


def test_the_undo_of_an_undo_is_the_undo_of_the_run_it_is_about(zone, runs):
    before = zone.couchdb.all("db")
    run = runs.run(mixed)
    runs.undo(run[:-2])
    with pytest.raises(NothingToTakeBack, match="not undone already"):
        runs.undo()
    assert runs.undo(run) == {"unchanged": 3}
    assert zone.couchdb.all("db") == before
    assert runs.redo(run)["created"] == 1


def test_a_run_that_was_not_undone_is_not_made_again(runs):
    run = runs.run(mixed)
    with pytest.raises(NothingToTakeBack, match="was not undone"):
        runs.redo(run)


@pytest.mark.parametrize("bounds", [{"megabytes": 1e-6}, {"days": 1e-9}])
def test_the_record_that_is_undone_stays_whatever_the_bounds_of_the_journal(zone, runs, bounds):
    before = zone.couchdb.all("db")
    runs.run(mixed)
    zone.all_settings = zone.all_settings._replace(journal=Journaling(**bounds))
    assert runs.undo() == {"created": 1, "edited": 1, "deleted": 1}
    assert zone.couchdb.all("db") == before


def test_an_attachment_that_was_not_kept_is_named_and_all_else_comes_back(zone, runs, monkeypatch):
    monkeypatch.setattr(attachment_copies, "LARGEST", 3)
    zone.couchdb.put_with_attachment("db", {"_id": "sound", "a": 1}, "a.mp3", b"large")
    runs.run(delete("sound"))
    assert runs.undo() == {"created": 1, "attachments missing": 1}
    [error] = [report.error for report in zone.reports if report.error]
    assert str(error) == "db/sound: its attachment a.mp3 was not kept, and does not come back; all else of it does"
    assert error.exit_code is ExitCode.PARTIAL
    assert zone.couchdb.all("db")["sound"] == {"_id": "sound", "a": 1}


class TestRecordsThatCannotBeRead:
    """The newest change is never taken for another one without a word."""

    @staticmethod
    def passed_over(zone, direction):
        told = []
        walk = chain.find(zone, direction, None, told.append)
        return walk.about.run, [each.run for each in told]

    @pytest.mark.parametrize("kept", [0, 100])
    def test_the_newest_is_named_before_an_older_one_is_taken_back(self, zone, runs, kept):
        older = runs.run(put("old", a=5))
        newer = runs.run(put("old", a=6))
        path = zone.state_dir / "journal" / f"{newer}.jsonl.gz"
        path.write_bytes(path.read_bytes()[:kept])
        assert self.passed_over(zone, "undo") == (older, [newer])

    def test_an_older_one_is_nobodys_business(self, zone, runs):
        older = runs.run(put("old", a=5))
        newer = runs.run(put("old", a=6))
        (zone.state_dir / "journal" / f"{older}.jsonl.gz").write_bytes(b"")
        assert self.passed_over(zone, "undo") == (newer, [])

    def test_redo_names_it_too(self, zone, runs):
        run = runs.run(put("old", a=5))
        runs.undo()
        newer = runs.run(put("old", a=6))
        (zone.state_dir / "journal" / f"{newer}.jsonl.gz").write_bytes(b"")
        assert self.passed_over(zone, "redo") == (run, [newer])


def test_a_document_that_one_run_changed_often_goes_back_to_the_first(zone, runs):
    before = zone.couchdb.all("db")

    def work(zone):
        for value in range(4):
            put("old", a=value)(zone)
            put("new", a=value)(zone)
        delete("new")(zone)
        put("new", a=9)(zone)

    runs.run(work)
    zone.broker.messages.clear()
    assert runs.undo() == {"edited": 1, "deleted": 1}
    assert zone.couchdb.all("db") == before
    assert len(zone.broker.messages) == 2


class TestEditedSince:
    @pytest.fixture
    def run(self, zone, runs):
        made = runs.run(lambda zone: changes.apply(zone, [_edit(zone, "old", a=2), _edit(zone, "gone", x="z")]))
        old = zone.couchdb.get("db", "old")
        zone.couchdb.put("db", {**old, "b": {"c": 1, "d": 9}})
        return made

    def test_it_is_left_alone_and_told_and_the_rest_is_done(self, zone, runs, run):
        assert runs.undo() == {"edited": 1, "left alone": 1}
        [error] = [report.error for report in zone.reports if report.error]
        assert isinstance(error, EditedSince)
        assert str(error) == "db/old: somebody edited it since; it is left alone"
        assert zone.couchdb.all("db")["old"] == {"_id": "old", "a": 2, "b": {"c": 1, "d": 9}}
        assert zone.couchdb.all("db")["gone"]["x"] == "y"

    def test_with_merge_both_stand(self, zone, runs, run):
        assert runs.undo(edited="merged") == {"edited": 2}
        assert zone.couchdb.all("db")["old"] == {"_id": "old", "a": 1, "b": {"c": 1, "d": 9}}

    def test_who_insists_means_the_run_of_which_something_was_left_and_no_older_one(self, zone, runs):
        runs.run(put("new", n=1))
        run = runs.run(put("old", a=7))
        zone.couchdb.put("db", {**zone.couchdb.get("db", "old"), "theirs": 1})
        assert runs.undo() == {"left alone": 1}
        assert runs.undo(edited="merged") == {"edited": 1}
        assert zone.couchdb.all("db")["old"] == {"_id": "old", "a": 1, "b": {"c": 1, "d": 2}, "theirs": 1}
        assert zone.couchdb.all("db")["new"] == {"_id": "new", "n": 1}
        zone.couchdb.put("db", {**zone.couchdb.get("db", "old"), "a": 8})
        assert runs.redo() == {"left alone": 1}
        assert runs.redo(edited="overwritten") == {"edited": 1}
        assert zone.couchdb.all("db")["old"]["a"] == 7
        assert chain.find(zone, "undo", None, insisting=True).about.run == run
        runs.undo()
        assert runs.undo(edited="overwritten") == {"deleted": 1}

    def test_what_both_changed_cannot_be_merged(self, zone, runs, run):
        zone.couchdb.put("db", {**zone.couchdb.get("db", "old"), "a": 3})
        assert runs.undo(edited="merged") == {"edited": 1, "left alone": 1}
        assert "both changed a" in str(next(report.error for report in zone.reports if report.error))
        assert zone.couchdb.all("db")["old"]["a"] == 3

    def test_with_force_it_is_lost_and_redo_brings_it_back(self, zone, runs, run):
        edited = zone.couchdb.all("db")
        assert runs.undo(edited="overwritten") == {"edited": 2}
        assert zone.couchdb.all("db")["old"] == {"_id": "old", "a": 1, "b": {"c": 1, "d": 2}}
        runs.redo()
        assert zone.couchdb.all("db") == edited

    def test_the_next_undo_goes_on_to_the_next_run(self, zone, runs, run):
        runs.undo()
        with pytest.raises(NothingToTakeBack):
            runs.undo()
        assert runs.undo(run, edited="merged") == {"edited": 1, "unchanged": 1}

    def test_the_same_content_is_no_conflict(self, zone, runs, run):
        zone.couchdb.put("db", {"_id": "old", "a": 2, "b": {"c": 1, "d": 2}}, {"_id": "gone", "x": "y"})
        assert runs.undo() == {"edited": 1, "unchanged": 1}
        assert zone.couchdb.all("db")["old"]["a"] == 1

    def test_nor_is_it_where_the_run_changed_it_twice(self, zone, runs, run):
        def twice(zone):
            put("old", a=1)(zone)
            put("old", a=2)(zone)

        before = zone.couchdb.all("db")
        runs.run(twice)
        zone.couchdb.put("db", {"_id": "old", "a": 2})
        assert runs.undo() == {"edited": 1}
        assert zone.couchdb.all("db") == before

    def test_somebody_is_faster_while_it_is_undone(self, zone, runs, run):
        theirs = {"_id": "gone", "x": "theirs"}

        def meddle(_database, _documents):
            zone.couchdb.before_save.clear()
            zone.couchdb.put("db", theirs)

        zone.couchdb.before_save.append(meddle)
        assert runs.undo() == {"left alone": 2}
        assert zone.couchdb.all("db")["gone"] == theirs

    @pytest.mark.parametrize("edited", ["left", "merged"])
    def test_deleted_or_created_anew_by_somebody(self, zone, runs, edited):
        runs.run(mixed)
        zone.couchdb.put("db", {"_id": "old", "_deleted": True}, {"_id": "gone", "x": 3}, {"_id": "new", "n": 2})
        assert runs.undo(edited=edited) == {"left alone": 3}
        assert zone.couchdb.all("db") == {"gone": {"_id": "gone", "x": 3}, "new": {"_id": "new", "n": 2}}

    def test_an_edit_between_two_changes_of_one_run_stays(self, zone, runs):
        def work(zone):
            put("old", a=5)(zone)
            zone.couchdb.put("db", {"_id": "old", "a": 5, "theirs": True})
            put("old", a=6)(zone)

        runs.run(work)
        assert runs.undo() == {"edited": 1, "left alone": 1}
        assert zone.couchdb.all("db")["old"] == {"_id": "old", "a": 5, "theirs": True}


def _edit(zone, identifier, **fields):
    before = zone.couchdb.get("db", identifier)
    return Change("db", {**before, **fields}, before)


class TestOnly:
    def test_the_named_documents_alone_and_the_rest_later(self, zone, runs):
        before = zone.couchdb.all("db")
        runs.run(mixed)
        assert runs.undo(only=["db/new"]) == {"deleted": 1}
        assert zone.couchdb.all("db")["old"]["a"] == 2
        assert runs.undo() == {"created": 1, "edited": 1, "unchanged": 1}
        assert zone.couchdb.all("db") == before

    def test_a_document_that_the_run_did_not_change_is_refused_before_anything_is_done(self, zone, runs):
        runs.run(mixed)
        with pytest.raises(NotInRun, match=r"changed nothing that is called db/nope$"):
            runs.undo(only=["db/new", "db/nope"])
        assert len(list((zone.state_dir / "journal").glob("*.gz"))) == 1
        assert "new" in zone.couchdb.all("db")


class TestDryRun:
    def test_it_shows_each_change_and_makes_none(self, zone, runs):
        runs.run(mixed)
        after = zone.couchdb.all("db")
        runs.undo(dry_run=True)
        shown = {(report.id, report.action, report.planned) for report in zone.reports}
        assert shown == {("new", "deleted", True), ("old", "edited", True), ("gone", "created", True)}
        assert zone.couchdb.all("db") == after
        assert runs.undo() == {"created": 1, "edited": 1, "deleted": 1}


class TestRunsThatDidNotEnd:
    def test_a_running_run_is_not_undone(self, zone, runs):
        def work(zone):
            put("old", a=5)(zone)
            with pytest.raises(StillRunning, match=r"run 2.* \(sup db work\) has not ended"):
                Runs(MemoryZone(zone.state_dir, couchdb=zone.couchdb)).undo()

        runs.run(work)

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_of_a_killed_one_all_is_restored_whether_it_was_saved_or_not(self, zone, runs, moment):
        before = zone.couchdb.all("db")
        _kill_when_saving(zone, moment)
        runs.run(mixed)
        assert (zone.couchdb.all("db") == before) == (moment == "before")
        zone.couchdb.save = type(zone.couchdb).save.__get__(zone.couchdb)
        runs.undo()
        assert zone.couchdb.all("db") == before

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_an_undo_that_is_killed_is_completed_by_the_next(self, zone, runs, moment):
        before = zone.couchdb.all("db")
        runs.run(mixed)
        after = zone.couchdb.all("db")
        _kill_when_saving(zone, moment)
        runs.undo()
        zone.couchdb.save = type(zone.couchdb).save.__get__(zone.couchdb)
        runs.undo()
        assert zone.couchdb.all("db") == before
        runs.redo()
        assert zone.couchdb.all("db") == after

    def test_an_edit_by_somebody_else_after_a_kill_is_not_taken_for_ours(self, zone, runs):
        _kill_when_saving(zone, "before")
        runs.run(mixed)
        zone.couchdb.save = type(zone.couchdb).save.__get__(zone.couchdb)
        zone.couchdb.put("db", {"_id": "old", "a": 77})
        assert runs.undo() == {"unchanged": 2, "left alone": 1}
        assert zone.couchdb.all("db")["old"]["a"] == 77

    @pytest.mark.parametrize("meanwhile", [{"a": 5}, {"a": 7}])
    def test_what_stands_as_it_was_before_the_change_that_was_killed_is_no_edit(self, zone, runs, meanwhile):
        def work(zone):
            put("new", a=5)(zone)
            _kill_when_saving(zone, "before")
            delete("new")(zone)

        runs.run(work)
        zone.couchdb.save = type(zone.couchdb).save.__get__(zone.couchdb)
        zone.couchdb.put("db", {"_id": "new", **meanwhile})
        runs.undo()
        assert ("new" in zone.couchdb.all("db")) == (meanwhile != {"a": 5})

    def test_an_undo_that_may_not_have_saved_is_completed_on_another_revision_of_the_same_content(self, zone, runs):
        runs.run(put("new", a=5))
        zone.couchdb.put("db", {"_id": "new", "a": 5})
        _kill_when_saving(zone, "before")
        runs.undo()
        zone.couchdb.save = type(zone.couchdb).save.__get__(zone.couchdb)
        assert runs.undo() == {"deleted": 1}
        assert "new" not in zone.couchdb.all("db")


def _kill_when_saving(zone, moment):
    save = zone.couchdb.save

    def killed(database, documents):
        if moment == "after":
            save(database, documents)
        raise Killed

    zone.couchdb.save = killed


class TestDatabases:
    def test_one_that_the_run_created_goes_and_comes_back(self, zone, runs):
        def work(zone):
            changes.create_database(zone, "fresh", [{"_id": "_design/x", "views": {}}])
            changes.apply(zone, [Change("fresh", {"_id": "a"}, None)])

        runs.run(work)
        whole = zone.couchdb.all("fresh")
        runs.undo()
        assert not zone.couchdb.exists("fresh")
        runs.redo()
        assert zone.couchdb.all("fresh") == whole

    def test_one_that_others_use_by_now_stays(self, zone, runs):
        runs.run(lambda zone: changes.create_database(zone, "fresh"))
        zone.couchdb.put("fresh", {"_id": "theirs"})
        assert runs.undo() == {"left alone": 1}
        assert "fresh: the database is not empty" in str(zone.reports[-1].error).replace("/", "")

    def test_documents_of_a_database_that_is_gone(self, zone, runs):
        runs.run(lambda zone: changes.apply(zone, [Change("other", {"_id": "a"}, None)]))
        zone.couchdb.delete("other")
        assert runs.undo() == {"unchanged": 1}


class TestOtherClusters:
    def test_a_run_on_another_cluster_is_refused_by_name_and_passed_over_otherwise(self, zone, runs, tmp_path):
        run = runs.run(mixed)
        zone.rerun()
        zone.couchdb.uuid = "1" * 32
        with pytest.raises(NothingToTakeBack):
            runs.undo()
        with pytest.raises(OfAnotherCluster, match=f"run {run} changed another cluster"):
            runs.undo(run)


def test_many_documents_in_batches_the_newest_first(zone, runs):
    made = [Change("db", {"_id": f"{number:05}", "n": number}, None) for number in range(3500)]
    before = zone.couchdb.all("db")
    runs.run(lambda zone: changes.apply(zone, made))
    zone.broker.messages.clear()
    assert runs.undo() == {"deleted": 3500}
    assert zone.couchdb.all("db") == before
    assert [event["ID"] for event in zone.broker.events] == [f"{number:05}" for number in reversed(range(3500))]


class TestDeeds:
    """Things that are no documents: taken back by the words of a command, in their place among the documents."""

    def work(self, zone):
        put("old", a=5)(zone)
        for reverse in (("haproxy", "ready", "web", "s1"), None, ()):
            record = recording.of(zone, documents=False)
            record.settle({record.expect_deed(f"deed {reverse}", Was(None, reverse)): None})
        put("old", a=6)(zone)

    def test_they_are_reversed_where_there_is_a_reverse(self, zone, runs):
        before = zone.couchdb.all("db")
        run = runs.run(self.work)
        walk = chain.find(zone, "undo", run)
        assert following.lasting(walk) == ["nothing takes back: deed None"]
        counts = runs.undo()
        assert (counts["deeds taken back"], counts["not taken back"], counts["failed"]) == (1, 1, 0)
        assert runs.reversed == [("haproxy", "ready", "web", "s1")]
        assert zone.couchdb.all("db") == before

    def test_a_reverse_that_fails_is_told_and_the_rest_is_done(self, zone, runs):
        before = zone.couchdb.all("db")
        run = runs.run(self.work)
        runs.refuse = NotFound(server="HAProxy", what="backend web")
        assert runs.undo()["failed"] == 1
        told = [str(report.error) for report in zone.reports if report.error]
        assert told == [
            "deed ('haproxy', 'ready', 'web', 's1'): `sup haproxy ready web s1` failed: HAProxy has no backend web"
        ]
        assert zone.couchdb.all("db") == before
        runs.refuse = None
        assert runs.undo()["deeds taken back"] == 1
        assert chain.find(zone, "redo", None).about.run == run

    READY = ("haproxy", "ready", "web", "s1")
    DRAIN = ("haproxy", "drain", "web", "s1")

    def drain(self, zone):
        changes.act(zone, "drain s1", lambda: None, was=Was("ready", self.READY, "drain"))

    def test_one_that_is_as_it_was_before_is_left_without_a_word(self, zone, runs):
        run = runs.run(self.drain)
        runs.there = Was("ready", self.READY, "ready")
        assert runs.undo() == {"unchanged": 1}
        runs.there = changes.PASSING
        assert (runs.undo(run), runs.reversed) == ({"unchanged": 1}, [])
        assert not [report for report in zone.reports if report.error]

    def test_what_somebody_did_since_is_told_and_stays_unless_one_insists(self, zone, runs):
        runs.run(self.drain)
        runs.there = Was("maint", ("haproxy", "maintenance", "web", "s1"), "ready")
        assert (runs.undo(), runs.undo(edited="merged")) == ({walking.LEFT: 1}, {walking.LEFT: 1})
        told = {(str(report.error), report.error.exit_code) for report in zone.reports if report.error}
        said = "drain s1: it was ready, the run left drain, and now it is maint; it is left alone"
        assert told == {(said, ExitCode.PARTIAL)}
        assert (runs.undo(edited="overwritten"), runs.reversed) == ({"deeds taken back": 1}, [self.READY])

    @pytest.mark.parametrize("there", [Was("drain", DRAIN, "ready"), changes.UNKNOWN])
    def test_one_that_is_as_the_run_left_it_or_does_not_tell_is_reversed(self, runs, there):
        runs.run(self.drain)
        runs.there = there
        assert runs.undo() == {"deeds taken back": 1}

    def test_nothing_is_known_of_what_deeds_of_older_records_left(self, zone, runs):
        runs.run(self.drain)
        [path] = (zone.state_dir / "journal").glob("*.gz")
        lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
        for line in lines:
            line.pop("left", None)
        path.write_bytes(
            packed(b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines), 0)
        )
        runs.there = Was("maint", ("haproxy", "maintenance", "web", "s1"), "ready")
        assert runs.undo() == {"deeds taken back": 1}

    def test_a_run_of_deeds_alone_needs_no_couchdb(self, zone, runs):
        def work(zone):
            record = recording.of(zone, documents=False)
            record.settle({record.expect_deed("drain s1", Was(None, ("haproxy", "ready", "web", "s1"))): None})

        runs.run(work)
        zone.rerun()
        zone.couchdb.info = lambda: pytest.fail("CouchDB was asked")
        assert runs.undo() == {"deeds taken back": 1}
        with pytest.raises(NothingToTakeBack):
            runs.undo()


def test_access_lists_are_read_anew_and_only_then(zone, runs, monkeypatch):
    read = []
    monkeypatch.setattr(ecallmgr, "have_acls_read", lambda _zone: (read.append(1), []))
    acls = {"_id": "ecallmgr", "default": {"acls": {"probe": {"type": "allow"}}, "x": 1}}
    zone.couchdb.put("system_config", acls)

    def edit(**fields):
        stored = zone.couchdb.get("system_config", "ecallmgr")
        edited = {**stored, "default": {**stored["default"], **fields}}
        return lambda zone: changes.apply(zone, [Change("system_config", edited, stored)])

    runs.run(edit(x=2))
    runs.undo()
    assert read == []
    runs.run(edit(acls={}))
    runs.undo()
    assert read == [1]


class TestServices:
    """What is counted is no conflict, and is counted anew."""

    def test_a_later_count_is_none(self, zone, runs):
        zone.couchdb.put("services", {"_id": "a" * 32, "plans": {}, "quantities": {"n": 1}})

        def work(zone):
            stored = zone.couchdb.get("services", "a" * 32)
            changes.apply(zone, [Change("services", {**stored, "plans": {"p": 1}, "quantities": {"n": 2}}, stored)])

        runs.run(work)
        stored = zone.couchdb.get("services", "a" * 32)
        zone.couchdb.put("services", {**stored, "quantities": {"n": 3}})
        assert runs.undo()["left alone"] == 0
        assert zone.couchdb.all("services")["a" * 32]["plans"] == {}

    def test_a_design_document_is_no_account_whose_services_are_counted(self, zone, runs):
        made = {"_id": "_design/services", "views": {}}
        runs.run(lambda zone: changes.apply(zone, [Change("services", made, None)]))
        assert runs.undo()["deleted"] == 1
        assert runs.redo()["created"] == 1
        assert zone.warnings == []


class TestNumbers:
    """A number and its copies are taken back together, or not at all."""

    number = "+14155550001"

    @pytest.fixture
    def run(self, zone, runs):
        for database in ("numbers%2F%2B1415", "account%2Faa%2Fbb%2Fcc"):
            zone.couchdb.create(plain(database))

        def work(zone):
            document = {"_id": self.number, "pvt_type": "number", "pvt_assigned_to": "aabbcc"}
            for database in ("account%2Faa%2Fbb%2Fcc", "numbers%2F%2B1415"):
                changes.apply(zone, [Change(database, document, None)])

        return runs.run(work)

    def there(self, zone):
        return [name for name in ("account/aa/bb/cc", "numbers/+1415") if zone.couchdb.get(name, self.number)]

    @pytest.mark.parametrize("edited", ["account/aa/bb/cc", "numbers/+1415"])
    def test_an_edit_of_one_keeps_both(self, zone, runs, run, edited):
        zone.couchdb.put(edited, {**zone.couchdb.get(edited, self.number), "theirs": True})
        assert runs.undo() == {"left alone": 2}
        assert len(self.there(zone)) == 2

    def test_who_names_one_means_both(self, zone, runs, run):
        assert runs.undo(only=[f"numbers/+1415/{self.number}"]) == {"deleted": 2}
        assert self.there(zone) == []

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_a_database_that_a_killed_run_made_for_them_goes_once_they_are_gone(self, zone, runs, moment):
        def work(zone):
            changes.create_database(zone, "numbers%2F%2B1416")
            _kill_when_saving(zone, moment)
            changes.apply(zone, [Change("numbers%2F%2B1416", {"_id": "+14165550001", "pvt_type": "number"}, None)])

        runs.run(work)
        zone.couchdb.save = type(zone.couchdb).save.__get__(zone.couchdb)
        counts = runs.undo()
        assert counts["databases deleted"] == 1
        assert not counts["left alone"]
        assert not zone.couchdb.exists("numbers/+1416")

    def test_one_that_is_gone_already_keeps_the_other_from_nothing(self, zone, runs, run):
        zone.couchdb.put("numbers/+1415", {"_id": self.number, "_deleted": True})
        assert runs.undo() == {"deleted": 1, "unchanged": 1}
        assert self.there(zone) == []

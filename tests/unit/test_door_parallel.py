"""The door with batches in parallel, as over the real transport: interruptions anywhere, failures, bounded memory."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path

import pytest

from helpers.interrupter import Interrupter, places, quick_collections
from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import Conflict, ExitCode, NotFound, ServerUnreachable, Unfinished
from kazoo_sup.transports.couchdb import bulk

DOWN = ServerUnreachable(server="CouchDB", address="192.0.2.1:5984", reason="connection refused")


@pytest.fixture
def zone(zone):
    zone.couchdb.create("db")
    zone.couchdb.create("other")
    return zone


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(changes.saving, "BATCH", 5)


def created(number, database="db"):
    """Return a change that makes a document, and leaves it alone where it is there."""
    return Change(database, {"_id": f"{number:05}", "pvt_type": "t"}, None, lambda stored: stored)


def heard(zone):
    """Return the ids of which an event was published or waits."""
    return {event["ID"] for event in zone.broker.events} | {event["ID"] for _key, event in zone.waiting}


class TestOrder:
    def test_reports_come_in_the_order_of_the_changes_however_the_saves_end(self, zone, small_batches):
        zone.couchdb.before_save.append(lambda _, documents: sum(range(int(documents[0]["_id"]) % 7 * 10_000)))
        changes.apply(zone, map(created, range(200)))
        assert [report.id for report in zone.reports] == [f"{number:05}" for number in range(200)]
        assert zone.broker.keys == [f"doc_created.db.t.{number:05}" for number in range(200)]

    def test_within_a_batch_those_that_met_a_conflict_keep_their_place(self, zone, small_batches):
        for number in (1, 3):
            zone.couchdb.put("db", {"_id": f"{number:05}", "pvt_type": "theirs"})
        changes.apply(zone, map(created, range(5)))
        assert [(report.id[-1], report.action) for report in zone.reports] == [
            ("0", "created"),
            ("1", "unchanged"),
            ("2", "created"),
            ("3", "unchanged"),
            ("4", "created"),
        ]

    def test_two_changes_of_one_document_are_both_made(self, zone):
        def counted(stored):
            document = stored or {"_id": "x", "n": 0}
            return {**document, "n": document["n"] + 1}

        changes.apply(zone, [Change("db", counted(None), None, counted) for _ in range(4)])
        assert zone.couchdb.get("db", "x")["n"] == 4
        assert Counter(report.action for report in zone.reports) == {"created": 1, "edited": 3}

    @pytest.mark.parametrize("meddlings", [0, changes.saving.ROUNDS])
    def test_many_changes_of_one_document_are_made_in_their_order_among_those_of_others(self, zone, meddlings):
        def added(token, stored):
            document = stored or {"_id": "x", "list": []}
            return {**document, "list": [*document["list"], token]}

        def ours(token):
            return Change("db", added(token, None), None, lambda stored: added(token, stored))

        def meddle(_database, _documents):
            if next(left, None) is not None:
                zone.couchdb.put("db", added("theirs", zone.couchdb.get("db", "x")))

        left = iter(range(meddlings))
        zone.couchdb.before_save.append(meddle)
        changes.apply(zone, map(ours, range(3 * changes.saving.ROUNDS)))
        tokens = zone.couchdb.get("db", "x")["list"]
        assert [token for token in tokens if token != "theirs"] == list(range(3 * changes.saving.ROUNDS))
        assert tokens.count("theirs") == meddlings
        assert {report.action for report in zone.reports} <= {"created", "edited"}
        last = zone.reports[-1]
        assert (last.before["list"], last.after["list"]) == (tokens[:-1], tokens)

    def test_every_change_of_a_document_is_given_up_after_its_own_rounds(self, zone):
        def counted(stored):
            return {**(stored or {"_id": "x", "ours": 0}), "ours": 1}

        def meddle(_database, _documents):
            stored = zone.couchdb.get("db", "x") or {"_id": "x", "theirs": 0}
            saves.append(zone.couchdb.put("db", {**stored, "theirs": stored["theirs"] + 1}))

        saves = []
        zone.couchdb.before_save.append(meddle)
        tally = changes.apply(zone, [Change("db", counted(None), None, counted) for _ in range(3)])
        assert [str(error) for error in tally.errors] == ["db/x: others keep changing it"] * 3
        assert len(saves) == 1 + 3 * changes.saving.ROUNDS

    def test_a_document_changed_twice_has_its_reports_in_their_places(self, zone):
        changes.apply(zone, [created(1), created(2), created(1)])
        assert [report.id[-1] for report in zone.reports] == ["1", "2", "1"]

    def test_every_database_gets_its_own_batches(self, zone, small_batches):
        saves = []
        zone.couchdb.before_save.append(lambda database, documents: saves.append((database, len(documents))))
        changes.apply(zone, [created(number, ("db", "other")[number % 3 == 0]) for number in range(20)])
        assert {database for database, _ in saves} == {"db", "other"}
        assert sum(count for database, count in saves if database == "other") == 7
        assert all(count <= 5 for _, count in saves)


class TestEvents:
    def test_a_deletion_says_what_was_deleted_and_its_last_revision(self, zone):
        zone.couchdb.put("db", {"_id": "x", "pvt_type": "t", "pvt_account_id": "a" * 32})
        changes.apply(zone, [Change("db", None, zone.couchdb.get("db", "x"))])
        [event] = zone.broker.events
        assert zone.broker.keys == ["doc_deleted.db.t.x"]
        assert (event["Type"], event["Account-ID"], event["Is-Soft-Deleted"]) == ("t", "a" * 32, False)
        assert event["Rev"] == zone.couchdb.stored["db"]["x"]["_rev"]

    def test_a_soft_deletion_is_told_as_one(self, zone):
        zone.couchdb.put("db", {"_id": "x", "pvt_type": "t"})
        stored = zone.couchdb.get("db", "x")
        changes.apply(zone, [Change("db", {**stored, "pvt_deleted": True}, stored)])
        assert zone.broker.keys == ["doc_deleted.db.t.x"]
        assert zone.broker.events[0]["Is-Soft-Deleted"] is True

    def test_an_event_has_the_revision_that_was_saved_also_after_a_conflict(self, zone):
        zone.couchdb.put("db", {"_id": "x", "pvt_type": "t"})
        stored = zone.couchdb.get("db", "x")
        zone.couchdb.put("db", {**stored, "theirs": 1})
        changes.apply(zone, [Change("db", {**stored, "ours": 1}, stored, lambda now: {**now, "ours": 1})])
        assert [event["Rev"] for event in zone.broker.events] == [zone.couchdb.get("db", "x")["_rev"]]
        assert zone.broker.events[0]["Event-Name"] == "doc_edited"

    def test_while_the_broker_is_down_they_wait_and_the_next_run_sends_them_after_its_own(self, zone):
        zone.broker.down = "connection refused"
        changes.apply(zone, [created(1), created(2)])
        assert zone.broker.messages == []
        assert len(zone.warnings) == 1
        assert zone.warnings[0].startswith("2 change events could not be published (connection refused); kept")
        waiting = [event for _key, event in zone.waiting]
        zone.broker.down = None
        changes.apply(zone, [created(3)])
        assert [event["ID"] for event in zone.broker.events] == ["00003", "00001", "00002"]
        assert zone.broker.events[1:] == waiting
        assert zone.waiting == []

    def test_a_second_run_without_the_broker_keeps_all(self, zone):
        zone.broker.down = "connection refused"
        for number in range(3):
            changes.apply(zone, [created(number)])
        assert [event["ID"] for _key, event in zone.waiting] == ["00000", "00001", "00002"]


class TestMemory:
    def test_no_more_changes_are_pulled_than_can_be_under_way(self, zone):
        pulled = reported = most = 0

        def source():
            nonlocal pulled, most
            for number in range(50_000):
                pulled += 1
                most = max(most, pulled - reported)
                yield created(number)

        def report(_report):
            nonlocal reported
            reported += 1

        zone.run = zone.run._replace(report=report)
        tally = changes.apply(zone, source())
        assert tally.saved == reported == 50_000
        assert most <= changes.saving.BATCH * 6
        assert len(tally.errors) == 0

    def test_only_the_first_errors_are_kept(self, zone):
        zone.couchdb.put("db", *({"_id": f"{number:05}"} for number in range(300)))
        taken = [Change("db", {"_id": f"{number:05}"}, None) for number in range(300)]
        tally = changes.apply(zone, taken)
        assert tally.counts["failed"] == 300
        assert len(tally.errors) == 100
        assert all(isinstance(error, Conflict) for error in tally.errors)


class TestFailingServer:
    def fails_from(self, zone, count):
        """Let the server fail at every save after `count` of them."""
        begun = iter(range(10**9))

        def fail(_database, _documents):
            if next(begun) >= count:
                raise DOWN

        zone.couchdb.before_save.append(fail)

    @pytest.mark.parametrize("count", [1, 2, 5, 9])
    def test_what_was_saved_is_announced_and_counted_and_the_rest_is_for_a_second_run(self, zone, small_batches, count):
        self.fails_from(zone, count)
        with pytest.raises(Unfinished) as unfinished:
            changes.apply(zone, map(created, range(50)))
        saved = set(zone.couchdb.all("db"))
        assert unfinished.value.saved == len(saved) == 5 * count
        assert unfinished.value.exit_code is ExitCode.PARTIAL
        assert {report.id for report in zone.reports} == saved <= heard(zone)
        zone.couchdb.before_save.clear()
        zone.rerun()
        tally = changes.apply(zone, map(created, range(50)))
        assert tally.counts == {"created": 50 - len(saved), "unchanged": len(saved)}
        assert len(heard(zone)) == 50

    def test_one_that_failed_at_once_gives_its_own_error(self, zone):
        self.fails_from(zone, 0)
        with pytest.raises(ServerUnreachable):
            changes.apply(zone, [created(1)])
        assert zone.reports == []

    def test_one_that_fails_while_conflicts_are_settled_does_not_hide_what_was_saved(self, zone, monkeypatch):
        zone.couchdb.put("db", {"_id": "00001"})

        def fail(_database, _ids):
            raise DOWN

        monkeypatch.setattr(zone.couchdb, "get_many", fail)
        with pytest.raises(Unfinished):
            changes.apply(zone, map(created, range(3)))

    def test_what_was_saved_beside_a_conflict_is_announced_all_the_same(self, zone, monkeypatch):
        zone.couchdb.put("db", {"_id": "00001"})

        def fail(_database, _ids):
            raise DOWN

        monkeypatch.setattr(zone.couchdb, "get_many", fail)
        with pytest.raises((ServerUnreachable, Unfinished)):
            changes.apply(zone, map(created, range(3)))
        assert {"00000", "00002"} <= heard(zone)

    def test_a_database_that_is_missing_does_not_hide_what_went_into_others(self, zone):
        mixed = [created(1), created(2, "nosuch"), created(3)]
        try:
            tally = changes.apply(zone, mixed)
        except (NotFound, Unfinished) as error:
            assert isinstance(error, Unfinished)  # noqa: PT017 - either way is fine as long as it is truthful
        else:
            assert tally.counts == {"created": 2, "failed": 1}
        assert set(zone.couchdb.all("db")) == {"00001", "00003"} <= heard(zone)


PLACES = (str(Path(changes.__file__).parent), bulk.__file__)


def run(zone, broker_down=None):
    zone.broker.down = broker_down
    changes.apply(zone, map(created, range(40)))


# A run that is cut off while it cleans up leaves its file to the end of the process.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("broker_down", [None, "connection refused"], ids=["up", "down"])
def test_a_run_interrupted_anywhere_leaves_no_saved_document_unheard_of(tmp_path, small_batches, broker_down):
    def fresh(name):
        zone = MemoryZone(tmp_path / name)
        for database in ("db", "system_config"):
            zone.couchdb.create(database)
        zone.couchdb.put("db", *({"_id": f"{number:05}", "pvt_type": "t"} for number in (7, 8, 22)))
        return zone

    with Interrupter(*PLACES) as counting:
        run(fresh("whole"), broker_down)
    halfway = 0
    with quick_collections():
        for at in places(counting.seen, 80, ending=350):
            zone = fresh(f"at {at}")
            with pytest.raises(KeyboardInterrupt), Interrupter(*PLACES, at=at):
                run(zone, broker_down)
            gc.collect()  # and with it the locks of the run that was cut off, as at the end of a process
            saved = {identifier for _, identifier, _ in zone.couchdb.written}
            halfway += 0 < len(saved) < 37
            assert saved <= heard(zone), f"interrupted at {at}"
            run(zone)
            assert len(zone.couchdb.all("db")) == 40
            assert len(zone.couchdb.written) == 37, "something was saved twice"
            assert {identifier for _, identifier, _ in zone.couchdb.written} <= {e["ID"] for e in zone.broker.events}
            assert zone.waiting == []
    assert halfway > 10


def test_an_interruption_of_the_source_is_passed_on_and_what_it_gave_is_heard_of(zone, small_batches):
    def source():
        yield from map(created, range(23))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        changes.apply(zone, source())
    assert set(zone.couchdb.all("db")) <= heard(zone)

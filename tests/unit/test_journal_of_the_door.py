"""The journal holds exactly what the door saved, in any order of its operations and whatever fails meanwhile."""

from __future__ import annotations

import copy
import json
from collections import Counter
from io import BytesIO
from itertools import count
from types import SimpleNamespace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from helpers.memory_couchdb import MemoryCouchDB
from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes import Change, attachment_copies
from kazoo_sup.changes.journal import Changed, DatabaseChanged, Done, Journal
from kazoo_sup.changes.journal.recorder import NotRecorded, Recorder, Told
from kazoo_sup.errors import ServerRefused, ServerUnreachable, SupError
from kazoo_sup.kazoo.carriers.base import CarrierError, CarrierLacks, NotConfigured, ProvisioningDisabled
from kazoo_sup.settings import Journaling

IDS = st.sampled_from(["a", "b", "c", "d"])
FIELDS = st.dictionaries(st.sampled_from(["x", "y", "pvt_type"]), st.none() | st.booleans() | st.integers(0, 1))


class Watched(MemoryCouchDB):
    """Keeps, of every document that is saved, what was there before and its new revision."""

    def __init__(self, *databases):
        super().__init__(databases)
        self.saved = []

    def _save(self, database, document):
        before = copy.deepcopy(self.stored[database].get(document["_id"]))
        result = super()._save(database, document)
        if result.error is None:
            gone = before is None or before.get("_deleted")
            self.saved.append((database, document["_id"], None if gone else before, result.rev))
        return result


def recorded(zone, **journal):
    recorder = Recorder(Told("module", "function", ("module", "function")), warn=zone.warnings.append)
    zone.run = zone.new_run(journal=lambda: recorder)
    zone.all_settings = zone.all_settings._replace(journal=Journaling(**journal))
    return recorder


@pytest.fixture
def zone(tmp_path):
    return MemoryZone(tmp_path, couchdb=Watched("db", "other"))


def entries(zone):
    return [entry for record in Journal(zone.state_dir / "journal").runs() for entry in record.newest_first()]


class Door(RuleBasedStateMachine):
    """What goes through the door, with others that write and servers that fail in between."""

    directory = None
    numbers = count()

    @initialize()
    def begin(self):
        self.zone = MemoryZone(self.directory / str(next(self.numbers)), couchdb=Watched("db", "other"))
        self.recorder = recorded(self.zone)

    def apply(self, *batch):
        try:
            changes.apply(self.zone, batch)
        except SupError:
            self.zone.couchdb.before_save.clear()

    def stored(self, database, identifier):
        return copy.deepcopy(self.zone.couchdb.get(database, identifier))

    @rule(database=st.sampled_from(["db", "other"]), ids=st.lists(IDS, unique=True), fields=FIELDS)
    def save(self, database, ids, fields):
        batch = []
        for identifier in ids:
            found = self.stored(database, identifier)
            batch.append(Change(database, {**(found or {"_id": identifier}), **fields}, found))
        self.apply(*batch)

    @rule(identifier=IDS)
    def remove(self, identifier):
        found = self.stored("db", identifier)
        if found:
            self.apply(changes.removal("db", found))

    @rule(identifier=IDS, fields=FIELDS)
    def edit_what_others_edit(self, identifier, fields):
        self.zone.couchdb.put("db", {"_id": identifier, **fields})
        found = self.stored("db", identifier)
        others = iter([{**found, "others": True}])

        def in_between(_database, _documents):
            for each in others:
                self.zone.couchdb.put("db", each)

        self.zone.couchdb.before_save.append(in_between)
        self.apply(changes.edit("db", found, lambda stored: {**stored, "ours": True}))
        self.zone.couchdb.before_save.clear()

    @rule(identifier=IDS)
    def the_server_fails(self, identifier):
        def fails(_database, _documents):
            raise ServerUnreachable(server="CouchDB", address="here", reason="gone")

        self.zone.couchdb.before_save.append(fails)
        self.apply(Change("db", {"_id": identifier, "lost": True}, self.stored("db", identifier)))
        self.zone.couchdb.before_save.clear()

    @rule(refused=st.booleans())
    def a_deed(self, refused):
        def work():
            if refused:
                raise ServerRefused(server="s", status=400, request="r", reason="no")

        try:
            changes.act(self.zone, "do it", work, was=changes.Was(1, ("undo", "it"), 2))
        except SupError:
            assert refused

    @rule(action=st.sampled_from([changes.create_database, changes.delete_database]))
    def databases(self, action):
        action(self.zone, "third")

    @invariant()
    def the_journal_tells_what_was_saved(self):
        if not hasattr(self, "zone"):
            return
        found = [each for each in entries(self.zone) if isinstance(each, Changed) and each.state == "saved"]
        told = Counter(json.dumps([e.database, e.id, e.before, e.revision], sort_keys=True) for e in found)
        done = Counter(json.dumps(each, sort_keys=True) for each in self.zone.couchdb.saved)
        assert told == done
        for entry in found:
            assert entry.after is None or entry.after["_id"] == entry.id

    def teardown(self):
        if hasattr(self, "recorder"):
            self.recorder.end(0)


def test_the_journal_tells_what_was_saved(tmp_path):
    Door.directory = tmp_path
    run_state_machine_as_test(Door, settings=settings(max_examples=40, stateful_step_count=15, deadline=None))


def test_nothing_leaves_before_it_is_written_down(zone):
    recorder = recorded(zone)
    seen = []

    def look(_database, documents):
        known = {entry.id: entry.state for entry in entries(zone)}
        seen.append([known.get(each["_id"]) for each in documents])

    zone.couchdb.before_save.append(look)
    changes.apply(zone, [Change("db", {"_id": name}, None) for name in "abc"])
    assert seen == [["unknown"] * 3]
    recorder.end(0)
    assert {entry.state for entry in entries(zone)} == {"saved"}


def test_a_dry_run_writes_none(zone):
    recorder = recorded(zone)
    zone.run = zone.new_run(journal=lambda: recorder, dry_run=True)
    changes.apply(zone, [Change("db", {"_id": "a"}, None)])
    changes.create_database(zone, "new")
    assert changes.act(zone, "hang up 1", lambda: pytest.fail("done")) is None
    assert zone.deeds == ["hang up 1"]
    assert not (zone.state_dir / "journal").exists()


def test_without_a_record_nothing_is_done_where_one_is_required(zone):
    recorded(zone, mode="required")
    (zone.state_dir / "journal").write_text("no directory")
    with pytest.raises(NotRecorded):
        changes.apply(zone, [Change("db", {"_id": "a"}, None)])
    with pytest.raises(NotRecorded):
        changes.act(zone, "hang up 1", lambda: pytest.fail("done"))
    with pytest.raises(NotRecorded):
        changes.delete_database(zone, "db")
    assert zone.couchdb.all("db") == {}
    assert zone.waiting == []


def test_otherwise_it_is_told_once_and_done(zone):
    recorded(zone)
    (zone.state_dir / "journal").write_text("no directory")
    changes.apply(zone, [Change("db", {"_id": "a"}, None)])
    assert changes.act(zone, "hang up 1", lambda: "done") == "done"
    assert set(zone.couchdb.all("db")) == {"a"}
    assert len([each for each in zone.warnings if "cannot be undone" in each]) == 1


def test_databases_and_deeds_are_told_with_what_became_of_them(zone):
    recorder = recorded(zone)
    assert changes.create_database(zone, "new")
    assert not changes.create_database(zone, "new")
    changes.delete_database(zone, "db")

    def lost():
        raise ServerUnreachable(server="FreeSWITCH", address="here", reason="gone")

    with pytest.raises(ServerUnreachable):
        changes.act(zone, "hang up 1", lost)
    words = ("haproxy", "weight", "b", "s", "5")
    changes.act(zone, "set it", lambda: None, was=changes.Was({"weight": 5}, words, {"weight": 7}))
    recorder.end(3)
    set_it, hung_up, deleted, again, created = entries(zone)
    assert isinstance(set_it, Done)
    assert (set_it.before, set_it.reverse, set_it.state) == ({"weight": 5}, words, "saved")
    assert set_it.left == {"weight": 7}
    assert (hung_up.deed, hung_up.state) == ("hang up 1", "unknown")
    assert isinstance(created, DatabaseChanged)
    assert [(each.act, each.state) for each in (created, again, deleted)] == [
        ("created", "saved"),
        ("created", "unsaved"),
        ("deleted", "saved"),
    ]
    [record] = Journal(zone.state_dir / "journal").runs()
    verdict = record.summary.undoable
    assert verdict.verdict == "partly"
    assert "nothing takes back: hang up 1" in verdict.reasons


def test_what_a_carrier_was_never_sent_is_nothing_that_a_run_did(zone):
    recorder = recorded(zone)
    for error in (
        NotConfigured(carrier="knm_telnyx", keys="api_key", category="number_manager.telnyx"),
        ProvisioningDisabled(carrier="knm_telnyx", category="number_manager.telnyx"),
        CarrierLacks(carrier="knm_telnyx", reason="it has no others"),
    ):
        with pytest.raises(CarrierError):
            changes.act(zone, "reserve +14155550100", raising(error))
    recorder.end(3)
    assert [each.state for each in entries(zone)] == ["unsaved"] * 3


def raising(error):
    def failing():
        raise error

    return failing


def test_deeds_at_several_servers_are_told_apart(zone):
    recorder = recorded(zone)
    one, two = ({f"tell {name}": changes.Was(reverse=("freeswitch", "resume", name))} for name in ("one", "two"))
    given = SimpleNamespace(given={"one": "+OK"}, spared=())
    answers = changes.act_at(zone, {"one": one, "two": two}, lambda: given)
    recorder.end(5)
    assert answers.given == {"one": "+OK"}
    two, one = entries(zone)
    assert (one.deed, one.state, one.reverse) == ("tell one", "saved", ("freeswitch", "resume", "one"))
    assert (two.deed, two.state) == ("tell two", "unknown")


def test_attachments_that_a_change_removes_are_kept_as_far_as_they_are_small(zone, monkeypatch):
    monkeypatch.setattr(attachment_copies, "LARGEST", 10)
    contents = {"small": b"0123456789", "large": b"0123456789+"}
    stubs = {
        name: {"stub": True, "length": len(each), "content_type": "audio/mpeg", "digest": f"md5-{name}"}
        for name, each in contents.items()
    }
    zone.couchdb.put("db", {"_id": "a", "_attachments": stubs}, {"_id": "b", "_attachments": stubs})
    monkeypatch.setattr(
        zone.couchdb,
        "get_attachment",
        lambda _database, _id, name, **_rev: BytesIO(contents[name]),
        raising=False,
    )
    recorder = recorded(zone)
    stored = zone.couchdb.get("db", "b")
    changes.apply(zone, [changes.removal("db", zone.couchdb.get("db", "a")), Change("db", {**stored, "x": 1}, stored)])
    recorder.end(0)
    kept, deleted = entries(zone)
    assert kept.files == ()
    assert [(file.name, file.content, file.digest) for file in deleted.files] == [
        ("small", b"0123456789", "md5-small"),
        ("large", None, "md5-large"),
    ]
    [record] = Journal(zone.state_dir / "journal").runs()
    assert str(record.summary.undoable) == "partly: attachments were too large to keep"


def test_what_others_changed_in_between_is_the_before_of_the_attempt_that_was_saved(zone):
    zone.couchdb.put("db", {"_id": "a", "x": 1}, {"_id": "b"})
    stored = zone.couchdb.get_many("db", ["a", "b"])
    others = iter([{**stored["a"], "theirs": 2}])
    zone.couchdb.before_save.append(lambda database, _documents: [zone.couchdb.put(database, each) for each in others])
    recorder = recorded(zone)
    changes.apply(
        zone,
        [changes.edit("db", stored[name], lambda found: {**found, "ours": 3}) for name in ("a", "b")],
    )
    recorder.end(0)
    again, other, first = entries(zone)
    assert [(each.id, each.state) for each in (first, other, again)] == [
        ("a", "unsaved"),
        ("b", "saved"),
        ("a", "saved"),
    ]
    assert again.before["theirs"] == 2
    assert again.after == zone.couchdb.get("db", "a")

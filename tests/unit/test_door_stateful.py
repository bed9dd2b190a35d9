"""Our edits among somebody else's, in any order: nothing of theirs is lost, nothing of ours is there twice."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes import Change

IDS = ("a", "b", "c")
identifiers = st.sampled_from(IDS)
steps = st.lists(st.tuples(st.sampled_from(("edit", "delete")), identifiers), max_size=3)


class Writers(RuleBasedStateMachine):
    """Every edit, ours or theirs, adds a token of its own to its document's list; a deletion takes all of them away.

    `expected` is what must stand in each document, whatever the order in which the two got through.
    """

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.zone = MemoryZone(self.directory)
        self.couchdb = self.zone.couchdb
        for database in ("db", "system_config"):
            self.couchdb.create(database)
        self.read = dict.fromkeys(IDS)  # documents as we have read them, perhaps long ago
        self.expected: dict[str, list[str] | None] = dict.fromkeys(IDS)
        self.tokens = map("{}".format, itertools.count())
        self.deleted_meanwhile: set[str] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.directory)

    def theirs(self, step, identifier):
        """Edit or delete as somebody else does, who always has the newest revision."""
        stored = self.couchdb.get("db", identifier)
        if step == "edit":
            token = f"theirs {next(self.tokens)}"
            document = stored or {"_id": identifier, "pvt_type": "t", "list": []}
            self.couchdb.put("db", {**document, "list": [*document["list"], token]})
            self.expected[identifier] = [*(self.expected[identifier] or []), token]
        elif stored:
            self.couchdb.put("db", {"_id": identifier, "_deleted": True})
            self.expected[identifier] = None
            self.deleted_meanwhile.add(identifier)

    @rule(step=st.sampled_from(("edit", "delete")), identifier=identifiers)
    def somebody_else_writes(self, step, identifier):
        self.theirs(step, identifier)

    @rule(identifier=identifiers)
    def we_read(self, identifier):
        self.read[identifier] = self.couchdb.get("db", identifier)

    @rule(down=st.booleans())
    def the_broker_comes_or_goes(self, down):
        self.zone.broker.down = "connection refused" if down else None

    @rule(wanted=st.lists(identifiers, min_size=1, max_size=8), meddling=st.lists(steps, max_size=3))
    def we_edit(self, wanted, meddling):
        """Add our tokens, on top of what was read whenever; before each of our saves somebody else may write."""
        tokens = [(identifier, f"ours {next(self.tokens)}") for identifier in wanted]
        self.apply([self.adding(*each) for each in tokens], meddling)
        assert sorted(report.id for report in self.zone.reports) == sorted(wanted)
        assert {report.action for report in self.zone.reports} <= {"created", "edited"}
        for identifier, token in tokens:
            found = (self.couchdb.get("db", identifier) or {"list": []})["list"]
            assert found.count(token) == 1 or (token not in found and identifier in self.deleted_meanwhile)
            if token in found:
                self.expected[identifier] = [*(self.expected[identifier] or []), token]

    @rule(identifier=identifiers, meddling=st.lists(steps, max_size=2))
    def we_delete(self, identifier, meddling):
        before = self.read[identifier]
        if before is None:
            return
        self.apply([Change("db", None, before)], meddling)
        [report] = self.zone.reports
        if self.couchdb.get("db", identifier) is None:
            assert report.action in ("deleted", "unchanged")
            self.expected[identifier] = None
        else:
            assert report.action in ("failed", "deleted")

    def adding(self, identifier, token):
        def added(stored):
            document = stored or {"_id": identifier, "pvt_type": "t", "list": []}
            return {**document, "list": [*document["list"], token]}

        before = self.read[identifier]
        return Change("db", added(before), before, added)

    def apply(self, made, meddling):
        planned = iter(meddling)

        def meddle(_database, _documents):
            for step, identifier in next(planned, ()):
                self.theirs(step, identifier)

        self.zone.rerun()
        self.deleted_meanwhile.clear()
        self.couchdb.before_save[:] = [meddle]
        changes.apply(self.zone, made)
        self.couchdb.before_save.clear()

    @invariant()
    def every_token_stands_there_once(self):
        for identifier, expected in self.expected.items():
            stored = self.couchdb.get("db", identifier)
            assert sorted(stored["list"] if stored else []) == sorted(expected or [])

    @invariant()
    def every_save_of_ours_is_heard_of(self):
        events = [*self.zone.broker.events, *(event for _key, event in self.zone.waiting)]
        told = Counter((event["Event-Name"].removeprefix("doc_"), event["ID"]) for event in events)
        due = Counter((action, identifier) for _, identifier, action in self.couchdb.written)
        assert not due - told
        # A tombstone does not tell who made it: what is gone when we come to delete it is told, too.
        assert {action for action, _identifier in told - due} <= {"deleted"}

    @invariant()
    def what_waits_does_so_because_the_broker_was_away(self):
        if self.zone.waiting:
            assert any("could not be published" in warning for warning in self.zone.warnings)


Writers.TestCase.settings = settings(max_examples=100, stateful_step_count=20)
TestWriters = Writers.TestCase

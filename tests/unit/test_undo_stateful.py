"""Any runs, undone the newest first, leave every database as it was; of another writer between them nothing is lost."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from helpers.memory_zone import MemoryZone
from helpers.recorded_runs import Killed, Runs
from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.kazoo.undo.chain import NothingToTakeBack

PLACES = tuple(itertools.product(("db", "other"), "abcd"))
places = st.sampled_from(PLACES)
fields = st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), max_size=3)
steps = st.lists(st.tuples(places, st.none() | fields), min_size=1, max_size=6)
KILLS = (None, "before", "after")


class Alone(RuleBasedStateMachine):
    """Only our runs write, some are killed while they save; `states` is what stood there before each."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.zone = MemoryZone(self.directory)
        self.runs = Runs(self.zone)
        for database in ("db", "other", "services", "system_config"):
            self.zone.couchdb.create(database)
        self.done: list[dict] = []
        self.undone: list[dict] = []

    def teardown(self) -> None:
        shutil.rmtree(self.directory)

    def stored(self):
        return {name: self.zone.couchdb.all(name) for name in ("db", "other")}

    def killing(self, kill, work):
        """Do WORK, and end it when it saves for the second time at the latest."""
        save = self.zone.couchdb.save
        count = itertools.count()

        def killed(database, documents):
            if kill and next(count) == 1:
                if kill == "after":
                    save(database, documents)
                raise Killed
            return save(database, documents)

        self.zone.couchdb.save = killed
        try:
            work()
        finally:
            self.zone.couchdb.save = save

    @rule(made=steps, kill=st.sampled_from(KILLS))
    def a_run(self, made, kill):
        before = self.stored()

        def work(zone):
            for (database, identifier), wanted in made:
                found = zone.couchdb.get(database, identifier)
                if found or wanted is not None:
                    document = None if wanted is None else {"_id": identifier, **wanted}
                    changes.apply(zone, [Change(database, document, found)])

        ran = []
        self.killing(kill, lambda: ran.append(self.runs.run(work)))
        if ran[0]:
            self.done.append(before)
            self.undone.clear()

    @precondition(lambda self: self.done)
    @rule(kill=st.sampled_from(KILLS))
    def undo(self, kill):
        after = self.stored()
        before = self.done.pop()
        self.killing(kill, self.runs.undo)
        if kill and self.stored() != before:
            self.runs.undo()
        elif kill:
            # It may have come through, or been killed with all done: asked for by name it does nothing more.
            self.runs.undo(self.newest())
        assert self.stored() == before
        self.undone.append(after)

    def newest(self):
        from kazoo_sup.changes.journal import Journal

        runs = list(Journal(self.directory / "journal").runs())
        return next(each.header.about["undoes"] for each in runs if "undoes" in each.header.about)

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self):
        before = self.stored()
        self.runs.redo()
        assert self.stored() == self.undone.pop()
        self.done.append(before)


class AmongOthers(RuleBasedStateMachine):
    """Another writer edits fields of its own; whatever we do and undo, what it last wrote stands there."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.zone = MemoryZone(self.directory)
        self.runs = Runs(self.zone)
        for database in ("db", "other", "services", "system_config"):
            self.zone.couchdb.create(database)
        self.tokens = itertools.count()
        self.theirs: dict[tuple[str, str], int] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.directory)

    @rule(place=places)
    def they_write(self, place):
        database, identifier = place
        token = next(self.tokens)
        stored = self.zone.couchdb.get(database, identifier) or {"_id": identifier}
        self.zone.couchdb.put(database, {**stored, "theirs": token})
        self.theirs[place] = token

    @rule(made=steps, meddled=st.none() | places)
    def we_write(self, made, meddled):
        def work(zone):
            for (database, identifier), wanted in made:
                found = zone.couchdb.get(database, identifier)
                changes.apply(zone, [Change(database, {**(found or {"_id": identifier}), **(wanted or {})}, found)])
                if meddled == (database, identifier):
                    self.they_write(meddled)

        self.runs.run(work)
        self.check()

    @rule(edited=st.sampled_from(("left", "merged")), back=st.booleans())
    def we_take_back(self, edited, back):
        try:
            (self.runs.undo if back else self.runs.redo)(edited=edited)
        except NothingToTakeBack:
            return
        self.check()

    def check(self):
        for (database, identifier), token in self.theirs.items():
            assert self.zone.couchdb.all(database)[identifier]["theirs"] == token


Alone.TestCase.settings = settings(max_examples=60, stateful_step_count=12)
AmongOthers.TestCase.settings = settings(max_examples=60, stateful_step_count=15)
TestAlone = Alone.TestCase
TestAmongOthers = AmongOthers.TestCase

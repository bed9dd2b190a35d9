"""What goes into the door for writes, and what comes out: one report for each change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kazoo_sup.errors import Conflict, SaveRefused
from kazoo_sup.results import KEPT_ERRORS
from kazoo_sup.zone import Report

__all__ = ["Change", "Report", "Tally", "creation", "edit", "rebuild", "removal", "same", "saved_anyway", "stands"]

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.types import Document, Json

_PLAIN = frozenset({str, int, bool, type(None)})
"""What needs no second look once it is equal and of one type; of floats, 0.0 and -0.0 do."""

_OWN_IDS = ("_design/", "_local/")


def same(one: object, other: object) -> bool:
    """Return whether two JSON values are one and the same; to Python alone true would be 1."""
    return bool(one == other) and _of_same_types(one, other)


def _of_same_types(one: Json, other: Json) -> bool:
    """Return whether values that Python holds equal are so in JSON; whole documents are compared for every change."""
    if one is other:
        return True
    kind = type(one)
    if kind is type(other):
        if kind is dict:
            return all(_of_same_types(value, other[key]) for key, value in one.items())
        if kind is list:
            return all(map(_of_same_types, one, other))
        if kind in _PLAIN:
            return True
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Change:
    """One document as it shall be.

    `database` is Kazoo's (encoded) name. `document` is what shall be stored, None to delete `previous`. `previous` is
    what was read, None when nothing was there. `reapply`, asked when somebody else saved in between, is given what is
    stored now (or None) and returns what shall be stored, or the very same document when nothing is left to do; it
    raises a SupError when the change can no longer be made. Without it such a change fails as a conflict.
    `announced` are the events (created, edited, deleted) that nodes are to get of the document whether or not there is
    something to save, as Kazoo sends them where it saves without looking: they drop what they have cached of it.
    """

    database: str
    document: Document | None
    previous: Document | None
    reapply: Callable[[Document | None], Document] | None = None
    announced: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The document's id; empty where it has none."""
        found = (self.document or self.previous or {}).get("_id")
        return found if isinstance(found, str) else ""

    def check(self) -> None:
        """Raise SaveRefused for what CouchDB would store under a name it makes up, or refuse with all beside it."""
        identifier = self.id
        if self.database and identifier and identifier[0] != "_":
            return
        if not self.database:
            reason = "its database has no name"
        elif not identifier:
            reason = "it has no id"
        elif identifier.startswith(_OWN_IDS) and identifier not in _OWN_IDS:
            return
        else:
            reason = "its id begins with _, which CouchDB keeps for itself"
        raise SaveRefused(database=self.database, id=identifier, reason=reason)


def stands(sent: Document, found: Document) -> bool:
    """Return whether what is stored is what was sent, saved on top of the revision it was made of."""
    base = int(sent["_rev"].partition("-")[0]) if "_rev" in sent else 0
    return int(found["_rev"].partition("-")[0]) == base + 1 and same(_content(sent), _content(found))


def _content(document: Document) -> Document:
    """Return the fields that are not CouchDB's own, as JSON carries them, and the names of the attachments."""
    fields = {name: each for name, each in document.items() if not name.startswith("_")}
    found: Document = json.loads(json.dumps(fields))
    return {**found, "_attachments": sorted(document.get("_attachments") or ())}


def edit(database: str, stored: Document, edited: Callable[[Document], Document]) -> Change:
    """Return the change that makes EDITED of a stored document, and of what somebody else saved of it in between.

    It fails as a conflict where somebody else has deleted it.
    """

    def again(found: Document | None) -> Document:
        if found is None:
            raise Conflict(database=database, id=stored["_id"], reason="somebody else deleted it")
        return edited(found)

    return Change(database, again(stored), stored, again)


def rebuild(database: str, stored: Document | None, build: Callable[[Document | None], Document]) -> Change:
    """Return the change that stores what BUILD makes of a document as it was read, None where there is none.

    BUILD is asked again when somebody else has changed it in between; see `Change.reapply`.
    """
    return Change(database, build(stored), stored, build)


def saved_anyway(change: Change) -> Change:
    """Return a change that Kazoo saves without looking: where nothing is left to save it is announced as an edit."""
    return replace(change, announced=("edited",)) if same(change.document, change.previous) else change


def creation(database: str, document: Document) -> Change:
    """Return the change that stores a document unless there is one of its id: that one stays as it is."""
    return Change(database, document, None, lambda stored: stored or document)


def removal(database: str, stored: Document) -> Change:
    """Return the change that deletes a document, whatever others save of it in between."""
    gone = {"_id": stored["_id"], "_deleted": True}
    return Change(database, None, stored, lambda _found: gone)


class Tally:
    """The reports of a run in constant memory: how many of each action, the last document, the first errors."""

    def __init__(self, seen: Callable[[Report], None] | None = None) -> None:
        """Start with nothing; each report is handed to SEEN."""
        self._seen = seen
        self.counts: Counter[str] = Counter()
        self.errors: list[SupError] = []
        self.last: Report | None = None

    def add(self, report: Report) -> None:
        """Take one report in."""
        self.counts[report.action] += 1
        self.last = report
        if report.error and len(self.errors) < KEPT_ERRORS:
            self.errors.append(report.error)
        if self._seen:
            self._seen(report)

    def include(self, other: Tally) -> None:
        """Take in what another part of the run has counted."""
        self.counts += other.counts
        self.last = other.last or self.last
        self.errors += other.errors[: KEPT_ERRORS - len(self.errors)]

    @property
    def saved(self) -> int:
        """How many documents were written."""
        return self.counts["created"] + self.counts["edited"] + self.counts["deleted"]

    def check(self) -> None:
        """Raise the error that kept a document from being stored, if any was."""
        if self.errors:
            raise self.errors[0]

    @property
    def planned(self) -> bool:
        """Whether the last change was only shown."""
        return self.last is not None and self.last.planned

    @property
    def document(self) -> Document:
        """The last document as it is stored now; raises as `check` does."""
        self.check()
        return (self.last and self.last.after) or {}

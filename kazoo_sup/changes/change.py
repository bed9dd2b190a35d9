"""What goes into the door for writes, and what comes out: one report for each change."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kazoo_sup.errors import Conflict

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError

Document = dict[str, Any]
KEPT_ERRORS = 100


def same(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are one and the same; to Python alone true would be 1."""
    return bool(one == other) and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


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
        """The document's id."""
        found: str = (self.document or self.previous or {})["_id"]
        return found


def edit(database: str, stored: Document, edited: Callable[[Document], Document]) -> Change:
    """Return the change that makes EDITED of a stored document, and of what somebody else saved of it in between.

    It fails as a conflict where somebody else has deleted it.
    """

    def again(found: Document | None) -> Document:
        if found is None:
            raise Conflict(database=database, id=stored["_id"], reason="somebody else deleted it")
        return edited(found)

    return Change(database, again(stored), stored, again)


def removal(database: str, stored: Document) -> Change:
    """Return the change that deletes a document, whatever others save of it in between."""
    gone = {"_id": stored["_id"], "_deleted": True}
    return Change(database, None, stored, lambda _found: gone)


@dataclass(slots=True)
class Report:
    """What became of one change: `action` is created, edited, deleted, unchanged or failed.

    `planned` tells that the run only showed it. `after` is the document as it is stored now, its new `_rev` included.
    """

    database: str
    id: str
    action: str
    before: Document | None = None
    after: Document | None = None
    planned: bool = False
    error: SupError | None = None

    def documents(self) -> tuple[Document | None, Document | None]:
        """Return the document before and after as people may see it: without its secrets."""
        from kazoo_sup.masking import of_document

        return of_document(self.before), of_document(self.after, self.before)

    def as_json(self) -> dict[str, Any]:
        """Return the report for machine formats; the documents only where nothing else shows them."""
        shown: dict[str, Any] = {"database": self.database, "id": self.id, "action": self.action}
        if self.planned:
            before, after = self.documents()
            shown |= {"planned": True, "before": before, "after": after}
        elif self.error:
            shown |= {"error": self.error.id, "message": str(self.error)}
        elif self.after:
            shown["rev"] = self.after.get("_rev")
        return shown


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
    def document(self) -> Document:
        """The last document as it is stored now; raises as `check` does."""
        self.check()
        return (self.last and self.last.after) or {}

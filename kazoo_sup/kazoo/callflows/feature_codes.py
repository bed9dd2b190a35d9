"""The feature code of parking, whose pattern of old takes a parking slot of one digit for the star code.

Source: Kazoo callflow_maintenance:update_feature_codes/1. Better than there: other patterns of the same callflow stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents.values import to_text
from kazoo_sup.messages.names import account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

OLD = r"^\*5([0-9]*)$"
NEW = r"^\*5(|[0-9]{2,})$"


@dataclass(frozen=True, slots=True)
class PatternsRead:
    """The patterns of an account's callflows are gone through."""

    account: str | None


@dataclass(frozen=True, slots=True)
class PatternsUnreadable:
    """An account's callflows cannot be listed."""


@dataclass(frozen=True, slots=True)
class PatternKept:
    """A pattern that is not the old one."""

    pattern: str


@dataclass(frozen=True, slots=True)
class PatternReplaced:
    """The callflow with the old pattern has the new one."""

    document: str


@dataclass(frozen=True, slots=True)
class CallflowGone:
    """The callflow with the old pattern is not there any more."""

    document: str


@dataclass(frozen=True, slots=True)
class PatternsDone:
    """The patterns of an account's callflows are as they should be."""

    account: str | None


Event = PatternsRead | PatternsUnreadable | PatternKept | PatternReplaced | CallflowGone | PatternsDone


def update(zone: Zone, database: str) -> Iterator[Event]:
    """Replace the old pattern in the callflows of an account's (encoded) database, and yield what became of each."""
    try:
        rows = list(views.rows_for_change(zone, database, "callflows", "listing_by_pattern"))
    except NotFound:
        yield PatternsUnreadable()
        raise
    account = account_id(database)
    yield PatternsRead(account)
    for row in rows:
        if row["key"] == OLD:
            yield _update(zone, database, row["id"])
        else:
            yield PatternKept(to_text(row["key"]))
    yield PatternsDone(account)


def with_new_pattern(callflow: Document) -> Document:
    """Return a callflow with the new pattern in the old one's place."""
    patterns = callflow.get("patterns")
    if not isinstance(patterns, list) or OLD not in patterns:
        return callflow
    return {**callflow, "patterns": [NEW if each == OLD else each for each in patterns]}


def _update(zone: Zone, database: str, identifier: str) -> PatternReplaced | CallflowGone:
    stored = zone.couchdb.get(plain(database), identifier)
    if stored is None:
        return CallflowGone(identifier)
    changes.apply(zone, [changes.edit(database, stored, with_new_pattern)]).check()
    return PatternReplaced(identifier)

"""Taking from numbers of no account what only an account's numbers have: an application, and features denied to them.

Source: Kazoo kazoo_number_manager_maintenance:migrate_unassigned_numbers/2, knm_phone_number:remove_denied_features/1,
knm_providers:features_denied/1.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.databases.walk import Databases, page_size
from kazoo_sup.kazoo.documents import now, shapes
from kazoo_sup.kazoo.numbers import features
from kazoo_sup.kazoo.numbers.copies import NOWHERE, by_database
from kazoo_sup.kazoo.numbers.used_by import using
from kazoo_sup.messages.names import plain
from kazoo_sup.results import BulkReport, Event

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

DENIED = (*features.EXTERNAL, "failover")
"""What a number of no account may not have, unless its own document lists what it may not."""

_E911 = features.PUBLIC_FIELDS["e911"]
_PUBLIC = {**features.PUBLIC_FIELDS, **dict.fromkeys((path[0] for path in _E911), _E911)}
"""The public fields by which each feature is asked for, e911 also under its providers' names."""


@dataclass(frozen=True, slots=True)
class CleaningBegun:
    """The unassigned numbers of a database are looked for."""

    database: str


@dataclass(frozen=True, slots=True)
class CleaningEnded:
    """All unassigned numbers of a database have been looked at."""

    database: str


@dataclass(frozen=True, slots=True)
class PageAsked:
    """A page of unassigned numbers is read; `offset` are those before it."""

    database: str
    offset: int


@dataclass(frozen=True, slots=True)
class ViewMissing:
    """The database, or its view of unassigned numbers, is not there."""

    database: str


@dataclass(frozen=True, slots=True)
class PageFixed:
    """So many unassigned numbers are cleaned now."""

    database: str
    numbers: int


@dataclass(frozen=True, slots=True)
class NotFixed:
    """So many of them are not where they should be, or could not be saved."""

    database: str
    numbers: int


def migrate(zone: Zone, databases: Databases) -> Iterator[Event]:
    """Clean the unassigned numbers of these number databases; the last event is a report of them."""
    parts = Parts(zone)
    counts = Counter[str]()
    for database in databases.names():
        with parts.part(database):
            yield CleaningBegun(database)
            missing = yield from _cleaned(zone, database, counts)
            yield CleaningEnded(database)
            if missing is not None:
                raise missing
    yield parts.report if parts.failed else BulkReport(counts, of="unassigned numbers")


def _cleaned(zone: Zone, database: str, counts: Counter[str]) -> Generator[Event, None, NotFound | None]:
    """Clean one database; COUNTS takes in what became of its numbers. Returns why its view could not be read, if so."""
    page = page_size(zone, "max_bulk_insert")
    rows = views.rows(zone, database, "numbers", "unassigned", page=page)
    offset = 0
    while True:
        yield PageAsked(database, offset)
        try:
            numbers = [row["id"] for row in islice(rows, page)]
        except NotFound as error:
            yield ViewMissing(database)
            return error
        if not numbers:
            return None
        yield PageFixed(database, len(numbers))
        cleaned = sum((_clean(zone, name, each) for name, each in by_database(numbers).items()), Counter[str]())
        if not_fixed := cleaned["missing"] + cleaned["failed"]:
            yield NotFixed(database, not_fixed)
        counts.update({"skipped" if action == "missing" else action: count for action, count in cleaned.items()})
        offset += len(numbers)


def _clean(zone: Zone, database: str, numbers: Sequence[str]) -> Counter[str]:
    """Clean numbers of one database; count what became of them, and those that are `missing` there.

    The numbers of a carrier's pool are looked for in the database of their prefix, where only those are that an account
    has acquired.
    """
    stored = {} if database == NOWHERE else zone.couchdb.get_many(plain(database), numbers)
    edits = shapes.of_each(zone, database, stored.values(), lambda each: Change(database, cleaned(each), each, _again))
    tally = changes.apply(zone, edits)
    unread = len(stored) - tally.counts.total()
    return tally.counts + Counter(missing=len(numbers) - len(stored), failed=unread)


def _again(stored: Document | None) -> Document:
    return cleaned(stored or {})


def cleaned(document: Document) -> Document:
    """Return a number's document without application and denied features, or the very one where that is so."""
    if document.get("pvt_assigned_to"):
        return document
    denied = shapes.texts_at(document, "pvt_features_denied") or DENIED
    changed = using(document, None)
    for feature in denied:
        paths = _PUBLIC.get(feature, ())
        for path in (("pvt_features", feature), *paths) if paths else ():
            changed = _without(changed, path)
    return document if changed is document else {**changed, "pvt_modified": now()}


def _without(document: object, path: tuple[str, ...]) -> Json:
    """Return a document without what is at PATH; an object that is left empty on the way goes too, but not features."""
    key, rest = path[0], path[1:]
    if not isinstance(document, dict) or key not in document:
        return document
    below = _without(document[key], rest) if rest else None
    if rest and below is document[key]:
        return document
    if below or (rest and key == "pvt_features"):
        return {**document, key: below}
    return {each: value for each, value in document.items() if each != key}

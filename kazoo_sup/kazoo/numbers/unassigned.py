"""Taking from numbers of no account what only an account's numbers have: an application, and features denied to them.

Source: Kazoo kazoo_number_manager_maintenance:migrate_unassigned_numbers/2, knm_phone_number:remove_denied_features/1,
knm_providers:features_denied/1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import ExitCode, NotFound, SupError
from kazoo_sup.kazoo import views
from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.numbers import features
from kazoo_sup.kazoo.numbers.copies import NOWHERE, by_database
from kazoo_sup.kazoo.numbers.places import Databases, page_size
from kazoo_sup.kazoo.numbers.used_by import using
from kazoo_sup.names import plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

DENIED = (*features.EXTERNAL, "failover")
"""What a number of no account may not have, unless its own document lists what it may not."""

_E911 = features.PUBLIC_FIELDS["e911"]
_PUBLIC = {**features.PUBLIC_FIELDS, **dict.fromkeys((path[0] for path in _E911), _E911)}
"""The public fields by which each feature is asked for, e911 also under its providers' names."""


class NotCleaned(SupError):
    """{failed} unassigned numbers could not be cleaned"""

    exit_code = ExitCode.PARTIAL


def migrate(zone: Zone, databases: Databases) -> Iterator[str]:
    """Clean the unassigned numbers of these number databases.

    Raises NotCleaned at the end when some could not be saved.
    """
    failed = 0
    for database in databases.names():
        yield f" ==> start fixing {database}"
        failed += yield from _cleaned(zone, database)
        yield f" ==> done fixing {database}"
    if failed:
        raise NotCleaned(failed=failed)


def _cleaned(zone: Zone, database: str) -> Generator[str, None, int]:
    """Clean one database; return how many numbers could not be saved."""
    page = page_size(zone, "max_bulk_insert")
    rows = views.rows(zone, database, "numbers", "unassigned", page=page)
    offset = failed = 0
    while True:
        yield f"[{database}] checking for unassigned numbers with offset {offset}"
        try:
            numbers = [row["id"] for row in islice(rows, page)]
        except NotFound:
            yield f"failed to get unassigned DIDs from {database}: not_found"
            return failed + 1
        if not numbers:
            return failed
        yield f"[{database}] fixing {len(numbers)} docs"
        counts = Counter[str]()
        for name, each in by_database(numbers).items():
            counts += _clean(zone, name, each)
        if counts.total():
            yield f"failed fixing {counts.total()} unassigned numbers."
        failed += counts["failed"]
        offset += len(numbers)


def _clean(zone: Zone, database: str, numbers: Sequence[str]) -> Counter[str]:
    """Clean numbers of one database; count those that are `missing` there, and those that `failed` to be saved.

    The numbers of a carrier's pool are looked for in the database of their prefix, where only those are that an account
    has acquired.
    """
    stored = {} if database == NOWHERE else zone.couchdb.get_many(plain(database), numbers)
    edits = (Change(database, cleaned(each), each, _again) for each in stored.values())
    return Counter(missing=len(numbers) - len(stored), failed=changes.apply(zone, edits).counts["failed"])


def _again(stored: Document | None) -> Document:
    return cleaned(stored or {})


def cleaned(document: Document) -> Document:
    """Return a number's document without application and denied features, or the very one where that is so."""
    if document.get("pvt_assigned_to"):
        return document
    denied = document.get("pvt_features_denied") or DENIED
    changed = using(document, None)
    for feature in denied:
        paths = _PUBLIC.get(feature, ())
        for path in (("pvt_features", feature), *paths) if paths else ():
            changed = _without(changed, path)
    return document if changed is document else {**changed, "pvt_modified": now()}


def _without(document: Any, path: tuple[str, ...]) -> Any:
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

"""Which databases a command is about, and what their sizes say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from heapq import nlargest
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.errors import BadArgument, SupError
from kazoo_sup.kazoo.databases.failures import Attempts
from kazoo_sup.kazoo.databases.walk import LAST
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.transports.couchdb import Administration

if TYPE_CHECKING:
    from kazoo_sup.results import Items
    from kazoo_sup.transports.couchdb.answers import DatabaseInfo
    from kazoo_sup.types import Row
    from kazoo_sup.zone import Zone

MEGABYTE = 1_000_000
_WILDCARD = re.compile(r"[*?[]")
_RAW = re.compile(r"[0-9a-f]{32}(-\d{6})?")
_ID_LENGTH = 32
_CHUNK = 100


def name(text: str, _zone: object = None) -> str:
    """Return a database's name as CouchDB has it, from that, from Kazoo's encoded form, or from an account's id.

    The id of a month of an account, `ID-YYYYMM`, names that month's database. Raises BadArgument for an empty name.
    """
    if text in {"", ".", ".."}:  # the last two no URL can name
        raise BadArgument(parameter="DATABASE", reason="a database has a name")
    if _RAW.fullmatch(text):
        return plain(account_database(text[:_ID_LENGTH])) + text[_ID_LENGTH:]
    return plain(text)


def chosen(zone: Zone, patterns: Sequence[str], *, every: bool) -> Iterator[str]:
    """Yield the names of the databases that PATTERNS name, or of every one.

    Raises BadArgument, before anything is yielded, when nothing or too much is named, and for a database or pattern
    that is not there.
    """
    if every == bool(patterns):
        raise BadArgument(parameter="DATABASE", reason="name databases, or say --all")
    if every:
        return zone.couchdb.databases()
    for pattern in patterns:
        if next(_matching(zone, pattern), None) is None:
            raise BadArgument(parameter="DATABASE", reason=f"there is no database {pattern}")
    return _distinct(found for pattern in patterns for found in _matching(zone, pattern))


def existing(zone: Zone, database: str) -> str:
    """Return DATABASE.

    Raises BadArgument when there is none of that name.
    """
    if not zone.couchdb.exists(database):
        raise BadArgument(parameter="DATABASE", reason=f"there is no database {database}")
    return database


def _matching(zone: Zone, pattern: str) -> Iterator[str]:
    wildcard = _WILDCARD.search(pattern)
    if wildcard is None:
        if zone.couchdb.exists(pattern):
            yield pattern
        return
    start = pattern[: wildcard.start()]
    names = zone.couchdb.databases(start=start or None, end=start + LAST if start else None)
    yield from (each for each in names if fnmatchcase(each, pattern))


def _distinct(names: Iterable[str]) -> Iterator[str]:
    seen = set()
    for each in names:
        if each not in seen:
            seen.add(each)
            yield each


class Sizes(NamedTuple):
    """A database in numbers; None where the server does not say. `file` and `active` are bytes."""

    database: str
    documents: int | None
    deleted: int | None
    file: int | None
    active: int | None
    shards: int | None
    copies: int | None
    compacting: bool

    @property
    def fragmentation(self) -> int | None:
        """How much of the file is waste, in percent."""
        if not self.file or self.active is None:
            return None if self.file is None or self.active is None else 0
        return max(0, round(100 * (self.file - self.active) / self.file))

    @property
    def row(self) -> Row:
        """Show it."""
        return {
            "database": self.database,
            "documents": self.documents,
            "deleted": self.deleted,
            "file_mb": megabytes(self.file),
            "active_mb": megabytes(self.active),
            "fragmentation": self.fragmentation,
            "shards": self.shards,
            "copies": self.copies,
            "compacting": self.compacting,
        }


COLUMNS = (
    "database",
    "documents",
    "deleted",
    "file_mb",
    "active_mb",
    "fragmentation",
    "shards",
    "copies",
    "compacting",
)

ORDERS: dict[str, Callable[[Sizes], float | tuple[float, ...]]] = {
    "size": lambda sizes: sizes.file or 0,
    "fragmentation": lambda sizes: (sizes.fragmentation or 0, sizes.file or 0),
    "waste": lambda sizes: (sizes.file or 0) - (sizes.active or 0),
    "documents": lambda sizes: sizes.documents or 0,
}


def sizes(database: str, info: DatabaseInfo) -> Sizes:
    """Read the answer to GET /DATABASE, of CouchDB 2 and 3 (`sizes`) or BigCouch (`disk_size`, `other.data_size`)."""
    found = info.get("sizes") or {}
    cluster = info.get("cluster") or {}
    older = info.get("other") or {}
    return Sizes(
        database,
        info.get("doc_count"),
        info.get("doc_del_count"),
        found.get("file", info.get("disk_size")),
        found.get("active", older.get("data_size", info.get("data_size"))),
        cluster.get("q"),
        cluster.get("n"),
        bool(info.get("compact_running")),
    )


def all_sizes(zone: Zone, names: Iterable[str]) -> Iterator[Sizes]:
    """Yield the sizes of each database that is still there, in the order of their names."""
    admin = Administration(zone.couchdb)
    remaining = iter(names)
    with zone.run.progress("asking for sizes", None) as advance:
        while chunk := list(islice(remaining, _CHUNK)):
            for database, info in admin.infos(chunk):
                yield sizes(database, info)
            advance(len(chunk))


def sorted_sizes(found: Iterable[Sizes], order: str, top: int) -> Iterable[Sizes]:
    """Return the sizes with the biggest first by ORDER, the TOP ones only unless that is 0; "name" leaves them alone.

    With `top` no more than that many are held at a time.
    """
    if order == "name":
        return islice(found, top or None)
    key = ORDERS[order]
    return nlargest(top, found, key=key) if top else sorted(found, key=key, reverse=True)


def megabytes(size: int | None) -> float | None:
    """Return bytes as MB, with as many places as matter."""
    return None if size is None else round(size / MEGABYTE, 1 if size >= MEGABYTE else 3)


def counted(what: str) -> Attempts:
    """Return what counts the items of a listing, WHAT they are in the plural: its end names the first error."""
    return Attempts(what, untold=True)


def attempted(items: Items, error: SupError | None = None) -> str | None:
    """Count one item and what was wrong with it; return that as text, or None."""
    items.add(error)
    return None if error is None else str(error)

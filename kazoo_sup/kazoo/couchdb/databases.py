"""Which databases a command is about, and what their sizes say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from heapq import nlargest
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from kazoo_sup.command import Reads
from kazoo_sup.errors import BadArgument, ExitCode, SupError
from kazoo_sup.names import account_database, plain
from kazoo_sup.transports.couchdb_admin import Administration

if TYPE_CHECKING:
    from kazoo_sup.outcome import Row
    from kazoo_sup.zone import Zone

MEGABYTE = 1_000_000
_WILDCARD = re.compile(r"[*?[]")
_RAW = re.compile(r"[0-9a-f]{32}(-\d{6})?")
_ID_LENGTH = 32
_CHUNK = 100
_LAST = "\ufff0"


class SomeFailed(SupError):
    """{failed} of {total} {what} were not done as a whole; the first: {reason}"""

    exit_code = ExitCode.PARTIAL


class AllFailed(SomeFailed):
    """none of {total} {what} was done; the first: {reason}"""

    exit_code = ExitCode.FAILED


def name(text: str, _zone: object = None) -> str:
    """Return a database's name as CouchDB has it, from that, from Kazoo's encoded form, or from an account's id.

    The id of a month of an account, `ID-YYYYMM`, names that month's database. Raises ValueError for an empty name.
    """
    if not text:
        raise ValueError("a database has a name")
    if _RAW.fullmatch(text):
        return plain(account_database(text[:_ID_LENGTH])) + text[_ID_LENGTH:]
    return plain(text)


Database = Annotated[str, Reads(name, "DATABASE")]
"""A database, by any name of its that Kazoo or CouchDB uses."""
Pattern = Annotated[str, Reads(name, "PATTERN")]
"""A database, or a pattern of names with * and ?."""


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
    names = zone.couchdb.databases(start=start or None, end=start + _LAST if start else None)
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

ORDERS: dict[str, Callable[[Sizes], Any]] = {
    "size": lambda sizes: sizes.file or 0,
    "fragmentation": lambda sizes: (sizes.fragmentation or 0, sizes.file or 0),
    "waste": lambda sizes: (sizes.file or 0) - (sizes.active or 0),
    "documents": lambda sizes: sizes.documents or 0,
}


def sizes(database: str, info: dict[str, Any]) -> Sizes:
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


class Failures:
    """Counts what failed of a long listing, so that its end can say so."""

    def __init__(self, what: str) -> None:
        """WHAT is the plural of what is counted."""
        self._what = what
        self._total = self._failed = self._in_part = 0
        self._first: SupError | None = None

    def add(self, error: SupError | None = None) -> str | None:
        """Count one item and what was wrong with it; return that as text, or None."""
        self._total += 1
        if error is None:
            return None
        self._failed += 1
        self._in_part += error.exit_code == ExitCode.PARTIAL
        self._first = self._first or error
        return str(error)

    @property
    def errors(self) -> list[SupError]:
        """What the run ends with, if anything failed: the error itself where there was only one item."""
        if self._first is None:
            return []
        if self._total == 1:
            return [self._first]
        kind = AllFailed if self._failed - self._in_part == self._total else SomeFailed
        return [kind(failed=self._failed, total=self._total, what=self._what, reason=str(self._first))]

    def end(self) -> None:
        """Raise that, as the last thing a listing does."""
        for error in self.errors:
            raise error


def concerns_one(error: SupError) -> bool:
    """Tell an error that is about one database from one that the next will meet as well."""
    return error.id in ("NotFound", "ServerRefused", "NotAuthorised", "NotOffered", "BadBackup", "Declined")

"""What a walk does to each document, found out before anything is done: a run may have changed one several times.

It may be every document of a cluster, so it is kept in a temporary file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.changes.journal import Changed, DatabaseChanged, Done
from kazoo_sup.concurrency import ahead
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from kazoo_sup.changes.journal import Entry
    from kazoo_sup.kazoo.undo.chain import Walk
    from kazoo_sup.types import Document

BATCH = 1000
GONE = "gone"
"""Stands for the revision of a document that is not there."""

_BETWEEN = "\0"
"""Stands between database and id."""

_UNKNOWN = ""
"""Stands for the revision of what may not have been saved."""

_SCHEMA = (
    """
    create table documents (key blob primary key, newest, sure, link, first, target, gone, number, broken) without rowid
    """,
    "create table ends (key blob primary key, after, otherwise) without rowid",
    "create table suspect (id text primary key) without rowid",
)
# Entries come the newest first. An older one of the same document belongs to it when what it left is what the newer one
# was based on, and was never saved when both have the same base; otherwise somebody else edited it in between. What an
# earlier attempt may not even have saved, on a base that says nothing, counts for nothing.
_NOTHING = "(target is null and sure is null and link is not excluded.newest)"
_APART = "(broken or link is not excluded.newest)"
_TAKE_IN = f"""
insert into documents values (?, ?, ?, ?, ?, ?, ?, ?, 0)
on conflict (key) do update set
    newest = case when {_NOTHING} then excluded.newest else newest end,
    first = case when {_NOTHING} then excluded.first else first end,
    gone = case when {_NOTHING} then excluded.gone else gone end,
    target = case when {_NOTHING} then excluded.target
        when {_APART} then target else coalesce(excluded.target, target) end,
    sure = case when {_NOTHING} then excluded.sure when {_APART} then sure else coalesce(sure, excluded.sure) end,
    number = number or excluded.number,
    broken = not {_NOTHING} and (broken or (
        link is not excluded.newest and link is not excluded.link and excluded.target is not null
    )),
    link = case when {_APART} and not {_NOTHING} then link else excluded.link end
"""  # noqa: S608 - nothing is put in but what stands above
_FOUND = "select key, newest, sure, gone, first, target, broken from documents where key in (%s)"
_NUMBERS = "select key, newest from documents where number and key > ? order by key limit ?"


class Step(NamedTuple):
    """One change to take back.

    `newest` is the revision that the document has now if nobody edited it since; it is empty where the run does not
    know whether it saved, and `sure` the revision before that, if it is known. `gone` tells that the document was
    deleted last. `after` is what the newest change made of it, where that is known; `otherwise` how it stands if that
    was not saved. `number` is the number that the document is, or is a copy of.
    """

    entry: Changed
    newest: str
    sure: str | None
    gone: bool
    after: Document | None
    otherwise: Document | None
    number: str | None


@dataclass(frozen=True, slots=True)
class Broken:
    """A change that stays, since somebody edited the document before it was changed once more."""

    entry: Changed


class Index:
    """Of each document of a walk: from which change it is to be restored, and which revision it has now."""

    def __init__(self, walk: Walk, only: Sequence[str] = ()) -> None:
        """Read the records once; they stay until `close`, also where the journal has no room for them any more.

        ONLY are documents, DATABASE/ID, that alone are meant; none for all.
        """
        import sqlite3

        self._records = ExitStack()
        for record in walk.records:
            self._records.enter_context(record.kept())
        self._walk = walk
        self._only = set(only)
        self._met: set[str] = set()
        self._suspects = False
        self._kept = sqlite3.connect("", isolation_level=None)
        for statement in (*_SCHEMA, "begin"):
            self._kept.execute(statement)
        self._read()

    @property
    def total(self) -> int:
        """How many documents there are."""
        return int(self._kept.execute("select count(*) from documents where target is not null").fetchone()[0])

    @property
    def unmet(self) -> list[str]:
        """Those that were named and that no run changed."""
        return sorted(self._only - self._met)

    def close(self) -> None:
        """Let go of the file, and of the records."""
        self._kept.close()
        self._records.close()

    def steps(self) -> Iterator[Step | Broken | DatabaseChanged | Done]:
        """Yield what is to be taken back, the newest first."""
        entries = self._entries()
        while batch := list(islice(entries, BATCH)):
            keys = [_key(each) if isinstance(each, Changed) else b"" for _place, each, _old in batch]
            found = self._found(list(filter(None, keys)))
            for key, (place, each, is_earlier) in zip(keys, batch, strict=True):
                if not isinstance(each, Changed):
                    if not is_earlier:
                        yield each
                    continue
                newest, sure, gone, first, target, broken = found[key]
                if target == place:
                    after, otherwise = (each.after, None) if first == place else self._end(key)
                    number = each.id if is_number(each) else None
                    yield Step(each, newest, sure, bool(gone), after, otherwise, number)
                elif first == place and target is not None:
                    self._keep_end(key, each.after, None if newest else each.before)
                elif broken and target is not None and place > target and not is_earlier:
                    yield Broken(each)

    def find_suspects(self, revisions: Callable[[str, Sequence[str]], Mapping[str, str]]) -> None:
        """Find the numbers of which not every copy is as the runs left it for certain; REVISIONS asks a database."""

        def wrong(group: Sequence[tuple[str, str, str]]) -> list[tuple[str]]:
            stored = revisions(group[0][0], [each for _name, each, _newest in group])
            return [(each,) for _name, each, newest in group if stored.get(each, GONE) != newest]

        for found in ahead(wrong, self._numbers()):
            self._kept.executemany("insert or ignore into suspect values (?)", found)
            self._suspects = self._suspects or bool(found)

    def is_suspect(self, number: str) -> bool:
        """Return whether `find_suspects` found it."""
        if not self._suspects:
            return False
        return self._kept.execute("select 1 from suspect where id = ?", [number]).fetchone() is not None

    def _numbers(self) -> Iterator[list[tuple[str, str, str]]]:
        """Yield the numbers and their copies: database, id and newest revision, some of one database at a time."""
        last = b""
        while rows := self._kept.execute(_NUMBERS, [last, BATCH]).fetchall():
            last = rows[-1][0]
            numbers = ((*key.decode().split(_BETWEEN, 1), newest) for key, newest in rows)
            for _database, group in groupby(numbers, key=itemgetter(0)):
                yield list(group)

    def _keep_end(self, key: bytes, *ends: Document | None) -> None:
        """Keep how a document stands, or may stand, until the change comes from which it is to be restored."""
        self._kept.execute("insert or replace into ends values (?, ?, ?)", [key, *map(json.dumps, ends)])

    def _end(self, key: bytes) -> tuple[Document | None, Document | None]:
        row = self._kept.execute("select after, otherwise from ends where key = ?", [key]).fetchone()
        return (json.loads(row[0]), json.loads(row[1])) if row else (None, None)

    def _found(self, keys: Sequence[bytes]) -> dict[bytes, tuple[str, str | None, int, int, int | None, int]]:
        rows = self._kept.execute(_FOUND % ",".join("?" * len(keys)), keys)
        return {row[0]: row[1:] for row in rows}

    def _entries(self) -> Iterator[tuple[int, Entry, bool]]:
        """Yield what counts of all records, the newest first, by its place, and whether it is of an earlier attempt."""
        place = 0
        for record in self._walk.records:
            is_earlier = record.run in self._walk.earlier
            for entry in record.newest_first():
                place += 1
                if entry.state != "unsaved" and self._is_meant(entry):
                    yield place, entry, is_earlier

    def _is_meant(self, entry: Entry) -> bool:
        if isinstance(entry, Changed) and entry.act == "restored":
            return False
        if not self._only:
            return True
        if not isinstance(entry, Changed):
            return False
        names = {f"{entry.database}/{entry.id}", f"{plain(entry.database)}/{entry.id}"}
        if is_number(entry):
            # Number and copy are one: whoever names one of them means both.
            names |= {each for each in self._only if each.endswith(f"/{entry.id}")}
        self._met |= names & self._only
        return bool(names & self._only)

    def _read(self) -> None:
        entries = self._entries()
        while batch := list(islice(entries, BATCH)):
            rows = (_row(place, each, old) for place, each, old in batch if isinstance(each, Changed))
            self._kept.executemany(_TAKE_IN, rows)


def is_number(entry: Changed) -> bool:
    """Return whether a change is of a number, or of an account's copy of one."""
    return entry.id.startswith("+") and (entry.before or entry.set).get("pvt_type") == "number"


def _row(place: int, entry: Changed, is_earlier: bool) -> tuple[object, ...]:
    link = (entry.before or {}).get("_rev", GONE)
    target = None if is_earlier else place
    newest = _newest(entry)
    return _key(entry), newest, newest or None, link, place, target, entry.act == "deleted", is_number(entry)


def _newest(entry: Changed) -> str:
    if entry.state != "saved" or (entry.revision is None and entry.act != "deleted"):
        return _UNKNOWN
    return GONE if entry.act == "deleted" else str(entry.revision)


def _key(entry: Changed) -> bytes:
    return f"{entry.database}{_BETWEEN}{entry.id}".encode(errors="surrogatepass")

"""What a repair could not do, as Kazoo sums it up at its end: JSON of databases, kinds of failure and numbers.

Every number of a cluster may be in it, so it is kept in a temporary file.
"""

from __future__ import annotations

import weakref
from itertools import groupby
from typing import TYPE_CHECKING

from kazoo_sup import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SCHEMA = (
    "create table touched (name text primary key, error text) without rowid",
    "create table failed (name text, kind text, place integer primary key autoincrement, id text)",
)
_FAILED = "select name, kind, id from failed where name = ? order by kind, place"


class Summary:
    """Takes in what was touched and what failed there, by database.

    Source: the `ko` map of Kazoo kazoo_number_manager_maintenance and report_loop_state/1. As there, the JSON is shown
    when anything was saved, and is then often empty.
    """

    def __init__(self) -> None:
        """Open the temporary file: the standard library's SQLite keeps one for a database without a name."""
        import sqlite3

        # Whoever collects the garbage closes it.
        self._kept = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._kept.close)
        for statement in (*_SCHEMA, "begin"):
            self._kept.execute(statement)

    def touch(self, database: str, error: str | None = None) -> None:
        """Note that DATABASE was written to, or the last error met there."""
        self._kept.execute("insert or ignore into touched values (?, null)", [database])
        if error is not None:
            self._kept.execute("update touched set error = ? where name = ?", [error, database])

    def fail(self, database: str, kind: str, ids: Iterable[str]) -> None:
        """Note the numbers that failed in DATABASE, and why."""
        self.touch(database)
        rows = ((database, kind, identifier) for identifier in ids)
        self._kept.executemany("insert into failed (name, kind, id) values (?, ?, ?)", rows)

    @property
    def touched(self) -> int:
        """How many databases were written to, or failed."""
        return self._counted("touched")

    @property
    def failed(self) -> int:
        """How many numbers failed."""
        return self._counted("failed")

    def _counted(self, table: str) -> int:
        [(count,)] = self._kept.execute(f"select count(*) from {table}")  # noqa: S608 - one of our own names
        return int(count)

    def as_json(self) -> Iterator[str]:
        """Write what jiffy:encode(Summary, [pretty]) would, line by line; the map is in the order of its keys."""
        found = self._kept.execute(
            "select name, error from touched where error is not null or name in (select name from failed) order by name"
        )
        opened = False
        for name, error in found:
            yield "  }," if opened else "{"
            opened = True
            yield f"  {terms.json_encode(name)} : {{"
            yield from self._failed(name, more=error is not None)
            if error is not None:
                yield f'    "last_error" : {terms.json_encode(error)}'
        yield from ("  }", "}") if opened else ("{", "  ", "}")

    def _failed(self, name: str, *, more: bool) -> Iterator[str]:
        opened = False
        for kind, rows in groupby(self._kept.execute(_FAILED, [name]), key=lambda row: row[1]):
            yield "      ]," if opened else '    "failed" : {'
            opened = True
            yield f"      {terms.json_encode(kind)} : ["
            before = None
            for _name, _kind, identifier in rows:
                if before is not None:
                    yield f"        {before},"
                before = terms.json_encode(identifier)
            yield f"        {before}"
        if opened:
            yield "      ]"
            yield "    }," if more else "    }"

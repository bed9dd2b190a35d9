"""Searching among numbers that are stored already: of a module, reserved ones of an account, and pools."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers.base import Found
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.walk import LAST
from kazoo_sup.kazoo.numbers.states import AVAILABLE
from kazoo_sup.messages.names import account_database, number_database, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kazoo_sup.kazoo.carriers.base import Query
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

_PAGE = 1000


def of_module(zone: Zone, query: Query, module_name: str) -> Iterator[Found]:
    """Yield the available numbers of a carrier module that begin with the prefix.

    Nothing without an account, nor for a prefix that is too short to name a database. Source: Kazoo
    knm_local:do_find_numbers/5, whose search runs on past the prefix to the end of the database; this one does not.
    """
    database = number_database(query.prefix)
    if query.account is None or database is None or not query.prefix.startswith("+"):
        return
    key = [AVAILABLE, module_name]
    yield from _numbers(zone, query, database, "numbers", "status", key)


def reserved(zone: Zone, query: Query, account: str | None) -> Iterator[Found]:
    """Yield the numbers reserved for ACCOUNT that begin with the prefix (Kazoo knm_reserved:do_find_numbers/5)."""
    if query.account is None or account is None or not query.prefix.startswith("+"):
        return
    yield from _numbers(zone, query, account_database(account), "numbers", "list_reserved", [])


def in_pool(zone: Zone, query: Query, database: str, account: str, state: str, module_name: str) -> Iterator[Found]:
    """Yield the available numbers of a pool that ACCOUNT may acquire, each said to be in STATE."""
    design = database.replace("%2F", "_")
    for row in _rows(zone, query, database, design, "status", [account, AVAILABLE]):
        yield Found(row["id"], module_name, state)


def _numbers(zone: Zone, query: Query, database: str, design: str, view: str, key: Sequence[object]) -> Iterator[Found]:
    for row in _rows(zone, query, database, design, view, key, include_docs=True):
        document = row["doc"]
        yield Found(
            row["id"],
            document.get("pvt_module_name", "knm_local"),
            document.get("pvt_state", AVAILABLE),
            document.get("pvt_carrier_data", {}),
        )


def _rows(
    zone: Zone,
    query: Query,
    database: str,
    design: str,
    view: str,
    key: Sequence[object],
    *,
    include_docs: bool = False,
) -> Iterator[Document]:
    """Yield the rows with the prefix after KEY, as many as the query wants; none where there is no database."""
    if query.quantity < 1 or not zone.couchdb.exists(plain(database)):
        return
    wanted = query.offset + query.quantity
    start, end = [*key, query.prefix], [*key, query.prefix + LAST]
    rows = views.rows(
        zone,
        database,
        design,
        view,
        # The view of reserved numbers has the number itself for a key, the others have it last in a list.
        start=start if key else start[0],
        end=end if key else end[0],
        page=min(wanted, _PAGE),
        include_docs=include_docs,
    )
    present = (row for row in rows if not include_docs or row.get("doc"))
    yield from islice(present, query.offset, wanted)

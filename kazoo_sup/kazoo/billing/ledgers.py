"""An account's money: the ledger entries of its months, and the rollover that carries a balance into the next.

Amounts are whole units, 10,000 to the dollar. A month without a rollover begins with what the old transactions in it
amount to, else with the balance of the month before, else with nothing.

Source: Kazoo kz_ledgers, kz_ledger, kz_currency. Better than there: reading a balance never writes the rollover that it
finds missing.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import months, views
from kazoo_sup.kazoo.documents import now, value_at, with_value
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.types import Document, ViewRow
    from kazoo_sup.zone import Zone

UNITS_PER_DOLLAR = 10_000
ROLLOVERS = "rollovers"
CREDIT, DEBIT = "credit", "debit"


class NoBalance(LookupError):
    """There is no balance; the argument is Kazoo's word for why."""


def rollover_id(month: str) -> str:
    """Return the id of the document that carries a balance into MONTH, `202611`."""
    return f"{month}-ledgers_monthly_rollover"


def read_rollover(zone: Zone, account: str, month: str) -> Document | None:
    """Return the rollover into a month of an account (an id)."""
    return zone.couchdb.get(plain(months.database(account, month)), rollover_id(month))


def amount(ledger: Document) -> int:
    """Return what an entry adds to the balance: a debit is below 0."""
    return -units(ledger) if ledger.get("pvt_ledger_type", DEBIT) == DEBIT else units(ledger)


def units(ledger: Document) -> int:
    """Return an entry's amount whatever its type."""
    found = ledger.get("amount")
    return abs(int(found)) if isinstance(found, int | float) else 0


def balance(zone: Zone, account: str, month: str) -> int:
    """Return what an account (an id) had at the end of a month, or has now. Raises NoBalance("db_not_found")."""
    database = months.database(account, month)
    if not zone.couchdb.exists(plain(database)):
        raise NoBalance("db_not_found")
    total = _sum(zone, database, "ledgers", "total_by_source")
    carried = 0 if _has_rollover(zone, database) else carried_into(zone, account, month)
    return total + carried


def carried_into(zone: Zone, account: str, month: str) -> int:
    """Return what the rollover into a month should be.

    Source: Kazoo kz_ledgers:maybe_migrate_legacy_rollover/2, rollover_past_available_units/3.
    """
    if not is_true(system_config.get(zone, "ledgers", "rollover_monthly_balance", default=True)):
        return 0
    database = months.database(account, month)
    if next(_rows(zone, database, "transactions", "legacy_total"), None) is not None:
        return _sum(zone, database, "transactions", "legacy_total")
    try:
        return balance(zone, account, months.before(month))
    except NoBalance:
        return 0


def new_rollover(account: str, name: str, month: str, carried: int) -> Document:
    """Return the document that carries a balance into a month of an account called NAME."""
    document = months.first_rollover(account, name, month)
    return {**document, "pvt_ledger_type": DEBIT if carried < 0 else CREDIT, "amount": abs(carried)}


def corrected(stored: Document, carried: int, available: int | None) -> Document:
    """Return a stored rollover with another amount; AVAILABLE is what the account has now, for the audit.

    Source: Kazoo kazoo_ledgers_maintenance:maybe_replace_rollover/4, kz_ledger:save/1.
    """
    document = {**stored, "amount": abs(carried), "pvt_ledger_type": CREDIT if carried > 0 else DEBIT}
    if available is not None:
        document = with_value(document, ["audit", "available_units"], available)
    return {**document, "pvt_modified": now()}


def entries(zone: Zone, account: str, source: str, since: int) -> Iterator[Document]:
    """Yield an account's entries of a source from the time SINCE (Gregorian seconds) on, of this month and the last."""
    for month in (months.before(months.this_month()), months.this_month()):
        query: Document = {"start": [source, since], "end": [source, {}], "include_docs": True}
        rows = _rows(zone, months.database(account, month), "ledgers", "list_by_source", **query)
        yield from (row["doc"] for row in rows if row.get("doc"))


def transactions(zone: Zone, account: str, since: int) -> Iterator[Document]:
    """Yield an account's transactions from the time SINCE (Gregorian seconds) on, of this month and the last."""
    for month in (months.before(months.this_month()), months.this_month()):
        database = months.database(account, month)
        rows = _rows(zone, database, "transactions", "list_by_timestamp", start=since, include_docs=True)
        yield from (row["doc"] for row in rows if row.get("doc"))


def dollars(found: int) -> float:
    """Return units as dollars (Kazoo kz_currency:units_to_dollars/1)."""
    return found / UNITS_PER_DOLLAR


def from_dollars(found: float) -> int:
    """Return dollars as units (Kazoo kz_currency:dollars_to_units/1)."""
    return int(found * UNITS_PER_DOLLAR + (0.5 if found >= 0 else -0.5))


def _has_rollover(zone: Zone, database: str) -> bool:
    query: Document = {"start": [ROLLOVERS], "end": [ROLLOVERS, {}], "page": 1}
    return bool(list(islice(_rows(zone, database, "ledgers", "total_by_source", **query), 1)))


def _sum(zone: Zone, database: str, design: str, view: str) -> int:
    found = next(_rows(zone, database, design, view, reduce=True), None)
    return int(value_at(found, ["value"]) or 0)


def _rows(zone: Zone, database: str, design: str, view: str, **query: Unpack[ViewQuery]) -> Iterator[ViewRow]:
    """Yield the rows of a view of a month; none where nobody has registered it, or where there is no such month."""
    try:
        yield from views.rows(zone, database, design, view, **query)
    except NotFound:
        return

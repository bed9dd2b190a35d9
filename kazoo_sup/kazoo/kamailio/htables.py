"""Hash tables: what a proxy remembers of addresses, devices, presence and calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup.errors import BadArgument
from kazoo_sup.transports.kamailio import each

if TYPE_CHECKING:
    from kazoo_sup.kazoo.kamailio import Ask
    from kazoo_sup.types import Fields, Json, Row

TABLES = ("table", "entries", "slots", "expire", "database_table")
ENTRIES = ("key", "value", "type")
ENTRY = ("key", "value", "expires")


def tables(listed: object, counted: object) -> Iterator[Row]:
    """Yield the tables by name, from what `htable.listTables` and `htable.stats` answer."""
    entries: Fields = {found["name"]: found.get("all") for found in each(counted)}
    for found in sorted(each(listed), key=lambda table: str(table["name"])):
        yield {
            "table": found["name"],
            "entries": entries.get(found["name"]),
            "slots": found.get("size"),
            "expire": found.get("expire") or None,
            "database_table": found.get("dbtable") or None,
        }


def entries(dumped: object) -> Iterator[Row]:
    """Yield the entries that `htable.dump` answers, by key."""
    found = (entry for slot in each(dumped) for entry in each(slot.get("slot")))
    for entry in sorted(found, key=lambda entry: str(entry["name"])):
        yield {"key": str(entry["name"]), "value": entry["value"], "type": entry.get("type")}


def entry(answer: Json) -> Row:
    """Return the entry that `htable.get` answers; the time is the server's own."""
    found = answer["item"]
    return {
        "key": found["name"],
        "value": found["value"],
        "expires": None if found.get("expire") == "NEVER" else found.get("expire"),
    }


def set_(ask: Ask, table: str, key: str, value: str | int, seconds: int) -> str:
    """Set an entry, of the kind that VALUE has, and have it expire after SECONDS unless these are 0.

    Raises BadArgument when there are SECONDS and the table never lets anything expire.
    """
    if seconds:
        _check_expiry(ask, table, seconds)
    if isinstance(value, int):
        said = ask("htable.seti", [table, key, value])
    else:
        said = ask("htable.sets", [table, key, value])
    if seconds:
        ask("htable.setex", [table, key, seconds])
    return str(said)


def _check_expiry(ask: Ask, table: str, seconds: int) -> None:
    """See that a table has autoexpire; without it Kamailio forgets any time (ht_api.c:ht_set_cell_expire)."""
    if not 0 < seconds < 2**31:
        raise BadArgument(parameter="--seconds", reason=f"{seconds} is not a number of seconds from 1 on")
    found = next((known for known in each(ask("htable.listTables")) if known["name"] == table), None)
    if found and not found.get("expire"):
        reason = f"the table {table} has no autoexpire, its entries stay until they are deleted"
        raise BadArgument(parameter="--seconds", reason=reason)

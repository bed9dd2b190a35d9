"""Registrations: which phones are registered at a proxy, and where they are reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.transports.kamailio import each
from kazoo_sup.transports.kamailio.failures import KamailioRefused

if TYPE_CHECKING:
    from kazoo_sup.kazoo.kamailio import Ask
    from kazoo_sup.types import Json, Row
    from kazoo_sup.zone import Zone

TABLE = "location"
"""The usrloc table of Kazoo's configuration (registrar-role: save("location"))."""

COLUMNS = ("aor", "contact", "expires", "user_agent", "received", "socket")
DETAILS = (*COLUMNS, "path", "instance", "call_id", "ruid", "state")

_NOT_SET = "[not set]"
_UNKNOWN = ("AOR not found in location table", "AOR has no contacts")
"""How ul.lookup says that there is no contact (Kamailio ul_rpc.c:ul_rpc_lookup)."""


def rows(answer: Json) -> list[Row]:
    """Return the contacts that `ul.dump` answers for all tables, sorted; it has them in the order of a hash."""
    found = [
        contact
        for domain in each((answer.get("Domains") or {}).get("Domain"))
        for record in each((domain.get("AoRs") or {}).get("Info"))
        for contact in contacts(record)
    ]
    return sorted(found, key=lambda row: (str(row["aor"]), str(row["contact"])))


def contacts(record: Json) -> Iterator[Row]:
    """Yield the contacts of one address of record, as `ul.lookup` answers."""
    for contact in each((record.get("Contacts") or {}).get("Contact")):
        yield {
            "aor": record["AoR"],
            "contact": contact["Address"],
            "expires": contact.get("Expires"),
            "user_agent": _set(contact, "User-Agent"),
            "received": _set(contact, "Received"),
            "socket": _set(contact, "Socket"),
            "path": _set(contact, "Path"),
            "instance": _set(contact, "Instance"),
            "call_id": _set(contact, "Call-ID"),
            "ruid": _set(contact, "Ruid"),
            "state": contact.get("State"),
        }


def lookup(ask: Ask, aor: str) -> list[Row]:
    """Return the contacts of AOR; none when it is not registered."""
    try:
        return list(contacts(ask("ul.lookup", [TABLE, aor])))
    except KamailioRefused as error:
        if error.reason in _UNKNOWN:
            return []
        raise


def remove(zone: Zone, ask: Ask, aor: str) -> int:
    """Remove the contacts of AOR and return how many there were; Kamailio itself does not tell."""
    found = len(lookup(ask, aor))
    if found:
        deed = f"remove the registration of {aor} at {ask.name}"
        changes.act(zone, deed, lambda: ask("ul.rm", [TABLE, aor]), shown=lambda: None)
    return found


def _set(contact: Json, name: str) -> Json:
    found = contact.get(name)
    return None if found == _NOT_SET else found

"""Registrations: which phones are registered at a proxy, and where they are reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from kazoo_sup.command import Reads
from kazoo_sup.transports.kamailio import each
from kazoo_sup.transports.kamailio_failures import Refused

if TYPE_CHECKING:
    from kazoo_sup.kazoo.kamailio import Ask
    from kazoo_sup.outcome import Row

TABLE = "location"
"""The usrloc table of Kazoo's configuration (registrar-role: save("location"))."""

COLUMNS = ("aor", "contact", "expires", "user_agent", "received", "socket")
DETAILS = (*COLUMNS, "path", "instance", "call_id", "ruid", "state")

_NOT_SET = "[not set]"
_UNKNOWN = ("AOR not found in location table", "AOR has no contacts")
"""How ul.lookup says that there is no contact (Kamailio ul_rpc.c:ul_rpc_lookup)."""


def rows(answer: Any) -> Iterator[Row]:
    """Yield the contacts that `ul.dump` answers for all tables."""
    for domain in each((answer.get("Domains") or {}).get("Domain")):
        for record in each((domain.get("AoRs") or {}).get("Info")):
            yield from contacts(record)


def contacts(record: Any) -> Iterator[Row]:
    """Yield the contacts of one address of record, as `ul.lookup` answers."""
    for contact in each((record.get("Contacts") or {}).get("Contact")):
        yield {
            "aor": record["AoR"],
            "contact": contact["Address"],
            "expires": contact["Expires"],
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
    except Refused as error:
        if error.facts["reason"] in _UNKNOWN:
            return []
        raise


def remove(ask: Ask, aor: str, *, dry_run: bool) -> int:
    """Remove the contacts of AOR and return how many there were; Kamailio itself does not tell."""
    found = len(lookup(ask, aor))
    if found and not dry_run:
        ask("ul.rm", [TABLE, aor])
    return found


def _set(contact: Any, name: str) -> Any:
    found = contact.get(name)
    return None if found == _NOT_SET else found


def _read_aor(text: str, _zone: Any) -> str:
    aor = text.partition(":")[2] if text.partition(":")[0] in ("sip", "sips") else text
    user, at, realm = aor.partition("@")
    if not (user and at and realm) or any(letter.isspace() for letter in aor):
        raise ValueError(f"{text!r} is not like user@realm")
    return aor


Aor = Annotated[str, Reads(_read_aor, "AOR")]
"""An address of record, user@realm: Kazoo's proxies keep them with their realms (usrloc, use_domain)."""

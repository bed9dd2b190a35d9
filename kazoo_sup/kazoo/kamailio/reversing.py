"""What was there before a change of a proxy, and the words of the `sup` command that brings it back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kazoo_sup.changes import UNKNOWN, Was
from kazoo_sup.kazoo.kamailio import dispatcher, htables
from kazoo_sup.transports.kamailio.failures import KamailioRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from kazoo_sup.kazoo.kamailio import Ask
    from kazoo_sup.types import Json

_MISSING = re.compile(r"(?i)key\b.*\b(not found|doesn't exist)")
"""How Kamailio says that a table has no such entry (htable.c:htable_rpc_get, htable_rpc_delete)."""


def asked(ask: Ask, was: Callable[[Ask], Was]) -> Was:
    """Return what WAS tells, and nothing where the server refuses to tell: the change itself tells what is wrong."""
    try:
        return was(ask)
    except (KamailioRefused, LookupError, TypeError, AttributeError, ValueError):
        return UNKNOWN


def is_missing(error: KamailioRefused) -> bool:
    """Return whether a hash table has no such entry."""
    return bool(_MISSING.search(error.reason))


def entry(ask: Ask, table: str, key: str, *, left: str | int | None = None) -> Was:
    """Return what an entry of a hash table is, of which a deed makes what is LEFT; nothing where that deletes it."""
    try:
        value = htables.entry(ask("htable.get", [table, key]))["value"]
    except KamailioRefused as error:
        if not is_missing(error):
            raise
        return Was(None, ("kamailio", "htable_delete", table, key, ask.name), left)
    return of_entry(ask, table, key, value, left=left)


def of_entry(ask: Ask, table: str, key: str, value: object, *, left: str | int | None = None) -> Was:
    """Return what an entry of VALUE is, as `entry`; the time at which it expires does not come back."""
    typed = str(value) if isinstance(value, int) else f"s:{value}"
    return Was(value, ("kamailio", "htable_set", table, key, typed, ask.name), left)


def state(ask: Ask, set_: int, destination: str, left: str) -> Was:
    """Return the state of a destination of the dispatcher, of which what is LEFT is made.

    Whether it is probed is no part of it, since Kamailio itself notes that again where it probes all.
    """
    found = _destination(ask, set_, destination)
    if found is None:
        return UNKNOWN
    name, _, probing = str(found["state"]).partition(", ")
    flags = ("--probing",) if probing and name != "disabled" else ()
    known = name in dispatcher.STATES
    words = ("kamailio", "dispatcher_set_state", str(set_), destination, name, ask.name, *flags)
    return Was(name, words if known else None, left)


def destination(ask: Ask, set_: int, uri: str, left: Json = None) -> Was:
    """Return what the dispatcher has of a destination, of which what is LEFT is made: nothing where it is removed."""
    found = _destination(ask, set_, uri)
    if found is None:
        return Was(None, ("kamailio", "dispatcher_remove", str(set_), uri, ask.name), left)
    before = dispatcher.settings(found["priority"], found["attributes"])
    more = [f"--{name}={value}" for name, value in before.items() if value]
    return Was(before, ("kamailio", "dispatcher_add", str(set_), uri, ask.name, *more), left)


def _destination(ask: Ask, set_: int, uri: str) -> Json:
    found = dispatcher.rows(ask("dispatcher.list"))
    return next((row for row in found if row["set"] == set_ and row["destination"] == uri), None)

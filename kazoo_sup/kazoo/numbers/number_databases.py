"""Number databases: one for each five-character prefix of numbers; each number has a copy in its account's database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.databases.walk import LAST, Databases, listed
from kazoo_sup.kazoo.numbers import e164
from kazoo_sup.messages.names import encoded, number_database, plain

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

_NUMBERS = re.compile(r"numbers(?:/|%2[fF])(?P<rest>.+)")


def every(zone: Zone) -> Databases:
    """Return every number database (Kazoo knm_util:get_all_number_dbs/0)."""
    return Databases(lambda: map(encoded, zone.couchdb.databases(start="numbers/", end=f"numbers/{LAST}")))


def one_or_all(zone: Zone, name: str | None) -> Databases:
    """Return one number database, or all (None). Raises BadArgument where there is no such database."""
    if name is None:
        return every(zone)
    if not zone.couchdb.exists(plain(name)):
        raise BadArgument(parameter="PREFIX", reason=f"there is no database {plain(name)}")
    return listed([name])


def some_or_all(zone: Zone, names: list[str] | None) -> Databases:
    """Return these number databases, or all (None)."""
    return every(zone) if names is None else listed(names)


def database_of(text: str, zone: Zone) -> str:
    """Return the (encoded) number database that TEXT names: itself in either form, its prefix, or a number in it.

    Raises ValueError for anything else. Nothing is asked of the server.
    """
    match = _NUMBERS.fullmatch(text)
    if match:
        return encoded(text)
    if re.fullmatch(r"(\+|%2[bB])\d{4}|managed|inum", text):
        return encoded(f"numbers/{plain(text)}")
    try:
        number = e164.read(text, zone)
    except ValueError:
        number = ""
    found = number_database(number)
    if found is None:
        raise ValueError(f"{text!r} is neither a number database, as numbers/+1415, nor a prefix or number of one")
    return found

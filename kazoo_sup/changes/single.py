"""Single documents through the door: updated, created, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kazoo_sup.changes.change import Change, Tally, creation, rebuild, removal
from kazoo_sup.changes.saving import apply
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

_UNREAD: Document = {}


def update(
    zone: Zone,
    database: str,
    identifier: str,
    build: Callable[[Document | None], Document],
    *,
    stored: Document | None = _UNREAD,
) -> Tally:
    """Store what BUILD makes of the document IDENTIFIER of a database (by Kazoo's encoded name); return the tally.

    BUILD is given the document, None where there is none, and returns the one to store, or the very same where nothing
    is to be done; it is asked again when somebody else saved in between, and raises a SupError where the change can no
    longer be made. STORED is the document where it has been read already.

    Raises what `apply` raises, and NotFound where there is no such database; why the document was not saved is in the
    tally, whose `document` is the one that is stored now.
    """
    found = zone.couchdb.get(plain(database), identifier) if stored is _UNREAD else stored
    return apply(zone, [rebuild(database, found, build)])


def create(
    zone: Zone, database: str, document: Document, *, unless_there: bool = False, announced: bool = True
) -> Tally:
    """Store a document that is new; return the tally.

    Where there is one of its id, it is a Conflict in the tally, or with UNLESS_THERE that one stays and is `unchanged`.
    """
    change = creation(database, document) if unless_there else Change(database, document, None)
    return apply(zone, [change], announced=announced)


def delete(zone: Zone, database: str, stored: Document, *, whatever: bool = False, announced: bool = True) -> Tally:
    """Delete a document that was read; return the tally.

    Where somebody else has changed it since, it is a Conflict in the tally, or with WHATEVER it is deleted even so.
    """
    change = removal(database, stored) if whatever else Change(database, None, stored)
    return apply(zone, [change], announced=announced)

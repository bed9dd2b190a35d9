"""Changing an account's definition, which is kept twice: in the account's own database and in `accounts`.

Source: Kazoo kzd_accounts:update/2. Better than there: a copy in `accounts` that is missing is made again from the
account's own definition, where Kazoo stops with the first half changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.kazoo.accounts import DATABASE, definition
from kazoo_sup.kazoo.documents import with_value, without_revision
from kazoo_sup.messages.names import account_database
from kazoo_sup.types import Document, Fields, Json

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

Values = Fields | Mapping[tuple[str, ...], Json]
"""Values by the key of a document, or the path to one."""


@dataclass(frozen=True, slots=True)
class FlagSet:
    """A private flag of an account (an id) is on or off; the definition as it is stored then, None without one."""

    account: str
    key: str
    on: bool
    definition: Document | None


def update(zone: Zone, account: str, values: Values) -> Document | None:
    """Set values in the definition of ACCOUNT, an id, in both places; return its own as it is stored now.

    None where the account has no definition of its own. A value of None removes the key; a definition that holds the
    values already is left alone. Raises what the door raises, and the error of a definition that could not be saved.
    """
    own = definition(zone, account)
    if own is None:
        return None
    saved = changes.apply(zone, [edit(account_database(account), own, values)]).document
    changes.apply(zone, [edit_copy(zone, own, values)]).check()
    return saved


def switch(zone: Zone, account: str, key: str, *, on: bool) -> FlagSet:
    """Set a private flag of ACCOUNT, an id, in both places. Raises as `update` does."""
    return FlagSet(account, key, on, update(zone, account, {key: on}))


def edit(database: str, stored: Document, values: Values) -> Change:
    """Return the change that sets VALUES on a definition."""
    return changes.edit(database, stored, lambda found: with_values(found, values))


def edit_copy(zone: Zone, own: Document, values: Values) -> Change:
    """Return the change that sets VALUES on the copy in `accounts` of the definition OWN; without one it is made."""
    stored = zone.couchdb.get(DATABASE, own["_id"])
    if stored is not None:
        return edit(DATABASE, stored, values)
    made = with_values(without_revision(own), values)
    return Change(DATABASE, made, None, lambda found: with_values(found or made, values))


def with_values(document: Document, values: Values) -> Document:
    """Return the document with each of VALUES at its key or path; None removes one."""
    for key, value in values.items():
        document = with_value(document, [key] if isinstance(key, str) else key, value)
    return document

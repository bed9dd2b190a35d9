"""The feature code of parking, whose pattern of old takes a parking slot of one digit for the star code.

Source: Kazoo callflow_maintenance:update_feature_codes/1. Better than there: other patterns of the same callflow stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup import changes, terms
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import views
from kazoo_sup.kazoo.values import to_text
from kazoo_sup.names import account_id, plain

if TYPE_CHECKING:
    from kazoo_sup.changes import Document
    from kazoo_sup.zone import Zone

OLD = r"^\*5([0-9]*)$"
NEW = r"^\*5(|[0-9]{2,})$"


def update(zone: Zone, database: str) -> Iterator[str]:
    """Replace the old pattern in the callflows of an account's (encoded) database, and tell of each pattern."""
    try:
        rows = list(views.rows(zone, database, "callflows", "listing_by_pattern"))
    except NotFound:
        yield "error listing feature code patterns: not_found"
        raise
    account = account_id(database)
    yield f"{account} : looking through patterns..."
    for row in rows:
        if row["key"] == OLD:
            yield _updated(zone, database, row["id"])
        else:
            yield f"skipping pattern {terms.pretty(to_text(row['key']))}"
    yield f"{account} : feature codes up to date"


def with_new_pattern(callflow: Document) -> Document:
    """Return a callflow with the new pattern in the old one's place."""
    patterns = callflow.get("patterns")
    if not isinstance(patterns, list) or OLD not in patterns:
        return callflow
    return {**callflow, "patterns": [NEW if each == OLD else each for each in patterns]}


def _updated(zone: Zone, database: str, identifier: str) -> str:
    stored = zone.couchdb.get(plain(database), identifier)
    if stored is None:
        return f"failed to update doc {identifier} with new patterns"
    changes.apply(zone, [changes.edit(database, stored, with_new_pattern)]).check()
    return f"successfully updated patterns for doc {identifier} ({terms.pretty(OLD)} -> {terms.pretty(NEW)})"

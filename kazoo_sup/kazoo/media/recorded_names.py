"""Recorded names that old mailboxes hold, moved to the users who own them.

Source: Kazoo callflow_maintenance:migrate_recorded_name/1. Better than there: the name of a mailbox without an owner,
or whose owner is gone, stays; Kazoo throws the first away and stops at the second. A user's own recording wins, as
there, and the mailbox's is deleted, but only once the mailbox no longer plays it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import value_at, with_value
from kazoo_sup.messages.names import plain
from kazoo_sup.terms import OK, Atom, Term

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

RECORDED_NAME = ("media", "name")


def migrate(zone: Zone, database: str) -> Term:
    """Move the recorded names of an account's (encoded) database; return what Kazoo's function does.

    That is `ok` where there are no mailboxes, else a list: `ok` for a mailbox that is left alone, `{ok,Mailbox}` for
    one that was changed. Raises what the door raises.
    """
    boxes = [
        row["doc"] for row in views.rows_for_change(zone, database, "vmboxes", "crossbar_listing", include_docs=True)
    ]
    return [_migrated(zone, database, box) for box in boxes if box] if boxes else OK


def _migrated(zone: Zone, database: str, box: Document) -> Term:
    recording = value_at(box, RECORDED_NAME)
    if recording is None:
        return OK
    owner_id = box.get("owner_id")
    owner = zone.couchdb.get(plain(database), owner_id) if owner_id else None
    if owner is None:
        why = f"its owner {owner_id} is gone" if owner_id else "it has no owner"
        zone.run.warn(f"mailbox {box['_id']} keeps its recorded name: {why}")
        return OK
    theirs = value_at(owner, RECORDED_NAME)
    if theirs is None:
        _change(zone, database, owner, recording)
    saved = _change(zone, database, box, None)
    if theirs is not None and theirs != recording:
        media = zone.couchdb.get(plain(database), recording)
        if media is not None:
            changes.delete(zone, database, media, whatever=True).check()
    return (Atom("ok"), saved)


def _change(zone: Zone, database: str, document: Document, name: str | None) -> Document:
    change = changes.edit(database, document, lambda stored: with_value(stored, RECORDED_NAME, name))
    return changes.apply(zone, [change]).document

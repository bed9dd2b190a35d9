"""Greetings that old menus have attached, moved to media documents of their own.

Source: Kazoo callflow_maintenance:migrate_menus/1. Better than there: the media document has an id that follows from
the menu's, so that a run that was cut off is completed by the next one instead of leaving a second copy.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import stamped, with_value
from kazoo_sup.kazoo.migrations.document_moves import Attached, Place, copy_file
from kazoo_sup.terms import OK, Atom, Term

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

ATTACHED = "prompt.mp3"
MIGRATED = "2"
_DONE = Atom("done")


def migrate(zone: Zone, database: str) -> Term:
    """Move the greetings of an account's (encoded) database; return what Kazoo's function does.

    That is `done` where there are no menus, else a list with `ok` for each. Raises what the door raises.
    """
    menus = [
        row["doc"] for row in views.rows_for_change(zone, database, "menus", "crossbar_listing", include_docs=True)
    ]
    for menu in menus:
        if menu and ATTACHED in (menu.get("_attachments") or {}) and str(menu.get("pvt_vsn", 1)) == "1":
            _migrate(zone, database, menu)
    return [OK for _menu in menus] if menus else _DONE


def media_id(menu: str) -> str:
    """Return the id of the media document for a menu's greeting."""
    return hashlib.md5(f"menu greeting {menu}".encode(), usedforsecurity=False).hexdigest()


def media(menu: Document, database: str, *, node: str) -> Document:
    """Return the media document for a menu's greeting."""
    made: Document = {
        "_id": media_id(menu["_id"]),
        "name": f"{menu.get('name') or ''} menu greeting",
        "description": "menu recorded/prompt media",
        "source_type": "menu",
        "source_id": menu["_id"],
        "content_type": "audio/mpeg",
        "media_type": "mp3",
        "streamable": True,
    }
    return stamped(made, database, node=node, document_type="media")


def with_greeting(menu: Document, media: str) -> Document:
    """Return a menu that plays a media document as its greeting."""
    return {**with_value(menu, ["media", "greeting"], media), "pvt_vsn": MIGRATED}


def _migrate(zone: Zone, database: str, menu: Document) -> None:
    greeting = media(menu, database, node=zone.node)
    tally = changes.update(zone, database, greeting["_id"], lambda found: found or greeting)
    source = Attached(Place(database, menu["_id"]), ATTACHED, menu["_attachments"][ATTACHED])
    action = "created" if tally.counts["created"] else "edited"
    copy_file(zone, source, database, tally.document, f"{greeting['_id']}.mp3", action=action)

    change = changes.edit(database, menu, lambda found: with_greeting(found, greeting["_id"]))
    changes.apply(zone, [change]).check()

"""What Kazoo prints while it puts media in order. Source: Kazoo kapps_maintenance:migrate_media/0,1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.databases.every_account import DatabaseWorkedOn
from kazoo_sup.kazoo.migrations import media_migration as media

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    _OfMedium = media.MediumMissing | media.FileSaved | media.FieldsRemoved | media.MediumRemoved


def lines(events: Iterable[DatabaseWorkedOn | media.MediaUnread | media.NoMedia | _OfMedium]) -> Iterator[str]:
    """Make Kazoo's lines; that of a database is not ended, and so has the first of what follows in it."""
    begun = None
    for event in events:
        if isinstance(event, DatabaseWorkedOn):
            if begun is not None:
                yield begun
            begun = f"migrating media in database ({event.place}/{event.total}) '{event.database}'"
            continue
        yield f"{begun or ''}{_line(event)}"
        begun = None
    if begun is not None:
        yield begun


def _line(event: media.MediaUnread | media.NoMedia | _OfMedium) -> str:
    match event:
        case media.MediaUnread(database, private):
            return f"unable to fetch {'private ' if private else ''}media files in db {database}: {{error,not_found}}"
        case media.NoMedia(database, private):
            return f"no {'private' if private else 'public'} media files in db {database}"
        case media.MediumMissing():
            return f"unable to open media for attachment migration {_place(event)}: not_found"
        case media.FileSaved(name=name, renamed=renamed):
            done = "updated attachment name" if renamed else "updated content type for"
            return f"{done} {_place(event)}/{name}"
        case media.FieldsRemoved():
            return f"removed depreciated properties from {_place(event)}"
        case _:
            return f"media doc {_place(event)} has no attachments, removing"


def _place(event: _OfMedium) -> str:
    return f"{event.database}/{event.id}"

"""What Kazoo prints while it moves voicemails and call records into months.

Source: Kazoo kazoo_modb_migrate_maintenance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.databases.every_account import DatabaseWorkedOn
from kazoo_sup.kazoo.migrations import month_migration as migration
from kazoo_sup.messages.names import account_id, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    _Event = migration.MigrationBegun | DatabaseWorkedOn | migration.AccountDone | migration.ViewMissing
    _Items = migration.NothingToMove | migration.ItemsCounted | migration.BatchBegun | migration.BatchDone
    _OfAccount = migration.VoicemailMoved | _Items | migration.ItemsMoved

_VOICEMAIL = migration.VOICEMAILS


def lines(events: Iterable[_Event | _OfAccount]) -> Iterator[str]:
    """Make Kazoo's lines of items that are moved."""
    for event in events:
        match event:
            case migration.MigrationBegun(databases):
                yield f"Start migrating items to MODB from {databases} databases"
                yield ""
            case DatabaseWorkedOn(database):
                account = account_id(plain(database))
                yield f"({event.place}/{event.total}) migrating items within account '{account}'"
            case migration.AccountDone(account):
                yield f"[{account}] finished migrating items"
                yield ""
            case migration.ViewMissing(database, view):
                yield f"[{database}] failed to fetch view {'/'.join(view)} count"
            case _:
                yield f"[{event.account}] {_of_account(event)}"


def _of_account(event: _OfAccount) -> str:
    voicemail = not isinstance(event, migration.VoicemailMoved) and event.items == _VOICEMAIL
    short, long = ("messages", "voicemail messages") if voicemail else ("cdrs", "cdrs")
    match event:
        case migration.VoicemailMoved(_, place, total, media, _, None):
            return f"({place}/{total}) moving voicemail {media} to {event.id} => done"
        case migration.VoicemailMoved(_, place, total, media):
            return f"({place}/{total}) moving voicemail {media} => failed: {event.error}"
        case migration.NothingToMove():
            return f"no {long} found"
        case migration.ItemsCounted(_, _, total, batch):
            return f"{'start' if voicemail else 'Start'} migrating total {total} {long} with batch size {batch}"
        case migration.BatchBegun(_, _, count):
            return f"processing {count} {short}"
        case migration.BatchDone(_, _, count, left):
            return f"finished processing {count} {short}, {left} remain"
        case migration.ItemsMoved(_, _, moved, total) if voicemail:
            return f"voicemail message migration finished, ({moved}/{total}) messages has been moved"
        case _:
            return f"cdrs migration finished, ({event.moved}/{event.total}) doc has been moved"

"""What Kazoo prints of the maintenance of voicemail. Source: Kazoo kazoo_voicemail_maintenance, kvm_migrate_crawler."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kazoo_sup import terms
from kazoo_sup.kazoo.databases.every_account import pid
from kazoo_sup.kazoo.voicemail.voicemail_maintenance import (
    AccountBegun,
    AccountDone,
    AccountMoved,
    AllBegun,
    AllMoved,
    MonthRead,
    NoticeSent,
    RecentMoved,
)
from kazoo_sup.kazoo.voicemail.voicemail_migration import BatchBegun, BatchMoved, NoMonthLeft, NothingLeft


def lines(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's lines for what took place."""
    for event in events:
        match event:
            case BatchBegun() | BatchMoved() | NoMonthLeft() | NothingLeft():
                yield from (f"  [{event.account}] {said}" for said in _of_batch(event))
            case MonthRead(number, total, database, messages):
                yield f"({number}/{total}) attempting to recover voicemail messages from {database}"
                for message in messages or ():
                    if message.rebuilt:
                        yield f"  rebuilding metadata for {message.id}"
                    else:
                        yield f"  {message.id} missing attachment, skipping"
                if messages is not None and not messages:
                    yield "  no messages found with missing metadata"
            case NoticeSent(message, mailbox, answer):
                yield f"re-notify sent message {message} from mailbox {mailbox}: {terms.json_encode(answer)}"
            case _:
                yield from _of_accounts(event)


def _of_batch(event: object) -> Iterator[str]:
    match event:
        case BatchBegun():
            yield f"processing {event.messages} voicemail messages"
        case BatchMoved():
            yield (
                f"finished a cycle, processed: {event.processed} succeeded: {event.succeeded}"
                f" save_failed: {event.not_saved} no_modb: {event.without_month} fix_timestamp: {event.timed}"
                f" no_ids: {event.without_id}"
            )
        case NoMonthLeft():
            yield "none of the modbs are exists, considered it the last modb"
            yield "reached to the last/oldest available modb"
        case NothingLeft():
            yield "no legacy voicemail messages left"


def _of_accounts(event: object) -> Iterator[str]:
    match event:
        case AllBegun(accounts):
            yield f":: BEGINNING MIGRATING VOICEMAIL FOR {accounts} ACCOUNTS"
            yield f"started and linked to crawler at {pid()}"
        case RecentMoved():
            yield ":: all voicemails in retention duration are migrated, beginning a migrating older voicemails"
        case AccountMoved(account, None):
            yield f":: account {account} is migrated"
        case AccountMoved(account, error):
            yield terms.formatted(":: account ~s migration failed: ~p", account, error)
        case AllMoved():
            yield from _summary(event)
        case AccountBegun(account, None):
            yield f":: beginning migrating voicemails for account {account}"
        case AccountBegun(account, boxes):
            yield f":: beginning migrating voicemails for {boxes} mailbox(es) in account {account}"
        case AccountDone(account, processed, succeeded, not_moved, without_id):
            yield f":: voicemail migration process for account {account} has been finished"
            yield f"total_processed: {processed}"
            yield f"total_succeeded: {succeeded}"
            yield f"total_failed: {not_moved}"
            yield f"total_no_ids: {without_id}"


def _summary(event: AllMoved) -> Iterator[str]:
    yield ":: voicemail migration is finished"
    yield from ("", "", ":: VOICEMAIL MIGRATION SUMMARY :: ", "")
    yield f"Total Account processed: {event.accounts}"
    yield f"Total voicemail processed: {event.processed}"
    yield f"Total succeeded: {event.succeeded}"
    yield f"Total failed: {event.not_moved}"
    yield f"Total Account with failed migrated messages: {len(event.failed)}"
    yield from ("", "Accounts with failed migrated messages:", "")
    yield from (f" {account}: {reason}" for account, reason in event.failed.items())
    yield from ("", "migration finished")

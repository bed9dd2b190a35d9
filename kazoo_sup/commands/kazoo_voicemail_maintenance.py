"""Voicemail: messages of earlier versions, messages that have lost their metadata, notices.

A function over all accounts goes on where one fails, and ends partly done then (exit code 5).
"""

from __future__ import annotations

from kazoo_sup.arguments.accounts import AccountId, Start
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.voicemail import voicemail_maintenance
from kazoo_sup.kazoo.voicemail.voicemail_maintenance import months, read_month
from kazoo_sup.results import Live
from kazoo_sup.texts import voicemail
from kazoo_sup.zone import Zone


@command
def migrate(zone: Zone, account_id: str | None = None, box_id: str | None = None, *, from_: Start = None) -> Live:
    """Move messages that mailboxes hold in themselves to the databases of their months: of all accounts, or of one.

    ACCOUNT_ID is the account, BOX_ID one of its mailboxes; with it, messages that could not be moved before are tried
    again. Of all accounts, messages within retention come first, and --from ACCOUNT begins with that one.
    """
    if account_id is None:
        return Live(voicemail_maintenance.migrate_all(zone, from_), voicemail.lines)
    try:
        account = accounts.find(account_id, zone)
    except ValueError as error:
        raise BadArgument(parameter="ACCOUNT_ID", reason=str(error)) from None
    boxes = None if box_id is None else [box_id]
    return Live(voicemail_maintenance.migrate_account(zone, account, boxes), voicemail.lines)


@command
def recover_messages_all(zone: Zone) -> Live:
    """Give messages that have audio but no metadata others in their place, in every month of every account."""
    return Live(voicemail_maintenance.recover(zone, months(zone)), voicemail.lines)


@command
def recover_messages_month(zone: Zone, year: str, month: str) -> Live:
    """Do what recover_messages_all does in one month of every account: YEAR and MONTH, of two digits."""
    found = read_month(year, month)
    return Live(voicemail_maintenance.recover(zone, months(zone, month=found)), voicemail.lines)


@command
def recover_messages_account(zone: Zone, account: AccountId, year: str | None = None, month: str | None = None) -> Live:
    """Do what recover_messages_all does in ACCOUNT, in every month or in that of YEAR and MONTH, of two digits."""
    if year is not None and month is None:
        raise BadArgument(parameter="MONTH", reason="it goes with YEAR")
    found = None if year is None or month is None else read_month(year, month)
    return Live(voicemail_maintenance.recover(zone, months(zone, account, found)), voicemail.lines)


@command
def renotify(zone: Zone, account: AccountId, message_id: str) -> Live:
    """Send the notice of the new message MESSAGE_ID of ACCOUNT again, and show the answer to it."""
    sent = voicemail_maintenance.renotify(zone, account, message_id)
    return Live([sent] if sent else [], voicemail.lines)

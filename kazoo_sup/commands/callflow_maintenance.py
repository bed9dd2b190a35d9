"""Callflows: call restrictions, feature codes, authorisation contexts, and data of earlier versions.

ACCOUNT is an account's name, of which letters and digits count, or its id, its database or its realm. A function over
all accounts goes on where one fails, ends partly done then (exit code 5), and begins with --from ACCOUNT.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from kazoo_sup import changes, terms
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import every_account
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.callflows import authz_contexts, call_restrictions, endpoints, feature_codes
from kazoo_sup.kazoo.callflows.call_restrictions import DENY, INHERIT, Account
from kazoo_sup.kazoo.every_account import Start, Work
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.kazoo.media import menu_greetings, recorded_names
from kazoo_sup.names import account_database, account_id
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, text, value, worked
from kazoo_sup.zone import Zone

# -- call restrictions


@command
def account_set_classifier_deny(zone: Zone, classifier: str, account: Account) -> Outcome:
    """Deny calls to the numbers of CLASSIFIER to ACCOUNT."""
    return _account(zone, classifier, account, DENY)


@command
def account_set_classifier_inherit(zone: Zone, classifier: str, account: Account) -> Outcome:
    """Let ACCOUNT inherit whether it may call the numbers of CLASSIFIER."""
    return _account(zone, classifier, account, INHERIT)


@command
def all_accounts_set_classifier_deny(zone: Zone, classifier: str, *, from_: Start = None) -> Outcome:
    """Deny calls to the numbers of CLASSIFIER to every account."""
    return _all_accounts(zone, classifier, DENY, from_)


@command
def all_accounts_set_classifier_inherit(zone: Zone, classifier: str, *, from_: Start = None) -> Outcome:
    """Let every account inherit whether it may call the numbers of CLASSIFIER."""
    return _all_accounts(zone, classifier, INHERIT, from_)


@command
def device_classifier_deny(zone: Zone, classifier: str, uri: str) -> Outcome:
    """Deny calls to the numbers of CLASSIFIER to the device with the SIP username and realm of URI, user@realm."""
    return _device(zone, classifier, uri, DENY)


@command
def device_classifier_inherit(zone: Zone, classifier: str, uri: str) -> Outcome:
    """Let the device with the SIP username and realm of URI inherit whether it may call the numbers of CLASSIFIER."""
    return _device(zone, classifier, uri, INHERIT)


@command
def list_account_restrictions(zone: Zone, account: Account) -> Outcome:
    """Show the call restrictions of ACCOUNT, its users, devices and trunks."""
    return text(call_restrictions.listing(zone, account))


# -- endpoints and calls


@command
def lookup_endpoint(zone: Zone, uri: str, realm: str | None = None) -> Outcome:
    """Show the endpoint with the SIP username and realm of URI, user@realm, or with username URI and REALM.

    It is shown as a call sees it, merged with its owner and its account, without its password.
    """
    username = uri
    if realm is None:
        username, at, realm = uri.partition("@")
        if not at:
            raise BadArgument(parameter="URI", reason="invalid SIP URI")
    return text(endpoints.looked_up(zone, username, realm), NO_RETURN)


@command
def call_count() -> Outcome:
    """Refuse to count calls: each node counts its own; see `sup ecallmgr_maintenance channel_summary`."""
    raise refused("count the callflows it runs", "ecallmgr_maintenance channel_summary counts calls")


@command
def show_calls() -> Outcome:
    """Refuse to show calls: each node knows its own; see `sup ecallmgr_maintenance channel_details`."""
    raise refused("show the callflows it runs", "ecallmgr_maintenance show_calls shows calls")


# -- authorisation contexts


@command
def allow_authz_context(zone: Zone, app: str, default_context: str | None = None) -> Outcome:
    """Allow the authorisation context of APP, which becomes DEFAULT_CONTEXT or a random one where it has none."""
    default = secrets.token_hex(6) if default_context is None else default_context
    return worked(zone.run, authz_contexts.allow(zone, app, default))


@command
def deny_authz_context(zone: Zone, app: str) -> Outcome:
    """Take the authorisation context of APP off the allowed ones."""
    return worked(zone.run, [authz_contexts.deny(zone, app)])


@command
def enable_authz_contexts(zone: Zone) -> Outcome:
    """Let authorisation contexts that are allowed take the place of the caller's authorisation."""
    return worked(zone.run, [authz_contexts.switch(zone, True)])


@command
def disable_authz_contexts(zone: Zone) -> Outcome:
    """Let no authorisation context take the place of the caller's authorisation."""
    return worked(zone.run, [authz_contexts.switch(zone, False)])


# -- caches and views


@command
def flush(zone: Zone) -> Outcome:
    """Make every node forget what it has cached of all accounts; Kazoo's flushes callflow's cache on one node."""
    changes.forget(zone, *every_account.accounts(zone).names())
    return Outcome()


@command
def refresh(account: str | None = None) -> Outcome:
    """Print which function took this one's place."""
    argument = "" if account is None else terms.pretty(account)
    # Kazoo ends the sentence without a newline, so that the result follows on the same line.
    sentence = f"This function is deprecated please use kapps_maintenance:refresh({argument}) instead."
    return text(f"{sentence}{OK}", NO_RETURN)


@command
def blocking_refresh() -> Outcome:
    """Print which function took this one's place."""
    return refresh()


# -- data of earlier versions


@command
def update_feature_codes(zone: Zone, account: AccountId | None = None, *, from_: Start = None) -> Outcome:
    """Replace the old pattern of the parking feature code, in ACCOUNT or in every account."""
    if account is not None:
        return worked(zone.run, feature_codes.update(zone, account_database(account)))
    return worked(zone.run, _every(zone, lambda at, database: list(feature_codes.update(at, database)), from_))


@command
def migrate_menus(zone: Zone, account: AccountId | None = None, *, from_: Start = None) -> Outcome:
    """Move greetings that menus of old have attached to media documents, in ACCOUNT or in every account.

    Answers what Kazoo does (exit code 2): `done` for an account without menus, else a list with ok for each menu.
    """
    return _migrated(zone, menu_greetings.migrate, account, from_)


@command
def migrate_recorded_name(zone: Zone, db: AccountId) -> Outcome:
    """Move the recorded names of mailboxes to their owners, in one account, DB.

    Answers ok where there are no mailboxes, else a list (exit code 2): ok for a mailbox that is left alone, else its
    document. One without an owner keeps its recorded name.
    """
    return value(recorded_names.migrate(zone, account_database(db)))


@command
def migrate_recorded_names(zone: Zone, *, from_: Start = None) -> Outcome:
    """Move the recorded names of mailboxes to their owners, in every account."""
    _results(zone, recorded_names.migrate, from_)
    return value(NO_RETURN)


def _account(zone: Zone, classifier: str, account: str, action: str) -> Outcome:
    call_restrictions.check(zone, classifier)
    return worked(zone.run, call_restrictions.restrict_account(zone, account, classifier, action))


def _all_accounts(zone: Zone, classifier: str, action: str, start: str | None) -> Outcome:
    call_restrictions.check(zone, classifier)
    step = partial(_restricted, classifier, action)
    return worked(zone.run, _every(zone, step, start))


def _restricted(classifier: str, action: str, zone: Zone, database: str) -> list[str]:
    return call_restrictions.restrict_account(zone, account_id(database) or "", classifier, action)


def _device(zone: Zone, classifier: str, uri: str, action: str) -> Outcome:
    call_restrictions.check(zone, classifier)
    call_restrictions.restrict_device(zone, uri, classifier, action)
    return Outcome()


def _every(zone: Zone, step: Callable[[Zone, str], list[str]], start: str | None) -> Iterator[str]:
    """Yield the lines of STEP for every account. Raises PartlyDone at the end where some failed."""
    work = Work(zone, every_account.accounts(zone, start), step, label="accounts")
    for done in work:
        yield from done.found or ()
    work.end()


def _results(zone: Zone, step: Callable[[Zone, str], Any], start: str | None) -> list[Any]:
    """Return what STEP returns for every account. Raises PartlyDone where some failed."""
    work = Work(zone, every_account.accounts(zone, start), step, label="accounts")
    found = [done.found for done in work]
    work.end()
    return found


def _migrated(zone: Zone, step: Callable[[Zone, str], Any], account: str | None, start: str | None) -> Outcome:
    if account is not None:
        return value(step(zone, account_database(account)))
    return value(_results(zone, step, start))

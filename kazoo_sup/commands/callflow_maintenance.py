"""Callflows: call restrictions, feature codes, authorisation contexts, and data of earlier versions.

ACCOUNT is an account's name, of which letters and digits count, or its id, its database or its realm. A function over
all accounts goes on where one fails, ends partly done then (exit code 5), and begins with --from ACCOUNT.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from functools import partial

from kazoo_sup import changes, terms
from kazoo_sup.arguments.accounts import AccountByName as Account
from kazoo_sup.arguments.accounts import AccountId, Start
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.callflows import authz_contexts, call_restrictions, endpoints, feature_codes
from kazoo_sup.kazoo.callflows.call_restrictions import DENY, INHERIT
from kazoo_sup.kazoo.databases import every_account
from kazoo_sup.kazoo.databases.every_account import Work
from kazoo_sup.kazoo.live.refusals import only_there
from kazoo_sup.kazoo.media import menu_greetings, recorded_names
from kazoo_sup.messages.names import account_database, account_id
from kazoo_sup.results import NO_RETURN, OK, Answer, Done, Live, Result
from kazoo_sup.terms import Term
from kazoo_sup.texts import callflows
from kazoo_sup.zone import Zone

# -- call restrictions


@command
def account_set_classifier_deny(zone: Zone, classifier: str, account: Account) -> Result:
    """Deny calls to the numbers of CLASSIFIER to ACCOUNT."""
    return _account(zone, classifier, account, DENY)


@command
def account_set_classifier_inherit(zone: Zone, classifier: str, account: Account) -> Result:
    """Let ACCOUNT inherit whether it may call the numbers of CLASSIFIER."""
    return _account(zone, classifier, account, INHERIT)


@command
def all_accounts_set_classifier_deny(zone: Zone, classifier: str, *, from_: Start = None) -> Result:
    """Deny calls to the numbers of CLASSIFIER to every account."""
    return _all_accounts(zone, classifier, DENY, from_)


@command
def all_accounts_set_classifier_inherit(zone: Zone, classifier: str, *, from_: Start = None) -> Result:
    """Let every account inherit whether it may call the numbers of CLASSIFIER."""
    return _all_accounts(zone, classifier, INHERIT, from_)


@command
def device_classifier_deny(zone: Zone, classifier: str, uri: str) -> Result:
    """Deny calls to the numbers of CLASSIFIER to the device with the SIP username and realm of URI, user@realm."""
    return _device(zone, classifier, uri, DENY)


@command
def device_classifier_inherit(zone: Zone, classifier: str, uri: str) -> Result:
    """Let the device with the SIP username and realm of URI inherit whether it may call the numbers of CLASSIFIER."""
    return _device(zone, classifier, uri, INHERIT)


@command
def list_account_restrictions(zone: Zone, account: Account) -> Result:
    """Show the call restrictions of ACCOUNT, its users, devices and trunks."""
    found = list(call_restrictions.of_account(zone, account))
    return Answer(lines=callflows.restrictions(found), data=[each._asdict() for each in found])


# -- endpoints and calls


@command
def lookup_endpoint(zone: Zone, uri: str, realm: str | None = None) -> Result:
    """Show the endpoint with the SIP username and realm of URI, user@realm, or with username URI and REALM.

    It is shown as a call sees it, merged with its owner and its account, without its password.
    """
    username = uri
    if realm is None:
        username, at, realm = uri.partition("@")
        if not at:
            raise BadArgument(parameter="URI", reason="invalid SIP URI")
    return Answer(NO_RETURN, lines=[callflows.endpoint(endpoints.look_up(zone, username, realm))])


# -- authorisation contexts


@command
def allow_authz_context(zone: Zone, app: str, default_context: str | None = None) -> Live:
    """Allow the authorisation context of APP, which becomes DEFAULT_CONTEXT or a random one where it has none."""
    default = secrets.token_hex(6) if default_context is None else default_context
    return Live(authz_contexts.allow(zone, app, default), callflows.lines)


@command
def deny_authz_context(zone: Zone, app: str) -> Live:
    """Take the authorisation context of APP off the allowed ones."""
    return Live(authz_contexts.deny(zone, app), callflows.lines)


@command
def enable_authz_contexts(zone: Zone) -> Live:
    """Let authorisation contexts that are allowed take the place of the caller's authorisation."""
    return Live(authz_contexts.switch(zone, allowed=True), callflows.lines)


@command
def disable_authz_contexts(zone: Zone) -> Live:
    """Let no authorisation context take the place of the caller's authorisation."""
    return Live(authz_contexts.switch(zone, allowed=False), callflows.lines)


# -- caches and views


@command
def flush(zone: Zone) -> Done:
    """Make every node forget what it has cached of all accounts; Kazoo's flushes callflow's cache on one node."""
    changes.forget(zone, *every_account.accounts(zone).names())
    return Done()


@command
def refresh(account: str | None = None) -> Answer:
    """Print which function took this one's place."""
    named = [] if account is None else [account]
    # Kazoo ends the sentence without a newline, so that the result follows on the same line.
    sentence = terms.formatted(
        f"This function is deprecated please use kapps_maintenance:refresh({'~p' * len(named)}) instead.", *named
    )
    return Answer(NO_RETURN, lines=[f"{sentence}{OK}"])


@command
def blocking_refresh() -> Result:
    """Print which function took this one's place."""
    return refresh()


# -- data of earlier versions


@command
def update_feature_codes(zone: Zone, account: AccountId | None = None, *, from_: Start = None) -> Live:
    """Replace the old pattern of the parking feature code, in ACCOUNT or in every account."""
    if account is not None:
        return Live(feature_codes.update(zone, account_database(account)), callflows.lines)
    return Live(_every(zone, lambda at, database: list(feature_codes.update(at, database)), from_), callflows.lines)


@command
def migrate_menus(zone: Zone, account: AccountId | None = None, *, from_: Start = None) -> Result:
    """Move greetings that old menus have attached to media documents, in ACCOUNT or in every account.

    Answers what Kazoo does (exit code 2): `done` for an account without menus, else a list with ok for each menu.
    """
    return _migrated(zone, menu_greetings.migrate, account, from_)


@command
def migrate_recorded_name(zone: Zone, db: AccountId) -> Answer:
    """Move the recorded names of mailboxes to their owners, in one ACCOUNT.

    Answers ok where there are no mailboxes, else a list (exit code 2): ok for a mailbox that is left alone, else its
    document. One without an owner keeps its recorded name.
    """
    return Answer(recorded_names.migrate(zone, account_database(db)))


@command
def migrate_recorded_names(zone: Zone, *, from_: Start = None) -> Done:
    """Move the recorded names of mailboxes to their owners, in every account."""
    _results(zone, recorded_names.migrate, from_)
    return Done(NO_RETURN)


def _account(zone: Zone, classifier: str, account: str, action: str) -> Live:
    call_restrictions.check(zone, classifier)
    return Live(_restricted(classifier, action, zone, account_database(account)), callflows.lines)


def _all_accounts(zone: Zone, classifier: str, action: str, start: str | None) -> Live:
    call_restrictions.check(zone, classifier)
    step = partial(_restricted, classifier, action)
    return Live(_every(zone, step, start), callflows.lines)


def _restricted(classifier: str, action: str, zone: Zone, database: str) -> list[object]:
    return [call_restrictions.restrict_account(zone, account_id(database) or "", classifier, action)]


def _device(zone: Zone, classifier: str, uri: str, action: str) -> Done:
    call_restrictions.check(zone, classifier)
    call_restrictions.restrict_device(zone, uri, classifier, action)
    return Done()


def _every(zone: Zone, step: Callable[[Zone, str], list[object]], start: str | None) -> Iterator[object]:
    """Yield what STEP tells of every account, and at the end what became of the accounts."""
    work = Work(zone, every_account.accounts(zone, start), step, label="accounts")
    for done in work:
        yield from done.found or ()
    yield work.report


def _results(zone: Zone, step: Callable[[Zone, str], Term], start: str | None) -> list[Term]:
    """Return what STEP returns for every account. Raises PartlyDone where some failed."""
    work = Work(zone, every_account.accounts(zone, start), step, label="accounts")
    found = [done.found for done in work]
    work.end()
    return found


def _migrated(zone: Zone, step: Callable[[Zone, str], Term], account: str | None, start: str | None) -> Answer:
    if account is not None:
        return Answer(step(zone, account_database(account)))
    return Answer(_results(zone, step, start))


ON_NODE = (
    OnNode(
        "call_count",
        "",
        "Count the callflows that the node runs.",
        only_there("count the callflows it runs", "ecallmgr_maintenance channel_summary counts calls"),
    ),
    OnNode(
        "show_calls",
        "",
        "Show the callflows that the node runs.",
        only_there("show the callflows it runs", "ecallmgr_maintenance show_calls shows calls"),
    ),
)
"""What only a running node can do."""

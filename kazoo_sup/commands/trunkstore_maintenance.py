"""Trunkstore: call restrictions of trunks, and what its nodes keep in memory."""

from __future__ import annotations

from kazoo_sup import changes, terms
from kazoo_sup.command import command
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.callflows import call_restrictions
from kazoo_sup.kazoo.callflows.call_restrictions import DENY, INHERIT
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.kazoo.numbers.places import account_databases, number_databases
from kazoo_sup.names import account_database
from kazoo_sup.outcome import Outcome, worked
from kazoo_sup.zone import Zone


@command
def classifier_deny(zone: Zone, classifier: str, user_at_realm: str) -> Outcome:
    """Deny calls to the numbers of CLASSIFIER to the trunk of USER_AT_REALM, user@realm."""
    return _restricted(zone, classifier, user_at_realm, DENY)


@command
def classifier_inherit(zone: Zone, classifier: str, user_at_realm: str) -> Outcome:
    """Let the trunk of USER_AT_REALM inherit from its account whether it may call the numbers of CLASSIFIER."""
    return _restricted(zone, classifier, user_at_realm, INHERIT)


@command
def flush(zone: Zone, account: AccountId | None = None) -> Outcome:
    """Make every node forget what it has cached of ACCOUNT, or of all accounts and numbers.

    Kazoo flushes trunkstore's cache on one node.
    """
    if account is not None:
        changes.forget(zone, account_database(account))
        return Outcome()
    changes.forget(zone, *account_databases(zone).names(), *number_databases(zone).names())
    return Outcome()


@command
def clear_old_calls() -> Outcome:
    """Refuse to end calls that hang in trunkstore: only the node that runs them can."""
    raise refused("end the calls that hang in its trunkstore", "restarting its application does")


def _restricted(zone: Zone, classifier: str, uri: str, action: str) -> Outcome:
    call_restrictions.check(zone, classifier)
    call_restrictions.restrict_trunk(zone, uri, classifier, action)
    return worked(zone.run, [f"Classifier: {terms.pretty(classifier)}  ... found", "Success"])

"""Trunkstore: call restrictions of trunks, and what its nodes keep in memory."""

from __future__ import annotations

from kazoo_sup import changes, terms
from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.kazoo.callflows import call_restrictions
from kazoo_sup.kazoo.callflows.call_restrictions import DENY, INHERIT
from kazoo_sup.kazoo.databases.walk import account_databases
from kazoo_sup.kazoo.live.refusals import only_there
from kazoo_sup.kazoo.numbers import number_databases
from kazoo_sup.messages.names import account_database
from kazoo_sup.results import Done, Result
from kazoo_sup.zone import Zone


@command
def classifier_deny(zone: Zone, classifier: str, user_at_realm: str) -> Result:
    """Deny calls to the numbers of CLASSIFIER to the trunk of USER_AT_REALM, user@realm."""
    return _restricted(zone, classifier, user_at_realm, DENY)


@command
def classifier_inherit(zone: Zone, classifier: str, user_at_realm: str) -> Result:
    """Let the trunk of USER_AT_REALM inherit from its account whether it may call the numbers of CLASSIFIER."""
    return _restricted(zone, classifier, user_at_realm, INHERIT)


@command
def flush(zone: Zone, account: AccountId | None = None) -> Done:
    """Make every node forget what it has cached of ACCOUNT, or of all accounts and numbers.

    Kazoo flushes trunkstore's cache on one node.
    """
    if account is not None:
        changes.forget(zone, account_database(account))
        return Done()
    changes.forget(zone, *account_databases(zone).names(), *number_databases.every(zone).names())
    return Done()


def _restricted(zone: Zone, classifier: str, uri: str, action: str) -> Done:
    call_restrictions.check(zone, classifier)
    call_restrictions.restrict_trunk(zone, uri, classifier, action)
    return Done(lines=[terms.formatted("Classifier: ~p  ... found", classifier), "Success"])


ON_NODE = (
    OnNode(
        "clear_old_calls",
        "",
        "End the calls that hang in the node's trunkstore.",
        only_there("end the calls that hang in its trunkstore", "restarting its application does"),
        "disrupts",
    ),
)
"""What only a running node can do."""

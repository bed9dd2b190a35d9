"""Webhooks: which are configured, when a node switches one off, and switching those on again."""

from __future__ import annotations

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import accounts, webhooks
from kazoo_sup.kazoo.config import account_config, system_config
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.kazoo.documents import values
from kazoo_sup.kazoo.live.refusals import only_there
from kazoo_sup.results import BulkReport, Done, Live
from kazoo_sup.texts import webhooks as texts
from kazoo_sup.zone import Zone


@command
def hooks_configured(zone: Zone, account: AccountId | None = None) -> Live:
    """List the enabled webhooks, of all accounts or of ACCOUNT; every node loads these."""
    return Live(webhooks.configured(zone, account), texts.configured)


@command
def set_failure_expiry(zone: Zone, account_or_expires: str, expires: str | None = None) -> Done:
    """Set for how many milliseconds a failed attempt of a webhook counts: EXPIRES, of an account or of the cluster.

    ACCOUNT_OR_EXPIRES is the milliseconds alone, or the account before them.
    """
    what = "error in expiry time, must be an integer (milliseconds)"
    if expires is None:
        number = _set(zone, None, webhooks.EXPIRY, account_or_expires, what)
        return Done(lines=[f"set default expiry for failure attempts to {number}ms"])
    account = _account(zone, account_or_expires)
    number = _set(zone, account, webhooks.EXPIRY, expires, what)
    return Done(lines=[f"set default expiry for failure attempts to {number}ms on account {account}"])


@command
def set_disable_threshold(zone: Zone, account_or_count: str, count: str | None = None) -> Done:
    """Set after how many failed attempts a node switches a webhook off: COUNT, of an account or of the cluster.

    ACCOUNT_OR_COUNT is the number alone, or the account before it.
    """
    account = None if count is None else _account(zone, account_or_count)
    number = _set(
        zone,
        account,
        webhooks.FAILURES,
        account_or_count if count is None else count,
        "error in count, must be an integer",
    )
    return Done(lines=[f"set default count of failed attempts to disable hook to {number}"])


@command
def enable_account_hooks(zone: Zone, account: AccountId) -> Live:
    """Switch those webhooks of ACCOUNT on again that a node has switched off.

    Their failures are counted by each node, and forgotten there when they expire; Kazoo forgets those of one node.
    """
    return Live(webhooks.enable_of_account(zone, account), texts.lines)


@command
def enable_descendant_hooks(zone: Zone, account: AccountId) -> Live:
    """Do what enable_account_hooks does, for ACCOUNT and all accounts below it."""
    return Live(webhooks.enable_of_descendants(zone, account), texts.lines)


@command
def register_views(zone: Zone) -> Done:
    """Register the views of webhooks from an installed Kazoo; without one there is nothing to be done."""
    return Done(report=BulkReport(view_registrations.register(zone, "webhooks")))


_INSTEAD = "they expire, see set_failure_expiry, and enable_account_hooks switches webhooks on again"


def _account(zone: Zone, text: str) -> str:
    try:
        return accounts.find(text, zone)
    except ValueError as error:
        raise BadArgument(parameter="ACCOUNT", reason=str(error)) from None


def _set(zone: Zone, account: str | None, key: str, text: str, what: str) -> int:
    """Store a number, which is 1 at least, and return it."""
    try:
        number = values.to_integer(text)
    except ValueError:
        raise BadArgument(parameter="NUMBER", reason=what) from None
    if number < 1:
        raise BadArgument(parameter="NUMBER", reason=f"{number} is below 1")
    if account is None:
        section = system_config.DEFAULT
        system_config.set_values(zone, webhooks.CATEGORY, {key: number}, section=section, always=True)
    else:
        account_config.set_value(zone, account, webhooks.CATEGORY, key, number)
    return number


ON_NODE = (
    OnNode(
        "failure_status",
        "[ACCOUNT]",
        "Show the failures of webhooks that the node has counted, of ACCOUNT or of all.",
        only_there("show the failures it has counted", "the attempts are in the accounts' months"),
    ),
    OnNode(
        "flush_account_failures",
        "ACCOUNT",
        "Forget the failures of ACCOUNT's webhooks.",
        only_there("forget the failures it has counted", _INSTEAD),
        "changes",
    ),
    OnNode(
        "flush_hook_failures",
        "ACCOUNT HOOK_ID",
        "Forget the failures of HOOK_ID, a webhook of ACCOUNT.",
        only_there("forget the failures it has counted", _INSTEAD),
        "changes",
    ),
)
"""What only a running node can do."""

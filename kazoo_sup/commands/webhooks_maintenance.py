"""Webhooks: which are configured, when a node switches one off, and switching those on again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import account_config, accounts, system_config, values, view_registrations, webhooks
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.failures import Failures
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.outcome import Outcome, text, worked
from kazoo_sup.zone import Zone


@command
def hooks_configured(zone: Zone, account: AccountId | None = None) -> Outcome:
    """List the enabled webhooks, of all accounts or of ACCOUNT; every node loads these."""
    return text(webhooks.configured(zone, account))


@command
def set_failure_expiry(zone: Zone, account_or_expires: str, expires: str | None = None) -> Outcome:
    """Set for how many milliseconds a failed attempt of a webhook counts: EXPIRES, of an account or of the cluster.

    ACCOUNT_OR_EXPIRES is the milliseconds alone, or the account before them.
    """
    what = "error in expiry time, must be an integer (milliseconds)"
    if expires is None:
        number = _set(zone, None, webhooks.EXPIRY, account_or_expires, what)
        return worked(zone.run, [f"set default expiry for failure attempts to {number}ms"])
    account = _account(zone, account_or_expires)
    number = _set(zone, account, webhooks.EXPIRY, expires, what)
    return worked(zone.run, [f"set default expiry for failure attempts to {number}ms on account {account}"])


@command
def set_disable_threshold(zone: Zone, account_or_count: str, count: str | None = None) -> Outcome:
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
    return worked(zone.run, [f"set default count of failed attempts to disable hook to {number}"])


@command
def enable_account_hooks(zone: Zone, account: AccountId) -> Outcome:
    """Switch those webhooks of ACCOUNT on again that a node has switched off.

    Their failures are counted by each node, and forgotten there when they expire; Kazoo forgets those of one node.
    """
    return worked(zone.run, _enabled(zone, account, webhooks.enable_of_account))


@command
def enable_descendant_hooks(zone: Zone, account: AccountId) -> Outcome:
    """Do what enable_account_hooks does, for ACCOUNT and all accounts below it."""
    return worked(zone.run, _enabled(zone, account, webhooks.enable_of_descendants))


@command
def failure_status(account: str | None = None) -> Outcome:
    """Refuse to show the failures of webhooks, of ACCOUNT or of all: each node counts those of its own attempts."""
    raise refused("show the failures it has counted", "the attempts are in the accounts' months")


@command
def flush_account_failures(account: str) -> Outcome:
    """Refuse to forget the failures of ACCOUNT's webhooks: each node counts its own, until they expire."""
    raise refused("forget the failures it has counted", _INSTEAD)


@command
def flush_hook_failures(account: str, hook_id: str) -> Outcome:
    """Refuse to forget the failures of HOOK_ID, a webhook of ACCOUNT: each node counts its own, until they expire."""
    raise refused("forget the failures it has counted", _INSTEAD)


@command
def register_views(zone: Zone) -> Outcome:
    """Register the views of webhooks from an installed Kazoo; without one there is nothing to be done."""
    return Outcome(counts=view_registrations.register(zone, "webhooks"))


_INSTEAD = "they expire, see set_failure_expiry, and enable_account_hooks switches webhooks on again"


def _enabled(zone: Zone, account: str, enable: Callable[[Zone, str, Failures], Iterator[str]]) -> Iterator[str]:
    failures = Failures("webhooks")
    yield from enable(zone, account, failures)
    failures.end()


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

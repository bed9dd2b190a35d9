"""Konami: what happens when digits are pressed during a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kazoo_sup.command import command
from kazoo_sup.errors import Declined, UsageError
from kazoo_sup.kazoo import account_config, system_config
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.callflows import metaflows
from kazoo_sup.kazoo.values import to_integer
from kazoo_sup.outcome import Outcome, text
from kazoo_sup.zone import Zone


class NobodyAnswers(UsageError):
    """the menu needs answers, and there are no more; `sup {instead}` sets the metaflow without it"""


@command
def is_running() -> Outcome:
    """Refused: whether konami runs on a node is shown by `sup kz_nodes status`."""
    raise Declined(reason="`sup kz_nodes status` shows on which nodes konami runs, and since when")


@command
def add_default_metaflow(zone: Zone) -> Outcome:
    """Put together the metaflow of all accounts that have none of their own, in a menu."""
    found = system_config.get(zone, metaflows.CATEGORY, metaflows.KEY, {})

    def save(metaflow: dict[str, Any]) -> None:
        section = system_config.DEFAULT
        system_config.set_value(zone, metaflows.CATEGORY, metaflows.KEY, metaflow, section=section, always=True)

    instead = "kapps_config set_json metaflows default_metaflow JSON"
    return _menu(zone, "Welcome to the Default System Metaflow builder", found, save, instead)


@command
def add_default_account_metaflow(zone: Zone, account: AccountId) -> Outcome:
    """Put together the metaflow of ACCOUNT, in a menu."""
    found = account_config.get(zone, account, metaflows.CATEGORY, metaflows.KEY, {})

    def save(metaflow: dict[str, Any]) -> None:
        account_config.set_value(zone, account, metaflows.CATEGORY, metaflows.KEY, metaflow)

    instead = f"kapps_account_config set {account} metaflows default_metaflow JSON"
    return _menu(zone, f"Welcome to the Default Account Metaflow builder for {account}", found, save, instead)


def _menu(zone: Zone, welcome: str, found: Any, save: Callable[[dict[str, Any]], None], instead: str) -> Outcome:
    def ask(question: str) -> str:
        try:
            return zone.run.ask(question, False)
        except Declined:
            raise NobodyAnswers(instead=instead) from None

    metaflow = found if isinstance(found, dict) else {}
    digit = system_config.get(zone, metaflows.CATEGORY, "binding_digit", metaflows.BINDING_DIGIT)
    timeout = to_integer(system_config.get(zone, metaflows.CATEGORY, "digit_timeout_ms", metaflows.DIGIT_TIMEOUT))
    builder = metaflows.Builder(metaflow, ask, save, digit=digit, timeout=timeout)

    def lines() -> Iterator[str]:
        yield welcome
        yield from builder.run()

    return text(lines(), live=True)

"""Konami: what happens when digits are pressed during a call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.errors import Declined, UsageError
from kazoo_sup.kazoo.callflows import metaflows
from kazoo_sup.kazoo.config import account_config, system_config
from kazoo_sup.kazoo.documents import as_object
from kazoo_sup.kazoo.documents.shapes import INTEGER, OBJECT, TEXT
from kazoo_sup.results import Live
from kazoo_sup.texts import konami as texts
from kazoo_sup.types import Document
from kazoo_sup.zone import Zone


class NobodyAnswers(UsageError):
    """the menu needs answers, and there are no more; `sup {instead}` sets the metaflow without it"""

    remedy = "sup {instead} sets the metaflow without the menu"

    instead: str


@command
def add_default_metaflow(zone: Zone) -> Live:
    """Put together the metaflow of all accounts that have none of their own, in a menu."""
    found = system_config.read(zone, metaflows.CATEGORY, metaflows.KEY, {}, OBJECT)

    def save(metaflow: Document) -> None:
        section = system_config.DEFAULT
        system_config.set_value(zone, metaflows.CATEGORY, metaflows.KEY, metaflow, section=section, always=True)

    instead = "kapps_config set_json metaflows default_metaflow JSON"
    return _menu(zone, "Welcome to the Default System Metaflow builder", found, save, instead)


@command
def add_default_account_metaflow(zone: Zone, account: AccountId) -> Live:
    """Put together the metaflow of ACCOUNT, in a menu."""
    found = account_config.get(zone, account, metaflows.CATEGORY, metaflows.KEY, {})

    def save(metaflow: Document) -> None:
        account_config.set_value(zone, account, metaflows.CATEGORY, metaflows.KEY, metaflow)

    instead = f"kapps_account_config set {account} metaflows default_metaflow JSON"
    return _menu(zone, f"Welcome to the Default Account Metaflow builder for {account}", found, save, instead)


def _menu(zone: Zone, welcome: str, found: object, save: Callable[[Document], None], instead: str) -> Live:
    def ask(question: metaflows.Question, module: str) -> str:
        try:
            return zone.run.ask(texts.question(question, module), False)
        except Declined:
            raise NobodyAnswers(instead=instead) from None

    metaflow = as_object(found)
    digit = system_config.read(zone, metaflows.CATEGORY, "binding_digit", metaflows.BINDING_DIGIT, TEXT)
    timeout = system_config.read(zone, metaflows.CATEGORY, "digit_timeout_ms", metaflows.DIGIT_TIMEOUT, INTEGER)
    builder = metaflows.Builder(metaflow, ask, save, digit=digit, timeout=timeout)
    return Live(builder.run(), partial(texts.of_menu, welcome=welcome), watched=True)


ON_NODE = (
    OnNode(
        "is_running",
        "",
        "Show whether konami runs on the node.",
        "`sup kz_nodes status` shows on which nodes konami runs, and since when",
    ),
)
"""What only a running node can do."""

"""Settings of the mail server and what accounts were notified of first."""

from __future__ import annotations

from collections import Counter

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts, system_config
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.mails import notify_templates
from kazoo_sup.outcome import Outcome, text, worked
from kazoo_sup.secret_input import ELSEWHERE, Secret, password
from kazoo_sup.zone import Zone

SMTP = "smtp_client"


@command
def check_initial_call(zone: Zone, account: AccountId) -> Outcome:
    """Tell whether ACCOUNT has made its first call."""
    if _first_occurrence(zone, account, "sent_initial_call"):
        return text(f"account {account} has made their first call!")
    return text(f"account {account} has yet to make their first call")


@command
def check_initial_registration(zone: Zone, account: AccountId) -> Outcome:
    """Tell whether a device of ACCOUNT has registered."""
    if _first_occurrence(zone, account, "sent_initial_registration"):
        return text(f"account {account} has registered successfully")
    return text(f"account {account} has yet to register successfully")


@command
def configure_smtp_relay(zone: Zone, value: str) -> Outcome:
    """Set the host of the mail server to VALUE."""
    return _configure(zone, "relay", value)


@command
def configure_smtp_username(zone: Zone, value: str) -> Outcome:
    """Set the user of the mail server to VALUE."""
    return _configure(zone, "username", value)


@command
def configure_smtp_password(zone: Zone, value: Secret = ELSEWHERE) -> Outcome:
    """Set the password of the mail server to VALUE; without VALUE it is taken from SUP_PASSWORD, or asked for."""
    return _configure(zone, "password", password(zone.run, value))


@command
def configure_smtp_auth(zone: Zone, value: str) -> Outcome:
    """Set whether to log in to the mail server to VALUE: always, never or if_available."""
    return _configure(zone, "auth", value)


@command
def configure_smtp_port(zone: Zone, value: str) -> Outcome:
    """Set the port of the mail server to VALUE, which is stored as text."""
    return _configure(zone, "port", value)


@command
def reload_smtp_configs(zone: Zone) -> Outcome:
    """Make every node read the settings anew, those of the mail server among them."""
    changes.forget(zone, system_config.DATABASE)
    return Outcome()


@command
def refresh() -> Outcome:
    """Say that this function is deprecated, as Kazoo's does."""
    return text("This function and 'accounts' database notify view are deprecated.")


@command
def refresh_template(zone: Zone) -> Outcome:
    """Add to system_config/notify.* what it lacks of the templates in the files of an installed notify.

    A text that differs from its file's stays, also where it is that of a former version, which Kazoo updates.
    """
    counts: Counter[str] = Counter()
    return worked(zone.run, notify_templates.refresh(zone, counts), counts=counts)


def _first_occurrence(zone: Zone, account: str, key: str) -> bool:
    found = value_at(accounts.definition(zone, account) or {}, ["notifications", "first_occurrence", key])
    return found is True or found == "true"


def _configure(zone: Zone, key: str, value: str) -> Outcome:
    system_config.set_value(zone, SMTP, key, value, section=zone.node)
    return Outcome()

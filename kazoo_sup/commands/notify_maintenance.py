"""Settings of the mail server and what accounts were notified of first."""

from __future__ import annotations

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.reads import Text
from kazoo_sup.arguments.secrets import ELSEWHERE, Secret, password
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.config import setting_checks, system_config
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.notifications import notify_templates
from kazoo_sup.results import NO_RETURN, Answer, Done, Live
from kazoo_sup.terms import OK
from kazoo_sup.texts import notify
from kazoo_sup.zone import Zone

SMTP = "smtp_client"


@command
def check_initial_call(zone: Zone, account: AccountId) -> Answer:
    """Show whether ACCOUNT has made its first call."""
    if _first_occurrence(zone, account, "sent_initial_call"):
        return Answer(lines=[f"account {account} has made their first call!"])
    return Answer(lines=[f"account {account} has yet to make their first call"])


@command
def check_initial_registration(zone: Zone, account: AccountId) -> Answer:
    """Show whether a device of ACCOUNT has registered."""
    if _first_occurrence(zone, account, "sent_initial_registration"):
        return Answer(lines=[f"account {account} has registered successfully"])
    return Answer(lines=[f"account {account} has yet to register successfully"])


@command
def configure_smtp_relay(zone: Zone, value: Text) -> Done:
    """Set the host of the mail server to VALUE."""
    return _configure(zone, "relay", value)


@command
def configure_smtp_username(zone: Zone, value: Text) -> Done:
    """Set the user of the mail server to VALUE."""
    return _configure(zone, "username", value)


@command
def configure_smtp_password(zone: Zone, value: Secret = ELSEWHERE) -> Done:
    """Set the password of the mail server to VALUE; without VALUE it is taken from SUP_PASSWORD, or asked for."""
    return _configure(zone, "password", password(zone.run, value))


@command
def configure_smtp_auth(zone: Zone, value: Text) -> Done:
    """Set whether to log in to the mail server to VALUE: always, never or if_available."""
    return _configure(zone, "auth", value)


@command
def configure_smtp_port(zone: Zone, value: Text) -> Done:
    """Set the port of the mail server to VALUE, which is stored as text."""
    return _configure(zone, "port", value)


@command
def reload_smtp_configs(zone: Zone) -> Done:
    """Make every node read the settings again, those of the mail server among them."""
    changes.forget(zone, system_config.DATABASE)
    return Done()


@command
def refresh() -> Answer:
    """Say that this function is deprecated, as Kazoo's does."""
    # Kazoo ends the sentence without a newline, so that the result follows on the same line.
    return Answer(NO_RETURN, lines=[f"This function and 'accounts' database notify view are deprecated.{OK}"])


@command
def refresh_template(zone: Zone) -> Live:
    """Add to system_config/notify.* what it lacks of the templates in the files of an installed notify.

    A text that differs from its file's stays, also where it is that of a former version, which Kazoo updates.
    """
    return Live(notify_templates.refresh(zone), notify.lines)


def _first_occurrence(zone: Zone, account: str, key: str) -> bool:
    found = value_at(accounts.definition(zone, account) or {}, ["notifications", "first_occurrence", key])
    return found is True or found == "true"


def _configure(zone: Zone, key: str, value: Text) -> Done:
    setting_checks.check(zone, SMTP, key, value)
    system_config.set_value(zone, SMTP, key, value, section=zone.node)
    return Done()

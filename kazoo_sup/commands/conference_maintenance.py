"""Conferences: what the conference application keeps in its cache."""

from __future__ import annotations

from kazoo_sup import changes, terms
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts, system_config
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, text, value
from kazoo_sup.zone import Zone


@command
def flush(zone: Zone) -> Outcome:
    """Make every node forget the conferences of all accounts and their profiles."""
    changes.forget(zone, system_config.DATABASE, *accounts.databases(zone))
    return value(OK)


@command
def refresh(account: str | None = None) -> Outcome:
    """Print which function took this one's place, for ACCOUNT or for all."""
    argument = "" if account is None else terms.pretty(account)
    # Kazoo ends the sentence without a newline, so that the result follows on the same line.
    sentence = f"This function is deprecated, please use kapps_maintenance:refresh({argument}) instead."
    return text(f"{sentence}{OK}", result=NO_RETURN)


@command
def blocking_refresh() -> Outcome:
    """Print which function took this one's place."""
    return refresh()

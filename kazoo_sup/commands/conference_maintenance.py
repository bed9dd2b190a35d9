"""Conferences: what the conference application keeps in its cache."""

from __future__ import annotations

from kazoo_sup import changes, terms
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.results import NO_RETURN, OK, Answer, Done, Result
from kazoo_sup.zone import Zone


@command
def flush(zone: Zone) -> Done:
    """Make every node forget the conferences of all accounts and their profiles."""
    changes.forget(zone, system_config.DATABASE, *accounts.databases(zone))
    return Done()


@command
def refresh(account: str | None = None) -> Answer:
    """Print which function took this one's place, for ACCOUNT or for all."""
    named = [] if account is None else [account]
    # Kazoo ends the sentence without a newline, so that the result follows on the same line.
    sentence = terms.formatted(
        f"This function is deprecated, please use kapps_maintenance:refresh({'~p' * len(named)}) instead.", *named
    )
    return Answer(NO_RETURN, lines=[f"{sentence}{OK}"])


@command
def blocking_refresh() -> Result:
    """Print which function took this one's place."""
    return refresh()

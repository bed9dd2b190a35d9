"""In which language prompts are played."""

from __future__ import annotations

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.command import command
from kazoo_sup.kazoo.media import prompt_languages
from kazoo_sup.results import Answer
from kazoo_sup.zone import Zone


@command
def prompt_language(zone: Zone, account: AccountId) -> Answer:
    """Show the language in which ACCOUNT hears prompts."""
    return Answer(prompt_languages.of(zone, account))


@command
def default_prompt_language(zone: Zone) -> Answer:
    """Show the language of prompts for accounts that have chosen none."""
    return Answer(prompt_languages.default_language(zone))

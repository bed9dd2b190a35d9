"""Prompts as FreeSWITCH plays them."""

from __future__ import annotations

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.command import command
from kazoo_sup.kazoo.media import prompt_languages, prompt_urls
from kazoo_sup.results import Answer
from kazoo_sup.zone import Zone


@command
def prompt_url(zone: Zone, prompt_id: str, account: AccountId | None = None, language: str | None = None) -> Answer:
    """Print the URL of the prompt PROMPT_ID for ACCOUNT, else for everybody, in LANGUAGE or the account's."""
    language = language or prompt_languages.of(zone, account)
    what = f"{account or prompt_urls.SYSTEM}/{prompt_id}/{language}"
    try:
        url = prompt_urls.url(zone, prompt_id, account, language)
    except prompt_urls.NoUrl as missing:
        return Answer(lines=[f"failed to find URL for {what}: {missing}"])
    return Answer(lines=[f" URL for {what}: {url}"], data=url)

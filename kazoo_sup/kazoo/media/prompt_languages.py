"""In which language prompts are played: the account's, else the system's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.config import account_config, system_config
from kazoo_sup.kazoo.documents.shapes import TEXT
from kazoo_sup.kazoo.documents.values import is_empty, is_false

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CATEGORY = "media"
KEY = "default_language"
LANGUAGE = "en-us"


def default_language(zone: Zone) -> str:
    """Return the language of prompts for which none is named (Kazoo kz_media_util:default_prompt_language/0)."""
    found = system_config.read(zone, CATEGORY, KEY, LANGUAGE, TEXT)
    return LANGUAGE if is_empty(found) else found.lower()


def of(zone: Zone, account: str | None) -> str:
    """Return the language of an account's prompts, None for everybody's (Kazoo kz_media_util:prompt_language/1)."""
    if account is None or is_false(system_config.get(zone, CATEGORY, "support_account_overrides", True)):
        return default_language(zone)
    own = account_config.get(zone, account, CATEGORY, KEY, None)
    for found in (own, (definition(zone, account) or {}).get("language")):
        if isinstance(found, str) and not is_empty(found):
            return found.lower()
    return default_language(zone)

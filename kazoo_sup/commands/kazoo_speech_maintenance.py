"""Speech: the service that turns text into speech, and its language."""

from __future__ import annotations

from typing import Literal

from kazoo_sup.arguments.secrets import ELSEWHERE, Secret
from kazoo_sup.command import command
from kazoo_sup.kazoo.config import known_names, system_config
from kazoo_sup.results import Done
from kazoo_sup.zone import Zone

CATEGORY = "speech"


@command
def set_tts_api_key(
    zone: Zone, provider: Literal["google", "ispeech", "voicefabric"], api_key: Secret = ELSEWHERE
) -> Done:
    """Store the API_KEY of PROVIDER, for all of which it is one and the same key; asked for where it is not given."""
    key = zone.run.ask(f"API key of {provider}", True) if api_key == ELSEWHERE else api_key
    _set(zone, "tts_api_key", key)
    return Done()


@command
def set_tts_provider(zone: Zone, provider: str) -> Done:
    """Make PROVIDER the service for calls that name none: flite, google, ispeech or voicefabric.

    flite is what holds while nothing is set; Kazoo's function has no module for it and so cannot set it again.
    """
    if provider not in known_names.SPEECH:
        return Done(lines=[f"No provider module for {provider}"])
    _set(zone, "tts_provider", provider)
    return Done(lines=[f"Updated TTS provider to {provider}"])


@command
def set_tts_language(zone: Zone, language: str) -> Done:
    """Make LANGUAGE, as en-us, that of speech for calls that name none."""
    _set(zone, "tts_language", language)
    return Done(lines=[f"updated default language to {language}"])


def _set(zone: Zone, key: str, setting: str) -> None:
    system_config.set_value(zone, CATEGORY, key, setting, section=system_config.DEFAULT, always=True)

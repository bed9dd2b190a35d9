"""Configuring a carrier: its documented keys, read from KEY=VALUE words or asked for, checked, verified and stored."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup import terms
from kazoo_sup.changes.masking import without_credentials
from kazoo_sup.errors import BadArgument, Declined
from kazoo_sup.kazoo.carriers import of
from kazoo_sup.kazoo.carriers.base import CarrierLacks
from kazoo_sup.kazoo.carriers.http_carrier import HttpCarrier
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents import text_files
from kazoo_sup.kazoo.documents.values import to_float, to_integer
from kazoo_sup.transports.server import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kazoo_sup.kazoo.carriers.base import Carrier, Key
    from kazoo_sup.types import Document, Fields, Json, Row
    from kazoo_sup.zone import Zone

COLUMNS = ("key", "value", "help")


def configure(zone: Zone, module_name: str, words: Sequence[str], *, verify: bool) -> list[Row]:
    """Set keys of a carrier's configuration, see `configure_by`."""
    return configure_by(zone, lambda settings: of(zone, module_name, settings), words, verify=verify)


def configure_by(
    zone: Zone, make: Callable[[Fields | None], Carrier], words: Sequence[str], *, verify: bool
) -> list[Row]:
    """Set keys of what MAKE returns, given settings to lay over the stored ones; return all keys as they are then.

    Secrets are masked in what is returned.

    words: KEY=VALUE; KEY= removes a key. A secret's value is `-`, to be asked for or read from standard input, or
        @FILE; never the secret itself, which every user of the machine could see
    verify: ask the carrier whether it accepts the configuration, before anything is stored

    Without words, and unless only to verify, every key is asked for. Raises BadArgument for an unknown key or a
    value that does not fit, Declined when there is nobody to ask, and what `verify` of the carrier does.
    """
    carrier = make(None)
    if not carrier.keys:
        raise CarrierLacks(carrier=carrier.name, reason="it has nothing to configure")
    given = _read(zone, carrier, words) if words else {} if verify else _asked(zone, carrier)
    wanted = make({name: _or_default(carrier, name, value) for name, value in given.items()})
    if verify and isinstance(wanted, HttpCarrier):
        wanted.require()
        wanted.verify()
    if given:
        system_config.set_values(zone, carrier.category, given, section=zone.node)
    _warn_of_missing(zone, wanted)
    return list(rows(wanted))


def rows(carrier: Carrier) -> Iterator[Row]:
    """Yield every key of a carrier with its value and help."""
    for key in carrier.keys:
        yield {"key": key.name, "value": _shown(key, carrier.setting(key.name)), "help": key.help}


def _read(zone: Zone, carrier: Carrier, words: Sequence[str]) -> Document:
    given = {}
    texts: dict[str, str] = {}
    for word in words:
        name, separator, said = word.partition("=")
        key = next((each for each in carrier.keys if each.name == name), None)
        if key is None or not separator:
            known = ", ".join(each.name for each in carrier.keys)
            raise BadArgument(parameter="SETTINGS", reason=f"{name!r} is not a KEY=VALUE of {carrier.name}: {known}")
        if texts.setdefault(name, said) != said:
            raise BadArgument(parameter="SETTINGS", reason=f"{name} is there twice, with two values")
        given[name] = _value(zone, key, said)
    return given


def _value(zone: Zone, key: Key, said: str) -> Json:
    if not said:
        return None
    if key.secret:
        said = _secret(zone, key, said)
        if not said:
            raise BadArgument(parameter=key.name, reason=f"it is empty; {key.name}= without a value removes it")
    try:
        return checked(key, said)
    except ValueError as error:
        raise BadArgument(parameter=key.name, reason=str(error)) from None


def _secret(zone: Zone, key: Key, said: str) -> str:
    if said == "-":
        return zone.run.ask(f"{key.name} ({key.help})", True)
    if not said.startswith("@"):
        reason = f"a secret is not written on the command line, where others see it; {key.name}=- asks for it, "
        raise BadArgument(parameter=key.name, reason=f"{reason}{key.name}=@FILE reads it")
    return text_files.secret(Path(said[1:]).expanduser(), key.name).strip()


def _asked(zone: Zone, carrier: Carrier) -> Document:
    """Ask for every key; what is left empty stays as it is."""
    given = {}
    for key in carrier.keys:
        shown = _shown(key, carrier.setting(key.name))
        said = zone.run.ask(f"{key.name} ({key.help}){f' [{shown}]' if shown != '' else ''}", key.secret)
        if said:
            try:
                given[key.name] = checked(key, said)
            except ValueError as error:
                raise BadArgument(parameter=key.name, reason=str(error)) from None
    if not given:
        raise Declined(reason="nothing was entered, nothing is changed")
    return given


def checked(key: Key, said: str) -> Json:
    """Return what a key's text says.

    Raises ValueError when it does not fit.
    """
    if key.choices and said not in key.choices:
        raise ValueError(f"{said!r} is none of {', '.join(key.choices)}")
    if key.type == "flag":
        if said not in ("true", "false"):
            raise ValueError(f"{said!r} is neither true nor false")
        return said == "true"
    if key.type == "number":
        return to_float(said)
    if key.type == "whole":
        number = to_integer(said)
        if number < 1:
            raise ValueError(f"{said} is below 1")
        return number
    if key.type == "url":
        parts = urlsplit(said)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ValueError("it must read http://host/path or https://host/path, without user and password")
        return said
    if key.type == "texts" and said.startswith("["):
        return _texts(said)
    if re.search(r"[\x00-\x1f\x7f]", said):
        raise ValueError("it holds control characters")
    return said


def _texts(said: str) -> list[str]:
    found = terms.read_json(said)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"{said!r} is not a JSON list of texts")
    return found


def _or_default(carrier: Carrier, name: str, value: object) -> Json:
    return next(key.default for key in carrier.keys if key.name == name) if value is None else value


def _shown(key: Key, value: object) -> Json:
    if key.type == "url" and isinstance(value, str):
        return without_credentials(value)  # Kazoo's own interface stores it with them
    return MASK if key.secret and value else value


def _warn_of_missing(zone: Zone, carrier: Carrier) -> None:
    if carrier.missing:
        zone.run.warn(f"{carrier.name} cannot be used yet, it lacks {', '.join(carrier.missing)}")

"""What an operator names in Kamailio: addresses, destinations and sets of the dispatcher, variables, values."""

from __future__ import annotations

from typing import Annotated

from kazoo_sup.arguments.reads import Reads
from kazoo_sup.kazoo.kamailio.arguments import fitting, stored, typed
from kazoo_sup.kazoo.kamailio.bans import Source, as_ip
from kazoo_sup.kazoo.kamailio.configuration import Name
from kazoo_sup.types import Json


def _read_source(text: str, _zone: object) -> Source:
    host, colon, port = text.rpartition(":")
    if (text.startswith("[") and text.endswith("]")) or not colon or (":" in host and not host.startswith("[")):
        host, colon = text, ""
    address = as_ip(host[1:-1] if host.startswith("[") and host.endswith("]") else host)
    if address is None:
        raise ValueError(f"{text!r} is neither an IP address nor an IP address and port like 192.0.2.1:5060")
    if not colon:
        return Source(str(address))
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        raise ValueError(f"{port!r} is not a port from 1 to 65535")
    return Source(str(address), int(port))


Address = Annotated[Source, Reads(_read_source, "ADDRESS")]


def _read_destination(text: str, _zone: object) -> str:
    uri = text if text.partition(":")[0] in ("sip", "sips") else f"sip:{text}"
    if not uri.partition(":")[2] or any(letter.isspace() for letter in uri):
        raise ValueError(f"{text!r} is not a SIP address like sip:192.0.2.1:11000")
    return uri


def _read_set(text: str, _zone: object) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{text!r} is not a set: those have numbers, 1 is the media servers")
    return fitting(int(text))


Destination = Annotated[str, Reads(_read_destination, "DESTINATION")]


SetId = Annotated[int, Reads(_read_set, "SET")]


def _read_name(text: str, _zone: object) -> Name:
    group, dot, variable = text.partition(".")
    if not group or (dot and not variable):
        raise ValueError(f"{text!r} is not like GROUP.VARIABLE, for example kazoo.block_enable")
    return Name(group, variable or None)


def _read_variable(text: str, zone: object) -> Name:
    name = _read_name(text, zone)
    if not name.variable:
        raise ValueError(f"{text!r} is not like GROUP.VARIABLE, for example kazoo.block_enable")
    return name


GroupOrVariable = Annotated[Name, Reads(_read_name, "NAME")]


Variable = Annotated[Name, Reads(_read_variable, "NAME")]


def _read_aor(text: str, _zone: object) -> str:
    aor = text.partition(":")[2] if text.partition(":")[0] in ("sip", "sips") else text
    user, at, realm = aor.partition("@")
    if not (user and at and realm) or any(letter.isspace() for letter in aor):
        raise ValueError(f"{text!r} is not like user@realm")
    return aor


Aor = Annotated[str, Reads(_read_aor, "AOR")]
"""An address of record, user@realm: Kazoo's proxies keep them with their realms (usrloc, use_domain)."""


Typed = Annotated[Json, Reads(lambda text, _zone: typed(text))]


Stored = Annotated[str | int, Reads(lambda text, _zone: stored(text))]

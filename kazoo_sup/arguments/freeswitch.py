"""Words that become part of a command of FreeSWITCH, filters of events, and limits of answers."""

from __future__ import annotations

from typing import Annotated

from kazoo_sup.arguments.reads import Reads
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.freeswitch.syntax import ip_address, line, member, option, word

Word = Annotated[str, Reads(word)]
Line = Annotated[str, Reads(line)]
IPAddress = Annotated[str, Reads(ip_address)]
Member = Annotated[str, Reads(member, "MEMBER")]
"""A member of a conference."""


def filter_of(text: str) -> dict[str, str]:
    """Read filters of events, HEADER=VALUE with commas between them. Raises BadArgument."""
    pairs = [tuple(part.strip() for part in each.partition("=")) for each in text.split(",") if each.strip()]
    if not all(header and equals and value for header, equals, value in pairs):
        raise BadArgument(parameter="--filter", reason="must be HEADER=VALUE, or several with commas between them")
    found: dict[str, str] = {}
    for header, _, value in pairs:
        wanted = option("filter", value, line)
        if found.setdefault(option("filter", header), wanted) != wanted:
            raise BadArgument(parameter="--filter", reason=f"{header} is there twice, with two values")
    return found


def limit_of(megabytes: int | None) -> int | None:
    """Return the megabytes that an answer may have; None leaves that to the settings. Raises BadArgument."""
    if megabytes is not None and megabytes < 1:
        raise BadArgument(parameter="--limit", reason="must be a number of megabytes above 0")
    return megabytes

"""Words that become part of a FreeSWITCH command, and what must not be in them."""

from __future__ import annotations

import re
from collections.abc import Callable

from kazoo_sup.errors import BadArgument

LEVELS = ("console", "alert", "crit", "err", "warning", "notice", "info", "debug")
"""Log levels, from the one that tells least; newer versions have debug1 to debug10 beyond. Source: switch_log.c."""

LONGEST = 10**8
"""Seconds that anything may take: three years, as much as every timer takes."""

_MEMBER = re.compile(r"[0-9]{1,9}|last|all|non_moderator|[^=]+=.*", re.IGNORECASE)
_LEVEL = re.compile(rf"{'|'.join(LEVELS)}|debug([1-9]|10)|[0-9]|1[0-7]", re.IGNORECASE)


def line(text: str, _zone: object = None) -> str:
    """Return TEXT when it can be a part of a line; ValueError otherwise."""
    if not text.strip():
        raise ValueError("is empty")
    if re.search(r"[\r\n\0]", text):
        raise ValueError("has a line break or a NUL in it, which would end the command there")
    return text


def word(text: str, _zone: object = None) -> str:
    """Return TEXT when it can be one argument of a command; ValueError otherwise.

    FreeSWITCH splits arguments at blanks, groups them by single quotes, takes a backslash away with what it stands
    for, and expands ${…} even here. Source: FreeSWITCH switch_utils.c, separate_string_blank_delim.
    """
    if re.search(r"[\s'\\]|\$\{", line(text)):
        raise ValueError("has a blank, a quote, a backslash or ${ in it")
    return text


def member(text: str, _zone: object = None) -> str:
    """Return TEXT when it is a member of a conference; FreeSWITCH would take 12x for member 12.

    That is its number, last, all, non_moderator, or variable=value. Source: conference_api.c, conference_api_dispatch.
    """
    if not _MEMBER.fullmatch(word(text)):
        raise ValueError(f"{text!r} is not a member: its number in the list, last, all or non_moderator")
    return text


def ip_address(text: str, _zone: object = None) -> str:
    """Return TEXT when it is an IP address; FreeSWITCH only says that any other text is in no list."""
    from ipaddress import ip_address as parse

    parse(text)
    return text


def level(text: str) -> str:
    """Return TEXT when it is a log level by name or number; BadArgument otherwise."""
    if not _LEVEL.fullmatch(text):
        raise BadArgument(parameter="LOG_LEVEL", reason=f"{text!r} is none of {', '.join(LEVELS)}, or its number")
    return text.lower()


def option(name: str, text: str, read: Callable[[str], object] = word) -> str:
    """Return the text of the option NAME when READ takes it, or when it is empty; BadArgument otherwise."""
    try:
        return str(read(text)) if text else ""
    except ValueError as error:
        raise BadArgument(parameter=f"--{name}", reason=str(error)) from None


def grouped(text: str) -> str:
    """Return TEXT as one argument: in single quotes where it has blanks, unless its writer has put some."""
    return f"'{text}'" if " " in text and "'" not in text else text


def quoted(text: str) -> str:
    """Return TEXT as one argument that means just what is in it."""
    if not re.search(r"[ '\\]", text):
        return text
    return "'" + re.sub(r"(['\\])", r"\\\1", text) + "'"

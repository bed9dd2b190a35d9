"""What an operator names in HAProxy: backends, servers and their weights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from kazoo_sup.arguments.reads import Reads
from kazoo_sup.kazoo.haproxy.orders import HEAVIEST, bare

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

_NAME = re.compile(r"[A-Za-z0-9_:.-]{1,255}")
_WEIGHT = re.compile(r"[0-9]{1,3}")


def read_name(text: str, _zone: Zone) -> str:
    """Read the name of a backend or server; ValueError for one that no configuration can have."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a name that HAProxy takes: letters, digits and - _ . : only")
    return text


def read_host(text: str, zone: Zone) -> str:
    """Read a server's name or address; an IPv6 address may be in brackets."""
    return read_name(bare(text), zone)


def read_weight(text: str, _zone: Zone) -> str:
    """Read a weight from 0 to 256.

    HAProxy also takes percentages of the configured weight, but what they come to may be 0 without looking like it.
    """
    if not _WEIGHT.fullmatch(text) or int(text) > HEAVIEST:
        raise ValueError(f"{text!r} is not a whole number from 0 to {HEAVIEST}")
    return str(int(text))


Name = Annotated[str, Reads(read_name)]


Host = Annotated[str, Reads(read_host)]


Weight = Annotated[str, Reads(read_weight)]
"""A weight is text, as it goes into a command and as HAProxy tells it: 020 is 20."""

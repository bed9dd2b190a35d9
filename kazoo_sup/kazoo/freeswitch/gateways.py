"""SIP gateways as `sofia xmlstatus gateway` reports them, and which of them take calls.

`state` is how the registration is, NOREG where there is none to be; `status` is whether FreeSWITCH sends calls there,
which with `ping` the answers to its OPTIONS decide. Source: FreeSWITCH mod_sofia.c (xml_gateway_status), mod_sofia.h
(reg_state_t), sofia.c (sofia_handle_sip_r_options).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from html import unescape
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.freeswitch.replies import Unclear, whole

if TYPE_CHECKING:
    from kazoo_sup.types import Row

_GATEWAY = re.compile(r"<gateway>(.*?)</gateway>", re.DOTALL)
_FIELD = re.compile(r"<([\w-]+)>([^\n]*?)</\1>")
_REGISTERED = "REGED"
_ON_THE_WAY = ("TRYING", "REGISTER")
_SAYS_NOTHING = ("", "NOREG", *_ON_THE_WAY)
"""Registrations of which gateways in service and others have the same: none, or one that is just being renewed."""

_MORE = frozenset(("scheme", "realm", "username", "proxy", "expires", "freq", "pingfreq", "retry", "uptime-usec"))


class Condition(StrEnum):
    """Whether calls go to a gateway."""

    UP = "up"
    DOWN = "down"
    STARTING = "about to register"
    UNKNOWN = "unknown"


def of_xml(answer: str) -> list[Row]:
    """Return the gateways in the answer of `sofia xmlstatus gateway`; raises Unclear when it is not one.

    Its values are not escaped, so it is not always XML. A tag that a version does not have is None.
    """
    if "<gateways>" not in whole(answer) or "</gateways>" not in answer:
        raise Unclear("it is not a list of gateways")
    return [_row(dict(_FIELD.findall(found[1]))) for found in _GATEWAY.finditer(answer)]


def condition(row: Row) -> Condition:
    """Return whether calls go to a gateway; where nothing says so but its registration, that is looked at."""
    state = str(row.get("state") or "").partition(" ")[0]
    if row.get("status"):
        starting = Condition.STARTING if state in _ON_THE_WAY else Condition.DOWN
        return Condition.UP if row["status"] == "UP" else starting
    if state == _REGISTERED:
        return Condition.UP
    return Condition.UNKNOWN if state in _SAYS_NOTHING else Condition.DOWN


def _row(tags: Mapping[str, str]) -> Row:
    found = {tag: unescape(text) for tag, text in tags.items()}
    profile, name = found.get("profile"), found.get("name", "")
    return {
        "gateway": f"{profile}::{name}" if profile else name,
        "data": found.get("to"),
        "state": found.get("state"),
        "status": found.get("status"),
        "ping": _number(found.get("pingtime")),
        "calls_in": _calls(found, "in"),
        "calls_out": _calls(found, "out"),
        **{tag.replace("-", "_"): text for tag, text in found.items() if tag in _MORE},
    }


def _calls(found: Mapping[str, str], direction: str) -> str | None:
    """Return failed and total calls as `sofia status gateway` writes them."""
    failed, total = found.get(f"failed-calls-{direction}"), found.get(f"calls-{direction}")
    return None if total is None else f"{failed or '?'}/{total}"


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None

"""Websockets: which modules the blackhole nodes run.

WAIT is how many seconds an answer may take.
"""

from __future__ import annotations

from typing import Any

from kazoo_sup import terms
from kazoo_sup.command import command
from kazoo_sup.kazoo import bus, collecting
from kazoo_sup.kazoo.messages import DEFAULTS
from kazoo_sup.outcome import Outcome, text
from kazoo_sup.terms.columns import shown
from kazoo_sup.zone import Zone

_APP = "blackhole"
_NOT_SHOWN = (*DEFAULTS, "Node", "Server-ID", "System-Log-ID", "AMQP-Broker", "AMQP-Broker-Zone")


@command
def start_module(zone: Zone, module: str, persist: bool = True, *, wait: int = bus.ANSWER_SECONDS) -> Outcome:
    """Have every blackhole node start MODULE, also after its next start unless PERSIST is false."""
    return _told(zone, "start", "starting", module, persist, wait)


@command
def stop_module(zone: Zone, module: str, persist: bool = True, *, wait: int = bus.ANSWER_SECONDS) -> Outcome:
    """Have every blackhole node stop MODULE, for good unless PERSIST is false."""
    return _told(zone, "stop", "stopping", module, persist, wait)


def _told(zone: Zone, action: str, doing: str, module: str, persist: bool, wait: int) -> Outcome:
    headers = {"Module": module, "Action": action, "Persist": persist}
    asked = collecting.Collecting(collecting.Reach([zone], wait), [("websockets.module_req", headers)], apps=(_APP,))
    lines = [f"{doing} {module}:"]
    answers: list[dict[str, Any]] = []
    for answer in asked:
        answers.append(answer)
        lines.append(f"node {answer['Node']} returned:")
        lines += [f"  {key}: {_text(value)}" for key, value in answer.items() if key not in _NOT_SHOWN]
    return text(lines, data=answers, errors=asked.errors)


def _text(value: Any) -> str:
    return terms.json_encode(value) if isinstance(value, dict | list) else shown(value)

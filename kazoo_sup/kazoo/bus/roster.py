"""Hearing the cluster's nodes advertise themselves: all of them, one of them, or again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from kazoo_sup.errors import ExitCode, SupError, worst
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.bus import collect, nodes

if TYPE_CHECKING:
    from kazoo_sup.types import Payload
    from kazoo_sup.zone import Zone

_WATCHED_EVERY = 5.0


class NotHeard(SupError):
    """{node} was not heard within {seconds:g} s; {others}"""

    node: str
    seconds: float
    others: str


class NobodyHeard(SupError):
    """no node was heard in zone {zone} within {seconds:g} s: what runs there is not known"""

    exit_code = ExitCode.PARTIAL
    remedy = "see that nodes run and have the same broker; the setting timeouts.nodes gives them longer"

    zone: str
    seconds: float


def everybody(zones: Sequence[Zone]) -> tuple[dict[str, Payload], list[SupError]]:
    """Return the advertisement of every node in the zones, by its name, and the errors of zones without any.

    That takes as long as a node may be silent. Raises what went wrong where no zone has any.
    """
    zones[0].run.hint(f"listening for {zones[0].settings.timeouts.nodes:g} s, in which every node advertises itself")
    if len(zones) == 1:
        return next(_heard_in(zones[0])), []
    adverts: dict[str, Payload] = {}
    errors: list[SupError] = []
    for found in collect.at_once([_heard_in(zone) for zone in zones]):
        if isinstance(found, SupError):
            errors.append(found)
        else:
            adverts |= found
    if not adverts:
        raise worst(errors)
    return adverts, errors


def node(zone: Zone, name: str) -> tuple[str, Payload]:
    """Return the name and the advertisement of the node NAME, or of the only one with its name on another host.

    Raises NotHeard when it is silent for longer than a node that lives.
    """
    short = name.partition("@")[0]
    adverts = bus.hear(zone, (), lambda roster: name in roster.adverts).adverts
    if name in adverts:
        return name, adverts[name]
    namesakes = [each for each in sorted(adverts) if each.partition("@")[0] == short]
    if len(namesakes) == 1:
        return namesakes[0], adverts[namesakes[0]]
    others = f"there is {', '.join(sorted(adverts))}" if adverts else "nor was any other node"
    raise NotHeard(node=name, seconds=zone.settings.timeouts.nodes, others=others)


def _heard_in(zone: Zone) -> Iterator[dict[str, Payload]]:
    """Yield once: the nodes heard, each with the broker and the zone where it was heard. Raises NobodyHeard."""
    place = {"AMQP-Broker": broker(zone), "AMQP-Broker-Zone": zone.name}
    adverts = bus.hear(zone, (), lambda roster: False).adverts
    if not adverts:
        raise NobodyHeard(zone=zone.name, seconds=zone.settings.timeouts.nodes)
    yield {name: {**place, **advert} for name, advert in adverts.items()}


def broker(zone: Zone) -> str:
    """Return the URL of the broker that nodes are heard at, `disconnected` without one."""
    return zone.settings.brokers[0].url if zone.settings.brokers else "disconnected"


@dataclass(frozen=True, slots=True)
class NodesHeard:
    """The advertisements of all nodes that live, by their names, at a time (ISO 8601).

    `is_silent` says that none was heard for as long as a node that lives may be silent.
    """

    at: str
    adverts: Mapping[str, Payload]
    is_silent: bool


def watch(zone: Zone) -> Iterator[NodesHeard]:
    """Yield which nodes live, every five seconds, for as long as the run lasts."""
    began = time.monotonic()
    heard: dict[str, tuple[float, Payload]] = {}
    due = time.monotonic() + _WATCHED_EVERY
    for found in bus.advertisements(zone, _WATCHED_EVERY):
        if found is not None:
            name, advert = found
            heard[name] = (time.monotonic(), advert)
        if time.monotonic() >= due:
            due += _WATCHED_EVERY
            alive = {name: advert for name, (then, advert) in heard.items() if nodes.is_alive(advert, then)}
            silent = not alive and time.monotonic() - began > zone.settings.timeouts.nodes
            yield NodesHeard(datetime.now().astimezone().isoformat(" ", "seconds"), alive, silent)

"""Hearing the cluster's nodes advertise themselves: all of them, one of them, or again and again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo import bus, collecting, nodes
from kazoo_sup.kazoo.documents import now

if TYPE_CHECKING:
    from kazoo_sup.kazoo.messages import Payload
    from kazoo_sup.zone import Zone

_WATCHED_EVERY = 5.0


class NotHeard(SupError):
    """{node} was not heard within {seconds:g} s; {others}"""


def everybody(zones: Sequence[Zone]) -> dict[str, Payload]:
    """Return the advertisement of every node in the zones, by its name; that takes as long as a node may be silent."""
    zones[0].run.hint(f"listening for {bus.ADVERTISED_WITHIN:g} s, in which every node advertises itself")
    if len(zones) == 1:
        adverts = next(_heard_in(zones[0]))
    else:
        adverts = {}
        for found in collecting.at_once([_heard_in(zone) for zone in zones]):
            if isinstance(found, SupError):
                zones[0].run.warn(str(found))
            else:
                adverts |= found
    if not adverts:
        zones[0].run.warn(f"no node was heard within {bus.ADVERTISED_WITHIN:g} s")
    return adverts


def node(zone: Zone, name: str) -> tuple[str, Payload]:
    """Return the name and the advertisement of the node NAME, or of the only one with its name on another host.

    Raises NotHeard when it is silent for longer than a node that lives.
    """
    short = name.partition("@")[0]
    adverts = bus.hear(zone, (), lambda roll: name in roll.adverts).adverts
    if name in adverts:
        return name, adverts[name]
    namesakes = [each for each in sorted(adverts) if each.partition("@")[0] == short]
    if len(namesakes) == 1:
        return namesakes[0], adverts[namesakes[0]]
    others = f"there is {', '.join(sorted(adverts))}" if adverts else "nor was any other node"
    raise NotHeard(node=name, seconds=bus.ADVERTISED_WITHIN, others=others)


def status(zone: Zone, adverts: Mapping[str, Payload]) -> Iterator[str]:
    """Yield the lines of the nodes' status."""
    return nodes.status(adverts, zone=zone.name, broker=_broker(zone), now=now())


def _heard_in(zone: Zone) -> Iterator[dict[str, Payload]]:
    """Yield once: the nodes heard, each with the broker and the zone where it was heard."""
    place = {"AMQP-Broker": _broker(zone), "AMQP-Broker-Zone": zone.name}
    adverts = bus.hear(zone, (), lambda roll: False).adverts
    yield {name: {**place, **advert} for name, advert in adverts.items()}


def _broker(zone: Zone) -> str:
    return zone.settings.brokers[0].url if zone.settings.brokers else "disconnected"


def watched(zone: Zone) -> Iterator[str]:
    """Yield the status of all nodes that live, every five seconds, for as long as the run lasts."""
    heard: dict[str, tuple[float, Payload]] = {}
    due = time.monotonic() + _WATCHED_EVERY
    for found in bus.advertisements(zone, _WATCHED_EVERY):
        if found is not None:
            name, advert = found
            heard[name] = (time.monotonic(), advert)
        if time.monotonic() >= due:
            due += _WATCHED_EVERY
            alive = {name: advert for name, (then, advert) in heard.items() if nodes.is_alive(advert, then)}
            yield datetime.now().astimezone().isoformat(" ", "seconds")
            yield from status(zone, alive)

"""Kazoo's nodes and their apps, as they advertise themselves and as their queues show them.

A node advertises itself every 5 to 15 seconds, so that in one second only some are heard. Who consumes queues on the
broker is on the bus, heard or not; the names of the queues tell the node and its apps.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.bus import nodes
from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.rabbitmq.listeners import CORE, listener
from kazoo_sup.kazoo.zone.health.health import Health, State, count
from kazoo_sup.kazoo.zone.health.probes import Once, Probe
from kazoo_sup.kazoo.zone.health.rabbitmq import unknown_consumers
from kazoo_sup.settings import Timeouts

if TYPE_CHECKING:
    from kazoo_sup.kazoo.zone.health.rabbitmq import Queue
    from kazoo_sup.transports.amqp import Conversation
    from kazoo_sup.types import Document, Payload
    from kazoo_sup.zone import Zone

COMPONENT = "kazoo"
_MARGIN = 0.15
_SHARE = 25
"""Seconds that are kept back from listening, to tell what was heard, and what part of all at least."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of the nodes.

    adverts: what each node heard says of itself, and silent: those heard once that have been silent for too long
    seconds: for how long there was listening, in all
    within: the seconds in which every node that lives is heard
    on_bus: the apps by whose queues each node is known to be on the bus; None where nobody can say
    deaf: why nothing can be heard
    """

    adverts: Mapping[str, Payload]
    silent: frozenset[str] = frozenset()
    seconds: float = 0.0
    on_bus: Mapping[str, set[str]] | None = None
    deaf: str = ""
    within: float = field(default_factory=lambda: Timeouts().nodes)

    @property
    def listened(self) -> str:
        """How well there was listening, for a sentence."""
        return self.deaf or f"not heard within {self.seconds:.1f} s; that may take {self.within:.0f} s"


@dataclass(slots=True)
class Hearing:
    """Listens to the nodes' advertisements, for some seconds at a time; what was heard before is kept.

    With `stay` it keeps its queue between two times, so that nothing is missed.
    """

    zone: Zone
    stay: bool = False
    heard: dict[str, tuple[float, Payload]] = field(default_factory=dict)
    _conversation: Conversation | None = None
    _since: float = 0.0
    _turn: Lock = field(default_factory=Lock)

    def listen(self, end: float) -> float:
        """Listen until END (time.monotonic); return for how many seconds there was listening without a gap."""
        with self._turn:  # who was given up the last time may still be at it
            return self._listen(end)

    def _listen(self, end: float) -> float:
        if self._conversation is None:
            conversation = self.zone.connections.conversation([bus.adverts_here()])
            conversation.__enter__()
            self._conversation, self._since = conversation, time.monotonic()
        roster = bus.Roster((), self.zone.settings.timeouts.nodes)
        try:
            while (delivery := self._conversation.receive(max(0.0, end - time.monotonic()))) is not None:
                roster.note(delivery)
                if time.monotonic() >= end:
                    break
        except SupError:
            self.close()
            raise
        self.heard |= {name: (time.monotonic(), advert) for name, advert in roster.adverts.items()}
        seconds = time.monotonic() - self._since
        if not self.stay:
            self.close()
        return seconds

    def close(self) -> None:
        """Give up the queue."""
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            conversation.__exit__()


def probes(
    zone: Zone, hearing: Hearing, queues: Mapping[str, Once[list[Queue]]], seconds: float
) -> list[Probe[Health]]:
    """Return the probe of the zone's nodes, which listens for nearly so many SECONDS; none where there is no broker."""
    if not zone.settings.brokers:
        return []
    expected = frozenset(zone.settings.kazoo_nodes)
    return [Probe(COMPONENT, "nodes", partial(_ask, hearing, queues, seconds), partial(judge, expected, now()))]


def judge(expected: frozenset[str], moment: int, answer: Answer) -> Iterator[Health]:
    """Yield how each node is that is heard, on the bus, or EXPECTED by the settings; MOMENT is in Gregorian seconds."""
    named = sorted({*answer.adverts, *answer.silent, *(answer.on_bus or ()), *expected})
    for name in named:
        if name in answer.adverts and name not in answer.silent:
            yield _heard(name, answer.adverts[name], moment)
        else:
            yield _unheard(name, answer)
    if not named:
        yield Health(COMPONENT, "nodes", State.UNKNOWN, answer.listened, {"seconds": answer.seconds})


def on_bus(queues: list[Queue]) -> dict[str, set[str]] | None:
    """Return the nodes by whose names queues go that somebody consumes, with the apps that these belong to.

    None where nobody tells who consumes.
    """
    if unknown_consumers(queues):
        return None
    found: dict[str, set[str]] = {}
    for queue in queues:
        named = listener(str(queue["queue"]))
        if named.node and queue["consumers"]:
            found.setdefault(named.node, set()).update({named.app} - {None, CORE} if named.app else ())
    return found


def _heard(name: str, advert: Payload, moment: int) -> Health:
    apps = nodes.apps(advert)
    spans = [span for app, facts in apps.items() if (span := nodes.uptime(app, facts, moment)) is not None]
    about = [count(len(apps), "app")] + ([f"up {nodes.elapsed(max(spans))}"] if spans else [])
    media = nodes.media_servers([advert])
    about += [count(len(media), "media server")] if media else []
    about += [
        f"{advert[key]} {key.lower()}" for key in ("Channels", "Registrations") if isinstance(advert.get(key), int)
    ]
    details: Document = {"apps": list(apps), "media_servers": list(media), "zone": advert.get("Zone")}
    if not apps:
        return Health(COMPONENT, name, State.WARNING, "runs no app", details)
    return Health(COMPONENT, name, State.OK, ", ".join(about), details)


def _unheard(name: str, answer: Answer) -> Health:
    """Judge a node that has not advertised itself: after a while one that lives must have."""
    waited = answer.seconds >= answer.within
    apps = (answer.on_bus or {}).get(name)
    details: Document = {"apps": sorted(apps or ()), "heard": False}
    if apps is not None:
        summary = f"on the bus with {', '.join(sorted(apps))}" if apps else "on the bus"
        if waited or name in answer.silent:
            return Health(COMPONENT, name, State.WARNING, f"{summary}, but does not advertise itself", details)
        return Health(COMPONENT, name, State.OK, summary, details)
    if answer.on_bus is not None:
        return Health(COMPONENT, name, State.CRITICAL, "nothing of it is on the bus", details)
    if waited or name in answer.silent:
        return Health(COMPONENT, name, State.CRITICAL, f"silent for more than {answer.within:.0f} s", details)
    return Health(COMPONENT, name, State.UNKNOWN, answer.listened, details)


def _ask(hearing: Hearing, queues: Mapping[str, Once[list[Queue]]], seconds: float) -> Answer:
    end = time.monotonic() + seconds - max(_MARGIN, seconds / _SHARE)
    listened, deaf = 0.0, ""
    try:
        listened = hearing.listen(end)
    except SupError as error:
        deaf = f"no node can be heard: {error}"
    adverts = {name: advert for name, (_, advert) in hearing.heard.items()}
    alive = {name for name, (when, advert) in hearing.heard.items() if nodes.is_alive(advert, when)}
    within = hearing.zone.settings.timeouts.nodes
    return Answer(adverts, frozenset(adverts) - alive, listened, _on_bus(queues), deaf, within)


def _on_bus(queues: Mapping[str, Once[list[Queue]]]) -> dict[str, set[str]] | None:
    """Return what the first API says that answers; whether it does is in its own row."""
    for listing in queues.values():
        with suppress(SupError):
            return on_bus(listing())
    return None

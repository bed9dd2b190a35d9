"""Speaking on Kazoo's bus: telling, asking one node, hearing who is there.

How many nodes run an application is known from the application's shared queue, which each of its nodes consumes, or
else from the nodes' advertisements, of which every node sends one in 15 seconds.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from kazoo_sup import changes, messages
from kazoo_sup.errors import BadArgument, ExitCode, SupError, TimedOut
from kazoo_sup.messages import BadMessage, Built, Undecodable
from kazoo_sup.settings.sources import SPAN, is_span
from kazoo_sup.types import Fields, Payload

if TYPE_CHECKING:
    from kazoo_sup.transports.amqp import Binding, Conversation, Delivery, Message
    from kazoo_sup.zone import Zone

ANSWER_SECONDS = 5
"""How long an answer may take unless the caller says otherwise; Kazoo's nodes give each other 2 seconds."""

_PATIENCE = 10
_NODES = "nodes"

ECALLMGR = "ecallmgr"

_SHARED_QUEUES = {ECALLMGR: "fs_nodes_shared_listener", "hangups": "hangups_listener"}
"""Queues that each node of an application consumes once (QUEUE_NAME of ecallmgr_fs_nodes.erl, hangups_listener.erl)."""

Request = tuple[str, Fields]
"""The name of an API and the headers to ask with."""


class NobodyListens(SupError):
    """no node of the cluster listens for {what}"""

    remedy = "see that the application that does runs; sup kz_nodes whapps shows which run where"

    what: str


class NobodyThere(SupError):
    """no {app} node is on the bus of zone {zone}: nobody could be asked for {what}, so it is not known"""

    exit_code = ExitCode.PARTIAL
    remedy = "see that {app} runs on a node of the zone; sup kz_nodes status shows what does"

    app: str
    zone: str
    what: str


class NobodyTold(SupError):
    """no {app} node is on the bus of zone {zone}: nobody was told to {deed}"""

    exit_code = ExitCode.PARTIAL
    remedy = "see that {app} runs on a node of the zone; sup kz_nodes status shows what does"

    app: str
    zone: str
    deed: str


class NoAnswer(TimedOut):
    """no answer to {what} within {seconds:g} s"""

    what: str
    doing: str = ""


class BadAnswer(SupError):
    """{node} answered {what} with something else: {reason}"""

    exit_code = ExitCode.PARTIAL

    node: str
    what: str
    reason: str
    msg_id: str


@dataclass(slots=True)
class Roster:
    """Who is there: the advertisement of each node heard, by its name, and how many nodes run some applications.

    Within so many seconds every node that lives has advertised itself.
    """

    apps: tuple[str, ...]
    within: float
    consumers: int = 0
    adverts: dict[str, Payload] = field(default_factory=dict)
    since: float = field(default_factory=time.monotonic)

    @property
    def nodes(self) -> set[str]:
        """The nodes heard that run one of the applications."""
        return {
            name
            for name, advert in self.adverts.items()
            if any(app in (advert.get("WhApps") or ()) for app in self.apps)
        }

    @property
    def expected(self) -> int | None:
        """How many nodes run one of the applications, None while that is not known."""
        if self.consumers or time.monotonic() - self.since >= self.within:
            return max(self.consumers, len(self.nodes))
        return None

    @property
    def is_complete(self) -> bool:
        """Whether as many were heard as consume the applications' shared queues."""
        return 0 < self.consumers <= len(self.nodes)

    @property
    def somebody(self) -> bool:
        """Whether at least one node runs one of the applications."""
        return bool(self.consumers or self.nodes)

    def note(self, delivery: Delivery) -> bool:
        """Take in an advertisement; tell whether the message came from where those do."""
        if found := _advertised(delivery):
            self.adverts[found[0]] = found[1]
        return delivery.exchange == _NODES


Answered = TypeVar("Answered")

_PASSING = re.compile(r"flush|reload|sync|reset")
"""Names of messages after which nodes read again what is stored; they leave nothing that could be taken back."""


def publish(zone: Zone, requests: Sequence[Request], *, mandatory: bool = True, signed: bool = False) -> None:
    """Publish messages and wait until the broker has them; under --dry-run say what would be published.

    SIGNED ones say where an answer would go, as Kazoo's do where the sender has a queue. Raises NobodyListens when a
    MANDATORY one reaches no queue, and what Conversation raises.
    """
    conversation = zone.connections.conversation(())
    queue = conversation.queue if signed else None
    built = [messages.build(name, headers, node=zone.own_node, queue=queue) for name, headers in requests]

    def send() -> None:
        with conversation:
            if unheard := conversation.publish([as_message(each) for each in built], mandatory=mandatory):
                raise NobodyListens(what=unheard[0])

    _act(zone, built, send)


def order(zone: Zone, name: str, headers: Fields, function: Callable[[], Answered]) -> Answered | None:
    """Have FUNCTION send a message that changes something and await the answers; under --dry-run only say so."""
    return _act(zone, [messages.build(name, headers, node=zone.own_node, queue=None)], function)


def _act(zone: Zone, built: Sequence[Built], function: Callable[[], Answered]) -> Answered | None:
    def show() -> None:
        for each in built:
            zone.run.would(f"publish {each.api.name} with the key {each.routing_key}")

    names = dict.fromkeys(each.api.name for each in built)
    was = changes.PASSING if all(_PASSING.search(name) for name in names) else changes.UNKNOWN
    return changes.act(zone, f"publish {', '.join(names)}", function, was=was, shown=show)


def request(zone: Zone, name: str, headers: Fields, *, seconds: float = ANSWER_SECONDS) -> Payload:
    """Ask, and return the first answer that is one.

    Raises NobodyListens at once when no queue is bound for it, NoAnswer after SECONDS, and BadAnswer when all that came
    by then was wrong; BadArgument for SECONDS that cannot be waited for.
    """
    check_seconds(seconds)
    with zone.connections.conversation(answers_here()) as conversation:
        built = question(zone, conversation, name, headers)
        if conversation.publish([as_message(built)], mandatory=True):
            raise NobodyListens(what=name)
        wrong: SupError = NoAnswer(what=name, seconds=seconds)
        for delivery in waiting(conversation, seconds):
            try:
                answer = answer_in(delivery, {built.payload["Msg-ID"]: built})
            except BadAnswer as bad:
                wrong = bad
                continue
            if answer is not None:
                return answer
        raise wrong


def hear(zone: Zone, apps: Sequence[str], enough: Callable[[Roster], bool]) -> Roster:
    """Listen to the nodes' advertisements until there is ENOUGH, or all that live must have been heard."""
    with zone.connections.conversation([adverts_here()]) as conversation:
        return roll_call(zone, conversation, apps, enough)


def roll_call(zone: Zone, conversation: Conversation, apps: Sequence[str], enough: Callable[[Roster], bool]) -> Roster:
    """Learn who is there, in a conversation in whose queue the advertisements arrive.

    Where all APPS have shared queues and nobody consumes those, nobody is there, and nothing is waited for.
    """
    queues = [_SHARED_QUEUES[app] for app in apps if app in _SHARED_QUEUES]
    roster = Roster(tuple(apps), zone.settings.timeouts.nodes, sum(map(conversation.consumers, queues)))
    if apps and len(queues) == len(apps) and not roster.consumers:
        return roster
    while not enough(roster) and (left := roster.since + roster.within - time.monotonic()) > 0:
        delivery = conversation.receive(left)
        if delivery is not None:
            roster.note(delivery)
    return roster


def advertisements(zone: Zone, tick: float) -> Iterator[tuple[str, Payload] | None]:
    """Yield each node's name and advertisement as it comes, for ever, and None when none came for TICK seconds."""
    with zone.connections.conversation([adverts_here()]) as conversation:
        while True:
            delivery = conversation.receive(tick)
            found = delivery and _advertised(delivery)
            if delivery is None or found is not None:
                yield found


def witness(
    zone: Zone,
    name: str,
    headers: Fields,
    binding: Binding,
    accepted: str,
    *,
    seconds: float = ANSWER_SECONDS,
) -> Payload | None:
    """Publish a message and return the next one of the API called ACCEPTED that BINDING brings, None after SECONDS."""
    api = messages.find(accepted)
    with zone.connections.conversation([binding]) as conversation:
        built = question(zone, conversation, name, headers)
        conversation.publish([as_message(built)])
        for delivery in waiting(conversation, seconds):
            try:
                payload = _payload(delivery)
                messages.check(api, payload)
            except (BadMessage, Undecodable):
                continue
            return payload
    return None


def watch(zone: Zone, bindings: Sequence[Binding], *, keep: int) -> Iterator[Delivery]:
    """Yield every message that comes by, until the run is stopped; of more than KEEP waiting the oldest are dropped."""
    with zone.connections.conversation(bindings, keep=keep) as conversation:
        while (delivery := conversation.receive(None)) is not None:
            yield delivery


def check_seconds(seconds: float) -> None:
    """Raise BadArgument for a time in which no answer can come."""
    if seconds <= 0:
        raise BadArgument(parameter="--wait", reason="must be above 0")
    if not is_span(seconds):
        raise BadArgument(parameter="--wait", reason=SPAN)


def question(zone: Zone, conversation: Conversation, name: str, headers: Fields) -> Built:
    """Build a message whose answers are to come to a conversation; like Kazoo's it has an id for the nodes' logs."""
    logged = {"System-Log-ID": os.urandom(8).hex(), **headers}
    return messages.build(name, logged, node=zone.own_node, queue=conversation.queue)


def answers_here() -> list[Binding]:
    """Return what has answers arrive in a conversation's queue."""
    from kazoo_sup.transports.amqp import Binding

    return [Binding(messages.TARGETED, messages.EXCHANGE_TYPES[messages.TARGETED])]


def adverts_here() -> Binding:
    """Return what has the nodes' advertisements arrive in a conversation's queue."""
    from kazoo_sup.transports.amqp import Binding

    return Binding(_NODES, messages.EXCHANGE_TYPES[_NODES], "")


def _advertised(delivery: Delivery) -> tuple[str, Payload] | None:
    """Return a node's name and what it advertises, None for what is not an advertisement."""
    if delivery.exchange != _NODES:
        return None
    try:
        advert = _payload(delivery)
        messages.check(messages.find("nodes.advertise"), advert)
    except (BadMessage, Undecodable):
        return None
    return (advert["Node"], advert) if isinstance(advert.get("Node"), str) else None


def as_message(built: Built) -> Message:
    """Return a built message as it is published."""
    from kazoo_sup.transports.amqp import Message

    return Message(built.api.exchange, built.api.exchange_type, built.routing_key, built.body)


def _payload(delivery: Delivery) -> Payload:
    return messages.decode(delivery.exchange, delivery.body, delivery.content_type, delivery.content_encoding)


def waiting(conversation: Conversation, seconds: float) -> Iterator[Delivery]:
    """Yield what comes until SECONDS were waited for; the time in which answers are worked on does not count.

    Somebody who never stops sending does not hold the run for ever.
    """
    left, last = seconds, time.monotonic() + _PATIENCE * seconds
    while left > 0 and time.monotonic() < last:
        began = time.monotonic()
        delivery = conversation.receive(left)
        if delivery is None:
            return
        left -= time.monotonic() - began
        yield delivery


def answer_in(delivery: Delivery, asked: Mapping[str, Built]) -> Payload | None:
    """Return what was answered to one of the messages ASKED; None for what is an answer to none of them.

    Raises BadAnswer for an answer that is not as the table says.
    """
    try:
        answer = _payload(delivery)
    except Undecodable as error:
        raise BadAnswer(node="a node", what=delivery.exchange, reason=str(error), msg_id="") from error
    built = asked.get(answer.get("Msg-ID", ""))
    if built is None:
        return None
    node = answer.setdefault("Node", "a node without a name")
    reasons = []
    for name in built.api.answers:
        try:
            messages.check(messages.find(name), answer)
        except BadMessage as error:
            reasons.append(str(error))
        else:
            return answer
    raise BadAnswer(node=node, what=built.api.name, reason=reasons[0], msg_id=answer["Msg-ID"])

"""Asking every node of an application, and putting together who answered.

As in Kazoo, nothing is asked where nobody is there to answer (kz_amqp_worker:call_collect/4); but here that is an
error, not the empty answer: who is not there knows nothing, which is not the same as nothing to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from kazoo_sup.concurrency import next_of
from kazoo_sup.errors import ExitCode, SupError, UnexpectedError
from kazoo_sup.kazoo import bus

if TYPE_CHECKING:
    from kazoo_sup.messages import Built
    from kazoo_sup.transports.amqp import Delivery
    from kazoo_sup.types import Payload
    from kazoo_sup.zone import Zone

T = TypeVar("T")


class Reach(NamedTuple):
    """Where to ask, and how many seconds an answer may take."""

    zones: Sequence[Zone]
    seconds: float = bus.ANSWER_SECONDS


class SilentNodes(SupError):
    """no answer from {nodes} within {seconds:g} s"""

    exit_code = ExitCode.PARTIAL
    remedy = "sup kz_nodes status shows whether they run"

    nodes: str
    seconds: float


class MissingNodes(SupError):
    """only {count} of {expected} {app} nodes answered"""

    exit_code = ExitCode.PARTIAL
    remedy = "sup kz_nodes status shows which run"

    count: int
    expected: int
    app: str


class Collector:
    """Requests to every node of some applications; iterating asks, and gives the answers as they come.

    It ends when all nodes have answered, or in time. Then `errors` are the nodes that did not answer and the answers
    that were none; who answered is told through the run. Where no node of the application is there nothing is asked;
    `unheard` are the zones where it is so. Raises NoAnswer, or BadAnswer, when nobody answered at all, and NobodyThere
    where no node is there, and of several zones only if none did.
    """

    def __init__(
        self,
        reach: Reach,
        requests: Sequence[bus.Request],
        *,
        apps: Sequence[str] = (bus.ECALLMGR,),
        what: str,
        tell: bool = True,
        needed: bool = True,
        replaced: bool = False,
    ) -> None:
        """Take what to ask: nothing happens yet. WHAT is asked for, in a person's words.

        Not to TELL who answered is for questions on the way to another one. Answers that are not NEEDED are those where
        whoever has nothing to say is silent. Where nodes are REPLACED by somebody else, or by what is stored, it is no
        error here that there are none: the caller looks at `unheard`. Raises BadArgument for a time that cannot be
        waited for.
        """
        bus.check_seconds(reach.seconds)
        self.errors: list[SupError] = []
        self.unheard: list[Zone] = []
        self._sent: dict[str, Payload] = {}
        self._reach = reach
        self._requests = requests
        self._apps = apps
        self._tell = tell
        self._needed = needed
        self._what = what
        self._replaced = replaced

    def __iter__(self) -> Iterator[Payload]:
        """Ask, and give the answers."""
        if not self._requests:
            return
        if len(self._reach.zones) == 1:
            yield from self._in(self._reach.zones[0])
            return
        failed: list[SupError] = []
        for found in at_once([self._in(zone) for zone in self._reach.zones]):
            if isinstance(found, SupError):
                failed.append(found)
            else:
                yield found
        if len(failed) == len(self._reach.zones):
            raise failed[0]
        self.errors += failed

    def question(self, answer: Payload) -> Payload:
        """Return the request that an answer is to."""
        return self._sent[answer["Msg-ID"]]

    def nobody(self) -> list[SupError]:
        """Return what to say of the zones where no node was there."""
        return [self._nobody(zone) for zone in self.unheard]

    def _nobody(self, zone: Zone) -> bus.NobodyThere:
        return bus.NobodyThere(app=" or ".join(self._apps), zone=zone.name, what=self._what)

    def _absent(self, zone: Zone) -> None:
        self.unheard.append(zone)
        if not self._replaced:
            raise self._nobody(zone)

    def _in(self, zone: Zone) -> Iterator[Payload]:
        """Ask in one zone."""
        if self._replaced and zone.settings.freeswitch and not zone.settings.brokers:
            self._absent(zone)
            return
        with zone.connections.conversation([*bus.answers_here(), bus.adverts_here()]) as conversation:
            roster = bus.roll_call(zone, conversation, self._apps, lambda roster: roster.somebody)
            if not roster.somebody:
                self._absent(zone)
                return
            built = [bus.question(zone, conversation, name, headers) for name, headers in self._requests]
            self._sent |= {each.payload["Msg-ID"]: each.payload for each in built}
            conversation.publish([bus.as_message(each) for each in built])
            census = _Census(roster, {each.payload["Msg-ID"]: each for each in built})
            for delivery in bus.waiting(conversation, self._reach.seconds):
                answer = census.take(delivery)
                if answer is not None:
                    yield answer
                if census.complete:
                    break
        if not census.good and (self._needed or census.wrong):
            raise census.wrong[0] if census.wrong else bus.NoAnswer(what=built[0].api.name, seconds=self._reach.seconds)
        if self._tell and census.good:
            zone.run.warn(f"answered by {', '.join(census.good)}")
        self.errors += census.wrong
        if self._needed:
            self.errors += census.silence(self._reach.seconds)


class _Census:
    """Who has answered to which of some requests."""

    def __init__(self, roster: bus.Roster, asked: Mapping[str, Built]) -> None:
        self._roster = roster
        self._asked = asked
        self._answered: dict[str, set[str]] = {identifier: set() for identifier in asked}
        self._open = set(asked)
        self.wrong: list[bus.BadAnswer] = []

    def take(self, delivery: Delivery) -> Payload | None:
        """Take in a message, and return it if it is an answer."""
        if self._roster.note(delivery):
            return None
        try:
            answer = bus.answer_in(delivery, self._asked)
        except bus.BadAnswer as bad:
            self.wrong.append(bad)
            self._answered.get(bad.msg_id, set()).add(bad.node)
            return None
        if answer is not None:
            self._answered[answer["Msg-ID"]].add(answer["Node"])
        return answer

    @property
    def complete(self) -> bool:
        """Whether all nodes have answered to all requests, as far as it is known how many there are."""
        expected = self._roster.expected
        if expected is None:
            return False
        while self._open:
            one = self._open.pop()
            if len(self._answered[one]) < expected:
                self._open.add(one)
                return False
        return True

    @property
    def good(self) -> list[str]:
        """The nodes that answered as they should."""
        return sorted(self._everybody - {error.node for error in self.wrong})

    def silence(self, seconds: float) -> list[SupError]:
        """Return who was silent, or how many were."""
        silent = sorted(self._roster.nodes - self._everybody)
        expected = max(self._roster.consumers, len(self._roster.nodes))
        if silent:
            return [SilentNodes(nodes=", ".join(silent), seconds=seconds)]
        if len(self._everybody) < expected:
            return [MissingNodes(count=len(self._everybody), expected=expected, app=" or ".join(self._roster.apps))]
        return []

    @property
    def _everybody(self) -> set[str]:
        return set().union(*self._answered.values())


def at_once(sources: Sequence[Iterator[T]]) -> Iterator[T | SupError]:
    """Yield what comes from several sources, each on a thread of its own, and the error that ended one."""
    arrived: SimpleQueue[T | SupError | None] = SimpleQueue()

    def drain(source: Iterator[T]) -> None:
        try:
            for each in source:
                arrived.put(each)
        except SupError as error:
            arrived.put(error)
        except Exception as unexpected:  # noqa: BLE001 - nobody would see it on this thread
            arrived.put(UnexpectedError(kind=type(unexpected).__name__, reason=str(unexpected)))
        finally:
            arrived.put(None)

    for source in sources:
        Thread(target=drain, args=(source,), daemon=True).start()
    left = len(sources)
    while left:
        found = next_of(arrived)
        if found is None:
            left -= 1
        else:
            yield found

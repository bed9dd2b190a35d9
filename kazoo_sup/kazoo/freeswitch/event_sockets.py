"""The FreeSWITCH servers of a zone, asked side by side: commands, listings that stream, and events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import Empty, Queue
from threading import Event as Flag
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urlsplit

from kazoo_sup import changes
from kazoo_sup.changes import masking
from kazoo_sup.concurrency import next_of
from kazoo_sup.errors import ExitCode, NotFound, SupError
from kazoo_sup.kazoo.freeswitch import listings, orders, replies
from kazoo_sup.kazoo.zone.servers import Answers, PartlyListed, gather, list_in_turn
from kazoo_sup.transports.esl import PORT, Endpoint, Event, EventSocket, Reply, follow
from kazoo_sup.transports.esl.failures import CommandRefused

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.types import Row
    from kazoo_sup.zone import Zone

_MERGED = 100
_SLACK = 5.0
_SHOWN = 80

Found = TypeVar("Found")

Servers = Sequence[tuple[str, "Server"]]
Replaced = changes.Was | Callable[[str], Mapping[str, changes.Was]]


class Listing(NamedTuple):
    """An answer that has begun, and the connection it comes on."""

    connected: EventSocket
    reply: Reply


class NotUnderstood(SupError):
    """{server} gave an answer that cannot be understood: {reason}"""

    server: str
    reason: str


class ChannelNotSeen(SupError):
    """where channel {call} is, is not known: {asked}"""

    exit_code = ExitCode.PARTIAL
    remedy = "where the others are known to be gone, name the server to ask"

    call: str
    asked: str


def connect(zone: Zone, name: str, server: Server, limit: float | None = None) -> EventSocket:
    """Return a connection to one server; LIMIT is the megabytes that one answer may have, the setting's when None.

    Raises what EventSocket.connect does, and SettingsError when the password cannot be read.
    """
    parts = urlsplit(server.url)
    host = parts.hostname or ""
    called = "FreeSWITCH" if "://" in name else f"FreeSWITCH {name}"
    endpoint = Endpoint(called, host, parts.port or PORT, server.username, server.password)
    times, limits = zone.settings.timeouts, zone.settings.limits
    if limit is not None:
        limits = limits._replace(megabytes=limit)
    return EventSocket(endpoint, connect_timeout=times.connect, read_timeout=times.read, limits=limits).connect()


def ask(zone: Zone, servers: Servers, command: str, limit: float | None = None) -> Answers[str]:
    """Return each server's whole answer to an API command; one that refuses it gives CommandRefused."""
    return read(zone, servers, command, str, limit)


def read(
    zone: Zone, servers: Servers, command: str, understand: Callable[[str], Found], limit: float | None = None
) -> Answers[Found]:
    """Return what UNDERSTAND makes of each server's answer; where it raises Unclear, NotUnderstood is the answer."""

    def one(name: str, server: Server) -> Found:
        with connect(zone, name, server, limit) as connected:
            answer = told(connected, command)
        with _understanding(connected):
            return understand(answer)

    return gather(servers, one, _deadline(zone))


def converse(zone: Zone, servers: Servers, talk: Callable[[EventSocket], Found]) -> Answers[Found]:
    """Return what TALK, which may send several commands, returns of the connection to each server."""

    def one(name: str, server: Server) -> Found:
        with connect(zone, name, server) as connected, _understanding(connected):
            return talk(connected)

    return gather(servers, one, _deadline(zone))


def told(connected: EventSocket, command: str) -> str:
    """Return the whole answer to an API command; raises CommandRefused."""
    return _accepted(connected, command, connected.api(command).text())


def listing(connected: EventSocket, command: str) -> Iterator[Row]:
    """Yield the rows of a listing as they come; raises CommandRefused, Unclear."""
    yield from listings.rows(_begun(connected, command))


def order(
    zone: Zone,
    servers: Servers,
    command: str,
    send: Callable[[Servers, str], Answers[str]] | None = None,
    *,
    was: Replaced = changes.UNKNOWN,
) -> Answers[str] | None:
    """Have servers do something, by SEND where `ask` will not do; return what they answer, None in a dry run.

    WAS tells what that replaces, in `reverse` without the server, which comes last there; or it is a function that is
    given a server's name, and returns that for each of the commands to which COMMAND comes. Raises CutsOff for what
    would cut sup off from them.
    """
    orders.refuse_to_cut_off(command)

    def deeds(name: str) -> dict[str, changes.Was]:
        found = was(name) if callable(was) else {command: was}
        return {
            f"tell {name}: {masking.without_assigned(words)}": each._replace(reverse=(*each.reverse, name))
            if each.reverse
            else each
            for words, each in found.items()
        }

    return changes.act_at(
        zone,
        {name: deeds(name) for name, _ in servers},
        lambda: send(servers, command) if send else ask(zone, servers, command),
    )


def run_job(zone: Zone, servers: Servers, command: str, seconds: float) -> Answers[str]:
    """Return each server's answer to a command that takes long, up to SECONDS, and is run in the background."""

    def one(name: str, server: Server) -> str:
        with connect(zone, name, server) as connected:
            return _accepted(connected, command, connected.bgapi(command, timeout=seconds))

    return gather(servers, one, _deadline(zone) + seconds)


def start_job(zone: Zone, servers: Servers, command: str) -> Answers[str]:
    """Have each server begin a command that may take for ever; return the ids of the jobs."""

    def one(name: str, server: Server) -> str:
        with connect(zone, name, server) as connected:
            return connected.start(command)

    return gather(servers, one, _deadline(zone))


def open_listings(zone: Zone, servers: Servers, command: str, limit: float | None = None) -> Answers[Listing]:
    """Ask each server for a listing as JSON; return the answers as they begin. `rows` reads them."""

    def one(name: str, server: Server) -> Listing:
        connected = connect(zone, name, server, limit)
        try:
            reply = _begun(connected, command)
        except BaseException:
            connected.close()
            raise
        if given_up.is_set():
            connected.close()  # nobody will read it
        return Listing(connected, reply)

    given_up = Flag()
    try:
        return gather(servers, one, _deadline(zone))
    finally:
        given_up.set()


def rows(answers: Mapping[str, Listing]) -> Iterator[Row]:
    """Yield the rows of all listings, each with the name of its server, in constant memory.

    A server that fails on the way, or hangs until the run's time is up, does not hide the rows of others; PartlyListed
    ends the listing then.
    """

    def of_one(_name: str, listing: Listing) -> Iterator[Row]:
        with listing.connected, _understanding(listing.connected):
            yield from listings.rows(listing.reply)

    try:
        if len(answers) == 1:
            ((name, only),) = answers.items()
            yield from ({"server": name, **row} for row in of_one(name, only))
        else:
            yield from ({"server": name, **row} for name, row in list_in_turn(list(answers.items()), of_one))
    except PartlyListed:
        raise
    except SupError as error:
        raise PartlyListed(reason=str(error)) from error


def holding(zone: Zone, call: str, servers: Servers) -> Servers:
    """Return the only one of SERVERS, or the one that has the channel CALL.

    Raises NotFound when all servers answer and none has it, ChannelNotSeen when it may be on one that does not answer.
    """
    if len(servers) == 1:
        return servers
    answers = read(zone, servers, f"uuid_exists {call}", replies.truth)
    found = [(name, server) for name, server in servers if answers.given.get(name)]
    if not found and answers.errors:
        without = [f"{name} has none" for name, _server in servers if name in answers.given]
        raise ChannelNotSeen(call=call, asked="; ".join([*map(str, answers.errors), *without]))
    if not found:
        raise NotFound(server=f"zone {zone.name}", what=f"channel {call}")
    return found


def open_events(
    zone: Zone, servers: Servers, names: Sequence[str], filters: Mapping[str, str]
) -> Answers[Iterator[Event]]:
    """Subscribe at each server to the events NAMES that fit one of FILTERS; return them as they come, for ever.

    One after the other, since of several FreeSWITCH leaves those that it does not know out without a word.
    """

    def one(name: str, server: Server) -> Iterator[Event]:
        def connected() -> EventSocket:
            found = connect(zone, name, server)
            try:
                for header, value in filters.items():
                    found.filter(header, value)
                for each in names:
                    _subscribe(found, each)
            except BaseException:
                found.close()
                raise
            return found

        return follow(connected(), connected, zone.run.warn)

    return gather(servers, one, _deadline(zone))


def merged(
    sources: Mapping[str, Iterator[Event]], tell: Callable[[str], None], count: int = 0, seconds: float = 0
) -> Iterator[Event]:
    """Yield the events of all SOURCES as they come, each with its server's name, COUNT of them or for so many SECONDS.

    0 is no limit. TELL takes a sentence when a source ends for good; the error of the last one is raised.
    """
    queue: Queue[Event | BaseException] = Queue(_MERGED)

    def pump(name: str, events: Iterator[Event]) -> None:
        try:
            for event in events:
                queue.put(Event({"server": name, **event}))
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody can catch it
            queue.put(error)

    for name, events in sources.items():
        Thread(target=pump, args=(name, events), name=name, daemon=True).start()
    end = time.monotonic() + seconds if seconds else None
    given, left = 0, len(sources)
    while left and (not count or given < count):
        try:
            event = next_of(queue, None if end is None else end - time.monotonic())
        except Empty:
            return
        if isinstance(event, Event):
            given += 1
            yield event
            continue
        left -= 1
        if not left or not isinstance(event, SupError):
            raise event
        tell(str(event))


def _subscribe(connected: EventSocket, event: str) -> None:
    try:
        connected.subscribe(event)
    except CommandRefused as refused:
        raise refused.replaced(command=f"event {event}") from None


@contextmanager
def _understanding(connected: EventSocket) -> Iterator[None]:
    try:
        yield
    except replies.Unclear as unclear:
        raise NotUnderstood(server=connected.name, reason=str(unclear)) from None


def _begun(connected: EventSocket, command: str) -> Reply:
    reply = connected.api(f"{command} as json")
    _accepted(connected, command, reply.beginning())
    return reply


def _accepted(connected: EventSocket, command: str, answer: str) -> str:
    reason = replies.refusal(command, answer)
    if reason is not None:
        # Variables of a call may hold passwords.
        shown = command.partition("{")[0].strip()[:_SHOWN]
        raise CommandRefused(server=connected.name, command=shown, reason=reason)
    return answer


def _deadline(zone: Zone) -> float:
    """Return the seconds after which a server has failed by all of its own timeouts: connect, authenticate, answer."""
    return 2 * zone.settings.timeouts.connect + zone.settings.timeouts.read + _SLACK

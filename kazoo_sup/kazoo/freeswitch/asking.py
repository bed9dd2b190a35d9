"""The FreeSWITCH servers of a zone, asked side by side: commands, listings that stream, and events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from kazoo_sup.errors import NotFound, SupError
from kazoo_sup.kazoo.freeswitch import listings, replies
from kazoo_sup.servers import Answers, PartlyListed, choose, gather
from kazoo_sup.transports.esl import LIMIT, PORT, Endpoint, EventSocket, Reply
from kazoo_sup.transports.esl_events import follow
from kazoo_sup.transports.esl_failures import CommandRefused
from kazoo_sup.transports.esl_frames import Event

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.zone import Zone

MEGABYTE = 2**20
_MERGED = 1000
_SLACK = 5.0
_SHOWN = 80

Found = TypeVar("Found")

Servers = Sequence[tuple[str, "Server"]]


class Listing(NamedTuple):
    """An answer that has begun, and the connection it comes on."""

    connected: EventSocket
    reply: Reply


class NotUnderstood(SupError):
    """{server} gave an answer that cannot be understood: {reason}"""


def connect(zone: Zone, name: str, server: Server, limit: int = LIMIT) -> EventSocket:
    """Return a connection to one server; LIMIT is the bytes that one answer may have.

    Raises what EventSocket.connect does, and SettingsError when the password cannot be read.
    """
    parts = urlsplit(server.url)
    host = parts.hostname or ""
    called = "FreeSWITCH" if "://" in name else f"FreeSWITCH {name}"
    endpoint = Endpoint(called, host, parts.port or PORT, server.username, server.password)
    times = zone.settings.timeouts
    return EventSocket(endpoint, connect_timeout=times.connect, read_timeout=times.read, limit=limit).connect()


def ask(zone: Zone, servers: Servers, command: str, limit: int = LIMIT) -> Answers[str]:
    """Return each server's whole answer to an API command; one that refuses it gives CommandRefused."""
    return read(zone, servers, command, str, limit)


def read(
    zone: Zone, servers: Servers, command: str, understand: Callable[[str], Found], limit: int = LIMIT
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


def listing(connected: EventSocket, command: str) -> Iterator[dict[str, Any]]:
    """Give the rows of a listing as they come; raises CommandRefused, Unclear."""
    yield from listings.rows(_begun(connected, command))


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


def open_listings(zone: Zone, servers: Servers, command: str, limit: int = LIMIT) -> Answers[Listing]:
    """Ask each server for a listing as JSON; return the answers as they begin. `rows` reads them."""

    def one(name: str, server: Server) -> Listing:
        connected = connect(zone, name, server, limit)
        try:
            reply = _begun(connected, command)
        except BaseException:
            connected.close()
            raise
        return Listing(connected, reply)

    return gather(servers, one, _deadline(zone))


def rows(answers: Mapping[str, Listing]) -> Iterator[dict[str, Any]]:
    """Give the rows of all listings, each with the name of its server, in constant memory.

    A server that fails on the way does not hide the rows of those after it; PartlyListed ends the listing then.
    """
    failed: SupError | None = None
    for name, (connected, reply) in answers.items():
        try:
            with connected, _understanding(connected):
                for row in listings.rows(reply):
                    yield {"server": name, **row}
        except SupError as error:
            failed = failed or error
    if failed:
        raise PartlyListed(reason=str(failed))


def holding(zone: Zone, call: str, word: str | None) -> list[tuple[str, Server]]:
    """Return the server that WORD means, or the one of those meant that has the channel CALL.

    Raises NotFound when all servers answer and none has it, and the first one's error when one does not answer.
    """
    servers = choose(zone, "freeswitch", word)
    if len(servers) == 1:
        return servers
    answers = read(zone, servers, f"uuid_exists {call}", replies.truth)
    found = [(name, server) for name, server in servers if answers.given.get(name)]
    if not found:
        raise answers.errors[0] if answers.errors else NotFound(server=f"zone {zone.name}", what=f"channel {call}")
    return found


def open_events(zone: Zone, servers: Servers, names: str, filters: Mapping[str, str]) -> Answers[Iterator[Event]]:
    """Subscribe at each server to the events NAMES that fit one of FILTERS; return them as they come, for ever."""

    def one(name: str, server: Server) -> Iterator[Event]:
        def connected() -> EventSocket:
            found = connect(zone, name, server)
            try:
                for header, value in filters.items():
                    found.filter(header, value)
                found.subscribe(names)
            except BaseException:
                found.close()
                raise
            return found

        return follow(connected(), connected, zone.run.warn)

    return gather(servers, one, _deadline(zone))


def merged(
    sources: Mapping[str, Iterator[Event]], tell: Callable[[str], None], count: int = 0, seconds: float = 0
) -> Iterator[Event]:
    """Give the events of all SOURCES as they come, each with its server's name, COUNT of them or for so many SECONDS.

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
            event = queue.get(timeout=None if end is None else max(0, end - time.monotonic()))
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

"""Which of a zone's servers a command talks to, and how several are asked side by side.

The word for the server is the last argument of every command and may be left out: `server: str | None = None`. It is
a name from the zone's settings, `all`, or an address: a URL, host:port, an IP address, or the path of a socket. Without
it a command that only reads asks all servers, and one that does more takes the only one there is.

    answers = gather(choose(zone, "freeswitch", server), ask, deadline)
    return Listing(columns, rows(answers.given), report=answers.report)
"""

from __future__ import annotations

import re
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, Self, TypeAlias, TypeVar
from urllib.parse import urlsplit

from kazoo_sup.concurrency import next_of
from kazoo_sup.errors import BadArgument, ExitCode, Stopped, SupError, TimedOut, UsageError, did_you_mean, worst
from kazoo_sup.results import NO_RETURN, BulkReport, Done, Listing, partly
from kazoo_sup.settings.servers import KAMAILIO, parse
from kazoo_sup.transports.server import Server

if TYPE_CHECKING:
    from kazoo_sup.types import Row
    from kazoo_sup.zone import Zone

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)
Found = TypeVar("Found")

ALL = "all"


@dataclass(frozen=True, slots=True)
class Kind:
    """Servers of one kind: what people call them, the schemes of their URLs, and the program where that is another."""

    title: str
    schemes: tuple[str, ...]
    product: str = ""


KINDS: Mapping[str, Kind] = {
    "freeswitch": Kind("FreeSWITCH", ("esl",)),
    "kamailio": Kind("Kamailio", KAMAILIO),
    "haproxy": Kind("HAProxy", ("tcp", "unix")),
    "rabbitmq_api": Kind("RabbitMQ management API", ("http", "https"), "RabbitMQ"),
    "crossbar": Kind("Crossbar", ("http", "https")),
    "monster_ui": Kind("Monster UI", ("http", "https")),
}
"""By the key of the zone's settings."""

_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d{1,5}")
_IP_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*")


class NoServers(UsageError):
    """zone {zone} has no {title} server; name one in the settings, for example {example}, or give its address"""

    remedy = "name one in the settings, for example {example}, or give its address"

    zone: str
    title: str
    example: str


class UnknownServer(UsageError):
    """zone {zone} has no {title} server {name!r}{hint}"""

    remedy = "sup config show tells which there are"

    zone: str
    title: str
    name: str
    hint: str


class PartlyListed(SupError):
    """{reason}; what was listed is not all"""

    exit_code = ExitCode.PARTIAL

    reason: str


class SeveralServers(UsageError):
    """zone {zone} has several {title} servers; name one of {names}, or all"""

    remedy = "name one of {names}, or all"

    zone: str
    title: str
    names: str


def choose(zone: Zone, kind: str, word: str | None = None, *, reading: bool = True) -> list[tuple[str, Server]]:
    """Return the servers of KIND (a key of KINDS) that WORD means, by name, in the order of the settings.

    Without a word these are all servers when READING, else the only one. An address that the settings know has the
    name and the credentials that they give it. Raises NoServers, UnknownServer, SeveralServers, or BadArgument for an
    address that cannot be used.
    """
    if word == "":
        raise BadArgument(parameter="SERVER", reason="is empty")  # from a script's variable that is not set
    listed = known(zone, kind)
    title = KINDS[kind].title
    if word and word not in (ALL, *listed) and (server := _address(kind, word)):
        return [_with_credentials(server, listed)]
    if not listed:
        raise NoServers(zone=zone.name, title=title, example=_example(zone.name, kind))
    if word and word not in (ALL, *listed):
        raise UnknownServer(
            zone=zone.name, title=title, name=word, hint=did_you_mean(word, listed) or f"; there is {', '.join(listed)}"
        )
    if word and word != ALL:
        return [(word, listed[word])]
    if not word and not reading and len(listed) > 1:
        raise SeveralServers(zone=zone.name, title=title, names=", ".join(listed))
    return list(listed.items())


def means_server(zone: Zone, kind: str, word: str | None) -> bool:
    """Return whether WORD is `all`, a name or an address of servers of KIND: where another word may stand before it."""
    return bool(word) and (word in (ALL, *known(zone, kind)) or _address(kind, str(word)) is not None)


def ask_all(
    servers: Sequence[tuple[str, Asked]],
    function: Callable[[str, Asked], Answer],
    deadline: float,
    *,
    grace: float | None = None,
) -> Iterator[tuple[str, Answer | SupError]]:
    """Call FUNCTION(name, server) for each of SERVERS at once; yield each name with the answer or error as it comes.

    They may be anything that has names. With GRACE whoever has not answered gets no more than so many seconds after
    the last answer of another one. A server that has not answered after DEADLINE seconds, or when the run's own
    time is up (-t), gets TimedOut, and its thread is left to itself. Whatever else than a SupError a function raises is
    a defect and is raised here.
    """
    finished: SimpleQueue[tuple[str, Answer | BaseException]] = SimpleQueue()

    def ask(name: str, server: Asked) -> None:
        try:
            finished.put((name, function(name, server)))
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody can catch it
            finished.put((name, error))

    end = last = time.monotonic() + deadline
    for name, server in servers:
        # A daemon, so that a server that hangs never keeps the process from ending.
        threading.Thread(target=ask, args=(name, server), name=name, daemon=True).start()
    missing = [name for name, _ in servers]
    late: Callable[[str], TimedOut] = partial(_late, deadline)
    while missing:
        try:
            name, answer = _next(finished, end)
        except Empty:
            if end < last:  # what GRACE left of the time is over
                late = partial(_late, round(time.monotonic() - last + deadline, 1))
            break
        except Stopped as stopped:
            # What the others answered may have been done; it must not be lost with the one that hangs.
            late = _out_of_time(stopped)
            end = last = 0.0
            continue
        if isinstance(answer, BaseException) and not isinstance(answer, SupError):
            raise answer
        missing.remove(name)
        yield name, answer
        if grace is not None and not isinstance(answer, SupError):
            end = min(last, time.monotonic() + grace)
    yield from ((name, late(name)) for name in missing)


def _next(finished: SimpleQueue[Found], end: float) -> Found:
    """Wait for the next one until END, and raise Empty then."""
    return next_of(finished, end - time.monotonic())


class OutOfTime(TimedOut):
    """timed out after {seconds:g} s{doing}"""


def _late(seconds: float, name: str) -> TimedOut:
    return TimedOut(seconds=round(seconds, 1), doing=f" waiting for {name}")


def _out_of_time(stopped: Stopped) -> Callable[[str], OutOfTime]:
    """Return what makes the errors of servers that had not answered when the run's own time was up."""
    if not isinstance(stopped.error, TimedOut):
        raise stopped
    seconds = stopped.error.seconds
    return lambda name: OutOfTime(seconds=seconds, doing=f" waiting for {name}")


@dataclass(frozen=True, slots=True)
class Answers(Generic[Answer_co]):
    """What the servers that answered gave, by name and in the order asked, and the errors of the others."""

    given: Mapping[str, Answer_co]
    errors: Sequence[SupError]
    spared: Sequence[str] = ()
    """The servers of which it is certain that they did nothing."""

    @property
    def report(self) -> BulkReport | None:
        """What a result says of the errors: partly done (exit code 5) when some answered and some did not."""
        return partly(len(self.given), self.errors)

    def rows(self: Answers[Iterable[Row]]) -> Iterator[Row]:
        """Yield the rows of all who answered, the server's name in each."""
        return ({"server": name, **row} for name, found in self.given.items() for row in found)

    def listing(self: Answers[Iterable[Row]], columns: Sequence[str]) -> Listing | Done:
        """Return the rows of all who answered, each with its server's name."""
        return self.listing_of(columns, self.rows())

    def listing_of(self, columns: Sequence[str], rows: Iterable[Row]) -> Listing | Done:
        """Return ROWS of all who answered, which have their server's name; it is shown where several were asked.

        Where nobody answered there is the report alone.
        """
        if not self.given:
            return Done(NO_RETURN, report=self.report)
        several = len(self.given) + len(self.errors) > 1
        return Listing(["server", *columns] if several else list(columns), rows, report=self.report)

    def in_time(self) -> Self:
        """Return the answers, for whoever goes on with them; raises OutOfTime when there is no time left for that."""
        for error in self.errors:
            if isinstance(error, OutOfTime):
                raise error
        return self


def gather(
    servers: Sequence[tuple[str, Asked]], function: Callable[[str, Asked], Answer], deadline: float
) -> Answers[Answer]:
    """Ask as `ask_all` does and wait for all; the error itself is raised when there was only one server to ask."""
    found = dict(ask_all(servers, function, deadline))
    answers = {name: found[name] for name, _ in servers}
    errors = [answer for answer in answers.values() if isinstance(answer, SupError)]
    if errors and len(servers) == 1:
        raise errors[0]
    return Answers({name: answer for name, answer in answers.items() if not isinstance(answer, SupError)}, errors)


def first_step(deadline: float) -> float:
    """Return how long the first of two steps may take: DEADLINE, but no more than half of the time that -t leaves.

    So one of several that hangs does not keep the others from what is done in the second step.
    """
    left = signal.getitimer(signal.ITIMER_REAL)[0]
    return min(deadline, left / 2) if left else deadline


def list_in_turn(
    servers: Sequence[tuple[str, Asked]],
    rows: Callable[[str, Asked], Iterable[Answer]],
    patience: float = 2.0,
) -> Iterator[tuple[str, Answer]]:
    """Yield the ROWS of one server after the other as they come, each with the server's name, in constant memory.

    All are asked at once. A server that fails, or is silent for more than PATIENCE seconds, does not hide those after
    it; when the run's own time is up (-t), what has come is given. At the end PartlyListed is raised when some failed,
    or the worst error when all did.
    """
    arrived: _Arrivals = SimpleQueue()
    waiting = deque(_Listing(name, partial(rows, name, server), arrived) for name, server in servers)
    errors: list[SupError] = []
    while waiting:
        try:
            _wait(waiting, arrived, patience)
        except Stopped as stopped:
            _give_up(waiting, arrived, _out_of_time(stopped))
        listing = waiting[0]
        for row in listing.come():
            yield listing.name, row
        if listing.ended:
            waiting.popleft()
            if listing.error:
                errors.append(listing.error)
    if 0 < len(errors) < len(servers):
        raise PartlyListed(reason="; ".join(map(str, errors)))
    if errors:
        raise worst(errors)


class _Listing(Generic[Answer]):
    """The rows of one server, which a thread reads; no more than a few wait here until they are asked for."""

    def __init__(self, name: str, rows: Callable[[], Iterable[Answer]], arrived: _Arrivals) -> None:
        self.name = name
        self.ended = False
        self.error: SupError | None = None
        self._rows: deque[Answer] = deque()
        self._room = threading.Semaphore(_HELD)
        self._arrived = arrived
        threading.Thread(target=self._read, args=(rows,), name=name, daemon=True).start()

    @property
    def has_something(self) -> bool:
        return bool(self._rows) or self.ended

    def come(self) -> Iterator[Answer]:
        """Yield the rows that have come, and make room for as many."""
        while self._rows:
            row = self._rows.popleft()
            self._room.release()
            yield row

    def take(self, row: Answer) -> None:
        self._rows.append(row)

    def end(self, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, SupError):
            raise error
        self.ended = True
        self.error = error

    def _read(self, rows: Callable[[], Iterable[Answer]]) -> None:
        ending: BaseException | None = None
        try:
            for row in rows():
                self._room.acquire()
                self._arrived.put(partial(self.take, row))
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody can catch it
            ending = error
        self._arrived.put(partial(self.end, ending))


_HELD = 1000
"""Rows of one server that may wait while those of another are shown."""

_Arrivals: TypeAlias = "SimpleQueue[Callable[[], None]]"
"""What came of the listings, in the order in which it came: each call hands it to its listing."""


def _wait(waiting: deque[_Listing[Answer]], arrived: _Arrivals, patience: float) -> None:
    """Wait until the first of those WAITING has something; after PATIENCE seconds another one may become the first."""
    end = time.monotonic() + patience
    while not waiting[0].has_something:
        left = end - time.monotonic()
        other = next((each for each in waiting if each.has_something), None)
        if left <= 0 and other:
            waiting.remove(other)
            waiting.appendleft(other)
            return
        with suppress(Empty):
            next_of(arrived, left if left > 0 else None)()


def _give_up(waiting: Iterable[_Listing[Answer]], arrived: _Arrivals, late: Callable[[str], SupError]) -> None:
    """End the listings of those who still had something to say; what has come stays."""
    with suppress(Empty):
        while True:
            arrived.get_nowait()()
    for each in waiting:
        if not each.ended:
            each.end(late(each.name))


def called(kind: str, name: str) -> str:
    """Return what errors call the server NAME of KIND: by its kind alone where the name is only an address."""
    title = KINDS[kind].product or KINDS[kind].title
    return title if any(mark in name for mark in ":/") else f"{title} {name}"


def known(zone: Zone, kind: str) -> dict[str, Server]:
    """Return the servers of KIND (a key of KINDS) in the zone's settings by their names, one without by its address."""
    found = getattr(zone.settings, kind)
    if isinstance(found, Server):
        return {urlsplit(found.url).netloc: found}
    return dict(found or {})


def _address(kind: str, word: str) -> Server | None:
    """Return the server at the address that WORD is, or None when it looks like a name."""
    schemes = KINDS[kind].schemes
    text = word
    if word.startswith("/") and "unix" in schemes:
        text = f"unix:{word}"
    elif _IP_ADDRESS.fullmatch(word):
        text = f"{schemes[0]}://" + (f"[{word}]" if ":" in word else word)
    elif _HOST_AND_PORT.fullmatch(word):
        text = f"{schemes[0]}://{word}"
    elif "://" not in word and not word.startswith(tuple(f"{scheme}:" for scheme in schemes)):
        return None
    try:
        server = parse(text, schemes)
    except ValueError as error:
        raise BadArgument(parameter="SERVER", reason=str(error)) from None
    if server.holds_secret:
        reason = "whoever looks at this host's processes sees a password in it; keep that in the settings"
        raise BadArgument(parameter="SERVER", reason=reason)
    return server


def _with_credentials(server: Server, known: Mapping[str, Server]) -> tuple[str, Server]:
    """Return what the settings know of the server at this address, else the server under its own URL."""
    wanted = urlsplit(server.url)
    ways = [(name, way) for name, each in known.items() for way in (each, *each.others)]
    for name, each in ways:
        there = urlsplit(each.url)
        same = (there.scheme, there.netloc) == (wanted.scheme, wanted.netloc)
        if same and wanted.path in (there.path, "" if wanted.netloc else there.path):
            return name, each.with_credentials(server.username, server.password)
    return server.url, server


def _example(zone: str, kind: str) -> str:
    address = f"{KINDS[kind].schemes[0]}://192.0.2.10:PORT"
    return f"zones: {{{zone}: {{{kind}: {address if kind == 'rabbitmq_api' else f'{{name: {address}}}'}}}}}"

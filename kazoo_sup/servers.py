"""Which of a zone's servers a command talks to, and how several are asked side by side.

The word for the server is the last argument of every command and may be left out: `server: str | None = None`. It is
a name from the zone's settings, `all`, or an address: a URL, host:port, an IP address, or the path of a socket. Without
it a command that only reads asks all servers, and one that does more takes the only one there is.

    answers = gather(choose(zone, "freeswitch", server), ask, deadline)
    return table(columns, rows(answers.given), **answers.ending())
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlsplit

from kazoo_sup.errors import BadArgument, ExitCode, SupError, TimedOut, UsageError
from kazoo_sup.settings.servers import KAMAILIO, Server, parse
from kazoo_sup.settings.sources import hint

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

ALL = "all"


@dataclass(frozen=True, slots=True)
class Kind:
    """Servers of one kind: what people call them, and the schemes of their URLs, an address's own first."""

    title: str
    schemes: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    "freeswitch": Kind("FreeSWITCH", ("esl",)),
    "kamailio": Kind("Kamailio", KAMAILIO),
    "haproxy": Kind("HAProxy", ("tcp", "unix")),
    "rabbitmq_api": Kind("RabbitMQ management API", ("http", "https")),
    "crossbar": Kind("Crossbar", ("http", "https")),
    "monster_ui": Kind("Monster UI", ("http", "https")),
}
"""By the key of the zone's settings."""

_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d{1,5}")
_IP_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*")


class NoServers(UsageError):
    """zone {zone} has no {title} server; name one in the settings, for example {example}, or give its address"""


class UnknownServer(UsageError):
    """zone {zone} has no {title} server {name!r}{hint}"""


class PartlyListed(SupError):
    """{reason}; what was listed is not all"""

    exit_code = ExitCode.PARTIAL


class SeveralServers(UsageError):
    """zone {zone} has several {title} servers; name one of {names}, or all"""


def choose(zone: Zone, kind: str, word: str | None = None, *, reading: bool = True) -> list[tuple[str, Server]]:
    """Return the servers of KIND (a key of KINDS) that WORD means, by name, in the order of the settings.

    Without a word these are all servers when READING, else the only one. An address that the settings know has the
    name and the credentials that they give it. Raises NoServers, UnknownServer, SeveralServers, or BadArgument for an
    address that cannot be used.
    """
    if word == "":
        raise BadArgument(parameter="SERVER", reason="is empty")  # from a script's variable that is not set
    listed = known(zone, kind)
    facts = {"zone": zone.name, "title": KINDS[kind].title}
    if word and word not in (ALL, *listed) and (server := _address(kind, word)):
        return [_with_credentials(server, listed)]
    if not listed:
        raise NoServers(**facts, example=_example(zone.name, kind))
    if word and word not in (ALL, *listed):
        raise UnknownServer(**facts, name=word, hint=hint(word, listed) or f"; there is {', '.join(listed)}")
    if word and word != ALL:
        return [(word, listed[word])]
    if not word and not reading and len(listed) > 1:
        raise SeveralServers(**facts, names=", ".join(listed))
    return list(listed.items())


def means_server(zone: Zone, kind: str, word: str | None) -> bool:
    """Tell whether WORD is `all`, a name or an address of servers of KIND: where another word may stand before it."""
    return bool(word) and (word in (ALL, *known(zone, kind)) or _address(kind, str(word)) is not None)


def ask_all(
    servers: Sequence[tuple[str, Asked]], function: Callable[[str, Asked], Answer], deadline: float
) -> Iterator[tuple[str, Answer | SupError]]:
    """Call FUNCTION(name, server) for each of SERVERS at once; yield each name with the answer or error as it comes.

    They may be anything that has names. A server that has not answered after DEADLINE seconds gets TimedOut, and its
    thread is left to itself. Whatever else than a SupError a function raises is a defect and is raised here.
    """
    finished: SimpleQueue[tuple[str, Answer | BaseException]] = SimpleQueue()

    def ask(name: str, server: Asked) -> None:
        try:
            finished.put((name, function(name, server)))
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody can catch it
            finished.put((name, error))

    end = time.monotonic() + deadline
    for name, server in servers:
        # A daemon, so that a server that hangs never keeps the process from ending.
        threading.Thread(target=ask, args=(name, server), name=name, daemon=True).start()
    missing = [name for name, _ in servers]
    while missing:
        try:
            name, answer = finished.get(timeout=max(0, end - time.monotonic()))
        except Empty:
            break
        if isinstance(answer, BaseException) and not isinstance(answer, SupError):
            raise answer
        missing.remove(name)
        yield name, answer
    yield from ((name, TimedOut(seconds=deadline, doing=f" waiting for {name}")) for name in missing)


@dataclass(frozen=True, slots=True)
class Answers(Generic[Answer]):
    """What the servers that answered gave, by name and in the order asked, and the errors of the others."""

    given: Mapping[str, Answer]
    errors: Sequence[SupError]

    def ending(self) -> dict[str, Any]:
        """Return what an Outcome says of the errors: partly done (exit code 5) when some answered and some did not."""
        if not self.errors:
            return {}
        told: dict[str, Any] = {"errors": self.errors}
        if self.given:
            told["counts"] = {"answered": len(self.given), "failed": len(self.errors)}
        return told


def gather(
    servers: Sequence[tuple[str, Server]], function: Callable[[str, Server], Answer], deadline: float
) -> Answers[Answer]:
    """Ask as `ask_all` does and wait for all; the error itself is raised when there was only one server to ask."""
    found = dict(ask_all(servers, function, deadline))
    answers = {name: found[name] for name, _ in servers}
    errors = [answer for answer in answers.values() if isinstance(answer, SupError)]
    if errors and len(servers) == 1:
        raise errors[0]
    return Answers({name: answer for name, answer in answers.items() if not isinstance(answer, SupError)}, errors)


def list_in_turn(
    servers: Sequence[tuple[str, Server]], rows: Callable[[str, Server], Iterable[Answer]]
) -> Iterator[tuple[str, Answer]]:
    """Give the ROWS of one server after the other as they come, each with the server's name, in constant memory.

    A server that fails does not hide those after it. At the end the first error is raised, as PartlyListed when others
    did not fail.
    """
    errors: list[SupError] = []
    for name, server in servers:
        try:
            for row in rows(name, server):
                yield name, row
        except SupError as error:
            errors.append(error)
    if 0 < len(errors) < len(servers):
        raise PartlyListed(reason=str(errors[0]))
    if errors:
        raise errors[0]


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
    for name, each in known.items():
        there = urlsplit(each.url)
        same = (there.scheme, there.netloc) == (wanted.scheme, wanted.netloc)
        if same and wanted.path in (there.path, "" if wanted.netloc else there.path):
            return name, each.with_credentials(server.username, server.password)
    return server.url, server


def _example(zone: str, kind: str) -> str:
    address = f"{KINDS[kind].schemes[0]}://192.0.2.10:PORT"
    return f"zones: {{{zone}: {{{kind}: {address if kind == 'rabbitmq_api' else f'{{name: {address}}}'}}}}}"

"""Zone: one Kazoo zone as its settings describe it, its connections, and how this run shall treat it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol, TypeVar

from kazoo_sup.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.errors import SupError
    from kazoo_sup.results import Result
    from kazoo_sup.settings import Journaling, Server, Settings, ZoneSettings
    from kazoo_sup.transports.amqp import Binding, Conversation, Message, Publisher
    from kazoo_sup.transports.couchdb import CouchDB
    from kazoo_sup.types import Document, Json

Part = TypeVar("Part")


class Report(NamedTuple):
    """What became of one change: `action` is created, edited, deleted, unchanged or failed.

    `planned` tells that the run only showed it. `after` is the document as it is stored now, its new `_rev` included.
    `designs` are the design documents that a database gets with which it is planned.
    `told` is the action that nodes hear of although nothing was left to do: after a conflict it may have been done by
    a first copy of the very request, with somebody else's edit on top of it.
    """

    database: str
    id: str
    action: str
    before: Document | None = None
    after: Document | None = None
    planned: bool = False
    error: SupError | None = None
    designs: tuple[Document, ...] = ()
    told: str = ""


class Was(NamedTuple):
    """What there was before a deed that is no document.

    `before` is the value that the deed replaces, if there is one, and `left` that which it leaves there; both None
    where that is not known. `reverse` are the words of the `sup` command that brings it back, without `sup`: None where
    nothing does, and no words where the deed leaves nothing that could be taken back.
    """

    before: Json = None
    reverse: Sequence[str] | None = None
    left: Json = None


class Session:
    """What the modules that serve a run remember during it: each has a part of its own, by the type of that.

    It ends with the run. Threads may ask at once; a part is made only once.
    """

    def __init__(self) -> None:
        """Nothing is remembered yet."""
        self._parts: dict[tuple[type[object], str], object] = {}
        self._lock = RLock()

    def part(self, kind: type[Part], zone: str = "") -> Part:
        """Return the run's KIND, or that of a ZONE by its name; it is made the first time."""
        found = self._parts.get((kind, zone))
        if found is None:
            with self._lock:
                found = self._parts.setdefault((kind, zone), kind())
        assert isinstance(found, kind)
        return found


class Said(set[str]):
    """The sentences that a run has told people once."""


class Configurations(dict[str, "Document | None"]):
    """The system_config documents that a run has read of a zone, by category; None where there is none.

    The door forgets what it writes (`forget`), so that it is read again.
    """

    def forget(self, category: str = "") -> None:
        """Have the document of CATEGORY, or every one, read again when it is needed next."""
        if category:
            self.pop(category, None)
        else:
            self.clear()


def no_progress(_label: str, _total: int | None) -> AbstractContextManager[Callable[[int], None]]:
    """Be the `progress` of a run at which nobody looks on."""
    return nullcontext(lambda done: None)


class Run(NamedTuple):
    """What this run was asked for, and where it tells how it goes.

    `report` takes the report of every change, `would` what else a run that only shows it would do (a verb and what it
    is for), `foretold` each deed of such a run that is no document, with the value that it would replace; `warn` takes
    a sentence for people, `hint` one that only matters to somebody who looks on; `confirm` is asked before destructive
    work, with what would be done, and raises Declined when it must not; `confirm_watched` does the same only where
    somebody is at the terminal, for what scripts have always done unasked; `ask(question, secret)` returns the line
    that is answered, on the terminal (unseen, a secret) or standard input, and raises Declined when there is none;
    `progress(label, total)` gives a function that is told how many items were done since it was last called. `config`
    and `cookie` are the settings file and the cookie that the command line names; `printed` takes what a node prints,
    piece by piece. `journal` returns what records the run's changes, a `changes.journal.recorder.Recorder`; None for a
    run of which nothing is recorded. `session` holds what is remembered while it runs.
    `at_end` takes what is only known for sure when the run ends, and calls it then; where nobody waits, at once.
    `judge` is given what there is before each deed that is no document, in a dry run too, and raises what keeps it from
    being done.
    `perform` runs another command's words as a part of this run, and raises what keeps it from being done; `repeat`
    runs what a plan says was asked for, to its end, and returns its result.

    Only `changes` and the command line ask whether this is a dry run.
    """

    session: Session
    dry_run: bool = False
    events: bool = True
    report: Callable[[Report], None] = lambda report: None
    warn: Callable[[str], None] = lambda sentence: None
    would: Callable[[str], None] = lambda deed: None
    foretold: Callable[[str, object], None] = lambda deed, before: None
    hint: Callable[[str], None] = lambda sentence: None
    confirm: Callable[[str], None] = lambda deed: None
    confirm_watched: Callable[[str], None] = lambda deed: None
    ask: Callable[[str, bool], str] = lambda question, secret: ""
    progress: Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]] = no_progress
    config: Path | None = None
    journal: Callable[[], object] | None = None
    printed: Callable[[str], None] = lambda piece: None
    cookie: str | None = None
    at_end: Callable[[Callable[[], None]], None] = lambda tell: tell()
    judge: Callable[[Was], None] = lambda was: None
    perform: Callable[[Zone, Sequence[str]], None] = lambda zone, words: None
    repeat: Callable[[Zone, Document], Result | None] = lambda zone, wanted: None

    def warn_once(self, sentence: str) -> None:
        """Tell people something, unless this run has told it already."""
        said = self.session.part(Said)
        if sentence not in said:
            said.add(sentence)
            self.warn(sentence)


class Shared(Protocol):
    """The connections that outlast a run: those of all commands that one process runs."""

    def couchdb(self, zone: ZoneSettings, connect: Callable[[], CouchDB]) -> CouchDB:
        """Return the CouchDB of ZONE: that of earlier commands, or what CONNECT makes."""


class NoBroker(UsageError):
    """zone {zone} has no broker; name one in the settings, for example {example}"""

    remedy = "name one in the settings, for example {example}"

    zone: str
    example: str


class Connections:
    """The connections to the servers of a zone, each made when it is first used."""

    def __init__(self, settings: ZoneSettings, *, name: str, shared: Shared | None = None) -> None:
        """Connect nothing yet. NAME is that of `sup` on the bus; SHARED has what is to outlast this run."""
        self._settings = settings
        self._name = name
        self._shared = shared
        self._own: CouchDB | None = None
        self._nodes: dict[tuple[str, int], CouchDB] = {}
        self._leave: set[Callable[[], None]] = set()

    def of(self, settings: ZoneSettings) -> Connections:
        """Return those of another zone, which outlast a run where these do."""
        return Connections(settings, name=self._name, shared=self._shared)

    @property
    def couchdb(self) -> CouchDB:
        """CouchDB, over the zone's coordinators."""
        if self._shared is not None:
            return self._shared.couchdb(self._settings, lambda: self._couchdb(self._settings.couchdb))
        if self._own is None:
            self._own = self._couchdb(self._settings.couchdb)
        return self._own

    def couchdb_of(self, node: str, port: int) -> CouchDB:
        """One node of the cluster, `couchdb@HOST`, on a port of its own, with the coordinators' credentials."""
        from urllib.parse import urlsplit

        if (node, port) not in self._nodes:
            coordinator = self._settings.couchdb[0]
            host = node.rpartition("@")[2]
            url = f"{urlsplit(coordinator.url).scheme}://{f'[{host}]' if ':' in host else host}:{port}"
            reached = type(coordinator)(url).with_credentials(coordinator.username, lambda: coordinator.password or "")
            self._nodes[node, port] = self._couchdb([reached])
        return self._nodes[node, port]

    def couchdb_at(self, server: Server, *, retry: float) -> CouchDB:
        """One coordinator alone, which spends RETRY seconds on repeats; whoever asks for it closes it."""
        return self._couchdb([server], retry)

    def _couchdb(self, servers: Sequence[Server], retry: float | None = None) -> CouchDB:
        from kazoo_sup.transports.couchdb import CouchDB
        from kazoo_sup.transports.http import Timeouts

        limits = Timeouts(self._settings.timeouts.connect, self._settings.timeouts.read)
        return CouchDB(
            servers,
            timeouts=limits if retry is None else limits._replace(retry=retry),
            limits=self._settings.limits,
            tls=self._settings.couchdb_tls,
        )

    def publisher(self, on_failed: Callable[[Sequence[Message], str], None]) -> Publisher:
        """Return a new publisher to the zone's broker; messages that do not arrive are handed to ON_FAILED."""
        from kazoo_sup.transports.amqp import Publisher

        patience = self._settings.timeouts.connect
        return Publisher(self._settings.amqp, on_failed=on_failed, timeout=patience, tls=self._settings.amqp_tls)

    def kamailio(self, server: Server, called: str = "Kamailio") -> Callable[[str, Sequence[str | int | float]], Json]:
        """Return what calls the RPC commands of a Kamailio by name and arguments, each over a connection of its own.

        Errors call it CALLED.
        """
        from kazoo_sup.transports import kamailio

        self._leave.add(kamailio.clean_up)
        times = self._settings.timeouts
        limits = self._settings.limits
        return partial(kamailio.call, server, connect=times.connect, read=times.read, limits=limits, called=called)

    def conversation(self, bindings: Sequence[Binding], *, keep: int | None = None) -> Conversation:
        """Return a conversation with the zone's broker, not connected yet, in whose queue BINDINGS arrive.

        Raises NoBroker where the zone has none, SettingsError for a malformed address.
        """
        from kazoo_sup.transports.amqp import Conversation

        if not self._settings.amqp:
            zone = self._settings.name
            raise NoBroker(zone=zone, example=f"zones: {{{zone}: {{amqp: amqp://192.0.2.10:5672}}}}")

        return Conversation(
            self._settings.amqp,
            bindings,
            name=self._name,
            timeout=self._settings.timeouts.connect,
            tls=self._settings.amqp_tls,
            keep=keep,
        )

    def close(self) -> None:
        """Let go of what was connected, but what others use after this run."""
        for node in self._nodes.values():
            node.close()
        if self._own is not None:
            self._own.close()
        for leave in self._leave:
            leave()


class Zone:
    """One zone: its settings, this host, the Kazoo node that a command is meant for, its connections, and the run.

    `all_settings` are those of all zones, this one the active one; `asked_node` is the node as it was named, with or
    without its host, `node` always with it.
    """

    settings: ZoneSettings
    all_settings: Settings
    host: str
    asked_node: str
    node: str
    connections: Connections
    run: Run

    def __init__(
        self,
        settings: ZoneSettings,
        all_settings: Settings,
        host: str,
        asked_node: str,
        connections: Connections,
        run: Run,
    ) -> None:
        """Take what it consists of; `of` makes it of settings."""
        vars(self).update(
            settings=settings,
            all_settings=all_settings,
            host=host,
            asked_node=asked_node,
            node=asked_node if "@" in asked_node else f"{asked_node}@{host}",
            connections=connections,
            run=run,
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: what a command was given stays as it is."""
        raise AttributeError(f"{name} of a zone is not to be changed")

    @classmethod
    def of(cls, settings: Settings, *, node: str, run: Run, short: bool = False, shared: Shared | None = None) -> Zone:
        """Return the active zone of SETTINGS. NODE is the node for which a command is meant, with or without its host.

        SHORT cuts this host's name at its first dot, as nodes with short names do. SHARED has the connections that are
        to outlast this zone.
        """
        host = settings.host.partition(".")[0] if short else settings.host
        active = settings.zone()
        return cls(
            settings=active,
            all_settings=settings,
            host=host,
            asked_node=node,
            connections=Connections(active, name=_own_node(host), shared=shared),
            run=run,
        )

    @property
    def name(self) -> str:
        """The zone's name, by which system_config documents hold its section."""
        return self.settings.name

    @property
    def state_dir(self) -> Path:
        """The directory in which `sup` keeps what outlasts a run."""
        return self.all_settings.state_dir

    @property
    def journaling(self) -> Journaling:
        """How the record of what runs change is kept."""
        return self.all_settings.journal

    @property
    def described(self) -> str:
        """Which cluster this is, in words: its zone and where its CouchDB is, without credentials."""
        from urllib.parse import urlsplit

        addresses = [urlsplit(server.url).netloc.rpartition("@")[2] for server in self.settings.couchdb]
        return f"zone {self.name}, CouchDB at {', '.join(addresses)}"

    @property
    def own_node(self) -> str:
        """The name under which `sup` itself speaks on the bus: never one of the cluster's nodes."""
        return _own_node(self.host)

    @property
    def couchdb(self) -> CouchDB:
        """CouchDB, over the zone's coordinators."""
        return self.connections.couchdb

    @property
    def configurations(self) -> Configurations:
        """The system_config documents that this run has read."""
        return self.run.session.part(Configurations, self.name)

    def configuration(self, category: str) -> Document | None:
        """Return the system_config document of CATEGORY, or None when there is none.

        It is read once, and again after this run changed it. What shall be changed is read again in any case.
        """
        known = self.configurations
        if category in known:
            return known[category]
        found = self.couchdb.get("system_config", category)
        known[category] = found
        return found

    def origin(self, setting: str) -> str:
        """Return where a setting of this zone comes from, for people; nothing where it is the built-in default."""
        from kazoo_sup.settings.sources import DEFAULT

        found = self.all_settings.origins.get(f"zones.{self.name}.{setting}", DEFAULT)
        return "" if found == DEFAULT else found

    def with_run(self, run: Run, *, node: str = "") -> Zone:
        """Return this zone, with the same connections, for a part of its run that tells what it does elsewhere.

        It is meant for NODE, with or without its host, or for the same one.
        """
        return Zone(self.settings, self.all_settings, self.host, node or self.asked_node, self.connections, run)

    def everywhere(self) -> list[Zone]:
        """Return this zone and all others that have a broker."""
        found = [self]
        for name, settings in self.all_settings.zones.items():
            if name != self.name and settings.brokers:
                all_settings = self.all_settings._replace(active=name)
                active = all_settings.zone()
                connections = self.connections.of(active)
                found.append(Zone(active, all_settings, self.host, self.node, connections, self.run))
        return found

    def close(self) -> None:
        """Let go of what was connected."""
        self.connections.close()


def _own_node(host: str) -> str:
    return f"sup@{host}"

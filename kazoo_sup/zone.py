"""Zone: the parts of one Kazoo zone, each connected only when it is first used, and how this run shall treat them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.changes.announcer import Announcer
    from kazoo_sup.changes.change import Report
    from kazoo_sup.settings import Server, Settings, ZoneSettings
    from kazoo_sup.transports.amqp import Message, Publisher
    from kazoo_sup.transports.amqp_ask import Binding, Conversation
    from kazoo_sup.transports.couchdb import CouchDB


@dataclass(frozen=True, slots=True)
class Run:
    """What this run was asked for, and where it tells how it goes.

    `report` takes the report of every change; `warn` takes a sentence for people, `hint` one that only matters
    to somebody who looks on; `confirm` is asked before destructive
    work, with what would be done, and raises Declined when it must not; `ask(question, secret)` returns the line that
    is answered, on the terminal (unseen, a secret) or standard input, and raises Declined when there is none;
    `progress(label, total)` gives a function that is told how many items were done since it was last called.
    """

    dry_run: bool = False
    events: bool = True
    report: Callable[[Report], None] = field(default=lambda report: None)
    warn: Callable[[str], None] = field(default=lambda sentence: None)
    hint: Callable[[str], None] = field(default=lambda sentence: None)
    confirm: Callable[[str], None] = field(default=lambda deed: None)
    ask: Callable[[str, bool], str] = field(default=lambda question, secret: "")
    progress: Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]] = field(
        default=lambda label, total: nullcontext(lambda done: None)
    )


class Zone:
    """One zone, as its settings describe it."""

    def __init__(self, settings: Settings, *, node: str, run: Run, short: bool = False) -> None:
        """Take the active zone of SETTINGS. NODE is the Kazoo node for which a command is meant, with or without host.

        SHORT cuts this host's name at its first dot, as nodes with short names do.
        """
        self.settings: ZoneSettings = settings.zone()
        self._all_settings = settings
        self.state_dir: Path = settings.state_dir
        self.host = settings.host.partition(".")[0] if short else settings.host
        self.node = node if "@" in node else f"{node}@{self.host}"
        self.run = run
        self.announcer: Announcer | None = None
        """What publishes the run's change events while changes are being made; see `changes`."""
        self._configurations: dict[str, dict[str, Any] | None] = {}
        self._clean_up: Callable[[], None] = lambda: None
        self._nodes: dict[tuple[str, int], CouchDB] = {}

    @property
    def name(self) -> str:
        """The zone's name, by which system_config documents hold its section."""
        return self.settings.name

    @property
    def own_node(self) -> str:
        """The name under which `sup` itself speaks on the bus: never one of the cluster's nodes."""
        return f"sup@{self.host}"

    def everywhere(self) -> list[Zone]:
        """Return this zone and all others that have a broker."""
        found = [self]
        for name, settings in self._all_settings.zones.items():
            if name != self.name and settings.brokers:
                found.append(Zone(replace(self._all_settings, active=name), node=self.node, run=self.run))
                found[-1].host = self.host
        return found

    @cached_property
    def couchdb(self) -> CouchDB:
        """CouchDB, over the zone's coordinators."""
        return self._couchdb(self.settings.couchdb)

    def couchdb_of(self, node: str, port: int) -> CouchDB:
        """One node of the cluster, `couchdb@HOST`, on a port of its own, with the coordinators' credentials."""
        from urllib.parse import urlsplit

        if (node, port) not in self._nodes:
            coordinator = self.settings.couchdb[0]
            host = node.rpartition("@")[2]
            url = f"{urlsplit(coordinator.url).scheme}://{f'[{host}]' if ':' in host else host}:{port}"
            reached = type(coordinator)(url).with_credentials(coordinator.username, lambda: coordinator.password or "")
            self._nodes[node, port] = self._couchdb([reached])
        return self._nodes[node, port]

    def _couchdb(self, servers: Sequence[Server]) -> CouchDB:
        from kazoo_sup.transports.couchdb import CouchDB, Endpoint, Timeouts

        return CouchDB(
            [Endpoint(server.url, server.username, server.password) for server in servers],
            timeouts=Timeouts(self.settings.timeouts.connect, self.settings.timeouts.read),
            tls=self.settings.couchdb_tls,
        )

    def publisher(self, on_failed: Callable[[Sequence[Message], str], None]) -> Publisher:
        """Return a new publisher to the zone's broker; messages that do not arrive are handed to ON_FAILED."""
        from kazoo_sup.transports.amqp import Publisher

        patience = self.settings.timeouts.connect
        return Publisher(self.settings.amqp, on_failed=on_failed, timeout=patience, tls=self.settings.amqp_tls)

    def kamailio(self, server: Server) -> Callable[[str, Sequence[str | int | float]], Any]:
        """Return what calls the RPC commands of a Kamailio by name and arguments, each over a connection of its own."""
        from kazoo_sup.transports import kamailio

        self._clean_up = kamailio.clean_up
        return partial(kamailio.call, server, connect=self.settings.timeouts.connect, read=self.settings.timeouts.read)

    def conversation(self, bindings: Sequence[Binding], *, keep: int | None = None) -> Conversation:
        """Return a conversation with the zone's broker, not connected yet, in whose queue BINDINGS arrive."""
        from kazoo_sup.transports.amqp_ask import Conversation

        return Conversation(
            self.settings.amqp,
            bindings,
            name=self.own_node,
            timeout=self.settings.timeouts.connect,
            tls=self.settings.amqp_tls,
            keep=keep,
        )

    def configuration(self, category: str) -> dict[str, Any] | None:
        """Return the system_config document of CATEGORY, read once a run, or None when there is none."""
        if category not in self._configurations:
            self._configurations[category] = self.couchdb.get("system_config", category)
        return self._configurations[category]

    def close(self) -> None:
        """Let go of what was connected."""
        for node in self._nodes.values():
            node.close()
        if "couchdb" in self.__dict__:
            self.couchdb.close()
        self._clean_up()

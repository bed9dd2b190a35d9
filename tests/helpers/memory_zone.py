"""A zone in memory for tests: its CouchDB is a MemoryCouchDB, its broker keeps what is published."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from helpers.memory_couchdb import MemoryCouchDB
from kazoo_sup.settings import Server, Settings, Timeouts, ZoneSettings
from kazoo_sup.transports.amqp import Message, PublishResult
from kazoo_sup.zone import Connections, Run, Session, Zone


class MemoryBroker:
    """Keeps what is published; while `down` says why not, nothing is taken."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.down: str | None = None

    @property
    def keys(self) -> list[str]:
        """The routing keys, in the order of publishing."""
        return [message.routing_key for message in self.messages]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The bodies, in the order of publishing."""
        return [json.loads(message.body) for message in self.messages]


class _Publisher:
    """Like the real one it has sent nothing for certain before it is closed."""

    def __init__(self, broker: MemoryBroker, on_failed: Callable[[Sequence[Message], str], None]) -> None:
        self._broker = broker
        self._on_failed = on_failed
        self._unconfirmed: list[Message] = []

    def send(self, messages: Sequence[Message]) -> None:
        self._unconfirmed += messages

    def close(self) -> PublishResult:
        messages, self._unconfirmed = self._unconfirmed, []
        if self._broker.down and messages:
            self._on_failed(messages, self._broker.down)
            return PublishResult(0, len(messages), self._broker.down)
        self._broker.messages += messages
        return PublishResult(len(messages), 0, None)


class MemoryConnections(Connections):
    """The connections to these two."""

    def __init__(self, settings: ZoneSettings, couchdb: MemoryCouchDB, broker: MemoryBroker) -> None:
        super().__init__(settings, name="sup@apps1.example.com")
        self._memory = couchdb
        self.broker = broker

    @property
    def couchdb(self) -> Any:
        return self._memory

    def publisher(self, on_failed: Callable[[Sequence[Message], str], None]) -> Any:
        return _Publisher(self.broker, on_failed)


class MemoryZone(Zone):
    """A zone of these two; `reports` and `warnings` are what the run was told. Tests give it one run after another."""

    __setattr__ = object.__setattr__  # type: ignore[assignment]

    def __init__(
        self,
        state_dir: Path,
        *,
        couchdb: MemoryCouchDB | None = None,
        node: str = "kazoo_apps",
        **settings: Any,
    ) -> None:
        self.reports: list[Any] = []
        self.warnings: list[str] = []
        self.deeds: list[str] = []
        self.broker = MemoryBroker()
        chosen = {"couchdb": (Server("http://192.0.2.1:5984"),), "brokers": (Server("amqp://192.0.2.1"),), **settings}
        active = ZoneSettings(**chosen)
        super().__init__(
            settings=active,
            all_settings=Settings({"local": active}, "local", state_dir, "apps1.example.com", {}),
            host="apps1.example.com",
            asked_node=node,
            connections=MemoryConnections(active, couchdb or MemoryCouchDB(), self.broker),
            run=self.new_run(),
        )

    def with_run(self, run: Run, *, node: str = "") -> Zone:
        found = copy.copy(self)
        super(MemoryZone, found).__init__(
            self.settings, self.all_settings, self.host, node or self.asked_node, self.connections, run
        )
        return found

    def new_run(self, **choices: Any) -> Run:
        """Return a run that reports here; `zone.run = zone.new_run(dry_run=True)` begins another one."""
        return Run(Session(), report=self.reports.append, warn=self.warnings.append, would=self.deeds.append, **choices)

    def rerun(self, **choices: Any) -> None:
        """Begin another run, which reads afresh."""
        self.run = self.new_run(**choices)
        self.reports.clear()
        self.deeds.clear()

    def give_up_after(self, seconds: float) -> None:
        """Give servers only so long to answer, from now on."""
        self.settings = self.settings._replace(timeouts=Timeouts(seconds, seconds))

    def read_afresh(self) -> None:
        """Forget what the run has read of the configuration: somebody else has changed it."""
        self.configurations.forget()

    @property
    def waiting(self) -> list[tuple[str, dict[str, Any]]]:
        """Every event in the outbox, as its routing key and its body, held files too."""
        from kazoo_sup.changes import outboxes

        claims = outboxes.of(self).claim()
        found = [(key, json.loads(body)) for claim in claims for key, body in claim.messages()]
        for claim in claims:
            claim.release()
        return found

"""Looks values of the cluster up for `remembered`: run in a process of its own, which has all the time it needs."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup.cli.completion import remembered
from kazoo_sup.errors import SupError

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.types import Document, Row, ViewRow
    from kazoo_sup.zone import Zone

PATIENCE = 60
"""Seconds that looking may take; then the process ends."""

MOST = 20_000
"""Values that are kept of one kind."""


def main(words: list[str]) -> int:
    """Look up what WORDS name: kind, what the values are in, settings file and zone; return the exit code."""
    kind, of, config, zone = words
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(PATIENCE)
    named = Path(config) if config else None
    try:
        found = look_up(kind, of, config=named, zone=zone or None)
    except SupError:
        return 1  # nobody looks on; what is remembered stays
    remembered.remember(remembered.file(kind, of, config=named, zone=zone or None), found)
    return 0


def look_up(kind: str, of: str, *, config: Path | None, zone: str | None) -> list[str]:
    """Return the values of KIND, sorted."""
    from kazoo_sup import settings
    from kazoo_sup.zone import Run, Session, Zone

    known = settings.load(config=config, zone=zone)
    if kind == "zones":
        return sorted(known.zones)
    place = Zone.of(known, node="kazoo_apps", run=Run(Session(), dry_run=True, events=False))
    try:
        return sorted(set(islice(_LOOKING[kind](place, of), MOST)))
    finally:
        place.close()


def _accounts(zone: Zone, _of: str) -> Iterator[str]:
    """Yield names and realms."""
    for row in _view(zone, "listing_by_id"):
        found = row.get("value")
        if isinstance(found, dict):
            yield from (text for text in (found.get("name"), found.get("realm")) if isinstance(text, str))


def _account_names(zone: Zone, _of: str) -> Iterator[str]:
    for row in _view(zone, "listing_by_id"):
        found = row.get("value")
        if isinstance(found, dict) and isinstance(found.get("name"), str):
            yield found["name"]


def _realms(zone: Zone, _of: str) -> Iterator[str]:
    for row in _view(zone, "listing_by_realm"):
        if isinstance(row.get("key"), str):
            yield row["key"]


def _view(zone: Zone, name: str) -> Iterable[ViewRow]:
    from kazoo_sup.kazoo.databases import views

    return islice(views.rows(zone, "accounts", "accounts", name), MOST)


def _documents(database: str) -> Callable[[Zone, str], Iterator[str]]:
    def identifiers(zone: Zone, _of: str) -> Iterator[str]:
        found = (each["_id"] for each in zone.couchdb.documents(database, include_docs=False))
        return (each for each in found if not each.startswith("_design/"))

    return identifiers


def _categories(zone: Zone, _of: str) -> Iterator[str]:
    """Yield the categories that are stored, and those that Kazoo knows."""
    from kazoo_sup.kazoo.config import known_names

    yield from known_names.CATEGORIES
    yield from _documents("system_config")(zone, "")


def _keys(zone: Zone, category: str) -> Iterator[str]:
    """Yield the keys of all sections, as they are typed: a.b.c is a path."""
    for name, section in (zone.configuration(category) or {}).items():
        if not name.startswith(("_", "pvt_")) and isinstance(section, dict):
            yield from _paths(section, "")


def _paths(value: Document, before: str) -> Iterator[str]:
    for name, each in value.items():
        yield f"{before}{name}"
        if isinstance(each, dict):
            yield from _paths(each, f"{before}{name}.")


def _databases(zone: Zone, _of: str) -> Iterator[str]:
    return zone.couchdb.databases()


def _number_databases(zone: Zone, _of: str) -> Iterator[str]:
    return zone.couchdb.databases(start="numbers/", end="numbers/\ufff0")


def _nodes(zone: Zone, _of: str) -> Iterator[str]:
    """Yield the nodes that are heard on the bus, which takes a while, and those that have settings of their own."""
    from kazoo_sup.kazoo.bus import roster

    adverts, _errors = roster.everybody([zone])
    yield from adverts


def _servers(kind: str) -> Callable[[Zone, str], Iterator[str]]:
    def names(zone: Zone, _of: str) -> Iterator[str]:
        from kazoo_sup.kazoo.zone import servers

        yield from servers.known(zone, kind)

    return names


def _backends(zone: Zone, _of: str) -> Iterator[str]:
    for row in _haproxy(zone):
        yield row["backend"]


def _backend_servers(zone: Zone, backend: str) -> Iterator[str]:
    for row in _haproxy(zone):
        if backend in ("", "all", row["backend"]):
            yield row["server"]


def _haproxy(zone: Zone) -> Iterator[Row]:
    """Yield the servers of every HAProxy that answers, with their backends."""
    from kazoo_sup.kazoo.haproxy import KIND, connect, patience, statistics
    from kazoo_sup.kazoo.zone.servers import choose, gather

    def read(name: str, server: Server) -> list[statistics.Stat]:
        return statistics.read(connect(zone, name, server))

    for stats in gather(choose(zone, KIND), read, patience(zone)).given.values():
        yield from statistics.servers(stats)


def _apps(zone: Zone, _of: str) -> Iterator[str]:
    from kazoo_sup.kazoo.config import autostart

    yield from autostart.APPLICATIONS
    yield from autostart.configured(zone)


def _monster_apps(zone: Zone, _of: str) -> Iterator[str]:
    """Yield the ids of Monster UI's apps."""
    from kazoo_sup.kazoo.monster_ui import apps

    for _name, app in apps.listed(zone, apps.database(zone)):
        if isinstance(app.get("id"), str):
            yield app["id"]


def _crossbar_modules(zone: Zone, _of: str) -> Iterator[str]:
    from kazoo_sup.kazoo.config import crossbar_modules, known_names

    yield from known_names.CROSSBAR_MODULES
    yield from crossbar_modules.stored(zone)


def _blackhole_modules(_zone: Zone, _of: str) -> Iterator[str]:
    from kazoo_sup.kazoo.config import known_names

    yield from known_names.BLACKHOLE_MODULES


def _carrier_modules(_zone: Zone, _of: str) -> Iterator[str]:
    from kazoo_sup.kazoo import carriers

    yield from carriers.ALL


_LOOKING: dict[str, Callable[[Zone, str], Iterator[str]]] = {
    "account_names": _account_names,
    "accounts": _accounts,
    "apps": _apps,
    "blackhole_modules": _blackhole_modules,
    "carrier_modules": _carrier_modules,
    "categories": _categories,
    "crossbar_modules": _crossbar_modules,
    "databases": _databases,
    "freeswitch": _servers("freeswitch"),
    "haproxy": _servers("haproxy"),
    "haproxy_backends": _backends,
    "haproxy_servers": _backend_servers,
    "kamailio": _servers("kamailio"),
    "keys": _keys,
    "monster_apps": _monster_apps,
    "nodes": _nodes,
    "number_databases": _number_databases,
    "rabbitmq_api": _servers("rabbitmq_api"),
    "realms": _realms,
    "schemas": _documents("system_schemas"),
}

"""Refreshing the views of many databases: in which order, from which definitions, and indexing them.

Source: Kazoo kapps_maintenance:refresh/0,1,2, kzs_util:sort_by_priority/1. Unlike there the definitions are read once a
run, and a database is only written to where its design documents differ.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from kazoo_sup import changes
from kazoo_sup.errors import NotFound, SupError, TimedOut
from kazoo_sup.kazoo.databases import months, view_registrations, views
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.databases.walk import Databases
from kazoo_sup.messages.names import SYSTEM_DATABASES, classification, encoded, plain

if TYPE_CHECKING:
    from kazoo_sup.kazoo.databases.views import Definitions
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

Found = TypeVar("Found")

_FIRST = (
    "system_config",
    "system_data",
    "offnet",
    "accounts",
    "sip_auth",
    "system_auth",
    "webhooks",
    "ratedeck",
    "acdc",
    "faxes",
    "system_schemas",
    "services",
    "port_requests",
    "tasks",
    "dedicated_ips",
    "alerts",
    "system_media",
    "oauth",
    "token_auth",
)
_PRIORITIES = {**{name: place for place, name in enumerate(_FIRST)}, "pending_notifications": _FIRST.index("tasks")}
_CLASSES = {"numbers": 19, "account": 21, "resource_selectors": 26}
_THIS_MONTH, _LAST_MONTH, _OLDER, _REST = 22, 23, 25, 27


READ_MOST = (
    "accounts",
    "alerts",
    "system_config",
    "dedicated_ips",
    "pending_notifications",
    "ratedeck",
    "token_auth",
)
"""The databases whose views a node refreshes when it starts (Kazoo kapps_maintenance:refresh_system_views/0)."""


class NoDatabase(SupError):
    """there is no database {database}"""

    database: str


def priority(database: str, month: str) -> int:
    """Return when a database's turn is: the smaller, the earlier. MONTH is this one, as `202611`.

    Source: Kazoo kzs_util:db_priority/2.
    """
    known = _PRIORITIES.get(plain(database))
    if known is not None:
        return known
    kind = classification(database)
    if kind != "modb":
        return _CLASSES.get(kind, _REST)
    stands_for = database[-6:]
    if stands_for == month:
        return _THIS_MONTH
    return _LAST_MONTH if stands_for == months.before(month) else _OLDER


def in_order(databases: set[str]) -> list[str]:
    """Sort (plain) names as Kazoo refreshes them; among equals the last name comes first."""
    month = months.this_month()
    return sorted(sorted(databases, reverse=True), key=lambda database: priority(database, month))


def every_database(zone: Zone, wanted: Callable[[str], bool] = lambda database: True, start: str = "") -> Databases:
    """Return the (plain) names of all databases, and of those that every node expects, in the order of refreshing.

    WANTED chooses among them; START is the first. Raises NoDatabase when that is not among them.
    """
    found = [each for each in in_order({*zone.couchdb.databases(), *SYSTEM_DATABASES}) if wanted(each)]
    if start:
        if start not in found:
            raise NoDatabase(database=start)
        found = found[found.index(start) :]
    return Databases(lambda: iter(found))


class Refresh:
    """One run of refreshing: the definitions it has read, and whether what it refreshes is indexed at once."""

    def __init__(self, zone: Zone, *, index: bool = False) -> None:
        """Read all registrations."""
        self._index = index
        self._registered: dict[str, list[Document]] = {}
        try:
            rows = list(
                zone.couchdb.view(view_registrations.DATABASE, "views", "views_by_classification", include_docs=True)
            )
        except NotFound:
            rows = []  # nothing is registered, or nowhere
        good = {each["_id"] for each in view_registrations.readable(zone, _once(rows))}
        for row in rows:
            if row.get("doc") and row["doc"].get("_id") in good:
                self._registered.setdefault(str(row["key"]), []).append(row["doc"])

    def definitions(self, database: str) -> Definitions:
        """Return the design documents that a database shall have."""
        keys = (plain(database), classification(database))
        return views.choose(database, [each for key in keys for each in self._registered.get(key, ())])

    def views_of(self, zone: Zone, database: str) -> bool:
        """Bring its design documents into a database; tell whether there was anything to do.

        A missing database that every node expects is created. Raises NoDatabase when another one is missing, of which
        Kazoo tells only where it should have views. Source: Kazoo kz_datamgr:refresh_views/1.
        """
        definitions = self.definitions(database)
        name = plain(database)
        edits = views.updates(zone, encoded(database), definitions)
        if len(edits) == len(definitions.designs) and not zone.couchdb.exists(name):
            if name not in SYSTEM_DATABASES:
                raise NoDatabase(database=name)
            changes.create_database(zone, encoded(database), definitions.designs)
            return True
        changes.apply(zone, edits).check()
        if self._index:
            changes.if_made(zone, lambda: index(zone, database))
        return bool(edits)


def _once(rows: Iterable[Mapping[str, Any]]) -> list[Document]:
    """Return the documents of rows, of which several may have the same."""
    return list({row["doc"]["_id"]: row["doc"] for row in rows if row.get("doc")}.values())


def refresh_most_read(zone: Zone) -> Iterator[Event]:
    """Bring the views of the databases that nodes read most up to date; the report is the only event."""
    refresh, parts = Refresh(zone), Parts(zone)
    for database in READ_MOST:
        with parts.part(database):
            refresh.views_of(zone, database)
    yield parts.report


def index(zone: Zone, database: str) -> None:
    """Have CouchDB index every view of a database, and wait for it.

    An answer that takes longer than a request may is asked for again: CouchDB goes on indexing meanwhile. Raises
    TimedOut where CouchDB answers nothing else either.
    """
    designs = list(zone.couchdb.documents(plain(database), start="_design/", end="_design0"))
    with zone.run.progress(f"indexing {plain(database)}", len(designs)) as advance:
        for design in designs:
            for view in list(views.views_in(design))[:1]:  # the views of a design document share one index
                path = f"{quote(plain(database), safe='')}/{quote(design['_id'])}/_view/{quote(view, safe='')}"
                _ask_until_indexed(zone, database, path)
            advance(1)


def _ask_until_indexed(zone: Zone, database: str, path: str) -> None:
    while True:
        try:
            zone.couchdb.request("GET", path, params={"limit": 0, "reduce": False})
        except TimedOut:
            # Raises where it is not the index that takes so long, but nobody is there.
            zone.couchdb.exists(plain(database))
        else:
            return


def paused_after(step: Callable[[Zone, str], Found], milliseconds: int) -> Callable[[Zone, str], Found]:
    """Return STEP with a pause after it, for a cluster that has other things to do."""

    def slow(zone: Zone, database: str) -> Found:
        found = step(zone, database)
        changes.if_made(zone, lambda: time.sleep(milliseconds / 1000))
        return found

    return slow if milliseconds > 0 else step

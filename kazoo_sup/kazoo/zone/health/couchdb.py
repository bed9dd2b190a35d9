"""CouchDB: the coordinators of the settings, and the members of the cluster behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup.errors import ServerUnreachable, SupError, TimedOut
from kazoo_sup.kazoo.couchdb import nodes
from kazoo_sup.kazoo.zone.health.health import Health, State
from kazoo_sup.kazoo.zone.health.probes import Probe, understood
from kazoo_sup.kazoo.zone.servers import ask_all
from kazoo_sup.transports.couchdb import Administration
from kazoo_sup.transports.couchdb.admin import NotOffered

if TYPE_CHECKING:
    from kazoo_sup.settings import Server
    from kazoo_sup.types import Row
    from kazoo_sup.zone import Zone

COMPONENT = "couchdb"
MEMBERS = "couchdb node"

Answer = tuple[str, str]
"""Name and version of the server, and "ok" or why it wants no requests."""


def probes(zone: Zone) -> list[Probe[Health]]:
    """Return a probe for each coordinator, and one for the members, which any of them knows."""
    coordinators = {urlsplit(server.url).netloc: server for server in zone.settings.couchdb}
    each = [
        Probe(COMPONENT, name, partial(_ask, zone, server), partial(judge, name))
        for name, server in coordinators.items()
    ]
    return [*each, Probe(MEMBERS, zone.name, partial(_members, zone, coordinators), judge_members)]


def judge(name: str, answer: Answer) -> Iterator[Health]:
    """Yield how a coordinator is."""
    product, up = answer
    wrong = "" if up in ("ok", nodes.UNKNOWN) else f", wants no requests: {up}"
    yield Health(COMPONENT, name, State.WARNING if wrong else State.OK, f"{product}{wrong}", {"up": up})


def judge_members(rows: Sequence[Row] | None) -> Iterator[Health]:
    """Yield how each member is, by the rows of `nodes.status`; None where nobody knew."""
    for row in rows or ():
        state = State.CRITICAL if row["state"] == nodes.DOWN else State.WARNING if row["wrong"] else State.OK
        about = [f"up {row['uptime']}"] if row["uptime"] else []
        about += [f"{row['memory_mb']} MB"] if row["memory_mb"] else []
        summary = row["wrong"] or ", ".join(about) or row["state"]
        yield Health(MEMBERS, str(row["node"]), state, summary, row)


def _ask(zone: Zone, server: Server) -> Answer:
    with closing(zone.connections.couchdb_at(server, retry=0)) as couchdb:
        admin = Administration(couchdb)
        try:
            up = admin.up()
        except NotOffered:  # BigCouch: it has answered, and that is all there is to know
            up = nodes.UNKNOWN
        return admin.product, up


def _members(zone: Zone, coordinators: Mapping[str, Server]) -> Sequence[Row] | None:
    """Ask every coordinator, and take the first answer; None when none answers, which its own row tells.

    Raises the error of one that answers and tells them to nobody, or not to this user.
    """

    def ask(_name: str, server: Server) -> Sequence[Row]:
        with closing(zone.connections.couchdb_at(server, retry=0)) as couchdb:
            return understood(lambda: nodes.status(Administration(couchdb), limits.connect + limits.read).rows)

    limits = zone.settings.timeouts
    refusal = None
    for _, answer in ask_all(list(coordinators.items()), ask, limits.connect + limits.read):
        if not isinstance(answer, SupError):
            return answer
        if not isinstance(answer, ServerUnreachable | TimedOut):
            refusal = answer
    if refusal:
        raise refusal
    return None

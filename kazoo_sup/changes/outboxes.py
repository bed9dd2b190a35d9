"""Where the outboxes are: one for each cluster, by what its CouchDB says of itself, never by a name or an address.

A zone's name and a coordinator's address tell no clusters apart: everybody's first zone is `local`, and a tunnel's end
is 127.0.0.1. Another cluster's events would go out on the wrong broker and be lost to their own.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from kazoo_sup.changes.outbox import Outbox
from kazoo_sup.errors import NotAuthorised, NotFound, ServerRefused

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.zone import Zone

EARLIER = "outbox"
"""The directory of outboxes by the names of zones, as they were once kept."""

DIRECTORY = "outboxes"


class _Cluster:
    """What tells a zone's cluster from others, once a run has asked."""

    identity: str | None = None


def of(zone: Zone) -> Outbox:
    """Return the outbox of the zone's cluster, with what waited under the zone's name moved there.

    The first time in a run it asks CouchDB who it is, and may raise that it cannot be reached.
    """
    box = Outbox(zone.state_dir / DIRECTORY / cluster(zone), zone.own_node)
    earlier = zone.state_dir / EARLIER / quote(zone.name, safe="")
    if earlier.is_dir():
        box.take_over(Outbox(earlier, zone.own_node))
    return box


def forget(state_dir: Path, uuid: str) -> None:
    """Throw away what waits for the cluster whose CouchDB has this UUID: a cluster that is gone with all it held."""
    for directory in (state_dir / DIRECTORY).glob(f"{quote(uuid, safe='')}*"):
        shutil.rmtree(directory, ignore_errors=True)


def any_waiting(zone: Zone) -> bool:
    """Return whether an event of any cluster waits on this host; nobody is asked."""
    return any(
        next((zone.state_dir / directory).glob("*/*.jsonl"), None) is not None for directory in (DIRECTORY, EARLIER)
    )


def cluster(zone: Zone) -> str:
    """Return what tells the zone's cluster from all others: the uuid of its CouchDB, and the prefix of its databases.

    Of a CouchDB that tells no uuid, or hides it, there is only the zone's name and its coordinators' addresses.
    """
    known = zone.run.session.part(_Cluster, zone.name)
    if known.identity is None:
        known.identity = _told(zone)
    return known.identity


def _told(zone: Zone) -> str:
    prefix = urlsplit(zone.settings.couchdb[0].url).path.strip("/") if zone.settings.couchdb else ""
    try:
        found = zone.couchdb.info()
        uuid = found.get("uuid") if isinstance(found, dict) else None
    except (NotAuthorised, NotFound, ServerRefused):
        uuid = None
    if isinstance(uuid, str) and uuid:
        return quote("_".join(part for part in (uuid, prefix) if part), safe="")
    addresses = sorted(urlsplit(server.url).netloc.rpartition("@")[2] for server in zone.settings.couchdb)
    return quote("_".join(("zone", zone.name, *addresses, prefix)).rstrip("_"), safe="")

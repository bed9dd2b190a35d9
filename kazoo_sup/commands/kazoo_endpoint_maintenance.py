"""Endpoints: devices and users as nodes have put them together from their documents."""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.kazoo.bus import caches
from kazoo_sup.results import Done
from kazoo_sup.zone import Zone


@command
def flush(zone: Zone) -> Done:
    """Make every node put endpoints together again; Kazoo's flushes those of one node.

    Nodes forget all documents of the accounts' own databases for that.
    """
    caches.forget_accounts(zone)
    return Done()

"""Where the shards of a database are, and which of their copies cannot be reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.couchdb import nodes

if TYPE_CHECKING:
    from kazoo_sup.transports.couchdb import Administration
    from kazoo_sup.types import Row

COLUMNS = ("range", "copies", "nodes", "down")


def rows(admin: Administration, database: str, document: str) -> Iterator[Row]:
    """Yield a row for each range, or for the one that a document is in."""
    found = dict([admin.shard_of(database, document)]) if document else admin.shards(database)
    cluster = nodes.cluster(admin)
    for span, holders in sorted(found.items()):
        down = nodes.without(holders, cluster)
        yield {
            "range": span,
            "copies": len(holders),
            "nodes": " ".join(sorted(holders)),
            "down": " ".join(down) or None,
        }

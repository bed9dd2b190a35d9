"""What stands above listings of CouchDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.kazoo.couchdb.nodes import Status


def cluster_lines(found: Status) -> Iterator[str]:
    """Yield what is to say of the server that answers."""
    members = len(found.cluster.members)
    here = members - len(found.cluster.down)
    yield f"{found.product} answers{f', {here} of {members} nodes are connected' if members else ''}"
    if not found.takes_requests:
        yield f"the node that answers is in the state {found.up} and wants no requests"

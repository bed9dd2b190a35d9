"""What only a running node can do, since it concerns the node's own memory and processes."""

from __future__ import annotations

from kazoo_sup.errors import Declined


class OnlyInTheNode(Declined):
    """only {node} can {deed}: no message of the bus asks for it; {instead}"""


def refused(
    deed: str, instead: str = "run Kazoo's own sup on the node's host", *, app: str | None = None
) -> OnlyInTheNode:
    """Return the error that refuses to do DEED, says what does it INSTEAD, and which APP's nodes it is about."""
    node = f"a node that runs {app}" if app else "a running node"
    return OnlyInTheNode(node=node, deed=deed, instead=instead)

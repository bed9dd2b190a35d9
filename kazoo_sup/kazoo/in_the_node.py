"""What only a running node can do, since it concerns the node's own memory and processes."""

from __future__ import annotations

from kazoo_sup.errors import Declined


class OnlyInTheNode(Declined):
    """only a running node can {deed}: no message of the bus asks for it; {instead}"""


def refused(deed: str, instead: str = "run Kazoo's own sup on the node's host") -> OnlyInTheNode:
    """Return the error that refuses to do DEED and says what does it INSTEAD."""
    return OnlyInTheNode(deed=deed, instead=instead)

"""What is only in the memory of a node, where nothing but that node can change or show it."""

from __future__ import annotations

from kazoo_sup.errors import Declined


class OnlyInNode(Declined):
    """only a node that runs {app} can {deed}, and no message of the bus asks for it; {instead}"""


def refusal(app: str, deed: str, instead: str = "Kazoo's own sup does it, on that node's host") -> OnlyInNode:
    """Return the error for a DEED in the memory of APP's nodes; INSTEAD names what does it."""
    return OnlyInNode(app=app, deed=deed, instead=instead)

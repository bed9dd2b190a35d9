"""What only a running node can do, since it concerns the node's own memory and processes.

A function that is always the node's is in its module's table ON_NODE. One that is so only at times, as where
FreeSWITCH is connected, raises what `refused` returns; then it is called on the node, too.
"""

from __future__ import annotations

from kazoo_sup.errors import OnlyInTheNode

ELSEWHERE = "run Kazoo's own sup on the node's host"


def only_there(deed: str, instead: str = ELSEWHERE, *, app: str | None = None) -> str:
    """Return the sentence that refuses to do DEED, says what does it INSTEAD, and which APP's nodes it is about."""
    node = f"a node that runs {app}" if app else "a running node"
    return f"only {node} can {deed}: no message of the bus asks for it; {instead}"


def refused(deed: str, instead: str = ELSEWHERE, *, app: str | None = None, effect: str = "changes") -> OnlyInTheNode:
    """Return the error with this sentence."""
    return OnlyInTheNode(reason=only_there(deed, instead, app=app), effect=effect)

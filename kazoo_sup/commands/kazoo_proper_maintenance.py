"""Tests of Kazoo's API for its developers: refused here, since they run inside a node."""

from __future__ import annotations

from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.kazoo.live.refusals import only_there

ON_NODE = (
    OnNode(
        "run_module",
        "MODULE",
        "Refused: the tests of MODULE are for a system without customers.",
        only_there("test {module}"),
        forbidden=True,
    ),
    OnNode(
        "run_modules",
        "",
        "Refused: the tests are for a system without customers.",
        only_there("test its API"),
        forbidden=True,
    ),
    OnNode(
        "run_seq_module",
        "MODULE",
        "Refused: the tests of MODULE are for a system without customers.",
        only_there("test {module}, one call after another"),
        forbidden=True,
    ),
    OnNode(
        "run_seq_modules",
        "",
        "Refused: the tests are for a system without customers.",
        only_there("test its API, one call after another"),
        forbidden=True,
    ),
)
"""What only a running node can do."""

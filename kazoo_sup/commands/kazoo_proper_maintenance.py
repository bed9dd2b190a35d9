"""Tests of Kazoo's API for its developers: refused here, since they run inside a node."""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.outcome import Outcome


@command
def run_module(module: str) -> Outcome:
    """Refused: the tests of MODULE run inside a node."""
    raise refused(f"test {module}")


@command
def run_modules() -> Outcome:
    """Refused: the tests run inside a node."""
    raise refused("test its API")


@command
def run_seq_module(module: str) -> Outcome:
    """Refused: the tests of MODULE run inside a node."""
    raise refused(f"test {module}, one call after another")


@command
def run_seq_modules() -> Outcome:
    """Refused: the tests run inside a node."""
    raise refused("test its API, one call after another")

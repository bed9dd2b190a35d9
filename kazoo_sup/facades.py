"""Packages whose names live in their modules, which are imported when one of them is asked for (PEP 562)."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def facade(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` of a module whose names live in the modules HOMES of PACKAGE.

    No run pays for what it does not use: a protocol, settings, the tables of messages. Each name is looked up once,
    since functions that are called for every document import them.
    """

    @cache
    def found(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package} has no attribute {name}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return found

"""The protocols that a Kazoo cluster speaks; nothing in here knows Kazoo."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def facade(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` (PEP 562) of a PACKAGE whose names live in the modules HOMES.

    They are imported when they are asked for: no run pays for a protocol that it does not speak. Each is looked up
    once, since functions that are called for every document import them.
    """

    @cache
    def found(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package} has no attribute {name}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return found


@contextmanager
def absent(*modules: str) -> Iterator[None]:
    """Let the import of these MODULES fail at once while the block runs, whether they are there or not.

    For libraries that can do without, and whose attempt is dear.
    """
    nothing: Any = None  # which is how Python notes that there is no such module
    before = {name: sys.modules[name] for name in modules if name in sys.modules}
    sys.modules.update(dict.fromkeys(modules, nothing))
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
        sys.modules.update(before)

"""The protocols that a Kazoo cluster speaks; nothing in here knows Kazoo."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


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

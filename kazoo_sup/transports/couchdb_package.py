"""What is used of the PyPI package couchdb 1.2, imported without the 60 ms it spends on its own version string."""

from __future__ import annotations

import sys
from typing import Any

# couchdb/__init__.py imports pkg_resources, only to learn its version, and goes on without when that import fails.
# None in sys.modules makes it fail at once.
_absent: Any = None
_before = sys.modules.get("pkg_resources", _absent)
sys.modules["pkg_resources"] = _absent
try:
    from couchdb import Database, PreconditionFailed, ResourceNotFound, Server
finally:
    del sys.modules["pkg_resources"]
    if _before is not _absent:
        sys.modules["pkg_resources"] = _before

__all__ = ["Database", "PreconditionFailed", "ResourceNotFound", "Server"]

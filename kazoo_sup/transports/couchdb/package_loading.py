"""What is used of the PyPI package couchdb 1.2, imported without the 60 ms it spends on its own version string."""

from __future__ import annotations

from kazoo_sup.transports import absent

# It imports pkg_resources, only to learn its version, and goes on without when that import fails.
with absent("pkg_resources"):
    from couchdb import Database, PreconditionFailed, ResourceNotFound, Server

__all__ = ["Database", "PreconditionFailed", "ResourceNotFound", "Server"]

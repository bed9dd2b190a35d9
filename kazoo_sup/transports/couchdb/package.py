"""What is used of the PyPI package couchdb, imported when it is first used: reading one document goes without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.facades import facade

if TYPE_CHECKING:
    from kazoo_sup.transports.couchdb.package_loading import Database, PreconditionFailed, ResourceNotFound, Server

__all__ = ["Database", "PreconditionFailed", "ResourceNotFound", "Server"]

__getattr__ = facade("kazoo_sup.transports.couchdb", dict.fromkeys(__all__, "package_loading"))

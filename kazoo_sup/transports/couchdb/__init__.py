"""CouchDB 2 and 3, and BigCouch as far as it goes: documents, views, bulk writes, attachments, administration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.facades import facade

if TYPE_CHECKING:
    from kazoo_sup.transports.couchdb.admin import Administration
    from kazoo_sup.transports.couchdb.bulk import SaveResult
    from kazoo_sup.transports.couchdb.client import CouchDB
    from kazoo_sup.transports.couchdb.revisions import Attachment

__all__ = [
    "Administration",
    "Attachment",
    "CouchDB",
    "SaveResult",
]

_HOMES = {
    "Administration": "admin",
    "Attachment": "revisions",
    "CouchDB": "client",
    "SaveResult": "bulk",
}

__getattr__ = facade(__name__, _HOMES)

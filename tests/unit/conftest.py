"""What tests without servers share."""

from __future__ import annotations

import pytest
from couch_fault_server import CouchFaultServer
from memory_couchdb import MemoryZone


@pytest.fixture
def zone(tmp_path):
    """A zone whose CouchDB and broker are in memory, with the databases that every cluster has."""
    zone = MemoryZone(tmp_path / "state")
    for database in ("accounts", "services", "system_config", "system_data", "system_schemas"):
        zone.couchdb.create(database)
    return zone


@pytest.fixture
def server():
    """A server that speaks CouchDB and fails when told, with the empty database `db`."""
    with CouchFaultServer() as server:
        server.databases["db"] = {}
        yield server

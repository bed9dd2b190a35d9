"""What tests without servers share."""

from __future__ import annotations

import pytest
from couch_cluster_server import CouchClusterServer
from couch_fault_server import CouchFaultServer
from memory_couchdb import MemoryZone

from kazoo_sup.transports.couchdb import CouchDB, Endpoint, Timeouts


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


@pytest.fixture
def cluster_server():
    """A CouchDB 3 of three nodes, the third of which is down."""
    with CouchClusterServer() as server:
        yield server


@pytest.fixture
def zone_of(tmp_path):
    """A function that gives a zone whose CouchDB is the one at a URL and whose broker is in memory."""
    zones = []

    def zone_of(url, **run):
        zone = MemoryZone(tmp_path / "state", couchdb=CouchDB([Endpoint(url)], timeouts=Timeouts(5, 5, 0)))
        zone.rerun(**run)
        zones.append(zone)
        return zone

    yield zone_of
    for zone in zones:
        zone.close()

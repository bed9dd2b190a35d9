"""What tests without servers share."""

from __future__ import annotations

import pytest

from helpers.couchdb_server import CouchDBServer
from helpers.memory_zone import MemoryZone
from kazoo_sup.transports.couchdb import CouchDB
from kazoo_sup.transports.http import Timeouts
from kazoo_sup.transports.server import Server

NOWHERE = {"SUP_COUCHDB_URL": "http://127.0.0.1:1", "SUP_AMQP_URL": ""}


@pytest.fixture
def zone(tmp_path):
    """A zone whose CouchDB and broker are in memory, with the databases that every cluster has."""
    zone = MemoryZone(tmp_path / "state")
    for database in ("accounts", "services", "system_config", "system_data", "system_schemas"):
        zone.couchdb.create(database)
    return zone


@pytest.fixture
def nowhere(sup):
    """`sup` with a CouchDB that is not there."""
    return lambda *words, **more: sup(*words, env=NOWHERE, **more)


@pytest.fixture
def server():
    """A server that speaks CouchDB and fails when told, with the empty database `db`."""
    with CouchDBServer() as server:
        server.databases["db"] = {}
        yield server


@pytest.fixture
def cluster_server():
    """A CouchDB 3 of three nodes, the third of which is down."""
    with CouchDBServer() as server:
        yield server


@pytest.fixture
def zone_of(tmp_path):
    """A function that gives a zone whose CouchDB is the one at a URL and whose broker is in memory."""
    zones = []

    def zone_of(url, **run):
        zone = MemoryZone(tmp_path / "state", couchdb=CouchDB([Server(url)], timeouts=Timeouts(retry=0)))
        zone.rerun(**run)
        zones.append(zone)
        return zone

    yield zone_of
    for zone in zones:
        zone.close()

"""What is asked of a cluster, and how it is told that a version of CouchDB has it not."""

from __future__ import annotations

import pytest

from helpers.couchdb_server import BIGCOUCH, NODES, CouchDBServer, refused
from kazoo_sup.errors import NotAuthorised, NotFound, ServerRefused
from kazoo_sup.transports.couchdb import Administration, CouchDB
from kazoo_sup.transports.couchdb.admin import INFO_KEYS, NotOffered
from kazoo_sup.transports.http import Timeouts
from kazoo_sup.transports.server import Server


@pytest.fixture
def admin_of():
    """A function that starts a server and gives its administration and the server."""
    servers, opened = [], []

    def admin_of(**choices):
        server = CouchDBServer(**choices).__enter__()
        servers.append(server)
        couchdb = CouchDB([Server(server.url)], timeouts=Timeouts(retry=0))
        opened.append(couchdb)
        return Administration(couchdb), server

    yield admin_of
    for couchdb in opened:
        couchdb.close()
    for server in servers:
        server.__exit__()


@pytest.mark.parametrize(("version", "product"), [("3.4.2", "CouchDB 3.4.2"), (BIGCOUCH, "BigCouch 0.4.2")])
def test_products_tell_themselves_apart(admin_of, version, product):
    admin, server = admin_of(version=version)
    assert (admin.product, admin.is_bigcouch) == (product, version == BIGCOUCH)
    assert admin.product == product
    assert len(server.sent("GET")) == 1


@pytest.mark.parametrize("state", ["ok", "maintenance_mode", "nolb", "seeding"])
def test_a_node_says_whether_it_wants_requests(admin_of, state):
    admin, server = admin_of()
    server.up = state
    assert admin.up() == state


def test_members_that_are_down_are_not_connected(admin_of):
    admin, _ = admin_of()
    assert admin.membership() == (list(NODES[:2]), list(NODES))


@pytest.mark.parametrize(
    ("version", "ask", "sentence"),
    [
        (BIGCOUCH, lambda admin: admin.up(), "BigCouch 0.4.2 has no /_up"),
        (
            BIGCOUCH,
            lambda admin: admin.shards("db"),
            "BigCouch 0.4.2 has no /DATABASE/_shards; CouchDB has it since 2.0",
        ),
        (BIGCOUCH, lambda admin: admin.compact("db"), "BigCouch 0.4.2 has no compaction of a whole database"),
        (
            BIGCOUCH,
            lambda admin: admin.node(NODES[0], "_system"),
            "BigCouch 0.4.2 has no /_node; CouchDB has it since 2.0",
        ),
        ("2.1.0", lambda admin: admin.resharding(), "CouchDB 2.1.0 has no /_reshard; CouchDB has it since 3.0"),
        (
            "2.0.0",
            lambda admin: next(admin.replications()),
            "CouchDB 2.0.0 has no /_scheduler; CouchDB has it since 2.1",
        ),
    ],
)
def test_what_a_version_has_not_is_told_in_one_sentence(admin_of, version, ask, sentence):
    admin, server = admin_of(version=version)
    server.add("db")
    with pytest.raises(NotOffered) as told:
        ask(admin)
    assert str(told.value) == sentence
    assert told.value.exit_code != 0


@pytest.mark.parametrize("ask", ["info", "shards", "compact", "clean_views", "security"])
def test_a_missing_database_is_told_as_such(admin_of, ask):
    admin, _ = admin_of()
    with pytest.raises(NotFound, match="CouchDB has no database nosuch"):
        getattr(admin, ask)("nosuch")


def test_a_refusal_that_says_something_else_is_handed_on(admin_of):
    admin, server = admin_of()
    server.add("db")
    server.fails(lambda handler, _: handler.send(refused(500, "internal_server_error", "out of luck")), to="_shards")
    with pytest.raises(ServerRefused, match="out of luck"):
        admin.shards("db")
    server.fails(lambda handler, _: handler.send(refused(403, "forbidden", "no admin")), to="_compact")
    with pytest.raises(NotAuthorised, match="no admin"):
        admin.compact("db")


@pytest.mark.parametrize(("version", "requests"), [("3.4.2", 3), ("2.1.0", 253), (BIGCOUCH, 253)])
def test_infos_come_in_bulk_where_the_server_can(admin_of, version, requests):
    admin, server = admin_of(version=version)
    names = [f"db{number:03}" for number in range(2 * INFO_KEYS + 50)]
    for name in names:
        server.add(name, documents=1)
    server.databases.pop("db007")
    assert [name for name, _ in admin.infos(names)] == [name for name in names if name != "db007"]
    asked = [each for each in server.requests if each.path != "/"]
    assert len(asked) == requests


def test_a_job_that_is_not_there_is_no_missing_feature(admin_of):
    admin, _ = admin_of()
    with pytest.raises(NotFound, match="resharding job 001-ff"):
        admin.set_reshard_state("stopped", "x", "001-ff")


def test_replications_come_page_by_page(admin_of):
    admin, server = admin_of()
    server.replications = [{"doc_id": f"{number}"} for number in range(250)]
    assert [each["doc_id"] for each in admin.replications()] == [f"{number}" for number in range(250)]
    assert len(server.sent("GET", "_scheduler")) == 3


def test_design_documents_are_compacted_by_their_names(admin_of):
    admin, server = admin_of()
    server.databases["db"] = {name: {"_id": name, "_rev": "1-a"} for name in ("_design/a b", "_design/c", "d")}
    for design in admin.design_documents("db"):
        admin.compact("db", design)
    assert server.compacted == [("db", "a b"), ("db", "c")]
    with pytest.raises(NotFound, match="design document nosuch in database db"):
        admin.compact("db", "nosuch")

"""The door for writes on a real server, and that the stand-in of the unit tests behaves like one."""

from __future__ import annotations

import uuid
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_couchdb import MemoryCouchDB, MemoryZone

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import Conflict
from kazoo_sup.kazoo import accounts, system_config, views
from kazoo_sup.kazoo.numbers import pools
from kazoo_sup.lab.seed import ACCOUNT
from kazoo_sup.names import MANAGED, encoded
from kazoo_sup.transports.couchdb import CouchDB, Endpoint

pytestmark = pytest.mark.integration


def connected(url):
    parts = urlsplit(url)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return CouchDB(
        [Endpoint(bare, parts.username and unquote(parts.username), parts.password and unquote(parts.password))]
    )


@pytest.fixture
def zone(cluster, tmp_path):
    """A zone of the seeded server and a broker in memory, with one more database."""
    couchdb = connected(cluster)
    couchdb.create("sup-test/db")
    yield MemoryZone(tmp_path, couchdb=couchdb)
    couchdb.close()


DATABASE = encoded("sup-test/db")


def put(zone, **document):
    """Save a document as somebody else does, whatever is there."""
    document["_id"] = document.pop("id")
    stored = zone.couchdb.get("sup-test/db", document["_id"])
    [result] = zone.couchdb.save("sup-test/db", [document | ({"_rev": stored["_rev"]} if stored else {})])
    assert result.error is None
    return zone.couchdb.get("sup-test/db", document["_id"])


def counted(stored):
    return {**(stored or {"_id": "x", "n": 0}), "n": (stored or {"n": 0})["n"] + 1}


def test_thousands_are_saved_in_order_and_each_is_announced_with_its_revision(zone):
    made = [Change(DATABASE, {"_id": f"{number:05}", "pvt_type": "t"}, None) for number in range(4000)]
    assert changes.apply(zone, made).saved == 4000
    assert [report.id for report in zone.reports] == [change.id for change in made]
    stored = {each["_id"]: each["_rev"] for each in zone.couchdb.documents("sup-test/db", include_docs=False)}
    assert {event["ID"]: event["Rev"] for event in zone.broker.events} == stored
    assert zone.waiting == []


def test_others_edits_are_kept(zone):
    before = put(zone, id="x", n=1, k="old")
    put(zone, id="x", n=1, k="old", theirs=True)
    changes.apply(zone, [Change(DATABASE, {**before, "k": "new"}, before, lambda stored: {**stored, "k": "new"})])
    stored = zone.couchdb.get("sup-test/db", "x")
    assert (stored["k"], stored["theirs"]) == ("new", True)
    assert zone.broker.events[0]["Rev"] == stored["_rev"]


def test_changes_of_one_document_in_one_run_are_all_made(zone):
    changes.apply(zone, [Change(DATABASE, counted(None), None, counted) for _ in range(5)])
    assert zone.couchdb.get("sup-test/db", "x")["n"] == 5


def test_without_a_way_to_reapply_it_a_stale_change_fails_and_nothing_is_overwritten(zone):
    before = put(zone, id="x", n=1)
    put(zone, id="x", n=2)
    tally = changes.apply(zone, [Change(DATABASE, {**before, "n": 3}, before), Change(DATABASE, {"_id": "y"}, None)])
    assert tally.counts == {"failed": 1, "created": 1}
    assert isinstance(tally.errors[0], Conflict)
    assert zone.couchdb.get("sup-test/db", "x")["n"] == 2


def test_what_was_deleted_can_be_made_again(zone):
    before = put(zone, id="x", n=1)
    changes.apply(zone, [Change(DATABASE, None, before)])
    assert zone.couchdb.get("sup-test/db", "x") is None
    changes.apply(zone, [Change(DATABASE, None, before)])
    changes.apply(zone, [Change(DATABASE, {"_id": "x", "n": 2}, None)])
    assert [report.action for report in zone.reports] == ["deleted", "unchanged", "created"]
    assert zone.couchdb.get("sup-test/db", "x")["n"] == 2


def test_a_dry_run_tells_the_truth_and_writes_nothing(zone):
    put(zone, id="same", n=1)
    put(zone, id="other", n=1)
    zone.rerun(dry_run=True)
    made = [
        Change(DATABASE, {"_id": "same", "n": 1}, None, lambda stored: stored),
        Change(DATABASE, {"_id": "other", "n": 2}, None, lambda stored: {**stored, "n": 2}),
        Change(DATABASE, {"_id": "new"}, None, lambda stored: stored),
    ]
    before = list(zone.couchdb.documents("sup-test/db"))
    changes.apply(zone, made)
    assert [(report.id, report.action) for report in zone.reports] == [
        ("same", "unchanged"),
        ("other", "edited"),
        ("new", "created"),
    ]
    assert list(zone.couchdb.documents("sup-test/db")) == before


def test_a_missing_database_is_told(zone):
    mixed = [Change("nosuch", {"_id": "x"}, None), Change(DATABASE, {"_id": "x"}, None)]
    tally = changes.apply(zone, mixed)
    assert tally.counts == {"failed": 1, "created": 1}
    assert str(tally.errors[0]) == "nosuch/x was not saved: CouchDB has no database nosuch"
    assert zone.broker.keys == [f"doc_created.{DATABASE}.undefined.x"]


def test_numbers_twice(zone):
    pool = pools.find("managed", zone)
    views.ensure_database(zone, MANAGED)
    for expected in ({"created": 1500}, {"unchanged": 1500}):
        assert changes.apply(zone, pools.generated(pool, ACCOUNT, 2_223_000_000, 1500)).counts == expected


def test_settings_and_accounts(zone):
    document = system_config.set_value(zone, "my.category", "a.b", {"c": None}, section="default")
    stored = zone.couchdb.get("system_config", "my.category")
    assert stored == document
    assert stored["default"] == {"a": {"b": {"c": None}}}
    assert accounts.find("LAB.example.com", zone) == accounts.find("Lab", zone) == ACCOUNT


# -- the stand-in

texts = st.text("ab", max_size=2)
fields = st.dictionaries(texts.filter(bool), st.none() | st.booleans() | st.integers(-9, 9) | texts, max_size=2)
steps = st.lists(
    st.tuples(st.sampled_from(("save", "delete")), st.sampled_from("xy"), st.integers(0, 4), fields), max_size=8
)


@pytest.fixture(scope="module")
def server(couchdb_url):
    couchdb = connected(couchdb_url)
    yield couchdb
    couchdb.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_the_stand_in_answers_as_the_server_does(server, steps):
    """Each save names a revision: none, or one of those that the document has had so far."""
    database = f"sup-test/{uuid.uuid4().hex}"
    memory = MemoryCouchDB([database])
    server.create(database)
    had: dict[str, list[tuple[str | None, str | None]]] = {"x": [(None, None)], "y": [(None, None)]}
    try:
        for step, identifier, back, more in steps:
            known = had[identifier]
            revisions = known[max(0, len(known) - 1 - back)]
            gone = memory.get(database, identifier) is None
            if step == "delete" and (gone or revisions == (None, None)):
                continue  # the door never deletes what is not there
            document = {"_id": identifier, **({"_deleted": True} if step == "delete" else more)}
            answers = [
                couchdb.save(database, [document | ({"_rev": revision} if revision else {})])[0]
                for couchdb, revision in zip((memory, server), revisions, strict=True)
            ]
            assert answers[0].error == answers[1].error, (step, identifier, back)
            if answers[0].error is None:
                known.append((answers[0].rev, answers[1].rev))
        for couchdb in (memory, server):
            assert couchdb.get(database, "nosuch") is None
        assert without_revisions(memory, database) == without_revisions(server, database)
    finally:
        server.delete(database)


def without_revisions(couchdb, database):
    found = couchdb.get_many(database, ["x", "y", "z"])
    generations = {identifier: document["_rev"].partition("-")[0] for identifier, document in found.items()}
    return generations, {each: {**document, "_rev": ""} for each, document in found.items()}

"""The two stand-ins for CouchDB, in memory and over HTTP, answer as a server does."""

from __future__ import annotations

import inspect
import json
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from operator import methodcaller

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import small_cluster
from helpers.couchdb_server import CouchDBServer, connected
from helpers.memory_couchdb import MemoryCouchDB
from kazoo_sup.errors import NotFound, ServerRefused
from kazoo_sup.kazoo.databases import views
from kazoo_sup.messages.names import INUM, MANAGED
from kazoo_sup.transports.couchdb import CouchDB

pytestmark = pytest.mark.integration

KEYS = (
    *(None, False, True, 0, 1, 1.0, -3, 1.5, "", "a", "A", "b", "aa", "aB", "é", "z", "10", "2", "_x", "a-b", "a_b"),
    *("a b", "+1415", "~", "ä", [], ["a"], ["a", None], ["a", "b"], ["A"], ["a", {}], [1], {}, {"a": 1}, {"a": 2}),
    {"b": 0},
)
EMITTING = "function (doc) { doc.emitted.forEach(function (each) { emit(each[0], each[1]); }); }"
LINKING = "function (doc) { emit(doc.emitted[0][0], {_id: doc.linked}); }"
DESIGN = {
    "_id": "_design/d",
    "language": "javascript",
    "views": {
        "rows": {"map": EMITTING},
        "count": {"map": EMITTING, "reduce": "_count"},
        "sum": {"map": EMITTING, "reduce": "_sum"},
        "own": {"map": EMITTING, "reduce": "function (keys, values, again) { return values.length; }"},
        "linked": {"map": LINKING},
        "fails": {"map": "function (doc) { emit(doc.missing.deep, null); }"},
    },
}
WRONG = {"_id": "_design/wrong", "language": "javascript", "views": {"v": {"map": "function (doc) {"}}}


@pytest.fixture(scope="module")
def real(couchdb_url):
    couchdb = connected(couchdb_url, retry=0)
    yield couchdb
    couchdb.close()


@pytest.fixture(scope="module", params=["memory", "server"])
def double(request):
    if request.param == "memory":
        yield MemoryCouchDB()
        return
    with CouchDBServer() as server:
        couchdb = connected(server.url, retry=0)
        yield couchdb
        couchdb.close()


@pytest.fixture(scope="module")
def both(real, double):
    """The server, a stand-in, and a function that puts documents into a new database in both and returns its name."""
    made = []

    def fill(documents):
        name = f"sup-test/{uuid.uuid4().hex}"
        for couchdb in (real, double):
            couchdb.create(name)
            assert not documents or all(result.error is None for result in couchdb.save(name, documents))
        made.append(name)
        return name

    yield real, double, fill
    for name in made:
        real.delete(name)


def comparable(value):
    """Return JSON with only the generation of each `_rev`, since all else of it is each server's own."""
    if isinstance(value, dict):
        return {key: each.partition("-")[0] if key == "_rev" else comparable(each) for key, each in value.items()}
    return [comparable(each) for each in value] if isinstance(value, list) else value


def answer(ask):
    """Return what ASK gives as text, in which 1 is not True, or how it fails."""
    try:
        found = ask()
        return json.dumps(comparable(list(found) if isinstance(found, Iterator) else found), sort_keys=True)
    except NotFound as error:
        return f"NotFound: {error}"
    except ServerRefused as error:
        return f"ServerRefused: {error.status}"


def asked_of_both(both, ask):
    """Return what the server and the stand-in answer to ASK."""
    return tuple(answer(lambda couchdb=couchdb: ask(couchdb)) for couchdb in both[:2])


def test_the_views_that_ship_have_the_same_rows_of_whatever_is_stored(both):
    chance = random.Random(5984)
    emitted = Counter()
    cluster = small_cluster.documents()
    pools = dict.fromkeys((MANAGED, INUM), cluster[small_cluster.NUMBERS])
    for name, documents in {**cluster, **pools}.items():
        designs = small_cluster.designs(name)
        odd = [
            {**small_cluster.garbled(each, chance, fields=2), "_id": f"{each['_id']}-{number}"}
            for each in documents
            for number in range(2)
        ]
        bodies = [{key: each[key] for key in each if key != "_attachments"} for each in documents + odd]
        database = both[2]([*bodies, *designs])
        for design in designs:
            for view, functions in design["views"].items():
                place = database, design["_id"].removeprefix("_design/"), view
                for query in [{}, {"group": True}] if "reduce" in functions else [{}]:
                    wanted, given = asked_of_both(both, methodcaller("view", *place, **query))
                    assert given == wanted, (name, *place[1:], query)
                    emitted[design["_id"], view] += wanted.count('"key"')
    assert {design for design, _view in emitted} == {each["_id"] for each in views.bundled()}
    assert sum(1 for count in emitted.values() if count) > 100


@pytest.fixture(scope="module")
def emitting(both):
    """A database in which documents emit every key, some more than once."""
    documents = [
        {
            "_id": f"{number:03}",
            "emitted": [[key, number], *[[key, -1]] * (number % 3 == 0)],
            "linked": f"{9 - number:03}",
        }
        for number, key in enumerate([*KEYS, *KEYS[::4]])
    ]
    return both[2]([*documents, DESIGN, WRONG])


bounds = st.sampled_from(KEYS[1:])
queries = st.fixed_dictionaries(
    {},
    optional={
        "start": bounds,
        "end": bounds,
        "key": bounds,
        "keys": st.lists(st.sampled_from(KEYS), max_size=4),
        "reduce": st.booleans(),
        "group": st.booleans(),
        "include_docs": st.booleans(),
        "descending": st.booleans(),
        "page": st.sampled_from((1, 2, 7, 1000)),
    },
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*DESIGN["views"], "missing"]), queries)
def test_a_view_is_asked_in_every_way(both, emitting, view, query):
    wanted, given = asked_of_both(both, lambda couchdb: couchdb.view(emitting, "d", view, **query))
    assert given == wanted


def test_a_view_whose_code_is_wrong_cannot_be_asked(both, emitting):
    assert asked_of_both(both, lambda couchdb: couchdb.view(emitting, "wrong", "v")) == ("ServerRefused: 400",) * 2


@pytest.mark.parametrize("query", [{}, {"start": "b"}, {"end": "c"}, {"start": "B", "end": "b", "page": 1}])
@pytest.mark.parametrize("include_docs", [True, False])
def test_documents_come_in_the_order_of_their_ids(both, query, include_docs):
    database = both[2]([{"_id": name, "n": 1} for name in ("b", "+1", "a", "A", "_design/x", "é")])
    wanted, given = asked_of_both(both, lambda couchdb: couchdb.documents(database, include_docs=include_docs, **query))
    assert given == wanted


@pytest.mark.parametrize(
    "ask",
    [
        lambda couchdb, name: couchdb.exists(name),
        lambda couchdb, name: couchdb.delete(name),
        lambda couchdb, name: couchdb.get(name, "x"),
        lambda couchdb, name: couchdb.get_many(name, ["x"]),
        lambda couchdb, name: couchdb.get_from_many({name: ["x"]}),
        lambda couchdb, name: sorted(couchdb.deleted(name, ["x"])),
        lambda couchdb, name: couchdb.current_revisions(name, ["x"]),
        lambda couchdb, name: couchdb.documents(name),
        lambda couchdb, name: couchdb.view(name, "d", "v"),
        lambda couchdb, name: couchdb.save(name, [{"_id": "x"}])[0].error,
        lambda couchdb, name: couchdb.put_attachment(name, "x", "a", b"1", "text/plain"),
        lambda couchdb, name: couchdb.get_attachment(name, "x", "a"),
    ],
)
def test_a_database_that_is_missing(both, ask):
    wanted, given = asked_of_both(both, lambda couchdb: ask(couchdb, "sup-test/nosuch"))
    assert given == wanted


def test_databases_are_made_once_and_listed_in_their_order(both):
    names = [both[2]([]) for _ in range(3)]
    assert [couchdb.create(names[0]) for couchdb in both[:2]] == [False, False]
    wanted, given = asked_of_both(both, lambda couchdb: couchdb.databases(start=min(names), end=max(names)))
    assert given == wanted
    assert [name for name in json.loads(given) if name in names] == sorted(names)


def test_documents_are_kept_under_their_own_revisions(both):
    database = both[2]([])
    document = {"_id": "x", "_rev": "3-0123456789abcdef0123456789abcdef", "n": 1}
    for couchdb in both[:2]:
        assert [result.error for result in couchdb.save_revisions(database, [document])] == [None]
        assert couchdb.get(database, "x") == document


def test_attachments(both):
    database = both[2]([{"_id": "there", "n": 1}])

    def work(couchdb):
        made = couchdb.put_attachment(database, "new", "a b.txt", BytesIO(b"one"), "text/plain")
        rev = couchdb.put_attachment(database, "new", "a b.txt", b"two", "text/plain", rev=made)
        couchdb.put_attachment(database, "new", "c", b"three", "application/json", rev=rev)
        missing = [couchdb.get_attachment(database, "new", "x"), couchdb.get_attachment(database, "nosuch", "c")]
        with couchdb.get_attachment(database, "new", "a b.txt") as stream:
            return [stream.read().decode(), missing, couchdb.get(database, "new")]

    wanted, given = asked_of_both(both, work)
    assert given == wanted
    for rev in (None, "1-0123456789abcdef0123456789abcdef"):
        outdated = methodcaller("put_attachment", database, "there", "a", b"", "text/plain", rev=rev)
        assert asked_of_both(both, outdated) == ("ServerRefused: 409",) * 2


texts = st.text("ab", max_size=2)
fields = st.dictionaries(texts.filter(bool), st.none() | st.booleans() | st.integers(-9, 9) | texts, max_size=2)
steps = st.lists(
    st.tuples(st.sampled_from(("save", "delete")), st.sampled_from("xy"), st.integers(0, 4), fields), max_size=8
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_documents_are_saved_over_the_revision_they_have_only(both, steps):
    """Each save names a revision: none, or one of those that the document has had so far."""
    real, double, fill = both
    database = fill([])
    had: dict[str, list[tuple[str | None, str | None]]] = {"x": [(None, None)], "y": [(None, None)]}
    for step, identifier, back, more in steps:
        known = had[identifier]
        revisions = known[max(0, len(known) - 1 - back)]
        gone = double.get(database, identifier) is None
        if step == "delete" and (gone or revisions == (None, None)):
            continue  # the door never deletes what is not there
        document = {"_id": identifier, **({"_deleted": True} if step == "delete" else more)}
        answers = [
            couchdb.save(database, [document | ({"_rev": revision} if revision else {})])[0]
            for couchdb, revision in zip((real, double), revisions, strict=True)
        ]
        assert answers[0].error == answers[1].error, (step, identifier, back)
        if answers[0].error is None:
            known.append((answers[0].rev, answers[1].rev))
    for ask in (
        lambda couchdb: couchdb.documents(database),
        lambda couchdb: couchdb.get_many(database, ["x", "nosuch", "y"]),
        lambda couchdb: [couchdb.get(database, "x"), couchdb.get(database, "nosuch")],
        lambda couchdb: sorted(couchdb.deleted(database, ["x", "y", "nosuch"])),
        lambda couchdb: sorted(couchdb.current_revisions(database, ["x", "y", "nosuch"])),
        lambda couchdb: couchdb.holds_documents(database),
    ):
        wanted, given = asked_of_both(both, ask)
        assert given == wanted


def test_the_memory_double_takes_what_the_transport_takes():
    names = [name for name, _each in inspect.getmembers(MemoryCouchDB, callable) if not name.startswith("_")]
    shared = [name for name in names if hasattr(CouchDB, name)]
    assert len(shared) > 15
    for name in shared:
        taken, given = (inspect.signature(getattr(each, name)).parameters for each in (MemoryCouchDB, CouchDB))
        assert list(taken) == list(given), name

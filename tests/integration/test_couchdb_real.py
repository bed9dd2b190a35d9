"""kazoo_sup.transports.couchdb against a server."""

from __future__ import annotations

import uuid
from urllib.parse import unquote, urlsplit

import pytest

from kazoo_sup.errors import Delivered, NotFound, SupError
from kazoo_sup.transports.couchdb import CouchDB, SaveResult
from kazoo_sup.transports.couchdb.bulk import save_what_did_not_arrive
from kazoo_sup.transports.http import Timeouts
from kazoo_sup.transports.server import Server

pytestmark = pytest.mark.integration

VIEWS = {
    "_id": "_design/numbers",
    "language": "javascript",
    "views": {
        "by_state": {"map": "function(doc) { if (doc.state) emit(doc.state, doc.n); }", "reduce": "_count"},
        "twice": {"map": "function(doc) { if (doc.state) { emit(null, 1); emit(null, 2); } }"},
    },
}


def endpoint(url, **other):
    parts = urlsplit(url)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    username = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return Server(**{"url": bare, "username": username, "password": password, **other})


@pytest.fixture(scope="module")
def couchdb(couchdb_url):
    couchdb = CouchDB([endpoint(couchdb_url)], timeouts=Timeouts(read=60), batch=40)
    yield couchdb
    couchdb.close()


@pytest.fixture
def database(couchdb):
    """A new, empty database with slashes in its name, deleted at the end."""
    name = f"sup-test/{uuid.uuid4().hex[:8]}/+1415"
    couchdb.create(name)
    yield name
    couchdb.delete(name)


@pytest.fixture(scope="module")
def numbers(couchdb):
    """A database with 90 documents in three states, and views on them."""
    name = f"sup-test/{uuid.uuid4().hex[:8]}/numbers"
    couchdb.create(name)
    states = ("available", "in_service", "reserved")
    documents = [{"_id": f"+1415555{n:04}", "n": n, "state": states[n % 3]} for n in range(90)]
    assert all(result.error is None for result in couchdb.save(name, [*documents, VIEWS]))
    yield name
    couchdb.delete(name)


class TestDatabases:
    def test_they_are_created_found_listed_and_deleted(self, couchdb):
        names = [f"sup-test/{uuid.uuid4().hex}/{n}" for n in range(5)]
        assert [couchdb.create(name) for name in names] == [True] * 5
        assert couchdb.create(names[0]) is False
        assert couchdb.exists(names[0])
        listed = list(couchdb.databases(start="sup-test/", end="sup-test0", page=2))
        assert listed == sorted(listed)
        assert set(names) <= set(listed)
        assert set(names) <= set(couchdb.databases())
        assert [couchdb.delete(name) for name in names] == [True] * 5
        assert not couchdb.exists(names[0])

    def test_the_server_says_its_version(self, couchdb):
        assert couchdb.info()["version"]

    def test_a_missing_database_has_nothing(self, couchdb):
        assert couchdb.get("sup-test/absent", "a") is None
        assert couchdb.get_many("sup-test/absent", ["a"]) == {}
        for ask in (
            lambda: couchdb.save("sup-test/absent", [{"_id": "a"}]),
            lambda: list(couchdb.documents("sup-test/absent")),
            lambda: list(couchdb.view("sup-test/absent", "d", "v")),
        ):
            with pytest.raises(NotFound, match=r"database sup-test/absent$"):
                ask()

    def test_wrong_credentials_are_refused(self, couchdb_url):
        if not urlsplit(couchdb_url).username:
            pytest.skip("the lab's server knows no users; unit tests show the same against a server that does")
        stranger = CouchDB([endpoint(couchdb_url, username="nobody", password="wrong:p@ss/wörd")])
        with pytest.raises(SupError, match="refused the credentials"):
            list(stranger.databases())
        stranger.close()


class TestDocuments:
    @pytest.mark.parametrize("name", ["en-us/vm-enter_pin", "+14155550100", "a b%2F?#&", "ключ", "_design/x"])
    def test_any_id_is_saved_and_read(self, couchdb, database, name):
        content = (
            {"views": {}} if name.startswith("_design") else {"text": "Zoë \u2028 \U0001f600", "n": 1.5, "none": None}
        )
        (result,) = couchdb.save(database, [{"_id": name, **content}])
        wanted = {"_id": name, "_rev": result.rev, **content}
        assert couchdb.get(database, name) == wanted
        assert couchdb.get_many(database, [name, "absent"]) == {name: wanted}

    def test_edits_conflicts_and_deletions(self, couchdb, database):
        (first,) = couchdb.save(database, [{"_id": "a", "n": 1}])
        edited, outdated, created = couchdb.save(
            database, [{"_id": "a", "_rev": first.rev, "n": 2}, {"_id": "a", "n": 3}, {"n": 4}]
        )
        assert edited.rev.startswith("2-")
        assert (outdated.rev, outdated.error) == (None, "conflict")
        assert couchdb.get(database, created.id)["n"] == 4
        (deleted,) = couchdb.save(database, [{"_id": "a", "_rev": edited.rev, "_deleted": True}])
        assert deleted.error is None
        assert couchdb.get(database, "a") is None
        assert couchdb.get_many(database, ["a"]) == {}
        (again,) = couchdb.save(database, [{"_id": "a", "n": 5}])
        assert again.error is None

    @pytest.mark.parametrize("page", [1, 7, 90, 91, 92])
    def test_all_of_them_in_pages(self, couchdb, numbers, page):
        ids = [document["_id"] for document in couchdb.documents(numbers, page=page)]
        assert ids == [f"+1415555{n:04}" for n in range(90)] + ["_design/numbers"]

    def test_a_range_of_ids(self, couchdb, numbers):
        found = list(couchdb.documents(numbers, start="+14155550010", end="+14155550019", include_docs=False, page=4))
        assert [document["_id"] for document in found] == [f"+141555500{n}" for n in range(10, 20)]
        assert all(document["_rev"].startswith("1-") for document in found)

    def test_batches_are_saved_in_parallel_and_come_back_in_order(self, couchdb, database):
        batches = [(database, [{"_id": f"{batch}-{n}"} for n in range(25)], batch) for batch in range(8)]
        done = list(couchdb.save_batches(iter(batches)))
        assert [token for *_, token in done] == list(range(8))
        assert all(result.error is None for _, _, results, _ in done for result in results)
        assert sum(1 for _ in couchdb.documents(database, page=33)) == 200

    def test_what_arrived_before_the_answer_was_lost_is_recognised(self, couchdb, database):
        """The read back, on what a real server makes of our documents."""
        kept, gone = couchdb.save(database, [{"_id": "edited", "n": 1}, {"_id": "deleted", "n": 1}])
        documents = [
            {"_id": "created", "n": 1.0, "list": [1, {"a": None}], "text": "Zoë"},
            {"_id": "edited", "_rev": kept.rev, "n": 2},
            {"_id": "deleted", "_rev": gone.rev, "_deleted": True},
            {"_id": "attached", "_attachments": {"x": {"content_type": "text/plain", "data": "aGVsbG8="}}},
        ]
        arrived = couchdb.save(database, documents)
        late = {"_id": "not arrived", "n": 1}
        unknown = [
            SaveResult(document["_id"], None, "TimedOut", "", Delivered.MAYBE) for document in [*documents, late]
        ]
        *found, last = save_what_did_not_arrive(couchdb._database(database), [*documents, late], unknown)
        assert found == arrived
        assert couchdb.get(database, "not arrived") == {**late, "_rev": last.rev}


class TestViews:
    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("page", [1, 4, 30, 89, 90, 91])
    def test_rows_with_equal_keys_come_exactly_once(self, couchdb, numbers, page, descending):
        rows = list(couchdb.view(numbers, "numbers", "by_state", page=page, descending=descending))
        order = sorted(range(90), key=lambda n: (n % 3, n), reverse=descending)
        assert [row["value"] for row in rows] == order

    @pytest.mark.parametrize("page", [1, 3, 50])
    def test_rows_of_one_document_with_one_key_come_exactly_once(self, couchdb, numbers, page):
        rows = [(row["id"], row["value"]) for row in couchdb.view(numbers, "numbers", "twice", page=page)]
        assert len(rows) == len(set(rows)) == 180

    def test_ranges_keys_and_documents(self, couchdb, numbers):
        view = (numbers, "numbers", "by_state")
        assert len(list(couchdb.view(*view, start="b", end="in_service", page=7))) == 30
        rows = list(couchdb.view(*view, key="reserved", include_docs=True, page=7))
        assert len(rows) == 30
        assert all(row["doc"]["state"] == "reserved" for row in rows)
        assert [row["key"] for row in couchdb.view(*view, keys=["reserved", "x", "available"])] == (
            ["reserved"] * 30 + ["available"] * 30
        )

    def test_reduced_rows(self, couchdb, numbers):
        view = (numbers, "numbers", "by_state")
        grouped = [(row["key"], row["value"]) for row in couchdb.view(*view, group=True, page=2)]
        assert grouped == [("available", 30), ("in_service", 30), ("reserved", 30)]
        assert [row["value"] for row in couchdb.view(*view, reduce=True)] == [90]
        assert [row["value"] for row in couchdb.view(*view, reduce=True, keys=["available"])] == [30]

    def test_a_missing_view_can_be_installed_and_asked_again(self, couchdb, database):
        with pytest.raises(NotFound, match="no view numbers/by_state in database"):
            list(couchdb.view(database, "numbers", "by_state"))
        couchdb.save(database, [VIEWS, {"_id": "a", "state": "available", "n": 7}])
        assert [row["value"] for row in couchdb.view(database, "numbers", "by_state")] == [7]


class TestAttachments:
    def test_they_are_stored_replaced_and_read(self, couchdb, database):
        content = bytes(range(256)) * 400
        rev = couchdb.put_attachment(database, "en-us/pin", "pin.wav", content, "audio/x-wav")
        with couchdb.get_attachment(database, "en-us/pin", "pin.wav") as stream:
            assert stream.read() == content
        rev = couchdb.put_attachment(database, "en-us/pin", "pin.wav", b"a,b\n" * 100, "text/csv", rev=rev)
        assert couchdb.get(database, "en-us/pin")["_rev"] == rev
        with couchdb.get_attachment(database, "en-us/pin", "pin.wav") as stream:
            assert stream.read() == b"a,b\n" * 100
        assert couchdb.get_attachment(database, "en-us/pin", "absent") is None

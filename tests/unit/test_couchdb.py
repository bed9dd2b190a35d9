from __future__ import annotations

import io
import json

import pytest

from helpers.fault_server import answer, arrives_twice, breaks_off, hangs_up, says, stores_then_hangs_up
from kazoo_sup.errors import NotFound, ServerRefused, ServerUnreachable
from kazoo_sup.transports.couchdb import CouchDB
from kazoo_sup.transports.http import Timeouts
from kazoo_sup.transports.server import Server


@pytest.fixture
def couchdb(server):
    couchdb = CouchDB([Server(server.url)], timeouts=Timeouts(retry=0.5), batch=3)
    yield couchdb
    couchdb.close()


def serves(value):
    return lambda handler, _: handler.send(answer(200, value))


class TestDatabases:
    def test_the_server_introduces_itself(self, couchdb):
        assert couchdb.info()["version"] == "3.4.2"

    def test_they_are_created_once_and_deleted_once(self, couchdb):
        name = "account/ab/cd/ef01"
        assert not couchdb.exists(name)
        assert couchdb.create(name) is True
        assert couchdb.create(name) is False
        assert couchdb.exists(name)
        assert couchdb.delete(name) is True
        assert couchdb.delete(name) is False

    @pytest.mark.parametrize("name", ["", ".", ".."])
    def test_what_no_url_can_name_is_none(self, couchdb, name):
        assert not couchdb.exists(name)
        assert couchdb.delete(name) is False
        with pytest.raises(ServerRefused, match="not a name of a database"):
            couchdb.create(name)

    def test_a_created_database_whose_answer_was_lost_counts_as_created(self, server, couchdb):
        server.fails(stores_then_hangs_up, to="PUT")
        assert couchdb.create("new") is True
        server.fails(hangs_up, to="PUT")
        with pytest.raises(ServerUnreachable):
            couchdb.create("other")

    def test_a_deleted_database_whose_answer_was_lost_counts_as_deleted(self, server, couchdb):
        server.fails(hangs_up, to="DELETE")
        with pytest.raises(ServerUnreachable):
            couchdb.delete("db")
        server.fails(stores_then_hangs_up, to="DELETE")
        assert couchdb.delete("db") is True

    def test_a_node_that_is_down_is_no_database_that_exists(self, server, couchdb):
        server.fails(*[says(412, b'{"error":"nodedown","reason":"progress not possible"}')] * 3, to="PUT")
        with pytest.raises(ServerRefused, match="nodedown: progress not possible"):
            couchdb.create("new")

    @pytest.mark.parametrize("name", ["", ".", ".."])
    def test_a_name_that_no_url_can_carry_is_the_name_of_nothing(self, server, couchdb, name):
        assert couchdb.exists(name) is False
        assert couchdb.get(name, "a") is None
        assert couchdb.get_many(name, ["a"]) == {}
        with pytest.raises(NotFound):
            couchdb.save(name, [{"_id": "a"}])
        assert not server.requests

    def test_they_are_listed_in_a_range(self, server, couchdb):
        for name in ("accounts", "numbers/+1415", "numbers/+4930", "system_config"):
            server.databases[name] = {}
        assert list(couchdb.databases(start="numbers/", end="numbers0")) == ["numbers/+1415", "numbers/+4930"]
        assert list(couchdb.databases(page=2)) == sorted(server.databases)
        assert server.requests[0].path.startswith("/_all_dbs?")
        assert "startkey=%22numbers%2F%22" in server.requests[0].path


class TestReading:
    def test_a_document(self, server, couchdb):
        server.store("db", {"_id": "en-us/vm-enter_pin", "n": 1})
        document = couchdb.get("db", "en-us/vm-enter_pin")
        assert type(document) is dict
        assert document == server.databases["db"]["en-us/vm-enter_pin"]

    def test_none_where_there_is_none(self, server, couchdb):
        rev = server.store("db", {"_id": "deleted"})["rev"]
        server.store("db", {"_id": "deleted", "_rev": rev, "_deleted": True})
        assert couchdb.get("db", "absent") is None
        assert couchdb.get("db", "deleted") is None
        assert couchdb.get("absent", "doc") is None

    @pytest.mark.parametrize("identifier", ["", ".", "..", "_all_docs", "_security"])
    def test_what_is_no_document_is_not_taken_for_one(self, couchdb, identifier):
        assert couchdb.get("db", identifier) is None

    def test_many_documents_in_few_requests(self, server, couchdb):
        for name in "abcdefg":
            server.store("db", {"_id": name})
        rev = server.databases["db"]["b"]["_rev"]
        server.store("db", {"_id": "b", "_rev": rev, "_deleted": True})
        found = couchdb.get_many("db", ["g", "b", "a", "x", "c", "d", "a"])
        assert list(found) == ["g", "a", "c", "d"]
        assert found["g"] == server.databases["db"]["g"]
        assert [len(json.loads(request.body)["keys"]) for request in server.requests] == [3, 3, 1]

    def test_many_documents_of_a_missing_database_are_none(self, couchdb):
        assert couchdb.get_many("absent", ["a"]) == {}

    @pytest.mark.parametrize("page", [1, 2, 6, 7, 8])
    def test_all_documents_in_pages(self, server, couchdb, page):
        for name in "abcdefg":
            server.store("db", {"_id": name})
        assert list(couchdb.documents("db", page=page)) == [server.databases["db"][name] for name in "abcdefg"]
        assert [each["_id"] for each in couchdb.documents("db", start="b", end="d", page=page)] == ["b", "c", "d"]
        assert not server.sent(path="skip=")

    def test_ids_and_revisions_alone(self, server, couchdb):
        rev = server.store("db", {"_id": "a", "n": 1})["rev"]
        assert list(couchdb.documents("db", include_docs=False)) == [{"_id": "a", "_rev": rev}]

    def test_a_document_deleted_while_listed_is_left_out(self, server, couchdb):
        rows = [{"id": "a", "key": "a", "value": {"rev": "1-a"}, "doc": None}]
        server.fails(serves({"total_rows": 1, "offset": 0, "rows": rows}))
        assert list(couchdb.documents("db")) == []

    def test_documents_of_a_missing_database(self, couchdb):
        with pytest.raises(NotFound, match=r"^CouchDB has no database absent$"):
            list(couchdb.documents("absent"))

    def test_a_page_that_breaks_off_is_read_again_and_no_row_comes_twice(self, server, couchdb):
        for name in "abcdefg":
            server.store("db", {"_id": name})
        server.fails(breaks_off, to="startkey")
        assert [each["_id"] for each in couchdb.documents("db", page=3)] == list("abcdefg")


class TestViews:
    def asked(self, server):
        """The options of the last request, decoded."""
        path, _, query = server.requests[-1].path.partition("?")
        return path, dict(option.split("=", 1) for option in query.split("&"))

    def test_a_range_of_rows(self, server, couchdb):
        rows = [{"id": "a", "key": [1], "value": None}]
        server.fails(serves({"total_rows": 1, "offset": 0, "rows": rows}))
        assert list(couchdb.view("account/ab", "users", "crossbar_listing", start=[1], end=[1, {}], page=10)) == rows
        path, options = self.asked(server)
        assert path == "/account%2Fab/_design/users/_view/crossbar_listing"
        assert options == {"reduce": "false", "startkey": "%5B1%5D", "endkey": "%5B1%2C+%7B%7D%5D", "limit": "11"}

    def test_the_next_page_begins_at_the_first_row_that_did_not_fit(self, server, couchdb):
        rows = [{"id": name, "key": None, "value": 1} for name in "abc"]
        server.fails(serves({"rows": rows}), serves({"rows": rows[2:]}))
        assert list(couchdb.view("db", "d", "v", page=2)) == rows
        _, options = self.asked(server)
        assert options == {"reduce": "false", "startkey": "null", "startkey_docid": "c", "limit": "3"}

    def test_one_key(self, server, couchdb):
        server.fails(serves({"rows": []}))
        list(couchdb.view("db", "d", "v", key="user", include_docs=True, descending=True))
        _, options = self.asked(server)
        assert (options["startkey"], options["endkey"]) == ("%22user%22", "%22user%22")
        assert (options["include_docs"], options["descending"]) == ("true", "true")

    def test_several_keys_are_posted_a_batch_at_a_time(self, server, couchdb):
        found = [{"key": 1, "value": 2}, {"key": 4, "value": 1}]
        server.fails(*(serves({"rows": [row]}) for row in found))
        assert list(couchdb.view("db", "d", "v", keys=[1, 2, 3, 4], reduce=True)) == found
        assert [json.loads(request.body) for request in server.requests] == [{"keys": [1, 2, 3]}, {"keys": [4]}]
        _, options = self.asked(server)
        assert options == {"reduce": "true", "group": "true"}

    def test_groups(self, server, couchdb):
        server.fails(serves({"rows": [{"key": 1, "value": 2}, {"key": 2, "value": 5}]}), serves({"rows": []}))
        list(couchdb.view("db", "d", "v", group=True, page=1))
        _, options = self.asked(server)
        assert options == {"reduce": "true", "group": "true", "startkey": "2", "limit": "2"}

    def test_a_reduced_value(self, server, couchdb):
        server.fails(serves({"rows": [{"key": None, "value": 7}]}))
        assert list(couchdb.view("db", "d", "v", reduce=True)) == [{"key": None, "value": 7}]
        _, options = self.asked(server)
        assert options == {"reduce": "true"}

    def test_a_missing_view_and_a_missing_database_are_told_apart(self, couchdb):
        with pytest.raises(NotFound, match=r"^CouchDB has no view users/crossbar_listing in database db$"):
            list(couchdb.view("db", "users", "crossbar_listing"))
        with pytest.raises(NotFound, match=r"^CouchDB has no database absent$"):
            list(couchdb.view("absent", "users", "crossbar_listing"))


class TestAttachments:
    @pytest.mark.parametrize("make", [bytes, io.BytesIO], ids=["bytes", "file"])
    def test_they_are_stored_and_read_from_the_connection(self, server, couchdb, make):
        content = bytes(range(256)) * 1000
        rev = couchdb.put_attachment("db", "task", "in/ü.csv", make(content), "text/csv")
        assert rev == server.databases["db"]["task"]["_rev"]
        assert server.requests[0].path == "/db/task/in%2F%C3%BC.csv"
        assert server.requests[0].headers["Content-Type"] == "text/csv"
        with couchdb.get_attachment("db", "task", "in/ü.csv") as stream:
            assert stream.read(10) == content[:10]
            assert stream.read() == content[10:]

    def test_a_file_is_sent_from_its_start_after_a_refusal(self, server, couchdb):
        server.fails(says(503), to="PUT")
        couchdb.put_attachment("db", "task", "in.csv", io.BytesIO(b"a,b\n"), "text/csv")
        assert server.memory.contents["db", "task", "in.csv"] == b"a,b\n"
        assert server.databases["db"]["task"]["_attachments"]["in.csv"]["content_type"] == "text/csv"

    def test_json_content_is_handed_over_as_it_is(self, couchdb):
        couchdb.put_attachment("db", "doc", "x.json", b'{"a": 1}', "application/json")
        with couchdb.get_attachment("db", "doc", "x.json") as stream:
            assert stream.read() == b'{"a": 1}'

    def test_none_where_there_is_none(self, couchdb):
        assert couchdb.get_attachment("db", "doc", "x") is None
        assert couchdb.get_attachment("absent", "doc", "x") is None

    @pytest.mark.parametrize("make", [bytes, io.BytesIO])
    def test_a_request_that_arrives_twice_stores_it_once(self, server, couchdb, make):
        server.fails(arrives_twice, arrives_twice, to="PUT /db/doc")
        first = couchdb.put_attachment("db", "doc", "x", make(b"1"), "text/plain")
        second = couchdb.put_attachment("db", "doc", "y", make(b"22"), "text/plain", rev=first)
        assert (first[:2], second[:2]) == ("1-", "2-")
        with pytest.raises(ServerRefused, match="409"):
            couchdb.put_attachment("db", "doc", "y", make(b"33"), "text/plain", rev=first)

    def test_an_outdated_revision_is_refused(self, server, couchdb):
        rev = server.store("db", {"_id": "doc"})["rev"]
        newer = couchdb.put_attachment("db", "doc", "x", b"1", "text/plain", rev=rev)
        assert newer.startswith("2-")
        with pytest.raises(ServerRefused, match=r"409 to PUT /db/doc/x: conflict: Document update conflict$"):
            couchdb.put_attachment("db", "doc", "x", b"2", "text/plain", rev=rev)

    def test_a_missing_database(self, couchdb):
        with pytest.raises(NotFound, match=r"^CouchDB has no database absent$"):
            couchdb.put_attachment("absent", "doc", "x", b"", "text/plain")

    def test_content_that_breaks_off_is_no_end(self, server, couchdb):
        couchdb.put_attachment("db", "doc", "x", b"12345678", "text/plain")
        server.fails(breaks_off, to="GET")
        with (
            couchdb.get_attachment("db", "doc", "x") as stream,
            pytest.raises(ServerUnreachable, match="before its answer was complete"),
        ):
            stream.read()


class TestAnythingElse:
    def test_parameters_and_a_body(self, server, couchdb):
        server.fails(serves({"ok": True}))
        assert couchdb.request("PUT", "/_node/_local/_config/x", json="y", params={"a b": "ü&", "flag": True, "n": 1})
        (request,) = server.requests
        assert (request.method, request.body) == ("PUT", b'"y"')
        assert request.path == "/_node/_local/_config/x?a+b=%C3%BC%26&flag=true&n=1"

    def test_what_couchdb_has_not(self, server, couchdb):
        server.fails(says(404, b'{"error":"not_found","reason":"missing"}'))
        with pytest.raises(NotFound, match=r"^CouchDB has no /_up$"):
            couchdb.request("GET", "_up")

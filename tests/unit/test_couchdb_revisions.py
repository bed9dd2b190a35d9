"""Storing documents under the revisions they carry: in bulk, and with attachments that are streamed."""

from __future__ import annotations

import io
import json
from email.message import Message
from email.parser import BytesParser

import pytest

from helpers.couchdb_server import CouchDBServer
from helpers.fault_server import answer, says, stores_then_hangs_up, stores_then_says
from kazoo_sup.errors import NotFound, ServerRefused, ServerUnreachable
from kazoo_sup.transports.couchdb import Attachment, CouchDB, SaveResult
from kazoo_sup.transports.couchdb.revisions import Multipart
from kazoo_sup.transports.http import Timeouts
from kazoo_sup.transports.server import Server

TOO_LARGE = says(413, json.dumps({"error": "too_large", "reason": "the request entity is too large"}).encode())


@pytest.fixture
def server():
    with CouchDBServer() as server:
        server.databases["db"] = {}
        yield server


@pytest.fixture
def couchdb(server):
    couchdb = CouchDB([Server(server.url)], timeouts=Timeouts(retry=0))
    yield couchdb
    couchdb.close()


def revision(number):
    return {"_id": f"{number}", "_rev": f"{number + 1}-abc", "n": number}


def attachment(name, content, content_type="text/plain"):
    return Attachment(name, content_type, len(content), lambda: io.BytesIO(content), 2)


class TestBulk:
    def test_the_revisions_stay(self, couchdb, server):
        found = couchdb.save_revisions("db", [revision(1), revision(2)])
        assert found == [SaveResult("1", "2-abc"), SaveResult("2", "3-abc")]
        assert server.databases["db"] == {"1": revision(1), "2": revision(2)}

    @pytest.mark.parametrize("fault", [stores_then_hangs_up, stores_then_says(504), says(502)])
    def test_a_lost_answer_is_asked_for_again(self, couchdb, server, fault):
        server.fails(fault, fault, to="_bulk_docs")
        assert couchdb.save_revisions("db", [revision(1)]) == [SaveResult("1", "2-abc")]
        server.fails(fault, fault, fault, to="_bulk_docs")
        with pytest.raises((ServerUnreachable, ServerRefused)):
            couchdb.save_revisions("db", [revision(1)])

    def test_what_is_refused_is_told_for_the_document_it_is_about(self, couchdb, server):
        rows = [{"id": "2", "rev": "3-abc", "error": "forbidden", "reason": "no"}, {"id": "3", "error": "odd"}]
        server.fails(says(201, json.dumps(rows).encode(), Content_Type="application/json"), to="_bulk_docs")
        found = couchdb.save_revisions("db", [revision(1), revision(2), revision(3)])
        assert found == [
            SaveResult("1", "2-abc"),
            SaveResult("2", None, "forbidden", "no"),
            SaveResult("3", None, "odd", "odd"),
        ]

    def test_a_request_that_is_too_large_is_split(self, couchdb, server):
        server.fails(TOO_LARGE, TOO_LARGE, to="_bulk_docs")
        assert [each.error for each in couchdb.save_revisions("db", [revision(1), revision(2)])] == ["too_large", None]
        assert set(server.databases["db"]) == {"2"}

    def test_a_missing_database_is_told(self, couchdb):
        with pytest.raises(NotFound, match="database nosuch"):
            couchdb.save_revisions("nosuch", [revision(1)])

    def test_missing_and_current_revisions(self, couchdb, server):
        server.databases["db"] = {"1": revision(1), "2": {**revision(2), "_deleted": True}}
        asked = {"1": ["2-abc"], "2": ["9-x"], "3": ["4-abc"]}
        assert couchdb.missing_revisions("db", asked) == {"2": ["9-x"], "3": ["4-abc"]}
        assert couchdb.current_revisions("db", ["1", "2", "3"]) == {"1": "2-abc"}


class TestMultipart:
    CONTENTS = (b"plain text\r\n--", b"", bytes(range(256)) * 3000)

    def test_it_is_what_rfc_2387_says(self):
        names = ('a "quoted" näme', "empty", "binary")
        parts = [attachment(name, content) for name, content in zip(names, self.CONTENTS, strict=True)]
        body = Multipart({"_id": "d", "_rev": "2-x", "f": 1.0}, parts)
        content = body.read()
        assert len(content) == body.len
        message = parsed(content, body.boundary)
        document, *attached = message.get_payload()
        told = json.loads(document.get_payload(decode=True))
        assert (told["_id"], told["_rev"], told["f"]) == ("d", "2-x", 1.0)
        assert list(told["_attachments"]) == list(names)
        assert told["_attachments"]["empty"] == {
            "follows": True,
            "content_type": "text/plain",
            "length": 0,
            "revpos": 2,
        }
        assert [int(part["Content-Length"]) for part in attached] == [len(each) for each in self.CONTENTS]

    def test_it_begins_anew_and_nowhere_else(self):
        body = Multipart({"_id": "d"}, [attachment("a", self.CONTENTS[2])])
        first = body.read(50)
        assert body.tell() == 50
        body.seek(0)
        assert body.read(50) == first
        with pytest.raises(io.UnsupportedOperation):
            body.seek(10)

    def test_it_is_sent_and_sent_again_when_the_answer_is_lost(self, couchdb, server):
        stored = []

        def takes(handler, _carry_out):
            stored.append(server.requests[-1])
            handler.send(answer(201, {"ok": True, "id": "_design/a/b", "rev": "2-x"}))

        server.fails(stores_then_hangs_up, takes, to="PUT")
        couchdb.put_revision("db", {"_id": "_design/a/b", "_rev": "2-x"}, [attachment("a", self.CONTENTS[2])])
        [request] = stored
        assert request.path == "/db/_design/a%2Fb?new_edits=false"
        boundary = request.headers["Content-Type"].partition('boundary="')[2].rstrip('"')
        _, attached = parsed(request.body, boundary).get_payload()
        assert attached.get_payload(decode=True) == self.CONTENTS[2]

    def test_a_refusal_is_told(self, couchdb, server):
        server.fails(TOO_LARGE, to="PUT")
        with pytest.raises(ServerRefused, match="413"):
            couchdb.put_revision("db", {"_id": "d", "_rev": "2-x"}, [attachment("a", b"x")])


def parsed(content: bytes, boundary: str) -> Message:
    """Read a multipart body; the standard library's reader leaves line ends as they are within binary parts."""
    head = f'Content-Type: multipart/related; boundary="{boundary}"\r\n\r\n'.encode()
    return BytesParser().parsebytes(head + content)

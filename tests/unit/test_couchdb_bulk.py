"""Saving in bulk: one truthful result per document, and each written exactly once whatever becomes of the answers."""

from __future__ import annotations

import copy
import json
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.couchdb_server import CouchDBServer
from helpers.fault_server import (
    HAPROXY_503,
    Answer,
    answer,
    breaks_off,
    breaks_off_cleanly,
    hangs_up,
    resets,
    says,
    stores_then_hangs_up,
    stores_then_says,
    stores_then_stalls,
)
from kazoo_sup.errors import Delivered, NotAuthorised, NotFound, ServerRefused, ServerUnreachable
from kazoo_sup.transports.couchdb import CouchDB, SaveResult
from kazoo_sup.transports.http import Timeouts
from kazoo_sup.transports.server import Server

BULK = "POST /db/_bulk_docs"
READ_BACK = "POST /db/_all_docs"


@pytest.fixture
def couchdb(server):
    couchdb = CouchDB([Server(server.url)], timeouts=Timeouts(read=3, retry=10), workers=3)
    yield couchdb
    couchdb.close()


def stored(server, identifier):
    return server.databases["db"][identifier]


def revs(server):
    return {identifier: document["_rev"] for identifier, document in server.databases["db"].items()}


def three_kinds(server):
    """A creation, an edit and a deletion, ready to be saved."""
    for identifier in ("edited", "deleted"):
        server.store("db", {"_id": identifier, "n": 1})
    server.written.clear()
    return [
        {"_id": "created", "n": 1},
        {**stored(server, "edited"), "n": 2},
        {"_id": "deleted", "_rev": stored(server, "deleted")["_rev"], "_deleted": True},
    ]


def stores_first(count):
    """Store only so many of the documents, then close the connection."""

    def fault(handler, carry_out):
        documents = json.loads(handler.server.requests[-1].body)["docs"]
        for document in documents[:count]:
            handler.server.store("db", document)
        handler.close_connection = True

    return fault


LOSING = {
    "closed after storing": stores_then_hangs_up,
    "reset after storing": resets,
    "502 after storing": stores_then_says(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>"),
    "504 after storing": stores_then_says(504),
    "500 after storing": stores_then_says(500, b'[{"id":"created","error":"error","reason":"internal_server_error"}]'),
    "broken off": breaks_off,
    "broken JSON": breaks_off_cleanly,
    "closed before storing": hangs_up,
    "504 before storing": says(504),
    "closed after storing one": stores_first(1),
    "closed after storing two": stores_first(2),
}


class TestResults:
    def test_there_is_one_for_each_document_in_order(self, server, couchdb):
        server.store("db", {"_id": "b", "n": 0})
        results = couchdb.save("db", [{"_id": "c"}, {"_id": "b"}, {"_id": "a"}])
        rev = revs(server)
        assert results == [
            SaveResult("c", rev["c"]),
            SaveResult("b", None, "conflict", "Document update conflict."),
            SaveResult("a", rev["a"]),
        ]

    def test_a_document_without_id_is_given_one_and_left_as_it_is(self, server, couchdb):
        documents = [{"n": 1}, {"n": 2, "_id": ""}]
        before = copy.deepcopy(documents)
        first, second = couchdb.save("db", documents)
        assert documents == before
        assert stored(server, first.id)["n"] == 1
        assert stored(server, second.id)["n"] == 2

    def test_nothing_is_asked_for_no_documents(self, server, couchdb):
        assert couchdb.save("db", []) == []
        assert not server.requests

    def test_a_missing_database_can_be_created_and_saved_to(self, server, couchdb):
        with pytest.raises(NotFound, match=r"^CouchDB has no database account/ab$"):
            couchdb.save("account/ab", [{"_id": "a"}])
        couchdb.create("account/ab")
        assert couchdb.save("account/ab", [{"_id": "a"}])[0].error is None

    def test_rows_are_matched_by_id_when_some_are_missing(self, server, couchdb):
        rows = [{"id": "c", "rev": "1-c"}, {"id": "a", "error": "forbidden", "reason": "no"}]
        server.fails(lambda handler, _: handler.send(answer(201, rows)), to=BULK)
        a, b, c = couchdb.save("db", [{"_id": "a"}, {"_id": "b"}, {"_id": "c"}])
        assert (a.error, a.reason, c.rev) == ("forbidden", "no", "1-c")
        assert b == SaveResult("b", revs(server)["b"])

    @pytest.mark.parametrize("stores", [True, False])
    def test_a_row_that_leaves_open_what_happened_is_settled(self, server, couchdb, stores):
        def lacks_replicas(handler, carry_out):
            rows = json.loads(carry_out().body) if stores else [{}, {"id": "b", "rev": "1-b"}]
            rows[0] = {"id": "a", "error": "error", "reason": "internal_server_error"}
            handler.send(answer(202, rows))

        server.fails(lacks_replicas, to=BULK)
        a, b = couchdb.save("db", [{"_id": "a"}, {"_id": "b"}])
        assert a == SaveResult("a", revs(server)["a"])
        assert b.error is None
        assert server.written["db", "a"] == 1


class TestTooLarge:
    def test_the_request_is_split_until_the_document_at_fault_stands_alone(self, server, couchdb):
        def too_large(handler, carry_out):
            if len(handler.server.requests[-1].body) > 500:
                handler.send(answer(413, {"error": "too_large", "reason": "the request entity is too large"}))
            else:
                handler.send(carry_out())

        server.fails(*[too_large] * 20, to=BULK)
        documents = [{"_id": f"{number}", "text": "x" * (900 if number == 5 else 90)} for number in range(8)]
        results = couchdb.save("db", documents)
        assert [result.id for result in results if result.error is None] == ["0", "1", "2", "3", "4", "6", "7"]
        assert results[5] == SaveResult("5", None, "too_large", "too_large: the request entity is too large")
        assert set(server.written.values()) == {1}


class TestLostAnswers:
    @pytest.mark.parametrize("fault", LOSING.values(), ids=LOSING.keys())
    @pytest.mark.parametrize("times", [1, 2])
    def test_each_document_is_written_exactly_once(self, server, couchdb, fault, times):
        documents = three_kinds(server)
        server.fails(*[fault] * times, to=BULK)
        results = couchdb.save("db", documents)
        rev = revs(server)
        assert results == [SaveResult(name, rev[name]) for name in ("created", "edited", "deleted")]
        assert server.written == {("db", name): 1 for name in ("created", "edited", "deleted")}
        assert stored(server, "edited")["n"] == 2
        assert stored(server, "deleted")["_deleted"] is True

    def test_each_document_is_written_exactly_once_after_a_time_out(self, server):
        couchdb = CouchDB([Server(server.url)], timeouts=Timeouts(read=3))
        documents = three_kinds(server)
        server.fails(stores_then_stalls, to=BULK)
        assert [result.error for result in couchdb.save("db", documents)] == [None] * 3
        assert set(server.written.values()) == {1}
        couchdb.close()

    def test_what_arrived_is_not_sent_again(self, server, couchdb):
        server.fails(stores_first(2), to=BULK)
        couchdb.save("db", [{"_id": name} for name in "abcd"])
        sent = [
            [document["_id"] for document in json.loads(each.body)["docs"]] for each in server.sent("POST", "_bulk")
        ]
        assert sent == [["a", "b", "c", "d"], ["c", "d"]]

    def test_a_first_request_that_overtakes_the_second_is_no_conflict(self, server, couchdb):
        late = []

        def is_held_up(handler, carry_out):
            late.append(carry_out)
            handler.close_connection = True

        def comes_second(handler, carry_out):
            late.pop()()
            handler.send(carry_out())

        documents = three_kinds(server)
        server.fails(is_held_up, comes_second, to=BULK)
        results = couchdb.save("db", documents)
        rev = revs(server)
        assert results == [SaveResult(name, rev[name]) for name in ("created", "edited", "deleted")]
        assert set(server.written.values()) == {1}

    def test_what_somebody_else_wrote_stays_a_conflict(self, server, couchdb):
        documents = three_kinds(server)
        for name in ("edited", "deleted"):
            server.store("db", {**stored(server, name), "n": "theirs"})
        server.store("db", {"_id": "created", "n": "theirs"})
        server.fails(stores_then_hangs_up, to=BULK)
        assert [result.error for result in couchdb.save("db", documents)] == ["conflict"] * 3
        assert [stored(server, name)["n"] for name in ("created", "edited", "deleted")] == ["theirs"] * 3

    def test_what_somebody_else_wrote_without_our_attachment_stays_a_conflict(self, server, couchdb):
        server.store("db", {"_id": "a", "n": 1})
        edited = {**stored(server, "a"), "_attachments": {"x": {"data": "aGVsbG8="}}}
        server.store("db", stored(server, "a"))
        server.fails(stores_then_hangs_up, to=BULK)
        assert couchdb.save("db", [edited])[0].error == "conflict"

    def test_an_edit_that_changes_nothing_is_written_nevertheless(self, server, couchdb):
        server.store("db", {"_id": "a", "n": 1})
        server.fails(hangs_up, to=BULK)
        (result,) = couchdb.save("db", [stored(server, "a")])
        assert result.rev == stored(server, "a")["_rev"]
        assert server.written["db", "a"] == 2

    def test_an_edit_of_an_attachment_alone_is_not_taken_for_written(self, server, couchdb):
        server.store("db", {"_id": "a", "_attachments": {"x": {"stub": True}}})
        edited = {**stored(server, "a"), "_attachments": {"x": {"data": "aGVsbG8="}}}
        server.fails(hangs_up, to=BULK)
        (result,) = couchdb.save("db", [edited])
        assert result == SaveResult("a", stored(server, "a")["_rev"])
        assert stored(server, "a")["_attachments"] == {"x": {"data": "aGVsbG8="}}

    def test_what_json_makes_of_a_document_is_what_is_compared(self, server, couchdb):
        server.fails(stores_then_hangs_up, to=BULK)
        (result,) = couchdb.save("db", [{"_id": "a", "list": (1, 2.0), "map": {1: None}}])
        assert result == SaveResult("a", stored(server, "a")["_rev"])

    def test_the_same_id_twice_is_one_document_and_one_conflict(self, server, couchdb):
        server.fails(stores_then_hangs_up, to=BULK)
        first, second = couchdb.save("db", [{"_id": "a", "n": 1}, {"_id": "a", "n": 2}])
        assert (first.error, second.error) == (None, "conflict")

    def test_answers_that_never_come_end_in_an_error_for_what_is_not_written(self, server, couchdb):
        server.fails(stores_first(1), hangs_up, hangs_up, to=BULK)
        written, other = couchdb.save("db", [{"_id": "a"}, {"_id": "b"}])
        assert written == SaveResult("a", stored(server, "a")["_rev"])
        assert (other.rev, other.error) == (None, "ServerUnreachable")
        assert "closed the connection" in other.reason

    @pytest.mark.parametrize("fault", [hangs_up, says(401)])
    def test_a_server_that_cannot_be_asked_leaves_the_outcome_open(self, server, couchdb, fault):
        server.fails(stores_then_hangs_up, to=BULK)
        server.fails(*[fault] * 10, to=READ_BACK)
        with pytest.raises((ServerUnreachable, NotAuthorised)) as raised:
            couchdb.save("db", [{"_id": "a"}])
        assert raised.value.delivered is Delivered.MAYBE

    def test_a_definite_refusal_of_the_second_request_is_raised(self, server, couchdb):
        server.fails(hangs_up, says(400, b'{"error":"bad_request","reason":"no"}'), to=BULK)
        with pytest.raises(ServerRefused, match="bad_request: no"):
            couchdb.save("db", [{"_id": "a"}])

    def test_another_coordinator_is_asked_what_arrived(self, server):
        with CouchDBServer() as other:
            other.databases, other.written = server.databases, server.written
            documents = three_kinds(server)
            couchdb = CouchDB([Server(server.url), Server(other.url)])
            server.fails(stores_first(1), to=BULK)
            assert [result.error for result in couchdb.save("db", documents)] == [None] * 3
            couchdb.close()
            assert set(server.written.values()) == {1}
            assert [each.path for each in other.requests] == ["/db/_all_docs?include_docs=true", "/db/_bulk_docs"]
            assert len(server.requests) == 1

    @pytest.mark.parametrize("fault", [says(429, Retry_After="0"), says(503, HAPROXY_503)])
    def test_a_refusal_that_says_nothing_was_done_is_sent_again_without_reading_back(self, server, couchdb, fault):
        server.fails(fault, fault, to=BULK)
        assert couchdb.save("db", [{"_id": "a"}])[0].error is None
        assert len(server.sent("POST", "_bulk_docs")) == 3
        assert not server.sent("POST", "_all_docs")
        assert server.written["db", "a"] == 1

    @settings(max_examples=40)
    @given(
        faults=st.lists(st.sampled_from(list(LOSING)), max_size=2),
        kinds=st.lists(st.sampled_from(["create", "edit", "delete", "recreate", "theirs"]), min_size=1, max_size=5),
    )
    def test_whatever_happens_results_tell_what_is_stored(self, faults, kinds):
        with CouchDBServer() as server:
            server.databases["db"] = {}
            documents = []
            for number, kind in enumerate(kinds):
                name = f"{number}"
                if kind in {"edit", "delete", "recreate"}:
                    server.store("db", {"_id": name, "n": 0})
                rev = server.databases["db"].get(name, {}).get("_rev")
                if kind == "recreate":
                    server.store("db", {"_id": name, "_rev": rev, "_deleted": True})
                documents.append({"_id": name, "n": 1} if kind != "delete" else {"_id": name, "_deleted": True})
                if kind in {"edit", "delete"}:
                    documents[-1]["_rev"] = rev
                if kind == "theirs":
                    server.store("db", {"_id": name, "n": "theirs"})
            server.written.clear()
            server.fails(*[LOSING[fault] for fault in faults], to=BULK)
            couchdb = CouchDB([Server(server.url)])
            results = couchdb.save("db", documents)
            couchdb.close()
            rev = revs(server)
            for document, kind, result in zip(documents, kinds, results, strict=True):
                name = document["_id"]
                if kind == "theirs":
                    assert (result.error, server.written["db", name]) == ("conflict", 0)
                else:
                    assert (result, server.written["db", name]) == (SaveResult(name, rev[name]), 1)


class TestBatches:
    def test_they_come_back_in_order_with_their_token_and_results(self, server, couchdb):
        batches = [("db", [{"_id": f"{number}-{each}"} for each in "ab"], number) for number in range(10)]
        done = list(couchdb.save_batches(iter(batches)))
        assert [(database, documents, token) for database, documents, _, token in done] == batches
        assert [[result.id for result in results] for _, _, results, _ in done] == [
            [f"{number}-a", f"{number}-b"] for number in range(10)
        ]
        assert len(server.databases["db"]) == 20

    def test_they_are_saved_in_parallel(self, server, couchdb):
        together = threading.Barrier(3, timeout=600)

        def waits_for_the_others(handler, carry_out):
            together.wait()
            handler.send(carry_out())

        server.fails(*[waits_for_the_others] * 3, to=BULK)
        batches = [("db", [{"_id": f"{number}"}], number) for number in range(3)]
        assert [token for *_, token in couchdb.save_batches(batches)] == [0, 1, 2]

    def test_no_more_than_one_over_the_workers_are_taken_on(self, couchdb):
        pulled, handed_back, most = 0, 0, 0

        def source():
            nonlocal pulled, most
            for number in range(30):
                pulled += 1
                most = max(most, pulled - handed_back)
                yield "db", [{"_id": f"{number}"}], number

        for _ in couchdb.save_batches(source()):
            handed_back += 1
        assert handed_back == 30
        assert most == 4

    def test_nothing_is_pulled_before_the_first_result_is_asked_for(self, couchdb):
        def source():
            pytest.fail("pulled")
            yield "db", [], None

        couchdb.save_batches(source())

    def test_a_missing_database_fails_its_own_documents_only(self, server, couchdb):
        batches = [("db", [{"_id": "a"}], 1), ("gone", [{"_id": "b"}, {"_id": "c"}], 2), ("db", [{"_id": "d"}], 3)]
        _, (_, _, missing, _), _ = done = list(couchdb.save_batches(batches))
        assert missing == [SaveResult(name, None, "not_found", "CouchDB has no database gone") for name in "bc"]
        assert [results[0].error for _, _, results, _ in done] == [None, "not_found", None]

    def test_a_failed_request_fails_its_own_documents_only(self, server, couchdb):
        server.fails(says(400, b'{"error":"bad_request","reason":"no"}'), to=BULK)
        done = list(couchdb.save_batches([("db", [{"_id": f"{number}"}], number) for number in range(5)]))
        failed = [results[0] for _, _, results, _ in done if results[0].error]
        assert [result.error for result in failed] == ["bad_request"]
        assert "bad_request: no" in failed[0].reason

    def test_one_document_that_couchdb_does_not_take_fails_alone(self, server, couchdb):
        def refuses(handler, carry_out):
            handler.send(Answer(400, b'{"error":"doc_validation","reason":"Bad special document member: _x"}', {}))

        next_fault = server.next_fault
        server.next_fault = lambda request: refuses if b'"_x"' in request.body else next_fault(request)
        documents = [{"_id": f"{number}", **({"_x": 1} if number == 3 else {})} for number in range(8)]
        results = couchdb.save("db", documents)
        assert [result.id for result in results if result.error] == ["3"]
        assert set(server.databases["db"]) == {"0", "1", "2", "4", "5", "6", "7"}

    def test_a_server_that_fails_ends_it_once_what_was_sent_is_accounted_for(self, server, couchdb):
        server.fails(says(200, b'[{"ok":true,"id":"0","rev":"1-x"}]'), *[says(401, b"{}")] * 9, to=BULK)
        pulled = []

        def source():
            for number in range(100):
                pulled.append(number)
                yield "db", [{"_id": f"{number}"}], number

        done = []
        with pytest.raises(NotAuthorised):
            done.extend(couchdb.save_batches(source()))
        assert len(pulled) <= 9

    def test_what_was_sent_is_accounted_for_before_the_source_s_error_is_raised(self, server, couchdb):
        def source():
            yield "db", [{"_id": "a"}], 1
            yield "db", [{"_id": "b"}], 2
            raise LookupError("line 3")

        done = couchdb.save_batches(source())
        assert [next(done)[3], next(done)[3]] == [1, 2]
        with pytest.raises(LookupError, match="line 3"):
            next(done)
        assert set(server.databases["db"]) == {"a", "b"}

    def test_stopping_early_sends_nothing_more(self, server, couchdb):
        done = couchdb.save_batches(("db", [{"_id": f"{number}"}], number) for number in range(100))
        next(done)
        done.close()
        sent = len(server.requests)
        assert sent <= 4
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("save")]

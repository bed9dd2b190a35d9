"""The lab's server answers as CouchDB does, where a Kazoo tool would notice; a real one is asked the same."""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from urllib.parse import quote

import pytest
import requests

from kazoo_sup.kazoo.databases import views

pytestmark = pytest.mark.integration


class Server:
    """One CouchDB over HTTP; `path` quotes its parts one by one."""

    def __init__(self, url, session):
        self.url, self.session = url.rstrip("/"), session

    def __call__(self, method, *path, **more):
        parts = "/".join(quote(part, safe="") for part in path)
        return self.session.request(method, f"{self.url}/{parts}", timeout=600, **more)

    def saved(self, database, *documents):
        results = self("POST", database, "_bulk_docs", json={"docs": list(documents)})
        assert results.status_code == 201
        assert not [each for each in results.json() if "error" in each]
        return {each["id"]: each["rev"] for each in results.json()}

    def view(self, database, view, **query):
        parameters = {key: value if key.endswith("docid") else json.dumps(value) for key, value in query.items()}
        return self("GET", database, "_design", "test", "_view", view, params=parameters)

    def rows(self, database, view, **query):
        answer = self.view(database, view, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["rows"]


@pytest.fixture(scope="module")
def couch(couchdb_url):
    with requests.Session() as session:
        yield Server(couchdb_url, session)


@pytest.fixture
def prefix(couch):
    """Return the beginning of names of databases that are deleted after the test."""
    start = f"lab_test_{uuid.uuid4().hex[:8]}/"
    yield start
    for name in couch("GET", "_all_dbs").json():
        if name.startswith(start):
            couch("DELETE", name)


@pytest.fixture
def database(couch, prefix):
    name = f"{prefix}+1415"
    assert couch("PUT", name).status_code == 201
    return name


def refusal(answer):
    return answer.status_code, answer.json()["error"], answer.json()["reason"]


def design(couch, database, **view_functions):
    couch.saved(database, {"_id": "_design/test", "language": "javascript", "views": view_functions})


# --- databases ---


def test_names_hold_slashes_and_plus_signs_as_kazoos_do(couch, prefix):
    for name in ("account/aa/bb/cc", "numbers/+1415", "account/aa/bb/cc-202501"):
        assert couch("PUT", prefix + name).status_code == 201
        assert couch("GET", prefix + name).json()["db_name"] == prefix + name
        assert prefix + name in couch("GET", "_all_dbs").json()


def test_a_plus_sign_in_a_path_is_a_space(couch, database):
    raw = couch.session.get(f"{couch.url}/{database.replace('/', '%2F')}", timeout=600)
    assert raw.status_code in (400, 404)


def test_databases_are_listed_by_ranges_and_pages(couch, prefix):
    names = [prefix + name for name in ("a", "b", "b/c", "c")]
    for name in names:
        couch("PUT", name)

    def listed(**query):
        return couch("GET", "_all_dbs", params={key: json.dumps(value) for key, value in query.items()}).json()

    inside = {"startkey": prefix, "endkey": prefix + "z"}
    assert listed(**inside) == names
    assert listed(**inside, limit=2) == names[:2]
    assert listed(**inside, limit=2, skip=1) == names[1:3]
    assert listed(startkey=names[1], endkey=names[2]) == names[1:3]
    assert listed(startkey=names[1], endkey=names[2], inclusive_end=False) == names[1:2]
    assert listed(startkey=names[2], endkey=names[1], descending=True) == [names[2], names[1]]


def test_what_does_not_exist_is_told_apart(couch, database):
    missing = couch("GET", database + "x")
    assert refusal(missing) == (404, "not_found", "Database does not exist.")
    assert refusal(couch("GET", database + "x", "id"))[0:2] == (404, "not_found")
    assert couch("HEAD", database + "x").status_code == 404
    assert couch("HEAD", database).status_code == 200
    assert refusal(couch("DELETE", database + "x"))[0:2] == (404, "not_found")
    assert refusal(couch("GET", database, "id")) == (404, "not_found", "missing")


def test_a_database_is_made_once_and_only_with_a_legal_name(couch, database):
    assert refusal(couch("PUT", database))[0:2] == (412, "file_exists")
    assert refusal(couch("PUT", "Upper"))[0:2] == (400, "illegal_database_name")


def test_a_database_made_again_is_empty(couch, database):
    couch.saved(database, {"_id": "one"})
    couch("DELETE", database)
    assert couch("PUT", database).status_code == 201
    assert couch("GET", database, "_all_docs").json()["rows"] == []


def test_the_server_says_that_it_is_up(couch):
    assert couch("GET", "_up").json()["status"] == "ok"
    assert couch("GET").json()["couchdb"] == "Welcome"


# --- documents ---


def test_a_document_keeps_the_order_of_its_keys_behind_id_and_revision(couch, database):
    couch.saved(database, {"z": 1, "_id": "+14155550100", "a": {"y": 1, "b": 2}, "m": None})
    for text in (
        couch("GET", database, "+14155550100").text,
        couch("GET", database, "_all_docs", params={"include_docs": "true"}).text,
    ):
        document = json.loads(text)
        document = document["rows"][0]["doc"] if "rows" in document else document
        assert list(document) == ["_id", "_rev", "z", "a", "m"]
        assert list(document["a"]) == ["y", "b"]


def test_numbers_come_back_as_they_were_written(couch, database):
    numbers = '{"whole":1,"real":1.5,"point":1.0,"big":9007199254740993,"list":[0,-2],"text":"1.0 \\" 2.0"}'
    headers = {"Content-Type": "application/json"}
    assert couch("PUT", database, "one", data=numbers, headers=headers).status_code == 201
    assert couch("GET", database, "one").text.strip().endswith(numbers[1:])


def test_an_edit_needs_the_current_revision(couch, database):
    revision = couch.saved(database, {"_id": "one"})["one"]
    conflict = (409, "conflict", "Document update conflict.")
    assert refusal(couch("PUT", database, "one", json={})) == conflict
    assert refusal(couch("PUT", database, "new", json={"_rev": revision})) == conflict
    assert couch("PUT", database, "one", json={"_rev": revision}).status_code == 201
    assert refusal(couch("PUT", database, "one", json={"_rev": revision})) == conflict


def test_a_deletion_needs_the_current_revision_and_is_remembered(couch, database):
    revision = couch.saved(database, {"_id": "one"})["one"]
    assert couch("DELETE", database, "one").status_code == 409
    assert couch("DELETE", database, "one", params={"rev": revision}).json()["ok"] is True
    assert refusal(couch("GET", database, "one")) == (404, "not_found", "deleted")
    assert couch("PUT", database, "one", json={}).json()["rev"].startswith("3-")


def test_a_revision_can_be_asked_for_and_kept_in_mind(couch, database):
    revision = couch.saved(database, {"_id": "one"})["one"]
    answer = couch("HEAD", database, "one")
    assert answer.headers["ETag"] == f'"{revision}"'
    assert couch("GET", database, "one", headers={"If-None-Match": f'"{revision}"'}).status_code == 304


@pytest.mark.parametrize(
    ("identifier", "text", "expected"),
    [
        ("one", "{", (400, "bad_request", "invalid UTF-8 JSON")),
        ("one", "[]", (400, "bad_request", "Document must be a JSON object")),
        ("one", '{"_private":1}', (400, "doc_validation", "Bad special document member: _private")),
        ("_one", "{}", (400, "illegal_docid", "Only reserved document ids may start with underscore.")),
    ],
)
def test_what_is_no_document_is_refused(couch, database, identifier, text, expected):
    headers = {"Content-Type": "application/json"}
    assert refusal(couch("PUT", database, identifier, data=text, headers=headers)) == expected


def test_a_post_that_is_not_json_is_refused(couch, database):
    answer = couch("POST", database, data="{}", headers={"Content-Type": "text/plain"})
    assert refusal(answer) == (415, "bad_content_type", "Content-Type must be application/json")


# --- many documents ---


def test_bulk_saving_reports_each_document_in_order(couch, database):
    couch.saved(database, {"_id": "there"})
    documents = [{"_id": "new"}, {"_id": "there"}, {"named": False}, {"_id": "new", "again": True}]
    results = couch("POST", database, "_bulk_docs", json={"docs": documents}).json()
    assert [each.get("error") for each in results] == [None, "conflict", None, "conflict"]
    assert results[1] == {"id": "there", "error": "conflict", "reason": "Document update conflict."}
    assert len(results[2]["id"]) == 32


def test_replicated_revisions_stand_beside_each_other(couch, database):
    revisions = [f"3-{digit * 32}" for digit in "ab"]
    documents = [{"_id": "one", "_rev": revision} for revision in revisions]
    answer = couch("POST", database, "_bulk_docs", json={"docs": documents, "new_edits": False})
    assert (answer.status_code, answer.json()) == (201, [])
    document = couch("GET", database, "one", params={"conflicts": "true"}).json()
    assert (document["_rev"], document["_conflicts"]) == (revisions[1], revisions[:1])


def test_asking_for_ids_answers_in_their_order_with_what_is_missing_and_deleted(couch, database):
    revision = couch.saved(database, {"_id": "gone"}, {"_id": "there", "a": 1})["gone"]
    couch("DELETE", database, "gone", params={"rev": revision})
    asked = {"keys": ["there", "never", "gone"]}
    answer = couch("POST", database, "_all_docs", params={"include_docs": "true"}, json=asked)
    there, never, gone = answer.json()["rows"]
    assert there["doc"]["a"] == 1
    assert never == {"key": "never", "error": "not_found"}
    assert (gone["value"]["deleted"], gone["doc"]) == (True, None)


def test_documents_are_paged_by_id(couch, database):
    couch.saved(database, *({"_id": name} for name in ("b", "+1", "a", "A", "_design/x")))
    rows = couch("GET", database, "_all_docs", params={"startkey": '"A"', "limit": 3}).json()["rows"]
    assert [row["id"] for row in rows] == ["A", "_design/x", "a"]
    rows = couch("GET", database, "_design_docs").json()["rows"]
    assert [row["id"] for row in rows] == ["_design/x"]


def test_a_body_of_several_megabytes_is_taken_packed_or_not(couch, database):
    documents = [{"_id": str(number), "text": "x" * 1_000_000} for number in range(9)]
    couch.saved(database, *documents)
    packed = gzip.compress(
        json.dumps({"docs": [{**each, "_id": f"packed{each['_id']}"} for each in documents]}).encode()
    )
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert couch("POST", database, "_bulk_docs", data=packed, headers=headers).status_code == 201
    assert len(couch("GET", database, "_all_docs").json()["rows"]) == 18


# --- attachments ---


def test_an_attachment_comes_back_byte_by_byte_and_stays_when_its_document_is_edited(couch, database):
    content = bytes(range(256)) * 4
    revision = couch.saved(database, {"_id": "en-us/vm-enter_pin", "name": "x"})["en-us/vm-enter_pin"]
    where = (database, "en-us/vm-enter_pin", "vm-enter_pin.wav")
    headers = {"Content-Type": "audio/x-wav"}
    assert couch("PUT", *where, data=content, headers=headers).status_code == 409
    assert couch("PUT", *where, params={"rev": revision}, data=content, headers=headers).status_code == 201
    document = couch("GET", *where[:2]).json()
    stub = document["_attachments"]["vm-enter_pin.wav"]
    assert (stub["stub"], stub["length"], stub["content_type"]) == (True, len(content), "audio/x-wav")
    assert couch("PUT", *where[:2], json={**document, "name": "y"}).status_code == 201
    answer = couch("GET", *where)
    assert (answer.content, answer.headers["Content-Type"]) == (content, "audio/x-wav")
    answer = couch("GET", *where[:2], params={"attachments": "true"}, headers={"Accept": "application/json"})
    assert base64.b64decode(answer.json()["_attachments"]["vm-enter_pin.wav"]["data"]) == content


def test_an_attachment_of_json_text_is_kept_as_it_is(couch, database):
    text = b'{"a": 1.0}'
    headers = {"Content-Type": "application/json"}
    assert couch("PUT", database, "one", "x.json", data=text, headers=headers).status_code == 201
    assert couch("GET", database, "one", "x.json").content == text


# --- views ---


def test_a_view_orders_its_keys_as_couchdb_does(couch, database):
    keys = [
        None,
        False,
        True,
        -1,
        0,
        1.5,
        "",
        "+1",
        "1",
        "a",
        "A",
        "aa",
        "b",
        "B",
        [],
        ["a"],
        ["a", 1],
        ["b"],
        {},
        {"a": 1},
    ]
    couch.saved(database, *({"_id": str(number), "key": key} for number, key in enumerate(reversed(keys))))
    design(couch, database, keys={"map": "function (doc) { emit(doc.key, null); }"})
    assert [row["key"] for row in couch.rows(database, "keys")] == keys
    assert [row["key"] for row in couch.rows(database, "keys", descending=True)] == keys[::-1]
    assert [row["key"] for row in couch.rows(database, "keys", endkey=None)] == [None]
    assert [row["key"] for row in couch.rows(database, "keys", startkey="a", endkey="b")] == ["a", "A", "aa", "b"]
    exclusive = couch.rows(database, "keys", startkey=["a"], endkey=["b"], inclusive_end=False)
    assert [row["key"] for row in exclusive] == [["a"], ["a", 1]]


def test_a_view_is_paged_by_key_and_document_id(couch, database):
    names = [f"+1415555{number:04}" for number in range(25)]
    couch.saved(database, *({"_id": name, "state": "available"} for name in names))
    design(couch, database, state={"map": "function (doc) { emit(doc.state, doc._id); }"})
    for descending in (False, True):
        seen, query = [], {}
        while True:
            rows = couch.rows(database, "state", limit=11, descending=descending, **query)
            seen += [row["id"] for row in rows[:10]]
            if len(rows) <= 10:
                break
            query = {"startkey": rows[-1]["key"], "startkey_docid": rows[-1]["id"]}
        assert seen == (names[::-1] if descending else names)
    bounded = {"startkey": "available", "startkey_docid": names[3], "endkey": "available", "endkey_docid": names[5]}
    assert [row["id"] for row in couch.rows(database, "state", **bounded)] == names[3:6]


def test_a_view_follows_edits_and_deletions(couch, database):
    design(couch, database, state={"map": "function (doc) { emit(doc.state, null); }"})
    revisions = couch.saved(database, *({"_id": name, "state": "old"} for name in "abc"))
    assert len(couch.rows(database, "state")) == 3
    couch("PUT", database, "a", json={"_rev": revisions["a"], "state": "new"})
    couch("DELETE", database, "b", params={"rev": revisions["b"]})
    assert [(row["key"], row["id"]) for row in couch.rows(database, "state")] == [("new", "a"), ("old", "c")]


def test_a_changed_map_function_counts_for_all_documents(couch, database):
    couch.saved(database, {"_id": "one", "a": 1, "b": 2})
    design(couch, database, field={"map": "function (doc) { emit(doc.a, null); }"})
    assert [row["key"] for row in couch.rows(database, "field")] == [1]
    stored = couch("GET", database, "_design/test").json()
    stored["views"]["field"]["map"] = "function (doc) { emit(doc.b, null); }"
    couch("PUT", database, "_design", "test", json=stored)
    assert [row["key"] for row in couch.rows(database, "field")] == [2]


def test_a_view_reduces_by_groups(couch, database):
    sales = [(["us", "ca"], 1), (["us", "ny"], 2.5), (["de", "be"], 4)]
    couch.saved(database, *({"_id": str(number), "key": key, "n": n} for number, (key, n) in enumerate(sales)))
    emits = "function (doc) { emit(doc.key, doc.n); }"
    reduces = "function (keys, values, rereduce) { return Math.max.apply(null, values); }"
    design(
        couch,
        database,
        sum={"map": emits, "reduce": "_sum"},
        count={"map": emits, "reduce": "_count"},
        most={"map": emits, "reduce": reduces},
    )
    assert couch.rows(database, "sum") == [{"key": None, "value": 7.5}]
    assert couch.rows(database, "sum", group_level=1) == [{"key": ["de"], "value": 4}, {"key": ["us"], "value": 3.5}]
    assert [row["value"] for row in couch.rows(database, "count", group=True)] == [1, 1, 1]
    assert couch.rows(database, "count", group=True, skip=1, limit=1) == [{"key": ["us", "ca"], "value": 1}]
    assert couch.rows(database, "most") == [{"key": None, "value": 4}]
    assert len(couch.rows(database, "sum", reduce=False)) == 3


def test_a_view_brings_documents_its_own_or_those_it_names(couch, database):
    couch.saved(database, {"_id": "child", "parent": "top"}, {"_id": "top"}, {"_id": "orphan", "parent": "nobody"})
    linked = "function (doc) { if (doc.parent) emit(doc._id, {_id: doc.parent}); }"
    design(couch, database, own={"map": "function (doc) { emit(doc._id); }"}, linked={"map": linked})
    own = couch.rows(database, "own", include_docs=True)
    assert [row["doc"]["_id"] for row in own] == ["child", "orphan", "top"]
    child, orphan = couch.rows(database, "linked", include_docs=True)
    assert child["doc"]["_id"] == "top"
    assert orphan["doc"] is None


def test_keys_are_answered_in_their_order(couch, database):
    couch.saved(database, *({"_id": name, "n": number} for number, name in enumerate("abc")))
    design(couch, database, n={"map": "function (doc) { emit(doc.n, null); }"})
    answer = couch("POST", database, "_design", "test", "_view", "n", json={"keys": [2, 9, 0]})
    assert [row["id"] for row in answer.json()["rows"]] == ["c", "a"]


def test_a_map_function_sees_numbers_as_numbers(couch, database):
    couch("PUT", database, "one", data='{"n":2.0}', headers={"Content-Type": "application/json"})
    design(couch, database, n={"map": "function (doc) { emit(typeof doc.n, doc.n + 1); }"})
    assert [(row["key"], row["value"]) for row in couch.rows(database, "n")] == [("number", 3)]


def test_a_document_that_a_map_function_cannot_take_is_left_out(couch, database):
    couch.saved(database, {"_id": "bad"}, {"_id": "good", "a": {"b": 1}})
    design(couch, database, b={"map": "function (doc) { emit(doc.a.b, null); }"})
    assert [row["id"] for row in couch.rows(database, "b")] == ["good"]


@pytest.mark.parametrize(
    ("view", "query", "expected"),
    [
        ("none", {}, (404, "not_found")),
        ("plain", {"startkey": 2, "endkey": 1}, (400, "query_parse_error")),
        ("plain", {"group": True}, (400, "query_parse_error")),
        ("plain", {"limit": -1}, (400, "query_parse_error")),
        ("counted", {"include_docs": True}, (400, "query_parse_error")),
        ("counted", {"keys": [1]}, (400, "query_parse_error")),
    ],
)
def test_a_senseless_query_is_refused(couch, database, view, query, expected):
    emits = "function (doc) { emit(doc._id, 1); }"
    design(couch, database, plain={"map": emits}, counted={"map": emits, "reduce": "_count"})
    assert refusal(couch.view(database, view, **query))[0:2] == expected


def test_a_design_document_that_is_missing_is_told_from_a_view_that_is(couch, database):
    assert refusal(couch("GET", database, "_design", "none", "_view", "x"))[0:2] == (404, "not_found")


# --- the design documents that come with the program ---

CHILD = {
    "_id": "c" * 32,
    "pvt_type": "account",
    "pvt_account_id": "c" * 32,
    "pvt_account_db": f"account%2Fcc%2Fcc%2F{'c' * 28}",
    "pvt_tree": ["a" * 32, "b" * 32],
    "pvt_api_key": "key",
    "name": "Example, Inc. 2",
    "realm": "SIP.example.com",
    "ips": {"1": {"ip": "192.0.2.1", "owner_id": "o"}},
    "sso": {"provider": "p", "ids": {"x": "1"}},
    "pvt_whitelabel_domain": "Portal.example.com",
}
LOCATION = {"account_id": CHILD["_id"], "account_db": CHILD["pvt_account_db"]}
SUMMARY = {"id": CHILD["_id"], "name": CHILD["name"], "realm": CHILD["realm"]}


def emitted(couch, database, name, view):
    answer = couch("GET", database, "_design", name, "_view", view, params={"reduce": "false"})
    assert answer.status_code == 200, answer.text
    return [(row["key"], row["value"]) for row in answer.json()["rows"]]


def bundled(couch, database, name, classification=None):
    """Save the design document NAME that comes with sup; where several are called so, that of a class of databases."""
    found = next(
        each
        for each in views.bundled()
        if each["_id"] == f"_design/{name}"
        and classification in (None, *(place.get("classification") for place in each["kazoo"]["view_map"]))
    )
    couch.saved(database, {key: value for key, value in found.items() if key != "kazoo"})


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("list_by_whitelabel_domain", [("portal.example.com", LOCATION)]),
        ("listing_by_api", [("key", {"account_id": CHILD["_id"]})]),
        ("listing_by_children", [(["b" * 32, CHILD["name"]], {**SUMMARY, "descendants_count": 0, "flags": []})]),
        (
            "listing_by_descendants",
            [([up, CHILD["name"]], {**SUMMARY, "tree": CHILD["pvt_tree"], "flags": []}) for up in CHILD["pvt_tree"]],
        ),
        ("listing_by_descendants_count", [("a" * 32, 1), ("b" * 32, 1)]),
        ("listing_by_id", [([CHILD["_id"], [*CHILD["pvt_tree"], CHILD["_id"]]], {**SUMMARY, "flags": []})]),
        ("listing_by_ip", [("192.0.2.1", {"owner_id": "o", "account_id": CHILD["_id"]})]),
        ("listing_by_name", [("exampleinc2", LOCATION)]),
        ("listing_by_parent", [(CHILD["_id"], {"id": "b" * 32, "flags": []})]),
        ("listing_by_realm", [("sip.example.com", LOCATION)]),
        ("listing_by_simple_id", [(CHILD["_id"], SUMMARY)]),
        ("listing_by_sso", [(["p", "1"], LOCATION)]),
    ],
)
def test_the_views_of_accounts_emit_what_kazoos_do(couch, database, view, expected):
    couch.saved(database, CHILD, {**CHILD, "_id": "d" * 32, "pvt_deleted": True}, {"_id": "other", "pvt_type": "user"})
    bundled(couch, database, "accounts")
    assert emitted(couch, database, "accounts", view) == expected


def test_the_views_of_numbers_emit_what_kazoos_do(couch, database):
    number = {"pvt_type": "number", "pvt_module_name": "knm_local"}
    free, used, found = (f"+1415555010{digit}" for digit in range(3))
    couch.saved(
        database,
        {**number, "_id": free, "pvt_state": "available"},
        {**number, "_id": used, "pvt_state": "in_service", "pvt_assigned_to": "acct", "pvt_used_by": "callflow"},
        {**number, "_id": found, "pvt_state": "discovery"},
    )
    bundled(couch, database, "numbers", "numbers")
    assert emitted(couch, database, "numbers", "assigned_to") == [(["acct", used], None)]
    assert emitted(couch, database, "numbers", "list_assigned_and_app") == [(["acct", "callflow"], None)]
    assert emitted(couch, database, "numbers", "module_name") == [("knm_local", 1)] * 3
    assert emitted(couch, database, "numbers", "status") == [
        (["available", "knm_local", free], None),
        (["discovery", "knm_local", found], None),
        (["in_service", "knm_local", used], None),
    ]
    assert emitted(couch, database, "numbers", "unassigned") == [(free, None)]


@pytest.mark.parametrize("name", ["numbers_managed", "numbers_inum"])
def test_the_view_of_a_pool_of_numbers_emits_what_kazoos_does(couch, database, name):
    couch.saved(database, {"_id": "+14155550100", "pvt_account_id": "acct", "pvt_state": "available"})
    bundled(couch, database, name)
    assert emitted(couch, database, name, "status") == [(["acct", "available", "+14155550100"], None)]


def test_the_views_of_registrations_emit_what_kazoos_do(couch, database):
    targets = [{"classification": "account"}, {"database": "faxes"}]
    definition = {"_id": "_design/faxes", "views": {"crossbar_listing": {"map": ""}}}
    registration = {"pvt_type": "view_definition", "kazoo": {"view_map": targets}, "view_definition": definition}
    couch.saved(database, {"_id": "multi_db-fax-faxes", **registration}, {"_id": "storage"})
    bundled(couch, database, "views")
    assert emitted(couch, database, "views", "views_by_classification") == [("account", None), ("faxes", None)]
    assert emitted(couch, database, "views", "registered") == [
        (["account", "faxes/crossbar_listing"], None),
        (["faxes", "faxes/crossbar_listing"], None),
    ]

"""Documents of _all_docs as the text that the server sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.couchdb_server import CouchDBServer, connected
from kazoo_sup.transports.couchdb import sent

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PLAIN = {"_id": "a", "_rev": "1-a"}


def answer(*documents, **how):
    rows = [{"id": each["_id"], "key": each["_id"], "value": {"rev": each["_rev"]}, "doc": each} for each in documents]
    return json.dumps({"total_rows": len(rows), "offset": 0, "rows": rows}, **how).encode(errors="surrogatepass")


@given(
    st.lists(st.dictionaries(st.text().filter(lambda name: not name.startswith("_")), VALUES), max_size=4),
    st.booleans(),
)
def test_plain_documents_are_what_json_makes_of_them(contents, ascii_only):
    documents = [{"_id": str(number), "_rev": "1-a", **each} for number, each in enumerate(contents)]
    body = answer(*documents, ensure_ascii=ascii_only)
    found = sent.plain_rows(body)
    if found is None:  # half of a surrogate pair, which is no text
        with pytest.raises(UnicodeEncodeError):
            json.dumps(documents, ensure_ascii=False).encode()
        return
    texts = [row["doc"] for row in found["rows"]]
    assert [json.loads(each.text) for each in texts] == documents
    assert [each.id for each in texts] == [row["key"] for row in found["rows"]] == [each["_id"] for each in documents]
    assert all(each.is_plain for each in texts)
    assert not any(b"\n" in each.text for each in texts)


@pytest.mark.parametrize("number", ["1.10", "123456789012345678901234567890", "1e2", "1e400"])
def test_a_number_stays_as_it_was_written(number):
    body = answer({**PLAIN, "n": "?"}).replace(b'"?"', number.encode())
    assert sent.plain_rows(body)["rows"][0]["doc"].text.endswith(f'"n": {number}}}'.encode())


@pytest.mark.parametrize(
    "unusual",
    [
        answer(PLAIN, {**PLAIN, "_attachments": {"a.wav": {"stub": True}}}),
        answer({**PLAIN, "_conflicts": ["1-b"]}),
        answer({**PLAIN, "_rev": 1}),
        answer(PLAIN, indent=1),
        answer({**PLAIN, "text": "\ud800"}),
        answer({**PLAIN, "text": "?"}).replace(b"?", b"\xff"),
        answer({**PLAIN, "n": "?"}).replace(b'"?"', b"NaN"),
        answer({**PLAIN, "n": "?"}).replace(b'"?"', b"[" * 100_000 + b"]" * 100_000),
        answer(PLAIN).replace(b'"doc": {"_id": "a", "_rev": "1-a"}', b'"doc": null'),
        b'{"rows":[{"key":"a","error":"not_found"}]}',
        b'{"error":"unknown_error"}',
        answer(PLAIN)[:-5],
        b"",
    ],
)
def test_what_is_unusual_is_left_to_others(unusual):
    assert sent.plain_rows(unusual) is None


def test_pages_of_both_kinds_follow_each_other():
    stub = {"content_type": "audio/wav", "length": 1, "revpos": 1, "stub": True}
    documents = {f"{number}": {"_id": f"{number}", "_rev": "1-a"} for number in range(9)}
    documents["4"]["_attachments"] = {"a.wav": stub}
    with CouchDBServer(down=()) as server:
        server.databases["db"] = documents
        found = list(connected(server.url).documents_as_sent("db", start="1", page=2))
    assert [each.id for each in found] == list("12345678")
    assert [each.id for each in found if not each.is_plain] == ["4"]
    assert [json.loads(each.text) for each in found] == [documents[each.id] for each in found]

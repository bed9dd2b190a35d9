"""What JSON must look like before anything is taken out of it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.transports.couchdb.shapes import wrong_with
from kazoo_sup.transports.shapes import NUMBER, Every, fits, misfit

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)
SHAPES = st.recursive(
    st.sampled_from([str, int, NUMBER, object, dict, list, (str, NUMBER), (str, [int]), ({"a": str}, {"b": int})]),
    lambda inner: inner.map(lambda each: [each]) | inner.map(Every) | st.fixed_dictionaries({"a": inner, "b?": inner}),
    max_leaves=4,
)


@given(JSON, SHAPES)
def test_there_is_something_to_say_of_just_what_does_not_fit(value, shape):
    assert (misfit(value, shape) is None) is fits(value, shape)


@pytest.mark.parametrize(
    ("value", "shape", "said"),
    [
        ("x", str, None),
        (1, str, "it is not text"),
        (True, int, "it is not a number"),
        (True, NUMBER, "it is not a number"),
        (math.inf, NUMBER, "it is not a number"),
        (10**200, NUMBER, "it is not a number"),
        (1.5, NUMBER, None),
        (None, (str, dict), "it is not text or an object"),
        ({}, [str], "it is not a list"),
        (["x", None], [str], "it[1] is not text"),
        ([], {}, "it is not an object"),
        ({}, {"a": str}, "it has no a"),
        ({"a": None}, {"a": str}, "a is not text"),
        ({"a": None}, {"a?": str}, None),
        ({"a": {"b": [{"c": 1}]}}, {"a?": {"b": [{"c": str}]}}, "a.b[0].c is not text"),
        ({"x": [1]}, Every([str]), "x[0] is not text"),
        ({"y" * 99: 1}, Every(str), f"{'y' * 60}… is not text"),
        ({"b": 1}, ({"a": str}, {"b": str}), "it has no a"),
        ([1], (str, [str]), "it[0] is not text"),
        (1, ({"a": str}, [str]), "it is not an object or a list"),
    ],
)
def test_what_is_said(value, shape, said):
    assert misfit(value, shape) == said


ROW = {"key": "a", "id": "a", "value": {"rev": "1-a"}}


@pytest.mark.parametrize(
    ("method", "path", "good", "bad"),
    [
        ("GET", "", {"couchdb": "Welcome", "version": "3.4.2"}, ["Welcome"]),
        ("GET", "_all_dbs?limit=1", ["a"], ["a", 1]),
        ("GET", "_membership", {"all_nodes": ["a"], "cluster_nodes": []}, {"all_nodes": ["a"]}),
        ("GET", "_node/a@b/_config/couchdb/maintenance_mode", "nolb", {"a": 1}),
        ("GET", "_node/a@b/_stats", {"any": "thing"}, None),
        ("GET", "account%2Fa", {"doc_count": 1, "sizes": {"file": 1}}, {"sizes": {"file": "big"}}),
        ("GET", "db/doc", {"_id": "doc", "_rev": "1-a"}, {"_id": "doc"}),
        ("GET", "db/_design/d", {"_id": "_design/d", "_rev": "1-a"}, []),
        ("PUT", "db/doc", {"ok": True, "rev": "1-a"}, {"ok": True}),
        ("POST", "db/_all_docs", {"rows": [{"key": "a", "error": "not_found"}]}, {"rows": [{"id": "a"}]}),
        ("GET", "db/_all_docs", {"rows": [{"key": "a", "id": "a", "value": {"rev": "1-a"}}]}, {"rows": [{"key": "a"}]}),
        ("GET", "db/_all_docs", {"rows": []}, {"rows": [{"key": "a", "id": "a", "value": {}}]}),
        ("GET", "db/_all_docs?include_docs=true", {"rows": [{"key": "a", "error": "x"}]}, {"rows": [ROW]}),
        ("GET", "db/_all_docs?include_docs=true", {"rows": [{**ROW, "doc": None}]}, {"rows": [{**ROW, "doc": {}}]}),
        ("GET", "db/_design/d/_view/v", {"rows": [{"key": [1], "id": "a", "value": None}]}, {"rows": {}}),
        ("GET", "db/_design/d/_view/v", {"rows": [{"key": None, "value": 1}]}, {"rows": [{"id": "a", "value": 1}]}),
        ("GET", "db/_design/d/_view/v", {"rows": []}, {"rows": [{"id": "a", "key": 1}]}),
        ("GET", "db/_design/d/_view/v?reduce=false", {"rows": []}, {"rows": [{"key": 1, "value": 1}]}),
        ("POST", "db/_bulk_docs", [{"id": "a", "rev": "1-a"}], {"error": "x"}),
        ("GET", "db/_shards", {"shards": {"0-f": ["a"]}}, {"shards": ["0-f"]}),
    ],
)
def test_the_answers_of_couchdb(method, path, good, bad):
    assert wrong_with(good, method, path) is None
    assert bad is None or wrong_with(bad, method, path)

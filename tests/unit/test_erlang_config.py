"""Files of Erlang terms, as file:consult/1 reads them."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo import erlang_config
from kazoo_sup.kazoo.mails import notify_templates


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("% nothing\n", []),
        ("a.\nb.\n", ["a", "b"]),
        ('{a, <<"ends. here">>}.\n{b, 1.5}.', [("a", "ends. here"), ("b", 1.5)]),
        ('{a, "100% sure. Yes"}. % and {b, 2}.\n', [("a", "100% sure. Yes")]),
        ("'it''s'.", None),
        ("{a, $.}.\n", [("a", 46)]),
        ("{a, 1}", None),
    ],
)
def test_each_term_ends_with_a_dot_that_is_no_part_of_a_text(text, terms):
    if terms is None:
        with pytest.raises(ValueError):
            erlang_config.read(text)
    else:
        assert erlang_config.read(text) == terms


FILE = {"default_text_template": "t", "default_subject_template": "s", "default_support_email": "e"}


def test_what_a_document_lacks_is_added_and_what_it_has_stays():
    document = {"_id": "notify.x", "default": {"default_text_template": "mine", "default_support_email": "mine"}}
    lines, changed = notify_templates.merged(FILE, document)
    assert changed["default"] == {
        "default_text_template": "mine",
        "default_support_email": "mine",
        "default_subject_template": "s",
    }
    assert document["default"].keys() == {"default_text_template", "default_support_email"}
    assert [line.partition("'")[2].partition("'")[0] for line in lines if line.startswith("key")] == list(FILE)


def test_a_document_that_has_it_all_is_not_touched():
    document = {"_id": "notify.x", "default": FILE}
    assert notify_templates.merged(FILE, document)[1] is document

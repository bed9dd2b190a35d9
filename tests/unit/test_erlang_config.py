"""Files of Erlang terms, as file:consult/1 reads them."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.config import erlang_config
from kazoo_sup.kazoo.notifications import notify_templates
from kazoo_sup.results import BulkReport
from kazoo_sup.texts import notify


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
    keys, changed = notify_templates.merged(FILE, document)
    assert changed["default"] == {
        "default_text_template": "mine",
        "default_support_email": "mine",
        "default_subject_template": "s",
    }
    assert document["default"].keys() == {"default_text_template", "default_support_email"}
    assert keys == {
        "default_text_template": notify_templates.EDITED,
        "default_subject_template": notify_templates.ADDED,
        "default_support_email": notify_templates.NO_TEMPLATE,
    }


def test_a_document_that_has_it_all_is_not_touched():
    document = {"_id": "notify.x", "default": FILE}
    assert notify_templates.merged(FILE, document)[1] is document


def test_what_becomes_of_files_and_documents_is_told_as_kazoo_does(zone, tmp_path, monkeypatch):
    place = tmp_path / "priv"
    place.mkdir()
    for name in ("ported", "topup", "nothing"):
        (place / f"notify_{name}.config").write_text('{default_text_template, <<"t">>}.\n{more, <<"m">>}.\n')
    (place / "notify_low_balance.config").write_text("{")
    zone.couchdb.put("system_config", {"_id": "notify.ported", "default": {"default_text_template": "t", "more": "x"}})
    monkeypatch.setattr(notify_templates.view_registrations, "installed", lambda _application: tmp_path)
    events = list(notify_templates.refresh(zone))
    reports = [each for each in events if isinstance(each, BulkReport)]
    assert sum(reports[1:], reports[0]).counts == {"unchanged": 1, "created": 1}
    assert list(notify.lines(each for each in events if each not in reports)) == [
        'searching for docs in: <<"system_config">> ',
        f'searching for files in: "{place}" ',
        "matching now",
        "did not found doc but module exist for template file: 'notify_low_balance.config', adding... ",
        "did not found doc & module for template file: 'notify_nothing.config', ignoring... ",
        "found doc & module for template file: 'notify_ported.config' ",
        "did not found doc but module exist for template file: 'notify_topup.config', adding... ",
        "comparing now",
        "comparing, failed to open template: notify_low_balance.config",
        "comparing, found template & doc: notify_ported.config & notify.ported",
        "key: 'default_text_template' file & doc value are equal, ignoring...",
        "default template is undefined",
        "key: 'more' one of the templates is undefined, ignoring...",
        "doc notify.ported updated",
        "comparing, failed to open document (does not exist): notify.topup",
        "key: 'default_text_template' not found in jobj adding file template value",
        "key: 'more' not found in jobj adding file template value",
        "doc notify.topup updated",
    ]

"""The menu for default metaflows (Kazoo konami_maintenance)."""

from __future__ import annotations

import pytest

from helpers import shown
from kazoo_sup.commands import konami_maintenance
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.callflows import metaflows
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import konami as texts

ACCOUNT = "1" * 32


def built(*answers, metaflow=None):
    """Return what was saved last, and what was printed."""
    saved = [metaflow or {}]
    given = iter([*answers, "6", "7"])
    builder = metaflows.Builder(saved[0], lambda _question, _module: next(given), saved.append, digit="*", timeout=800)
    lines = list(texts.of_menu(builder.run(), ""))
    assert next(given, None) is None, "not every answer was asked for"
    return saved[-1], lines


@pytest.mark.parametrize(
    ("answers", "data"),
    [
        (("break",), {}),
        (("hold", "h", "/system_media/x"), {"moh": "/system_media/x"}),
        (("hold", "n"), {}),
        (("play", "media", "both"), {"id": "media", "leg": "both"}),
        (
            ("record_call", "start", "x", "60", "mp3-file", "http://192.0.2.1"),
            {"action": "start", "time_limit": 60, "format": "mp3", "url": "http://192.0.2.1"},
        ),
        (("transfer", "202", "n", "n"), {"target": "202"}),
        (("transfer", "202", "9", "m"), {"target": "202", "takeback_dtmf": "9", "moh": "m"}),
    ],
)
def test_a_number_gets_its_metaflow(answers, data):
    module, *rest = answers
    place = str(metaflows.NUMBERS.index(module) + 1)
    saved, _lines = built("3", place, "5", *rest, "0")
    assert saved == {"numbers": {"5": {"module": module, "data": data}}}


def test_a_pattern_gets_its_metaflow_once_it_is_one():
    saved, lines = built("4", "1", "(", r"^2(\d+)$", "n", "n", "0")
    assert saved == {"patterns": {r"^2(\d+)$": {"module": "transfer", "data": {}}}}
    assert any(line.startswith("We were unable to compile") for line in lines)


def test_what_is_there_is_edited_or_deleted():
    before = {"numbers": {"5": {"module": "break", "data": {}, "kept": 1}, "6": {"module": "hangup"}}}
    saved, _lines = built("3", "2", "5", "?", "e", "2", "6", "d", "0", metaflow=before)
    assert saved == {"numbers": {"5": {"module": "hangup", "data": {}, "kept": 1}}}


def test_digit_and_timeout_are_set_and_shown():
    saved, lines = built("1", "#", "2", "soon", "900", "5", "9")
    assert saved == {"binding_digit": "#", "digit_timeout_ms": 900}
    assert "  Binding Digit: *" in lines
    assert "  Binding Digit: #" in lines
    assert "Action not recognized!" in lines


def test_another_builder_is_asked_for_where_there_is_none_of_that_number():
    _saved, lines = built("3", "8", "x", "0")
    assert lines.count("invalid option selected") == 2


@pytest.fixture
def answering(zone):
    """Give a function that runs a command's menu with these answers; after them nobody answers any more."""
    zone.couchdb.put(plain(account_database(ACCOUNT)), {"_id": ACCOUNT, "pvt_type": "account"})

    def run(function, *words, answers=()):
        given = iter(answers)

        def ask(question, secret):
            answer = next(given, None)
            if answer is None:
                raise Declined(reason=question)
            return answer

        zone.run = zone.new_run(ask=ask)
        return shown.lines(function(zone, *words))

    return run


def test_the_clusters_and_an_accounts_metaflow_are_stored(zone, answering):
    answers = ("1", "#", "6", "7")
    answering(konami_maintenance.add_default_metaflow, answers=answers)
    answering(konami_maintenance.add_default_account_metaflow, ACCOUNT, answers=answers)
    expected = {"binding_digit": "#"}
    assert zone.couchdb.all("system_config")["metaflows"]["default"]["default_metaflow"] == expected
    stored = zone.couchdb.all(plain(account_database(ACCOUNT)))
    assert stored["configs_metaflows"]["default_metaflow"] == expected


def test_nothing_is_stored_where_nobody_answers_any_more(zone, answering):
    with pytest.raises(konami_maintenance.NobodyAnswers, match="set_json"):
        answering(konami_maintenance.add_default_metaflow, answers=("1", "#"))
    assert zone.couchdb.all("system_config") == {}


def test_saving_again_stores_what_is_on_the_screen(zone, answering):
    before = {"metaflows": {"_id": "metaflows", "default": {"default_metaflow": {"binding_digit": "*"}}}}
    zone.couchdb.put("system_config", *before.values())
    answering(konami_maintenance.add_default_metaflow, answers=("1", "9", "6", "1", "*", "6", "7"))
    assert zone.couchdb.all("system_config")["metaflows"]["default"]["default_metaflow"] == {"binding_digit": "*"}

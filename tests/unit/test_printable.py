"""Nothing that is shown steers the terminal or a spreadsheet, and what is exported can be imported."""

from __future__ import annotations

import csv
import io
import json
import re
import sys

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kazoo_sup.changes import Report
from kazoo_sup.cli.render import listings
from kazoo_sup.cli.render.output import renderer, say
from kazoo_sup.errors import BadValue
from kazoo_sup.kazoo.documents import csv_files
from kazoo_sup.results import Answer, Done, Listing, Live, Page
from kazoo_sup.terms import UNDEFINED
from kazoo_sup.texts import printable

HOSTILE = "\x1b[2J\x9b31m\u202egnp.exe\u2066\x07\x08\x7f[/red][bold"
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(params=[io.StringIO, Terminal])
def printed(request, monkeypatch):
    """Return a function that puts another standard output in place and returns it: no terminal, and a terminal."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "100")

    def begin():
        monkeypatch.setattr(sys, "stdout", request.param())
        return sys.stdout

    return begin


OUTCOMES = [
    Done(lines=[HOSTILE, "a"]),
    Answer(HOSTILE),
    Answer({HOSTILE: [HOSTILE]}),
    Listing([HOSTILE, "b"], [{HOSTILE: HOSTILE, "b": [HOSTILE]}, {"b": None}]),
    Listing(["a"], [{"a": HOSTILE}]),
    Live([Page([{"a": HOSTILE}])], columns=["a"]),
    Listing([f"c{number}" for number in range(60)], [{f"c{number}": HOSTILE for number in range(60)}]),
]


@pytest.mark.parametrize("output_format", ["text", "table", "json", "yaml"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_no_answer_steers_the_terminal(outcome, output_format, printed, capsys):
    out = printed()
    show = renderer(output_format, "module function", [HOSTILE])
    show.report(
        Report("db", HOSTILE, "edited", {"_id": HOSTILE, "a": HOSTILE}, {"_id": HOSTILE, "b": "c"}, planned=True)
    )
    show.report(Report("db", "id", "failed", error=BadValue(what=HOSTILE, reason=HOSTILE)))
    show.finish(outcome, maintenance=False)
    told = capsys.readouterr().err
    assert not STEERING.search(out.getvalue()), ascii(out.getvalue())
    assert not STEERING.search(told), ascii(told)
    if output_format == "json":
        assert json.loads(out.getvalue())["warnings"] == [HOSTILE]
    if output_format == "yaml":
        assert yaml.safe_load(out.getvalue())["warnings"] == [HOSTILE]


@pytest.mark.parametrize("output_format", ["text", "table"])
def test_no_outcome_steers_the_terminal_where_nothing_is_planned(output_format, printed):
    out = printed()
    for outcome in OUTCOMES:
        renderer(output_format, "module function", []).finish(outcome, maintenance=False)
    assert "\\x1b[2J" in out.getvalue()
    assert not STEERING.search(out.getvalue()), ascii(out.getvalue())


def test_nothing_told_steers_the_terminal(capsys):
    say(HOSTILE)
    assert not STEERING.search(capsys.readouterr().err)


def test_lines_and_tabs_stay_and_a_line_cannot_overwrite_another():
    assert printable.lines("a\tb\nc\r\nd") == "a\tb\nc\r\nd"
    assert printable.lines("good\rbad") == "good\\x0dbad"
    assert printable.line("a\nb\u202ec\td") == "a\\x0ab\\u202ec\td"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("+14155550100", "+14155550100"),
        ("-5", "-5"),
        ("-0.25", "-0.25"),
        ("'=1", "''=1"),
        ("'1", "''1"),
        ("O'1", "O'1"),
        ("name", "name"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(cell, written):
    assert printable.csv_cell(cell) == written
    assert csv_files.cleaned(written) == cell


shown_text = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8)
cells = st.builds(
    lambda start, rest: start + rest, st.sampled_from(["", "'", "''", "=", "+", "-", "@", "1"]), shown_text
)


@settings(deadline=None)
@given(st.lists(cells, min_size=1, max_size=4))
def test_what_is_exported_is_imported_as_it_was(row):
    content = io.StringIO()
    csv.writer(content, lineterminator="\n").writerow([printable.csv_cell(each) for each in row])
    lines = list(csv_files.lines(io.BytesIO(content.getvalue().encode())))
    assert [line.cells for line in lines] == [row]


def test_csv_holds_the_data_itself_but_on_a_terminal(printed):
    out = printed()
    show = renderer("text", "module function", [])
    show.finish(Listing(["a"], [{"a": "\x1b[31mred"}], csv=True), maintenance=False)
    assert out.getvalue() == ("a\n\\x1b[31mred\n" if sys.stdout.isatty() else "a\n\x1b[31mred\n")


COLUMNS = [f"column{number}" for number in range(26)]
WIDE = [{name: f"{name} of row {row} " + "x" * (row + 1) for name in COLUMNS} for row in range(2)]


@pytest.mark.parametrize("said", ["80", "0", "", "nonsense"])
@pytest.mark.parametrize("output_format", ["text", "table"])
def test_many_columns_are_shown_as_records_and_whole(output_format, said, printed, monkeypatch):
    out = printed()
    monkeypatch.setenv("COLUMNS", said)
    renderer(output_format, "m f", []).finish(Listing(COLUMNS, WIDE), maintenance=False)
    for row in WIDE:
        assert all(f"{name.ljust(8)}  {text}" in out.getvalue() for name, text in row.items())
    assert max(map(len, out.getvalue().splitlines())) < 80


@pytest.mark.parametrize("said", ["40", "0", "", "200"])
def test_a_table_is_never_cut(said, printed, monkeypatch):
    out = printed()
    monkeypatch.setenv("COLUMNS", said)
    rows = [{"name": "n" * 50, "text": "a long sentence of several words"}]
    renderer("table", "m f", []).finish(Listing(["name", "text"], rows), maintenance=False)
    assert out.getvalue().count("n") >= 50
    assert "…" not in out.getvalue()
    assert all(word in out.getvalue() for word in rows[0]["text"].split())
    if not sys.stdout.isatty():
        assert "n" * 50 in out.getvalue()


def test_an_empty_table_has_its_heading(printed):
    out = printed()
    renderer("table", "m f", []).finish(Listing(["name"], []), maintenance=False)
    assert "name" in out.getvalue()


@pytest.mark.parametrize("value", [None, "", UNDEFINED, {"a": None}, ["é"], 1.5])
def test_a_cell_is_one_line_of_text(value):
    assert "\n" not in listings.cell(value)


def test_what_was_reported_as_failed_is_not_ok_in_the_end(printed):
    printed()
    for output_format in ("text", "json"):
        show = renderer(output_format, "m f", [])
        show.report(Report("db", "id", "failed", error=BadValue(what="id", reason="it is odd")))
        assert show.finish(Done(), maintenance=True) == 5


@pytest.mark.parametrize("output_format", ["json", "yaml"])
def test_a_document_holds_no_sentence_where_both_go_to_one_file(output_format, tmp_path, monkeypatch):
    place = tmp_path / "both"
    with place.open("w", encoding="utf-8") as out, place.open("a", encoding="utf-8") as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        warnings = ["mind the gap"]
        show = renderer(output_format, "m f", warnings)
        show.tell(warnings[0])
        show.report(Report("db", "id", "failed", error=BadValue(what="id", reason="it is odd")))
        show.fail(BadValue(what="m f", reason="it went wrong"))
        show.tell("dry run: nothing was changed")
    envelope = yaml.safe_load(place.read_text(encoding="utf-8"))
    assert envelope["warnings"] == ["mind the gap"]
    assert [each["message"] for each in envelope["errors"]] == ["m f: it went wrong"]


def test_sentences_go_to_standard_error_where_that_is_another_place(tmp_path, monkeypatch):
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        renderer("json", "m f", []).tell("mind the gap")
    assert (tmp_path / "err").read_text() == "sup: mind the gap\n"

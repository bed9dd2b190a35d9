"""-f csv and -f ndjson: every listing, as it comes."""

from __future__ import annotations

import csv
import json
import os
import sys
from contextlib import suppress

import pytest

from kazoo_sup.changes import Report
from kazoo_sup.cli.render.output import error_as_json, renderer
from kazoo_sup.errors import ExitCode, ServerUnreachable, SupError, UnknownFunction, UsageError
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Listing, Live, Page
from kazoo_sup.terms import Atom

DOWN = ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")


def lines(printed):
    return [json.loads(line) for line in printed.splitlines()]


def test_rows_are_written_one_by_one_while_the_next_is_waited_for(capsys):
    seen = []

    def rows():
        yield {"n": 1}
        seen.append(capsys.readouterr().out)
        yield {"n": 2}

    renderer("ndjson", "m f", []).finish(Listing(("n",), rows()), maintenance=False)
    assert seen == ['{"n": 1}\n']
    assert capsys.readouterr().out == '{"n": 2}\n'


def test_who_reads_a_pipe_has_each_row_before_the_next_is_known(monkeypatch):
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    had = []

    def rows():
        for number in range(3):
            yield {"n": number}
            with suppress(BlockingIOError):
                had.append(os.read(reading, 100))

    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        renderer("ndjson", "m f", []).finish(Listing(["n"], rows()), maintenance=False)
    os.close(reading)
    assert had == [b'{"n": 0}\n', b'{"n": 1}\n', b'{"n": 2}\n']


OBJECTS = [
    ([{"a": 1}, {"a": 2, "b": "x"}], "a,b\n1,\n2,x\n"),
    ({"one": {"a": 1}, "two": {"a": 2}}, "key,a\none,1\ntwo,2\n"),
    ([], ""),
]


@pytest.mark.parametrize(("data", "expected"), OBJECTS)
def test_csv_of_an_answer_of_objects_is_their_listing_and_its_exit_code_the_answer_s(capsys, data, expected):
    answer = Answer(Atom("odd"), data, ["+---+", "| 1 |"], BulkReport(errors=[DOWN]))
    codes = {name: renderer(name, "m f", []).finish(answer, maintenance=True) for name in ("text", "json")}
    capsys.readouterr()
    assert renderer("csv", "m f", []).finish(answer, maintenance=True) == codes["text"] == codes["json"]
    printed = capsys.readouterr()
    assert printed.out == expected
    assert "listings" not in printed.err
    assert "connection refused" in printed.err


@pytest.mark.parametrize("data", [{"a": {"b": 1}, "c": 2}, [{"a": 1}, 2], "text", None])
def test_csv_of_another_answer_is_its_text(capsys, data):
    renderer("csv", "m f", []).finish(Answer(NO_RETURN, data, ["told"]), maintenance=False)
    assert capsys.readouterr().out == "told\n"


def test_csv_of_what_fails_before_its_first_row_is_empty(capsys):
    def rows():
        raise DOWN
        yield {}

    with pytest.raises(SupError):
        renderer("csv", "m f", []).finish(Listing(("n",), rows()), maintenance=False)
    assert capsys.readouterr().out == ""
    renderer("csv", "m f", []).finish(Listing(("n",), iter(())), maintenance=False)
    assert capsys.readouterr().out == "n\n"


def test_a_listing_that_ends_early_ends_with_its_error(capsys):
    def rows():
        yield {"n": 1}
        raise DOWN

    show = renderer("ndjson", "m f", [])
    with pytest.raises(SupError) as caught:
        show.finish(Listing(("n",), rows()), maintenance=False)
    show.fail(caught.value)
    printed = capsys.readouterr()
    first, last = lines(printed.out)
    assert first == {"n": 1}
    assert last["error"]["id"] == "ServerUnreachable"
    assert "connection refused" in printed.err


def test_changes_text_and_result_are_lines_of_their_own(capsys):
    show = renderer("ndjson", "m f", [])
    show.report(Report("db", "a", "edited", {"k": 1}, {"k": 2}))
    code = show.finish(Done(lines=["told"], report=BulkReport({"edited": 1})), maintenance=False)
    change, told, result = lines(capsys.readouterr().out)
    assert (change["id"], change["action"]) == ("a", "edited")
    assert told == {"text": "told"}
    assert result == {"result": "ok", "counts": {"edited": 1}}
    assert code is ExitCode.OK


def test_a_dry_run_shows_what_it_would_do_in_place_of_the_answer(capsys):
    show = renderer("ndjson", "m f", [])
    show.would("drain it")
    show.finish(Done(NO_RETURN, ["drained"]), maintenance=False)
    assert lines(capsys.readouterr().out) == [{"text": "would drain it"}]


def test_an_error_reported_with_a_change_is_not_told_again(capsys):
    show = renderer("ndjson", "m f", [])
    show.report(Report("db", "a", "failed", error=DOWN))
    show.fail(DOWN)
    assert len(lines(capsys.readouterr().out)) == 1


def test_csv_has_one_head_for_all_pages(capsys):
    pages = Live(map(Page, [[{"a": "1,2"}], [{"a": 'q"'}]]), term=NO_RETURN, columns=("a",))
    renderer("csv", "m f", []).finish(pages, maintenance=False)
    assert list(csv.reader(capsys.readouterr().out.splitlines())) == [["a"], ["1,2"], ['q"']]


def test_what_is_no_listing_is_text_in_csv_and_that_is_said(capsys):
    renderer("csv", "m f", []).finish(Answer(7), maintenance=False)
    printed = capsys.readouterr()
    assert printed.out == "7\n"
    assert "is for listings" in printed.err


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (UnknownFunction(module="number", function="shw", hint=""), "sup number lists the functions of the module"),
        (DOWN, "sup config show"),
    ],
)
def test_an_error_says_what_to_do_where_that_is_known(error, fix):
    assert fix in error_as_json(error)["fix"]


def test_an_error_that_nothing_is_known_for_has_no_fix():
    assert "fix" not in error_as_json(UsageError(reason="no"))


def test_every_remedy_can_be_told():
    """A fact in a remedy is one that the message names, too, unless who raises the error gives all of the remedy."""

    def all_of(cls):
        yield cls
        for each in cls.__subclasses__():
            yield from all_of(each)

    import string

    for cls in all_of(SupError):
        wanted = {name for _, name, _, _ in string.Formatter().parse(cls.remedy) if name}
        told = {name for _, name, _, _ in string.Formatter().parse(cls.__doc__ or "") if name}
        assert wanted <= told or cls.remedy == "{instead}", cls

"""What comes out: Kazoo's text, one valid envelope whatever happens, sentences on standard error."""

from __future__ import annotations

import csv
import json
import sys
from contextlib import nullcontext
from io import StringIO

import pytest
import yaml

from kazoo_sup.changes import Report
from kazoo_sup.cli import streams
from kazoo_sup.cli.render.ending import at_once, drained
from kazoo_sup.cli.render.output import renderer
from kazoo_sup.cli.render.output_file import OutputFile
from kazoo_sup.errors import BadArgument, Conflict, ExitCode, ServerUnreachable, SupError
from kazoo_sup.results import NO_RETURN, OK, Answer, BulkReport, Done, Listing, Live, Page, exit_code, working
from kazoo_sup.terms import Atom

DOWN = ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")


def rendered(capsys, output_format, outcome, reports=(), warnings=(), maintenance=False):
    show = renderer(output_format, "module function", list(warnings))
    for report in reports:
        show.report(report)
    try:
        show.finish(outcome, maintenance=maintenance)
    except SupError as error:
        show.fail(error)
    return capsys.readouterr()


def broken_rows():
    yield {"name": "one"}
    raise DOWN


def read(output_format, printed):
    return json.loads(printed) if output_format == "json" else yaml.safe_load(printed)


class TestText:
    def test_lines_come_before_the_result_as_a_term(self, capsys):
        printed = rendered(capsys, "text", Done((Atom("ok"), {"a": [1, True, None]}), ["one", "two"]))
        assert printed.out == 'one\ntwo\n{ok,{[{<<"a">>,[1,true,null]}]}}\n'
        assert printed.err == ""

    def test_no_return_prints_no_result(self, capsys):
        assert rendered(capsys, "text", Done(NO_RETURN, ["line"])).out == "line\n"

    def test_rows_are_aligned(self, capsys):
        rows = Listing(("id", "n"), ({"id": "x" * each, "n": each} for each in (1, 3)))
        assert rendered(capsys, "text", rows).out == "id   n\nx    1\nxxx  3\n"

    def test_letters_that_take_two_columns_are_aligned_and_not_cut(self, capsys):
        rows = [{"name": "\u96fb\u8a71", "n": 1}, {"name": "abcde", "n": 2}]
        assert rendered(capsys, "text", Listing(["name", "n"], rows)).out == ("name   n\n\u96fb\u8a71   1\nabcde  2\n")
        for output_format in ("text", "table"):
            wide = "\u96fb" * 120
            assert wide in rendered(capsys, output_format, Listing(["name"], [{"name": wide}])).out

    def test_a_cell_cannot_command_the_terminal(self, capsys):
        rows = [{"name": "a\x1b]0;b\x07\nc\x9bd"}]

        assert rendered(capsys, "text", Listing(["name"], rows)).out == "name\na\\x1b]0;b\\x07\\x0ac\\x9bd\n"
        assert json.loads(rendered(capsys, "json", Listing(["name"], rows)).out)["rows"] == rows

    def test_a_planned_change_shows_no_secret_but_that_it_changes(self, capsys):
        before = {"smtp": {"password": "old-1", "api_key": "same-2"}, "port": 25}
        after = {"smtp": {"password": "new-3", "api_key": "same-2"}, "port": 26, "list": [{"pvt_md5_auth": "hash-4"}]}
        report = Report("db", "a", "edited", before, after, planned=True)

        for output_format in ("text", "json"):
            printed = rendered(capsys, output_format, Answer(OK), [report])

            assert "**** (changed)" in printed.out
            assert "26" in printed.out
            assert not [each for each in ("old-1", "same-2", "new-3", "hash-4") if each in printed.out]

    def test_a_planned_change_is_shown_in_place_of_the_answer(self, capsys):
        report = Report("db", "a", "edited", {"k": 1}, {"k": 2}, planned=True)
        printed = rendered(capsys, "text", Done(), [report])
        assert printed.out.splitlines()[:2] == ["--- a/db/a", "+++ b/db/a"]
        assert '-  "k": 1' in printed.out
        assert "ok" not in printed.out

    def test_a_failed_change_is_told_once(self, capsys):
        error = Conflict(database="db", id="a", reason="it exists already")
        show = renderer("text", "m f", [])
        show.report(Report("db", "a", "failed", error=error))
        show.fail(error)
        assert capsys.readouterr().err == "sup: db/a: it exists already\n"

    def test_verbose_says_what_runs_and_what_came_of_it(self, capsys):
        from kazoo_sup.cli import catalogue

        show = renderer("text", "m f", [], verbose=True)
        show.start(catalogue.command("kapps_config", "get"), ["a", "b"])
        show.finish(Answer("x"), maintenance=False)
        assert capsys.readouterr().out == 'Running kapps_config:get(a, b)\nResult: <<"x">>\n'

    def test_verbose_shows_no_secret(self, capsys):
        from kazoo_sup.cli import catalogue

        show = renderer("text", "m f", [], verbose=True)
        show.start(catalogue.command("kapps_config", "set_default"), ["smtp_client", "password", "geheim"])
        show.start(catalogue.command("couchdb", "replicate_start"), ["http://u:geheim@h/a", "b"])
        assert "geheim" not in capsys.readouterr().out


@pytest.mark.parametrize("output_format", ["text", "table", "csv", "json", "yaml", "ndjson"])
@pytest.mark.parametrize("into_file", [False, True])
def test_half_of_a_surrogate_pair_ends_no_answer(output_format, into_file, tmp_path, monkeypatch):
    path = tmp_path / "answer"
    with path.open("w", encoding="ascii") as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        streams.open_standard()
        with OutputFile(path) if into_file else nullcontext() as file:
            renderer(output_format, "m f", []).finish(Listing(["n"], [{"n": "a\ud800b"}]), maintenance=False)
            if file:
                file.end()
    printed = path.read_text(encoding="utf-8")
    if output_format in ("json", "yaml"):
        assert read(output_format, printed)["rows"] == [{"n": "a\ud800b"}]
    else:
        assert r"a\ud800b" in printed


def test_csv_holds_nothing_but_the_rows(capsys):
    told = rendered(capsys, "csv", Listing(["a"], [{"a": 1}], lines=["1 of 1 nodes are connected"]))
    assert (told.out, told.err) == ("a\n1\n", "sup: 1 of 1 nodes are connected\n")


def test_a_csv_listing_survives_any_cell(capsys):
    cells = {"number": "+14155550100", "name": 'a "b", c\nd', "ported": False, "none": None}
    printed = rendered(capsys, "text", Listing(tuple(cells), iter([cells]), csv=True)).out
    assert list(csv.reader(StringIO(printed))) == [list(cells), ["+14155550100", 'a "b", c\nd', "false", ""]]


@pytest.mark.parametrize("output_format", ["json", "yaml"])
class TestEnvelope:
    def test_of_a_success(self, capsys, output_format):
        reports = [Report("db", "a", "created", None, {"_id": "a", "_rev": "1-x"})]
        outcome = Done(lines=["line"], report=BulkReport({"created": 1}))
        printed = rendered(capsys, output_format, outcome, reports, ["look"])
        assert read(output_format, printed.out) == {
            "sup": 1,
            "command": "module function",
            "changes": [{"database": "db", "id": "a", "action": "created", "rev": "1-x"}],
            "text": ["line"],
            "result": "ok",
            "counts": {"created": 1},
            "warnings": ["look"],
            "errors": [],
            "status": "ok",
            "exit_code": 0,
        }

    @pytest.mark.parametrize(
        ("counts", "code", "status"),
        [
            ({}, ExitCode.NOT_OK, "not_ok"),
            ({"edited": 1, "failed": 1}, ExitCode.PARTIAL, "partial"),
            ({"failed": 1}, ExitCode.FAILED, "error"),
        ],
    )
    def test_names_how_it_ended(self, capsys, output_format, counts, code, status):
        printed = rendered(capsys, output_format, Answer(True, report=BulkReport(counts)), maintenance=True)
        envelope = read(output_format, printed.out)
        assert (envelope["status"], envelope["exit_code"], envelope["result"]) == (status, int(code), True)

    def test_counts_what_fails_while_a_listing_is_shown(self, capsys, output_format):
        def rows():
            yield {"name": "one"}
            yield BulkReport({"listed": 1, "failed": 1})

        envelope = read(output_format, rendered(capsys, output_format, Listing(("name",), rows())).out)
        assert (envelope["status"], envelope["counts"]) == ("partial", {"listed": 1, "failed": 1})

    def test_of_a_listing_that_breaks_off_is_closed_with_the_error(self, capsys, output_format):
        printed = rendered(capsys, output_format, Listing(("name",), broken_rows()))
        envelope = read(output_format, printed.out)
        assert envelope["rows"] == [{"name": "one"}]
        assert envelope["status"] == "error"
        assert envelope["errors"][0]["id"] == "ServerUnreachable"
        assert printed.err == "sup: cannot reach CouchDB at a:1: connection refused\n"

    def test_of_an_error(self, capsys, output_format):
        renderer(output_format, "m f", []).fail(BadArgument(parameter="KEY", reason="no"))
        envelope = read(output_format, capsys.readouterr().out)
        assert envelope["exit_code"] == 1
        assert envelope["errors"] == [
            {"id": "BadArgument", "message": "KEY: no", "facts": {"parameter": "KEY", "reason": "no"}}
        ]

    def test_holds_terms_as_plain_values(self, capsys, output_format):
        term = (Atom("error"), Atom("not_found"))
        assert read(output_format, rendered(capsys, output_format, Answer(term)).out)["result"] == [
            "error",
            "not_found",
        ]

    def test_shows_planned_changes_with_both_documents(self, capsys, output_format):
        report = Report("db", "a", "edited", {"k": 1}, {"k": 2}, planned=True)
        [change] = read(output_format, rendered(capsys, output_format, Done(), [report]).out)["changes"]
        assert change == {
            "database": "db", "id": "a", "action": "edited", "planned": True, "before": {"k": 1}, "after": {"k": 2},
        }  # fmt: skip


class Event(dict):
    """A line that prints itself."""

    def __str__(self):
        return f"event {self['name']}"


class TestLive:
    def test_a_line_that_prints_itself_is_carried_whole_by_machine_formats(self, capsys):
        lines = [Event(name="HEARTBEAT")]

        assert rendered(capsys, "text", Answer(NO_RETURN, lines=lines)).out == "event HEARTBEAT\n"
        shown = rendered(capsys, "json", Answer(NO_RETURN, lines=lines)).out
        assert json.loads(shown)["text"] == [{"name": "HEARTBEAT"}]

    @pytest.mark.parametrize("output_format", ["text", "json"])
    def test_each_line_is_shown_before_the_next_one_comes(self, output_format, monkeypatch):
        class Buffered(StringIO):
            shown = ""

            def flush(self):
                self.shown = self.getvalue()

        out = Buffered()
        monkeypatch.setattr("sys.stdout", out)

        def lines():
            yield "one"
            assert "one" in out.shown
            yield "two"
            assert "two" in out.shown

        outcome = Live(lines(), term=NO_RETURN, watched=True)
        renderer(output_format, "freeswitch events", []).finish(outcome, maintenance=False)

        assert "two" in out.shown


@pytest.mark.parametrize("output_format", ["text", "table"])
def test_of_a_listing_that_breaks_off_what_came_is_shown_before_the_error(capsys, output_format):
    printed = rendered(capsys, output_format, Listing(("name",), broken_rows()))
    assert "one" in printed.out
    assert printed.err == "sup: cannot reach CouchDB at a:1: connection refused\n"


def failed_rows():
    raise DOWN
    yield


@pytest.mark.parametrize("output_format", ["text", "table"])
def test_of_a_listing_that_never_began_only_the_error_is_shown(capsys, output_format):
    printed = rendered(capsys, output_format, Listing(("name",), failed_rows()))
    assert printed.out == ""
    assert printed.err == "sup: cannot reach CouchDB at a:1: connection refused\n"


def test_a_table_is_drawn(capsys):
    printed = rendered(capsys, "table", Listing(("name",), [{"name": "one"}])).out
    assert "one" in printed
    assert printed.count("\n") >= 4


@pytest.mark.parametrize(
    ("term", "report", "maintenance", "code"),
    [
        (OK, None, True, ExitCode.OK),
        (True, None, True, ExitCode.NOT_OK),
        (True, None, False, ExitCode.OK),
        (NO_RETURN, None, True, ExitCode.OK),
        (OK, BulkReport({"created": 2, "failed": 1}), True, ExitCode.PARTIAL),
        (OK, BulkReport({"unchanged": 2, "failed": 1}), True, ExitCode.PARTIAL),
        (OK, BulkReport({"created": 0, "failed": 3}), True, ExitCode.FAILED),
        (OK, BulkReport(errors=[DOWN]), False, ExitCode.USAGE),
    ],
)
def test_exit_codes(term, report, maintenance, code):
    assert exit_code(term, report, maintenance=maintenance) is code


@pytest.mark.parametrize("output_format", ["text", "table"])
def test_rows_before_an_error_are_shown(capsys, output_format):
    printed = rendered(capsys, output_format, Listing(("name",), broken_rows()))
    assert "one" in printed.out
    assert "connection refused" in printed.err


@pytest.mark.parametrize("output_format", ["text", "table"])
def test_an_error_before_the_first_row_stands_alone(capsys, output_format):
    def none():
        raise DOWN
        yield

    printed = rendered(capsys, output_format, Listing(("name",), none()))
    assert printed.out == ""
    assert "connection refused" in printed.err


class TestWorkToldAsAListing:
    ROWS = ({"name": "a", "state": "done"}, {"name": "b", "state": "failed"})

    def rows(self):
        yield from self.ROWS
        raise DOWN

    @pytest.mark.parametrize("output_format", ["text", "table", "csv", "json", "yaml", "ndjson"])
    def test_it_is_shown_as_a_listing_is(self, capsys, output_format):
        columns = ("name", "state")
        listing = rendered(capsys, output_format, Listing(columns, self.rows()))
        assert "failed" in listing.out
        assert rendered(capsys, output_format, working(columns, self.rows())) == listing

    def test_a_dry_run_shows_its_rows_up_to_what_ends_it(self, capsys):
        printed = rendered(capsys, "text", drained(working(("name",), self.rows())))
        assert printed.out.split() == ["name", "a", "b"]
        assert "connection refused" in printed.err

    def test_a_plan_has_it_done_once(self):
        done = []
        whole = at_once(working(("name",), (done.append(1) or row for row in self.ROWS)))
        assert ([list(page.rows) for page in whole.events], len(done)) == ([list(self.ROWS)], 2)


class TestPages:
    PAGES = ([{"name": "a", "state": "ok", "details": {"n": 1}}], [{"name": "a", "state": "critical", "details": {}}])

    def outcome(self, **more):
        return Live(map(Page, self.PAGES), term=NO_RETURN, columns=("name", "state"), **more)

    def test_text_shows_each_with_its_columns(self, capsys):
        printed = rendered(capsys, "text", self.outcome()).out
        assert [line.split() for line in printed.splitlines()] == [
            ["name", "state"],
            ["a", "ok"],
            [],
            ["name", "state"],
            ["a", "critical"],
        ]

    def test_machines_get_all_rows_whole(self, capsys):
        assert json.loads(rendered(capsys, "json", self.outcome()).out)["rows"] == [*self.PAGES[0], *self.PAGES[1]]

    @pytest.mark.parametrize("live", [True, False])
    def test_a_terminal_shows_what_is_drawn_of_the_rows(self, capsys, monkeypatch, live):
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        monkeypatch.setenv("TERM", "xterm")

        def draw(rows, width, height):
            assert width > 0 < height
            return f"drawn {rows[0]['state']}"

        printed = rendered(capsys, "text", self.outcome(draw=draw, watched=live)).out
        assert "drawn ok" in printed
        assert "drawn critical" in printed
        assert "name" not in printed

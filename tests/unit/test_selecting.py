"""--columns and --query: what of an answer is shown, in every format."""

from __future__ import annotations

import json
import sys

import pytest

from kazoo_sup.cli.options import Options
from kazoo_sup.cli.render import selecting
from kazoo_sup.cli.render.output import renderer
from kazoo_sup.errors import ExitCode, ServerUnreachable, UsageError
from kazoo_sup.results import NO_RETURN, Answer, Listing, Live, Page, working
from kazoo_sup.terms import Atom

ROWS = [{"name": "a", "size": 3, "tags": ["x"]}, {"name": "b", "size": 5, "tags": []}]


def shown(capsys, outcome, output_format="text", maintenance=False, **asked):
    warned = []
    outcome = selecting.selector(Options(**asked), warned.append)(outcome)
    code = renderer(output_format, "m f", []).finish(outcome, maintenance=maintenance)
    return capsys.readouterr().out, code, warned


def listing(**more):
    return Listing(("name", "size"), iter(ROWS), **more)


class TestColumns:
    @pytest.mark.parametrize(
        ("output_format", "expected"),
        [
            ("text", "size  name\n3     a\n5     b\n"),
            ("csv", "size,name\n3,a\n5,b\n"),
            ("ndjson", '{"size": 3, "name": "a"}\n{"size": 5, "name": "b"}\n'),
        ],
    )
    def test_are_shown_in_the_order_asked_for(self, capsys, output_format, expected):
        assert shown(capsys, listing(), output_format, columns="size, name")[0] == expected

    def test_may_be_ones_that_only_machines_are_shown_otherwise(self, capsys):
        assert shown(capsys, listing(), columns="tags")[0] == 'tags\n["x"]\n[]\n'

    def test_hold_in_the_envelope_too(self, capsys):
        out, *_ = shown(capsys, listing(), "json", columns="name")
        assert json.loads(out)["rows"] == [{"name": "a"}, {"name": "b"}]

    def test_that_there_are_not_are_refused_with_those_there_are(self, capsys):
        for output_format in ("text", "csv", "table", "ndjson"):
            with pytest.raises(UsageError, match="no column 'nmae'; there are name, size, tags"):
                shown(capsys, listing(), output_format, columns="name,nmae")
        assert capsys.readouterr().out == ""

    @pytest.mark.parametrize("columns", ["", ",", "name,,size"])
    def test_without_a_name_are_refused_before_anything_is_run(self, columns):
        with pytest.raises(UsageError, match="--columns takes names"):
            selecting.selector(Options(columns=columns), print)

    def test_of_pages_are_of_each_page(self, capsys):
        pages = Live(map(Page, [ROWS[:1], ROWS[1:]]), term=NO_RETURN, columns=("name", "size"))
        assert shown(capsys, pages, "csv", columns="name")[0] == "name\na\nb\n"

    def test_that_there_are_not_are_refused_before_anything_is_done(self, capsys):
        done = []

        def work():
            return working(("name", "size"), (done.append(row) or row for row in ROWS))

        with pytest.raises(UsageError, match="no column 'nmae'; there are name, size"):
            shown(capsys, work(), columns="nmae")
        assert done == []
        assert shown(capsys, work(), columns="size")[0] == "size\n3\n5\n"
        assert done == ROWS

    def test_rows_are_taken_as_they_are_shown(self):
        def rows():
            yield from ROWS
            raise ServerUnreachable(server="CouchDB", address="a:1", reason="gone")

        outcome = selecting.selector(Options(columns="name"), print)(Listing(("name",), rows()))
        taken = iter(outcome.rows)
        assert [next(taken), next(taken)] == [{"name": "a"}, {"name": "b"}]
        with pytest.raises(ServerUnreachable):
            next(taken)

    def test_of_an_answer_that_is_objects_are_shown(self, capsys):
        answer = Answer(NO_RETURN, {"one": {"a": 1, "b": 2}}, ["| 1 | 2 |"])
        assert shown(capsys, answer, columns="b,key") == ("b  key\n2  one\n", ExitCode.OK, [])

    def test_what_is_no_listing_is_shown_whole_and_that_is_said(self, capsys):
        out, _, warned = shown(capsys, Answer(7), columns="name")
        assert out == "7\n"
        assert warned == ["--columns is for listings, and this is not one"]


class TestQuery:
    def test_of_single_values_is_shown_line_by_line(self, capsys):
        assert shown(capsys, listing(), query="[?size > `3`].name")[0] == "b\n"

    def test_of_objects_is_a_listing(self, capsys):
        out, *_ = shown(capsys, listing(), query="[].{n: name, first: tags[0]}")
        assert out == "n  first\na  x\nb\n"

    def test_is_the_result_of_the_envelope(self, capsys):
        out, *_ = shown(capsys, listing(), "json", query="length(@)")
        assert json.loads(out)["result"] == 2

    def test_that_finds_nothing_is_null_for_machines(self, capsys):
        out, *_ = shown(capsys, Answer({"a": 1}), "json", query="b")
        assert json.loads(out)["result"] is None

    def test_takes_a_result_as_machines_see_it(self, capsys):
        out, code, _ = shown(capsys, Answer((Atom("ok"), {"name": "lab"})), query="[1].name", maintenance=True)
        assert out == "lab\n"
        assert code is ExitCode.NOT_OK  # as without a query

    def test_the_work_behind_the_lines_is_done(self, capsys):
        done = []
        outcome = Live((done.append(each) or str(each) for each in range(3)), term=Atom("ok"))
        assert shown(capsys, outcome, query="@")[0] == "ok\n"
        assert done == [0, 1, 2]

    def test_that_cannot_be_understood_is_refused_before_anything_is_run(self):
        with pytest.raises(UsageError, match="--query: "):
            selecting.selector(Options(query="[?"), print)

    @pytest.mark.parametrize(
        ("query", "reason"),
        [
            ("[].{n: lenght(name)}", r"there is no function lenght\(\); did you mean length\?"),
            ("[?length(name, size) > `1`]", r"wrong number of arguments for length\(\): 2, where it takes 1"),
            ("merge()", r"wrong number of arguments for merge\(\): 0, where it takes at least 1"),
        ],
    )
    def test_that_calls_what_there_is_not_is_refused_before_anything_is_run(self, query, reason):
        with pytest.raises(UsageError, match=reason):
            selecting.selector(Options(query=query), print)

    def test_that_fails_says_why_in_few_words(self, capsys):
        with pytest.raises(selecting.QueryFailed, match=r"abs\(\) takes number, and was given array; "):
            shown(capsys, listing(), query="abs(@)")

    def test_that_leaves_no_row_is_an_empty_listing(self, capsys):
        for output_format in ("text", "table", "csv", "ndjson"):
            assert shown(capsys, listing(), output_format, query="[?size > `9`].{n: name}")[0] == ""
        envelope = json.loads(shown(capsys, listing(), "json", query="[?size > `9`].{n: name}")[0])
        assert (envelope["rows"], envelope["result"]) == ([], [])
        assert capsys.readouterr().err == ""

    def test_leaves_the_exit_code_that_a_listing_says(self, capsys):
        assert shown(capsys, listing(code=ExitCode.PARTIAL), query="[].{n: name}")[1] is ExitCode.PARTIAL

    def test_that_fails_on_what_it_is_given_says_that_the_work_is_done(self, capsys):
        with pytest.raises(selecting.QueryFailed, match="what was asked for is done"):
            shown(capsys, Answer(7), query="length(@)")

    def test_of_what_goes_on_is_refused(self, capsys):
        with pytest.raises(UsageError, match="goes on"):
            shown(capsys, Live([], watched=True), query="@")

    def test_and_columns_exclude_each_other(self):
        with pytest.raises(UsageError, match="exclude each other"):
            selecting.selector(Options(query="@", columns="name"), print)

    def test_without_its_package_names_it(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "jmespath", None)
        with pytest.raises(UsageError, match=r"kazoo-sup\[query\]"):
            selecting.selector(Options(query="@"), print)

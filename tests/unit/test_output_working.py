"""Text that comes while the work behind it is done: what is reported meanwhile stands beside it, whole."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
import yaml

from kazoo_sup.changes import Report
from kazoo_sup.cli.render import output
from kazoo_sup.cli.render.ending import drained
from kazoo_sup.cli.render.output import renderer
from kazoo_sup.errors import SupError, TimedOut
from kazoo_sup.results import OK, BulkReport, Live

READ = {"json": json.loads, "yaml": yaml.safe_load}


def working(show, error=None):
    for place in ("a", "b"):
        show.report(Report("db", place, "created", None, {"_id": place, "_rev": "1-x"}))
        yield f"line {place}"
    if error:
        raise error


def envelope(capsys, output_format, error=None):
    show = renderer(output_format, "m f", [])
    try:
        show.finish(Live(working(show, error)), maintenance=False)
    except SupError as raised:
        show.fail(raised)
    return READ[output_format](capsys.readouterr().out)


@pytest.mark.parametrize("output_format", ["json", "yaml"])
class TestEnvelope:
    def test_holds_reports_and_text(self, capsys, output_format):
        found = envelope(capsys, output_format)
        assert [each["id"] for each in found["changes"]] == ["a", "b"]
        assert found["text"] == ["line a", "line b"]
        assert found["status"] == "ok"

    def test_holds_both_until_the_work_breaks_off(self, capsys, output_format):
        found = envelope(capsys, output_format, TimedOut(seconds=1, doing=""))
        assert [each["id"] for each in found["changes"]] == ["a", "b"]
        assert found["text"] == ["line a", "line b"]
        assert (found["status"], found["exit_code"]) == ("error", 4)


@dataclass(frozen=True)
class Saved:
    database: str
    count: int


def told(events):
    return (f"{event.database}: {event.count} saved" for event in events)


def saving(show=None):
    """Save in two databases, of which one fails."""
    for database in ("a", "b"):
        if show:
            show.report(Report(database, "x", "edited", None, {"_id": "x", "_rev": "1-x"}))
        yield Saved(database, 1)
        yield BulkReport({"edited": 1})
    yield BulkReport({"done": 1, "failed": 1}, [TimedOut(seconds=1, doing="")], "databases")


class TestEvents:
    @pytest.mark.parametrize("output_format", ["json", "yaml"])
    def test_come_after_the_changes_with_what_became_of_all(self, capsys, output_format):
        show = renderer(output_format, "m f", [])
        code = show.finish(Live(saving(show), told), maintenance=True)
        found = READ[output_format](capsys.readouterr().out)
        assert [each["database"] for each in found["changes"]] == ["a", "b"]
        assert found["events"] == [{"event": "saved", "database": each, "count": 1} for each in ("a", "b")]
        assert found["counts"] == {"edited": 2}
        assert found["reports"] == [{"of": "databases", "done": 1, "unchanged": 0, "skipped": 0, "failed": 1}]
        assert (found["result"], found["status"], found["exit_code"], code) == (None, "partial", 5, 5)
        assert [each["id"] for each in found["errors"]] == ["PartlyDone"]

    def test_are_lines_of_their_own(self, capsys):
        renderer("ndjson", "m f", []).finish(Live(saving(), told), maintenance=True)
        first, second, error = map(json.loads, capsys.readouterr().out.splitlines())
        assert [first["event"], second["database"], error["error"]["id"]] == ["saved", "b", "PartlyDone"]

    def test_are_told_in_kazoo_s_words_and_a_part_that_failed_leaves_no_result(self, capsys):
        code = renderer("text", "m f", []).finish(Live(saving(), told), maintenance=True)
        printed = capsys.readouterr()
        assert printed.out == "a: 1 saved\nb: 1 saved\n"
        assert printed.err == "sup: 1 of 2 databases failed; the same command tries them again\n"
        assert code == 5

    def test_that_are_many_are_not_all_kept_in_an_envelope(self, capsys, monkeypatch):
        monkeypatch.setattr(output, "KEPT_EVENTS", 3)
        events = (Saved("a", count) for count in range(9))
        renderer("json", "m f", []).finish(Live(events, told), maintenance=True)
        assert [each["count"] for each in json.loads(capsys.readouterr().out)["events"]] == [0, 1, 2]


def test_text_comes_line_by_line(capsys):
    show = renderer("text", "m f", [])
    seen = []

    def lines():
        yield "one"
        seen.append(capsys.readouterr().out)
        yield "two"

    show.finish(Live(lines()), maintenance=False)
    assert seen == ["one\n"]
    assert capsys.readouterr().out == "two\nok\n"


def test_a_dry_run_works_at_once_and_has_no_text():
    done = []

    def lines():
        done.append(1)
        yield "one"

    result = drained(Live(lines()))
    assert done == [1]
    assert (list(result.events), result.term) == ([], OK)

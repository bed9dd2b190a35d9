"""Text that comes while the work behind it is done: what is reported meanwhile stands beside it, whole."""

from __future__ import annotations

import json

import pytest
import yaml

from kazoo_sup.changes import Report
from kazoo_sup.errors import SupError, TimedOut
from kazoo_sup.outcome import OK, worked
from kazoo_sup.output import renderer
from kazoo_sup.zone import Run

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
        show.finish(worked(Run(), working(show, error)), maintenance=False)
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


def test_text_comes_line_by_line(capsys):
    show = renderer("text", "m f", [])
    seen = []

    def lines():
        yield "one"
        seen.append(capsys.readouterr().out)
        yield "two"

    show.finish(worked(Run(), lines()), maintenance=False)
    assert seen == ["one\n"]
    assert capsys.readouterr().out == "two\nok\n"


def test_a_dry_run_works_at_once_and_has_no_text():
    done = []

    def lines():
        done.append(1)
        yield "one"

    outcome = worked(Run(dry_run=True), lines())
    assert done == [1]
    assert (list(outcome.text), outcome.result) == ([], OK)

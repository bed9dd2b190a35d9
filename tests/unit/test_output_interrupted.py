"""An envelope is whole wherever the run that fills it is interrupted."""

from __future__ import annotations

import io
import json
import os
import sys

import pytest
import yaml
from interrupter import Interrupter, places

from kazoo_sup import output
from kazoo_sup.changes import Report
from kazoo_sup.errors import Interrupted
from kazoo_sup.outcome import Outcome
from kazoo_sup.output import renderer

WATCHED = (output.__file__, os.path.dirname(yaml.__file__))  # noqa: PTH120 - as file names begin
READ = {"json": json.loads, "yaml": yaml.safe_load}


def reports():
    for number in range(5):
        yield Report("db", f"{number}", "created", None, {"_id": f"{number}", "_rev": "1-x", "text": "a: b\n- c"})


def run(output_format, at=-1):
    """Render a run's reports and its answer, and its end where it is interrupted; return what was printed."""
    show = renderer(output_format, "module function", [])
    outcome = Outcome(text=["one", "two"], rows=[{"a": 1}, {"a": None}], counts={"created": 5})
    watch = Interrupter(*WATCHED, at=at)
    try:
        with watch:
            for report in reports():
                show.report(report)
            show.finish(outcome, maintenance=False)
    except KeyboardInterrupt:
        show.fail(Interrupted())
    return watch.seen, sys.stdout.getvalue()


@pytest.mark.parametrize("output_format", READ)
def test_it_is_whole_and_says_how_the_run_ended(output_format, monkeypatch):
    def printed(at=-1):
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        return run(output_format, at)

    steps, text = printed()
    whole = READ[output_format](text)
    assert (whole["status"], len(whole["changes"])) == ("ok", 5)
    ends = []
    for at in places(steps, 200):
        _, text = printed(at)
        try:
            envelope = READ[output_format](text)
        except (ValueError, yaml.YAMLError):
            pytest.fail(f"interrupted at {at}:\n{text}")
        ends.append(envelope["status"])
        assert envelope["exit_code"] == {"ok": 0, "error": 130}[envelope["status"]], text
        changes = envelope.get("changes", [])
        assert isinstance(changes, list), text
        assert changes == whole["changes"][: len(changes)], text
    assert ends == sorted(ends)
    assert ends.count("error") > 20

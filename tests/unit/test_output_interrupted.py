"""An envelope is whole wherever the run that fills it is interrupted."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading

import pytest
import yaml

from helpers import real_servers
from helpers.interrupter import Interrupter, places
from kazoo_sup import concurrency
from kazoo_sup.changes import Report
from kazoo_sup.cli import app, run_record
from kazoo_sup.cli.render import listings, output
from kazoo_sup.cli.render.output import renderer
from kazoo_sup.errors import ExitCode, Interrupted
from kazoo_sup.results import OK, BulkReport, Listing

WATCHED = (output.__file__, listings.__file__, os.path.dirname(yaml.__file__))  # noqa: PTH120 - as file names begin
READ = {"json": json.loads, "yaml": yaml.safe_load}


@pytest.fixture(autouse=True)
def taken():
    """Ctrl-C as the program takes it."""
    before = signal.getsignal(signal.SIGINT)
    concurrency.take(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def reports():
    for number in range(5):
        yield Report("db", f"{number}", "created", None, {"_id": f"{number}", "_rev": "1-x", "text": "a: b\n- c"})


def run(output_format, at=-1):
    """Render a run's reports and its answer, and its end where it is interrupted; return what was printed."""
    show = renderer(output_format, "module function", [])
    outcome = Listing(("a",), [{"a": 1}, {"a": None}], ["one", "two"], term=OK, report=BulkReport({"created": 5}))
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


def test_what_is_held_ends_when_it_is_done_though_another_thread_takes_the_signal():
    """Whatever the main thread masks, its handlers run when a thread beside it gets the signal."""
    taking, over = threading.Event(), threading.Event()

    def take():
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        taking.set()
        over.wait()

    beside = threading.Thread(target=take)
    done = []

    def work():
        with concurrency.held():
            beside.start()
            taking.wait()
            done.extend(range(1000))  # steps between which the handler would run
            done.append("whole")

    try:
        with pytest.raises(KeyboardInterrupt):
            work()
    finally:
        over.set()
        beside.join()
    assert done[-1] == "whole"


def test_what_is_held_within_what_is_held_waits_for_the_outer_one():
    done = []

    def work():
        with concurrency.held():
            with concurrency.held():
                signal.raise_signal(signal.SIGINT)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["whole"]
    with concurrency.held():
        done.append("nothing waits any more")


@pytest.mark.parametrize("output_format", [*READ, "ndjson"])
def test_of_a_whole_run_there_is_one_envelope_or_none(output_format, sup):
    watched = (app.__file__, output.__file__, run_record.__file__)

    def printed(at=-1):
        watch = Interrupter(*watched, at=at)
        try:
            with watch:
                return watch, sup("-f", output_format, "history", "list").stdout
        except KeyboardInterrupt:
            return watch, ""

    watch, _text = printed()
    for at in range(1, watch.seen):
        _watch, text = printed(at)
        if output_format == "yaml":
            shown = list(yaml.safe_load_all(text))
        else:
            shown = [json.loads(each) for each in ([text] if output_format == "json" and text else text.splitlines())]
        assert len(shown) <= 1, text
        assert all("exit_code" in each or "error" in each for each in shown), text


def test_who_ends_it_while_yaml_is_imported_is_told_so_in_yaml(environment, tmp_path):
    # As sup begins: Ctrl-C comes in the middle of the import.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'yaml.cyaml' and self in sys.meta_path:\n"
        "            sys.meta_path.remove(self)\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupts())\n",
        encoding="utf-8",
    )
    settings = tmp_path / "sup.yaml"
    settings.write_text("zones: {east: {}}\n", encoding="utf-8")
    settings.chmod(0o600)
    given = {**environment, "PYTHONPATH": str(tmp_path), "SUP_CONFIG": str(settings)}
    command = [real_servers.SUP, "config", "show", "-f", "yaml"]
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (ExitCode.INTERRUPTED, "sup: interrupted\n")
    assert yaml.safe_load(done.stdout)["exit_code"] == ExitCode.INTERRUPTED

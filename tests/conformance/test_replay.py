"""Recorded runs of Kazoo's own `sup`, replayed against ours, where they stand beside the checkout.

A run that ends otherwise on purpose is named in docs/explanation/compatibility.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from pathlib import Path

import pytest

from helpers import lab_server, real_servers
from helpers.real_servers import SUP
from kazoo_sup.cli import catalogue

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = Path(os.environ.get("SUP_CONFORMANCE_DIR") or ROOT.parent / "shared" / "conformance")
SHARES = 3
"""How many runs are replayed side by side: most of the time they wait for one another's servers."""

SECONDS = 3600
"""How long the replay may take, on a machine that has much else to do."""

pytestmark = pytest.mark.integration


def function(argv: list[str]) -> tuple[str, str]:
    """Return module and function of a recorded command line, of which only `-n NODE` comes before them."""
    words = argv[2:] if argv[0] == "-n" else argv
    return words[0], words[1]


def scenarios() -> list[str]:
    """Return the names of the recorded runs of functions that we have."""
    ours = {(each.module, each.name) for each in catalogue.commands()}
    files = sorted((RECORDINGS / "scenarios").glob("*.json"))
    return [file.stem for file in files if function(json.loads(file.read_text())["argv"]) in ours]


@pytest.fixture
def places(request, tmp_path, lab_cache):
    """Give a CouchDB and a broker for each share of the recorded runs, as each wants both for itself alone.

    Servers that the environment names are one place.
    """
    if "SUP_TEST_COUCHDB_URL" in os.environ or "SUP_TEST_AMQP_URL" in os.environ:
        yield [(request.getfixturevalue("couchdb_url"), request.getfixturevalue("amqp_url"))]
        return
    broker = request.getfixturevalue("rabbitmq")
    with contextlib.ExitStack() as ends:
        found = []
        for share in range(SHARES):
            directory = tmp_path / f"lab{share}"
            directory.mkdir()
            lab = lab_server.Lab(directory, lab_cache)
            ends.callback(lab.stop)
            found.append((lab.url, broker.virtual_host(f"share{share}")))
        yield found


@pytest.mark.timeout(2 * SECONDS)
def test_recorded_runs_end_alike(places, environment, tmp_path):
    if not (RECORDINGS / "replay.py").exists():
        pytest.skip(f"there are no recorded runs in {RECORDINGS}")
    names = scenarios()
    assert names
    differing = set(re.findall(r"`(\d+\w*?_[\w.]+)`", (ROOT / "docs/explanation/compatibility.md").read_text()))
    results = {}
    with contextlib.ExitStack() as ends:
        running = []
        for number, (couchdb, amqp) in enumerate(places):
            report = tmp_path / f"report{number}.json"
            command = [
                sys.executable,
                str(RECORDINGS / "replay.py"),
                "--sup",
                SUP,
                "--couchdb",
                couchdb,
                "--amqp",
                amqp,
            ]
            command += ["--json", str(report), *names[number :: len(places)]]
            output = (tmp_path / f"output{number}").open("w+", encoding="utf-8")
            ends.enter_context(output)
            started = ends.enter_context(real_servers.running(command, env=environment, stdout=output, stderr=output))
            running.append((started, report, output))
        for started, report, output in running:
            started.wait(SECONDS)
            output.seek(0)
            assert report.exists(), output.read()
            results |= json.loads(report.read_text())
    assert results.keys() == set(names)
    failed = {name: result for name, result in results.items() if not all(result["facets"].values())}
    unexplained = {name: failed[name] for name in failed.keys() - differing}
    assert not unexplained, json.dumps(unexplained, indent=1)[:8000]

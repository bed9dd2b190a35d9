"""Recorded runs of Kazoo's own `sup`, replayed against ours, where they stand beside the checkout.

A run that ends otherwise on purpose is named in docs/compatibility.md.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from servers import SUP

from kazoo_sup import catalogue

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = Path(os.environ.get("SUP_CONFORMANCE_DIR") or ROOT.parent / "shared" / "conformance")
SECONDS = 900

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


def test_recorded_runs_end_alike(couchdb_url, amqp_url, environment, tmp_path):
    if not (RECORDINGS / "replay.py").exists():
        pytest.skip(f"there are no recorded runs in {RECORDINGS}")
    names = scenarios()
    assert names
    differing = set(re.findall(r"`(\d+\w*?_[\w.]+)`", (ROOT / "docs" / "compatibility.md").read_text()))
    report = tmp_path / "report.json"
    servers = ["--sup", SUP, "--couchdb", couchdb_url, "--amqp", amqp_url]
    command = [sys.executable, str(RECORDINGS / "replay.py"), *servers, "--json", str(report), *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert report.exists(), done.stdout + done.stderr
    results = json.loads(report.read_text())
    failed = {name: result for name, result in results.items() if not all(result["facets"].values())}
    unexplained = {name: failed[name] for name in failed.keys() & set(names) - differing}
    assert not unexplained, json.dumps(unexplained, indent=1)[:8000]

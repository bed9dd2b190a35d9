"""The demonstration is what a newcomer runs first."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from helpers.lab_server import link_packages
from helpers.real_servers import free_port

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 600

pytestmark = pytest.mark.integration


@pytest.fixture
def demo(environment, sup, lab_cache):
    """Return a function that runs the demonstration in a home of its own and gives its transcript."""
    lab = Path(environment["XDG_DATA_HOME"]) / "kazoo-sup" / "lab"
    lab.mkdir(parents=True)
    link_packages(lab, lab_cache)
    port = str(free_port())

    def run():
        # Settings for a cluster that must not be touched.
        elsewhere = {"SUP_COUCHDB_URL": "http://127.0.0.1:1", "SUP_ZONE": "west"}
        done = subprocess.run(
            [ROOT / "scripts" / "demo.sh", port],
            env={**environment, **elsewhere},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    yield run
    assert sup("lab", "stop").code == 0


def test_it_does_the_main_job_and_leaves_the_lab_running(demo, sup):
    first = demo()
    assert '"counts": {"unchanged": 5, "created": 1}' in first
    assert '+      "knm_telnyx"' in first
    assert first.count("doc_created  numbers%2Fmanaged") == 6
    assert "\033" not in first
    # What it says beside the answers stands in none of them.
    envelope = first[first.index('{\n "sup": 1,') :]
    assert json.JSONDecoder().raw_decode(envelope)[0]["exit_code"] == 0
    modules = sup("kapps_config", "get", "number_manager", "carrier_modules")
    assert modules.stdout == '[<<"knm_local">>,<<"knm_inventory">>,<<"knm_managed">>,<<"knm_telnyx">>]\n'
    assert '"counts": {"unchanged": 6}' in demo()


def test_it_says_what_its_first_start_takes_and_how_to_get_rid_of_it(demo, environment):
    lab = Path(environment["XDG_DATA_HOME"]) / "kazoo-sup" / "lab"
    installed = demo()
    assert "The first start fetches" not in installed
    assert "sup lab remove" in installed
    (lab / "node_modules").unlink()
    said = subprocess.run(
        [ROOT / "scripts" / "demo.sh", "0"],  # a port that is refused, so that nothing is fetched
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert "The first start fetches its packages from npm" in said.stdout

"""The demonstration is what a newcomer runs first."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from servers import free_port, link_packages

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 300

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
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    yield run
    assert sup("lab", "stop").code == 0


def test_it_does_the_main_job_and_leaves_the_lab_running(demo, sup):
    first = demo()
    assert '"counts": {"unchanged": 5, "created": 1}' in first
    assert '+      "knm_telnyx"' in first
    assert first.count("doc_created  numbers%2Fmanaged") == 6
    assert "\033" not in first
    modules = sup("kapps_config", "get", "number_manager", "carrier_modules")
    assert modules.stdout == '[<<"knm_local">>,<<"knm_inventory">>,<<"knm_managed">>,<<"knm_telnyx">>]\n'
    assert '"counts": {"unchanged": 6}' in demo()

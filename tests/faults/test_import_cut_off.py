"""Imports of prompts and moves of faxes that are cut off: a second run completes them."""

from __future__ import annotations

import base64
import signal
import subprocess

import pytest
import requests

from helpers.real_servers import SUP, until
from helpers.tcp_proxy import TcpProxy
from kazoo_sup.lab.seed import ACCOUNT

pytestmark = pytest.mark.integration

QUANTITY = 200
IMPORT = ("kazoo_media_maintenance", "import_prompts")
FAXES = ("fax_maintenance", "migrate_outbound_faxes")
TIMEOUT = 600

HALFWAY = 100_000
"""Octets of requests after which an import has come to about its seventieth prompt, and a move to its fortieth fax."""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "prompts"
    made.mkdir()
    for place in range(QUANTITY):
        (made / f"prompt-{place:03}.wav").write_bytes(b"RIFF%d" % place)
    return str(made)


@pytest.fixture
def faxes(cluster):
    content = base64.b64encode(b"II*").decode()
    stored = [
        {
            "_id": f"fax-{place:03}",
            "pvt_type": "fax",
            "pvt_job_status": "completed",
            "pvt_account_id": ACCOUNT,
            "pvt_created": 63_900_000_000,
            "_attachments": {"a.tiff": {"content_type": "image/tiff", "data": content}},
        }
        for place in range(QUANTITY // 2)
    ]
    requests.put(f"{cluster}/faxes", timeout=TIMEOUT)
    requests.post(f"{cluster}/faxes/_bulk_docs", json={"docs": stored}, timeout=TIMEOUT).raise_for_status()
    return [each["_id"] for each in stored]


def audio(cluster, database, *, below):
    """Return the length of each document's attachment, None where there is none."""
    url = f"{cluster}/{database}/_all_docs"
    bounds = {"include_docs": "true", "startkey": f'"{below}"', "endkey": f'"{below}\ufff0"'}
    rows = requests.get(url, params=bounds, timeout=TIMEOUT).json()["rows"]
    return {row["id"]: [stub["length"] for stub in row["doc"].get("_attachments", {}).values()] for row in rows}


def cut_off(environment, cluster, words, told, sent):
    """Start a run and end it halfway, when it has TOLD of something."""
    with TcpProxy.before(cluster) as proxy:
        proxy.freeze_after(HALFWAY)
        env = {**environment, "SUP_COUCHDB_URL": proxy.url(cluster), "SUP_AMQP_URL": "", "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen([SUP, *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while told not in process.stdout.readline():
            assert process.poll() is None
        until(lambda: proxy.frozen, "the run to be stuck")
        process.send_signal(sent)
        proxy.thaw()
        _rest, errors = process.communicate(timeout=TIMEOUT)
    assert "Traceback" not in errors
    assert process.returncode != 0


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_import_that_is_cut_off_is_completed_by_the_next(at, cluster, environment, folder, sent):
    cut_off(environment, cluster, (*IMPORT, folder), "en-us/prompt-020", sent)
    assert len(audio(cluster, "system_media", below="en-us/")) < QUANTITY
    finished = at(*IMPORT, folder)
    assert finished.code == 0, finished.stderr
    found = audio(cluster, "system_media", below="en-us/")
    assert found == {f"en-us/prompt-{place:03}": [len(b"RIFF%d" % place)] for place in range(QUANTITY)}


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_move_that_is_cut_off_loses_no_fax(at, cluster, environment, faxes, sent):
    cut_off(environment, cluster, FAXES, "fax-010 moved", sent)
    finished = at(*FAXES)
    assert finished.code == 0, finished.stderr
    month = f"account%2F{ACCOUNT[:2]}%2F{ACCOUNT[2:4]}%2F{ACCOUNT[4:]}-202411"
    assert audio(cluster, month, below="202411-fax") == {f"202411-{name}": [3] for name in faxes}
    assert audio(cluster, "faxes", below="fax-") == {}


def test_a_pipe_that_closes_ends_the_run_without_a_word(cluster, environment, folder):
    with TcpProxy.before(cluster) as proxy:
        proxy.freeze_after(HALFWAY)
        env = {**environment, "SUP_COUCHDB_URL": proxy.url(cluster), "SUP_AMQP_URL": ""}
        with subprocess.Popen(
            [SUP, *IMPORT, folder], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            process.stdout.readline()
            until(lambda: proxy.frozen, "the run to be stuck")
            process.stdout.close()
            proxy.thaw()
            errors = process.stderr.read()
            assert process.wait(TIMEOUT) == 141
    assert errors.replace("\n", "") == "" or "change event" in errors

"""Repairs of numbers that are cut off: a second run completes them, and what was printed until then was done."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest
import requests

from helpers.real_servers import SUP, until
from helpers.tcp_proxy import TcpProxy
from kazoo_sup.lab.seed import ACCOUNT
from kazoo_sup.messages.names import account_database

pytestmark = pytest.mark.integration

QUANTITY = 6_000
COPY = ("kazoo_number_manager_maintenance", "copy_number_dbs_to_accounts", '["+1415"]')
NUMBERS_DB = "numbers%2F%2B1415"
TIMEOUT = 600

SECOND_PAGE = 300_000
"""Octets of requests after which a run has saved the first page of numbers, and some of the second."""


def documents(quantity):
    return [
        {"_id": f"+1415{place:07}", "pvt_type": "number", "pvt_state": "in_service", "pvt_assigned_to": ACCOUNT}
        for place in range(quantity)
    ]


def copied(cluster):
    """Return the copies that the account has, without their revisions."""
    database = f"{cluster}/{account_database(ACCOUNT)}/_all_docs"
    bounds = {"startkey": '"+1415"', "endkey": '"+1416"', "include_docs": "true"}
    rows = requests.get(database, params=bounds, timeout=TIMEOUT).json()["rows"]
    return [{key: value for key, value in row["doc"].items() if key != "_rev"} for row in rows]


@pytest.fixture
def numbers(cluster):
    """Put numbers that are assigned to the account into their number database, and nowhere else."""
    requests.put(f"{cluster}/{NUMBERS_DB}", timeout=TIMEOUT)
    found = documents(QUANTITY)
    body = {"docs": found}
    requests.post(f"{cluster}/{NUMBERS_DB}/_bulk_docs", json=body, timeout=TIMEOUT).raise_for_status()
    return found


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_cut_off_is_completed_by_the_next(at, cluster, environment, numbers, sent):
    with TcpProxy.before(cluster) as proxy:
        proxy.freeze_after(SECOND_PAGE)
        env = {**environment, "SUP_COUCHDB_URL": proxy.url(cluster), "SUP_AMQP_URL": "", "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen([SUP, *COPY], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while "loop 2" not in process.stdout.readline():
            assert process.poll() is None
        until(lambda: proxy.frozen, "the run to be stuck")
        process.send_signal(sent)
        proxy.thaw()
        _rest, errors = process.communicate(timeout=TIMEOUT)
    assert "Traceback" not in errors
    assert process.returncode != 0
    assert copied(cluster)[:2000] == numbers[:2000]
    finished = at(*COPY)
    assert finished.code == 0, finished.stderr
    assert copied(cluster) == numbers


def test_a_pipe_that_closes_ends_the_run_without_a_word(cluster, environment, numbers):
    with TcpProxy.before(cluster) as proxy:
        proxy.freeze_after(SECOND_PAGE)
        env = {**environment, "SUP_COUCHDB_URL": proxy.url(cluster), "SUP_AMQP_URL": ""}
        with subprocess.Popen(
            [SUP, *COPY], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            process.stdout.readline()
            until(lambda: proxy.frozen, "the run to be stuck")
            process.stdout.close()
            proxy.thaw()
            errors = process.stderr.read()
            assert process.wait(TIMEOUT) == 141
    assert errors.replace("\n", "") == "" or "change event" in errors


class TestRuns:
    def test_a_dry_run_shows_each_copy_and_makes_none(self, at, cluster, numbers):
        at("kazoo_number_manager_maintenance", "refresh_numbers_db", "+1415")  # a dry run installs no views
        finished = at("-f", "json", "--dry-run", *COPY)
        assert finished.code == 0, finished.stderr
        planned = [each for each in json.loads(finished.stdout)["changes"] if each.get("planned")]
        assert {each["id"] for each in planned} == {each["_id"] for each in numbers}
        assert copied(cluster) == []

    def test_an_account_that_is_gone_is_named_and_the_run_ends_partly_done(self, at, cluster):
        gone = "f" * 32
        requests.put(f"{cluster}/{NUMBERS_DB}", timeout=TIMEOUT)
        for number, account in (("+14155550100", gone), ("+14155550101", ACCOUNT)):
            document = {"pvt_type": "number", "pvt_assigned_to": account}
            url = f"{cluster}/{NUMBERS_DB}/{number.replace('+', '%2B')}"
            requests.put(url, json=document, timeout=TIMEOUT).raise_for_status()
        finished = at(*COPY)
        assert finished.code == 5
        assert "+14155550100" in finished.stderr
        assert "save_docs-db_not_found" in finished.stdout
        assert [each["_id"] for each in copied(cluster)] == ["+14155550101"]

    @pytest.mark.parametrize(
        "words",
        [
            ("copy_number_dbs_to_accounts", "[1]"),
            ("copy_number_dbs_to_accounts", "+1415"),
            ("copy_accounts_to_number_dbs", '["nobody"]'),
            ("fix_numbers", ACCOUNT, '["x"]'),
            ("fix_number", "nobody", "+14155550100"),
            ("purge_deleted", "everything"),
            ("generate_js_classifiers", "[1]"),
        ],
    )
    def test_bad_words_are_refused_before_anything_is_done(self, at, words):
        finished = at("kazoo_number_manager_maintenance", *words)
        assert finished.code == 1
        assert finished.stdout == ""
        assert finished.stderr.count("\n") == 1

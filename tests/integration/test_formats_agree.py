"""Whatever the format, a command ends with the same exit code and has the same rows."""

from __future__ import annotations

import csv
import io
import json

import pytest
import yaml

from helpers import small_cluster
from kazoo_sup.cli import catalogue

pytestmark = pytest.mark.integration

FORMATS = ("text", "table", "json", "yaml", "csv", "ndjson")

# They wait for what no test has, or look at this machine.
ELSEWHERE = {"amqp", "freeswitch", "kazoo_proper_maintenance", "lab"}
COMMANDS = [each for each in catalogue.commands() if each.module not in ELSEWHERE][::5]
LISTINGS = [
    ["couchdb", "databases"],
    ["config", "show"],
    ["number", "dump"],
    ["number", "list", small_cluster.CHILD],
    ["knm_carriers", "list"],
    ["kazoo_ips_maintenance", "summary"],
    ["stepswitch_maintenance", "resources"],
    ["tasks_maintenance", "tasks"],
]


@pytest.fixture
def answered(at, cluster):
    """Return a function that gives what each format has of a command, on a cluster with a document of every kind."""
    documents = small_cluster.documents()
    small_cluster.store(cluster, {name: small_cluster.designs(name) + found for name, found in documents.items()})

    def run(words):
        return {name: at("--dry-run", "--yes", "-t", "30", "-f", name, *words) for name in FORMATS}

    return run


def test_exit_codes_are_the_same_and_what_is_printed_can_be_read(answered):
    for command in COMMANDS:
        words = small_cluster.words_for(command, optional=False)
        done = answered(words)
        assert len({each.code for each in done.values()}) == 1, (words, done)
        envelope = json.loads(done["json"].stdout)
        assert envelope["exit_code"] == yaml.safe_load(done["yaml"].stdout)["exit_code"] == done["json"].code
        assert all(map(json.loads, done["ndjson"].stdout.splitlines()))
        assert "defect" not in done["text"].stderr


@pytest.mark.parametrize("words", LISTINGS, ids=" ".join)
def test_rows_are_the_same(answered, words):
    done = answered(words)
    envelope = json.loads(done["json"].stdout)
    rows = envelope.get("rows") or envelope["result"]
    columns, *cells = csv.reader(io.StringIO(done["csv"].stdout))
    assert len(cells) == len(rows) > 0
    assert all(len(each) == len(columns) for each in cells)
    assert set(columns) <= {name for row in rows for name in row}
    if "rows" in envelope:
        assert yaml.safe_load(done["yaml"].stdout)["rows"] == rows
        assert list(map(json.loads, done["ndjson"].stdout.splitlines())) == rows

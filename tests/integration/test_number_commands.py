"""`sup number` end to end: a file of numbers is imported, moved, listed and released against a real server."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import quote

import pytest
import requests

from kazoo_sup.lab.seed import ACCOUNT, ACCOUNT_DATABASE
from kazoo_sup.messages.names import plain

pytestmark = pytest.mark.integration

MAINTENANCE = "kazoo_number_manager_maintenance"
QUANTITY = 1200  # more than one batch
FIRST, LAST = "+14155550000", f"+1415555{QUANTITY - 1:04}"
TIMEOUT = 600


@pytest.fixture
def ids(cluster):
    """Give a function that returns the numbers of a database."""

    def get(database):
        answer = requests.get(f"{cluster}/{quote(plain(database), safe='')}/_all_docs", timeout=TIMEOUT).json()
        return {row["id"] for row in answer.get("rows", []) if row["id"].startswith("+")}

    return get


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "numbers.csv"
    rows = [f"+1415555{each:04},lab.example.com,inventory,{each}" for each in range(QUANTITY)]
    rows[7] = "+1415,lab.example.com,inventory,"
    rows[9] = "+14155550009,nobody.example.com,inventory,"
    path.write_text("\n".join(["e164,account_id,carrier_module,opaque.row", *rows]))
    return str(path)


def test_a_file_is_imported_but_for_its_bad_lines_and_again_without_a_change(at, file, ids):
    code, out, _err = at("-f", "json", "number", "import", file)
    answer = json.loads(out)
    assert (code, answer["status"]) == (5, "partial")
    assert answer["counts"] == {"created": 2 * (QUANTITY - 2), "failed": 2}
    failed = [change for change in answer["changes"] if change["action"] == "failed"]
    assert [change["message"].partition(":")[0] for change in failed] == ["line 9", "line 11"]
    assert len(ids("numbers/+1415")) == QUANTITY - 2
    assert ids("numbers/+1415") == ids(ACCOUNT_DATABASE)
    again = json.loads(at("-f", "json", "number", "import", file).stdout)
    assert again["counts"] == {"unchanged": QUANTITY - 2, "failed": 2}


def test_a_range_is_created_listed_and_released(at, ids):
    assert at("number", "create", f"{FIRST}..{LAST}", ACCOUNT, "--carrier", "inventory").code == 0
    rows = list(csv.DictReader(io.StringIO(at("number", "list", ACCOUNT).stdout)))
    assert [row["e164"] for row in rows] == [f"+1415555{each:04}" for each in range(QUANTITY)]
    assert {(row["state"], row["account_name"], row["carrier_module"]) for row in rows} == {
        ("in_service", "Lab", "knm_inventory")
    }
    assert len(ids(ACCOUNT_DATABASE)) == QUANTITY
    assert at("number", "release", f"{FIRST}..{LAST}", ACCOUNT).code == 0
    assert ids(ACCOUNT_DATABASE) == set()
    found = at("number", "dump", "--state", "available", "--carrier", "inventory").stdout
    assert len(list(csv.DictReader(io.StringIO(found)))) == QUANTITY


def test_a_dry_run_shows_what_each_number_would_become(at, ids):
    code, out, _err = at("--dry-run", "number", "create", FIRST, ACCOUNT)
    assert code == 0
    assert f"+++ b/numbers%2F%2B1415/{FIRST}" in out
    assert '+  "pvt_state": "in_service",' in out
    assert ids("numbers/+1415") == set()


def test_numbers_come_from_standard_input(sup, cluster):
    env = {"SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": ""}
    assert sup("number", "create", "-", ACCOUNT, env=env, input="4155550100\n4155550101\n").code == 0
    shown = sup("number", "show", "-", env=env, input="4155550100\n4155559999\n")
    assert shown.code == 5
    assert "+14155550100" in shown.stdout
    assert "there is no number +14155559999" in shown.stderr


def test_deleting_asks(at, ids):
    at("number", "create", FIRST, ACCOUNT)
    code, _out, err = at("number", "delete", FIRST)
    assert code == 3
    assert "delete 1 number" in err
    assert at("--yes", "number", "delete", FIRST).code == 0
    assert ids("numbers/+1415") == ids(ACCOUNT_DATABASE) == set()


def test_a_feature_is_set_and_taken_away(at):
    at("number", "create", FIRST, ACCOUNT)
    assert at("number", "set_feature", FIRST, "prepend", '{"enabled":true,"name":"ACME"}').code == 0
    [row] = json.loads(at("-f", "json", "number", "show", FIRST).stdout)["rows"]
    assert row["features"] == "local prepend"
    assert at("number", "set_feature", FIRST, "cnam", '{"display_name":"ACME"}').code == 3
    for feature, value in (("e911", '"x"'), ("prepend", "true"), ("force_outbound", '"yes"'), ("carrier_name", "1")):
        done = at("number", "set_feature", FIRST, feature, value)
        assert (done.code, feature in done.stderr) == (1, True)
    assert at("number", "create", "+14155550177", ACCOUNT, "--public", '{"failover":"+1"}').code == 1
    assert at("number", "remove_feature", FIRST, "prepend").code == 0
    [row] = json.loads(at("-f", "json", "number", "show", FIRST).stdout)["rows"]
    assert row["features"] == "local"


class TestMaintenance:
    def test_features_are_allowed_on_a_number(self, at):
        at("number", "create", FIRST, ACCOUNT)
        code, out, _err = at(MAINTENANCE, "add_denied_feature_on_number", "prepend", "4155550000")
        assert code == 0
        assert out.splitlines()[0] == f"Feature permissions on {FIRST}:"
        assert "prepend" not in at("number", "show", FIRST).stdout

    def test_a_carrier_module_is_converted(self, at):
        at("number", "create", f"{FIRST}..+14155550002", ACCOUNT)
        code, out, _err = at(MAINTENANCE, "convert_carrier_module", "knm_local", "knm_inventory")
        assert code == 0
        assert "3/3" in out
        assert at(MAINTENANCE, "convert_carrier_module", "knm_local", "knm_inventory").stdout.count("/3") == 0

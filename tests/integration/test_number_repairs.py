"""Repairs of numbers through the program and a server, whose own views count what accounts have."""

from __future__ import annotations

import json

import pytest
import requests

from kazoo_sup.lab.seed import ACCOUNT
from kazoo_sup.messages.names import account_database, encoded

pytestmark = pytest.mark.integration

MODULE = "kazoo_number_manager_maintenance"
A, B, C = "+14155550100", "+14155550101", "+14155550102"
OWN = account_database(ACCOUNT)
TIMEOUT = 600


@pytest.fixture
def get(cluster):
    def get(database, identifier):
        found = requests.get(f"{cluster}/{database}/{encoded(identifier)}", timeout=TIMEOUT)
        return found.json() if found.ok else None

    return get


def number(name, **fields):
    return {"_id": name, "pvt_type": "number", "pvt_state": "in_service", "pvt_module_name": "knm_telnyx", **fields}


@pytest.fixture
def account(put):
    """Give the account a callflow, a trunk, numbers in the number database only, and a port request."""
    server = {"enabled": True, "auth": {}, "DIDs": {B: {}}}
    trunk = {"_id": "ts", "pvt_type": "sys_info", "account": {"auth_realm": "r"}, "servers": [server]}
    put(OWN, {"_id": "cf", "pvt_type": "callflow", "numbers": [A]}, trunk)
    put("numbers%2F%2B1415", *(number(each, pvt_assigned_to=ACCOUNT, pvt_features={"cnam": {}}) for each in (A, B)))
    put("numbers%2F%2B1415", number(C, pvt_state="deleted"))
    moved = {"transition": {"new": "submitted"}}
    request = {"_id": "p", "pvt_type": "port_request", "pvt_account_id": ACCOUNT, "pvt_tree": [], "numbers": {"+1": {}}}
    put("port_requests", {**request, "pvt_port_state": "submitted", "pvt_transitions": [moved]})


def test_an_account_is_mended_with_its_services(at, account, get):
    finished = at(MODULE, "fix_account_db_numbers", ACCOUNT)
    assert finished.code == 0, finished.stderr
    for each, application in ((A, "callflow"), (B, "trunkstore")):
        original, copy = get("numbers%2F%2B1415", each), get(OWN, each)
        assert original["pvt_used_by"] == application
        assert {**copy, "_rev": ""} == {**original, "_rev": ""}
    counted = get("services", ACCOUNT)["quantities"]["account"]
    assert counted["number_carriers"] == {"knm_telnyx": 2}
    assert counted["number_services"] == {"cnam": 2}
    assert counted["phone_numbers"] == {"did_us": 2}
    assert counted["port_request"] == {"submitted": 1, "first_submitted": 1}


def test_the_applications_that_use_numbers(at, account):
    for each, application in ((A, '<<"callflow">>'), (B, '<<"trunkstore">>'), (C, "undefined")):
        assert at(MODULE, "app_using", each, ACCOUNT).stdout.splitlines()[-1] == application


def test_numbers_are_counted_and_purged(at, account, get):
    finished = at("-f", "json", MODULE, "carrier_module_usage", "+1415")
    assert json.loads(finished.stdout)["text"][-1] == "    knm_telnyx: 3"
    shown = at("--dry-run", MODULE, "purge_deleted", "+1415")
    assert "+++ /dev/null" in shown.stdout
    assert get("numbers%2F%2B1415", C)
    assert at(MODULE, "purge_deleted", "+1415").code == 0
    assert get("numbers%2F%2B1415", C) is None
    assert get("numbers%2F%2B1415", A)


def test_the_view_that_counts_by_class_counts(at, account, cluster):
    at(MODULE, "fix_account_db_numbers", ACCOUNT)
    assert at(MODULE, "update_number_services_view", ACCOUNT).code == 0
    address = f"{cluster}/{OWN}/_design/numbers/_view/reconcile_services"
    (row,) = requests.get(address, timeout=TIMEOUT).json()["rows"]
    assert row["value"] == {"classifications": {"did_us": {"knm_telnyx": 2}}, "features": {"cnam": 2}}

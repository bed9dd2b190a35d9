"""`sup kapps_maintenance` end to end, against a real CouchDB and a real broker."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
import requests

from kazoo_sup.lab.seed import ACCOUNT, ACCOUNT_DATABASE
from kazoo_sup.messages.names import account_database, plain

pytestmark = pytest.mark.integration

MODULE = "kapps_maintenance"
TIMEOUT = 600
OTHERS = [f"{'a1' * 12}{number:08x}" for number in range(7)]


@pytest.fixture
def couch(cluster):
    """Give a function that asks CouchDB: a method, a database, and the rest of a path."""

    def ask(method, database, path="", **more):
        url = f"{cluster}/{quote(plain(database), safe='')}{path}"
        return requests.request(method, url, timeout=TIMEOUT, **more)

    return ask


@pytest.fixture
def accounts(couch):
    """Have some more accounts below the master; one has a device that is known by its IP address."""
    for account in OTHERS:
        database = account_database(account)
        couch("PUT", database).raise_for_status()
        own = {
            "_id": account,
            "pvt_type": "account",
            "pvt_account_id": account,
            "pvt_account_db": database,
            "pvt_tree": [ACCOUNT],
            "realm": f"{account}.example.com",
            "name": account,
        }
        couch("POST", database, json=own).raise_for_status()
        couch("POST", "accounts", json=own).raise_for_status()
    device = {"_id": "phone", "pvt_type": "device", "pvt_account_id": OTHERS[0], "sip": {"ip": "192.0.2.1"}}
    couch("POST", account_database(OTHERS[0]), json=device).raise_for_status()
    return OTHERS


def revisions(couch, database):
    rows = couch("GET", database, "/_all_docs").json()["rows"]
    return {row["id"]: row["value"]["rev"] for row in rows}


def test_every_database_is_refreshed_and_a_second_time_nothing_is_written(at, couch, accounts):
    code, out, err = at(MODULE, "refresh")
    assert code == 0, err
    assert f"ensuring necessary documents from account '{OTHERS[3]}' are in aggregate dbs" in out
    database = account_database(OTHERS[0])
    before = revisions(couch, database)
    assert {"_design/devices", "_design/numbers", "_design/services"} <= before.keys()
    assert "phone" in revisions(couch, "sip_auth")
    assert at(MODULE, "refresh").code == 0
    assert revisions(couch, database) == before
    assert at(MODULE, "refresh", OTHERS[0], "--index").code == 0


def test_a_broken_database_is_reported_and_the_others_are_done(at, couch, accounts):
    wrong = account_database(OTHERS[4])
    definition = couch("GET", wrong, f"/{OTHERS[4]}").json()
    couch("PUT", wrong, f"/{OTHERS[4]}", json={**definition, "pvt_type": "user"}).raise_for_status()
    code, out, err = at(MODULE, "ensure_aggregate_accounts")
    assert code == 5
    assert "1 of 8 databases failed" in err
    assert out.count("aggregating accounts") == len(accounts) + 1
    definition = couch("GET", wrong, f"/{OTHERS[4]}").json()
    couch("PUT", wrong, f"/{OTHERS[4]}", json={**definition, "pvt_type": "account"}).raise_for_status()
    code, out, _err = at(MODULE, "ensure_aggregate_accounts", "--from", OTHERS[4])
    assert code == 0
    assert out.count("aggregating accounts") == 3


def test_a_database_is_rebuilt_only_when_told_and_comes_back_from_its_copy(at, couch, tmp_path):
    couch("POST", "faxes", json={"_id": "one"}).raise_for_status()
    code, _out, err = at(MODULE, "rebuild_db", "faxes", "0")
    assert code == 3
    assert "--yes" in err
    assert "one" in revisions(couch, "faxes")
    assert at(MODULE, "rebuild_db", "faxes", "0", "--yes", "--to", str(tmp_path / "copy")).code == 0
    assert "one" not in revisions(couch, "faxes")
    assert at("couchdb", "restore", str(tmp_path / "copy" / "faxes.jsonl"), "--merge", "--yes").code == 0
    assert "one" in revisions(couch, "faxes")


def test_nothing_is_deleted_that_could_not_be_copied(at, couch, tmp_path):
    couch("POST", "faxes", json={"_id": "one"}).raise_for_status()
    (tmp_path / "file").write_text("")
    code, _out, err = at(MODULE, "rebuild_db", "faxes", "0", "--yes", "--to", str(tmp_path / "file" / "copy"))
    assert code == 3
    assert "was not deleted" in err
    assert "one" in revisions(couch, "faxes")


def test_months_without_an_account_go_and_others_stay(at, couch):
    orphan, kept = f"{account_database('b2' * 16)}-202610", f"{ACCOUNT_DATABASE}-202610"
    for database in (orphan, kept):
        couch("PUT", database).raise_for_status()
    assert at(MODULE, "cleanup_orphan_modbs").code == 3
    assert at(MODULE, "cleanup_orphan_modbs", "--dry-run").code == 0
    assert couch("GET", orphan).status_code == 200
    assert at(MODULE, "cleanup_orphan_modbs", "--yes").code == 0
    assert couch("GET", orphan).status_code == 404
    assert couch("GET", kept).status_code == 200


def test_only_documents_of_a_type_are_deleted(at, couch, accounts):
    at(MODULE, "refresh", OTHERS[0])
    code, out, _err = at(MODULE, "purge_doc_type", "device", OTHERS[0])
    assert (code, out) == (0, "ok\n")
    assert "phone" not in revisions(couch, account_database(OTHERS[0]))
    assert OTHERS[0] in revisions(couch, account_database(OTHERS[0]))
    assert at(MODULE, "purge_doc_type", '["a", 1]', OTHERS[0]).code == 1


def test_an_account_is_attached_below_another(at, couch, accounts):
    code, out, _err = at(MODULE, "import_account", OTHERS[1], OTHERS[0])
    assert code == 0
    assert out.startswith(f"importing account '{OTHERS[1]}' under parent '{OTHERS[0]}'\n")
    for database in (account_database(OTHERS[1]), "accounts", "services"):
        assert couch("GET", database, f"/{OTHERS[1]}").json()["pvt_tree"] == [ACCOUNT, OTHERS[0]]


def test_machine_formats_say_what_was_done(at, accounts):
    answer = json.loads(at("-f", "json", MODULE, "ensure_reseller_id_accounts").stdout)
    assert answer["status"] == "ok"
    assert {change["action"] for change in answer["changes"]} <= {"created", "edited", "unchanged"}

"""Resellers, services, months, balances, addresses and rates, end to end against a real server."""

from __future__ import annotations

import json

import pytest

from helpers.plain_couchdb import PlainCouchDB
from kazoo_sup.kazoo.billing import ledgers
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.documents import now
from kazoo_sup.lab.seed import ACCOUNT, ACCOUNT_DATABASE
from kazoo_sup.messages.names import account_database, plain

pytestmark = pytest.mark.integration

CHILD = "b" * 32
TIMEOUT = 600
SERVICES, LEDGERS = "kazoo_services_maintenance", "kazoo_ledgers_maintenance"
IP = "192.0.2.7"


@pytest.fixture
def server(cluster):
    return PlainCouchDB(cluster)


@pytest.fixture
def child(server):
    """An account below the one of the lab, with its services document."""
    definition = {"_id": CHILD, "pvt_type": "account", "pvt_tree": [ACCOUNT], "realm": "child.example.com"}
    server.put(account_database(CHILD), definition)
    server.put("accounts", definition)
    server.put("services", {"_id": CHILD, "pvt_type": "service", "pvt_tree": [ACCOUNT], "quantities": {}})
    return CHILD


def test_an_account_becomes_a_reseller_and_ceases_to_be_one(at, server, child):
    grandchild = "c" * 32
    definition = {"_id": grandchild, "pvt_type": "account", "pvt_tree": [ACCOUNT, child]}
    server.put(account_database(grandchild), definition)
    server.put("accounts", definition)
    code, out, _err = at(SERVICES, "make_reseller", "child.example.com")
    assert (code, out.splitlines()[-1]) == (0, "ok")
    assert f"unable to open services doc {grandchild}: not_found" in out
    assert server.get("services", child)["pvt_reseller"] is True
    assert server.get("accounts", grandchild)["pvt_reseller_id"] == child
    assert at(SERVICES, "demote_reseller", child).code == 0
    assert server.get(account_database(grandchild), grandchild)["pvt_reseller_id"] == ACCOUNT


def test_services_are_counted_from_the_leaves_to_the_root(at, server, child):
    server.put(account_database(child), {"_id": "u", "pvt_type": "user", "priv_level": "admin"})
    code, out, _err = at(SERVICES, "reconcile")
    assert code == 0
    assert "      updated account.users.admin from undefined to 1" in out.splitlines()
    assert server.get("services", ACCOUNT)["quantities"]["cascade"] == {"users": {"admin": 1}}
    assert at(SERVICES, "reconcile", child).stdout == ""


def test_the_services_database_is_rebuilt_when_it_was_confirmed(at, server, child):
    before = server.get("services", child)
    code, _out, err = at(SERVICES, "rebuild_services_db")
    assert code == 3
    assert "--yes" in err
    code, out, _err = at("--yes", SERVICES, "rebuild_services_db")
    assert (code, out.splitlines()[-2:]) == (0, ["rebuild completed successfully", "ok"])
    again = server.get("services", child)
    assert {**again, "_rev": ""} == {**before, "_rev": ""}
    assert at("--yes", SERVICES, "rebuild_services_db").code == 3
    assert at(SERVICES, "attempt_services_recovery").code == 0


def entry(name, service, amount):
    return {
        "_id": name,
        "pvt_type": "ledger",
        "pvt_ledger_type": "credit",
        "amount": amount,
        "source": {"service": service},
        "pvt_created": now(),
    }


def test_balances_are_carried_verified_and_fixed(at, server):
    this = months.this_month()
    last = months.before(this)
    server.put(months.database(ACCOUNT, last), entry(ledgers.rollover_id(last), "rollovers", 7), entry("x", "p", 5))
    assert at(LEDGERS, "rollover_accounts").code == 0
    made = server.get(months.database(ACCOUNT, this), ledgers.rollover_id(this))
    assert (made["amount"], made["pvt_ledger_type"]) == (12, "credit")
    out = at(LEDGERS, "verify_all_rollovers").stdout
    assert f"{months.shown(this)} rollover confirmed" in out
    server.put(months.database(ACCOUNT, last), entry("y", "p", 3))
    assert at(LEDGERS, "fix_rollover", ACCOUNT, this[:4], this[4:]).code == 0
    assert server.get(months.database(ACCOUNT, this), ledgers.rollover_id(this))["amount"] == 15
    assert at(LEDGERS, "current_rollovers").stdout.startswith(f"[0] account {ACCOUNT} has rollover (created ")


def test_old_months_are_archived_with_attachments_and_come_back(at, server, tmp_path):
    old = months.database(ACCOUNT, "202001")
    attached = {"a.txt": {"content_type": "text/plain", "data": "aGVsbG8="}}
    server.put(old, {"_id": "voicemail", "_attachments": attached})
    server.put(months.database(ACCOUNT, months.this_month()), {"_id": "x"})
    code, out, _err = at("kazoo_modb_maintenance", "archive_modbs", "--to", str(tmp_path))
    assert (code, out.splitlines()[-1]) == (0, "archived all MODbs more than 6 months old")
    assert plain(old) not in server.databases()
    assert plain(months.database(ACCOUNT, months.this_month())) in server.databases()
    (file,) = tmp_path.glob("*/*.jsonl")
    assert at("couchdb", "restore", str(file)).code == 0
    assert server.get(old, "voicemail")["_attachments"]["a.txt"]["length"] == len(b"hello")
    assert at("kazoo_modb_maintenance", "delete_modbs", "202001", "false").code == 3
    assert at("-y", "kazoo_modb_maintenance", "delete_modbs", "202001", "false").code == 0
    assert plain(old) not in server.databases()


def test_voicemails_and_call_records_move_into_their_months(at, server):
    when = 63_900_000_000
    month = months.of_time(when)
    attached = {"m.mp3": {"content_type": "audio/mpeg", "data": "aGVsbG8="}}
    code = "function (doc) { if (doc.pvt_type === 'cdr') emit(doc.pvt_created, null); }"
    server.put(
        ACCOUNT_DATABASE,
        {"_id": "_design/cdrs", "language": "javascript", "views": {"crossbar_listing": {"map": code}}},
        {"_id": "box", "pvt_type": "vmbox", "messages": [{"media_id": "m", "timestamp": when}]},
        {"_id": "m", "pvt_type": "private_media", "_attachments": attached},
        {"_id": "c", "pvt_type": "cdr", "pvt_created": when},
    )
    code, out, _err = at("kazoo_modb_migrate_maintenance", "migrate")
    assert code == 0
    assert f"[{ACCOUNT}] voicemail message migration finished, (1/1) messages has been moved" in out
    moved = server.get(months.database(ACCOUNT, month), f"{month}-m")
    assert moved["_attachments"]["m.mp3"]["length"] == len(b"hello")
    assert moved["_attachments"]["m.mp3"]["content_type"] == "audio/mpeg"
    assert server.get(months.database(ACCOUNT, month), f"{month}-c")["pvt_type"] == "cdr"
    assert server.get(ACCOUNT_DATABASE, "m") is None
    assert server.get(ACCOUNT_DATABASE, "box")["messages"] == []


def test_an_address_goes_to_an_account_and_leaves_no_copy(at, server):
    ips = "kazoo_ips_maintenance"
    assert at(ips, "add", IP, "zone", "host").code == 0
    assert at(ips, "assign", IP, ACCOUNT).stdout == f"assigned IP {IP} to {ACCOUNT}\n"
    assert server.get(ACCOUNT_DATABASE, IP)["pvt_assigned_to"] == ACCOUNT
    assert IP in at(ips, "summary", "host").stdout
    assert at(ips, "refresh").code == 0
    assert at(ips, "delete", IP).stdout == f"deleted IP {IP}\n"
    assert server.get(ACCOUNT_DATABASE, IP) is None
    assert at(ips, "add", "not-an-address", "zone", "host").code == 1


def test_rates_for_a_number_are_shown(at, server):
    rate = {"_id": "us", "pvt_type": "rate", "prefix": "1", "rate_name": "us", "routes": ["^\\+1.+$"], "rate_cost": 0.1}
    server.put("ratedeck", rate)
    code, out, _err = at("hotornot_maintenance", "rates_for_did", "4155550100", ACCOUNT)
    assert (code, "* us" in out) == (0, True)
    assert at("hotornot_maintenance", "rates_between", "1", "2").stdout.count("us |") == 1


def test_documents_are_loaded_and_shown(at, server, tmp_path):
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"_id": "x", "n": {"a": 1}}))
    assert at("kazoo_data_maintenance", "load_doc_from_file", ACCOUNT, str(file)).code == 2
    assert server.get(ACCOUNT_DATABASE, "x")["n"] == {"a": 1}
    shown = at("kazoo_data_maintenance", "open_document", ACCOUNT, "x", "true").stdout
    assert json.loads(shown)["n"] == {"a": 1}
    assert at("kazoo_data_maintenance", "open_document", "nowhere", "x").stdout == "ERROR: not_found\n"
    assert at("kazoo_data_maintenance", "trace_module", "x").code == 3

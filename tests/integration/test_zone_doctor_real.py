"""`sup zone doctor` on a CouchDB as a fresh lab's, with things that break zones."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
import requests

from helpers.esl_server import EslServer, gateway
from helpers.real_servers import START_SECONDS, free_port

pytestmark = pytest.mark.integration

CHECKS = {"clocks", "cookie", "names", "access lists", "gateways", "databases", "carriers", "outbox", "certificates"}


@pytest.fixture
def findings(at):
    """A function that returns the doctor's findings of one CHECK, by their subjects, or of all."""

    def found(check=None, **more):
        done = at("zone", "doctor", "-f", "json", **more)
        rows = json.loads(done.stdout)["rows"]
        assert {row["check"] for row in rows} == CHECKS
        return {row["subject"]: row for row in rows if check in (None, row["check"])}

    return found


def test_every_check_says_something_and_nothing_is_changed(at, cluster):
    def everything():
        names = requests.get(f"{cluster}/_all_dbs", timeout=START_SECONDS).json()
        return [
            requests.get(f"{cluster}/{quote(name, safe='')}", timeout=START_SECONDS).json()["doc_count"]
            for name in names
        ]

    before = everything()
    done = at("-f", "json", "zone", "doctor")
    assert {row["check"] for row in json.loads(done.stdout)["rows"]} == CHECKS
    assert everything() == before


def test_databases_and_views_that_are_missing_are_found(cluster, findings):
    before = findings("databases")
    requests.delete(f"{cluster}/webhooks", timeout=START_SECONDS).raise_for_status()
    found = findings("databases")
    assert before["webhooks"]["found"] == "the views of webhooks are missing"
    assert (found["webhooks"]["state"], found["webhooks"]["do"]) == (
        "critical",
        "sup kapps_maintenance refresh webhooks",
    )
    accounts = f"{cluster}/accounts/_design%2Faccounts"
    document = requests.get(accounts, timeout=START_SECONDS)
    if document.ok:
        requests.delete(accounts, params={"rev": document.json()["_rev"]}, timeout=START_SECONDS).raise_for_status()
    assert findings("databases")["accounts"]["found"] == "the views of accounts are missing"


def test_a_carrier_without_credentials_is_found(at, findings):
    done = at("kapps_config", "set_default", "number_manager", "carrier_modules", '["knm_telnyx", "knm_local"]')
    assert done.code == 0
    found = findings("carriers")
    assert list(found) == ["knm_telnyx"]
    assert found["knm_telnyx"]["do"] == "sup knm_telnyx configure, or sup knm_carriers disable knm_telnyx"


def test_events_that_no_broker_took_are_found(at, findings):
    dead = {"SUP_AMQP_URL": f"amqp://127.0.0.1:{free_port()}"}
    assert at("kapps_config", "set_default", "test", "key", "value", env=dead).code == 0
    assert findings("outbox")[""]["do"] == "sup -z local outbox flush"


def test_an_sbc_that_is_allowed_is_enough(at, findings):
    assert findings("access lists")["default"]["state"] == "critical"
    acl = {"type": "allow", "network-list-name": "authoritative", "cidr": "192.0.2.20/32"}
    assert at("kapps_config", "set_json", "ecallmgr", "acls", json.dumps({"proxy1": acl})).code == 0
    assert findings("access lists")[""]["state"] == "ok"


def test_clocks_and_gateways_of_freeswitch_are_looked_at(cluster, sup, tmp_path):
    with EslServer() as fs:
        fs.answers["strepoch"] = "1000000000\n"
        fs.gateways = [gateway("carrier", status="DOWN")]
        fs.paused = {"inbound"}
        file = tmp_path / "sup.yaml"
        server = fs.url.replace("//", "//:ClueCon@")
        file.write_text(f"zones: {{east: {{couchdb: '{cluster}', amqp: [], freeswitch: {{fs1: '{server}'}}}}}}")
        file.chmod(0o600)
        done = sup("zone", "doctor", "--config", str(file), "-f", "json")
    found = {(row["check"], row["subject"]): row for row in json.loads(done.stdout)["rows"]}
    assert found["clocks", "freeswitch fs1"]["state"] == "critical"
    assert found["gateways", "gateways fs1"]["state"] == "critical"
    assert found["gateways", "freeswitch fs1"]["state"] == "warning"
    assert done.code == 3


def test_what_cannot_be_had_is_unknown_check_by_check(at):
    done = at("zone", "doctor", "-f", "json", env={"SUP_COUCHDB_URL": f"http://127.0.0.1:{free_port()}"})
    states = {row["check"]: row["state"] for row in json.loads(done.stdout)["rows"]}
    assert {check for check, state in states.items() if state == "unknown"} == {
        "clocks",
        "access lists",
        "gateways",
        "databases",
        "carriers",
        "outbox",
    }
    assert states["certificates"] == "ok"

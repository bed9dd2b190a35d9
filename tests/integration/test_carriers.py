"""The carriers' commands, end to end: the real program, a real CouchDB, carriers that answer as the real ones do."""

from __future__ import annotations

import json

import pytest
import requests

from helpers.carrier_servers import Bandwidth2Server, PhonebookServer, TelnyxServer, VitelityServer
from helpers.fault_server import stores_then_says
from helpers.porting_servers import BandwidthPorts
from kazoo_sup.lab.seed import ACCOUNT

pytestmark = pytest.mark.integration

NUMBER = "+14155550123"
TIMEOUT = 600


@pytest.fixture
def telnyx(at):
    """A Telnyx that the cluster is configured for, through the program."""
    with TelnyxServer() as server:
        server.offered = [NUMBER, "+14155550199"]
        words = ("api_key=-", "connection_id=77", f"api_url={server.url}")
        done = at("knm_telnyx", "configure", *words, "--verify", input="s3cret\n")
        assert done.code == 0
        assert "s3cret" not in done.stdout + done.stderr
        yield server


def test_configuring_keeps_secrets_off_the_command_line_and_the_screen(at, telnyx, stored):
    default = stored("system_config", "number_manager.telnyx")["default"]
    assert default == {"api_key": "s3cret", "connection_id": "77", "api_url": telnyx.url}
    shown = at("-f", "json", "knm_carriers", "info", "telnyx").stdout
    assert "s3cret" not in shown
    assert {row["key"]: row["value"] for row in json.loads(shown)["rows"]}["api_key"] == "****"
    planned = at("-f", "json", "--dry-run", "knm_telnyx", "configure", "api_key=-", input="n3w\n")
    assert planned.code == 0
    assert "n3w" not in planned.stdout + planned.stderr
    refused = at("knm_telnyx", "configure", "api_key=n3w")
    assert refused.code == 1
    assert "n3w" not in refused.stderr


def test_a_wrong_key_is_not_stored(at, telnyx, stored):
    done = at("knm_telnyx", "configure", "api_key=-", "--verify", input="wr0ng\n")
    assert done.code == 3
    assert "refused the credentials" in done.stderr
    assert stored("system_config", "number_manager.telnyx")["default"]["api_key"] == "s3cret"


def test_finding_acquiring_and_giving_back(at, telnyx, stored):
    assert at("knm_carriers", "enable", "knm_telnyx").stdout == '[<<"knm_local">>,<<"knm_telnyx">>]\n'
    found = json.loads(at("-f", "json", "knm_carriers", "find", "415", "5").stdout)
    assert [row["number"] for row in found["rows"]] == [NUMBER, "+14155550199"]
    refused = at("knm_carriers", "acquire", NUMBER, "telnyx")
    assert (refused.code, telnyx.orders) == (3, {})
    assert "--yes" in refused.stderr
    planned = at("--dry-run", "knm_carriers", "acquire", NUMBER, "telnyx")
    assert (planned.code, telnyx.orders) == (0, {})
    assert '+  "pvt_module_name": "knm_telnyx"' in planned.stdout
    assert at("knm_carriers", "acquire", NUMBER, "telnyx", "--yes").code == 0
    number = stored("numbers/+1415", NUMBER)
    assert (number["pvt_state"], number["pvt_carrier_data"]) == ("available", {"order_id": "8181"})
    assert at("knm_carriers", "acquire", NUMBER, "telnyx", "--yes").code == 3
    assert telnyx.orders == {NUMBER: 1}
    assert at("knm_carriers", "disconnect", NUMBER, "--yes").code == 0
    assert telnyx.held == set()
    assert stored("numbers/+1415", NUMBER)["pvt_state"] == "released"


def test_an_unclear_order_is_looked_up_by_the_next_run(at, telnyx, stored):
    telnyx.fails(stores_then_says(502), to="POST /number_orders")
    telnyx.fails(*[stores_then_says(500)] * 20, to="GET /number_orders")
    unknown = at("knm_carriers", "acquire", NUMBER, "telnyx", "--yes")
    assert unknown.code == 3
    assert "whether +14155550123 was ordered is unknown" in unknown.stderr
    assert "https://portal.telnyx.com" in unknown.stderr
    telnyx._faults.clear()
    assert at("knm_carriers", "acquire", NUMBER, "telnyx", "--yes").code == 0
    assert telnyx.orders == {NUMBER: 1}
    assert stored("numbers/+1415", NUMBER)["pvt_state"] == "available"


def test_local_numbers_are_found_beside_a_carrier_that_fails(at, telnyx):
    at("knm_carriers", "acquire", "+14155550111")
    at("knm_carriers", "enable", "telnyx")
    telnyx.fails(*[stores_then_says(500, b"out of order")] * 50)
    done = at("-f", "json", "knm_carriers", "find", "415", "5", ACCOUNT)
    answer = json.loads(done.stdout)
    assert (done.code, answer["status"]) == (5, "error")
    assert [(row["number"], row["module"]) for row in answer["rows"]] == [("+14155550111", "knm_local")]
    assert "out of order" in answer["errors"][0]["message"]


def test_checking_a_phonebook(at):
    with PhonebookServer() as server:
        server.offered = [NUMBER]
        assert at("knm_other", "configure", f"phonebook_url={server.url}").code == 0
        at("knm_carriers", "enable", "other")
        said = json.loads(at("-f", "json", "knm_carriers", "check", NUMBER, "+12125550100").stdout)["result"]
        assert said == {NUMBER: "tn_available", "+12125550100": "error"}


def test_the_sites_and_peers_of_bandwidth(at):
    with Bandwidth2Server() as server:
        words = ("account_id=77", "client_id=ann", "client_secret=-", f"api_url={server.url}")
        assert at("knm_bandwidth2", "configure", *words, input="s3cret\n").code == 0
        assert at("knm_bandwidth2", "sites").stdout == (
            'listing all sites for account "77"\nId: <<"5">> Name: <<"Main">>\nId: <<"8">> Name: <<"Lab">>\ndone.\nok\n'
        )
        assert at("knm_bandwidth2", "peers", "8").stdout == (
            'listing all peers for account "77", site <<"8">>\nId: <<"6">> Name: <<"Edge">>\ndone.\nok\n'
        )


def rows(done):
    return json.loads(done.stdout)["rows"]


def test_orders_numbers_and_reservations_of_telnyx(at, telnyx):
    assert at("knm_carriers", "acquire", NUMBER, "telnyx", "--yes").code == 0
    assert [row["phone_numbers"] for row in rows(at("-f", "json", "knm_telnyx", "orders", "success"))] == [[NUMBER]]
    assert rows(at("-f", "json", "knm_telnyx", "order", "8181"))[0]["status"] == "success"
    planned = at("--dry-run", "knm_telnyx", "number", NUMBER, "connection_id=78")
    assert (planned.code, telnyx.number_settings) == (0, {})
    shown = rows(at("-f", "json", "knm_telnyx", "number", NUMBER, "connection_id=78"))
    assert (shown[0]["phone_number"], shown[0]["connection_id"]) == (NUMBER, "78")
    assert at("knm_telnyx", "reserve", "+14155550199").code == 0
    assert rows(at("-f", "json", "knm_telnyx", "reservations"))[0]["phone_numbers"] == ["+14155550199"]
    assert at("knm_telnyx", "extend", "r1").code == 0
    assert rows(at("-f", "json", "knm_telnyx", "connections"))[0]["connection_name"] == "Edge"
    missing = at("knm_telnyx", "order", "nope")
    assert (missing.code, missing.stdout) == (3, "")
    assert "no order nope" in missing.stderr


def test_costs_of_found_numbers_are_shown(at, telnyx):
    at("knm_carriers", "enable", "telnyx")
    (first, _) = rows(at("-f", "json", "knm_carriers", "find", "415", "5"))
    assert (first["activation_charge"], first["monthly"], first["currency"]) == (1.0, 1.0, "USD")


def test_what_another_carrier_does_not_have_is_asked_of_the_next(at, telnyx):
    with Bandwidth2Server() as server:
        server.offered = ["+14155550177"]
        words = ("account_id=77", "client_id=ann", "client_secret=-", f"api_url={server.url}")
        assert at("knm_bandwidth2", "configure", *words, input="s3cret\n").code == 0
        at("knm_carriers", "enable", "telnyx")
        at("knm_carriers", "enable", "bandwidth2")
        asked = (NUMBER, "+14155550177", "+14155550178")
        said = json.loads(at("-f", "json", "knm_carriers", "check", *asked).stdout)["result"]
        assert list(said.values()) == ["available", "available", "unavailable"]


def test_the_orders_of_bandwidth_and_its_token_out_of_sight(at):
    with Bandwidth2Server() as server:
        server.offered = [NUMBER]
        words = (
            "account_id=77",
            "client_id=ann",
            "client_secret=-",
            "site_id=5",
            "sip_peer=8",
            f"api_url={server.url}",
        )
        assert (
            at("knm_bandwidth2", "configure", *words, f"api_url={server.url}", "--verify", input="s3cret\n").code == 0
        )
        done = at("-v", "knm_carriers", "acquire", NUMBER, "bandwidth2", "--yes")
        assert done.code == 0
        (order,) = rows(at("-f", "json", "knm_bandwidth2", "orders"))
        shown = at("-f", "json", "knm_bandwidth2", "order", order["orderId"])
        assert {row["key"]: row["value"] for row in rows(shown)}["numbers"] == [NUMBER]
        assert server.orders == {NUMBER: 1}
        for token in ("s3cret", *server.tokens):
            assert token not in done.stdout + done.stderr + shown.stdout


def test_the_old_bandwidth_says_where_to_go(at):
    gone = at("knm_bandwidth", "configure", "developer_key=-", "--verify", input="s3cret\n")
    assert gone.code == 3
    assert "use knm_bandwidth2" in gone.stderr
    enabled = at("knm_carriers", "enable", "knm_bandwidth")
    assert enabled.stdout == '[<<"knm_local">>,<<"knm_bandwidth">>]\n'
    assert "knm_bandwidth is deprecated, use knm_bandwidth2" in enabled.stderr
    shown = json.loads(at("-f", "json", "knm_carriers", "info", "knm_bandwidth").stdout)["rows"]
    assert {"key": "note", "value": "deprecated, use knm_bandwidth2"} in [
        {name: row[name] for name in ("key", "value")} for row in shown
    ]
    ordered = at("--yes", "knm_carriers", "acquire", NUMBER, "knm_bandwidth")
    assert f"knm_bandwidth is deprecated, {NUMBER} is acquired from knm_bandwidth2" in ordered.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("knm_carriers", "info", "knm_nobody"),
        ("knm_carriers", "enable", "os"),
        ("knm_carriers", "find", "415", "0"),
        ("knm_carriers", "find", "abc", "5"),
        ("knm_carriers", "find", "20", "5", "--country", "GB"),
        ("knm_carriers", "find", "415", "5", "nobody"),
        ("knm_carriers", "find", "+4420", "5", "--country", "US"),
        ("knm_carriers", "find", "416", "5", "--country", "US"),
        ("knm_carriers", "find", "415", "5", "--country", "XX"),
        ("knm_telnyx", "number", "+14155550100", "name=x"),
        ("knm_telnyx", "number", "+14155550100", "connection_id=1", "connection_id=2"),
        ("knm_telnyx", "orders", "lost"),
        ("knm_bandwidth2", "configure", "api_version=v9"),
        ("knm_carriers", "check"),
        ("knm_carriers", "acquire", "abc"),
        ("knm_telnyx", "configure", "nothing=1"),
    ],
)
def test_words_that_make_no_sense_are_refused_before_anything_is_done(at, words, stored):
    done = at(*words)
    assert done.code == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert stored("system_config", "number_manager.telnyx") is None


def test_verifying_says_what_is_wrong_and_what_helps(at):
    assert at("knm_carriers", "verify").stdout.count("\n") == 2
    lacking = at("-f", "json", "knm_carriers", "verify", "vitelity")
    answer = json.loads(lacking.stdout)
    assert (lacking.code, answer["rows"][0]["state"]) == (2, "warning")
    assert answer["rows"][0]["do"].startswith("sup knm_vitelity configure")
    with VitelityServer() as server:
        words = ("login=ann", "pass=-", "routesip=sip.example.com", f"api_uri={server.url}/api.php")
        assert at("knm_vitelity", "configure", *words, input="s3cret\n").code == 0
        assert at("knm_carriers", "verify", "knm_vitelity").code == 0
        assert at("knm_vitelity", "configure", "pass=-", input="wr0ng\n").code == 0
        refused = at("knm_carriers", "verify", "knm_vitelity")
        assert (refused.code, "invalidauth" in refused.stdout) == (3, True)
        assert "wr0ng" not in refused.stdout + refused.stderr
    everything = at("-f", "json", "knm_carriers", "verify", "--all", "--deadline", "20")
    assert len(json.loads(everything.stdout)["rows"]) >= 26
    assert at("knm_carriers", "verify", "vitelity", "--all").code == 1
    assert at("knm_carriers", "verify", "--deadline", "0").code == 1


def test_ports_beside_their_orders_and_whether_numbers_can_be_ported(at, cluster):
    request = {
        "_id": "a-port",
        "pvt_type": "port_request",
        "pvt_account_id": ACCOUNT,
        "pvt_port_state": "pending",
        "numbers": {NUMBER: {}},
    }
    requests.put(f"{cluster}/port_requests/a-port", json=request, timeout=TIMEOUT).raise_for_status()
    stored = at("number", "port", "status")
    assert (stored.code, stored.stdout.splitlines()[1].split()[:4]) == (0, [NUMBER, ACCOUNT, "a-port", "pending"])
    assert at("number", "port", "check", NUMBER).code == 1
    with BandwidthPorts() as server:
        server.portable, server.ports = {NUMBER: True}, {NUMBER: "COMPLETE"}
        words = (f"{key}={value}" for key, value in server.settings.items() if key != "api_password")
        assert at("knm_bandwidth2", "configure", *words, "api_password=-", input="s3cret\n").code == 0
        answer = json.loads(at("-f", "json", "number", "port", "status", NUMBER).stdout)
        assert answer["rows"][0]["note"] == "the carrier has the number: complete the port request"
        checked = at("number", "port", "check", f"{NUMBER[:-1]}3..{NUMBER[:-1]}4")
        assert (checked.code, "unknown" in checked.stdout, "s3cret" in checked.stderr) == (5, True, False)
        server.fails(*[stores_then_says(503)] * 20)
        down = at("number", "port", "status")
        assert (down.code, "could not be asked" in down.stderr) == (5, True)
    assert at("number", "port", "check").code == 1
    assert at("number", "port", "whither", NUMBER).code == 1

"""The carriers' commands, end to end: the real program, a real CouchDB, carriers that answer as the real ones do."""

from __future__ import annotations

import json

import pytest
from carrier_servers import Bandwidth2Server, PhonebookServer, TelnyxServer
from couch_fault_server import stores_then_says

from kazoo_sup.lab.seed import ACCOUNT

pytestmark = pytest.mark.integration

NUMBER = "+14155550123"
TIMEOUT = 60


@pytest.fixture
def telnyx(at):
    """A Telnyx that the cluster is configured for, through the program."""
    with TelnyxServer() as server:
        server.offered = [NUMBER, "+14155550199"]
        words = ("user=ann", "token=-", f"api_url={server.url}")
        done = at("knm_telnyx", "configure", *words, "--verify", input="s3cret\n")
        assert done.code == 0
        assert "s3cret" not in done.stdout + done.stderr
        yield server


def test_configuring_keeps_secrets_off_the_command_line_and_the_screen(at, telnyx, stored):
    default = stored("system_config", "number_manager.telnyx")["default"]
    assert default == {"user": "ann", "token": "s3cret", "api_url": telnyx.url}
    shown = at("-f", "json", "knm_carriers", "info", "telnyx").stdout
    assert "s3cret" not in shown
    assert {row["key"]: row["value"] for row in json.loads(shown)["rows"]}["token"] == "****"
    planned = at("-f", "json", "--dry-run", "knm_telnyx", "configure", "token=-", input="n3w\n")
    assert planned.code == 0
    assert "n3w" not in planned.stdout + planned.stderr
    refused = at("knm_telnyx", "configure", "token=n3w")
    assert refused.code == 1
    assert "n3w" not in refused.stderr


def test_a_wrong_token_is_not_stored(at, telnyx, stored):
    done = at("knm_telnyx", "configure", "token=-", "--verify", input="wr0ng\n")
    assert done.code == 3
    assert "refused the credentials" in done.stderr
    assert stored("system_config", "number_manager.telnyx")["default"]["token"] == "s3cret"


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
    kept = at("knm_carriers", "disconnect", NUMBER, "--yes")
    assert kept.code == 0
    assert "Telnyx keeps" in kept.stderr


def test_an_unclear_order_is_looked_up_by_the_next_run(at, telnyx, stored):
    telnyx.fails(stores_then_says(502), *[stores_then_says(500)] * 20)
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
        words = ("account_id=77", "api_username=ann", "api_password=-", f"api_url={server.url}")
        assert at("knm_bandwidth2", "configure", *words, input="s3cret\n").code == 0
        assert at("knm_bandwidth2", "sites").stdout == (
            'listing all sites for account "77"\nId: <<"5">> Name: <<"Main">>\nId: <<"8">> Name: <<"Lab">>\ndone.\nok\n'
        )
        assert at("knm_bandwidth2", "peers", "8").stdout == (
            'listing all peers for account "77", site <<"8">>\nId: <<"6">> Name: <<"Edge">>\ndone.\nok\n'
        )


@pytest.mark.parametrize(
    "words",
    [
        ("knm_carriers", "info", "knm_nobody"),
        ("knm_carriers", "enable", "os"),
        ("knm_carriers", "find", "415", "0"),
        ("knm_carriers", "find", "abc", "5"),
        ("knm_carriers", "find", "20", "5", "--country", "GB"),
        ("knm_carriers", "find", "415", "5", "nobody"),
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

"""What `sup zone doctor` advises is typed as it stands, and what it was about is gone after."""

from __future__ import annotations

import json
import re
import shlex

import pytest
import requests

from helpers.carrier_servers import VoipInnovationsServer
from helpers.real_servers import START_SECONDS, free_port

pytestmark = pytest.mark.integration

PROXY = "192.0.2.20"


@pytest.fixture
def zone(cluster, sup, tmp_path):
    """A zone of our own without a broker, with a proxy: `settings` are added to it."""

    class AZone:
        file = tmp_path / "sup.yaml"

        def write(self, **settings):
            zone = {"couchdb": cluster, "amqp": [], "kamailio": {"p1": f"http://{PROXY}:1/RPC"}, **settings}
            self.file.write_text(json.dumps({"zones": {"east": zone, "west": {"couchdb": cluster}}, "zone": "west"}))

        def __call__(self, *words, **more):
            return sup("--config", str(self.file), *words, **more)

        def findings(self, check, **more):
            """Return what is wrong by CHECK: the command lines that help, by subject and finding."""
            done = self("-z", "east", "-f", "json", "zone", "doctor", "--deadline", "30", **more)
            rows = [row for row in json.loads(done.stdout)["rows"] if row["check"] == check and row["state"] != "ok"]
            assert all(row["state"] != "unknown" for row in rows), rows
            return {(row["subject"], row["found"]): re.findall(r"sup ([^;,]+)", row["do"]) for row in rows}

        def cure(self, check, **more):
            """Do what is advised for each finding of CHECK, which is gone then; return what was typed."""
            before = self.findings(check, **more)
            assert before
            typed = [line for lines in before.values() for line in lines]
            for line in typed:
                assert line.startswith("-z east ")
                done = self(*shlex.split(line), **more)
                assert done.code == 0, (line, done)
            assert not self.findings(check, **more)
            return typed

    made = AZone()
    made.write()
    return made


def test_proxies_where_no_sbc_is_allowed(zone):
    assert zone.cure("access lists") == [f"-z east ecallmgr_maintenance allow_sbc p1 {PROXY} true"]


def test_a_proxy_that_is_none_of_the_sbcs_of_all(zone):
    assert zone("-z", "east", "ecallmgr_maintenance", "allow_sbc", "old one", "192.0.2.7", "true").code == 0
    assert zone.cure("access lists") == [f"-z east ecallmgr_maintenance allow_sbc p1 {PROXY} true"]


def test_a_proxy_whose_name_another_address_has(zone):
    assert zone("-z", "east", "ecallmgr_maintenance", "allow_sbc", "p1", "192.0.2.7", "true").code == 0
    assert zone.cure("access lists") == [f"-z east ecallmgr_maintenance allow_sbc p1-{PROXY} {PROXY} true"]


def test_an_ecallmgr_with_entries_of_its_own_and_one_without(zone):
    zone.write(kazoo_nodes=["ecallmgr@own", "ecallmgr@other"])
    node = ["-z", "east", "-n", "ecallmgr@own", "ecallmgr_maintenance"]
    assert zone(*node, "allow_sbc", "elsewhere", "192.0.2.7").code == 0
    assert zone.cure("access lists") == [
        f"-z east -n ecallmgr@own ecallmgr_maintenance allow_sbc p1 {PROXY}",
        f"-z east ecallmgr_maintenance allow_sbc p1 {PROXY} true",
    ]


def test_entries_that_contradict_each_other(zone):
    for words in (["allow_sbc", "p1", "192.0.2.0/24"], ["deny_sbc", "the odd one", "192.0.2.9"]):
        assert zone("-z", "east", "ecallmgr_maintenance", *words, "true").code == 0
    assert zone.cure("access lists") == ["-z east ecallmgr_maintenance remove_acl 'the odd one' true"]


def test_carriers_that_are_none(zone):
    modules = json.dumps(["knm_local", "knm_voxbone", "knm_nonsense", "knm_inum"])
    assert zone("kapps_config", "set_default", "number_manager", "carrier_modules", modules, "--yes").code == 0
    assert len(zone.cure("carriers")) == 3


def test_a_carrier_in_its_sandbox(zone):
    with VoipInnovationsServer() as server:
        words = [f"{key}={value}" for key, value in server.settings.items() if key != "password"]
        configure = (
            "-z",
            "east",
            "knm_voip_innovations",
            "configure",
            *words,
            "sandbox_provisioning=true",
            "password=-",
        )
        assert zone(*configure, input=f"{server.settings['password']}\n").code == 0
        assert zone("-z", "east", "knm_carriers", "enable", "knm_voip_innovations").code == 0
        assert [line.split()[2] for line in zone.cure("carriers")] == ["knm_voip_innovations"]
    assert zone("-z", "east", "knm_carriers", "disable", "knm_voip_innovations").code == 0


def test_databases_and_views_that_are_missing(zone, cluster):
    requests.delete(f"{cluster}/webhooks", timeout=START_SECONDS).raise_for_status()
    first = zone.findings("databases")
    assert "the database is missing" in [found for _, found in first]
    for lines in first.values():
        for line in lines:
            assert zone(*shlex.split(line)).code == 0
    assert not zone.findings("databases")


def test_events_that_wait(zone, amqp_url):
    zone.write(amqp=f"amqp://127.0.0.1:{free_port()}")
    assert zone("-z", "east", "kapps_config", "set_default", "some_app", "key", "value").code == 0
    before = zone.findings("outbox")
    assert list(before.values()) == [["-z east outbox flush"]]
    zone.write(amqp=amqp_url)
    zone.cure("outbox")

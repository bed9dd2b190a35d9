"""`sup stepswitch_maintenance` end to end: numbers and resources of a real CouchDB, reloading over a real broker."""

from __future__ import annotations

import json

import pika
import pytest

from kazoo_sup.lab.seed import ACCOUNT, ACCOUNT_DATABASE

pytestmark = pytest.mark.integration

MODULE = "stepswitch_maintenance"
NUMBER = "+14155550101"
GATEWAY = {"server": "192.0.2.10", "realm": "sip.carrier.example", "username": "us", "password": "hidden"}
RESOURCE = {
    "_id": "carrier",
    "pvt_type": "resource",
    "name": "Carrier",
    "rules": [r"^\+1(\d{10})$"],
    "weight_cost": 5,
    "gateways": [GATEWAY],
}
CHEAPER = {**RESOURCE, "_id": "cheaper", "name": "Cheaper", "weight_cost": 1, "rules": ["^(911)$", "("]}


def test_whose_a_number_is(at, cluster):
    assert at(MODULE, "lookup_number", NUMBER).stdout == "number not found\nok\n"
    assert at("number", "create", NUMBER, ACCOUNT, "--carrier", "inventory").code == 0
    done = at(MODULE, "lookup_number", "(415) 555-0101")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Account-ID         : {ACCOUNT}\nclassification     : did_us\n")
    assert at(MODULE, "number_tree", NUMBER).stdout == f"{NUMBER} tree  Lab({ACCOUNT})\nok\n"
    assert at("number", "release", NUMBER, ACCOUNT).code == 0
    gone = at(MODULE, "lookup_number", NUMBER)
    assert (gone.code, gone.stdout) == (2, "{error,unassigned}\n")
    assert at(MODULE, "number_tree", NUMBER).stdout == f"DID {NUMBER} was not found\nok\n"


def test_a_number_on_its_way_here(at, put):
    port = {"pvt_type": "port_request", "pvt_account_id": ACCOUNT, "pvt_port_state": "submitted"}
    put("port_requests", {"_id": "port", **port, "numbers": {NUMBER: {}}})
    done = at(MODULE, "lookup_number", NUMBER)
    assert done.code == 0
    assert "pending_port       : true\n" in done.stdout


def test_where_a_number_is_sent(at, put):
    put("offnet", RESOURCE, CHEAPER, {**RESOURCE, "_id": "off", "enabled": False}, {"_id": "gone", "pvt_type": "other"})
    done = at("-f", "json", MODULE, "process_number", "4155550199")
    assert [each["Name"] for each in json.loads(done.stdout)["result"]] == ["Carrier"]
    assert "hidden" not in done.stdout
    assert "rules of resource cheaper: '(' is not an expression" in done.stderr
    printed = at(MODULE, "process_number", "911")
    assert printed.stdout.startswith("Route              : sip:911@192.0.2.10\n")
    assert printed.stdout.endswith("\n\nok\n")
    assert at(MODULE, "process_number", "+442071234567").stdout == "ok\n"
    assert at(MODULE, "process_number", " ").code == 1
    listed = at(MODULE, "resources").stdout
    assert listed.index("Cheaper") < listed.index("Carrier")
    assert "hidden" not in listed


def test_an_accounts_own_resources_and_its_addresses(at, put):
    put("offnet", RESOURCE)
    assert at(MODULE, "process_number", "4155550199", ACCOUNT).stdout == "ok\n"
    put(ACCOUNT_DATABASE, {**RESOURCE, "gateways": [{**GATEWAY, "server": "192.0.2.44"}]})
    assigned = {"pvt_type": "dedicated_ip", "pvt_status": "assigned", "pvt_assigned_to": ACCOUNT}
    zones = {"198.51.100.1": "far", "198.51.100.2": "local"}
    put("dedicated_ips", *({"_id": ip, "pvt_zone": name, **assigned} for ip, name in zones.items()))
    done = at("-f", "json", MODULE, "process_number", "4155550199", "lab.example.com")
    (endpoint,) = json.loads(done.stdout)["result"]
    assert (endpoint["Route"], endpoint["Proxy-IP"]) == ("sip:4155550199@192.0.2.44", "198.51.100.2")
    assert "192.0.2.44" not in at(MODULE, "process_number", "4155550199").stdout
    assert at(MODULE, "process_number", "4155550199", "nobody.example.com").code == 1


@pytest.mark.parametrize("thing", ["192.0.2.10", "sip.carrier.example"])
def test_whose_calls_come_from_there(at, put, thing):
    put("offnet", RESOURCE)
    done = at(MODULE, "reverse_lookup", thing)
    assert done.code == 0
    assert done.stdout.startswith("resource_id        : carrier\nglobal             : true\n")
    assert "hidden" not in done.stdout
    assert at(MODULE, "reverse_lookup", "192.0.2.99").stdout == "resource not found\nok\n"
    assert at(MODULE, "reverse_lookup", "lab.example.com").stdout == "resource not found\nok\n"


def test_reloading_reaches_every_node(at, broker):
    with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
        channel = connection.channel()
        channel.exchange_declare("configuration", "topic")
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "configuration", "#")
        env = {"SUP_AMQP_URL": broker.url}
        assert at(MODULE, "reload_resources", env=env).stdout == "ok\n"
        assert at(MODULE, "reload_resources", ACCOUNT, env=env).stdout == "ok\n"
        assert at(MODULE, "flush", env=env).stdout == "ok\n"
        keys = []
        while (frame := channel.basic_get(queue, auto_ack=True))[0] is not None:
            keys.append(frame[0].routing_key.split(".")[:2])
    everything, own = ["db_edited", "offnet"], ["db_edited", ACCOUNT_DATABASE]
    assert keys == [everything, own, everything, own]


def test_what_only_a_node_can_do_is_refused(at):
    done = at(MODULE, "cnam_flush")
    assert (done.code, done.stdout) == (3, "")
    assert "only a node that runs stepswitch can" in done.stderr

"""Documents that are not of the shape Kazoo gives them are named, and no function takes them for its own defect."""

from __future__ import annotations

import io
import random
import signal
import sys
import tempfile

import pytest

from helpers import small_cluster
from helpers.small_cluster import CHILD, MASTER, NUMBER, NUMBERS
from kazoo_sup.cli import app, catalogue

# They wait for what no test has, look at this machine, or are about servers other than CouchDB.
ELSEWHERE = {
    "amqp",
    "config",
    "freeswitch",
    "haproxy",
    "kamailio",
    "kazoo_proper_maintenance",
    "lab",
    "rabbitmq",
    "zone",
}


def every_call():
    for module in catalogue.own_modules():
        if module not in ELSEWHERE:
            for command in catalogue.module(module).functions.values():
                yield small_cluster.words_for(command, optional=False)
                yield small_cluster.words_for(command, optional=True)


CALLS = sorted({tuple(words) for words in every_call()})
PARTS = 4


@pytest.fixture
def answered(cluster, environment, monkeypatch, capsys):
    """Run `sup` in this process, without a broker; return its exit code and what it printed."""
    for name in ("SUP_ZONE", "SUP_CONFIG", "KAZOO_NODE", "KAZOO_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", environment["HOME"])
    monkeypatch.setattr(tempfile, "tempdir", environment["TMPDIR"])
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.setenv("SUP_COUCHDB_URL", cluster)
    monkeypatch.setenv("SUP_AMQP_URL", "")
    monkeypatch.setenv("SUP_HOST", "lab.example.com")
    before = {each: signal.getsignal(each) for each in (signal.SIGHUP, signal.SIGTERM, signal.SIGALRM, signal.SIGINT)}

    def run(*words):
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        code = app.run(["--yes", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    yield run
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.fixture
def filled(cluster):
    """The cluster's URL, with a document of every kind and the views for them."""
    documents = small_cluster.documents()
    small_cluster.store(cluster, {name: small_cluster.designs(name) + found for name, found in documents.items()})
    return cluster


def defects(answered, calls):
    found = {}
    for words in calls:
        _code, _out, told = answered("--dry-run", *words)
        if "defect" in told:
            found[" ".join(words)] = told
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_no_document_is_taken_for_a_defect(answered, filled, part):
    chance = random.Random(part)
    documents = {
        name: [small_cluster.garbled(each, chance, fields=3) for each in found]
        for name, found in small_cluster.documents().items()
        if name != "system_config"
    }
    small_cluster.store(filled, documents)
    assert defects(answered, CALLS[part::PARTS]) == {}


@pytest.mark.parametrize("part", range(PARTS))
def test_no_setting_is_taken_for_a_defect(answered, filled, part):
    chance = random.Random(100 + part)
    documents = []
    for each in small_cluster.configuration():
        section = {key: chance.choice(small_cluster.GARBAGE) for key in each["default"]}
        whole = chance.choice([section, section, chance.choice(small_cluster.GARBAGE)])
        documents.append({"_id": each["_id"], "pvt_type": "config", "default": whole})
    small_cluster.store(filled, {"system_config": documents})
    assert defects(answered, CALLS[part::PARTS]) == {}


def test_a_number_that_cannot_be_read_is_named_and_left_out(answered, filled):
    bad = {"_id": "+14155550103", "pvt_type": "number", "pvt_state": "in_service", "pvt_module_name": {"knm": "local"}}
    small_cluster.store(filled, {NUMBERS: [bad]})
    code, out, told = answered("number", "dump")
    assert NUMBER in out
    assert "+14155550103" not in out
    assert "document +14155550103: pvt_module_name is an object, where text is expected" in told
    assert code == 5


def test_a_setting_of_another_shape_is_named_once_and_left_aside(answered, filled):
    section = {"classifiers": ["did_us"], "e164_converters": "1", "carrier_modules": ["knm_local"]}
    document = {"_id": "number_manager", "pvt_type": "config", "default": section}
    small_cluster.store(filled, {"system_config": [document]})
    _code, _out, told = answered("stepswitch_maintenance", "number_tree", NUMBER)
    assert told.count("system_config/number_manager: e164_converters is text, where an object is expected") == 1


def test_a_section_that_is_no_object_is_named_and_not_written_over(answered, filled, stored):
    small_cluster.store(filled, {"system_config": [{"_id": "metaflows", "pvt_type": "config", "default": ["a", "b"]}]})
    code, _out, told = answered("kapps_config", "set_default", "metaflows", "binding_digit", "#")
    assert (code, "default.binding_digit: a list of 2 has no element" in told) == (3, True), told
    assert stored("system_config", "metaflows")["default"] == ["a", "b"]


def test_an_account_of_which_the_services_are_no_object_does_not_end_the_run(answered, filled):
    services = {"_id": CHILD, "pvt_type": "service", "pvt_tree": [MASTER], "plans": ["gold"], "quantities": "many"}
    small_cluster.store(filled, {"services": [services]})
    code, _out, told = answered("kazoo_services_maintenance", "migrate_services")
    assert f"document {CHILD}: quantities is text, where an object is expected" in told
    assert code in (3, 5)

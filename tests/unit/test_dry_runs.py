"""Every command under --dry-run: no document is saved, no file written, no program started, no message sent."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from itertools import islice

import pytest

from helpers.memory_couchdb import MemoryCouchDB
from helpers.memory_zone import MemoryZone
from kazoo_sup.changes import Report
from kazoo_sup.cli import app, catalogue
from kazoo_sup.cli.render import output
from kazoo_sup.command import bind
from kazoo_sup.errors import Declined, ServerUnreachable, SupError
from kazoo_sup.kazoo.accounts import account_creation
from kazoo_sup.kazoo.accounts.account_documents import Request
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.results import Done, Listing, Live
from kazoo_sup.settings import Server
from kazoo_sup.settings.resources import config_directory

MASTER, SUB = "a" * 32, "b" * 32
NUMBER = "+14155550100"
DEVICE, USER = "d" * 32, "e" * 32

WORDS = {
    "ACCOUNT": SUB,
    "ACCOUNTS": json.dumps([SUB]),
    "ACCOUNT_ID": "c" * 32,
    "AUTH_ACCOUNT": MASTER,
    "TO_ACCOUNT": MASTER,
    "PARENT": MASTER,
    "RESELLER_ID": MASTER,
    "CARRIER": "knm_local",
    "MODULE": "knm_local",
    "SOURCE": "knm_local",
    "TARGET": "knm_bandwidth2",
    "FIRST_NUMBER": NUMBER,
    "NUMBER": NUMBER,
    "NUMBERS": NUMBER,
    "NUMBER_DB": "numbers/+1415",
    "PREFIX": "+1415",
    "QUANTITY": "2",
    "REALM": "sub.example.com",
    "USERNAME": "admin",
    "PASSWORD": "s3cret",
    "DATABASE": "system_config",
    "ID": "number_manager",
    "CATEGORY": "number_manager",
    "KEY": "released_state",
    "SETTING": "available",
    "JSON": '{"a": 1}',
    "IP": "192.0.2.7",
    "CIDR": "192.0.2.0/24",
    "ADDRESS": "192.0.2.7",
    "FS_NODE": "freeswitch@fs1.example.com",
    "NODE": "kazoo_apps@apps1.example.com",
    "DEVICE_ID": DEVICE,
    "USER_ID": USER,
    "USER": "user@sub.example.com",
    "MONTH": "202411",
    "YEAR": "2024",
    "TYPE": "device",
    "TASK_ID": "1" * 32,
    "LANGUAGE": "en-us",
    "CLASSIFIER": "tollfree_us",
    "FEATURE": "cnam",
    "APP": "crossbar",
    "ENABLED": "true",
    "LEVEL": "debug",
}
"""What is typed for a parameter, by how it is called in the help."""

TYPED = {"int": "1", "float": "0.5", "bool": "true"}


class Cluster(MemoryCouchDB):
    """What else commands ask of a CouchDB: none of its own affairs can be had."""

    def request(self, *_words, **_more):
        raise ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")


class Watch:
    """What the interpreter tells of files, programs and connections while something runs."""

    on = False
    name = ""
    seen: list[str] = []  # noqa: RUF012 - there is one only, as of the hook


WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
DEEDS = ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
PROGRAMS = ("subprocess.Popen", "os.posix_spawn", "os.system", "os.exec", "os.fork", "os.kill")
READERS = ("read_tiff_info", "versions_in_use")
"""Commands that ask programs of this host, which only look."""


def _hook(event, arguments):
    if not Watch.on:
        return
    if event == "open" and arguments[2] & WRITES and not str(arguments[0]).startswith(("/dev/", "/proc/")):
        Watch.seen.append(f"open {arguments[0]}")
    elif event in DEEDS or (event in PROGRAMS and Watch.name not in READERS):
        Watch.seen.append(f"{event} {arguments[0]}")


sys.addaudithook(_hook)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A cluster with two accounts, a number, a device and settings."""
    directory = tmp_path_factory.mktemp("dry")
    zone = MemoryZone(
        directory / "state",
        couchdb=Cluster(),
        schemas_dir=config_directory() / "schemas",
        freeswitch={"fs1": Server("tcp://127.0.0.1:1")},
        kamailio={"sbc1": Server("http://127.0.0.1:1/RPC")},
        haproxy={"lb1": Server("tcp://127.0.0.1:1")},
        rabbitmq_api=Server("http://127.0.0.1:1"),
    )
    for account, user, realm in ((MASTER, "1" * 31 + "a", "master.example.com"), (SUB, USER, "sub.example.com")):
        list(account_creation.create(zone, Request(realm, realm, "admin", "s3cret", account, user)))
    database = plain(account_database(SUB))
    number = {"_id": NUMBER, "pvt_type": "number", "pvt_assigned_to": SUB, "pvt_state": "in_service"}
    zone.couchdb.put("numbers/+1415", {**number, "pvt_module_name": "knm_local", "pvt_db_name": "numbers%2F%2B1415"})
    zone.couchdb.put(database, number, {"_id": DEVICE, "pvt_type": "device", "sip": {"username": "u"}})
    zone.couchdb.put("system_config", {"_id": "number_manager", "default": {"released_state": "available"}})
    for name in (
        "system_media",
        "webhooks",
        "tasks",
        "faxes",
        "offnet",
        "sip_auth",
        "pending_notifications",
        "ratedeck",
    ):
        zone.couchdb.create(name)
    return zone


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No server is reached, no time passes, and home is an empty directory."""

    def refuse(*_arguments):
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.chdir(tmp_path)


def words(described, file):
    typed = []
    for parameter in described.parameters:
        if parameter.kind != "option":
            word = TYPED.get(parameter.type) or WORDS.get(parameter.metavar) or next(iter(parameter.choices), None)
            typed.append(word or (str(file) if parameter.type == "Path" or "FILE" in parameter.metavar else "x"))
    return typed


def run(described, zone, typed):
    """Call a command with all its arguments, then with those that it needs, and let it do all its work."""

    def nobody(question, _secret):
        raise Declined(reason=question)

    for count in sorted({len(typed), sum(each.required for each in described.parameters if each.kind == "argument")}):
        zone.rerun(dry_run=True, ask=nobody)
        given = {"Zone": lambda: zone, "Run": lambda: zone.run, "Settings": lambda: zone.all_settings}
        Watch.seen, Watch.name = [], described.name
        Watch.on = True
        try:
            outcome = bind(catalogue.function(described.module, described.name), typed[:count], {}, given)
            kept = outcome.events if isinstance(outcome, Live) else outcome.lines
            list(islice(kept, 10_000))
            list(islice(outcome.rows if isinstance(outcome, Listing) else (), 10_000))
        except SupError:
            pass
        finally:
            Watch.on = False
        yield list(Watch.seen)


@pytest.mark.parametrize("module", sorted(catalogue.own_modules()))
def test_nothing_is_touched(module, filled, offline, tmp_path):
    file = tmp_path / "file.json"
    file.write_text('{"_id": "x", "n": 1}')
    before = {name: {**documents} for name, documents in filled.couchdb.stored.items()}
    filled.broker.messages.clear()
    for described in catalogue.module(module).functions.values():
        if described.on_node:
            continue  # a dry run tells what it would call there: tests/integration/test_live_calls.py
        for touched in run(described, filled, words(described, file)):
            assert touched == [], described.usage
            assert filled.couchdb.stored == before, described.usage
            assert filled.broker.messages == [], described.usage
            assert sorted(path.name for path in tmp_path.iterdir()) == ["file.json"], described.usage


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("config", "init"), ["would write {home}/kazoo-sup/sup.yaml"]),
        (("lab", "start", "5999"), ["would start the lab on port 5999", "would write {home}/kazoo-sup/lab.yaml"]),
        (("lab", "stop"), ["would remove {home}/kazoo-sup/lab.yaml"]),
    ],
)
def test_what_needs_no_server_tells_what_it_would_do_and_says_at_the_end_that_it_did_not(
    words, told, offline, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(sys, "argv", ["sup"])
    assert app.run(["--dry-run", *words]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [line.format(home=tmp_path) for line in told]
    assert said.err.splitlines()[-1] == "sup: dry run: nothing was changed"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("action", ["deleted", "created", "forgotten"])
def test_a_database_would_be_deleted_and_what_tells_of_it_as_done_is_left_out(action, capsys):
    show = output.renderer("text", "m f", [])
    show.report(Report("db", "", action, planned=True))
    show.finish(Done(lines=["deleted it"]), maintenance=False)
    assert capsys.readouterr().out == f"database db: would be {action}\n"


@pytest.mark.parametrize("shape", ["text", "json"])
def test_deeds_that_are_no_documents_take_the_place_of_the_text(shape, capsys):
    show = output.renderer(shape, "m f", [])
    show.would("hang up one")
    assert show.finish(Done(lines=["hungup 0 channels"]), maintenance=False) == 0
    told = capsys.readouterr().out
    assert "would hang up one" in told
    assert "hungup" not in told

"""Servers that answer with other shapes than they should: one sentence each, and never a defect of ours.

Every command that asks them is run against answers that are garbled by a dice with a fixed seed.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.byte_server import ByteServer
from helpers.carrier_servers import SERVERS, in_json
from helpers.fault_server import Answer, FaultServer, Request
from helpers.memory_zone import MemoryZone
from helpers.odd_answers import GARBAGE, OddCouch, OddJson, garbled, odd_lines, odd_xml
from kazoo_sup.cli import app
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.carriers import of
from kazoo_sup.kazoo.carriers.base import Query
from kazoo_sup.settings import Timeouts
from kazoo_sup.transports import net

# A run that fails leaves open files to the end of its process, and here that goes on.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

ROUNDS = 3
ACCOUNT = "aabbcccccccccccccccccccccccccccc"
DATABASE = "account/aa/bb/cccccccccccccccccccccccccccc"
NUMBER = "+14155550100"

COUCHDB = """\
couchdb status
couchdb active_tasks
couchdb databases
couchdb databases d*
couchdb security
couchdb security numbers/+1415
couchdb shards numbers/+1415
couchdb shards numbers/+1415 +14155550100
couchdb conflicts list numbers/+1415
couchdb replicate status
couchdb replicate start numbers/+1415 copy
couchdb reshard status
couchdb reshard start numbers/+1415
couchdb reshard stop
couchdb compact --all
couchdb compact numbers/+1415
couchdb view_cleanup --all
couchdb backup numbers/+1415 --to {directory}
number dump
number show +14155550100
number list aabbcccccccccccccccccccccccccccc
number release +14155550100
number history +14155550100
kapps_config get_category number_manager
kapps_config set_default number_manager sort 1
kapps_maintenance find_invalid_acccount_dbs
kapps_maintenance cleanup_orphan_modbs
kapps_maintenance refresh account/aa/bb/cccccccccccccccccccccccccccc
crossbar_maintenance list_accounts
crossbar_maintenance descendants_count
crossbar_maintenance find_account_by_number +14155550100
kazoo_number_manager_maintenance carrier_module_usage
kazoo_number_manager_maintenance fix_by_path account/aa/bb/cccccccccccccccccccccccccccc
zone status
zone doctor""".splitlines()

_NODE = {
    "name": "rabbit@a",
    "running": True,
    "uptime": 5000,
    "mem_used": 1,
    "mem_limit": 2,
    "mem_alarm": False,
    "disk_free_alarm": False,
    "disk_free": 1,
    "disk_free_limit": 1,
    "fd_used": 1,
    "fd_total": 2,
    "partitions": [],
    "sockets_used": 1,
    "sockets_total": 2,
    "proc_used": 1,
    "proc_total": 2,
}
_QUEUE = {
    "name": "amq.gen",
    "vhost": "/",
    "state": "running",
    "messages": 1,
    "messages_ready": 1,
    "consumers": 1,
    "memory": 10,
    "node": "rabbit@a",
    "arguments": {},
    "owner_pid_details": {"name": "c"},
}
_BINDING = {"vhost": "/", "source": "sysconf", "routing_key": "a.b", "destination_type": "queue", "arguments": {}}
_CONSUMER = {"queue": {"vhost": "/", "name": "amq.gen"}, "channel_details": {"connection_name": "c", "user": "u"}}
_CONNECTION = {
    "name": "c",
    "user": "u",
    "vhost": "/",
    "node": "rabbit@a",
    "state": "running",
    "channels": 1,
    "ssl": False,
    "client_properties": {"product": "x", "connection_name": "y"},
    "recv_oct": 1,
    "connected_at": 1_700_000_000_000,
}


def _paged(*items: Any) -> dict[str, Any]:
    return {"items": list(items), "page": 1, "page_count": 1, "item_count": len(items)}


RABBITMQ_ANSWERS: dict[str, Any] = {
    "/api/nodes": [_NODE],
    "/api/overview": {
        "rabbitmq_version": "3.10",
        "erlang_version": "25",
        "cluster_name": "c",
        "queue_totals": {"messages": 1},
        "object_totals": {"queues": 1},
        "message_stats": {"publish_details": {"rate": 1.0}},
    },
    "/api/queues": _paged(_QUEUE),
    "/api/queues/%2F": _paged(_QUEUE),
    "/api/queues/%2F/q": _QUEUE,
    "/api/exchanges": _paged({"name": "sysconf", "vhost": "/", "type": "topic", "message_stats": {"publish_in": 1}}),
    "/api/exchanges/%2F": _paged({"name": "sysconf", "vhost": "/", "type": "topic"}),
    "/api/bindings": [{**_BINDING, "destination": "amq.gen"}],
    "/api/bindings/%2F": [{**_BINDING, "destination": "amq.gen"}],
    "/api/connections": _paged(_CONNECTION),
    "/api/consumers": [_CONSUMER],
    "/api/consumers/%2F": [_CONSUMER],
    "/api/channels": _paged({"name": "c (1)", "user": "u", "message_stats": {"publish": 1, "drop_unroutable": 1}}),
    "/api/policies": [{"vhost": "/", "name": "p", "pattern": ".*", "definition": {"ha-mode": "all"}}],
    "/api/shovels": [{"vhost": "/", "name": "s", "src_uri": "amqp://a:b@c", "timestamp": "2024-01-01 10:00:00"}],
    "/api/federation-links": [{"vhost": "/", "upstream": "u", "exchange": "e", "status": "running"}],
    "/api/health/checks/alarms": {"status": "ok"},
    "/api/whoami": {"name": "guest", "tags": ["administrator"]},
}
RABBITMQ = """\
rabbitmq status
rabbitmq overview
rabbitmq alarms
rabbitmq queues
rabbitmq queues --vhost /
rabbitmq exchanges
rabbitmq bindings
rabbitmq connections
rabbitmq consumers
rabbitmq unroutable
rabbitmq policies
rabbitmq shovels
rabbitmq federation
rabbitmq kazoo_queues
rabbitmq kazoo_exchanges
rabbitmq purge q
rabbitmq close_connection c
zone status""".splitlines()

STATISTICS = """\
# pxname,svname,qcur,scur,smax,slim,stot,bin,bout,econ,status,weight,act,bck,lastchg,type,check_status,mode,addr,
couchdb,FRONTEND,,0,1,100,5,1,2,,OPEN,,,,,0,,http,,
couchdb,one,0,0,0,,5,1,2,0,UP,1,1,0,10,2,L4OK,http,127.0.0.1:5984,
couchdb,BACKEND,0,0,0,10,5,1,2,0,UP,1,1,0,10,1,,http,,

"""
HAPROXY_ANSWERS = {
    "show stat": STATISTICS,
    "show info": "Name: HAProxy\nVersion: 2.6.12\nUptime_sec: 10\nMaxconn: 100\nCurrConns: 1\nnode: a\n\n",
    "show sess": "0x55: proto=tcpv4 src=127.0.0.1:4000 fe=couchdb be=couchdb srv=one ts=00 age=1s calls=2 exp=\n\n",
    "show errors": "Total events captured on [29/Nov/2026:10:00:00.000] : 0\n\n",
}
HAPROXY = """\
haproxy status
haproxy servers
haproxy servers couchdb
haproxy counters
haproxy info
haproxy sessions
haproxy errors
haproxy drain couchdb one
haproxy ready couchdb one
haproxy maintenance couchdb one
haproxy maintenance 127.0.0.1
haproxy production 127.0.0.1
haproxy weight couchdb one 5
haproxy clear_counters""".splitlines()

_CONTACT = {"Address": "sip:a", "Expires": 10, "Q": -1.0, "Call-ID": "c", "User-Agent": "x", "Received": "[not set]"}
_TARGET = {"URI": "sip:a", "FLAGS": "AP", "PRIORITY": 0, "ATTRS": {"BODY": "", "WEIGHT": 0}, "LATENCY": {"AVG": 0.0}}
KAMAILIO_RESULTS: dict[str, Any] = {
    "core.version": "kamailio 5.6",
    "core.uptime": {"now": "x", "up_since": "x", "uptime": 10},
    "core.psx": [{"PROCESS": {"INDEX": 0, "PID": 1, "DSC": "main"}}],
    "core.ps": [1, "main"],
    "core.shmmem": {"total": 1, "free": 1, "used": 1, "real_used": 1, "max_used": 1, "fragments": 1},
    "pkg.stats": [{"entry": 0, "pid": 1, "used": 1, "free": 2, "real_used": 3, "total_size": 4, "desc": "x"}],
    "dispatcher.list": {"NRSETS": 1, "RECORDS": [{"SET": {"ID": 1, "TARGETS": [{"DEST": _TARGET}]}}]},
    "ul.dump": {"Domains": [{"Domain": {"AoRs": [{"Info": {"AoR": "a@b", "Contacts": [{"Contact": _CONTACT}]}}]}}]},
    "ul.lookup": {"AoR": "a@b", "Contacts": [{"Contact": _CONTACT}]},
    "dlg.list": [{"h_entry": 1, "h_id": 2, "call-id": "x", "state": 4, "start_ts": 1, "caller": {"tag": "a"}}],
    "htable.listTables": [{"name": "t", "dbtable": "", "expire": 3600}],
    "htable.stats": [{"name": "t", "slots": 1, "all": 2, "min": 0, "max": 1}],
    "htable.dump": [{"entry": 1, "size": 1, "slot": [{"name": "192.0.2.1", "value": 1, "type": "int"}]}],
    "htable.get": {"item": {"name": "a", "value": 1, "flags": 0, "expire": 1}},
    "stats.get_statistics": ["core:rcv_requests = 1"],
    "stats.fetch": {"core.rcv_requests": "1"},
    "cfg.get": 1,
    "cfg.list": ["kazoo: x"],
    "pike.list": [{"IP": "192.0.2.1", "LEAF_HITS_PREV": 1, "LEAF_HITS_CURR": 1, "EXPIRES": 1, "STATUS": ""}],
    "tls.list": [{"id": 1, "timeout": 1, "src_ip": "a", "src_port": 1, "cipher": "x", "state": "established"}],
    "presence.presentity_list": [],
    "system.listMethods": ["core.version"],
}
KAMAILIO = """\
status
uptime
version
banned
ban 192.0.2.1
unban 192.0.2.1
config_get kazoo
config_get kazoo.x
config_set kazoo.x 1
dialogs
dispatcher list
dispatcher add 1 sip:a
dispatcher remove 1 sip:a
dispatcher set_state 1 sip:a active
dispatcher reload
htable list
htable dump t
htable get t k
htable set t k 1
htable delete t k
memory
pike list
presence list
presence cleanup
processes
registrations list
registrations show a@b
registrations remove a@b
rpc core.version
stats
stats core
tls""".splitlines()


class OddKamailio(FaultServer):
    """A Kamailio that answers JSON-RPC over HTTP with garbled results."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice = random.Random(seed)

    def respond(self, request: Request) -> Answer:
        asked = json.loads(request.body)
        result = KAMAILIO_RESULTS.get(asked["method"], self.dice.choice(GARBAGE))
        if self.dice.random() < 0.75:
            result = garbled(result, self.dice)
        answer = {"jsonrpc": "2.0", "id": asked["id"], "result": result}
        return in_json(200, garbled(answer, self.dice) if self.dice.random() < 0.1 else answer)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., tuple[int, str]]]:
    """Return a function that runs `sup WORDS…` in this process and gives its exit code and standard error."""
    for name in [name for name in os.environ if name.startswith(("SUP_", "KAZOO_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(net, "ASKING_AGAIN", net.ASKING_AGAIN._replace(first=0.0001))
    handlers = {each: signal.getsignal(each) for each in (signal.SIGHUP, signal.SIGTERM, signal.SIGALRM)}

    def run(*words: str, **environment: str) -> tuple[int, str]:
        for name, text in {"SUP_AMQP_URL": "", **environment}.items():
            monkeypatch.setenv(name, text)
        told = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(told):
            code = app.run([*words, "--yes"])
        return code, told.getvalue()

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def no_defect(words: str, seed: int, ending: tuple[int, str]) -> None:
    code, said = ending
    assert "defect" not in said, f"seed {seed}: sup {words}: {said}"
    assert code in range(6), f"seed {seed}: sup {words}: {code}"


def stored(couch: OddCouch) -> None:
    """Give a CouchDB an account with a number."""
    account = {"_id": ACCOUNT, "_rev": "1-a", "pvt_type": "account", "name": "x", "realm": "r.example.com"}
    number = {"_id": NUMBER, "_rev": "1-a", "pvt_type": "number", "pvt_state": "in_service"}
    couch.databases["numbers/+1415"] = {NUMBER: {**number, "pvt_assigned_to": ACCOUNT}}
    couch.databases[DATABASE] = {ACCOUNT: account}
    couch.databases["accounts"] = {ACCOUNT: account}
    couch.databases["system_config"] = {"number_manager": {"_id": "number_manager", "_rev": "1-a", "default": {}}}


@pytest.mark.parametrize("words", COUCHDB)
def test_couchdb(run, tmp_path, words):
    for seed in range(ROUNDS):
        with OddCouch(seed) as couch:
            couch.add("d1")
            stored(couch)
            asked = words.format(directory=tmp_path / str(seed))
            no_defect(words, seed, run(*asked.split(), SUP_COUCHDB_URL=couch.url))


@pytest.mark.parametrize("words", RABBITMQ)
def test_rabbitmq(run, words):
    for seed in range(ROUNDS):
        with OddJson(seed, RABBITMQ_ANSWERS) as broker, OddCouch(seed) as couch:
            no_defect(words, seed, run(*words.split(), SUP_RABBITMQ_API=broker.url, SUP_COUCHDB_URL=couch.url))


@pytest.mark.parametrize("words", HAPROXY)
def test_haproxy(run, tmp_path, words):
    for seed in range(ROUNDS):
        dice = random.Random(seed)

        def answer(request: bytes, dice: random.Random = dice) -> Iterator[bytes]:
            asked = [each for each in HAPROXY_ANSWERS if each.encode() in request]
            yield odd_lines(HAPROXY_ANSWERS[asked[0]] if asked else "\n", dice).encode()

        with ByteServer(answer) as server:
            settings = tmp_path / "sup.yaml"
            settings.write_text(f"zones: {{local: {{haproxy: {{one: tcp://127.0.0.1:{server.port}}}}}}}")
            no_defect(words, seed, run("--config", str(settings), *words.split()))


@pytest.mark.parametrize("words", KAMAILIO)
def test_kamailio(run, tmp_path, words):
    for seed in range(ROUNDS):
        with OddKamailio(seed) as server:
            settings = tmp_path / "sup.yaml"
            settings.write_text(
                "zones: {local: {amqp: [], couchdb: 'http://127.0.0.1:1', kamailio: {one: '" + server.url + "/RPC'}}}"
            )
            no_defect(words, seed, run("--config", str(settings), "kamailio", *words.split()))


@pytest.mark.parametrize("kind", SERVERS)
def test_carriers(tmp_path, monkeypatch, kind):
    monkeypatch.setattr("kazoo_sup.kazoo.carriers.knm_bandwidth2.POLL_INTERVAL", 0.0)
    monkeypatch.setattr(net, "ASKING_AGAIN", net.ASKING_AGAIN._replace(first=0.0001))

    class Odd(kind):
        def respond(self, request: Request) -> Answer:
            try:
                whole = super().respond(request)
            except (KeyError, AssertionError, TypeError):  # asked for what an odd answer made up
                return in_json(200, dice.choice(GARBAGE))
            if dice.random() < 0.25:
                return whole
            if whole.body.startswith(b"<"):
                return Answer(whole.status, odd_xml(whole.body.decode(), dice).encode(), whole.headers)
            return in_json(whole.status, garbled(json_of(whole), dice))

    document = {"_id": "+14155550123", "pvt_state": "available", "pvt_type": "number", "pvt_module_name": kind.module}
    deeds: dict[str, Callable[[Any], Any]] = {
        "search": lambda carrier: list(carrier.search(Query("+1415", 5))),
        "search for free ones": lambda carrier: list(carrier.search(Query("+1800", 5))),
        "acquire": lambda carrier: carrier.acquire(dict(document)),
        "disconnect": lambda carrier: carrier.disconnect(dict(document)),
        "verify": lambda carrier: carrier.verify(),
    }
    for name, deed in deeds.items():
        for seed in range(2 * ROUNDS):
            dice = random.Random(f"{name} {seed}")
            zone = MemoryZone(tmp_path / f"{name} {seed}", timeouts=Timeouts(10, 10))
            zone.couchdb.create("system_config")
            with Odd() as server, contextlib.suppress(SupError):
                server.offered = ["+14155550123", "+14155550199", "+18005550111"]
                server.held.update({"+14155550123"} if name == "disconnect" else ())
                category = f"number_manager.{server.module[4:]}"
                zone.couchdb.put("system_config", {"_id": category, "default": server.settings})
                deed(of(zone, server.module))


def json_of(whole: Answer) -> Any:
    try:
        return json.loads(whole.body)
    except ValueError:
        return whole.body.decode(errors="replace")

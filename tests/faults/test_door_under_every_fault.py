"""Work through the door while everything fails that can: nothing is lost, nothing is there twice, all is announced.

A run is repeated, as its message says, until it has nothing left to do; what it leaves is looked at then.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future
from pathlib import Path

import pytest

from helpers.couchdb_server import CouchDBServer
from helpers.fault_server import (
    arrives_twice,
    breaks_off,
    breaks_off_cleanly,
    hangs_up,
    resets,
    says,
    stores_then_hangs_up,
    stores_then_says,
)
from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes import Change, announcer, outboxes
from kazoo_sup.errors import SupError
from kazoo_sup.transports.couchdb import CouchDB
from kazoo_sup.transports.http import Timeouts
from kazoo_sup.transports.server import Server

CREATED = [f"c{number:02}" for number in range(30)]
EDITED = [f"e{number:02}" for number in range(30)]
DELETED = [f"d{number:02}" for number in range(30)]
EVERY = {*CREATED, *EDITED, *DELETED}
TOKEN = "ours"


def comes_late(handler, carry_out):
    """Do the request at once, and answer after a while."""
    done = carry_out()
    time.sleep(0.05)
    handler.send(done)


def others_write(handler, carry_out):
    """Edit as somebody else does every document that is about to be edited, just before."""
    server = handler.server
    with server.lock:
        for identifier, document in server.databases["db"].items():
            if identifier in EDITED and not document.get("_deleted"):
                generation = int(document["_rev"].partition("-")[0]) + 1
                others = document.get("others", 0) + 1
                server.databases["db"][identifier] = {**document, "others": others, "_rev": f"{generation}-o{others}"}
    handler.send(carry_out())


FAULTS = {
    "hangs up": hangs_up,
    "resets after the fact": resets,
    "hangs up after the fact": stores_then_hangs_up,
    "breaks off": breaks_off,
    "breaks off cleanly": breaks_off_cleanly,
    "429": says(429, b"{}"),
    "500": says(500, b"{}"),
    "502 after the fact": stores_then_says(502),
    "503 after the fact": stores_then_says(503),
    "504 after the fact": stores_then_says(504),
    "arrives twice": arrives_twice,
    "comes late": comes_late,
    "others write": others_write,
}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(changes.saving, "BATCH", 10)
    with CouchDBServer() as server:
        server.databases |= {"db": {}, "system_config": {}}
        fill(server)
        yield server


def fill(server):
    for identifier in (*EDITED, *DELETED):
        server.store("db", {"_id": identifier, "pvt_type": "t", "tokens": []})
    server.written.clear()


def with_token(stored):
    tokens = (stored or {}).get("tokens", [])
    return stored if TOKEN in tokens else {**stored, "tokens": [*tokens, TOKEN]}


def work(zone):
    """Do what is left to do, in one run."""
    stored = zone.couchdb.get_many("db", sorted(EVERY))

    def due():
        for created, edited, deleted in zip(CREATED, EDITED, DELETED, strict=True):
            document = {"_id": created, "pvt_type": "t", "pvt_created": 63_900_000_000, "tokens": [TOKEN]}
            found = stored.get(created)
            yield Change("db", found or document, found, lambda now, wanted=document: now or wanted)
            yield Change("db", with_token(stored[edited]), stored[edited], with_token)
            if deleted in stored:
                yield changes.removal("db", stored[deleted])

    return changes.apply(zone, due())


def made(server, directory, **settings):
    couchdb = CouchDB([Server(server.url)], timeouts=Timeouts(connect=5, read=5, retry=0.5))
    return MemoryZone(directory, couchdb=couchdb, **settings)


def finish(zone):
    """Repeat the run until it says that all is done."""
    for _ in range(30):
        zone.rerun()
        try:
            tally = work(zone)
        except SupError:
            continue
        if not tally.errors and not tally.saved:
            return
    pytest.fail("it never came to an end")


def check(server, zone):
    stored = server.databases["db"]
    for identifier in (*CREATED, *EDITED):
        assert stored[identifier]["tokens"] == [TOKEN]
    assert all(stored[identifier].get("_deleted") for identifier in DELETED)
    assert set(server.written.values()) == {1}
    assert {identifier for _database, identifier in server.written} == EVERY
    zone.broker.down = None
    announcer.send_waiting(zone)
    assert zone.waiting == []


def heard(zone):
    return Counter(event["ID"] for event in zone.broker.events)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("at", ["_bulk_docs", "_all_docs"])
def test_one_fault_at_every_request_once(server, tmp_path, fault, at):
    zone = made(server, tmp_path)
    turn = iter(range(1_000_000))

    def every_second(request):
        return fault if at in request.path and next(turn) % 2 == 0 and next(turn) < 40 else None

    server.next_fault = every_second
    finish(zone)
    check(server, zone)
    assert set(heard(zone)) == EVERY


def test_a_proxy_that_sends_everything_twice_leaves_nothing_unannounced_in_one_run(server, tmp_path):
    zone = made(server, tmp_path)
    server.next_fault = lambda request: arrives_twice if "_bulk_docs" in request.path else None
    tally = work(zone)
    assert dict(tally.counts) == {"created": 30, "edited": 30, "deleted": 30}
    check(server, zone)
    assert heard(zone) == Counter(EVERY)


@pytest.mark.parametrize("seed", range(8))
def test_faults_at_random_with_a_broker_that_comes_and_goes(server, tmp_path, seed):
    chance = random.Random(seed)
    zone = made(server, tmp_path)
    left = iter(range(60))

    def sometimes(request):
        zone.broker.down = chance.choice(["connection refused", None])
        return chance.choice(list(FAULTS.values())) if chance.random() < 0.4 and next(left, None) else None

    server.next_fault = sometimes
    finish(zone)
    server.next_fault = lambda request: None
    check(server, zone)
    assert set(heard(zone)) == EVERY


RUN = """
import sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from types import SimpleNamespace
import test_door_under_every_fault as tests
from kazoo_sup import changes
changes.saving.BATCH = 10
zone = tests.made(SimpleNamespace(url=sys.argv[3]), Path(sys.argv[4]), brokers=())
tests.work(zone)
"""


def kill_at(moment, server, words, *, after):
    """Run a program and kill it at its MOMENT-th request, before CouchDB does it or AFTER that.

    What the program asked before is done by then.
    """
    count, done = iter(range(1, 1_000_000)), threading.Semaphore(0)
    started: Future[subprocess.Popen[bytes]] = Future()

    def passed(handler, carry_out):
        answer = carry_out()
        done.release()
        handler.send(answer)

    def kill(handler, carry_out):
        for _ in range(moment - 1):
            done.acquire()
        if after:
            carry_out()
        started.result().kill()
        handler.close_connection = True

    def fault(_request):
        number = next(count)
        return passed if number < moment else kill if number == moment else None

    server.next_fault = fault
    started.set_result(subprocess.Popen(words))
    assert started.result().wait(120) == -signal.SIGKILL
    server.next_fault = lambda request: None


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("moment", [1, 2, 3, 4, 6, 9])
def test_a_run_that_is_killed_leaves_what_the_next_completes_and_every_event(server, tmp_path, moment, after):
    """MOMENT is the request at which it is killed, before CouchDB does it or after."""
    place = Path(__file__).parent
    words = [sys.executable, "-c", RUN, str(place), str(place.parent), server.url, str(tmp_path)]
    kill_at(moment, server, words, after=after)
    zone = made(server, tmp_path, brokers=())
    finish(zone)
    waiting = {body["ID"] for _key, body in zone.waiting}
    assert waiting == EVERY
    assert set(server.written.values()) == {1}
    assert outboxes.any_waiting(zone)

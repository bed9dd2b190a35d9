"""CouchDB answers with JSON of which a part is something else: a sentence, whatever part that is, never a defect."""

from __future__ import annotations

import copy
import json
import os
import random
import threading

import pytest

from helpers import small_cluster
from helpers.failing_proxy import FailingProxy
from kazoo_sup.cli import catalogue

pytestmark = pytest.mark.integration

ELSEWHERE = {"amqp", "config", "freeswitch", "haproxy", "kamailio", "lab", "node", "rabbitmq", "zone"}
"""What is about this machine, or about servers other than CouchDB."""

CALLS = int(os.environ.get("SUP_GARBLED_CALLS", "100"))
"""How many calls each part makes."""

PARTS = 3
ODD = (*small_cluster.GARBAGE, {}, "", 0, 10**40)


def every_call():
    for module in catalogue.own_modules():
        if module not in ELSEWHERE:
            for command in catalogue.module(module).functions.values():
                yield tuple(small_cluster.words_for(command, optional=False))
                yield tuple(small_cluster.words_for(command, optional=True))


class Garbler:
    """Puts something odd in one place of one answer in `often`; `done` says what, since it was emptied last."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.often = 1
        self.done: list[tuple[object, ...]] = []
        self._turn = threading.Lock()

    def __call__(self, body: bytes) -> bytes:
        with self._turn:
            answer = json.loads(body)
            places = list(_places(answer))
            if not places or self.chance.randrange(self.often):
                return body
            *way, last = self.chance.choice(places)
            within = answer
            for step in way:
                within = within[step]
            if isinstance(within, dict) and self.chance.random() < 0.2:
                odd = "nothing"
                del within[last]
            else:
                odd = copy.deepcopy(self.chance.choice(ODD))
                within[last] = odd
            self.done.append((*way, last, odd))
            return json.dumps(answer).encode()


def _places(value):
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inner:
        yield (step,)
        yield from ((step, *more) for more in _places(each))


@pytest.mark.parametrize("part", range(PARTS))
def test_no_answer_is_taken_for_a_defect(part, sup, cluster):
    documents = small_cluster.documents()
    small_cluster.store(cluster, {name: small_cluster.designs(name) + found for name, found in documents.items()})
    chance = random.Random(f"{part} {os.environ.get('SUP_GARBLED_SEED', '')}")
    garbler = Garbler(chance)
    found = []
    with FailingProxy(cluster, {}) as proxy:
        proxy.garble = garbler
        env = {"SUP_COUCHDB_URL": proxy.url, "SUP_AMQP_URL": "", "SUP_NODES_TIMEOUT": "1"}
        for words in chance.sample(sorted(set(every_call())), CALLS):
            garbler.often, garbler.done = chance.choice([1, 3, 10]), []
            done = sup("--dry-run", "--yes", *words, env=env)
            if "defect of kazoo-sup" in done.stderr or "Traceback" in done.stderr:
                found.append((words, garbler.done[-3:], done.stderr[-300:]))
    assert not found

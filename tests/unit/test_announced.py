"""Events that changes have announced whether or not there is something to save."""

from __future__ import annotations

import gc
from contextlib import ExitStack

import pytest

from kazoo_sup import changes
from kazoo_sup.changes import Change, announcer

STORED = {"_id": "a", "_rev": "1-x", "pvt_type": "number"}


def told(zone):
    """Return what was announced, and whether with a revision."""
    return [(each["Event-Name"], "Rev" in each) for each in zone.broker.events]


def test_a_document_that_is_right_already_is_announced_and_not_saved(zone):
    changes.apply(zone, [Change("accounts", STORED, STORED, announced=("created", "edited"))])
    assert told(zone) == [("doc_created", False), ("doc_edited", True)]
    assert zone.couchdb.written == []
    assert [each.action for each in zone.reports] == ["unchanged"]


def test_one_that_is_saved_is_announced_besides(zone):
    zone.couchdb.put("accounts", {"_id": "a", "pvt_type": "number"})
    stored = zone.couchdb.get("accounts", "a")
    changes.apply(zone, [Change("accounts", {**stored, "n": 1}, stored, announced=("created",))])
    assert told(zone) == [("doc_created", False), ("doc_edited", True)]


@pytest.mark.parametrize("choices", [{"dry_run": True}, {"events": False}])
def test_a_run_without_events_announces_nothing(zone, choices):
    zone.run = zone.new_run(**choices)
    changes.apply(zone, [Change("accounts", STORED, STORED, announced=("edited",))])
    assert told(zone) == []


def test_a_type_without_events_has_none(zone):
    ledger = {**STORED, "pvt_type": "ledger"}
    changes.apply(zone, [Change("accounts", ledger, ledger, announced=("edited",))])
    assert told(zone) == []


def test_what_the_broker_does_not_take_waits(zone):
    zone.broker.down = "no route"
    changes.apply(zone, [Change("accounts", STORED, STORED, announced=("edited",))])
    assert [body["Event-Name"] for _key, body in zone.waiting] == ["doc_edited"]


def test_who_announces_at_once_does_so_through_the_same_one_until_the_last_has_ended(zone):
    change = Change("accounts", STORED, STORED, announced=("edited",))
    with ExitStack() as first, ExitStack() as second:
        one = first.enter_context(announcer.of(zone))
        other = second.enter_context(announcer.of(zone))
        assert one is other
        first.close()
        other.announce_also([change])
        assert other.file is not None
    assert announcer.waiting(zone) == 0
    assert told(zone) == [("doc_edited", True)]
    gc.collect()  # a file that was left open would be warned of

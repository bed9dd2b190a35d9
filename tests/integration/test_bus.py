"""Change events on a real broker, heard by a real Kamailio; and what happens when the broker is away."""

from __future__ import annotations

import json

import pytest

from helpers.bus_listener import Listener
from helpers.real_servers import until

pytestmark = pytest.mark.integration

EXCHANGE = "configuration"


class Ear(Listener):
    """A queue that hears every change event."""

    def events(self):
        """Return (routing key, body, properties) of all that has come."""
        return [(each.key, json.loads(each.body), each.properties) for each in self.heard()]


@pytest.fixture
def ear(broker):
    ear = Ear(broker.url)
    yield ear
    ear.close()


def set_default(run, value, **more):
    done = run("kapps_config", "set_default", "my.category", "key", value, **more)
    assert done.code == 0, done.stderr
    return done


def test_a_change_is_announced_as_kazoo_announces_it(speaking, ear):
    set_default(speaking, "one")
    set_default(speaking, "two")
    (created, made, properties), (edited, changed, _) = ear.events()
    assert created == "doc_created.system_config.config.my%2Ecategory"
    assert edited == "doc_edited.system_config.config.my%2Ecategory"
    assert properties.content_type == "application/json"
    assert made["Rev"].startswith("1-")
    assert changed["Rev"].startswith("2-")
    fixed = {key: made[key] for key in ("ID", "Database", "Type", "Origin-Cache", "Is-Soft-Deleted", "Event-Name")}
    assert fixed == {
        "ID": "my.category",
        "Database": "system_config",
        "Type": "config",
        "Origin-Cache": "kazoo_data_cache",
        "Is-Soft-Deleted": False,
        "Event-Name": "doc_created",
    }
    assert made["Node"].startswith("sup@")


def test_what_changes_nothing_is_not_announced(speaking, ear):
    set_default(speaking, "one")
    ear.events()
    set_default(speaking, "one")
    assert ear.events() == []


def test_kamailio_hears_it(speaking, kamailio, ear):
    set_default(speaking, "one")
    [(_, body, _)] = ear.events()
    event = kamailio.event(Msg_ID=body["Msg-ID"])
    assert {key: event[key] for key in event if not key.startswith("AMQP-")} == body


def test_dry_runs_and_runs_without_events_are_silent(speaking, ear):
    set_default(speaking, "one")
    ear.events()
    assert speaking("--dry-run", "kapps_config", "set_default", "my.category", "key", "two").code == 0
    assert speaking("--no-events", "kapps_config", "set_default", "my.category", "key", "three").code == 0
    assert ear.events() == []


def test_a_flush_tells_every_node(speaking, ear):
    assert speaking("kapps_config", "flush").stdout == "ok\n"
    [(key, body, _)] = ear.events()
    assert key == "db_edited.system_config.database.system_config"
    assert (body["Type"], body["ID"]) == ("database", "system_config")


class TestBrokerAway:
    def test_events_wait_and_go_out_with_the_next_run(self, speaking, broker, kamailio):
        broker.stop()
        try:
            done = set_default(speaking, "one")
            assert "1 change event could not be published" in done.stderr
            assert "connection refused" in done.stderr
            listed = json.loads(speaking("-f", "json", "outbox", "list").stdout)["rows"]
            assert [(row["event"], row["id"]) for row in listed] == [("doc_created", "my.category")]
        finally:
            broker.start()
        until(kamailio.hears, "Kamailio to come back")
        ear = Ear(broker.url)
        set_default(speaking, "two")
        heard = ear.events()
        ear.close()
        assert [key.partition(".")[0] for key, _, _ in heard] == ["doc_edited", "doc_created"]
        for _, body, _ in heard:
            assert kamailio.event(Msg_ID=body["Msg-ID"])["Event-Name"] == body["Event-Name"]
        assert json.loads(speaking("-f", "json", "outbox", "list").stdout)["rows"] == []

    def test_flush_sends_them_and_clear_forgets_them_when_told(self, speaking, ear):
        nowhere = {"SUP_AMQP_URL": ""}
        set_default(speaking, "one", env=nowhere)
        refused = speaking("outbox", "clear")
        assert refused.code == 3
        assert "--yes" in refused.stderr
        flushed = json.loads(speaking("-f", "json", "outbox", "flush").stdout)
        assert flushed["counts"] == {"published": 1, "failed": 0}
        assert len(ear.events()) == 1
        set_default(speaking, "two", env=nowhere)
        assert json.loads(speaking("-f", "json", "-y", "outbox", "clear").stdout)["counts"] == {"discarded": 1}
        assert speaking("outbox", "flush").code == 0
        assert ear.events() == []

    def test_a_flush_that_fails_says_so_and_keeps_them(self, speaking):
        set_default(speaking, "one", env={"SUP_AMQP_URL": ""})
        done = speaking("outbox", "flush", env={"SUP_AMQP_URL": "amqp://guest:guest@127.0.0.1:1"})
        assert done.code == 3
        assert len(json.loads(speaking("-f", "json", "outbox", "list").stdout)["rows"]) == 1

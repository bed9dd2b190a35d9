"""EDR's backends, and push notifications (Kazoo edr_maintenance, pusher_maintenance)."""

from __future__ import annotations

import pytest

from helpers.account_zone import account_zone
from kazoo_sup import messages
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.config import edr_backends
from kazoo_sup.kazoo.notifications import push_notifications


@pytest.fixture
def zone(tmp_path):
    return account_zone(tmp_path / "state")


def test_backends_are_added_at_the_front_switched_and_removed(zone):
    for name in ("one", "two"):
        edr_backends.register(zone, {"name": name, "enabled": True})
        zone.rerun()
    edr_backends.switch(zone, "one", False)
    zone.rerun()
    assert edr_backends.registered(zone) == [{"name": "two", "enabled": True}, {"name": "one", "enabled": False}]
    edr_backends.remove(zone, "two")
    zone.rerun()
    assert edr_backends.find(zone, "two") is None
    assert edr_backends.find(zone, "one") == {"name": "one", "enabled": False}


def test_an_application_s_credentials_are_a_section_of_their_own(zone):
    push_notifications.set_firebase(zone, "com.acme.app", "key")
    zone.rerun()
    push_notifications.set_apple(zone, "com.acme.app", "PEM", "host")
    assert zone.couchdb.all("system_config")["pusher"]["com.acme.app"] == {
        "firebase": {"api_key": "key"},
        "apple": {"certificate": "PEM", "host": "host"},
    }


def test_a_certificate_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "key.p12"
    file.write_bytes(b"\xff\x00")
    with pytest.raises(BadArgument):
        push_notifications.read_certificate(str(file))


def test_a_test_push_is_a_message_as_the_table_has_it():
    headers = push_notifications.test_message({"Token-ID": "t", "Token-Type": "firebase", "Token-App": "a"})
    built = messages.build("pusher.push_req", headers, node="sup@host")
    assert built.routing_key == "notification.push.firebase.*"
    assert built.payload["Payload"]["call-id"] == built.payload["Call-ID"]


def test_a_device_without_a_token_is_no_message():
    with pytest.raises(messages.BadMessage):
        messages.build("pusher.push_req", push_notifications.test_message({}), node="sup@host")

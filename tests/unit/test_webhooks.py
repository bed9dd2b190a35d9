"""Webhooks listed and switched on again (Kazoo webhooks_util:reenable/2)."""

from __future__ import annotations

import pytest

from helpers import shown
from helpers.account_zone import ACCOUNT, OTHER, account_zone
from kazoo_sup.kazoo import webhooks
from kazoo_sup.results import Live
from kazoo_sup.texts import webhooks as texts


@pytest.fixture
def zone(tmp_path):
    zone = account_zone(tmp_path / "state")
    zone.couchdb.put(
        "webhooks",
        hook("on", enabled=True),
        hook("broken", enabled=False, pvt_disabled_message="too many failures"),
        hook("off", enabled=False),
    )
    return zone


def hook(name, **fields):
    return {"_id": name, "pvt_type": "webhook", "pvt_account_id": ACCOUNT, "hook": "channel_create", **fields}


def enabled(zone, account=ACCOUNT):
    return shown.lines(Live(webhooks.enable_of_account(zone, account), texts.lines))


def test_only_what_a_node_has_switched_off_is_switched_on(zone):
    assert enabled(zone) == ["re-enabled 1 hooks", "IDs: broken"]
    stored = zone.couchdb.all("webhooks")
    assert stored["broken"] == hook("broken", enabled=True)
    assert stored["off"]["enabled"] is False
    assert enabled(zone) == ["no hooks to re-enable"]


def test_one_that_nobody_has_switched_off_keeps_what_a_node_once_said():
    once_off = hook("on", pvt_disabled_message="too many failures")
    assert webhooks.enabled(once_off) is once_off


def test_one_that_its_owner_switches_off_meanwhile_stays_off(zone):
    def meddle(database, _documents):
        zone.couchdb.before_save.clear()
        stored = zone.couchdb.get(database, "broken")
        zone.couchdb.put(database, {key: each for key, each in stored.items() if key != webhooks.MESSAGE})

    list(webhooks.configured(zone))  # brings the view in before
    zone.couchdb.before_save.append(meddle)
    enabled(zone)
    assert zone.couchdb.all("webhooks")["broken"]["enabled"] is False


def test_accounts_below_are_looked_at_too(zone):
    zone.couchdb.put("accounts", {"_id": OTHER, "pvt_type": "account", "name": "b", "pvt_tree": [ACCOUNT]})
    said = shown.lines(Live(webhooks.enable_of_descendants(zone, ACCOUNT), texts.lines))
    assert said == [
        f"## checking account {ACCOUNT} for hooks to enable ##",
        "re-enabled 1 hooks",
        "IDs: broken",
        f"## checking account {OTHER} for hooks to enable ##",
        f"account {OTHER} has no webhooks configured",
    ]


def test_the_enabled_ones_are_listed(zone):
    lines = list(texts.configured(webhooks.configured(zone, ACCOUNT)))
    assert lines[-1] == "found 1 webhooks"
    assert len({len(line) for line in lines[:-1]}) == 1
    assert list(texts.configured(webhooks.configured(zone, OTHER))) == ["no webhooks configured"]


@pytest.mark.parametrize(
    ("fields", "cells"),
    [
        ({"hook": "channel_create"}, ("get", "CHANNEL_CREATE", 3)),
        ({"hook": "ALL", "http_verb": "POST", "retries": 9}, ("post", "all", 5)),
        ({"hook": "object", "http_verb": "brew", "retries": 0}, ("get", "object", 1)),
        ({"retries": "2"}, ("get", "", 2)),
        ({"retries": "many"}, ("get", "", 3)),
    ],
)
def test_a_webhook_is_shown_as_a_node_takes_it(fields, cells):
    found = webhooks.described(fields)
    assert (found.verb, found.event, found.retries) == cells

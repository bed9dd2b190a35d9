"""Automatic top up (Kazoo kz_services_topup)."""

from __future__ import annotations

import pytest

from kazoo_sup.commands import kazoo_services_maintenance
from kazoo_sup.kazoo.billing import topup
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.documents import now
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.terms import Atom

ACCOUNT = "1" * 32
OWN = plain(account_database(ACCOUNT))


@pytest.fixture
def enabled(zone):
    kazoo_services_maintenance.enable_topup(zone)
    zone.rerun()
    settings = {"topup": {"amount": 20, "threshold": "5.5"}, "notifications": {"low_balance": {"threshold": 6}}}
    zone.couchdb.put(OWN, {"_id": ACCOUNT, "pvt_type": "account", **settings})
    month = plain(months.database(ACCOUNT, months.this_month()))
    zone.couchdb.put_views(month, "ledgers")
    zone.couchdb.put(month, ledger("rollover", "rollovers", 50_000))
    return zone


def ledger(name, service, amount, **fields):
    return {
        "_id": name,
        "pvt_type": "ledger",
        "pvt_ledger_type": "credit",
        "amount": amount,
        "source": {"service": service},
        "pvt_created": now(),
        **fields,
    }


def cells(zone):
    lines = list(kazoo_services_maintenance.topup_status(zone, ACCOUNT).lines)
    assert len({len(line) for line in lines}) == 1
    return [cell.strip() for cell in lines[3].split("|")[1:-1]]


def test_a_balance_below_the_threshold_is_topped_up(enabled):
    assert cells(enabled) == ["5.0", "6.0", "5.5", "20.0", "true"]


def test_once_a_day_is_enough(enabled):
    executor = {"module": "kz_services_topup", "trigger": "automatic"}
    month = plain(months.database(ACCOUNT, months.this_month()))
    enabled.couchdb.put(month, ledger("payment", "payments", 1, executor=executor))
    assert cells(enabled)[-1] == "false"


def test_an_account_without_a_balance_shows_none(enabled):
    enabled.couchdb.stored.pop(plain(months.database(ACCOUNT, months.this_month())))
    assert cells(enabled) == ["0", "6.0", "5.5", "20.0", "false"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "amount_undefined"),
        ({"amount": 1}, "threshold_undefined"),
        ({"amount": 0, "threshold": 1}, "amount_and_threshold_undefined"),
    ],
)
def test_what_is_missing_is_answered(enabled, settings, reason):
    enabled.couchdb.put(OWN, {"_id": ACCOUNT, "pvt_type": "account", "topup": settings})
    answer = kazoo_services_maintenance.topup_status(enabled, ACCOUNT).term
    assert answer == (Atom("error"), Atom(reason))


def test_the_clusters_switch_is_shown_and_counts(enabled):
    assert list(kazoo_services_maintenance.topup_status(enabled).lines) == ["auto top up is enabled"]
    kazoo_services_maintenance.disable_topup(enabled)
    enabled.rerun()
    assert list(kazoo_services_maintenance.topup_status(enabled).lines) == ["auto top up is disabled"]
    with pytest.raises(topup.NoTopup, match="topup_disabled"):
        topup.status(enabled, ACCOUNT)

"""Databases without some of their views: what reads leaves them so, and a dry run goes the way of the real one."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import requests

from kazoo_sup.lab.seed import ACCOUNT
from kazoo_sup.messages.names import account_database, plain

DATABASE = plain(account_database(ACCOUNT))
GONE = ("click2call", "services", "menus")


@pytest.fixture
def without_views(cluster):
    """Take design documents out of an account; return a function that tells which of them are there."""
    place = f"{cluster}/{quote(DATABASE, safe='')}/_design"
    for name in GONE:
        found = requests.get(f"{place}/{name}", timeout=600)
        if found.ok:
            requests.delete(f"{place}/{name}", params={"rev": found.json()["_rev"]}, timeout=600).raise_for_status()
    return lambda: [name for name in GONE if requests.get(f"{place}/{name}", timeout=600).ok]


def test_a_dry_run_shows_the_views_it_would_put_and_goes_on_as_the_real_run_does(at, without_views):
    words = ("--no-events", "crossbar_maintenance", "migrate_accounts_data")
    dry = at("--dry-run", *words)
    assert (dry.code, without_views()) == (0, [])
    assert f"+++ b/{quote(DATABASE, safe='')}/_design/click2call" in dry.stdout
    assert dry.stderr.endswith("sup: dry run: nothing was changed\n")
    assert at(*words).code == 0
    assert "click2call" in without_views()


@pytest.mark.parametrize(
    "words",
    [
        ("kazoo_services_maintenance", "sync_descendants", ACCOUNT),
        ("callflow_maintenance", "migrate_menus"),
    ],
)
def test_others_come_to_the_same_end(at, without_views, words):
    dry = at("--dry-run", "--no-events", *words)
    assert without_views() == []
    real = at("--no-events", *words)
    assert (dry.code, "has no view" in dry.stderr) == (real.code, False)


def test_listings_leave_everything_as_it_is(at, cluster, without_views):
    for words in (
        ("ecallmgr_maintenance", "sbc_acls"),
        ("ecallmgr_maintenance", "carrier_acls"),
        ("number", "list", ACCOUNT),
        ("crossbar_maintenance", "find_account_by_realm", "lab.example.com"),
    ):
        before = {
            name: requests.get(f"{cluster}/{quote(name, safe='')}", timeout=600).json()["update_seq"]
            for name in requests.get(f"{cluster}/_all_dbs", timeout=600).json()
        }
        at(*words)
        assert {
            name: requests.get(f"{cluster}/{quote(name, safe='')}", timeout=600).json()["update_seq"] for name in before
        } == before, words
    assert without_views() == []

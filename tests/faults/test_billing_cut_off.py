"""Long runs over money and recordings that are cut off: nothing is lost, and a second run completes them."""

from __future__ import annotations

import pytest

from helpers.plain_couchdb import PlainCouchDB
from helpers.tcp_proxy import TcpProxy
from kazoo_sup.kazoo.billing import ledgers
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.documents import now
from kazoo_sup.lab.seed import ACCOUNT, ACCOUNT_DATABASE
from kazoo_sup.messages.names import account_database

pytestmark = pytest.mark.integration

MIGRATE = ("kazoo_modb_migrate_maintenance", "migrate")
QUANTITY = 60
TIMES = (63_900_000_000, 63_910_000_000)
ACCOUNTS = [f"{number:032x}" for number in range(1, 25)]
TIMEOUT = 600


@pytest.fixture
def server(cluster):
    return PlainCouchDB(cluster)


@pytest.fixture
def cut_off(at, cluster):
    """Give a function that runs a command against a server that is gone after so many bytes of requests."""

    def run(limit, *words):
        with TcpProxy.before(cluster) as proxy:
            proxy.cut_after(limit)
            return at(*words, env={"SUP_COUCHDB_URL": proxy.url(cluster)})

    return run


@pytest.mark.parametrize("limit", [3_000, 20_000, 60_000])
def test_no_recording_and_no_call_record_is_lost(at, cut_off, server, limit):
    sound = {"m.mp3": {"content_type": "audio/mpeg", "data": "aGVsbG8="}}
    messages = [{"media_id": f"m{each}", "timestamp": TIMES[each % 2]} for each in range(QUANTITY)]
    code = "function (doc) { if (doc.pvt_type === 'cdr') emit(doc.pvt_created, null); }"
    server.put(
        ACCOUNT_DATABASE,
        {"_id": "_design/cdrs", "language": "javascript", "views": {"crossbar_listing": {"map": code}}},
        {"_id": "box", "pvt_type": "vmbox", "messages": messages},
        *({"_id": each["media_id"], "pvt_type": "private_media", "_attachments": sound} for each in messages),
        *({"_id": f"c{each}", "pvt_type": "cdr", "pvt_created": TIMES[each % 2]} for each in range(QUANTITY)),
    )
    assert "CouchDB" in cut_off(limit, *MIGRATE).stderr
    assert at(*MIGRATE).code == 0
    found = {}
    for when in TIMES:
        found |= server.documents(months.database(ACCOUNT, months.of_time(when)))
    for each in range(QUANTITY):
        month = months.of_time(TIMES[each % 2])
        assert found[f"{month}-c{each}"]["pvt_type"] == "cdr"
        assert found[f"{month}-m{each}"]["_attachments"]["m.mp3"]["length"] == len(b"hello")
    left = server.documents(ACCOUNT_DATABASE)
    assert left["box"]["messages"] == []
    assert not [each for each in left.values() if each.get("pvt_type") in ("cdr", "private_media")]


def test_balances_are_right_however_often_carrying_them_was_cut_off(at, cut_off, server):
    this = months.this_month()
    last = months.before(this)
    for account in ACCOUNTS:
        definition = {"_id": account, "pvt_type": "account", "name": account}
        entry = {
            "_id": "x",
            "pvt_type": "ledger",
            "pvt_ledger_type": "credit",
            "amount": int(account, 16),
            "source": {"service": "payments"},
            "pvt_created": now(),
        }
        server.put(account_database(account), definition)
        server.put("accounts", definition)
        server.put(months.database(account, last), entry)
    for limit in (4_000, 15_000, 40_000):
        cut_off(limit, "kazoo_ledgers_maintenance", "rollover_accounts")
    assert at("kazoo_ledgers_maintenance", "rollover_accounts").code == 0
    for account in ACCOUNTS:
        made = server.documents(months.database(account, this))[ledgers.rollover_id(this)]
        assert ledgers.amount(made) == int(account, 16)

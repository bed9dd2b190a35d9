"""The services database as a whole: rebuilt, restored, rid of accounts that are gone."""

from __future__ import annotations

import pytest

from helpers import shown
from kazoo_sup.errors import Declined, ServerUnreachable, UsageError
from kazoo_sup.kazoo.billing import services_database
from kazoo_sup.kazoo.billing.services_database import BACKUP
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import services as texts

ONE, OTHER, GONE = (letter * 32 for letter in "123")


def told(events, tell=texts.of_database):
    """Return the lines of events, and the counts of the reports among them."""
    return shown.told(events, tell)


@pytest.fixture
def zone(zone, monkeypatch):
    monkeypatch.setattr(services_database, "SETTLE_SECONDS", 0)
    for account in (ONE, OTHER):
        zone.couchdb.put(plain(account_database(account)), {"_id": account, "pvt_type": "account"})
    for account in (ONE, OTHER, GONE):
        zone.couchdb.put("services", {"_id": account, "pvt_type": "service", "pvt_tree": [], "n": account[0]})
    return zone


def documents(zone, database):
    return {name: each for name, each in zone.couchdb.all(database).items() if not name.startswith("_")}


def test_a_rebuilt_database_holds_the_same_and_so_does_its_backup(zone):
    before = documents(zone, "services")
    lines, _counts = told(services_database.rebuild(zone))
    assert lines[-1] == "rebuild completed successfully"
    assert documents(zone, "services") == documents(zone, BACKUP) == before
    assert [key for key in zone.broker.keys if key.startswith("db_")] == [
        f"db_created.{BACKUP}.database.{BACKUP}",
        "db_deleted.services.database.services",
        "db_created.services.database.services",
    ]


def test_nothing_is_deleted_where_the_backup_is_not_equal(zone):
    def meanwhile(database, _documents):
        if database == BACKUP:
            zone.couchdb.put("services", {"_id": ONE, "n": "new"})

    zone.couchdb.before_save.append(meanwhile)
    with pytest.raises(Declined, match="nothing was deleted"):
        list(services_database.rebuild(zone))
    assert documents(zone, "services")[ONE]["n"] == "new"


def test_a_backup_that_is_there_is_not_written_over(zone):
    services_database.check_no_backup(zone)
    zone.couchdb.create(BACKUP)
    with pytest.raises(Declined, match=BACKUP):
        services_database.check_no_backup(zone)


def test_a_server_that_fails_while_it_is_filled_leaves_what_recovery_needs(zone):
    before = documents(zone, "services")

    def fail(database, each):
        if database == "services" and not each[0]["_id"].startswith("_design/"):
            raise ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")

    zone.couchdb.before_save.append(fail)
    with pytest.raises(ServerUnreachable):
        list(services_database.rebuild(zone))
    zone.couchdb.before_save.clear()
    lines, _counts = told(services_database.recover(zone))
    assert documents(zone, "services") == before
    assert lines[1:] == [f"  restored document {each}" for each in sorted(before)]


def test_recovery_leaves_alone_what_is_there_and_differs(zone):
    zone.couchdb.put(BACKUP, {"_id": ONE, "n": "old"}, {"_id": "new", "n": "x"})
    lines, counts = told(services_database.recover(zone))
    assert f"  failed to restore {ONE}: Document update conflict." in lines
    assert documents(zone, "services")[ONE]["n"] == ONE[0]
    assert documents(zone, "services")["new"]["n"] == "x"
    assert counts == {"failed": 1, "created": 1}


def test_recovery_without_a_backup_is_refused(zone):
    with pytest.raises(UsageError, match=BACKUP):
        list(services_database.recover(zone))


def test_services_of_accounts_that_are_gone_are_deleted_and_no_others(zone):
    zone.couchdb.put("accounts", {"_id": GONE, "pvt_type": "account"})
    assert told(services_database.remove_orphans(zone))[0] == []
    assert GONE in zone.warnings[0]
    zone.couchdb.stored["accounts"].clear()
    assert told(services_database.remove_orphans(zone))[0] == [
        f"account {GONE} not found, removing services",
        "removed 1 service docs",
    ]
    assert set(documents(zone, "services")) == {ONE, OTHER}


def test_initialising_removes_the_old_registration_and_adds_the_views(zone):
    zone.couchdb.put("system_data", {"_id": services_database.OBSOLETE_REGISTRATION})
    services_database.initialise(zone)
    assert services_database.OBSOLETE_REGISTRATION not in zone.couchdb.all("system_data")
    assert "_design/services" in zone.couchdb.all("services")

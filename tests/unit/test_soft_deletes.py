"""What is only marked as deleted goes for good, where it is to go (kt_cleanup)."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.migrations import soft_deletes

ACCOUNT = "1" * 32
ENCODED = f"account%2F11%2F11%2F{'1' * 28}"
PLAIN = f"account/11/11/{'1' * 28}"


@pytest.fixture
def zone(zone):
    for database in (PLAIN, "services"):
        zone.couchdb.put_views(database, "maintenance", of=PLAIN)
        zone.couchdb.put(database, {"_id": "kept"}, {"_id": "not", "pvt_deleted": False})
        zone.couchdb.put(database, *({"_id": f"gone{n}", "pvt_type": "user", "pvt_deleted": True} for n in range(1500)))
    return zone


@pytest.mark.parametrize("text", [ACCOUNT, ENCODED, PLAIN])
def test_a_database_is_cleaned_of_them_by_whatever_name_and_without_events(zone, text):
    assert soft_deletes.cleanup(zone, text) == {"deleted": 1500}
    assert zone.couchdb.all(PLAIN).keys() == {"_design/maintenance", "kept", "not"}
    assert not zone.broker.messages


def test_one_that_is_not_to_be_cleaned_is_left_and_that_is_told(zone):
    assert not soft_deletes.cleanup(zone, "services")
    assert "services" in zone.warnings[0]
    assert len(zone.couchdb.all("services")) == 1503


def test_which_are_cleaned_can_be_set(zone):
    chosen = {"databases": ["services"], "classifications": []}
    zone.couchdb.put("system_config", {"_id": "tasks.cleanup", "default": {"cleanup_dbs": chosen}})
    assert soft_deletes.cleanup(zone, "services") == {"deleted": 1500}
    assert not soft_deletes.cleanup(zone, ACCOUNT)


def test_a_document_that_is_taken_back_meanwhile_stays(zone):
    def somebody_else(database, _documents):
        zone.couchdb.before_save.clear()
        zone.couchdb.put(database, {"_id": "gone0", "pvt_deleted": False})

    zone.couchdb.before_save.append(somebody_else)
    counts = soft_deletes.cleanup(zone, ACCOUNT)
    assert counts == {"deleted": 1499, "failed": 1}
    assert "gone0" in zone.couchdb.all(PLAIN)

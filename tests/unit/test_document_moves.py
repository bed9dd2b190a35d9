"""Documents moved with their attachments (Kazoo kz_datamgr:move_doc/5)."""

from __future__ import annotations

import pytest

from helpers.account_zone import account_zone
from kazoo_sup.errors import Conflict, ServerUnreachable
from kazoo_sup.kazoo.migrations.document_moves import Place, move

HERE, THERE = Place("faxes", "one"), Place("webhooks", "two")
DOWN = ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")


@pytest.fixture
def zone(tmp_path):
    zone = account_zone(tmp_path / "state")
    zone.couchdb.put_with_attachment(
        "faxes", {"_id": "one", "id": "one", "pvt_type": "fax", "pvt_account_db": "x"}, "a.tiff", b"II"
    )
    return zone


def moved(zone, **choices):
    return move(zone, zone.couchdb.get("faxes", "one"), HERE, THERE, **choices)


def test_it_arrives_whole_and_is_gone_where_it_was(zone):
    moved(zone)
    document = zone.couchdb.all("webhooks")["two"]
    assert {key: document[key] for key in ("pvt_type", "pvt_account_db")} == {
        "pvt_type": "fax",
        "pvt_account_db": "webhooks",
    }
    assert "id" not in document
    assert zone.couchdb.contents["webhooks", "two", "a.tiff"] == b"II"
    assert zone.couchdb.all("faxes") == {}
    assert [event["Event-Name"] for event in zone.broker.events][-1] == "doc_deleted"


def test_a_move_that_was_cut_off_is_completed(zone):
    def fail(database, _identifier):
        if database == "webhooks":
            raise DOWN

    zone.couchdb.before_attaching.append(fail)
    with pytest.raises(ServerUnreachable):
        moved(zone)
    assert "one" in zone.couchdb.all("faxes")
    zone.couchdb.before_attaching.clear()
    moved(zone)
    assert zone.couchdb.contents["webhooks", "two", "a.tiff"] == b"II"
    assert zone.couchdb.all("faxes") == {}


def test_another_document_in_its_place_stays_unless_it_is_to_be_replaced(zone):
    zone.couchdb.put("webhooks", {"_id": "two", "mine": True})
    with pytest.raises(Conflict):
        moved(zone)
    assert zone.couchdb.all("webhooks")["two"] == {"_id": "two", "mine": True}
    moved(zone, override=True, transform=lambda found: {**found, "folder": "outbox"})
    assert zone.couchdb.all("webhooks")["two"]["folder"] == "outbox"


def test_one_that_is_changed_meanwhile_is_not_deleted(zone):
    source = zone.couchdb.get("faxes", "one")
    zone.couchdb.put("faxes", {**source, "newer": True})
    with pytest.raises(Conflict):
        move(zone, source, HERE, THERE)
    assert zone.couchdb.all("faxes")["one"]["newer"] is True


def test_a_dry_run_moves_nothing(zone):
    zone.rerun(dry_run=True)
    moved(zone)
    assert zone.couchdb.all("webhooks") == {}
    assert "one" in zone.couchdb.all("faxes")
    assert [report.action for report in zone.reports] == ["created", "created", "deleted"]

"""Voicemails and call records moved into months (Kazoo kazoo_modb_migrate_maintenance)."""

from __future__ import annotations

import io
from contextlib import suppress

import pytest

from helpers import shown
from kazoo_sup.errors import ServerUnreachable, Unfinished
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.migrations import month_migration
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts import month_migration as texts

ACCOUNT, OTHER = "1" * 32, "2" * 32
TIME, LATER = 63_900_000_000, 63_910_000_000
MONTH, NEXT = months.of_time(TIME), months.of_time(LATER)
OWN = plain(account_database(ACCOUNT))
DOWN = ServerUnreachable(server="CouchDB", address="a:1", reason="connection refused")


def in_month(month):
    return plain(months.database(ACCOUNT, month))


def told(events, tell=texts.lines):
    """Return the lines of events, and the counts of the reports among them."""
    return shown.told(events, tell)


def message(media, when=TIME):
    return {"media_id": media, "timestamp": when, "call_id": f"call-{media}", "folder": "new"}


@pytest.fixture
def zone(zone):
    zone.couchdb.get_attachment = lambda database, identifier, name: io.BytesIO(b"sound")
    zone.couchdb.put_views(OWN, "vmboxes")
    listing = "function (doc) { if (doc.pvt_type === 'cdr') emit(doc.pvt_created, null); }"
    zone.couchdb.put_design(OWN, "cdrs", crossbar_listing=listing)
    zone.couchdb.put(
        OWN,
        {"_id": "box", "pvt_type": "vmbox", "messages": [message("m1"), message("lost"), message("m2", LATER)]},
        {"_id": "m1", "pvt_type": "private_media", "_attachments": {"m1.mp3": {"content_type": "audio/mpeg"}}},
        {"_id": "m2", "pvt_type": "private_media"},
        {"_id": "c1", "pvt_type": "cdr", "pvt_created": TIME},
        {"_id": "c2", "pvt_type": "cdr", "pvt_created": LATER},
    )
    return zone


def test_voicemails_are_moved_with_their_recordings_and_lost_ones_stay(zone):
    lines, counts = told(month_migration.voicemails(zone, ACCOUNT))
    assert counts == {"moved": 2, "failed": 1}
    assert lines[-1] == f"[{ACCOUNT}] voicemail message migration finished, (2/3) messages has been moved"
    moved = zone.couchdb.all(in_month(MONTH))[f"{MONTH}-m1"]
    assert moved["metadata"] == {**message(f"{MONTH}-m1"), "call_id": f"{MONTH}-call-m1"}
    assert moved["pvt_type"] == "mailbox_message"
    assert moved["_attachments"]["m1.mp3"] == {"content_type": "audio/mpeg", "data": "c291bmQ="}
    assert f"{NEXT}-m2" in zone.couchdb.all(in_month(NEXT))
    left = zone.couchdb.all(OWN)
    assert left["box"]["messages"] == [message("lost")]
    assert not {"m1", "m2"} & set(left)


def test_messages_that_stay_keep_their_order(zone):
    stay = [message(f"lost{each}") for each in range(4)]
    zone.couchdb.put(OWN, {"_id": "box", "pvt_type": "vmbox", "messages": [*stay[:2], message("m1"), *stay[2:]]})
    list(month_migration.voicemails(zone, ACCOUNT))
    assert zone.couchdb.all(OWN)["box"]["messages"] == stay


@pytest.mark.parametrize("place", [in_month(MONTH), OWN])
@pytest.mark.parametrize("after", range(4))
def test_a_run_that_is_cut_off_is_completed_without_a_loss(zone, place, after):
    saves = []

    def fail(database, _documents):
        if database == place:
            saves.append(database)
            if len(saves) > after:
                raise DOWN

    zone.couchdb.before_save.append(fail)
    with suppress(ServerUnreachable, Unfinished):
        list(month_migration.one(zone, ACCOUNT))
    zone.couchdb.before_save.clear()
    list(month_migration.one(zone, ACCOUNT))
    found = {*zone.couchdb.all(in_month(MONTH)), *zone.couchdb.all(in_month(NEXT))}
    assert {f"{MONTH}-m1", f"{NEXT}-m2", f"{MONTH}-c1", f"{NEXT}-c2"} <= found
    left = zone.couchdb.all(OWN)
    assert left["box"]["messages"] == [message("lost")]
    assert not {"m1", "m2", "c1", "c2"} & set(left)


def test_a_recording_that_is_kept_elsewhere_stays(zone):
    zone.couchdb.put(OWN, {"_id": "m1", "pvt_type": "private_media", "pvt_attachments": {"m1.mp3": {}}})
    lines, counts = told(month_migration.voicemails(zone, ACCOUNT))
    assert counts["failed"] == 2
    assert any("outside CouchDB" in line for line in lines)
    assert "m1" in zone.couchdb.all(OWN)


def test_call_records_are_moved_but_those_without_a_time(zone):
    zone.couchdb.put(OWN, {"_id": "c3", "pvt_type": "cdr", "pvt_created": 10**13})
    lines, counts = told(month_migration.call_records(zone, ACCOUNT))
    assert lines[0] == f"[{ACCOUNT}] Start migrating total 3 cdrs with batch size 2000"
    assert counts == {"moved": 2, "failed": 1}
    record = zone.couchdb.all(in_month(MONTH))[f"{MONTH}-c1"]
    assert record["pvt_account_db"] == f"{ACCOUNT}-{MONTH}"
    assert "c3" in zone.couchdb.all(OWN)


def test_everybody_is_counted_and_an_account_without_the_view_is_told(zone):
    zone.couchdb.put_views(plain(account_database(OTHER)), "vmboxes")
    lines, counts = told(month_migration.everybody(zone, None))
    assert lines[0] == "Start migrating items to MODB from 2 databases"
    assert counts == {"moved": 4, "failed": 1}
    assert f"[{OTHER}] no voicemail messages found" in lines
    assert f"[{account_database(OTHER)}] failed to fetch view cdrs/crossbar_listing count" in lines
    assert lines.count(f"[{ACCOUNT}] finished migrating items") == 1


def test_a_dry_run_moves_nothing(zone):
    zone.rerun(dry_run=True)
    before = zone.couchdb.all(OWN)
    list(month_migration.one(zone, ACCOUNT))
    assert zone.couchdb.all(OWN) == before
    assert not zone.couchdb.exists(in_month(MONTH))

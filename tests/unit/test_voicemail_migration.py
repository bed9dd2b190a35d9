"""Messages of mailboxes moved to their months, recovered and announced (Kazoo kazoo_voicemail_maintenance)."""

from __future__ import annotations

import pytest

from helpers.account_zone import ACCOUNT, OTHER, PLAIN, account_zone
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.databases import months
from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.voicemail import mailbox_messages, voicemail_maintenance
from kazoo_sup.kazoo.voicemail.voicemail_migration import ERROR, Migration, with_time, without_moved
from kazoo_sup.results import PartlyDone
from kazoo_sup.texts import voicemail as texts

OLD = 63_900_000_000
MONTH = f"{PLAIN}-202411"


@pytest.fixture
def zone(tmp_path):
    zone = account_zone(tmp_path / "state", MONTH)
    zone.couchdb.put(PLAIN, {"_id": ACCOUNT, "pvt_type": "account"})
    return zone


def put_box(zone, *messages):
    zone.couchdb.put(PLAIN, {"_id": "b1", "pvt_type": "vmbox", "mailbox": "100", "messages": list(messages)})


def message(media, seconds=OLD, **fields):
    return {"media_id": media, "timestamp": seconds, "folder": "new", **fields}


def left(zone):
    return zone.couchdb.all(PLAIN)["b1"]["messages"]


class TestMoving:
    def test_a_message_becomes_a_document_with_a_link_to_its_audio(self, zone):
        put_box(zone, message("m1"))
        migration = Migration(zone, ACCOUNT)
        list(migration.all_boxes())
        document = zone.couchdb.all(MONTH)["202411-m1"]
        assert document["metadata"] == message("202411-m1")
        assert document["name"] == "mailbox 100 message 2024-11-28 0:0:0"
        (stub,) = document["pvt_attachments"].values()
        assert stub["handler"]["kz_att_link"]["att_docid"] == "m1"
        assert left(zone) == []
        assert (migration.totals.processed, migration.totals.succeeded) == (1, 1)

    def test_what_cannot_be_moved_says_why_and_stays(self, zone):
        put_box(zone, message("m1"), message("m2", 63_000_000_000), {"folder": "new"})
        migration = Migration(zone, ACCOUNT)
        list(migration.all_boxes())
        assert left(zone) == [
            message("m2", 63_000_000_000, **{ERROR: "no_modb"}),
            {"folder": "new", ERROR: "no_media_id"},
        ]
        assert (migration.totals.failed, migration.totals.no_ids) == (1, 1)

    def test_without_any_month_s_database_nothing_is_touched(self, zone):
        put_box(zone, message("m2", 63_000_000_000))
        said = list(texts.lines(Migration(zone, ACCOUNT).all_boxes()))
        assert said[-1].endswith("reached to the last/oldest available modb")
        assert left(zone) == [message("m2", 63_000_000_000)]

    def test_one_that_arrived_in_a_run_that_was_cut_off_counts_and_stays_as_it_is(self, zone):
        put_box(zone, message("m1"))
        zone.couchdb.put(MONTH, {"_id": "202411-m1", "mine": True})
        list(Migration(zone, ACCOUNT).all_boxes())
        assert zone.couchdb.all(MONTH)["202411-m1"] == {"_id": "202411-m1", "mine": True}
        assert left(zone) == []

    def test_a_message_that_comes_meanwhile_stays_in_its_mailbox(self, zone):
        put_box(zone, message("m1"))

        def meddle(database, _documents):
            if database == PLAIN:
                zone.couchdb.before_save.clear()
                put_box(zone, message("m1"), message("late"))

        list(Migration(zone, ACCOUNT).some_boxes([]))
        zone.couchdb.before_save.append(meddle)
        list(Migration(zone, ACCOUNT).some_boxes(["b1"]))
        assert left(zone) == [message("late")]

    def test_time_comes_from_the_audio_or_the_mailbox(self):
        legacy = {"metadata": {"media_id": "m1"}, "box_timestamp": 5}
        assert with_time(legacy, {"pvt_created": 7})["metadata"]["timestamp"] == 7
        assert with_time(legacy, {"pvt_created": 7, "pvt_modified": 9})["metadata"]["timestamp"] == 9
        assert with_time(legacy, None)["metadata"]["timestamp"] == 5

    def test_only_what_is_known_leaves_the_mailbox(self):
        box = {"messages": [message("a"), message("b"), message("c")]}
        assert without_moved(box, {"a", "b"}, {"b": "refused"})["messages"] == [
            message("b", **{ERROR: "refused"}),
            message("c"),
        ]

    @pytest.mark.parametrize(
        ("timezone", "shown"),
        [
            ("Europe/Berlin", "2024-11-28 9:0:0"),
            ("Mars/Olympus", "2024-11-28 8:0:0 UTC"),
            ("../x", "2024-11-28 8:0:0 UTC"),
        ],
    )
    def test_a_name_is_in_its_mailbox_s_time(self, timezone, shown):
        assert mailbox_messages.name("100", timezone, OLD) == f"mailbox 100 message {shown}"


class TestMaintenance:
    def test_all_accounts_recent_messages_first(self, zone):
        recent = now() - 3600
        zone.couchdb.create(f"{PLAIN}-{months.of_time(recent)}")
        put_box(zone, message("m1"), message("new", recent))
        lines = list(texts.lines(voicemail_maintenance.migrate_all(zone, None)))
        passed = next(place for place, line in enumerate(lines) if line.startswith(":: all voicemails in retention"))
        assert sum("processing 1 voicemail" in line for line in lines[:passed]) == 1
        assert sum("processing 1 voicemail" in line for line in lines[passed:]) == 1
        assert "Total succeeded: 2" in lines
        assert left(zone) == []

    def test_one_account_ends_partly_done_where_messages_could_not_be_moved(self, zone):
        put_box(zone, message("m1"), message("m2", 63_000_000_000))
        with pytest.raises(PartlyDone):
            list(voicemail_maintenance.migrate_account(zone, ACCOUNT, ["b1"]))

    def test_lost_metadata_are_made_up_where_there_is_audio(self, zone):
        lost = {"pvt_type": "mailbox_message", "pvt_created": OLD}
        zone.couchdb.put(MONTH, {"_id": "202411-silent", **lost})
        zone.couchdb.put_with_attachment(MONTH, {"_id": "202411-lost", **lost}, "a.mp3", b"ID3")
        *months, report = voicemail_maintenance.recover(zone, voicemail_maintenance.months(zone, ACCOUNT, "202411"))
        assert report.failed == 0
        lines = list(texts.lines(months))
        assert lines[1:] == [
            "  rebuilding metadata for 202411-lost",
            "  202411-silent missing attachment, skipping",
        ]
        metadata = zone.couchdb.all(MONTH)["202411-lost"]["metadata"]
        assert (metadata["length"], metadata["timestamp"], metadata["folder"]) == (3, OLD, "new")
        assert "metadata" not in zone.couchdb.all(MONTH)["202411-silent"]

    def test_months_of_one_account_or_of_all(self, zone):
        zone.couchdb.create(f"account/cd/cd/{OTHER[4:]}-202411")
        assert len(list(voicemail_maintenance.months(zone).names())) == 2
        assert len(list(voicemail_maintenance.months(zone, ACCOUNT).names())) == 1
        assert list(voicemail_maintenance.months(zone, ACCOUNT, "202410").names()) == []

    @pytest.mark.parametrize(("year", "month"), [("24", "11"), ("2024", "1"), ("2024", "13"), ("x", "11")])
    def test_months_that_are_none_are_refused(self, year, month):
        with pytest.raises(BadArgument):
            voicemail_maintenance.read_month(year, month)

    def test_a_notice_says_who_called_and_where(self):
        document = {"_id": "202411-m1", "source_id": "b1", "metadata": {"from": "a@x", "to": "100@y", "length": 3}}
        found = voicemail_maintenance.notice(document, ACCOUNT)
        assert (found["From-User"], found["To-Realm"], found["Voicemail-Box"]) == ("a", "y", "b1")
        assert voicemail_maintenance.notice({"_id": "x"}, ACCOUNT)["From-Realm"] == "nodomain"

    @pytest.mark.parametrize(("identifier", "error"), [("m1", "BadArgument"), ("202411-none", "NotFound")])
    def test_a_notice_of_what_is_not_there_is_refused(self, zone, identifier, error):
        with pytest.raises(Exception, match=".") as raised:
            voicemail_maintenance.renotify(zone, ACCOUNT, identifier)
        assert type(raised.value).__name__ == error

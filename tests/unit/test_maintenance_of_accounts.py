"""Limits and media of accounts put into their present form; months of a range; documents purged."""

from __future__ import annotations

from io import BytesIO

import pytest

from kazoo_sup.errors import Declined, ServerRefused
from kazoo_sup.kazoo.billing import limits_migration
from kazoo_sup.kazoo.migrations import document_purge, media_migration, migration
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts.media_migration import lines

ACCOUNT = "1" * 32
DATABASE = account_database(ACCOUNT)


@pytest.fixture
def zone(zone):
    zone.couchdb.create(plain(DATABASE))
    return zone


def account(zone):
    return zone.couchdb.all(plain(DATABASE))


class TestLimits:
    OLD = ({"account": {"trunks": 5, "inbound_trunks": 1}}, {"account": {"trunks": "7"}}, {})

    @pytest.mark.parametrize(
        ("defaults", "wanted"),
        [
            ({}, {"twoway_trunks": 7, "inbound_trunks": 1}),
            ({"twoway_trunks": 9, "inbound_trunks": 0}, {"twoway_trunks": 9, "inbound_trunks": 1}),
        ],
    )
    def test_the_most_counts(self, defaults, wanted):
        found = limits_migration.limits(DATABASE, self.OLD, defaults)
        assert {key: found[key] for key in limits_migration.KINDS} == wanted

    def test_without_anything_known_nothing_is_said(self):
        assert not limits_migration.KINDS.keys() & limits_migration.limits(DATABASE, [], {}).keys()

    def test_a_document_that_is_there_stays(self, zone):
        zone.couchdb.put(plain(DATABASE), {"_id": "limits", "twoway_trunks": 3})
        limits_migration.migrate(zone, DATABASE)
        assert account(zone)["limits"] == {"_id": "limits", "twoway_trunks": 3}

    def test_only_what_jonny5_left_without_servers_is_deleted(self, zone):
        zone.couchdb.put_views(plain(DATABASE), "trunkstore")
        zone.couchdb.put(
            plain(DATABASE),
            {"_id": "empty", "pvt_type": "sys_info", "pvt_created_by": "jonny5", "account": {"trunks": 2}},
            {"_id": "used", "pvt_type": "sys_info", "pvt_created_by": "jonny5", "account": {}, "servers": [{}]},
            {"_id": "other", "pvt_type": "sys_info", "account": {}},
        )
        limits_migration.migrate(zone, DATABASE)
        assert [name for name, each in account(zone).items() if each.get("pvt_deleted")] == ["empty"]
        assert account(zone)["limits"]["twoway_trunks"] == 2


class TestMedia:
    @pytest.mark.parametrize(
        ("name", "stub", "document", "wanted"),
        [
            ("a.mp3", {"content_type": "audio/mpeg"}, {}, ("a.mp3", "audio/mpeg")),
            ("a", {"content_type": "audio/mpeg"}, {}, ("a.mp3", "audio/mpeg")),
            ("a", {"content_type": "audio/x-wav"}, {}, ("a.wav", "audio/x-wav")),
            ("a", {"content_type": "audio/ogg"}, {}, ("a", "audio/ogg")),
            ("a.mp3", {"content_type": "text/plain"}, {"content_type": "audio/mp3"}, ("a.mp3", "audio/mp3")),
            ("a.mp3", {"content_type": "text/plain"}, {}, ("a.mp3", "audio/mpeg")),
        ],
    )
    def test_names_and_types(self, name, stub, document, wanted):
        assert media_migration.renamed(name, stub, document) == wanted

    @pytest.mark.parametrize(("source", "wanted"), [({}, "upload"), ({"source_id": "x"}, "recording")])
    def test_fields_of_old_go(self, source, wanted):
        found = media_migration.without_outdated({"_id": "a", "status": "x", "size": 1, "name": "n", **source})
        assert found == {"_id": "a", "name": "n", "media_source": wanted, **source}
        assert media_migration.without_outdated(found) is found

    def test_a_file_is_stored_under_its_new_name_in_one_step_and_kept(self, zone, monkeypatch):
        attachments = {"a": {"content_type": "audio/mpeg", "stub": True}}
        zone.couchdb.put_views(plain(DATABASE), "media")
        zone.couchdb.put(plain(DATABASE), {"_id": "m", "pvt_type": "media", "name": "n", "_attachments": attachments})
        monkeypatch.setattr(zone.couchdb, "get_attachment", lambda *_: BytesIO(b"sound"), raising=False)
        told = list(lines(media_migration.migrate(zone, DATABASE)))
        assert f"updated attachment name {DATABASE}/m/a.mp3" in told
        assert account(zone)["m"]["_attachments"] == {"a.mp3": {"content_type": "audio/mpeg", "data": "c291bmQ="}}
        assert (zone.state_dir / "media" / "m_a").read_bytes() == b"sound"
        assert [action for _database, name, action in zone.couchdb.written if name == "m"] == ["edited"]

    def test_a_file_that_has_the_name_already_is_not_overwritten(self, zone):
        stub = {"content_type": "audio/mpeg", "stub": True}
        zone.couchdb.put_views(plain(DATABASE), "media")
        attachments = {"a": stub, "a.mp3": stub}
        zone.couchdb.put(plain(DATABASE), {"_id": "m", "pvt_type": "media", "_attachments": attachments})
        with pytest.raises(Declined, match=r"a\.mp3"):
            list(media_migration.migrate(zone, DATABASE))

    def test_a_document_without_a_file_is_marked_as_deleted(self, zone):
        zone.couchdb.put_views(plain(DATABASE), "media")
        zone.couchdb.put(plain(DATABASE), {"_id": "m", "pvt_type": "media"})
        assert (
            next(lines(media_migration.migrate(zone, DATABASE)))
            == f"media doc {DATABASE}/m has no attachments, removing"
        )
        assert account(zone)["m"]["pvt_deleted"] is True


class TestMonths:
    @pytest.mark.parametrize(
        ("start", "end", "wanted"),
        [
            (2026, None, ("202601", "999912")),
            (202610, None, ("202610", "999912")),
            (202610, 202701, ("202610", "202701")),
            (2025, 2026, ("202501", "202612")),
        ],
    )
    def test_ranges(self, start, end, wanted):
        assert migration.month_range(start, end) == wanted

    @pytest.mark.parametrize("wrong", [0, 20261, 202613, 202600, -202610, 1])
    def test_what_is_no_month(self, wrong):
        with pytest.raises(ValueError, match="neither a year"):
            migration.month_range(wrong)


class TestPurge:
    @pytest.fixture
    def zone(self, zone):
        zone.couchdb.put_views(plain(DATABASE), "maintenance")
        zone.couchdb.put(plain(DATABASE), *({"_id": f"d{number:02}", "pvt_type": "device"} for number in range(25)))
        zone.couchdb.put(plain(DATABASE), {"_id": "u", "pvt_type": "user"})
        return zone

    def test_only_documents_of_the_type_go(self, zone):
        assert document_purge.count_of_type(zone, DATABASE, "device") == 25
        assert document_purge.purge(zone, DATABASE, "device", page=10).counts["deleted"] == 25
        assert account(zone).keys() == {"_design/maintenance", "u"}

    def test_one_that_cannot_be_deleted_is_passed_over(self, zone):
        def refuse(_database, documents):
            if any(each["_id"] == "d03" for each in documents) and len(documents) == 1:
                raise ServerRefused(server="CouchDB", status=403, request="POST", reason="forbidden")

        def somebody_else(_database, documents):
            if any(each["_id"] == "d05" for each in documents):
                zone.couchdb.before_save.remove(somebody_else)
                zone.couchdb.put(plain(DATABASE), {"_id": "d05", "pvt_type": "other"})

        zone.couchdb.before_save += [refuse, somebody_else]
        document_purge.purge(zone, DATABASE, "device", page=10)
        assert account(zone)["d05"]["pvt_type"] == "other"
        assert "d24" not in account(zone)

    def test_voicemail_that_a_mailbox_refers_to_stays(self, zone):
        zone.couchdb.put_views(plain(DATABASE), "vmboxes", "media")
        zone.couchdb.put(plain(DATABASE), {"_id": "box", "pvt_type": "vmbox", "messages": [{"media_id": "used"}]})
        zone.couchdb.put(plain(DATABASE), *({"_id": name, "pvt_type": "private_media"} for name in ("used", "unused")))
        ids = document_purge.unused_voicemail(zone, DATABASE)
        assert ids == ["unused"]
        _tally, answers = document_purge.delete(zone, DATABASE, ids)
        assert [each["id"] for each in answers] == ["unused"]
        assert "used" in account(zone)

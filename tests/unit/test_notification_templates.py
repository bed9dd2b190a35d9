"""Templates of e-mails: the system's brought back to their defaults, accounts' removed and forced."""

from __future__ import annotations

import base64

import pytest

from kazoo_sup.cli.render.reports import documents
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, document_hash
from kazoo_sup.kazoo.notifications import notification_templates as templates
from kazoo_sup.kazoo.notifications.notification_templates import NoDefaults, NoTemplate, NoTexts
from kazoo_sup.results import BulkReport
from kazoo_sup.texts import teletype

ACCOUNT = "account%2F11%2F11%2F1111111111111111111111111111"
PLAIN = "account/11/11/1111111111111111111111111111"
FULL, NEW = "notification.voicemail_full", "notification.new_user"


@pytest.fixture
def files(tmp_path):
    for ending in ("html", "text"):
        (tmp_path / f"voicemail_full.{ending}").write_text(f"full in {ending}")
    return tmp_path


@pytest.fixture
def zone(zone):
    zone.couchdb.create(PLAIN)
    for name in (FULL, NEW, templates.SKELETON):
        zone.couchdb.put("system_config", {"_id": name, "subject": "changed", "macros": {"m": 1}, "enabled": False})
    return zone


def stored(zone, database=PLAIN):
    return zone.couchdb.all(database)


def told(events):
    """Return the lines that are printed of events, and what was counted."""
    events = list(events)
    reports = [each for each in events if isinstance(each, BulkReport)]
    counts = sum(reports, BulkReport()).counts
    return list(teletype.lines(each for each in events if not isinstance(each, BulkReport))), counts


def restore(zone, name, files):
    return told(templates.restore(zone, name, files))[0]


def forced(zone, ids, customized):
    return told(templates.force(zone, ACCOUNT, "acme", ids, customized))


class TestRestoring:
    def test_all_but_what_it_can_fill_in_is_as_kazoo_makes_it(self, zone, files):
        lines = restore(zone, "voicemail_full", files)
        document = stored(zone, "system_config")[FULL]
        known = templates.defaults()["voicemail_full"]
        assert lines[0].endswith("voicemail_full(notification.voicemail_full)")
        assert document["macros"] == {"m": 1}
        assert (document["subject"], document["to"]) == (known["subject"], {"type": known["to"]})
        assert document["from"] == "no_reply@apps1.example.com"
        assert "enabled" not in document
        assert document["pvt_type"] == "notification"
        assert document["pvt_created"] > GREGORIAN_EPOCH
        attached = {name: base64.b64decode(each["data"]) for name, each in document["_attachments"].items()}
        assert attached == {"template.text/html": b"full in html", "template.text/plain": b"full in text"}

    def test_its_hash_tells_teletype_that_nobody_has_edited_it(self, zone):
        restore(zone, "new_user", None)
        document = stored(zone, "system_config")[NEW]
        assert document["pvt_document_hash"] == document_hash(document)

    def test_it_is_saved_once_so_that_mails_go_on(self, zone, files):
        restore(zone, FULL, files)
        assert zone.couchdb.written == [("system_config", FULL, "edited")]
        assert zone.broker.keys == ["doc_edited.system_config.notification.notification%2Evoicemail_full"]

    def test_nothing_is_touched_where_there_are_no_texts_to_take_its_place(self, zone, tmp_path):
        zone.couchdb.put("system_config", {"_id": NEW, "_attachments": {"template.text/html": {"stub": True}}})
        for directory in (None, tmp_path):
            with pytest.raises(NoTexts, match="new_user.html"):
                restore(zone, "new_user", directory)
        assert not zone.couchdb.written

    def test_one_without_texts_gets_the_rest_and_that_is_told(self, zone):
        restore(zone, "new_user", None)
        assert stored(zone, "system_config")[NEW]["subject"] == templates.defaults()["new_user"]["subject"]
        assert "no texts" in zone.warnings[0]

    def test_what_is_unknown_or_not_there_is_refused(self, zone, files):
        zone.couchdb.put("system_config", {"_id": "notification.ours"})
        with pytest.raises(NoDefaults):
            restore(zone, "ours", files)
        with pytest.raises(NoTemplate):
            restore(zone, "topup", files)
        assert not zone.couchdb.written

    def test_of_all_those_that_can_be_are_restored_and_the_others_reported(self, zone, files):
        zone.couchdb.put("system_config", {"_id": "notification.ours"})
        zone.couchdb.put("system_config", {"_id": NEW, "_attachments": {"template.text/html": {"stub": True}}})
        _lines, counts = told(templates.restore_all(zone, files))
        assert counts == {"edited": 1, "failed": 2}
        assert {each.id for each in zone.reports if each.action == "failed"} == {NEW, "notification.ours"}

    def test_a_dry_run_shows_no_contents_and_saves_nothing(self, zone, files):
        zone.rerun(dry_run=True)
        restore(zone, FULL, files)
        (report,) = zone.reports
        assert report.planned
        _before, after = documents(report)
        assert {"data"} & after["_attachments"]["template.text/html"].keys() == set()
        assert not zone.couchdb.written


class TestOfAccounts:
    def test_removing_deletes_what_is_there_and_tells_what_is_not(self, zone):
        zone.couchdb.put(PLAIN, {"_id": FULL, "pvt_type": "notification"})
        lines, counts = told(templates.remove(zone, ACCOUNT, "acme", [FULL, NEW]))
        assert lines == [":: removing 2 template customization(s) from acme", "  voicemail_full: deleted"]
        assert counts == {"deleted": 1}
        assert NEW in zone.warnings[0]
        assert not stored(zone)

    def test_forcing_replaces_customizations_and_deletes_those_the_system_has_not(self, zone):
        for name in (FULL, "notification.old"):
            zone.couchdb.put(PLAIN, {"_id": name, "subject": "mine"})
        lines, counts = forced(zone, [FULL, NEW], [FULL, "notification.old"])
        assert counts == {"deleted": 1, "edited": 1, "created": 1}
        assert stored(zone).keys() == {FULL, NEW}
        assert {each["subject"] for each in stored(zone).values()} == {"changed"}
        assert {each["pvt_account_db"] for each in stored(zone).values()} == {ACCOUNT}
        assert lines[1:4] == ["  voicemail_full: deleted", "  old: deleted", ""]
        assert lines[-2:] == ["  voicemail_full: done", "  new_user: done"]

    def test_forcing_one_leaves_the_others(self, zone):
        for name in (FULL, NEW):
            zone.couchdb.put(PLAIN, {"_id": name, "subject": "mine"})
        forced(zone, [FULL], [FULL])
        assert stored(zone)[NEW]["subject"] == "mine"

    def test_a_customization_saved_meanwhile_is_replaced_all_the_same(self, zone):
        def somebody_else(database, _documents):
            zone.couchdb.before_save.clear()
            zone.couchdb.put(database, {"_id": FULL, "subject": "theirs"})

        zone.couchdb.before_save.append(somebody_else)
        _lines, counts = forced(zone, [FULL], [])
        assert counts == {"edited": 1}
        assert stored(zone)[FULL]["subject"] == "changed"

    def test_the_skeleton_is_no_template(self, zone):
        assert templates.stored_in(zone, "system_config") == [NEW, FULL]

    def test_a_database_that_is_not_there_has_none(self, zone):
        assert templates.listed_in(zone, "nowhere") is None

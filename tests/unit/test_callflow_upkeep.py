"""Callflows' contexts, and their data of earlier versions (Kazoo callflow_maintenance)."""

from __future__ import annotations

import pytest

from helpers.account_zone import DATABASE, PLAIN, account_zone
from kazoo_sup.kazoo.callflows import authz_contexts, feature_codes
from kazoo_sup.kazoo.media import menu_greetings, recorded_names
from kazoo_sup.terms import OK, Atom
from kazoo_sup.texts import callflows as texts


@pytest.fixture
def zone(tmp_path):
    return account_zone(tmp_path / "state")


def callflow(zone):
    return zone.couchdb.all("system_config").get("callflow", {}).get("default", {})


class TestContexts:
    def test_an_application_s_context_is_made_kept_and_allowed_once(self, zone):
        said = list(texts.lines(authz_contexts.allow(zone, "carrier", "c0ffee")))
        assert said[0] == "no authz context set for carrier, setting to c0ffee"
        zone.rerun()
        again = list(texts.lines(authz_contexts.allow(zone, "carrier", "other")))
        assert again == ["added c0ffee to allowed authz contexts"]
        assert callflow(zone) == {"allow_authz_context_overrides": True, "authz_contexts": ["c0ffee"]}

    def test_one_that_was_allowed_is_taken_off(self, zone):
        list(authz_contexts.allow(zone, "carrier", "c0ffee"))
        zone.rerun()
        assert list(texts.lines(authz_contexts.deny(zone, "carrier"))) == ["removed c0ffee from allowed authz contexts"]
        assert callflow(zone)["authz_contexts"] == []
        zone.rerun()
        assert list(texts.lines(authz_contexts.deny(zone, "carrier"))) == ["app context is not currently allowed"]
        said = list(texts.lines(authz_contexts.deny(zone, "x")))
        assert said == ["app x not currently listed in allowed authz contexts"]

    def test_they_are_switched_for_all(self, zone):
        assert list(texts.lines(authz_contexts.switch(zone, True))) == ["authz context overrides enabled"]
        zone.rerun()
        assert list(texts.lines(authz_contexts.switch(zone, False))) == ["authz context overrides disabled"]
        assert callflow(zone) == {"allow_authz_context_overrides": False}


def test_the_old_pattern_is_replaced_and_others_of_its_callflow_stay(zone):
    zone.couchdb.put(PLAIN, {"_id": "c1", "pvt_type": "callflow", "patterns": [feature_codes.OLD, "^\\*97$"]})
    said = list(texts.lines(feature_codes.update(zone, DATABASE)))
    assert zone.couchdb.all(PLAIN)["c1"]["patterns"] == [feature_codes.NEW, "^\\*97$"]
    assert said[-1].endswith(" : feature codes up to date")
    written = list(zone.couchdb.written)
    list(feature_codes.update(zone, DATABASE))
    assert zone.couchdb.written == written


class TestMenus:
    def test_an_attached_greeting_becomes_media_that_the_menu_plays(self, zone):
        zone.couchdb.put_with_attachment(PLAIN, {"_id": "m1", "pvt_type": "menu", "name": "Main"}, "prompt.mp3", b"ID3")
        assert menu_greetings.migrate(zone, DATABASE) == [OK]
        menu = zone.couchdb.all(PLAIN)["m1"]
        media = menu["media"]["greeting"]
        assert menu["pvt_vsn"] == "2"
        assert zone.couchdb.all(PLAIN)[media]["name"] == "Main menu greeting"
        assert zone.couchdb.contents[PLAIN, media, f"{media}.mp3"] == b"ID3"

    def test_a_run_that_was_cut_off_leaves_no_second_copy(self, zone):
        zone.couchdb.put_with_attachment(PLAIN, {"_id": "m1", "pvt_type": "menu"}, "prompt.mp3", b"ID3")

        def fail(_database, _identifier):
            raise OSError

        zone.couchdb.before_attaching.append(fail)
        with pytest.raises(OSError):
            menu_greetings.migrate(zone, DATABASE)
        zone.couchdb.before_attaching.clear()
        menu_greetings.migrate(zone, DATABASE)
        menu_greetings.migrate(zone, DATABASE)
        media = [each for each in zone.couchdb.all(PLAIN).values() if each.get("pvt_type") == "media"]
        assert [each["_id"] for each in media] == [menu_greetings.media_id("m1")]
        assert zone.couchdb.contents[PLAIN, media[0]["_id"], f"{media[0]['_id']}.mp3"] == b"ID3"

    def test_menus_without_one_and_no_menus(self, zone):
        assert menu_greetings.migrate(zone, DATABASE) == Atom("done")
        zone.couchdb.put(PLAIN, {"_id": "m1", "pvt_type": "menu"})
        assert menu_greetings.migrate(zone, DATABASE) == [OK]
        assert zone.couchdb.all(PLAIN)["m1"] == {"_id": "m1", "pvt_type": "menu"}


class TestRecordedNames:
    def put(self, zone, **owner):
        zone.couchdb.put(PLAIN, {"_id": "b1", "pvt_type": "vmbox", "owner_id": "u1", "media": {"name": "n1"}})
        zone.couchdb.put(PLAIN, {"_id": "u1", "pvt_type": "user", **owner}, {"_id": "n1", "pvt_type": "media"})

    def test_the_owner_gets_it(self, zone):
        self.put(zone)
        recorded_names.migrate(zone, DATABASE)
        assert zone.couchdb.all(PLAIN)["u1"]["media"] == {"name": "n1"}
        assert "name" not in zone.couchdb.all(PLAIN)["b1"]["media"]
        assert "n1" in zone.couchdb.all(PLAIN)

    def test_the_owner_s_own_wins_and_the_other_is_deleted(self, zone):
        self.put(zone, media={"name": "mine"})
        recorded_names.migrate(zone, DATABASE)
        assert zone.couchdb.all(PLAIN)["u1"]["media"] == {"name": "mine"}
        assert "n1" not in zone.couchdb.all(PLAIN)

    @pytest.mark.parametrize("owner", [{}, {"owner_id": "gone"}])
    def test_without_an_owner_it_stays(self, zone, owner):
        zone.couchdb.put(PLAIN, {"_id": "b1", "pvt_type": "vmbox", "media": {"name": "n1"}, **owner})
        assert recorded_names.migrate(zone, DATABASE) == [OK]
        assert zone.couchdb.all(PLAIN)["b1"]["media"] == {"name": "n1"}
        assert zone.warnings

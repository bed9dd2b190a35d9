"""Settings of media moved to their own category, and media without audio (Kazoo kazoo_media_maintenance)."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from helpers.account_zone import ACCOUNT, PLAIN, account_zone
from helpers.memory_couchdb import MemoryCouchDB
from helpers.memory_zone import MemoryZone
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.accounts import NamedAccount
from kazoo_sup.kazoo.media import media_cleanup, media_settings
from kazoo_sup.texts import media


@pytest.fixture
def zone(tmp_path):
    return account_zone(tmp_path / "state")


def section(zone, category, name="default"):
    return zone.couchdb.all("system_config")[category][name]


class TestSettings:
    def test_what_is_set_goes_over_and_what_is_not_gets_its_default(self, zone):
        zone.couchdb.put("system_config", {"_id": "callflow", "default": {"use_https": True, "voicemail": {"a": 1}}})
        lines = list(media.settings(media_settings.migrate(zone)))
        assert section(zone, "media")["use_https"] is True
        assert section(zone, "media")["call_recording"] == {"extension": "mp3"}
        assert "proxy_username" not in section(zone, "media")
        assert section(zone, "callflow") == {"voicemail": {"a": 1}}
        assert "  failed to find media_mgr, not migrating" in lines

    def test_a_default_covers_nothing_that_is_there(self, zone):
        zone.couchdb.put("system_config", {"_id": "media", "default": {"proxy_port": 1}})
        zone.couchdb.put("system_config", {"_id": "media_mgr", "default": {}, "kazoo_apps@one": {"proxy_port": 2}})
        lines = list(media.settings(media_settings.migrate(zone)))
        assert section(zone, "media")["proxy_port"] == 1
        assert section(zone, "media", "kazoo_apps@one")["proxy_port"] == 2
        assert '    media config has existing value \'1\' for [<<"default">>,<<"proxy_port">>]' in lines
        assert lines[-1] == "deleted media_mgr from system_config"
        assert "media_mgr" not in zone.couchdb.all("system_config")

    def test_passwords_are_moved_and_not_told(self, zone):
        zone.couchdb.put("system_config", {"_id": "callflow", "default": {"proxy_password": "geheim"}})
        assert "geheim" not in "\n".join(media.settings(media_settings.migrate(zone)))
        assert section(zone, "media")["proxy_password"] == "geheim"

    def test_a_second_run_has_nothing_to_do(self, zone):
        zone.couchdb.put("system_config", {"_id": "callflow", "default": {"use_https": True}})
        list(media_settings.migrate(zone))
        written = list(zone.couchdb.written)
        assert "no changes for that need saving" in list(media.settings(media_settings.migrate(zone)))
        assert zone.couchdb.written == written

    def test_a_locked_configuration_is_left_alone(self, tmp_path):
        locked = MemoryZone(tmp_path / "locked", couchdb=MemoryCouchDB(["system_config"]), locked=True)
        with pytest.raises(Declined):
            list(media_settings.migrate(locked))


class TestCleaning:
    def test_prompts_without_audio_go_others_stay(self, zone):
        zone.couchdb.put_views("system_media", "media", of=PLAIN)
        zone.couchdb.put("system_media", {"_id": "empty"})
        zone.couchdb.put_with_attachment("system_media", {"_id": "full"}, "a.wav", b"x")
        assert list(media.lines(media_cleanup.remove_empty_prompts(zone))) == [
            "media document empty has no attachments, removing"
        ]
        assert set(zone.couchdb.all("system_media")) == {"_design/media", "full"}

    def test_a_prompt_that_gets_its_audio_meanwhile_stays(self, zone):
        zone.couchdb.put("system_media", {"_id": "late"})

        def fill(database, _documents):
            zone.couchdb.before_save.clear()
            zone.couchdb.put_with_attachment(database, zone.couchdb.get("system_media", "late"), "a.wav", b"x")

        zone.couchdb.before_save.append(fill)
        list(media_cleanup.remove_empty_prompts(zone))
        assert "late" in zone.couchdb.all("system_media")

    def test_media_of_an_account_are_kept_in_a_file_of_their_owner_first(self, zone, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        zone.couchdb.put(PLAIN, {"_id": "m1", "pvt_type": "media", "name": "x"})
        lines = list(media.lines(media_cleanup.remove_empty_media(zone, NamedAccount(ACCOUNT, "acme"))))
        assert "m1" not in zone.couchdb.all(PLAIN)
        archive = Path(lines[1].removeprefix("archiving removed media docs to "))
        assert json.loads(archive.read_text())["name"] == "x"
        assert archive.stat().st_mode & 0o077 == 0
        assert lines[-1] == "finished cleaning up empty media docs for account acme"

    def test_nothing_is_removed_where_it_cannot_be_kept(self, zone, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
        zone.couchdb.put(PLAIN, {"_id": "m1", "pvt_type": "media"})
        with pytest.raises(Declined):
            list(media_cleanup.remove_empty_media(zone, NamedAccount(ACCOUNT, "acme")))
        assert "m1" in zone.couchdb.all(PLAIN)

    def test_encoded_names_are_made_plain(self, zone):
        zone.couchdb.put_with_attachment(
            "system_media", {"_id": "en-us%2Fhello", "name": "en-us%2Fhello"}, "hello.wav", b"x"
        )
        assert media_cleanup.rename_encoded(zone) is True
        assert zone.couchdb.all("system_media")["en-us/hello"]["name"] == "en-us/hello"
        assert zone.couchdb.contents["system_media", "en-us/hello", "hello.wav"] == b"x"
        assert media_cleanup.rename_encoded(zone) is False

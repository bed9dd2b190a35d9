"""Settings moved from where they were to where Kazoo 4.3 has them (kazoo.setting_moves), and 3.22's documents."""

from __future__ import annotations

import pytest

from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.migrations import setting_moves, system_migration
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.texts.migrations import lines as told

ACCOUNT = "1" * 32
DATABASE = account_database(ACCOUNT)


def stored(zone, name):
    return zone.couchdb.all("system_config").get(name)


def settings(zone, name):
    found = stored(zone, name)
    return None if found is None else {key: each for key, each in found.items() if not key.startswith(("_", "pvt_"))}


def test_a_setting_moves_with_its_section(zone):
    zone.couchdb.put(
        "system_config",
        {"_id": "crossbar", "default": {"token_auth_expiry": 60, "port": 1}, "node@a": {"token_auth_expiry": 5}},
    )
    lines = list(told(setting_moves.system(zone)))
    moved = "migrating setting from crossbar {0}.token_auth_expiry to crossbar.auth {0}.token_auth_expiry_s value {1}"
    assert lines == [moved.format("default", 60), moved.format("node@a", 5)]
    assert settings(zone, "crossbar") == {"default": {"port": 1}, "node@a": {}}
    assert settings(zone, "crossbar.auth") == {
        "default": {"token_auth_expiry_s": 60},
        "node@a": {"token_auth_expiry_s": 5},
    }
    assert stored(zone, "crossbar.auth")["pvt_type"] == "config"
    assert list(setting_moves.system(zone)) == []


def test_within_a_document_it_is_renamed(zone):
    zone.couchdb.put("system_config", {"_id": "reorder", "default": {"unknown-error-code": 604, "other": 1}})
    list(setting_moves.system(zone))
    assert settings(zone, "reorder") == {"default": {"unknown_number": {"response_code": 604}, "other": 1}}


def test_one_that_has_another_value_there_stays_and_is_told_of(zone):
    zone.couchdb.put("system_config", {"_id": "fax", "default": {"file_cache_path": "/a"}})
    zone.couchdb.put("system_config", {"_id": "kazoo_convert", "default": {"file_cache_path": "/b"}})
    lines = list(told(setting_moves.system(zone)))
    assert "correct this disparity manually" in lines[0]
    assert '    value: <<"/a">>' in lines
    assert settings(zone, "fax") == {"default": {"file_cache_path": "/a"}}


def test_the_same_value_there_already_is_only_removed_here(zone):
    zone.couchdb.put("system_config", {"_id": "fax", "default": {"file_cache_path": "/a"}})
    zone.couchdb.put("system_config", {"_id": "kazoo_convert", "default": {"file_cache_path": "/a"}})
    assert list(setting_moves.system(zone)) == []
    assert settings(zone, "fax") == {"default": {}}


def test_what_has_no_use_any_more_goes(zone):
    zone.couchdb.put("system_config", {"_id": "services", "default": {"modules": ["a"], "kept": 1}})
    list(setting_moves.system(zone))
    assert settings(zone, "services") == {"default": {"kept": 1}}


def test_the_controller_and_the_bookkeeper_get_their_present_names(zone):
    zone.couchdb.put(
        "system_config", {"_id": "whapps_controller", "whistle_apps@a.b": {"whapps": ["crossbar"], "x": 1}}
    )
    zone.couchdb.put(
        "system_config", {"_id": "services", "default": {"master_account_bookkeeper": "kz_bookkeeper_local"}}
    )
    list(setting_moves.system(zone))
    assert settings(zone, "kapps_controller") == {"kazoo_apps@a.b": {"kapps": ["crossbar"], "x": 1}}
    assert settings(zone, "services") == {"default": {"master_account_bookkeeper": "default"}}


def test_an_accounts_settings_move_between_its_documents(zone):
    zone.couchdb.put(plain(DATABASE), {"_id": "configs_callflow", "recorder_module": "a", "other": 1})
    lines = list(told(setting_moves.account(zone, DATABASE)))
    assert lines == [
        (
            f"migrating setting in {DATABASE} from configs_callflow recorder_module"
            ' to configs_kazoo_endpoint recorder_module value <<"a">>'
        )
    ]
    found = zone.couchdb.all(plain(DATABASE))
    assert found["configs_kazoo_endpoint"]["recorder_module"] == "a"
    assert found["configs_callflow"] == {"_id": "configs_callflow", "other": 1}


class TestFrom322:
    @pytest.fixture
    def zone(self, zone, monkeypatch):
        monkeypatch.setattr(system_migration.database_removal, "keep_copy", lambda *_: None)
        return zone

    def test_documents_get_their_present_form_once(self, zone):
        zone.couchdb.put(
            "system_config",
            {"_id": "voicemail_full", "pvt_type": "notification"},
            {"_id": "notification.voicemail_full", "pvt_type": "notification"},
            {"_id": "call_response", "default": {"USER_BUSY": {"media": "/system_media/busy", "code": 486}}},
            {
                "_id": "accounts",
                "default": {"timezone": "Europe/Rome"},
                "node@a": {"timezone": "x", "default_timezone": "y"},
            },
            {"_id": "number_manager", "default": {"carriers": ["wnm_local", "wh_x"]}},
        )
        assert list(told(system_migration.migrate(zone))) == [
            "updating call_response with stripped system_media references",
            "setting default timezone to Europe/Rome for node default",
        ]
        assert stored(zone, "voicemail_full") is None
        assert stored(zone, "notification.voicemail_full") is not None
        assert settings(zone, "call_response") == {"default": {"USER_BUSY": {"media": "busy", "code": 486}}}
        assert settings(zone, "accounts") == {
            "default": {"default_timezone": "Europe/Rome"},
            "node@a": {"default_timezone": "y"},
        }
        assert settings(zone, "number_manager") == {"default": {"carriers": ["knm_local", "kz_x"]}}
        zone.rerun()
        zone.couchdb.written.clear()
        assert list(system_migration.migrate(zone)) == []
        assert zone.couchdb.written == []

    def test_the_accounts_settings_are_announced_where_they_are_right_already(self, zone):
        found = {"_id": "accounts", "pvt_type": "config", "default": {"default_timezone": "Europe/Rome"}}
        zone.couchdb.put("system_config", found)
        list(system_migration.migrate(zone))
        assert stored(zone, "accounts") == found
        assert "doc_edited.system_config.config.accounts" in zone.broker.keys

    def test_nothing_is_deleted_without_a_copy(self, zone, monkeypatch):
        def no_copy(*_words):
            raise Declined(reason="the disk is full")

        monkeypatch.setattr(system_migration.database_removal, "keep_copy", no_copy)
        zone.couchdb.put("system_config", {"_id": "voicemail_full", "pvt_type": "notification"})
        with pytest.raises(Declined):
            list(system_migration.migrate(zone))
        assert stored(zone, "voicemail_full") is not None

    @pytest.mark.parametrize(("since", "days"), [(None, 7), (0, 7), (3 * 86_400, 4), (8 * 86_400, 0)])
    def test_days_to_telemetry(self, zone, since, days):
        if since is not None:
            activation = system_migration.now() - since
            zone.couchdb.put("system_config", {"_id": "telemetry.waveguide", "default": {"activation": activation}})
        assert system_migration.days_to_telemetry(zone) == days

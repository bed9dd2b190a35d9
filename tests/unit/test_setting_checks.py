"""What is told of a setting that is stored wrong: misspelt, of another shape, with names of what there is not."""

from __future__ import annotations

import pytest

from kazoo_sup.arguments.values import _read_setting
from kazoo_sup.commands import (
    blackhole_maintenance,
    crossbar_maintenance,
    edr_maintenance,
    kapps_account_config,
    kapps_config,
    kazoo_apps_maintenance,
    notify_maintenance,
)
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.config import setting_checks
from kazoo_sup.messages.names import account_database, plain

ACCOUNT = "1" * 32


def stored(zone, category="number_manager"):
    return zone.couchdb.all("system_config")[category]["default"]


def told(zone, category, key, value, **more):
    return list(setting_checks.doubts(zone, category, key, value, **more))


@pytest.mark.parametrize("text", ["[knm_local,knm_managed]", '{a:"b"}', "[", "{", " [1,]", "[^0-9]"])
def test_what_begins_as_json_and_is_none_is_refused(text):
    with pytest.raises(ValueError, match="begins like JSON but is not JSON.*set_string"):
        _read_setting(text, None)


@pytest.mark.parametrize(
    ("text", "setting"), [('["a"]', ["a"]), (' {"a": 1}', {"a": 1}), ("a[1]", "a[1]"), ("", ""), ("12", "12")]
)
def test_json_and_other_text_are_taken(text, setting):
    assert _read_setting(text, None) == setting


class TestDoubts:
    @pytest.mark.parametrize(
        ("category", "key", "value"),
        [
            ("number_manager", "carrier_modules", ["knm_local", "knm_other"]),
            ("number_manager", "carrier_modules", None),
            ("number_manager", "something_of_ours", "x"),
            ("number_manager", "features.allow", ["cnam"]),
            ("something_of_ours", "key", "value"),
            ("notification.voicemail_to_email", "enabled", "true"),
            ("crossbar", "port", "8001"),
            ("crossbar", "port", 8001),
            ("crossbar", "use_ssl", "true"),
            ("hotornot", "sort_by_weight", "false"),
            ("kapps_controller", "kapps", ["crossbar", "ecallmgr"]),
            ("notify", "autoload_modules", ["teletype_new_account"]),
            ("speech", "tts_provider", "flite"),
            ("number_manager", "released_state", "aging"),
            ("smtp_client", "tls", "if_available"),
            ("number_manager", "e164_converters", {r"^0(?<rest>\d+)\z": {"prefix": "+49"}}),
            ("number_manager", "classifiers.a.regex", r"^\+(?|1(\d+)|2(\d+))$"),
            ("number_manager", "classifiers.a.emergency", True),
        ],
    )
    def test_there_are_none_where_nodes_take_it(self, zone, category, key, value):
        assert told(zone, category, key, value) == []

    @pytest.mark.parametrize(
        ("category", "key", "value", "sentence"),
        [
            (
                "number_manger",
                "carrier_modules",
                ["x"],
                "there is no category number_manger yet; is number_manager meant?",
            ),
            ("number_manager", "carier_modules", ["knm_local"], "has no key carier_modules; is carrier_modules meant?"),
            ("number_manager", "carrier_modules", "knm_local", "carrier_modules does not fit its schema: .*array"),
            (
                "number_manager",
                "carrier_modules",
                ["knm_lokal"],
                "no carrier module .* is called 'knm_lokal'; is knm_local meant?",
            ),
            ("number_manager", "available_module_name", "wnm_local", "is knm_local meant?"),
            ("crossbar", "port", "eight", "crossbar port does not fit its schema: .*integer"),
            (
                "crossbar",
                "autoload_modules",
                ["cb_user"],
                "no module of crossbar .* is called 'cb_user'; is cb_users meant?",
            ),
            ("kapps_controller", "kapps", ["crossbarr"], "is crossbar meant?"),
            ("blackhole", "autoload_modules", ["bh_nosuch"], "no module of blackhole .* is called 'bh_nosuch'"),
            ("notify", "autoload_modules", ["teletype_new_acount"], "is teletype_new_account meant?"),
            ("number_manager", "e911_provider", "dash_e911", "is knm_dash_e911 meant?"),
            ("number_manager", "converter", "regexp", "is regex meant?"),
            ("stepswitch.cnam", "provider", "opencname", "is opencnam meant?"),
            ("speech", "tts_provider", "gogle", "is google meant?"),
            (
                "number_manager",
                "released_state",
                "bananas",
                "can be aging, available, .*; no node of .* knows 'bananas'",
            ),
            ("token_buckets", "crossbar.tokens_fill_time", "hours", "knows 'hours'; is hour meant?"),
            (
                "number_manager",
                "e164_converters",
                {r"^+62(\d+)$": {}, "^1": {}},
                "e164_converters: .* is not an expression",
            ),
            ("number_manager", "classifiers", {"a": {"regex": "("}, "b": "^1"}, "classifiers: .* is not an expression"),
            ("number_manager", "classifiers.a.regex", "(", "classifiers: .* is not an expression"),
            ("number_manager", "reconcile_regex", "[", "reconcile_regex: .* is not an expression"),
            ("metaflows", "default_metaflow", {"patterns": {"(": {}}}, "default_metaflow: .* is not an expression"),
        ],
    )
    def test_they_are_told(self, zone, category, key, value, sentence):
        import re

        (found,) = told(zone, category, key, value)
        assert re.search(sentence.replace("?", r"\?"), found)

    def test_a_stored_schema_comes_before_that_of_the_program(self, zone):
        schema = {"_id": "system_config.crossbar", "properties": {"port": {"type": "string"}}}
        zone.couchdb.put("system_schemas", schema)
        assert told(zone, "crossbar", "port", "eight") == []
        assert len(told(zone, "crossbar", "port", 8000)) == 1

    def test_keys_that_are_stored_already_are_known(self, zone):
        zone.couchdb.put("system_config", {"_id": "number_manager", "node@a": {"carier_modules": ["x"]}})
        assert told(zone, "number_manager", "carier_modules", ["x"]) == []

    def test_keys_inside_objects_are_looked_at(self, zone):
        inner = {"type": "object", "properties": {"timeout": {"type": "integer"}}}
        zone.couchdb.put("system_schemas", {"_id": "system_config.own", "properties": {"limits": inner}})
        (found,) = told(zone, "own", "limits.timeuot", 1)
        assert found == "own has no key timeuot; is timeout meant?"
        (found,) = told(zone, "own", "limits.timeout", {"a": 1})
        assert found.startswith("own limits.timeout does not fit its schema")

    def test_what_is_required_beside_it_is_none_of_its_business(self, zone):
        schema = {"_id": "system_config.own", "required": ["a"], "properties": {"b": {"required": ["c"]}}}
        zone.couchdb.put("system_schemas", schema)
        assert told(zone, "own", "b", {"c": 1}) == []
        assert len(told(zone, "own", "b", {"d": 1})) == 1

    def test_what_an_enumeration_and_a_least_value_say(self, zone):
        kinds = {"level": {"type": "string", "enum": ["beta", "stable"]}, "many": {"type": "integer", "minimum": 1}}
        zone.couchdb.put("system_schemas", {"_id": "system_config.own", "properties": kinds})
        assert [*told(zone, "own", "level", "stable"), *told(zone, "own", "many", "1")] == []
        assert [len(told(zone, "own", *setting)) for setting in (("level", "bananas"), ("many", "0"))] == [1, 1]

    def test_keys_in_what_a_schema_refers_to_are_looked_at(self, zone):
        login = {"type": "object", "properties": {"enabled": {"type": "boolean"}}}
        modules = {"cb_user_auth": {"$ref": "login"}, "cb_other": {"$ref": "./login"}, "lost": {"$ref": "gone"}}
        zone.couchdb.put("system_schemas", {"_id": "login", **login})
        zone.couchdb.put(
            "system_schemas", {"_id": "system_config.own", "properties": {"auth": {"properties": modules}}}
        )
        assert told(zone, "own", "auth.cb_user_auth.enabled", "true") == []
        (found,) = told(zone, "own", "auth.cb_other.enabled", "maybe")
        assert found.startswith("own auth.cb_other.enabled does not fit its schema")
        (found,) = told(zone, "own", "auth.cb_user_auth.enabeld", "true")
        assert found == "own has no key enabeld; is enabled meant?"
        (found,) = told(zone, "own", "auth.lost.enabled", "true")
        assert found.startswith("own auth.lost.enabled was not checked: there is no schema gone")

    def test_keys_that_a_schema_knows_by_an_expression_are_looked_at(self, zone):
        lists = {"type": "array", "items": {"type": "string"}}
        bindings = {"type": "object", "patternProperties": {"^[a-z_]+$": lists}}
        zone.couchdb.put("system_schemas", {"_id": "system_config.own", "properties": {"bindings": bindings}})
        assert told(zone, "own", "bindings.call", ["*"]) == []
        assert told(zone, "own", "bindings.Call", "x") == []
        (found,) = told(zone, "own", "bindings.call", "x")
        assert found.startswith("own bindings.call does not fit its schema")

    @pytest.mark.parametrize(
        "schema", [{"properties": {"a": {"$ref": "gone"}}}, {"properties": {"a": {"pattern": "("}}}, {"properties": 7}]
    )
    def test_a_schema_that_cannot_be_used_is_told_or_passed_over(self, zone, schema):
        zone.couchdb.put("system_schemas", {"_id": "system_config.own", **schema})
        found = told(zone, "own", "a", "x")
        assert all("was not checked" in each for each in found)
        assert bool(found) == (schema["properties"] != 7)

    def test_an_account_s_own_settings(self, zone):
        assert told(zone, "number_manager", "carier_modules", ["x"], account=True)
        zone.couchdb.put("system_schemas", {"_id": "account_config.own", "properties": {"a": {"type": "boolean"}}})
        assert told(zone, "own", "a", "x", account=True)
        assert told(zone, "own", "a", "x") == []


class TestStoring:
    def test_a_script_gets_what_it_asks_for_and_is_told(self, zone):
        kapps_config.set_(zone, "number_manager", "carrier_modules", "knm_lokal")
        assert stored(zone)["carrier_modules"] == "knm_lokal"
        assert len(zone.warnings) == 2

    def test_somebody_at_the_terminal_is_asked(self, zone, tmp_path):
        def no(deed):
            raise Declined(reason=f"not to {deed}")

        zone.rerun(confirm_watched=no)
        with pytest.raises(Declined, match="not to store number_manager carier_modules all the same"):
            kapps_config.set_json(zone, "number_manager", "carier_modules", ["knm_local"])
        kapps_config.set_json(zone, "number_manager", "carrier_modules", ["knm_local"])
        assert stored(zone) == {"carrier_modules": ["knm_local"]}

    def test_of_mail_servers_too(self, zone):
        notify_maintenance.configure_smtp_port(zone, "587")
        assert zone.warnings == []
        notify_maintenance.configure_smtp_port(zone, "smtp")
        (warning,) = zone.warnings
        assert warning.startswith("smtp_client port does not fit its schema")
        assert stored(zone, "smtp_client") == {"port": "smtp"}

    def test_for_accounts_too(self, zone):
        database = plain(account_database(ACCOUNT))
        zone.couchdb.put(database, {"_id": ACCOUNT, "pvt_type": "account"})
        kapps_account_config.set_(zone, ACCOUNT, "number_manager", "carrier_modules", "x")
        assert zone.warnings


class TestNames:
    def refuse(self, zone):
        def no(deed):
            raise Declined(reason=f"this would {deed}")

        zone.rerun(confirm=no)
        return pytest.raises(Declined, match="store .* but no .* of Kazoo .* is called so")

    def test_a_module_of_crossbar_that_is_none_is_asked_about(self, zone):
        with self.refuse(zone):
            crossbar_maintenance.start_module(zone, "cb_nosuch")
        crossbar_maintenance.start_module(zone, "cb_queues")
        assert any("keep the modules they have" in each for each in zone.warnings)

    def test_one_that_is_stored_can_be_removed_whatever_it_is(self, zone):
        modules = {"autoload_modules": ["cb_of_ours", "cb_users"]}
        zone.couchdb.put("system_config", {"_id": "crossbar", "default": modules})
        zone.rerun(confirm=lambda _deed: pytest.fail("nothing is to be asked"))
        crossbar_maintenance.stop_module(zone, "cb_of_ours")
        assert stored(zone, "crossbar")["autoload_modules"] == ["cb_users"]

    def test_taking_out_what_is_not_stored_asks_nothing_and_says_so(self, zone):
        zone.rerun(confirm=lambda _deed: pytest.fail("nothing is to be asked"))
        crossbar_maintenance.stop_module(zone, "cb_nosuch")
        assert "cb_nosuch was not among the modules that nodes load: none was taken out" in zone.warnings
        zone.warnings.clear()
        kazoo_apps_maintenance.stop(zone, "crossbarr")
        (warning,) = zone.warnings
        assert warning.startswith("crossbarr is not among the applications that ")

    def test_applications_backends_and_modules_of_blackhole_too(self, zone):
        with self.refuse(zone):
            kazoo_apps_maintenance.start_(zone, "crossbarr")
        with self.refuse(zone):
            edr_maintenance.register_backend(zone, "mine", "amqqp")
        with self.refuse(zone):
            blackhole_maintenance.start_module(zone, "bh_nosuch")
        assert zone.couchdb.written == []

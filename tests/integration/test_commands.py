"""The commands, end to end: the real program against a real server's documents."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
import requests

from kazoo_sup.kazoo.documents import document_hash
from kazoo_sup.lab.seed import ACCOUNT, ACCOUNT_DATABASE

pytestmark = pytest.mark.integration

GENERATE = ("kazoo_number_manager_maintenance", "generate_numbers")
TIMEOUT = 600


class TestGenerateNumbers:
    def test_numbers_their_database_and_its_views(self, at, stored, cluster):
        assert at(*GENERATE, "managed", ACCOUNT, "2223334000", "5") == (0, "ok\n", at_rest(6))
        number = stored("numbers/managed", "+2223334004")
        assert number == {
            "_id": "+2223334004",
            "_rev": number["_rev"],
            "pvt_account_id": ACCOUNT,
            "pvt_state": "available",
            "pvt_type": "number",
        }
        assert stored("numbers/managed", "+2223334005") is None
        key = json.dumps([ACCOUNT, "available"])
        view = f"{cluster}/numbers%2Fmanaged/_design/numbers_managed/_view/status"
        query = {"startkey": key, "endkey": json.dumps([ACCOUNT, "available", {}]), "reduce": "false"}
        assert len(requests.get(view, params=query, timeout=TIMEOUT).json()["rows"]) == 5

    def test_a_second_run_changes_nothing_and_a_longer_one_adds_the_rest(self, at):
        at(*GENERATE, "managed", ACCOUNT, "2223334000", "3")
        again = json.loads(at("-f", "json", *GENERATE, "managed", ACCOUNT, "2223334000", "3").stdout)
        assert again["counts"] == {"unchanged": 3}
        longer = json.loads(at("-f", "json", *GENERATE, "managed", ACCOUNT, "2223334000", "5").stdout)
        assert longer["counts"] == {"unchanged": 3, "created": 2}
        assert [each["id"] for each in longer["changes"]] == [f"+222333400{number}" for number in range(5)]

    def test_one_that_is_taken_is_reported_and_the_others_are_made(self, at, put, stored):
        put("numbers/inum", {"_id": "+883510000000001", "pvt_state": "in_service", "pvt_assigned_to": "somebody"})
        done = at(*GENERATE, "inum", ACCOUNT, "883510000000000", "3")
        assert done.code == 5
        assert done.stdout == "ok\n"
        assert (
            "sup: +883510000000001 exists in numbers%2Finum already: in_service, of account somebody\n" in done.stderr
        )
        assert stored("numbers/inum", "+883510000000002")
        assert stored("numbers/inum", "+883510000000001")["pvt_state"] == "in_service"

    @pytest.mark.parametrize(
        "words",
        [
            ("local", ACCOUNT, "2223334000", "1"),
            ("managed", "nobody.example.com", "2223334000", "1"),
            ("managed", "f" * 32, "2223334000", "1"),
            ("managed", ACCOUNT, "2223334000", "0"),
            ("managed", ACCOUNT, "9999999999", "2"),
            ("managed", ACCOUNT, "22233x", "1"),
            ("managed", ACCOUNT, "2223334000", "--", "-1"),
        ],
    )
    def test_what_is_wrong_is_told_in_one_line_and_nothing_is_written(self, at, cluster, words):
        done = at(*GENERATE, *words)
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.startswith("sup: ")
        assert done.stderr.count("\n") == 1
        assert "numbers/managed" not in requests.get(f"{cluster}/_all_dbs", timeout=TIMEOUT).json()

    @pytest.mark.parametrize(
        "name",
        [
            ACCOUNT_DATABASE,
            ACCOUNT_DATABASE.replace("%2F", "/"),
            f"{ACCOUNT}-202611",
            "lab.example.com",
            "LAB.example.com",
            "Lab",
        ],
    )
    def test_an_account_goes_by_many_names(self, at, stored, name):
        assert at(*GENERATE, "managed", name, "2223334000", "1").code == 0
        assert stored("numbers/managed", "+2223334000")["pvt_account_id"] == ACCOUNT

    def test_a_name_that_two_accounts_have_is_refused(self, at, put):
        for each in "ab":
            put("accounts", {"_id": each * 32, "pvt_type": "account", "name": "Twin", "realm": f"{each}.example.com"})
        done = at(*GENERATE, "managed", "Twin", "2223334000", "1")
        assert done.code == 1
        assert "2 accounts are called 'Twin'" in done.stderr


def at_rest(events):
    """Return the sentence that a run without a broker says about its events: the database's and the documents'."""
    return (
        f"sup: {events} change events could not be published (no broker is configured); "
        "kept for the next run or `sup outbox flush`\n"
    )


class TestSchemas:
    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / "schemas"
        folder.mkdir()
        schema = {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "_id": "find_numbers",
            "type": "object",
            "properties": {"prefix": {"type": "string", "minLength": 3}, "other": {"$ref": "other"}},
        }
        (folder / "find_numbers.json").write_text(json.dumps(schema))
        (folder / "other.json").write_text('{"_id": "other", "type": "object"}')
        return folder

    @pytest.fixture
    def update(self, at, folder):
        def update(*words):
            env = {"SUP_SCHEMAS_DIR": str(folder)}
            return at(*words, "crossbar_maintenance", "update_schemas", env=env)

        return update

    def test_the_workaround_of_the_field(self, update, folder, stored, at):
        assert update().code == 0
        file = folder / "find_numbers.json"
        file.write_text(file.read_text().replace('"minLength": 3', '"minLength": 1'))
        done = json.loads(update("-f", "json").stdout)
        assert done["counts"] == {"edited": 1, "unchanged": 1}
        schema = stored("system_schemas", "find_numbers")
        assert schema["properties"]["prefix"]["minLength"] == 1
        assert schema["pvt_document_hash"] == document_hash(schema)
        events = json.loads(at("-f", "json", "outbox", "list").stdout)["rows"]
        assert ("doc_edited", "find_numbers") in [(each["event"], each["id"]) for each in events]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("{broken", "bad.json: "),
            ("[]", "not a JSON object"),
            ('{"_id": "good"}', "its _id is 'good', not 'bad'"),
            ('{"type": "object"}', "its _id is None, not 'bad'"),
            ('{"_id": "bad", "type": "strin"}', "type "),
            ('{"_id": "bad", "properties": {"a": {"minLength": "x"}}}', "properties.a.minLength must be integer"),
            ('{"_id": "bad", "type": "object", "type": "string"}', "the key 'type' occurs twice"),
            ('{"_id": "bad", "pvt_created": 1}', "pvt_created is private"),
        ],
    )
    def test_one_bad_file_names_itself_and_nothing_is_saved(self, update, folder, stored, content, reason):
        before = stored("system_schemas", "find_numbers")
        (folder / "bad.json").write_text(content)
        done = update()
        assert (done.code, done.stdout) == (3, "")
        assert f"{folder}/bad.json: " in done.stderr
        assert reason in done.stderr
        assert stored("system_schemas", "find_numbers") == before
        assert stored("system_schemas", "other") is None

    def test_without_files_it_says_where_it_looked_and_what_it_stores_instead(self, at, stored):
        done = at("crossbar_maintenance", "update_schemas")
        assert (done.code, done.stdout) == (0, "ok\n")
        assert "SUP_SCHEMAS_DIR" in done.stderr
        assert "those of kazoo-sup itself are used" in done.stderr
        assert stored("system_schemas", "app")["provider"] == "kazoo-sup"

    def test_the_file_that_kazoo_misnames_is_passed_over(self, update, folder, stored):
        (folder / "system_config.limits.json").write_text('{"_id": "limits", "type": "object"}')
        assert update().code == 0
        assert stored("system_schemas", "system_config.limits") is None

    def test_a_schema_is_found_or_loaded_with_what_it_refers_to(self, at, folder, stored):
        env = {"SUP_SCHEMAS_DIR": str(folder)}
        exists = ("crossbar_maintenance", "does_schema_exist")
        assert at(*exists, "nosuch", env=env)[:2] == (
            2,
            '{[{<<"error">>,<<"schema nosuch not found">>},{<<"schema">>,<<"nosuch">>}]}\n',
        )
        (folder / "new.json").write_text(
            '{"_id": "new", "properties": {"a": {"properties": {"b": {"$ref": "other"}}}}}'
        )
        assert at(*exists, "new", env=env)[:2] == (2, "true\n")
        assert stored("system_schemas", "new")
        assert stored("system_schemas", "other")


class TestSettings:
    def test_node_before_zone_before_default(self, at, put):
        sections = {
            "default": {"k": "d", "z": "d", "n": "d"},
            "local": {"z": "z", "n": "z"},
            "kazoo_apps@vm9": {"n": "n"},
        }
        put("system_config", {"_id": "c", "pvt_type": "config", **sections})
        env = {"SUP_HOST": "vm9"}

        def get(key, *more):
            return at("kapps_config", "get", "c", key, *more, env=env).stdout.strip()

        assert [get(key) for key in "kzn"] == ['<<"d">>', '<<"z">>', '<<"n">>']
        assert get("n", "", "default") == '<<"d">>'
        assert get("n", "", "ecallmgr@vm9") == '<<"z">>'
        assert get("missing") == "undefined"
        assert get("missing", "fallback") == '<<"fallback">>'
        assert at("-n", "ecallmgr", "kapps_config", "get", "c", "n", env=env).stdout == '<<"z">>\n'

    def test_set_goes_where_the_key_stands(self, at, put, stored):
        put("system_config", {"_id": "c", "default": {"k": "d"}, "kazoo_apps@vm9": {"own": 1}})
        env = {"SUP_HOST": "vm9"}
        for words in (("set", "c", "own", "2"), ("set", "c", "k", "e"), ("set_node", "c", "k", "f", "other@vm9")):
            assert at("kapps_config", *words, env=env).code == 0
        document = stored("system_config", "c")
        assert document["default"] == {"k": "e"}
        assert document["kazoo_apps@vm9"] == {"own": "2"}
        assert document["other@vm9"] == {"k": "f"}
        assert document["pvt_node"] == "kazoo_apps@vm9"

    def test_values_by_type(self, at, stored):
        for words in (
            ("set_string", "c", "s", "[1]"),
            ("set_default", "c", "l", '["a","b"]'),
            ("set_integer", "c", "i", "17"),
            ("set_float", "c", "f", "2"),
            ("set_boolean", "c", "b", "true"),
            ("set_json", "c", "o.in.ner", '{"a":null}'),
        ):
            assert at("kapps_config", *words).code == 0
        section = stored("system_config", "c")["default"]
        assert section == {"s": "[1]", "l": ["a", "b"], "i": 17, "f": 2.0, "b": True, "o": {"in": {"ner": {"a": None}}}}
        assert at("kapps_config", "get_integer", "c", "i").stdout == "17\n"
        assert at("kapps_config", "get_json", "c", "o").stdout == '{[{<<"in">>,{[{<<"ner">>,{[{<<"a">>,null}]}}]}}]}\n'
        assert at("kapps_config_maintenance", "get_pp", "c", "l").stdout == "a, b\nok\n"
        assert at("kapps_config", "set_json", "c", "o", "null").code == 0
        assert "o" not in stored("system_config", "c")["default"]

    def test_reading_never_writes(self, at, stored):
        assert at("kapps_config", "get", "brand_new", "key", "default").stdout == '<<"default">>\n'
        assert stored("system_config", "brand_new") is None

    def test_setting_what_is_set_already_writes_nothing(self, at, stored):
        at("kapps_config", "set_default", "c", "k", "v")
        before = stored("system_config", "c")
        assert at("kapps_config", "set_default", "c", "k", "v").stderr == ""
        assert stored("system_config", "c") == before

    def test_a_dry_run_shows_and_writes_nothing(self, at, stored):
        done = at("kapps_config", "set_default", "c", "k", "v", "--dry-run")
        assert done.stdout.startswith("--- /dev/null\n+++ b/system_config/c\n")
        assert stored("system_config", "c") is None

    def test_missing_categories(self, at):
        assert at("kapps_config", "get_category", "nosuch").stdout == "{error,not_found}\n"
        assert json.loads(at("-f", "json", "kapps_config", "get_category", "nosuch").stdout)["result"] == [
            "error",
            "not_found",
        ]
        assert at("kapps_config", "get_all_kvs", "nosuch").stdout == "[]\n"

    def test_a_locked_configuration_refuses(self, at, tmp_path, cluster):
        ini = tmp_path / "config.ini"
        server = urlsplit(cluster)
        login = f"username = {server.username}\npassword = {server.password}\n" if server.username else ""
        address = f"ip = {server.hostname}\nport = {server.port}\n"
        ini.write_text(f"[bigcouch]\n{address}{login}[kazoo_apps]\nlock_system_config = true\n")
        done = at("--config", str(ini), "kapps_config", "set_default", "c", "k", "v", env={"SUP_COUCHDB_URL": ""})
        assert done.code == 3
        assert "lock_system_config" in done.stderr
        locked = at("--config", str(ini), "kapps_config", "is_locked", env={"SUP_COUCHDB_URL": ""})
        assert locked.stdout == "true\n"


class TestAccountSettings:
    def test_own_before_reseller_before_cluster(self, at, put, stored):
        sub, reseller = "a" * 32, "b" * 32
        for account, realm in ((sub, "sub.example.com"), (reseller, "res.example.com")):
            database = f"account/{account[:2]}/{account[2:4]}/{account[4:]}"
            definition = {"_id": account, "pvt_type": "account", "realm": realm, "pvt_tree": [ACCOUNT, reseller]}
            put(database, definition)
            put("accounts", definition)
        put("services", {"_id": sub, "pvt_reseller_id": reseller})
        put("services", {"_id": reseller, "pvt_reseller": True, "pvt_reseller_id": ACCOUNT})
        put("system_config", {"_id": "c", "default": {"a": 1, "b": 1, "o": {"s": 1}}})

        def get(function, *words):
            return at("kapps_account_config", function, *words).stdout.strip()

        assert get("get_global", "sub.example.com", "c", "a") == "1"
        assert at("kapps_account_config", "set", "res.example.com", "c", "a", '{"r":2}').code == 0
        assert get("get_global", sub, "c", "a") == '{[{<<"r">>,2}]}'
        assert get("get", sub, "c", "a") == "undefined"
        assert at("kapps_account_config", "set", sub, "c", "x", "own").code == 0
        assert get("get", sub, "c", "x") == '<<"own">>'
        assert get("get_global", sub, "c", "a") == "1"
        assert get("get_from_reseller", sub, "c", "a") == '{[{<<"r">>,2}]}'
        assert get("get_with_strategy", "reseller", sub, "c", "b") == "1"
        assert get("get_hierarchy", sub, "c", "o") == '{[{<<"s">>,1}]}'
        own = stored(f"account/aa/aa/{'a' * 28}", "configs_c")
        assert (own["pvt_type"], own["pvt_account_id"], own["x"]) == ("account_config", sub, "own")
        assert at("kapps_account_config", "set_global", reseller, "d", "k", "v").code == 0

"""Old, later and foreign names: those with an exact equivalent are taken for it, all others are told what does it."""

from __future__ import annotations

import re

import pytest

from kazoo_sup.cli import catalogue, other_names
from kazoo_sup.cli.other_names import INSTEAD, SAME, ErlangCall, FunctionFirst, OtherName
from kazoo_sup.commands import kapps_util, knm_converters, knm_util, kz_datamgr, kz_media_util
from kazoo_sup.errors import UnknownModule
from kazoo_sup.kazoo.numbers import pretty
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.results import OK, UNDEFINED
from kazoo_sup.terms import Atom

MASTER = "a" * 32
OTHER = "b" * 32
NOWHERE = {"SUP_COUCHDB_URL": "http://127.0.0.1:1", "SUP_AMQP_URL": ""}
UNREACHABLE = "sup: cannot reach CouchDB at 127.0.0.1:1: connection refused\n"


class TestTable:
    @pytest.mark.parametrize("name", SAME)
    def test_no_name_of_ours_is_shadowed(self, name):
        module, *function = name.partition("/")[0].split()
        if module in catalogue.modules():
            assert function
            assert function[0] not in catalogue.module(module).functions

    @pytest.mark.parametrize("name", [name for name in SAME if " " in name])
    def test_what_is_the_same_is_there(self, name):
        words, _, arguments = name.partition("/")
        found = other_names.translated([*words.split(), *["x"] * int(arguments or 0)])
        assert catalogue.has(found[0], found[1])

    @pytest.mark.parametrize("name", [name for name in SAME if " " not in name])
    def test_a_module_that_is_the_same_is_there_or_told_of(self, name):
        assert SAME[name] in catalogue.modules() or SAME[name] in INSTEAD

    @pytest.mark.parametrize("name", INSTEAD)
    def test_every_command_that_is_named_instead_is_there(self, name):
        module, *function = name.partition("/")[0].split()
        with pytest.raises(OtherName, match="there is no"):
            other_names.translated([module, *(function or ["something"]), "x", "y", "z"])
        for module, then in re.findall(r"(?<!own )\bsup (?:-n \w+ )?(\w+)(?: ([a-z][a-z_0-9]*))?", INSTEAD[name]):
            assert module in catalogue.modules()
            functions = catalogue.module(module).functions
            assert not then or then in functions or then in ("has", "is", "lists")

    def test_names_that_are_ours_stay(self):
        assert other_names.translated(["kapps_config", "get", "a"]) == ["kapps_config", "get", "a"]
        assert other_names.translated(["freeswitch", "modules", "list"]) == ["freeswitch", "modules", "list"]

    def test_names_that_nobody_has_stay(self):
        assert other_names.translated(["nosuch", "thing"]) == ["nosuch", "thing"]
        assert other_names.translated(["doodle_maintenance", "flsh"]) == ["doodle_maintenance", "flsh"]
        with pytest.raises(UnknownModule):
            catalogue.module("nosuch")


class TestCommandLine:
    @pytest.mark.parametrize(
        "line",
        [
            "ecallmgr_config get some_key",
            "-n ecallmgr ecallmgr_config fetch some_key some_default",
            "ecallmgr_config flush",
            "whapps_config get some_app some_key",
            "whapps_maintenance blocking_refresh",
            "kazoo_numbers_maintenance refresh_numbers_dbs",
            "kazoo_couch_maintenance flush",
            "couch_mgr flush_cache_docs",
            "kz_datamgr flush_cache_docs",
            "media_mgr_maintenance refresh",
            "media_mgr_maintenance set_account_language x y -t 20",
        ],
    )
    def test_the_same_runs(self, sup, line):
        done = sup(*line.split(), env=NOWHERE)
        assert (done.code, done.stdout) == (1, "")
        assert "there is no module" not in done.stderr
        assert "cannot reach" in done.stderr or "broker" in done.stderr

    def test_options_may_stand_between(self, sup):
        assert sup("whapps_config", "-t", "20", "get", "a", "b", env=NOWHERE).stderr == UNREACHABLE

    def test_its_help_is_that_of_the_new_name(self, sup):
        assert sup("whapps_config", "get", "--help").stdout.startswith("Usage: sup kapps_config get ")

    @pytest.mark.parametrize(
        ("line", "pointer"),
        [
            ("kz_cache flush", "sup kapps_config flush"),
            ("wh_cache flush", "sup kapps_config flush"),
            ("crossbar_bindings modules_loaded", "sup crossbar_maintenance running_modules"),
            ("-n ecallmgr erlang halt", "systemctl"),
            ("amqp_mgr get_host", "sup rabbitmq connections"),
            ("whapps_maintenance blocking_refresh 500", "sup kapps_maintenance refresh"),
            ("kazoo_transactions_maintenance enable_top_up", "sup kazoo_services_maintenance enable_topup"),
            ("ecallmgr_maintenance authz_summary", "sup jonny5_maintenance authz_summary"),
            ("crossbar_maintenance update_schema accounts", "sup crossbar_maintenance update_schemas"),
        ],
    )
    def test_others_are_told_what_does_it(self, sup, line, pointer):
        done = sup(*line.split())
        assert (done.code, done.stdout) == (1, "")
        assert pointer in done.stderr
        assert done.stderr.count("\n") == 1

    def test_the_function_comes_first(self):
        with pytest.raises(FunctionFirst, match=f"sup kapps_account_config set {OTHER} …"):
            other_names.translated(["kapps_account_config", OTHER, "set", "fax", "key", "value"])

    @pytest.mark.parametrize(
        ("words", "command"),
        [
            (["kapps_config:flush()"], "sup kapps_config flush$"),
            (["kapps_config:get", "a", "b"], "sup kapps_config get$"),
            (["outbox", "flush()"], "sup outbox flush$"),
        ],
    )
    def test_erlang_is_told_how_it_is_written_here(self, words, command):
        with pytest.raises(ErlangCall, match=command):
            other_names.translated(words)


class TestNumbers:
    def test_normalize(self, zone):
        assert knm_converters.normalize(zone, "4155550123").term == "+14155550123"
        assert knm_converters.normalize(zone, "+442071838750").term == "+442071838750"
        assert knm_converters.is_normalized(zone, "+14155550123").term is True
        assert knm_converters.is_normalized(zone, "4155550123").term is False

    def test_as_an_account_dials(self, zone):
        plan = {"_id": OTHER, "pvt_type": "account", "dial_plan": {r"^(\d{7})$": {"prefix": "+1415"}}}
        zone.couchdb.put(plain(account_database(OTHER)), plan)
        zone.couchdb.put("accounts", plan)
        assert knm_converters.normalize(zone, "5550123", OTHER).term == "+14155550123"
        assert knm_converters.normalize(zone, "5550123").term == "5550123"

    def test_national_forms(self):
        assert knm_converters.to_npan("+14155550123").term == "4155550123"
        assert knm_converters.to_1npan("4155550123").term == "14155550123"
        assert knm_converters.is_npan("4155550123").term is True
        assert knm_converters.is_1npan("4155550123").term is False

    def test_where_and_what(self, zone):
        assert knm_converters.to_db("+14155550123").term == "numbers%2F%2B1415"
        assert knm_converters.to_db("+14").term == UNDEFINED
        assert knm_converters.classify(zone, "8005550123").term == "tollfree_us"
        assert knm_converters.is_reconcilable(zone, "411").term is False
        assert "did_us" in knm_converters.available_classifiers(zone).term

    def test_as_people_write_them(self, zone):
        assert knm_util.pretty_print(zone, "4155550123").term == "(415) 555 - 0123"
        assert knm_util.pretty_print(zone, "+442071838750").term == "+442071838750"

    @pytest.mark.parametrize(
        ("pattern", "filled"),
        [("SS###-*", "415-5550123"), ("\\#S#", "#1"), ("###", "+14"), ("*#", "+14155550123"), ("\\S", "S")],
    )
    def test_patterns(self, pattern, filled):
        assert pretty.filled(pattern, "+14155550123") == filled


class TestAccounts:
    def test_without_any(self, zone):
        assert kapps_util.get_master_account_id(zone).term == (Atom("error"), Atom("no_accounts"))
        assert kapps_util.get_account_by_realm(zone, "x.example").term == (Atom("error"), Atom("not_found"))

    def test_the_one_that_is_set(self, zone):
        zone.couchdb.put("system_config", {"_id": "accounts", "default": {"master_account_id": MASTER}})
        assert kapps_util.get_master_account_id(zone).term == (Atom("ok"), MASTER)
        assert kapps_util.get_master_account_db(zone).term == (Atom("ok"), account_database(MASTER))
        assert kapps_util.is_master_account(zone, MASTER).term is True
        assert kapps_util.is_master_account(zone, OTHER).term is False

    def test_languages(self, zone):
        assert kz_media_util.default_prompt_language(zone).term == "en-us"
        zone.couchdb.put("system_config", {"_id": "media", "default": {"default_language": "DE-de"}})
        zone.rerun()
        assert kz_media_util.default_prompt_language(zone).term == "de-de"


class TestDocuments:
    def test_reading(self, zone):
        zone.couchdb.put("system_data", {"_id": "one", "a": 1})
        ok, document = kz_datamgr.open_doc(zone, "system_data", "one").term
        assert (ok, document["a"]) == (Atom("ok"), 1)
        assert kz_datamgr.open_cache_doc(zone, "system_data", "two").term == (Atom("error"), Atom("not_found"))
        assert kz_datamgr.db_exists(zone, "system_data").term is True
        assert kz_datamgr.db_exists(zone, "nosuch").term is False

    def test_forgetting(self, zone):
        assert kz_datamgr.flush_cache_docs(zone, "system_data").term == OK
        assert kz_datamgr.flush_cache_doc(zone, "system_data", "one").term == OK
        assert kz_datamgr.flush_cache_docs(zone).term == OK


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["KAPPS_CONFIG", "get"], "did you mean kapps_config"),
        (["kapps_config", "GET"], "did you mean get"),
        (["crossbar_maintenance", "create-account"], "did you mean create_account"),
        (["show", "channels"], "sup --list show looks for it among the functions"),
        (["number", "4155550100"], "sup number lists those there are"),
        (["fs_cli", "-x", "status"], "sup freeswitch api"),
        (["status"], "sup zone status"),
        (["doctor"], "sup zone doctor"),
        (["kapps_config get a b"], "'kapps_config get a b' is one word"),
    ],
)
def test_every_word_that_is_none_leads_somewhere(sup, words, said):
    done = sup(*words, env=NOWHERE)
    assert (done.code, done.stdout) == (1, "")
    assert said in done.stderr

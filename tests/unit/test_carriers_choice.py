"""Which carriers are in use, how they are searched side by side, and how they are configured."""

from __future__ import annotations

import threading

import pytest

from helpers.carrier_servers import TelnyxServer, VitelityServer
from helpers.fault_server import says
from helpers.memory_zone import MemoryZone
from kazoo_sup.cli.render.reports import as_json
from kazoo_sup.errors import BadArgument, Declined, ExitCode
from kazoo_sup.kazoo.carriers import UnknownCarrier, choice, configuration, of, searching
from kazoo_sup.kazoo.carriers.base import Carrier, CarrierError, CarrierLacks, Found, NotConfigured, Query
from kazoo_sup.kazoo.carriers.dialcodes import dialcode
from kazoo_sup.kazoo.carriers.searching import SearchFailed, SearchIncomplete, normalised_prefix
from kazoo_sup.messages.names import account_database, plain

RESELLER = "b" * 32


def put(zone, category, **values):
    zone.couchdb.put("system_config", {"_id": category, "default": values})
    zone.read_afresh()


def stored(zone, category="number_manager"):
    return zone.couchdb.all("system_config").get(category, {}).get("default")


class TestChoice:
    def test_the_default_and_what_is_enabled(self, zone):
        assert choice.default(zone) == "knm_local"
        assert choice.enabled(zone) == ["knm_local"]
        put(zone, "number_manager", available_module_name="knm_inventory")
        assert choice.enabled(zone) == ["knm_inventory"]
        put(zone, "number_manager", carrier_modules=["knm_telnyx", "knm_local"])
        assert choice.available(zone) == ["knm_telnyx", "knm_local"]

    def test_enabling_and_disabling(self, zone):
        assert choice.enable(zone, "telnyx") == ["knm_local", "knm_telnyx"]
        assert stored(zone)["carrier_modules"] == ["knm_local", "knm_telnyx"]
        zone.rerun()
        writes = len(zone.couchdb.written)
        assert choice.enable(zone, "knm_telnyx") == ["knm_local", "knm_telnyx"]
        assert choice.disable(zone, "knm_simwood") == ["knm_local", "knm_telnyx"]
        assert len(zone.couchdb.written) == writes
        assert choice.disable(zone, "local") == ["knm_telnyx"]
        with pytest.raises(UnknownCarrier):
            choice.enable(zone, "nobody")
        with pytest.raises(UnknownCarrier):
            choice.disable(zone, "nobody")

    def test_a_name_that_is_none_can_be_disabled_and_is_passed_over(self, zone):
        put(zone, "number_manager", carrier_modules=["knm_local", "knm_gone"])
        assert choice.available(zone) == ["knm_local"]
        assert "knm_gone" in zone.warnings[0]
        assert choice.disable(zone, "knm_gone") == ["knm_local"]

    def test_an_account_has_its_resellers(self, zone):
        put(zone, "number_manager", carrier_modules=["knm_telnyx"])
        first = ["knm_reserved", "knm_reserved_reseller", "knm_local"]
        assert choice.available(zone, "a" * 32, RESELLER) == [*first, "knm_telnyx"]
        database = plain(account_database(RESELLER))
        zone.couchdb.create(database)
        zone.couchdb.put(database, {"_id": "configs_number_manager", "carrier_modules": ["knm_local", "knm_other"]})
        assert choice.available(zone, "a" * 32, RESELLER) == [*first, "knm_other"]


class Scripted(Carrier):
    """Yields numbers, waits, or fails, as it is told."""

    def __init__(self, name, script):
        self.name = name
        self.script = script

    def search(self, query):
        for each in self.script:
            if isinstance(each, threading.Event):
                each.wait(600)
            elif isinstance(each, Exception):
                raise each
            else:
                yield Found(each, self.name)


class TestSearching:
    @pytest.fixture
    def search(self, zone, monkeypatch):
        def search(scripts, quantity=10, seconds=60):
            carriers = {name: Scripted(name, script) for name, script in scripts.items()}
            monkeypatch.setattr(searching, "of", lambda zone, name: carriers[name])
            return searching.search(zone, list(carriers), Query("+1", quantity), seconds, quantity)

        return search

    def test_all_are_asked_at_once_and_each_number_comes_once(self, search):
        one, other = threading.Event(), threading.Event()
        # Each waits for the other to be at work.
        scripts = {"a": [one, "+11", "+12"], "b": ["+12", "+13"], "c": [other, "+14"]}
        numbers = search(scripts)
        got = [next(numbers).number, next(numbers).number]
        assert got == ["+12", "+13"]
        other.set()
        got.append(next(numbers).number)
        one.set()
        assert got[2] == "+14"
        assert [each.number for each in numbers] == ["+11"]

    def test_no_more_than_asked_for_and_nobody_is_waited_for_then(self, search):
        never = threading.Event()
        assert len(list(search({"a": [f"+1{each}" for each in range(50)], "b": [never]}, quantity=3))) == 3
        never.set()

    def test_who_failed_and_why_comes_last(self, search):
        never = threading.Event()
        failing = CarrierError(carrier="b", reason="out of order")
        numbers = search({"a": ["+11"], "b": [failing], "c": [never], "d": [ValueError("odd")]}, seconds=3)
        assert next(numbers).number == "+11"
        with pytest.raises(SearchIncomplete) as incomplete:
            list(numbers)
        never.set()
        assert str(incomplete.value).startswith("3 of 4 carriers did not answer: b: out of order; ")
        assert "c: no answer within 3 s" in str(incomplete.value)
        assert "d: this is a defect of kazoo-sup: ValueError: odd" in str(incomplete.value)
        assert incomplete.value.exit_code == ExitCode.PARTIAL

    def test_when_nobody_answered(self, search):
        with pytest.raises(SearchFailed, match="no carrier answered: a: out"):
            list(search({"a": [CarrierError(carrier="a", reason="out of order")]}))
        assert list(search({})) == []

    def test_the_settings_of_the_number_manager(self, zone):
        assert (searching.deadline(zone), searching.largest(zone)) == (5.0, 500)
        put(zone, "number_manager", number_search_timeout_ms=1500, maximum_search_quantity="x")
        assert (searching.deadline(zone), searching.largest(zone)) == (1.5, 500)

    @pytest.mark.parametrize(
        ("prefix", "country", "normalised"),
        [("415", "US", "+1415"), ("(415) 555", "CA", "+1415555"), ("+44 20", "US", "+4420"), ("+186*", "US", "+186*")],
    )
    def test_prefixes(self, prefix, country, normalised):
        assert normalised_prefix(prefix, country) == normalised

    @pytest.mark.parametrize(
        ("prefix", "country"), [("20", "GB"), ("", "US"), ("+", "US"), ("abc", "US"), ("1+2", "US")]
    )
    def test_prefixes_that_are_none(self, prefix, country):
        with pytest.raises(ValueError):
            normalised_prefix(prefix, country)

    @pytest.mark.parametrize(
        ("number", "code"),
        [("+14155550100", "+1"), ("+79", "+7"), ("+4420", "+44"), ("+35312", "+353"), ("+883510", "+883")],
    )
    def test_country_codes(self, number, code):
        assert dialcode(number) == code


class TestConfiguring:
    @pytest.fixture
    def ask(self, zone):
        """Give answers to the questions of a run, and note them."""

        def ask(answers):
            questions = []

            def answer(question, secret):
                questions.append((question.partition(" ")[0], secret))
                return answers.get(question.partition(" ")[0], "")

            zone.run = zone.new_run(ask=answer)
            return questions

        return ask

    def test_words_are_checked_and_stored_with_one_change(self, zone, tmp_path):
        (tmp_path / "token").write_text("s3cret\n")
        words = ["user=ann", f"token=@{tmp_path / 'token'}", "sandbox_provisioning=true", "upfront_cost=2.5"]
        shown = configuration.configure(zone, "knm_telnyx", words, verify=False)
        kept = {"user": "ann", "token": "s3cret", "sandbox_provisioning": True, "upfront_cost": 2.5}
        assert stored(zone, "number_manager.telnyx") == kept
        assert [each[2] for each in zone.couchdb.written] == ["created"]
        assert "s3cret" not in str(shown)
        assert {each["key"]: each["value"] for each in shown}["token"] == "****"
        assert zone.warnings == []

    def test_a_key_is_removed(self, zone):
        put(zone, "number_manager.telnyx", user="ann", token="s3cret", debug=True)
        configuration.configure(zone, "knm_telnyx", ["debug="], verify=False)
        assert stored(zone, "number_manager.telnyx") == {"user": "ann", "token": "s3cret"}

    def test_what_is_missing_is_told(self, zone):
        configuration.configure(zone, "knm_telnyx", ["user=ann"], verify=False)
        assert zone.warnings == ["knm_telnyx cannot be used yet, it lacks token"]

    @pytest.mark.parametrize(
        ("module", "word"),
        [
            ("knm_telnyx", "users=ann"),
            ("knm_telnyx", "user"),
            ("knm_telnyx", "debug=yes"),
            ("knm_telnyx", "upfront_cost=much"),
            ("knm_telnyx", "api_url=ftp://x"),
            ("knm_telnyx", "api_url=https://ann:s3cret@x"),
            ("knm_telnyx", "token=s3cret"),
            ("knm_telnyx", "token=@/nowhere"),
            ("knm_telnyx", "user=a\nb"),
            ("knm_bandwidth2", "max_search_quantity=0"),
            ("knm_vitelity", "routesip=[1]"),
        ],
    )
    def test_words_that_do_not_fit(self, zone, module, word):
        with pytest.raises(BadArgument) as refused:
            configuration.configure(zone, module, [word], verify=False)
        assert "s3cret" not in str(refused.value)
        assert zone.couchdb.written == []

    def test_a_key_is_given_once(self, zone):
        with pytest.raises(BadArgument, match="user is there twice, with two values"):
            configuration.configure(zone, "knm_telnyx", ["user=ann", "debug=true", "user=bob"], verify=False)
        assert zone.couchdb.written == []

    def test_lists(self, zone):
        configuration.configure(zone, "knm_vitelity", ['routesip=["a","b"]'], verify=False)
        assert stored(zone, "number_manager.vitelity") == {"routesip": ["a", "b"]}

    def test_a_secret_is_asked_for(self, zone, ask):
        questions = ask({"token": "s3cret"})
        configuration.configure(zone, "knm_telnyx", ["token=-"], verify=False)
        assert questions == [("token", True)]
        assert stored(zone, "number_manager.telnyx") == {"token": "s3cret"}

    def test_a_secret_is_the_first_line_of_a_file_and_nothing_of_one_that_is_no_text_is_told(self, zone, tmp_path):
        file = tmp_path / "token"
        file.write_bytes(b"\xef\xbb\xbfs3cret\r\nhow it was made\r\n")
        configuration.configure(zone, "knm_telnyx", [f"token=@{file}"], verify=False)
        assert stored(zone, "number_manager.telnyx") == {"token": "s3cret"}
        file.write_bytes(b"s3cr\xe9t")
        with pytest.raises(BadArgument) as refused:
            configuration.configure(zone, "knm_telnyx", [f"token=@{file}"], verify=False)
        assert str(refused.value) == f"token: cannot read {file}: it is not UTF-8 text"

    def test_an_empty_secret_does_not_take_the_place_of_the_one_there(self, zone, ask, tmp_path):
        put(zone, "number_manager.telnyx", token="s3cret")
        ask({})
        (tmp_path / "token").write_text("\n")
        for word in ("token=-", f"token=@{tmp_path / 'token'}"):
            with pytest.raises(BadArgument, match="it is empty; token= without a value removes it"):
                configuration.configure(zone, "knm_telnyx", [word], verify=False)
        assert stored(zone, "number_manager.telnyx") == {"token": "s3cret"}

    def test_an_address_that_was_stored_with_credentials_is_shown_without(self, zone):
        put(zone, "number_manager.other", phonebook_url="https://ann:s3cret@phonebook.example.com/v1")
        shown = {row["key"]: row["value"] for row in configuration.rows(of(zone, "knm_other"))}
        assert shown["phonebook_url"] == "https://****@phonebook.example.com/v1"

    def test_without_words_every_key_is_asked_for(self, zone, ask):
        questions = ask({"user": "ann", "token": "s3cret", "debug": "true"})
        configuration.configure(zone, "knm_telnyx", [], verify=False)
        assert questions == [(key.name, key.secret) for key in of(zone, "knm_telnyx").keys]
        assert stored(zone, "number_manager.telnyx") == {"user": "ann", "token": "s3cret", "debug": True}
        ask({})
        with pytest.raises(Declined):
            configuration.configure(zone, "knm_telnyx", [], verify=False)

    def test_a_dry_run_stores_nothing_and_shows_no_secret(self, zone, ask):
        ask({"token": "s3cret"})
        zone.run = zone.new_run(dry_run=True, ask=zone.run.ask)
        shown = configuration.configure(zone, "knm_telnyx", ["user=ann", "token=-"], verify=False)
        assert {each["key"]: each["value"] for each in shown}["user"] == "ann"
        assert "s3cret" not in str(shown) + str([as_json(each) for each in zone.reports])
        assert zone.reports
        assert zone.couchdb.written == []

    def test_it_is_verified_before_it_is_stored(self, zone):
        with TelnyxServer() as server:
            words = ["user=ann", "enable_provisioning=true", f"api_url={server.url}"]
            with pytest.raises(NotConfigured):
                configuration.configure(zone, "knm_telnyx", words, verify=True)
            put(zone, "number_manager.telnyx", token="wr0ng")
            with pytest.raises(CarrierError, match="refused the credentials"):
                configuration.configure(zone, "knm_telnyx", words, verify=True)
            assert stored(zone, "number_manager.telnyx") == {"token": "wr0ng"}
            put(zone, "number_manager.telnyx", **server.settings)
            configuration.configure(zone, "knm_telnyx", [], verify=True)
            assert zone.couchdb.written == []

    def test_a_carrier_that_has_nothing_to_configure(self, zone):
        with pytest.raises(CarrierLacks):
            configuration.configure(zone, "knm_local", [], verify=False)


def test_a_server_that_sends_a_secret_back_is_not_quoted(tmp_path):
    zone = MemoryZone(tmp_path)
    zone.couchdb.create("system_config")
    with VitelityServer() as server:
        put(zone, "number_manager.vitelity", **server.settings)
        server.fails(says(400, b"bad request: login=ann pass=s3cret"))
        with pytest.raises(CarrierError, match=r"pass=\*\*\*"):
            of(zone, "knm_vitelity").verify()

"""Settings functions with words and stored values that are too long, too large or no text: one sentence each."""

from __future__ import annotations

import inspect
import random
from contextlib import suppress
from pathlib import Path

import pytest

from kazoo_sup import terms
from kazoo_sup.arguments.reads import path_of
from kazoo_sup.cli.render.ending import at_once
from kazoo_sup.command import bind, describe, is_command
from kazoo_sup.commands import kapps_account_config, kapps_config, kapps_config_maintenance
from kazoo_sup.errors import BadArgument, SupError
from kazoo_sup.kazoo.config import schemas
from kazoo_sup.kazoo.documents import values
from kazoo_sup.messages.names import account_database, plain

ACCOUNT = "1" * 32
DIGITS = "9" * 200
WORDS = [
    *(DIGITS, f"-{'9' * 400}", "9" * 5000, "1e999", "-1e999", "1e308", "1e-400", "1.5", "1_000", "NaN", "0x10"),
    *("١٢", "\0", "\n", " ", "\udcff", "é", "null", "true", "..", "a..b", ".", "x" * 300, "../../x", "a/b"),
    *("[1]", "{}", "[1e999]", f"[{'9' * 5000}]", "[" * 3000, '{"a":' * 2000, r'["\ud800"]', '{"a":{"b":[null]}}'),
    *("<<1:2>>", "fun()", "'atom", "#Ref<1>", "$a", "{a,[1]}"),
]
STORED = [
    *(10**200, 10**400, -(10**400), 1e308, 1.5, True, DIGITS, "1e999", "\ud800", "", "x"),
    *([], {}, [10**400], {"a": 10**400}, [[1, 2], [3]], [None], {"a": None}, ["a", 1]),
]
MODULES = (kapps_config, kapps_account_config, kapps_config_maintenance)
FUNCTIONS = [each for module in MODULES for _name, each in inspect.getmembers(module, is_command)]


@pytest.mark.parametrize(
    "function", FUNCTIONS, ids=lambda each: f"{each.__module__.rpartition('.')[2]} {each.__name__}"
)
def test_settings_functions_end_with_an_answer_or_an_error_of_ours(zone, function):
    chance = random.Random(function.__name__)
    database = plain(account_database(ACCOUNT))
    zone.couchdb.put(database, {"_id": ACCOUNT, "pvt_type": "account", "pvt_tree": []})
    for stored in STORED:
        zone.couchdb.put(
            "system_config", {"_id": "number_manager", "default": {"carrier_modules": stored, "k": stored}}
        )
        zone.couchdb.put(database, {"_id": "configs_number_manager", "carrier_modules": stored, "k": stored})
        for _time in range(4):
            zone.rerun()
            words = [word(parameter.name, chance) for parameter in describe("m", function).parameters]
            with suppress(SupError):
                outcome = bind(function, words, {}, {"Zone": lambda: zone})
                assert terms.dumps(outcome.term)
                assert terms.json_encode(outcome.data)
                assert all(isinstance(line, str) for line in at_once(outcome).lines)


def word(name, chance):
    known = {
        "account": [ACCOUNT],
        "category": ["number_manager", "number_manager", "crossbar", chance.choice(WORDS)],
        "key": ["k", "k", "carrier_modules", "k.a", "k.1", chance.choice(WORDS)],
    }
    return chance.choice(known.get(name, WORDS))


@pytest.mark.parametrize("value", [10**400, -(10**400), "1e999", DIGITS * 2, float("inf"), float("nan")])
def test_no_float_is_made_of_what_is_beyond_the_largest(value):
    with pytest.raises(ValueError, match="beyond the largest float"):
        values.to_float(value)


def test_whole_numbers_may_be_long_but_not_endless():
    assert values.to_integer(DIGITS) == int(DIGITS)
    assert values.to_integer("-1.5") == -2
    with pytest.raises(ValueError, match="a number of 5000 digits is too large"):
        values.to_integer("9" * 5000)
    with pytest.raises(ValueError, match="beyond the largest float"):
        values.to_integer("1e999")
    with pytest.raises(ValueError, match="a number of 5000 digits is too large"):
        terms.read_json(f"[{'9' * 5000}]")


def test_half_a_pair_of_surrogates_is_no_character():
    for text in (r'["\ud800"]', r'{"\uDFFF": 1}'):
        with pytest.raises(ValueError, match="half of a pair"):
            terms.read_json(text)
    assert terms.read_json(r'["\ud83d\ude00"]') == ["\U0001f600"]


def test_a_word_that_is_not_utf_8_is_refused(zone):
    for function, words in (
        (kapps_config.set_string, ["c", "k", "\udcff"]),
        (kapps_config.set_, ["c", "\udcff", "v"]),
        (kapps_config.set_, ["c", "k", "\udcff"]),
    ):
        with pytest.raises(BadArgument, match="is not UTF-8"):
            bind(function, words, {}, {"Zone": lambda: zone})
    assert zone.couchdb.written == []


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "~nobody-of-this-name/x", "/a/" * 3000])
def test_what_is_no_path_is_a_bad_argument(name):
    with pytest.raises(ValueError, match=r"is not a path|null"):
        path_of(name)
    assert path_of("~/x") == Path.home() / "x"


@pytest.mark.parametrize("name", ["x" * 300, "../../../etc/x", "a\0b", "/etc/x", "é" * 200])
def test_a_schema_s_name_leads_to_no_other_file(zone, name):
    with pytest.raises(schemas.UnknownSchema):
        schemas.get(zone, name)


def test_a_stored_text_that_is_no_number_was_the_wrong_question(zone):
    zone.couchdb.put("system_config", {"_id": "c", "default": {"k": "text"}})
    for function in (kapps_config.get_integer, kapps_config.get_float, kapps_config.get_boolean):
        with pytest.raises(BadArgument, match='^KEY: c k: <<"text">> is n'):
            function(zone, "c", "k")

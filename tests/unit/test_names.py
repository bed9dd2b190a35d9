from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup import names

ACCOUNT = "0123456789abcdef0123456789abcdef"
ENCODED = "account%2F01%2F23%2F456789abcdef0123456789abcdef"
PLAIN = "account/01/23/456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "text",
    [
        ACCOUNT,
        ENCODED,
        PLAIN,
        ENCODED.replace("%2F", "%2f"),
        f"{ACCOUNT}-202611",
        f"{ENCODED}-202611",
        f"{PLAIN}-202611",
    ],
)
def test_an_account_is_known_by_each_form_of_its_database_and_of_its_months(text):
    assert names.account_id(text) == ACCOUNT


@pytest.mark.parametrize("text", ["", "account", ACCOUNT[:-1], f"{ACCOUNT}0", "account/01/23/45", "sub1.example.com"])
def test_what_is_no_account_is_none(text):
    assert names.account_id(text) is None


def test_databases_of_accounts_and_numbers():
    assert names.account_database(ACCOUNT) == ENCODED
    assert names.number_database("+14155550100") == "numbers%2F%2B1415"
    assert names.number_database("+491") is None


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ("system_config", "system"),
        ("accounts", "aggregate"),
        ("_users", "external"),
        ("sms", "deprecated"),
        ("crossbar/sessions", "deprecated"),
        ("numbers%2F%2B1415", "numbers"),
        ("numbers/managed", "numbers"),
        ("ratedeck", "ratedeck"),
        ("ratedeck/cheap", "ratedeck"),
        (ENCODED, "account"),
        (PLAIN, "account"),
        (f"{ENCODED}-202611", "modb"),
        (f"{ACCOUNT}-202611", "modb"),
        (f"{ENCODED}-selectors", "resource_selectors"),
        (f"{ACCOUNT}-provisioner", "provisioner"),
        ("whatever", "undefined"),
    ],
)
def test_classes_of_databases(database, expected):
    assert names.classification(database) == expected


@given(st.text(st.characters(codec="utf-8")))
def test_encoded_and_plain_undo_each_other(name):
    assert names.plain(names.encoded(name)) == names.plain(name)


@pytest.mark.parametrize(
    ("text", "encoded"),
    [("", ""), ("*", "*"), ("#", "#"), ("a.b@c/+ ~_-é%", "a%2Eb%40c%2F%2B+~_-%C3%A9%25"), ("**", "%2A%2A")],
)
def test_routing_keys_hold_no_dot(text, encoded):
    assert names.routing_word(text) == encoded

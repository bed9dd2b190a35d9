from __future__ import annotations

import re
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.messages import names

ACCOUNT = "4a6863e7285f2b4c5d3f1f5e3a0b9c8d"
ENCODED = "account%2F4a%2F68%2F63e7285f2b4c5d3f1f5e3a0b9c8d"
PLAIN = "account/4a/68/63e7285f2b4c5d3f1f5e3a0b9c8d"

account_ids = st.text("0123456789abcdef", min_size=32, max_size=32)
months = st.integers(1, 12).map(lambda month: f"-2026{month:02}")
database_names = st.text("abcdefghijklmnopqrstuvwxyz0123456789_$()+-/", min_size=1).filter(lambda name: name[0] != "/")


class TestForms:
    @pytest.mark.parametrize(
        ("encoded", "plain"),
        [
            ("accounts", "accounts"),
            (ENCODED, PLAIN),
            (f"{ENCODED}-202611", f"{PLAIN}-202611"),
            ("numbers%2F%2B1415", "numbers/+1415"),
            (names.MANAGED, "numbers/managed"),
            (names.INUM, "numbers/inum"),
            ("_users", "_users"),
        ],
    )
    def test_either_form_gives_either_form(self, encoded, plain):
        assert names.encoded(plain) == names.encoded(encoded) == encoded
        assert names.plain(plain) == names.plain(encoded) == plain

    def test_small_hexadecimal_digits_are_read_too(self):
        assert names.encoded("account%2f4a%2f68%2f63e7285f2b4c5d3f1f5e3a0b9c8d") == ENCODED

    @given(database_names)
    def test_both_ways_and_back(self, name):
        assert names.plain(names.encoded(name)) == name
        assert names.encoded(names.encoded(name)) == names.encoded(name)
        assert "/" not in names.encoded(name)


class TestAccounts:
    @pytest.mark.parametrize("month", ["", "-202601", "-202612"])
    @pytest.mark.parametrize(
        "database", [ACCOUNT, ENCODED, PLAIN, ENCODED.replace("%2F", "%2f")], ids=["raw", "encoded", "plain", "small"]
    )
    def test_an_id_is_read_from_every_form_of_its_database_and_months(self, database, month):
        assert names.account_id(database + month) == ACCOUNT

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "accounts",
            ACCOUNT[:-1],
            f"{ACCOUNT}0",
            f"{ACCOUNT}-20261",
            f"{ACCOUNT}-2026111",
            f"{ACCOUNT}-selectors",
            f"{PLAIN}0",
            f"{PLAIN}/",
            f" {ACCOUNT}",
            f"{ACCOUNT}\n",
            "numbers/+1415",
            "master.example.com",
        ],
    )
    def test_other_text_has_none(self, text):
        assert names.account_id(text) is None

    def test_its_database_is_the_encoded_one(self):
        assert names.account_database(ACCOUNT) == ENCODED

    @given(account_ids, months)
    def test_id_and_database_lead_to_each_other(self, account, month):
        database = names.account_database(account)
        for form in (database, names.plain(database), database + month, names.plain(database) + month, account + month):
            assert names.account_id(form) == account


class TestNumbers:
    @pytest.mark.parametrize(
        ("number", "database"),
        [
            ("+14155550100", "numbers%2F%2B1415"),
            ("+49301234567", "numbers%2F%2B4930"),
            ("+4930", "numbers%2F%2B4930"),
            ("+493", None),
            ("", None),
            ("8835100", "numbers%2F88351"),
        ],
    )
    def test_the_first_five_characters_name_the_database(self, number, database):
        assert names.number_database(number) == database

    @given(st.text("0123456789", min_size=4, max_size=14))
    def test_every_number_is_in_a_database_of_numbers(self, digits):
        database = names.number_database(f"+{digits}")
        assert names.classification(database) == "numbers"
        assert names.plain(database) == f"numbers/+{digits[:4]}"


CLASSES = {
    "system": (
        "alerts anonymous_cdrs cccps dedicated_ips global_provisioner oauth offnet pending_notifications system_auth "
        "system_config system_data system_media system_schemas tasks"
    ),
    "aggregate": "accounts acdc faxes port_requests services sip_auth token_auth webhooks",
    "deprecated": "ts crossbar_schemas registrations crossbar/sessions crossbar%2Fsessions sms signups",
    "external": "_dbs _global_changes _metadata _nodes _replicator _users dbs nodes users",
    "ratedeck": "ratedeck ratedeck/north ratedeck%2Fnorth",
    "numbers": "numbers/+1415 numbers%2F%2B1415 numbers%2f%2b1415 numbers/managed numbers%2Finum",
    "account": f"{PLAIN} {ENCODED}",
    "modb": f"{PLAIN}-202611 {ENCODED}-202611 {ACCOUNT}-202611",
    "resource_selectors": f"{ACCOUNT}-selectors {PLAIN}-selectors {ENCODED}-selectors",
    "provisioner": f"{ACCOUNT}-provisioner {ENCODED}-provisioner",
    "undefined": f"something {ACCOUNT} account numbers {PLAIN}-2026 {ACCOUNT}-20261",
}


class TestClassification:
    @pytest.mark.parametrize(
        ("database", "expected"),
        [(database, expected) for expected, databases in CLASSES.items() for database in databases.split()],
    )
    def test_every_database_has_its_class(self, database, expected):
        assert names.classification(database) == expected

    def test_every_system_database_has_one(self):
        classes = {names.classification(database) for database in names.SYSTEM_DATABASES}
        assert classes == {"system", "aggregate", "ratedeck"}
        assert len(set(names.SYSTEM_DATABASES)) == 22


class TestRoutingWords:
    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("", ""),
            ("*", "*"),
            ("#", "#"),
            ("**", "%2A%2A"),
            ("number_manager", "number_manager"),
            ("crossbar.accounts", "crossbar%2Eaccounts"),
            ("en-us/vm-enter_pin", "en-us%2Fvm-enter_pin"),
            ("kazoo_apps@apps1.example.com", "kazoo_apps%40apps1%2Eexample%2Ecom"),
            ("+14155550100", "%2B14155550100"),
            ("a b", "a+b"),
            ("50%", "50%25"),
            ("sip:x", "sip%3Ax"),
            ("~_-", "~_-"),
            ("Zürich", "Z%C3%BCrich"),
            (ENCODED, ENCODED.replace("%", "%25")),
        ],
    )
    def test_a_word_is_encoded_byte_by_byte(self, text, word):
        assert names.routing_word(text) == word

    @given(st.text().filter(lambda text: text.isprintable() and text not in ("*", "#")))
    def test_any_text_becomes_one_word_and_can_be_read_back(self, text):
        word = names.routing_word(text)
        assert re.fullmatch(r"(?:[A-Za-z0-9~_+-]|%[0-9A-F]{2})*", word)
        assert unquote_plus(word) == text

"""Numbers as operators type them, with the zone's own converters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.kazoo.numbers import e164
from kazoo_sup.messages.names import account_database, plain


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("+1 (415) 555-0100", "+14155550100"),
        ("415.555.0100", "+14155550100"),
        ("1-415-555-0100", "+14155550100"),
        ("\t4155550100\n", "+14155550100"),
        ("00 44 20 7946 0000", "+442079460000"),
        ("+883510000000001", "+883510000000001"),
    ],
)
def test_blanks_and_punctuation_do_not_matter(zone, typed, number):
    assert e164.read(typed, zone) == number


@pytest.mark.parametrize("typed", ["", "1001", "x", "+", "+0415", "+1234567890123456", "+1415x", "++1415", "anonymous"])
def test_what_gives_no_number_is_refused(zone, typed):
    with pytest.raises(ValueError, match="is not a phone number"):
        e164.read(typed, zone)


def test_the_zone_s_converters_go_before_the_built_in_ones(zone):
    converters = {r"^0(\d{6,})$": {"prefix": "+49"}, r"^(1\d\d)$": {"prefix": "+4930555", "suffix": "00"}}
    zone.couchdb.put("system_config", {"_id": "number_manager", "default": {"e164_converters": converters}})
    assert e164.read("030 1234567", zone) == "+49301234567"
    assert e164.read("123", zone) == "+493055512300"
    with pytest.raises(ValueError, match="make '4155550100' of it"):
        e164.read("4155550100", zone)


def test_nothing_is_written_by_reading(zone):
    e164.read("4155550100", zone)
    assert zone.couchdb.written == []


def test_a_converter_without_a_group_keeps_the_whole_match():
    assert e164.normalise("442079460000", {r"^44\d+$": {"prefix": "+"}}) == "+442079460000"


def test_groups_that_took_no_part_do_not_count():
    converters = {r"^011(\d{5,})$|^00(\d{5,})$": {"prefix": "+"}}
    assert e164.normalise("0044207946", converters) == "+44207946"
    assert e164.normalise("01144207946", converters) == "+44207946"


@given(st.from_regex(r"\A[2-9][0-9]{2}[2-9][0-9]{6}\Z"))
def test_a_number_of_north_america_comes_back_from_every_form(npan):
    number = e164.normalise(npan)
    assert number == f"+1{npan}"
    assert (e164.to_npan(number), e164.to_1npan(number)) == (npan, f"1{npan}")
    for form in (npan, f"1{npan}", number):
        assert e164.normalise(e164.to_npan(form)) == e164.normalise(e164.to_1npan(form)) == number


@given(st.from_regex(r"\A\+[2-9][0-9]{7,13}\Z"))
def test_a_number_of_another_country_comes_back_from_how_it_is_dialled(number):
    assert e164.to_npan(number) == e164.to_1npan(number) == number
    for access in ("011", "00"):
        assert e164.normalise(f"{access}{number[1:]}") == number


def test_an_account_dials_by_its_own_plan_and_converters(zone):
    account = "1" * 32
    database = plain(account_database(account))
    zone.couchdb.create(database)
    assert e164.for_account("5550100", account, zone) == "5550100"
    plan = {r"^(\d{7})$": {"prefix": "415"}, "system": ["other"]}
    zone.couchdb.put(database, {"_id": account, "pvt_type": "account", "dial_plan": plan})
    assert e164.for_account("5550100", account, zone) == "+14155550100"
    converters = {r"^415(\d{7})$": {"prefix": "+49"}}
    zone.couchdb.put(database, {"_id": "configs_number_manager", "e164_converters": converters})
    assert e164.for_account("5550100", account, zone) == "+495550100"
    assert e164.for_account("+14155550100", account, zone) == "+14155550100"

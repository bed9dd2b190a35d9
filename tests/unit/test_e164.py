"""Numbers as operators type them, with the zone's own converters."""

from __future__ import annotations

import pytest

from kazoo_sup.kazoo.numbers import e164


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

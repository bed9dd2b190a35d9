from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup.kazoo.numbers import e164, pools
from kazoo_sup.kazoo.numbers.pools import NumberTaken, find

ACCOUNT = "0123456789abcdef0123456789abcdef"
MANAGED, INUM = find("managed", None), find("knm_inum", None)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("4155550100", "+14155550100"),
        ("14155550100", "+14155550100"),
        ("+14155550100", "+14155550100"),
        ("011442079460000", "+442079460000"),
        ("00442079460000", "+442079460000"),
        ("442079460000", "+442079460000"),
        ("1001", "1001"),
    ],
)
def test_the_built_in_converters(typed, number):
    assert e164.normalise(typed) == number


def test_the_first_converter_that_matches_counts_with_its_last_group_and_suffix():
    converters = {r"^(9)(\d{4})$": {"prefix": "+1415555", "suffix": "0"}, r"^\d+$": {"prefix": "+"}}
    assert e164.normalise("90123", converters) == "+141555501230"
    assert e164.normalise("12", converters) == "+12"


@given(st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"))
def test_a_normal_number_stays(number):
    assert e164.normalise(number) == number


@pytest.mark.parametrize("carrier", ["local", "inventory", "knm_telnyx", ""])
def test_other_carriers_generate_no_numbers(carrier):
    with pytest.raises(ValueError, match="generates no numbers"):
        find(carrier, None)


@pytest.mark.parametrize(
    ("pool", "first", "quantity", "reason"),
    [
        (MANAGED, 2223334000, 0, "quantity"),
        (MANAGED, 2223334000, -1, "quantity"),
        (MANAGED, 0, 1, "digit"),
        (MANAGED, -5, 1, "digit"),
        (MANAGED, 9999999998, 3, "not of one length"),
        (MANAGED, 999999999999999, 2, "more than 15"),
        (INUM, 883510099999999, 2, "not an iNum"),
    ],
)
def test_a_range_that_leaves_its_plan_is_refused(pool, first, quantity, reason):
    with pytest.raises(ValueError, match=reason):
        pools.check_range(pool, first, quantity)


def test_a_range_to_the_last_number_is_fine():
    pools.check_range(MANAGED, 9999999998, 2)
    pools.check_range(INUM, 883510099999998, 2)


class TestGenerated:
    def test_documents_are_kazoo_s(self):
        [first, second] = pools.generated(MANAGED, ACCOUNT, 2223334000, 2)
        assert first.database == "numbers%2Fmanaged"
        assert list(first.document.items()) == [
            ("_id", "+2223334000"),
            ("pvt_account_id", ACCOUNT),
            ("pvt_state", "available"),
            ("pvt_type", "number"),
        ]
        assert second.id == "+2223334001"

    def test_one_that_is_there_just_so_is_left_alone(self):
        [change] = pools.generated(MANAGED, ACCOUNT, 2223334000, 1)
        stored = {**change.document, "_rev": "1-x"}
        assert change.reapply(stored) is stored

    def test_one_that_is_there_otherwise_is_reported_with_its_owner(self):
        [change] = pools.generated(MANAGED, ACCOUNT, 2223334000, 1)
        stored = {**change.document, "_rev": "2-x", "pvt_state": "in_service", "pvt_assigned_to": "other"}
        with pytest.raises(NumberTaken, match=r"\+2223334000 exists .* in_service, of account other"):
            change.reapply(stored)

    @given(st.integers(1, 10**9), st.integers(0, 50))
    def test_there_are_as_many_as_asked_for_and_no_two_alike(self, first, quantity):
        ids = [change.id for change in pools.generated(MANAGED, ACCOUNT, first, quantity)]
        assert ids == [f"+{number}" for number in range(first, first + quantity)]


class TestReading:
    class Zone:
        """A zone whose number_manager has converters of its own."""

        name, node = "local", "kazoo_apps@vm"

        def configuration(self, category):
            assert category == "number_manager"
            return {"default": {"e164_converters": {r"^9(\d{4})$": {"prefix": "+1415555"}}}}

    def test_numbers_are_read_with_the_zone_s_own_converters(self):
        assert e164.read("9-01 00", self.Zone()) == "+14155550100"
        assert e164.read("+1 (415) 555-0100", self.Zone()) == "+14155550100"

    @pytest.mark.parametrize("text", ["4155550100", "", "+", "+0123456", "+1415555010x", f"+{'1' * 16}"])
    def test_what_they_make_no_number_of_is_refused(self, text):
        with pytest.raises(ValueError, match="is not a phone number"):
            e164.read(text, self.Zone())

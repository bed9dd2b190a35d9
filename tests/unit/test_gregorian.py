"""Moments and sizes as Kazoo writes them (kz_time, kz_util)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, gregorian


@pytest.mark.parametrize("at", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)])
def test_a_moment_is_the_one_that_was_meant(at):
    assert gregorian.moment(int(at.timestamp()) + GREGORIAN_EPOCH) == at


def test_numbers_are_padded_in_one_form_only():
    seconds = int(datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC).timestamp()) + GREGORIAN_EPOCH
    assert gregorian.plain_datetime(seconds) == "2026-3-4 5:6:7"
    assert gregorian.joined_datetime(seconds) == "2026-03-04_05:06:07"


@pytest.mark.parametrize("seconds", [-1, 0, 10**15])
def test_a_clock_that_was_never_set_is_no_reason_to_fail(seconds):
    assert gregorian.joined_datetime(seconds)


@pytest.mark.parametrize(
    ("octets", "whole", "truncated"),
    [
        (0, "0B", "0B"),
        (1023, "1023B", "1023B"),
        (1024, "1K", "1K"),
        (3 * 2**20 + 5, "3M5B", "3M"),
        (2**40 + 2**10, "1T1K", "1T"),
    ],
)
def test_sizes(octets, whole, truncated):
    assert gregorian.size(octets) == whole
    assert gregorian.size(octets, truncated=True) == truncated

"""The packets of Kamailio's ctl sockets, as Kamailio src/modules/ctl/binrpc.h describes them."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.fake_kamailio import packet
from kazoo_sup.transports.kamailio import binrpc
from kazoo_sup.transports.kamailio.binrpc import BinrpcError, read_packet, request, values

NUMBERS = st.integers(-(2**31), 2**31 - 1)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300).filter(
    lambda text: text != "<null string>"
)


def reading(data: bytes):
    """Return what `read_packet` reads from: exactly as many bytes, or an error."""
    stream = BytesIO(data)

    def read(size: int) -> bytes:
        found = stream.read(size)
        if len(found) < size:
            raise EOFError
        return found

    return read


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"\x00", 0),
        (b"\x10\x07", 7),
        (b"\x20\x12\x34", 0x1234),
        (b"\x90\x02\x12\x34", 0x1234),
        (b"\xa0\x00\x02\x12\x34", 0x1234),
        (b"\x40\xff\xff\xff\xff", -1),
        (b"\x11\x00", ""),
        (b"\x71abcdef\x00", "abcdef"),
        (b"\x91\x0aabcdefhij\x00", "abcdefhij"),
        (b"\x66abcdef", "abcdef"),
        (b"\x91\x0e<null string>\x00", None),
        (b"\x22\x05\xdc", 1.5),
        (b"\x22\x03\xe8", 1),
        (b"\x82\xff\xff\xff\xff\xff\xff\xff\xff", -0.001),
        (b"\x04\x10\x01\x10\x02\x84", [1, 2]),
        (b"\x03\x83", {}),
        (b"\x03\x75intval\x00\x10\x03\x25s\x00\x41abc\x00\x83", {"intval": 3, "s": "abc"}),
        (b"\x03\x25a\x00\x10\x01\x25a\x00\x10\x02\x83", {"a": [1, 2]}),
        (b"\x03\x10\x01\x41abc\x00\x83", [1, "abc"]),
        (b"\x03\x25a\x00\x03\x25b\x00\x10\x01\x83\x83", {"a": {"b": 1}}),
        (b"\x21\xff\x00", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_records_are_read_as_the_format_says(body, found):
    assert values(body) == [found]


@given(st.lists(NUMBERS | TEXTS, max_size=5), st.integers(1, 2**32 - 1))
def test_what_is_written_is_read_again(arguments, cookie):
    read = read_packet(reading(request("a.method", arguments, cookie)), 1 << 20)
    assert (read.kind, read.cookie, read.values) == (binrpc.REQUEST, cookie, ["a.method", *arguments])


@given(st.floats(-2147483.647, 2147483.647).map(lambda number: round(number, 3)))
def test_numbers_keep_three_decimals(number):
    [_method, found] = read_packet(reading(request("m", [float(number)], 1)), 1000).values
    assert found == pytest.approx(number, abs=0.001)


@given(st.binary(max_size=80))
def test_no_body_does_more_than_raise_our_error(body):
    with suppress(BinrpcError):
        values(body)


def test_every_cut_is_noticed():
    whole = packet(binrpc.REPLY, 5, "abc", 70_000, "x" * 300)
    for size in range(len(whole)):
        with pytest.raises(EOFError):
            read_packet(reading(whole[:size]), 1000)
    records = whole[8:]
    good = {0, 5, 9, len(records)}  # between two records
    for size in set(range(len(records))) - good:
        with pytest.raises(BinrpcError, match="breaks off"):
            values(records[:size])


@pytest.mark.parametrize(
    "body",
    [
        b"\x83",  # an end without a start
        b"\x03\x84",  # an array's end in a struct
        b"\x25a\x00\x10\x01",  # a name outside of a struct
        b"\x03\x25a\x00\x83",  # a name without a value
        b"\x03\x25a\x00\x25b\x00\x83",
        b"\x03\x25a\x00\x10\x01\x10\x02\x83",  # with a name and without one
        b"\x17\x00",  # no such type
        b"\x03" * 1000,
    ],
)
def test_records_out_of_place_are_an_error(body):
    with pytest.raises(BinrpcError):
        values(body)


@pytest.mark.parametrize("head", [b"\x00\x00\x00\x00", b"\xa2\x00\x00\x00", b"HTTP/1.1"])
def test_what_does_not_begin_like_a_packet_is_none(head):
    with pytest.raises(BinrpcError, match="begin"):
        read_packet(reading(head), 1000)


def test_a_packet_that_claims_to_be_too_large_is_not_read():
    with pytest.raises(BinrpcError, match="2147483647 bytes"):
        read_packet(reading(b"\xa1\x0c\x7f\xff\xff\xff\x01"), 1000)


@pytest.mark.parametrize(
    "argument", [2**31, -(2**31) - 1, "a\0", 1e17, 2147483.648, -2147484.0, float("inf"), float("nan")]
)
def test_what_no_packet_can_carry_is_an_error(argument):
    with pytest.raises(BinrpcError):
        request("m", [argument], 1)

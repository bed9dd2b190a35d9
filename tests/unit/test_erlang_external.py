"""The external term format; that real nodes read and write it alike is in tests/integration/test_erlang_real.py."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.erlang_terms import TERMS, same
from kazoo_sup.terms.shapes import Bits, Export, Fun, Improper, Map, Pid, Port, Reference
from kazoo_sup.terms.values import Atom, Charlist
from kazoo_sup.transports.erlang.external import BadExternal, Encoded, decode, encode, encode_part

NODE = b"w\x03a@b"


@pytest.mark.parametrize(
    ("octets", "term"),
    [
        (b"a\x07", 7),
        (b"b\xff\xff\xff\xfe", -2),
        (b"n\x08\x00\x00\x00\x00\x00\x00\x00\x00\x80", 2**63),
        (b"n\x02\x01\x00\x01", -256),
        (b"o\x00\x00\x00\x01\x00\x05", 5),
        (b"F\x3f\xf8\x00\x00\x00\x00\x00\x00", 1.5),
        (b"c" + b"1.50000000000000000000e+00".ljust(31, b"\0"), 1.5),
        (b"d\x00\x02ok", Atom("ok")),
        (b"s\x01\xe9", Atom("é")),
        (b"v\x00\x03\xe2\x98\x8e", Atom("☎")),
        (b"w\x04true", True),
        (b"w\x05false", False),
        (b"w\x04null", None),
        (b"w\x09undefined", Atom("undefined")),
        (b"j", []),
        (b"k\x00\x03abc", Charlist("abc")),
        (b"k\x00\x02\x01\x02", [1, 2]),
        (b"l\x00\x00\x00\x01a\x01j", [1]),
        (b"l\x00\x00\x00\x01a\x01a\x02", Improper((1,), 2)),
        (b"l\x00\x00\x00\x01a\x01k\x00\x01a", [1, 97]),
        (b"h\x02a\x01a\x02", (1, 2)),
        (b"h\x00", ()),
        (b"i\x00\x00\x00\x01a\x01", (1,)),
        (b"t\x00\x00\x00\x01w\x01aj", Map(((Atom("a"), []),))),
        (b"t\x00\x00\x00\x00", Map(())),
        (b"m\x00\x00\x00\x00", ""),
        (b"m\x00\x00\x00\x02\xc3\xa9", "é"),
        (b"m\x00\x00\x00\x01\xe9", b"\xe9"),
        (b"M\x00\x00\x00\x02\x03\x01\x80", Bits(b"\x01\x80", 3)),
        (b"M\x00\x00\x00\x01\x08A", b"A"),
        (b"g" + NODE + b"\0\0\0\x01\0\0\0\x02\x03", Pid("a@b", 1, 2, 3)),
        (b"X" + NODE + b"\0\0\0\x01\0\0\0\x02\0\0\1\0", Pid("a@b", 1, 2, 256)),
        (b"f" + NODE + b"\0\0\0\x01\x02", Port("a@b", 1, 2)),
        (b"Y" + NODE + b"\0\0\0\x01\0\0\0\x02", Port("a@b", 1, 2)),
        (b"x" + NODE + b"\0\0\0\x01\0\0\0\0\0\0\0\x02", Port("a@b", 2**32, 2)),
        (b"r\x00\x02" + NODE + b"\x01\0\0\0\x02\0\0\0\x03", Reference("a@b", 1, (2, 3))),
        (b"Z\x00\x01" + NODE + b"\0\0\1\0\0\0\0\x03", Reference("a@b", 256, (3,))),
        (b"qw\x05listsw\x07reversea\x01", Export("lists", "reverse", 1)),
    ],
)
def test_terms_are_read_as_the_format_says(octets, term):
    found = decode(b"\x83" + octets)
    assert same(found, term)


def test_a_fun_is_kept_as_it_came():
    free = b"a\x05"
    body = (
        b"\x01" + bytes(16) + b"\0\0\0\x02" + b"\0\0\0\x01" + b"w\x01ma\x02b\0\0\1\0" + b"X" + NODE + bytes(12) + free
    )
    octets = b"p" + (len(body) + 4).to_bytes(4, "big") + body
    found = decode(b"\x83h\x02" + octets + b"a\x09")
    assert found == (Fun("m", octets), 9)
    assert encode(found) == b"\x83h\x02" + octets + b"a\x09"


@given(TERMS)
def test_what_is_written_is_read_again(term):
    assert same(decode(encode(term)), term)


@given(TERMS, st.integers(0, 300))
def test_what_breaks_off_is_an_error(term, cut):
    octets = encode(term)
    with pytest.raises(BadExternal):
        decode(octets[: min(cut, len(octets) - 1)])


@given(st.binary(max_size=120))
def test_no_octets_do_more_than_raise_our_error(octets):
    try:
        found = decode(b"\x83" + octets, 10_000)
    except BadExternal:
        return
    encode(found)


@given(TERMS, st.data())
def test_a_changed_octet_does_no_more_than_that_either(term, data):
    octets = bytearray(encode(term))
    octets[data.draw(st.integers(1, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode(bytes(octets), 10_000)
    except BadExternal:
        return


@given(TERMS)
def test_a_compressed_term_is_unpacked(term):
    plain = encode(term)[1:]
    packed = b"\x83P" + len(plain).to_bytes(4, "big") + zlib.compress(plain)
    assert same(decode(packed, len(plain)), term)
    with pytest.raises(BadExternal):
        decode(packed, len(plain) - 1)


def test_a_compressed_term_that_lies_of_its_size_is_refused():
    bomb = b"\x83P\x00\x00\x00\x10" + zlib.compress(bytes(1 << 20))
    with pytest.raises(BadExternal, match="does not have the size"):
        decode(bomb, 1000)


def test_nesting_costs_no_stack():
    deep = b"\x83" + b"l\x00\x00\x00\x01" * 100_000 + b"j" + b"j" * 100_000
    found = decode(deep)
    depth = 0
    while found:
        found, depth = found[0], depth + 1
    assert depth == 100_000
    assert encode(decode(deep)) == deep


def test_a_count_that_no_frame_could_hold_is_refused_at_once():
    with pytest.raises(BadExternal, match="4294967295 parts"):
        decode(b"\x83i\xff\xff\xff\xff")


def test_a_part_that_is_encoded_already_is_put_in_as_it_is():
    part = encode_part(("a", 1))
    assert isinstance(part, Encoded)
    assert encode([part, 2]) == encode([("a", 1), 2])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}, Atom("a" * 256)])
def test_what_is_no_term_is_an_error(value):
    with pytest.raises(BadExternal):
        encode([value])

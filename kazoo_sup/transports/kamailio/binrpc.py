"""BINRPC version 1, the packets of Kamailio's `ctl` sockets, to and from values.

A packet is a head (magic number and version, kind, length, cookie) and records, each of a type and a size in one byte,
or with a size of its own behind that byte. Source: Kamailio src/modules/ctl/binrpc.h.

Kamailio sends arrays as structs whose members have no names, and every number that may pass 32 bits as a double.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json

Value = str | int | float

REQUEST, REPLY, FAULT = 0, 1, 3

_MAGIC_AND_VERSION = 0xA1
_INT, _STR, _DOUBLE, _STRUCT, _ARRAY, _AVP, _BYTES = range(7)
_SIZE_FOLLOWS = 8
DEEPEST = 64
MOST = 4_000_000
"""Records that a packet may have; a registration has about twenty."""

_NULL = "<null string>"
_SIGN_BITS = {4: 31, 8: 63}
_LARGEST_DOUBLE = (2**31 - 1) / 1000


class BinrpcError(ValueError):
    """What is wrong with a packet, or with a value that no packet can carry."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet that came in: its kind, the cookie that its request had, and its values."""

    kind: int
    cookie: int
    values: list[Json]


def request(method: str, arguments: Sequence[Value], cookie: int) -> bytes:
    """Return the packet that asks for METHOD; BinrpcError for an argument that does not fit."""
    body = b"".join(_record(value) for value in (method, *arguments))
    length, mark = _unsigned(len(body)) or b"\0", _unsigned(cookie) or b"\0"
    sizes = REQUEST << 4 | (len(length) - 1) << 2 | (len(mark) - 1)
    return bytes((_MAGIC_AND_VERSION, sizes)) + length + mark + body


def read_packet(read: Callable[[int], bytes], largest: int, most: int = MOST) -> Packet:
    """Read one packet; READ returns exactly as many bytes as it is asked for.

    Raises BinrpcError for what is not a packet, and for one of more than LARGEST bytes or MOST records.
    """
    first, sizes = read(2)
    if first != _MAGIC_AND_VERSION:
        raise BinrpcError("it does not begin like BINRPC")
    length = int.from_bytes(read((sizes >> 2 & 3) + 1), "big")
    cookie = int.from_bytes(read((sizes & 3) + 1), "big")
    if length > largest:
        raise BinrpcError(f"it claims to have {length} bytes")
    return Packet(sizes >> 4, cookie, values(read(length), most))


def values(body: bytes, most: int = MOST) -> list[Json]:
    """Return the values that BODY holds: text, whole numbers, floats, None, and structs.

    A struct is a mapping, or a list when its members have no names. Names that come again hold a list of their values.
    """
    records = _Records(body, most)
    found = []
    while not records.at_end:
        found.append(records.value(*records.head(), 0))
    return found


def merged(pairs: Sequence[tuple[str, object]]) -> Document:
    """Return PAIRS as a mapping; a name that comes again holds the list of its values, in order."""
    several: dict[str, list[Json]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    return {name: each if len(each) > 1 else each[0] for name, each in several.items()}


def _record(value: Value) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        if b"\0" in text:
            raise BinrpcError(f"{value!r} holds a NUL character")
        return _sized(_STR, text + b"\0")
    if isinstance(value, float):
        # Kamailio reads thousandths into 32 bits (binrpc_read_int), and takes what has more for another number.
        if not abs(value) <= _LARGEST_DOUBLE:
            raise BinrpcError(f"{value:g} is too large a number")
        data = _unsigned(round(value * 1000) & (2**32 - 1))
        return bytes((len(data) << 4 | _DOUBLE,)) + data
    if not -(2**31) <= value < 2**31:
        raise BinrpcError(f"{value} does not fit into 32 bits")
    return _sized(_INT, _unsigned(value & (2**32 - 1)))


def _sized(kind: int, data: bytes) -> bytes:
    if len(data) < _SIZE_FOLLOWS:
        return bytes((len(data) << 4 | kind,)) + data
    size = _unsigned(len(data))
    return bytes(((_SIZE_FOLLOWS | len(size)) << 4 | kind,)) + size + data


def _unsigned(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


class _Records:
    """The records of one body, read one after another."""

    def __init__(self, body: bytes, most: int) -> None:
        self._body = body
        self._at = 0
        self._left = self._most = most

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._body)

    def head(self) -> tuple[int, int, bool]:
        """Read a record's first bytes: its type, its size, and whether it ends a struct or an array."""
        self._left -= 1
        if self._left < 0:
            raise BinrpcError(f"it has more than {self._most} records")
        first = self._take(1)[0]
        kind, size = first & 15, first >> 4
        if kind == _DOUBLE or not size & _SIZE_FOLLOWS:
            return kind, size, False
        size = int.from_bytes(self._take(size & 7), "big")
        return kind, size, kind in (_STRUCT, _ARRAY) and size == 0

    def value(self, kind: int, size: int, ends: bool, depth: int) -> Json:
        """Read the rest of a record that is a value of its own."""
        if depth > DEEPEST:
            raise BinrpcError(f"it has more than {DEEPEST} structs in one another")
        if ends or kind == _AVP or kind > _BYTES:
            raise BinrpcError("it has a record out of place")
        if kind in (_STRUCT, _ARRAY):
            return self._members(kind, depth)
        data = self._take(size)
        if kind == _INT:
            return _signed(data)
        if kind == _DOUBLE:
            return _number(_signed(data) / 1000)
        text = data.decode("utf-8", "replace")
        if kind == _STR:
            text = text.removesuffix("\0")
        return None if text == _NULL else text

    def _members(self, opened: int, depth: int) -> Json:
        named: list[tuple[str, Json]] = []
        bare: list[Json] = []
        for kind, size in self._until_end(opened):
            if kind == _AVP:
                name = self._take(size).decode("utf-8", "replace").removesuffix("\0")
                named.append((name, self.value(*self.head(), depth + 1)))
            else:
                bare.append(self.value(kind, size, False, depth + 1))
        if named and bare:
            raise BinrpcError("it has a struct in which some members have names and some have not")
        return bare or merged(named)

    def _until_end(self, opened: int) -> Iterator[tuple[int, int]]:
        while True:
            kind, size, ends = self.head()
            if ends and kind == opened:
                return
            if ends:
                raise BinrpcError("it has a record out of place")
            yield kind, size

    def _take(self, size: int) -> bytes:
        data = self._body[self._at : self._at + size]
        if len(data) < size:
            raise BinrpcError("it breaks off inside a record")
        self._at += size
        return data


def _signed(data: bytes) -> int:
    number = int.from_bytes(data, "big")
    sign = _SIGN_BITS.get(len(data))
    return number - 2 ** (sign + 1) if sign and number >> sign else number


def _number(number: float) -> int | float:
    return int(number) if number.is_integer() else number

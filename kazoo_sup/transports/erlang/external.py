"""The external term format, both ways, with nothing lost.

A Python `str` or `bytes` is a binary (`bytes` where it is not UTF-8), `Atom` an atom, True, False and None the atoms
`true`, `false` and `null`, `Charlist` a list of printable octets that came as a string, and the rest as in
`kazoo_sup.terms`, of which `shapes` has what is Erlang's alone. A `dict` is the object that jiffy makes of JSON.

Source: Erlang/OTP erts documentation, "External Term Format".
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from kazoo_sup.terms.printing import PRINTABLE
from kazoo_sup.terms.shapes import Bits, Export, Fun, Improper, Map, Pid, Port, Reference
from kazoo_sup.terms.values import LONGEST_ATOM, Atom, Charlist

if TYPE_CHECKING:
    from kazoo_sup.types import Foreign

VERSION = 131

_COMPRESSED = 80
_FLOAT, _NEW_FLOAT = 99, 70
_SMALL_INTEGER, _INTEGER, _SMALL_BIG, _LARGE_BIG = 97, 98, 110, 111
_ATOM, _SMALL_ATOM, _ATOM_UTF8, _SMALL_ATOM_UTF8 = 100, 115, 118, 119
_NIL, _STRING, _LIST = 106, 107, 108
_SMALL_TUPLE, _LARGE_TUPLE, _MAP = 104, 105, 116
_BINARY, _BITS = 109, 77
_PID, _NEW_PID = 103, 88
_PORT, _NEW_PORT, _V4_PORT = 102, 89, 120
_NEW_REFERENCE, _NEWER_REFERENCE = 114, 90
_EXPORT, _NEW_FUN = 113, 112

_CONSTANTS: dict[bytes, bool | None] = {b"true": True, b"false": False, b"null": None}
_BITS_OF_AN_OCTET = 8
_LONGEST_STRING = 65_535
_LARGEST_SMALL = 255

_U16 = struct.Struct(">H").unpack_from
_U32 = struct.Struct(">I").unpack_from
_I32 = struct.Struct(">i").unpack_from
_U64 = struct.Struct(">Q").unpack_from
_F64 = struct.Struct(">d").unpack_from


class BadExternal(ValueError):
    """What is wrong with octets that should be a term, or with a value that is not a term."""


def decode(data: bytes, largest: int | None = None) -> Foreign:
    """Return the term that DATA holds, version octet included, with nothing behind it.

    LARGEST is how many octets a compressed term may have when it is unpacked. Raises BadExternal.
    """
    term, end = decode_first(data, largest)
    if end != len(data):
        raise BadExternal(f"{len(data) - end} octets follow the term")
    return term


def decode_first(data: bytes, largest: int | None = None) -> tuple[object, int]:
    """Return the term with which DATA begins, behind a version octet, and where it ends. Raises BadExternal."""
    if data[:1] != bytes((VERSION,)):
        raise BadExternal("it does not begin like a term")
    if data[1:2] == bytes((_COMPRESSED,)):
        unpacked, end = _unpacked(data, 2, largest)
        reader = _Reader(unpacked, 0)
        term = reader.term()
        if reader.at != len(unpacked):
            raise BadExternal("octets follow the compressed term")
        return term, end
    reader = _Reader(data, 1)
    return reader.term(), reader.at


def decode_part(data: bytes, start: int) -> tuple[object, int]:
    """Return the part of a term that begins at START, and where it ends. Raises BadExternal."""
    reader = _Reader(data, start)
    return reader.term(), reader.at


def _unpacked(data: bytes, start: int, largest: int | None) -> tuple[bytes, int]:
    if len(data) < start + 4:
        raise BadExternal("it breaks off")
    (size,) = _U32(data, start)
    if largest is not None and size > largest:
        raise BadExternal(f"it claims to have {size} octets when unpacked")
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(data[start + 4 :], size + 1)
    except zlib.error:
        raise BadExternal("it cannot be decompressed") from None
    if len(found) != size or not unpacker.eof:
        raise BadExternal("it does not have the size that it claims when unpacked")
    return found, len(data) - len(unpacker.unused_data)


class _Open:
    """A compound term whose parts are still being read: how many are left, and what makes the term of them."""

    __slots__ = ("left", "make", "parts")

    def __init__(self, left: int, make: Callable[[list[object]], object]) -> None:
        self.left = left
        self.make = make
        self.parts: list[object] = []


class _Reader:
    """Reads one term after another; nesting costs memory, not Python's stack."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def term(self) -> object:
        """Read the next term."""
        opened: list[_Open] = []
        try:
            while True:
                value = self._begin()
                if isinstance(value, _Open) and value.left:
                    opened.append(value)
                    continue
                while True:
                    if isinstance(value, _Open):
                        value = value.make(value.parts)
                    if not opened:
                        return value
                    inner = opened[-1]
                    inner.parts.append(value)
                    inner.left -= 1
                    if inner.left:
                        break
                    value = opened.pop()
        except (struct.error, IndexError):
            raise BadExternal("it breaks off inside a term") from None

    def _begin(self) -> object:
        """Read a term that has no parts, or the beginning of one that has."""
        tag = self.data[self.at]
        self.at += 1
        read = _READERS.get(tag)
        if read is None:
            raise BadExternal(f"it has a term of the unknown kind {tag}")
        return read(self)

    def take(self, size: int) -> bytes:
        end = self.at + size
        taken = self.data[self.at : end]
        if len(taken) < size:
            raise BadExternal("it breaks off inside a term")
        self.at = end
        return taken

    def u8(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def u16(self) -> int:
        (number,) = _U16(self.data, self.at)
        self.at += 2
        return int(number)

    def u32(self) -> int:
        (number,) = _U32(self.data, self.at)
        self.at += 4
        return int(number)

    def parts(self) -> int:
        """Read how many parts follow; each has at least one octet, so that a lie is noticed before memory is taken."""
        count = self.u32()
        if count > len(self.data) - self.at:
            raise BadExternal(f"it claims to have {count} parts")
        return count

    def atom(self) -> str:
        """Read an atom that is part of a pid or the like."""
        found = self._begin()
        if not isinstance(found, Atom):
            raise BadExternal("it has a node without a name")
        return str(found)

    def integer(self) -> int:
        found = self._begin()
        if isinstance(found, bool) or not isinstance(found, int):
            raise BadExternal("it has no number where one belongs")
        return found


def _read_atom(octets: bytes, encoding: str) -> object:
    if octets in _CONSTANTS:
        return _CONSTANTS[octets]
    try:
        return Atom(octets.decode(encoding))
    except UnicodeDecodeError:
        raise BadExternal("it has an atom that is not UTF-8") from None


def _read_binary(reader: _Reader) -> str | bytes:
    octets = reader.take(reader.u32())
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets


def _read_string(reader: _Reader) -> object:
    octets = reader.take(reader.u16())
    return list(octets) if octets.translate(None, PRINTABLE) else Charlist(octets.decode("latin-1"))


def _read_float(reader: _Reader) -> float:
    (number,) = _F64(reader.data, reader.at)
    reader.at += 8
    return float(number)


def _read_old_float(reader: _Reader) -> float:
    try:
        return float(reader.take(31).rstrip(b"\0"))
    except ValueError:
        raise BadExternal("it has a float that is not one") from None


def _read_integer(reader: _Reader) -> int:
    (number,) = _I32(reader.data, reader.at)
    reader.at += 4
    return int(number)


def _read_big(reader: _Reader, size: int) -> int:
    negative = reader.u8()
    number = int.from_bytes(reader.take(size), "little")
    return -number if negative else number


def _read_bits(reader: _Reader) -> object:
    size, last = reader.u32(), reader.u8()
    octets = reader.take(size)
    if last == _BITS_OF_AN_OCTET or not size:
        return octets
    if not 0 < last < _BITS_OF_AN_OCTET:
        raise BadExternal(f"it has an octet of {last} bits")
    return Bits(octets, last)


def _read_list(reader: _Reader) -> _Open:
    return _Open(reader.parts() + 1, _list)


def _list(parts: list[object]) -> object:
    tail = parts.pop()
    if isinstance(tail, list):
        return parts + tail if tail else parts
    if isinstance(tail, Charlist):
        return [*parts, *map(ord, tail)]
    return Improper(tuple(parts), tail) if parts else tail


def _map(parts: list[object]) -> Map:
    return Map(tuple(zip(parts[::2], parts[1::2], strict=True)))


def _read_map(reader: _Reader) -> _Open:
    return _Open(2 * reader.parts(), _map)


def _read_pid(reader: _Reader, creation: Callable[[_Reader], int]) -> Pid:
    return Pid(reader.atom(), reader.u32(), reader.u32(), creation(reader))


def _read_port(reader: _Reader, number: Callable[[_Reader], int], creation: Callable[[_Reader], int]) -> Port:
    return Port(reader.atom(), number(reader), creation(reader))


def _u64(reader: _Reader) -> int:
    (number,) = _U64(reader.data, reader.at)
    reader.at += 8
    return int(number)


def _read_reference(reader: _Reader, creation: Callable[[_Reader], int]) -> Reference:
    words = reader.u16()
    node, made = reader.atom(), creation(reader)
    return Reference(node, made, tuple(reader.u32() for _word in range(words)))


def _read_export(reader: _Reader) -> Export:
    return Export(reader.atom(), reader.atom(), reader.integer())


def _read_fun(reader: _Reader) -> Fun:
    start = reader.at - 1
    size = reader.u32()
    reader.take(size - 4)
    end = reader.at
    reader.at = start + 1 + 4 + 1 + 16 + 4 + 4  # size, arity, unique, index, number of free variables
    module = reader.atom()
    reader.at = end
    return Fun(module, reader.data[start:end])


_READERS: dict[int, Callable[[_Reader], object]] = {
    _SMALL_INTEGER: _Reader.u8,
    _INTEGER: _read_integer,
    _SMALL_BIG: lambda reader: _read_big(reader, reader.u8()),
    _LARGE_BIG: lambda reader: _read_big(reader, reader.u32()),
    _NEW_FLOAT: _read_float,
    _FLOAT: _read_old_float,
    _ATOM: lambda reader: _read_atom(reader.take(reader.u16()), "latin-1"),
    _SMALL_ATOM: lambda reader: _read_atom(reader.take(reader.u8()), "latin-1"),
    _ATOM_UTF8: lambda reader: _read_atom(reader.take(reader.u16()), "utf-8"),
    _SMALL_ATOM_UTF8: lambda reader: _read_atom(reader.take(reader.u8()), "utf-8"),
    _NIL: lambda _reader: [],
    _STRING: _read_string,
    _LIST: _read_list,
    _SMALL_TUPLE: lambda reader: _Open(reader.u8(), tuple),
    _LARGE_TUPLE: lambda reader: _Open(reader.parts(), tuple),
    _MAP: _read_map,
    _BINARY: _read_binary,
    _BITS: _read_bits,
    _PID: lambda reader: _read_pid(reader, _Reader.u8),
    _NEW_PID: lambda reader: _read_pid(reader, _Reader.u32),
    _PORT: lambda reader: _read_port(reader, _Reader.u32, _Reader.u8),
    _NEW_PORT: lambda reader: _read_port(reader, _Reader.u32, _Reader.u32),
    _V4_PORT: lambda reader: _read_port(reader, _u64, _Reader.u32),
    _NEW_REFERENCE: lambda reader: _read_reference(reader, _Reader.u8),
    _NEWER_REFERENCE: lambda reader: _read_reference(reader, _Reader.u32),
    _EXPORT: _read_export,
    _NEW_FUN: _read_fun,
}


class Encoded(bytes):
    """A term that is encoded already, without the version octet: put as it is into the term around it."""

    __slots__ = ()


def encode(term: object) -> bytes:
    """Return the external form of TERM, version octet included. Raises BadExternal for what is not a term."""
    return bytes((VERSION,)) + encode_part(term)


def encode_part(term: object) -> Encoded:
    """Return the external form of a term inside another one: without the version octet."""
    written = bytearray()
    pending: list[object] = [term]
    while pending:
        item = pending.pop()
        write = _WRITERS.get(type(item))
        if write is None:
            raise BadExternal(f"{type(item).__name__} is not an Erlang term")
        octets, parts = write(item)
        written += octets
        if parts:
            pending += reversed(parts)
    return Encoded(written)


_Written = tuple[bytes, "list[Any]"]


def _write_integer(number: int) -> _Written:
    if 0 <= number <= _LARGEST_SMALL:
        return bytes((_SMALL_INTEGER, number)), []
    if -(2**31) <= number < 2**31:
        return struct.pack(">Bi", _INTEGER, number), []
    digits = abs(number).to_bytes((abs(number).bit_length() + 7) // 8, "little")
    head = (
        struct.pack(">BB", _SMALL_BIG, len(digits))
        if len(digits) <= _LARGEST_SMALL
        else struct.pack(">BI", _LARGE_BIG, len(digits))
    )
    return head + bytes((number < 0,)) + digits, []


def _write_float(number: float) -> _Written:
    if number - number != 0:
        raise BadExternal(f"Erlang has no float {number}")
    return struct.pack(">Bd", _NEW_FLOAT, number), []


def _atom(name: str) -> bytes:
    octets = name.encode("utf-8", "surrogatepass")
    if len(octets) <= _LARGEST_SMALL:
        return bytes((_SMALL_ATOM_UTF8, len(octets))) + octets
    if len(name) > LONGEST_ATOM:
        raise BadExternal(f"an atom has {LONGEST_ATOM} characters at most")
    return struct.pack(">BH", _ATOM_UTF8, len(octets)) + octets


def _binary(octets: bytes) -> bytes:
    return struct.pack(">BI", _BINARY, len(octets)) + octets


def _write_charlist(text: str) -> _Written:
    if not text:
        return bytes((_NIL,)), []
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        octets = b""
    if octets and len(octets) <= _LONGEST_STRING:
        return struct.pack(">BH", _STRING, len(octets)) + octets, []
    return _write_list([ord(character) for character in text])


def _write_list(items: Iterable[object]) -> _Written:
    parts = list(items)
    if not parts:
        return bytes((_NIL,)), []
    return struct.pack(">BI", _LIST, len(parts)), [*parts, []]


def _write_tuple(items: tuple[object, ...]) -> _Written:
    if len(items) <= _LARGEST_SMALL:
        return bytes((_SMALL_TUPLE, len(items))), list(items)
    return struct.pack(">BI", _LARGE_TUPLE, len(items)), list(items)


def _write_map(term: Map) -> _Written:
    return struct.pack(">BI", _MAP, len(term.pairs)), [part for pair in term.pairs for part in pair]


def _write_improper(term: Improper) -> _Written:
    return struct.pack(">BI", _LIST, len(term.items)), [*term.items, term.tail]


def _write_pid(term: Pid) -> _Written:
    tail = struct.pack(">III", term.number, term.serial, term.creation)
    return bytes((_NEW_PID,)) + _atom(term.node) + tail, []


def _write_port(term: Port) -> _Written:
    if term.number < 2**28:
        return bytes((_NEW_PORT,)) + _atom(term.node) + struct.pack(">II", term.number, term.creation), []
    return bytes((_V4_PORT,)) + _atom(term.node) + struct.pack(">QI", term.number, term.creation), []


def _write_reference(term: Reference) -> _Written:
    head = struct.pack(">BH", _NEWER_REFERENCE, len(term.words)) + _atom(term.node)
    return head + struct.pack(f">I{len(term.words)}I", term.creation, *term.words), []


_WRITERS: dict[type, Callable[[Any], _Written]] = {
    Encoded: lambda octets: (octets, []),
    bool: lambda truth: (_atom("true" if truth else "false"), []),
    type(None): lambda _none: (_atom("null"), []),
    int: _write_integer,
    float: _write_float,
    Atom: lambda name: (_atom(name), []),
    Charlist: _write_charlist,
    str: lambda text: (_binary(text.encode("utf-8", "surrogateescape")), []),
    bytes: lambda octets: (_binary(octets), []),
    list: _write_list,
    tuple: _write_tuple,
    dict: lambda members: _write_tuple(([*members.items()],)),
    Map: _write_map,
    Improper: _write_improper,
    Bits: lambda term: (struct.pack(">BIB", _BITS, len(term.data), term.last) + term.data, []),
    Pid: _write_pid,
    Port: _write_port,
    Reference: _write_reference,
    Export: lambda term: (
        bytes((_EXPORT,)) + _atom(term.module) + _atom(term.function) + bytes((_SMALL_INTEGER, term.arity)),
        [],
    ),
    Fun: lambda term: (term.encoded, []),
}

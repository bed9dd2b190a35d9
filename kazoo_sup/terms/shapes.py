"""Terms that neither text nor JSON has a form for: what a node makes, and lists, binaries and maps of odd shapes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pid:
    """A process of NODE: `<0.NUMBER.SERIAL>` there."""

    node: str
    number: int
    serial: int
    creation: int


@dataclass(frozen=True, slots=True)
class Port:
    """A port of NODE: `#Port<0.NUMBER>` there."""

    node: str
    number: int
    creation: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference of NODE; `words` are its numbers, the least significant one first."""

    node: str
    creation: int
    words: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """The external function `fun MODULE:FUNCTION/ARITY`."""

    module: str
    function: str
    arity: int


@dataclass(frozen=True, slots=True)
class Fun:
    """A function made on a node; `encoded` is its external form, tag included, which only that node can use."""

    module: str
    encoded: bytes


@dataclass(frozen=True, slots=True)
class Bits:
    """A bitstring that is not a binary: of the last octet of DATA only the first LAST bits count (1 to 7)."""

    data: bytes
    last: int


@dataclass(frozen=True, slots=True)
class Improper:
    """A list whose TAIL is not a list: `[a|b]`."""

    items: tuple[object, ...]
    tail: object


@dataclass(frozen=True, slots=True)
class Map:
    """An Erlang map, as its pairs of key and value in the order in which they came: a key may be any term."""

    pairs: tuple[tuple[object, object], ...]

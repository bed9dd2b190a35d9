"""Terms that neither text nor JSON has a form for: what a node makes, and lists, binaries and maps of odd shapes."""

from __future__ import annotations

from typing import NoReturn, dataclass_transform


@dataclass_transform(frozen_default=True)
class Shape:
    """A term made of parts, which its class declares in their order: equal where they are, and never changed.

    Like a frozen dataclass, at a tenth of what the import and the making of those takes of a call on a node.
    """

    __match_args__: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        """Note the names of the parts."""
        cls.__match_args__ = tuple(cls.__annotations__)  # type: ignore[misc]  # final to mypy

    def __init__(self, *parts: object) -> None:
        """Take the parts in their order."""
        vars(self).update(zip(self.__match_args__, parts, strict=True))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: a term stays as it is."""
        raise AttributeError(f"{name} of a term is not to be changed")

    def __eq__(self, other: object) -> bool:
        """Return whether OTHER is of the same kind, with equal parts."""
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        """Return what is equal of equal terms."""
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        """Show the parts."""
        return f"{type(self).__name__}({', '.join(map(repr, vars(self).values()))})"


class Pid(Shape):
    """A process of NODE: `<0.NUMBER.SERIAL>` there."""

    node: str
    number: int
    serial: int
    creation: int


class Port(Shape):
    """A port of NODE: `#Port<0.NUMBER>` there."""

    node: str
    number: int
    creation: int


class Reference(Shape):
    """A reference of NODE; `words` are its numbers, the least significant one first."""

    node: str
    creation: int
    words: tuple[int, ...]


class Export(Shape):
    """The external function `fun MODULE:FUNCTION/ARITY`."""

    module: str
    function: str
    arity: int


class Fun(Shape):
    """A function made on a node; `encoded` is its external form, tag included, which only that node can use."""

    module: str
    encoded: bytes


class Bits(Shape):
    """A bitstring that is not a binary: of the last octet of DATA only the first LAST bits count (1 to 7)."""

    data: bytes
    last: int


class Improper(Shape):
    """A list whose TAIL is not a list: `[a|b]`."""

    items: tuple[object, ...]
    tail: object


class Map(Shape):
    """An Erlang map, as its pairs of key and value in the order in which they came: a key may be any term."""

    pairs: tuple[tuple[object, object], ...]

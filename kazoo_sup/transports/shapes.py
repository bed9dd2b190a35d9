"""What the JSON of a server must look like before anything is taken out of it.

A shape is written like the value that it describes:

    str, int, NUMBER, object …   a type, or several in a tuple; `object` is anything
    [str]                        a list of these
    {"name": str, "size?": NUMBER}   an object with these fields, others too; with ? it may be missing or null
    Every([str])                 an object, whatever its fields are called, whose values are these
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kazoo_sup.errors import ServerRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kazoo_sup.types import Json

_LARGEST = 10.0**18
_MISSING = object()
_LONGEST = 60


class _Number:
    """A number that one can count with: neither infinite nor larger than anything that is counted."""


NUMBER = _Number


class Every:
    """An object whose values all have one shape."""

    def __init__(self, shape: object) -> None:
        """Take the shape of the values."""
        self.shape = shape


class UnknownShape(ServerRefused):
    """{server} answered {request} with what cannot be read: {reason}"""


_CALLED: dict[object, str] = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a number",
    NUMBER: "a number",
    bool: "true or false",
}


def misfit(value: object, shape: object, place: str = "it") -> str | None:
    """Say what is wrong with VALUE, which is at PLACE, for SHAPE; None when it fits."""
    if fits(value, shape):
        return None
    if isinstance(shape, list) and isinstance(value, list):
        return _first((f"{place}[{index}]", each, shape[0]) for index, each in enumerate(value))
    if isinstance(shape, Every) and isinstance(value, dict):
        return _first((_inside(place, name), each, shape.shape) for name, each in value.items())
    if isinstance(shape, dict) and isinstance(value, dict):
        for named in shape:
            if not named.endswith("?") and named not in value:
                return f"{place} has no {named}"
        return _first(
            (_inside(place, name), value[name], inner)
            for name, inner in ((named.removesuffix("?"), inner) for named, inner in shape.items())
            if name in value and (value[name] is not None or f"{name}?" not in shape)
        )
    if isinstance(shape, (list, dict, Every)):
        return f"{place} is not {'a list' if isinstance(shape, list) else 'an object'}"
    kinds = shape if isinstance(shape, tuple) else (shape,)
    likely = next((kind for kind in kinds if _is_of_sort(value, kind)), None)
    if likely is not None:
        return misfit(value, likely, place)
    return f"{place} is not {' or '.join(_called(kind) for kind in kinds)}"


def _is_of_sort(value: object, kind: object) -> bool:
    """Return whether KIND, one of several shapes, is of the sort that VALUE is, and so tells more of what is wrong."""
    return isinstance(value, list if isinstance(kind, list) else dict) and isinstance(kind, (list, dict, Every))


def fits(value: object, shape: object) -> bool:
    """Return whether VALUE has SHAPE."""
    return _check(shape)(value)


def _check(shape: object) -> Callable[[object], bool]:
    """Return what tells whether a value has SHAPE: a shape is looked at once, however many rows there are."""
    if shape is object:
        return lambda _value: True
    if shape is NUMBER:
        return _is_number
    if isinstance(shape, type):
        return lambda value: type(value) is shape
    if isinstance(shape, tuple):
        return _check_of_choices(shape)
    if isinstance(shape, list):
        inner = _check(shape[0])
        return lambda value: type(value) is list and all(map(inner, value))
    if isinstance(shape, Every):
        inner = _check(shape.shape)
        return lambda value: type(value) is dict and all(map(inner, value.values()))
    assert isinstance(shape, dict)
    return _check_of_fields(shape)


def _check_of_choices(shape: tuple[object, ...]) -> Callable[[object], bool]:
    choices = [(each, _check(each)) for each in shape]

    def check(value: object) -> bool:
        kind = type(value)
        for choice, fitting in choices:  # noqa: SIM110 - a generator for each value takes as long as the check
            if kind is choice or fitting(value):
                return True
        return False

    return check


def _check_of_fields(shape: dict[str, object]) -> Callable[[object], bool]:
    fields = [
        (name.removesuffix("?"), None if name.endswith("?") else _MISSING, inner, _check(inner))
        for name, inner in shape.items()
    ]

    def check(value: object) -> bool:
        if type(value) is not dict:
            return False
        for name, absent, kind, fitting in fields:
            found = value.get(name, absent)
            # Most are of a plain type; that takes no call.
            if type(found) is not kind and found is not absent and not fitting(found):
                return False
            if found is _MISSING:
                return False
        return True

    return check


def _is_number(value: Json) -> bool:
    return type(value) in {int, float} and math.isfinite(value) and abs(value) < _LARGEST


def _first(parts: Iterable[tuple[str, object, object]]) -> str | None:
    return next((wrong for place, each, shape in parts if (wrong := misfit(each, shape, place))), None)


def _called(kind: object) -> str:
    if isinstance(kind, list):
        return _CALLED[list]
    return _CALLED[dict] if isinstance(kind, (dict, Every)) else _CALLED.get(kind, "null")


def _inside(place: str, name: str) -> str:
    shown = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
    return shown if place == "it" else f"{place}.{shown}"

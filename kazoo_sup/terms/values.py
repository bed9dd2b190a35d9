"""The Python values that stand for Erlang terms, and the way between them and JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kazoo_sup.types import Document, Json

Term: TypeAlias = str | bytes | int | float | list[Any] | tuple[Any, ...] | dict[Any, Any] | None


LONGEST_ATOM = 255
"""The characters that an Erlang atom has at most."""


class Atom(str):
    """An Erlang atom; equal to the `str` of its name, as a key of a `dict` too."""

    __slots__ = ()


class Charlist(str):
    """An Erlang string, which is a list of code points; an empty one is Erlang's `[]`."""

    __slots__ = ()


OK = Atom("ok")
UNDEFINED = Atom("undefined")


class BadTerm(ValueError):
    """Text that is not an Erlang term: `reason`, and `position`, the offset of the character it was noticed at."""

    def __init__(self, reason: str, position: int) -> None:
        """Say the position as people count, from 1."""
        super().__init__(f"{reason} at character {position + 1}")
        self.reason = reason
        self.position = position


def to_json(term: Term) -> Json:
    """Turn a term into the JSON value it stands for.

    Objects are jiffy objects, maps and lists of nothing but `{Key, Value}` (proplists), and lose the members that
    are `undefined`, as in Kazoo's kz_json:from_list. Elsewhere `undefined` is null. Other atoms, binaries and Erlang
    strings become strings.

    Raises ValueError for what JSON has no form for: other tuples, binaries that are not UTF-8, a key that occurs
    twice, more than some hundred levels of nesting.
    """
    try:
        return _to_json(term)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def from_json(value: Term) -> Term:
    """Turn a JSON value into the term that jiffy:decode/1 makes of it: objects become `{[{Key, Value}]}`."""
    if isinstance(value, dict):
        return ([(key, from_json(member)) for key, member in value.items()],)
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value


_JSON_ATOMS = {"true": True, "false": False, "null": None, "undefined": None}


def _to_json(term: Term) -> Json:
    if isinstance(term, str | bytes):
        return _JSON_ATOMS.get(term, str(term)) if isinstance(term, Atom) else _string(term)
    if isinstance(term, dict):
        return _object(term.items())
    if isinstance(term, list):
        return _object(term) if term and all(map(_is_pair, term)) else [_to_json(item) for item in term]
    if isinstance(term, tuple):
        if len(term) == 1 and isinstance(term[0], list) and all(map(_is_pair, term[0])):
            return _object(term[0])
        raise ValueError(f"a tuple of {len(term)} has no form in JSON")
    return term


def _is_pair(item: object) -> bool:
    return isinstance(item, tuple) and len(item) == 2  # noqa: PLR2004 - a pair has two


def _object(members: Iterable[tuple[object, Term]]) -> Document:
    result: Document = {}
    for key, member in members:
        name = _key(key)
        if name in result:
            raise ValueError(f"the key {name!r} occurs twice")
        if not (isinstance(member, Atom) and member == UNDEFINED):
            result[name] = _to_json(member)
    return result


def _key(key: object) -> str:
    if isinstance(key, str | bytes):
        return _string(key)
    if is_integer(key):
        return str(key)
    raise ValueError("a key is neither a binary nor an atom")


def _string(text: str | bytes) -> str:
    if isinstance(text, str):
        return str(text)
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise ValueError("a binary is not UTF-8") from None


def is_integer(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number to JSON and to Erlang, for which true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def as_data(term: object) -> Json:
    """Return a term as a machine shall see it: tuples are lists, `undefined` is null, other atoms and strings text."""
    if isinstance(term, dict):
        return {key: as_data(each) for key, each in term.items()}
    if isinstance(term, list | tuple):
        return [as_data(each) for each in term]
    if isinstance(term, bytes):
        return term.decode(errors="replace")
    return None if isinstance(term, Atom) and term == UNDEFINED else term

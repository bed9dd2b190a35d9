"""Lists and objects that users type as command-line arguments."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from kazoo_sup.terms.reading import loads
from kazoo_sup.terms.values import to_json

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json

_MOST_DIGITS = 4000


def read_value(text: str) -> Json:
    """Read a list or an object typed as JSON or, where it is not JSON, as an Erlang term; give a JSON value.

    A number, a string or a lone word is read too; whether the parameter takes one is for the caller to judge.
    Raises ValueError, with one sentence that says why it is neither.
    """
    try:
        return read_json(text)
    except ValueError as error:
        not_json = str(error)
    try:
        return to_json(loads(text))
    except ValueError as error:
        raise ValueError(f"neither JSON ({not_json}) nor an Erlang term ({error})") from error


def read_json(text: str) -> Json:
    """Read JSON and nothing that is only nearly so: no NaN, no number beyond a float, no key twice (RFC 8259).

    Raises ValueError with one sentence that says what is wrong.
    """
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse, parse_float=_finite_float, parse_int=_integer
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.pos + 1}") from None
    if "\\ud" in text.lower() and _has_half_a_pair(found):
        raise ValueError("an escape is half of a pair of surrogates, which is not a character")
    return found


def _object(members: list[tuple[str, object]]) -> Document:
    result = dict(members)
    if len(result) < len(members):
        keys = [key for key, _ in members]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} occurs twice")
    return result


def _has_half_a_pair(value: object) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in json.dumps(value, ensure_ascii=False))


def _integer(token: str) -> int:
    if len(token) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(token)} digits is too large")
    return int(token)


def _refuse(constant: str) -> Json:
    raise ValueError(f"{constant} is not a JSON number")


def _finite_float(token: str) -> float:
    value = float(token)
    if math.isinf(value):
        raise ValueError("a number is beyond the largest float")
    return value

"""Terms on one line, as Erlang's io_lib:print writes them (OTP 25, printable range latin1, which is sup's)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from kazoo_sup.terms.values import Atom, Charlist, Term

if TYPE_CHECKING:
    from collections.abc import Sequence


def dumps(term: Term) -> str:
    """Write a term on one line, whole, as sup prints a result (sup.erl:print_result, without the newline).

    The text is what a UTF-8 terminal shows of sup's output: sup writes a binary as text only if all its bytes are
    printable in Latin-1, so `<<"é">>` is text and `<<"€">>` is `<<226,130,172>>`. A binary that Latin-1 could show but
    that is not UTF-8 is printed as numbers, where sup writes bytes that no terminal can show.

    Raises TypeError for what is not a term, ValueError for a float without an Erlang form (NaN, infinity).
    """
    parts: list[str] = []
    pending: list[Term] = [term]
    while pending:
        item = pending.pop()
        if isinstance(item, _Mark):
            parts.append(item)
            continue
        opened = open_term(item)
        if isinstance(opened, str):
            parts.append(opened)
            continue
        opening, closing = _BRACKETS[type(opened)]
        pending.append(closing)
        for inner in reversed(opened):
            pending += (inner, _COMMA)
        pending[-1] = opening
    return "".join(parts)


def open_term(term: Term) -> str | Sequence[Term]:
    """Return the text of a term that has no parts, or its parts: a list or a tuple that is not empty."""
    if isinstance(term, str | bytes):
        if isinstance(term, Atom):
            return _atom(term)
        if isinstance(term, Charlist):
            return _string(term) if _is_printable(term) else [ord(char) for char in term] or "[]"
        return _binary(term)
    if isinstance(term, list):
        if not term:
            return "[]"
        text = _as_string(term)
        return list(term) if text is None else text
    if isinstance(term, tuple):
        return tuple(term) or "{}"
    if isinstance(term, dict):
        return (list(term.items()),)
    if isinstance(term, bool) or term is None:
        return _CONSTANTS[term]
    if isinstance(term, int):
        return str(int(term))
    if isinstance(term, float):
        return _float(term)
    raise TypeError(f"{type(term).__name__} is not an Erlang term")


class _Mark(str):
    """Punctuation among the terms still to be written."""

    __slots__ = ()


_COMMA = _Mark(",")
_BRACKETS = {list: (_Mark("["), _Mark("]")), tuple: (_Mark("{"), _Mark("}"))}
_CONSTANTS = {True: "true", False: "false", None: "null"}

PRINTABLE = bytes([*b"\b\t\n\v\f\r\x1b", *range(0x20, 0x7F), *range(0xA0, 0x100)])
"""What io_lib:printable_latin1_list/1 lets pass."""

_PRINTABLE_CODES = frozenset(PRINTABLE)
_NEEDS_NO_CARE = re.compile(r"[ !#-\[\]-~]+").fullmatch
_CONTROL_ESCAPES = {8: r"\b", 9: r"\t", 10: r"\n", 11: r"\v", 12: r"\f", 13: r"\r", 27: r"\e", ord("\\"): r"\\"}
_STRING_ESCAPES = {**_CONTROL_ESCAPES, ord('"'): r"\""}
# As io_lib:write_atom_as_latin1/1 has them.
_ATOM_ESCAPES = {
    **{code: f"\\{code:03o}" for code in (*range(0x20), *range(0x80, 0xA0))},
    **_CONTROL_ESCAPES,
    0x7F: r"\d",
    ord("'"): r"\'",
}
_BARE_ATOM = re.compile(r"[a-zß-öø-ÿ][a-zA-Z0-9_@À-ÖØ-öø-ÿ]*").fullmatch
_BEYOND_LATIN1 = re.compile(r"[^\0-\xff]")
# As erl_scan:reserved_word/1 has them.
RESERVED_WORDS = frozenset(
    [
        "after",
        "and",
        "andalso",
        "band",
        "begin",
        "bnot",
        "bor",
        "bsl",
        "bsr",
        "bxor",
        "case",
        "catch",
        "cond",
        "div",
        "end",
        "fun",
        "if",
        "let",
        "not",
        "of",
        "or",
        "orelse",
        "receive",
        "rem",
        "try",
        "when",
        "xor",
    ]
)
_EXACT_INTEGERS = 2.0**53


def _atom(name: str) -> str:
    if _BARE_ATOM(name) and name not in RESERVED_WORDS:
        return str(name)
    escaped = name.translate(_ATOM_ESCAPES)
    return "'" + _BEYOND_LATIN1.sub(lambda found: f"\\x{{{ord(found[0]):X}}}", escaped) + "'"


def _binary(content: str | bytes) -> str:
    if isinstance(content, str):
        if _NEEDS_NO_CARE(content):
            return f'<<"{content}">>'
        octets, text = _octets(content), content
    else:
        octets, text = content, content.decode(errors="surrogateescape")
    if not octets:
        return "<<>>"
    if octets.translate(None, PRINTABLE) or _is_broken(text):
        return f"<<{','.join(map(str, octets))}>>"
    return f"<<{_string(text)}>>"


def _octets(text: str) -> bytes:
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")


def _is_broken(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def _string(text: str) -> str:
    return '"' + text.translate(_STRING_ESCAPES) + '"'


def _is_printable(text: str) -> bool:
    return text != "" and all(ord(char) in _PRINTABLE_CODES for char in text)


def _as_string(items: list[Any]) -> str | None:
    if all(type(item) is int and item in _PRINTABLE_CODES for item in items):
        return _string("".join(map(chr, items)))
    return None


def decimal_digits(value: float) -> tuple[str, int]:
    """Return the fewest digits that identify a float >= 0 and the place of the point: "15" and 1 for 1.5."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    return digits.rstrip("0") or "0", point if digits else 1


def _float(value: float) -> str:
    """Write a float as float_to_list(F, [short]): with an exponent where that is shorter, and from 2^53 on."""
    if not math.isfinite(value):
        raise ValueError(f"Erlang has no float {value}")
    sign = "-" if math.copysign(1, value) < 0 else ""
    digits, point = decimal_digits(abs(value))
    exponential = f"{digits[0]}.{digits[1:] or '0'}e{point - 1}"
    if abs(value) >= _EXACT_INTEGERS:
        return sign + exponential
    if point <= 0:
        plain = "0." + "0" * -point + digits
    else:
        plain = f"{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
    return sign + (plain if len(plain) <= len(exponential) else exponential)

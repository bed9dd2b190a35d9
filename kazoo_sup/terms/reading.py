"""Erlang terms read from text."""

from __future__ import annotations

import math
import re

from kazoo_sup.terms.printing import RESERVED_WORDS
from kazoo_sup.terms.values import Atom, BadTerm, Charlist, Term


def loads(text: str) -> Term:
    """Read one Erlang literal, with or without a dot behind it.

    Reads atoms, integers (`16#ff`, `$a`, `1_000`), floats, strings, binaries, lists, tuples, maps (as `dict`) and
    comments. `true`, `false` and `null` become True, False and None. A binary becomes `str` where its bytes are UTF-8;
    text in it is UTF-8 with or without `/utf8`, as sup prints it. jiffy's objects stay tuples: see `to_json`.

    `loads(dumps(term))` gives the term back, except that lists of printable integers become `Charlist`, `Charlist` that
    are empty or not printable become lists, `dict` become jiffy's tuples, and `bytes` that are UTF-8 become `str`.

    Raises BadTerm.
    """
    reader = _Reader(text)
    containers: list[_Container] = []
    while True:
        token = reader.advance()
        if token in _CLOSING:
            containers.append(_Container(token, reader.start))
            continue
        if containers and token == containers[-1].closing and not containers[-1].items:
            value = containers.pop().close()
        else:
            value = reader.value()
        while containers:
            innermost = containers[-1]
            innermost.items.append(value)
            token = reader.advance()
            if token == innermost.separator:
                break
            if token != innermost.closing or innermost.separator == "=>":
                raise reader.unexpected(innermost.continuation)
            value = containers.pop().close()
        else:
            reader.finish()
            return value


_ESCAPE = r"\\(?:x\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|[0-7]{1,3}|\^.|.)"
_TOKEN = re.compile(
    rf"""
      (?P<float>   [+-]?[0-9]+(?:_[0-9]+)* \.[0-9]+(?:_[0-9]+)* (?:[eE][+-]?[0-9]+)?)
    | (?P<based>   [+-]?[0-9]{{1,2}}\#[0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)
    | (?P<integer> [+-]?[0-9]+(?:_[0-9]+)*)
    | (?P<char>    \$(?:{_ESCAPE}|[^\\]))
    | (?P<atom>    [a-zß-öø-ÿ][a-zA-Z0-9_@À-ÖØ-öø-ÿ]*)
    | (?P<quoted>  '(?:[^'\\]|\\.)*')
    | (?P<string>  "(?:[^"\\]|\\.)*")
    | (?P<mark>    << | >> | => | \#\{{ | [][{{}},.])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(_ESCAPE, re.DOTALL)
_BLANK = re.compile(r"(?:\s|%[^\n]*)*")
_ESCAPE_CODES = {"b": 8, "d": 127, "e": 27, "f": 12, "n": 10, "r": 13, "s": 32, "t": 9, "v": 11}
_CLOSING = {"[": "]", "{": "}", "#{": "}"}
_CONSTANTS = {"true": True, "false": False, "null": None}
_BYTES = range(0x100)
_BYTES_BEYOND_ASCII = range(0x80, 0x100)


class _Container:
    """A list, tuple or map whose end has not been reached."""

    __slots__ = ("items", "opening", "position")

    def __init__(self, opening: str, position: int) -> None:
        self.opening = opening
        self.position = position
        self.items: list[object] = []

    @property
    def closing(self) -> str:
        return _CLOSING[self.opening]

    @property
    def separator(self) -> str:
        """What is between the last item and the next."""
        return "=>" if self.opening == "#{" and len(self.items) % 2 else ","

    @property
    def continuation(self) -> str:
        return "'=>'" if self.separator == "=>" else f"',' or '{self.closing}'"

    def close(self) -> Term:
        if self.opening == "[":
            return self.items
        if self.opening == "{":
            return tuple(self.items)
        try:
            result = dict(zip(self.items[::2], self.items[1::2], strict=True))
        except TypeError as error:
            raise BadTerm("a list or a map is the key of a map", self.position) from error
        if 2 * len(result) < len(self.items):
            raise BadTerm("a key occurs twice in a map", self.position)
        return result


class _Reader:
    """The text, the token last read from it, and what that token means where it is a whole value."""

    __slots__ = ("end", "kind", "lexeme", "start", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.lexeme = ""
        self.kind: str | None = None
        self.start = self.end = 0

    def advance(self) -> str:
        """Read the next token; it is empty at the end of the text."""
        blank = _BLANK.match(self.text, self.end)
        self.start = self.end = blank.end() if blank else self.end
        found = _TOKEN.match(self.text, self.start)
        if found:
            self.lexeme, self.kind, self.end = found[0], found.lastgroup, found.end()
        elif self.start == len(self.text):
            self.lexeme, self.kind = "", None
        elif self.text[self.start] in "\"'":
            raise BadTerm("there is no closing quote for the one", self.start)
        else:
            raise self.unexpected("a term")
        return self.lexeme

    def finish(self) -> None:
        if self.advance() == ".":
            self.advance()
        if self.lexeme:
            raise self.unexpected("nothing more")

    def unexpected(self, expected: str) -> BadTerm:
        # One character only: the rest of the text may be a secret.
        found = repr(self.text[self.start]) if self.start < len(self.text) else "the end"
        return BadTerm(f"expected {expected}, found {found}", self.start)

    def value(self) -> Term:
        """Return the value that starts with the current token and is not a list, tuple or map."""
        if self.kind == "atom":
            if self.lexeme in RESERVED_WORDS:
                raise BadTerm(f"{self.lexeme} is a reserved word, as an atom '{self.lexeme}'", self.start)
            return _CONSTANTS.get(self.lexeme, Atom(self.lexeme))
        if self.kind == "quoted":
            name = self._unescape(self.lexeme[1:-1])
            return _CONSTANTS.get(name, Atom(name))
        if self.kind == "string":
            return Charlist(self._unescape(self.lexeme[1:-1]))
        if self.lexeme == "<<":
            return self._binary()
        return self._number("a term")

    def _number(self, expected: str) -> int | float:
        try:
            if self.kind == "char":
                return ord(self._unescape(self.lexeme[1:]))
            if self.kind == "integer":
                return int(self.lexeme)
            if self.kind == "based":
                return _based_integer(self.lexeme)
            if self.kind == "float":
                return _finite_float(self.lexeme)
        except ValueError as error:
            raise BadTerm("a number is malformed or too large", self.start) from error
        raise self.unexpected(expected)

    def _binary(self) -> str | bytes:
        octets = bytearray()
        closed = self.advance() == ">>"
        while not closed:
            octets += self._segment()
            closed = self.advance() == ">>"
            if not closed:
                if self.lexeme != ",":
                    raise self.unexpected("',' or '>>'")
                self.advance()
        try:
            return octets.decode()
        except UnicodeDecodeError:
            return bytes(octets)

    def _segment(self) -> bytes:
        start = self.start
        if self.kind != "string":
            number = self._number("a string or a byte")
            if number not in _BYTES:
                raise BadTerm("a byte is a number from 0 to 255", start)
            return bytes([int(number)])
        is_utf8 = self.text.startswith("/utf8", self.end)
        body = self.lexeme[1:-1]
        self.end += len("/utf8") if is_utf8 else 0
        try:
            return self._unescape(body, escapes_are_bytes=not is_utf8).encode(errors="surrogateescape")
        except UnicodeEncodeError as error:
            raise BadTerm("a character is not a Unicode scalar value", start) from error

    def _unescape(self, body: str, *, escapes_are_bytes: bool = False) -> str:
        def character(found: re.Match[str]) -> str:
            code = _escaped_code(found[0][1:])
            if code is None or code > 0x10FFFF:  # noqa: PLR2004 - the last code point of Unicode
                raise BadTerm("there is no such character as the escape sequence means", self.start)
            # Python's own notation for a byte within text, undone by errors="surrogateescape".
            return chr(0xDC00 + code) if escapes_are_bytes and code in _BYTES_BEYOND_ASCII else chr(code)

        return _ESCAPED.sub(character, body) if "\\" in body else body


def _escaped_code(sequence: str) -> int | None:
    kind, rest = sequence[0], sequence[1:]
    if kind == "x":
        return int(rest.strip("{}"), 16) if rest else None
    if kind in "01234567":
        return int(sequence, 8)
    if kind == "^" and rest:
        return ord(rest) % 32
    return _ESCAPE_CODES.get(kind, ord(kind))


def _based_integer(token: str) -> int:
    base, _, digits = token.lstrip("+-").partition("#")
    magnitude = int(digits, int(base) or -1)
    return -magnitude if token.startswith("-") else magnitude


def _finite_float(token: str) -> float:
    value = float(token)
    if math.isinf(value):
        raise ValueError("it is beyond the largest float")
    return value

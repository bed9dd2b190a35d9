r"""Expressions in documents, read as Kazoo's nodes read them: by PCRE, on bytes, as Erlang's `re:run/2` does.

PCRE itself reads them. Where its second version, which is what there is for Python, departs from the first, which is
what Erlang has up to release 27, the text is written so that it means what it meant: `{,3}` and `{1, 3}` are not
counts, a backslash before a letter without a meaning stands for the letter, a hyphen after `\d` in brackets for itself,
`\x{2b}` and `\x` are what they are in Perl, `\C` is any byte, and `\u`, `(?^` and options that came later are refused.
What takes too long matches nothing, as in Erlang.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from kazoo_sup.errors import ExitCode, SupError

if TYPE_CHECKING:
    from pcre2 import Match, Pattern

    from kazoo_sup.types import Json

_REMEMBERED = 1024
_LARGEST_BYTE = 0xFF

_PIECE = re.compile(
    r"""
      (?P<kept>\\Q.*?(?:\\E|\Z) | \(\?\#[^)]*\)? | \\[gkopPN]\{[^}]*\})
    | (?P<set>\\[dDwWsShHvV]|\[:\^?\w+:\])-(?!\])
    | \\x\{(?P<braced>[0-9A-Fa-f]+)\}
    | \\x(?P<hex>[0-9A-Fa-f]{0,2})
    | \\(?P<unknown>[FIJMOTYijmqy])
    | (?P<byte>\\C)
    | (?P<refused>\\[uUlL] | \(\?(?=[a-zA-Z^-]*[nar^][a-zA-Z^-]*[:)]))
    | \\.
    | (?P<brace>\{)(?!\d+(?:,\d*)?\})
    """,
    re.VERBOSE | re.DOTALL,
)


class BadExpression(SupError):
    """{where}: {expression!r} is not an expression: {reason}"""

    exit_code = ExitCode.USAGE

    where: str
    expression: Json
    reason: str


class Expression:
    """An expression that has been read; `source` is how the document has it."""

    def __init__(self, source: str, pattern: Pattern, *, text: bool) -> None:
        """Take what PCRE has made of it; TEXT tells that it is to be matched by characters, not by bytes."""
        from pcre2 import LibraryError

        self.source = source
        self._pattern = pattern
        self._text = text
        self._places = range(pattern.groups + 1)
        self._limit = LibraryError

    def matches(self, text: str) -> bool:
        """Return whether the expression matches TEXT anywhere."""
        return self._match(text) is not None

    def search(self, text: str) -> list[str] | None:
        """Return what the expression captures in TEXT, the whole match first, or None where it does not match.

        As in Erlang the groups end with the last one that took part, and one before it that took none is empty.
        """
        found = self._match(text)
        if found is None:
            return None
        groups = [found[place] for place in self._places]
        while groups[-1] is None:
            groups.pop()
        return [each if isinstance(each, str) else (each or b"").decode("utf-8", "replace") for each in groups]

    def _match(self, text: str) -> Match | None:
        try:
            return self._pattern.search(text if self._text else text.encode("utf-8", "surrogateescape"))
        except self._limit:  # Erlang answers `nomatch`
            return None


def search(expression: object, text: str, where: str) -> list[str] | None:
    """Return what EXPRESSION captures in TEXT, or None. Raises BadExpression, which says WHERE it is."""
    return read(expression, where).search(text)


def matches(expression: object, text: str, where: str) -> bool:
    """Return whether EXPRESSION matches TEXT. Raises BadExpression, which says WHERE it is."""
    return read(expression, where).matches(text)


def read(expression: object, where: str) -> Expression:
    """Read an expression that stands WHERE is said: document and key.

    Raises BadExpression for what PCRE does not take, and for what is not text.
    """
    return _read(expression, where, text=False)


def read_for_text(expression: object, where: str) -> Expression:
    """Read an expression that is matched by characters (Erlang's option `unicode`), as in JSON schemas."""
    return _read(expression, where, text=True)


def _read(expression: object, where: str, *, text: bool) -> Expression:
    if not isinstance(expression, str):
        raise BadExpression(where=where, expression=expression, reason="it is not text")
    try:
        return _compiled(expression, text=text)
    except ValueError as error:
        raise BadExpression(where=where, expression=expression, reason=str(error)) from None


@lru_cache(_REMEMBERED)
def _compiled(expression: str, *, text: bool) -> Expression:
    import pcre2

    written = _PIECE.sub(_in_second_version, expression)
    try:
        if text:
            return Expression(expression, pcre2.compile(written, pcre2.ASCII, jit=False), text=True)
        encoded = written.encode("utf-8", "surrogateescape")
        return Expression(expression, pcre2.compile(encoded, jit=False), text=False)
    except pcre2.PatternError as error:
        place = f" (at character {error.pos})" if written == expression and expression.isascii() else ""
        raise ValueError(f"{error.msg.partition('; ')[2]}{place}") from None


def _in_second_version(piece: re.Match[str]) -> str:
    kind = piece.lastgroup
    if kind in ("braced", "hex"):
        value = int(piece[kind] or "0", 16)
        if value > _LARGEST_BYTE:
            raise ValueError(f"{piece.group()} is not a byte")
        return rf"\x{value:02x}"
    if kind == "unknown":
        return piece["unknown"]
    if kind == "set":
        return rf"{piece['set']}\-"
    if kind == "byte":
        return "(?s:.)"
    if kind == "brace":
        return r"\{"
    if kind == "refused":
        raise ValueError(f"{piece.group()!r} has no meaning there")
    return piece.group()

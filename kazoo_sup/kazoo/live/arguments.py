"""The arguments of a call on a node: binaries as Kazoo's sup has them, or Erlang terms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.errors import BadArgument
from kazoo_sup.terms.reading import loads
from kazoo_sup.terms.shapes import Map
from kazoo_sup.terms.values import LONGEST_ATOM, Atom, BadTerm, Charlist

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kazoo_sup.transports.erlang.connection import Node, Show

_PID = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|<([0-9]+\.[0-9]+\.[0-9]+)>""", re.DOTALL)
_MARK = "a pid as its node writes it: "
_ODD = re.compile(r"""[|:]|\bfun\b|\#\{|["']\s*["']""")
"""What stands in terms that are not read here, such as improper lists, bit strings and functions."""


def terms(words: Sequence[str]) -> list[object]:
    """Read words as Erlang terms; in them a pid, `<0.12.0>`, stands for `Local`.

    What may be a term that is not read here becomes `Unread`. Raises BadArgument.
    """
    return [_term(word, place) for place, word in enumerate(words, 1)]


class Local(str):
    """A pid as the node itself writes it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """A word that the node itself has to read; `refusal` is what is raised where it is no term there, either."""

    word: str
    refusal: BadArgument


def _term(word: str, place: int) -> object:
    quoted = _PID.sub(lambda found: found[1] or f"'{_MARK}{found[2]}'", word)
    try:
        return _as_a_node_has_it(loads(quoted))
    except BadTerm as bad:
        refusal = BadArgument(parameter=f"argument {place}", reason=f"it is not an Erlang term: {bad.reason}")
        if _ODD.search(word):
            return Unread(word, refusal)
        raise refusal from None


def _as_a_node_has_it(term: object) -> object:
    match term:
        case Atom() if term.startswith(_MARK):
            return Local(f"<{term.removeprefix(_MARK)}>")
        case Atom() if len(term) > LONGEST_ATOM:
            raise BadTerm(f"an atom has {LONGEST_ATOM} characters at most", 0)
        case list():
            return [_as_a_node_has_it(each) for each in term]
        case tuple():
            return tuple(_as_a_node_has_it(each) for each in term)
        case dict():
            pairs = ((_as_a_node_has_it(key), _as_a_node_has_it(value)) for key, value in term.items())
            return Map(tuple(pairs))
    return term


def resolved(term: object, there: OnNode) -> object:
    """Return a term in which the node has made a pid of each `Local`, and a term of what is `Unread`."""
    match term:
        case Local():
            return there.pid(Charlist(term))
        case Unread(word, refusal):
            return there.term(word, refusal)
        case list():
            return [resolved(each, there) for each in term]
        case tuple():
            return tuple(resolved(each, there) for each in term)
        case Map(pairs):
            return Map(tuple((resolved(key, there), resolved(value, there)) for key, value in pairs))
    return term


class OnNode:
    """What a node makes of words; SHOW takes what it prints meanwhile."""

    def __init__(self, node: Node, show: Show) -> None:
        self._node = node
        self._show = show

    def pid(self, text: Charlist) -> object:
        """Return the pid that a text is; an atom of that name where it is none there."""
        found = self._called("erlang", "list_to_pid", text)
        return found if not isinstance(found, tuple) else Atom(text)

    def term(self, word: str, refusal: BadArgument) -> object:
        """Return the term that a word is. Raises REFUSAL where it is none."""
        match self._called("erl_scan", "string", Charlist(f"{word}.")):
            case ("ok", tokens, _end):
                match self._called("erl_parse", "parse_term", tokens):
                    case ("ok", term):
                        return term
        raise refusal

    def _called(self, module: str, function: str, argument: object) -> object:
        from kazoo_sup.transports.erlang.external import decode

        return decode(self._node.call(module, function, [argument], show=self._show))

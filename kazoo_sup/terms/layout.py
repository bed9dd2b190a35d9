"""Terms laid out over lines, as Erlang's io:format("~p") does (OTP 25, stdlib's io_lib_pretty)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.terms.printing import dumps, open_term
from kazoo_sup.terms.values import Atom, Charlist, Term

if TYPE_CHECKING:
    from collections.abc import Sequence


def pretty(term: Term, *, width: int = 80, column: int = 1) -> str:
    """Lay a term out as `io:format("~p", [Term])` does, without a newline at the end.

    `column`, counted from 1, is where the term starts when the same format has written text before it: further lines
    are indented to it. Texts within the term are those of `dumps`.

    Not covered: maps, records, improper lists, pids and funs, which no value here stands for. Raises as `dumps` does,
    and RecursionError from about a hundred nested objects on.
    """
    root = _measure(term)
    for tag_indent in (_ALIGNED, 4):
        layout = _Layout(width, root.width, tag_indent, strict=True)
        try:
            layout.node(root, column, 0, 0)
        except _TooFarRightError:
            continue
        return "".join(layout.out)
    layout = _Layout(width, root.width, 1, strict=False)
    layout.node(root, column, 0, 0)
    return "".join(layout.out)


def formatted(template: str, *values: Term) -> str:
    """Fill in a template as `io:format` does: `~p` is a term, laid out from the column where it begins, `~s` a text.

    There are as many of these as VALUES, and nothing else in the template that begins with `~`.
    """
    out = ""
    waiting = iter(values)
    for piece in re.split("(~[ps])", template):
        if piece == "~p":
            out += pretty(next(waiting), column=_indentation(out) + 1)
        else:
            out += str(next(waiting)) if piece == "~s" else piece
    return out


def _indentation(text: str) -> int:
    """Return how many columns the last line of a text takes, as Erlang counts: tabs go to the next multiple of 8."""
    column = 0
    for letter in text.rpartition("\n")[2]:
        column = (column // 8 + 1) * 8 if letter == "\t" else column + 1
    return column


# The elements of a tagged tuple are aligned behind its tag, not indented by a fixed number of columns.
_ALIGNED = -1


class _TooFarRightError(Exception):
    """A tuple's elements would start in the right half of the line."""


class _Node(NamedTuple):
    """A term, its width on one line as Erlang counts it, and what is inside it."""

    term: Term
    width: int
    items: Sequence[_Node] = ()
    text: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it has no parts to break a line between."""
        return not self.items and not self.is_byte_list

    @property
    def is_byte_list(self) -> bool:
        """Whether it is a binary written as numbers."""
        return self.text.startswith("<<") and self.text[2:3] not in '">'

    @property
    def is_tagged(self) -> bool:
        """Whether it is a tuple of several elements that starts with an atom."""
        tag = self.term[0] if isinstance(self.term, tuple) and len(self.items) > 1 else 0
        return tag is None or isinstance(tag, Atom | bool)


def _measure(term: Term) -> _Node:
    opened = open_term(term)
    if isinstance(opened, str):
        # Erlang counts the bytes of a binary, the characters of everything else.
        is_binary = isinstance(term, str | bytes) and not isinstance(term, Atom | Charlist)
        return _Node(term, len(opened.encode() if is_binary else opened), text=opened)
    items = [_measure(item) for item in opened]
    return _Node(term, 1 + len(items) + sum(item.width for item in items), items)


class _Layout:
    """One try at laying a term out with one way of indenting tagged tuples.

    In all methods, `column` is where something starts, counted from 1; `closing` how many brackets must still fit
    behind it; `used` how many characters the line already has, its indentation not counted.
    """

    __slots__ = ("limit", "out", "strict", "tag_indent", "width")

    def __init__(self, width: int, limit: int, tag_indent: int, *, strict: bool) -> None:
        self.width = width
        self.limit = limit
        self.tag_indent = tag_indent
        self.strict = strict
        self.out: list[str] = []

    def node(self, node: _Node, column: int, closing: int, used: int) -> None:
        if self._fits(node.width, column, closing, used):
            self.out.append(node.text or dumps(node.term))
        elif node.is_byte_list:
            self._byte_list(node.text, column + 2, closing, used)
        elif not node.items:
            self.out.append(node.text)
        elif node.is_tagged:
            self._tagged(node, column, closing, used + 1)
        else:
            opening, ending = "[]" if isinstance(node.term, list | Charlist) else "{}"
            self.out.append(opening)
            self._items(node.items, column + 1, None, closing, used + 1)
            self.out.append(ending)

    def _fits(self, width: int, column: int, closing: int, used: int) -> bool:
        return width < self.width - column - closing and width + used + closing <= self.limit

    def _tagged(self, node: _Node, column: int, closing: int, used: int) -> None:
        tag, *rest = node.items
        aligned = tag.width + 2
        self.out += ("{", tag.text)
        if 0 < self.tag_indent < aligned:
            indented = column + self.tag_indent
            if self.strict and indented > max(self.width - self.limit, self.width // 2):
                raise _TooFarRightError
            self._items(rest, indented, column + aligned, closing, used + tag.width)
        else:
            if self.strict and column + aligned >= max(self.width - self.limit, self.width // 2):
                raise _TooFarRightError
            self.out.append(",")
            self._items(rest, column + aligned, None, closing, used + tag.width + 1)
        self.out.append("}")

    def _items(self, items: Sequence[_Node], column: int, cursor: int | None, closing: int, used: int) -> None:
        """Write elements one under the other, short ones side by side; `cursor` is set where one precedes them."""
        for index, item in enumerate(items):
            behind = closing + 1 if index == len(items) - 1 else 0
            if cursor is not None:
                self.out.append(",")
                if item.is_plain and self._fits(1 + item.width, cursor, max(behind, 1), used):
                    self.out.append(item.text)
                    cursor += 1 + item.width
                    used += 1 + item.width
                    continue
                self.out.append("\n" + " " * (column - 1))
                used = 0
            self.node(item, column, behind, used)
            # Behind anything but a plain element a new line starts.
            advance = item.width if item.is_plain and self._fits(item.width, column, behind, used) else self.width
            cursor = column + advance
            used += advance

    def _byte_list(self, text: str, column: int, closing: int, used: int) -> None:
        room = max(8, min(self.width - column, self.limit - 4 - used) - closing)
        left = room
        self.out.append("<<")
        for number in re.findall(r"\d+,?", text):
            if len(number) > left:
                self.out.append("\n" + " " * (column - 1))
                left = room
            self.out.append(number)
            left -= len(number)
        self.out.append(">>")

"""What a function that runs on a node asks of its group leader: to print, and to read.

Text that is to be formatted is formatted by the node itself, whose io_lib knows how; input that is to be parsed is
parsed there too. So nothing of io_lib is rebuilt here.

Source: Erlang/OTP stdlib documentation, "The Erlang I/O Protocol".
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.terms.shapes import Improper
from kazoo_sup.terms.values import OK, Atom, Charlist

if TYPE_CHECKING:
    from kazoo_sup.types import Foreign

EOF = Atom("eof")
NOT_SUPPORTED = (Atom("error"), Atom("enotsup"))

_LATIN1 = "latin1"
_UNICODE = "unicode"
_WITHOUT_ENCODING = (("put_chars", 2), ("put_chars", 4), ("get_line", 2), ("get_chars", 3), ("get_until", 5))
"""Requests that name no encoding, by name and size: theirs is Latin-1."""


class Print(NamedTuple):
    """Print TEXT."""

    text: str


class Format(NamedTuple):
    """Call a function of the node, and print the text that it returns."""

    module: str
    function: str
    arguments: Foreign
    encoding: str


class Read(NamedTuple):
    """Read a line, or NUMBER characters, after a prompt; unseen where it is `secret`.

    With `parser` (module, function, further arguments) the node takes what is read until it has enough.
    """

    prompt: object
    encoding: str
    number: int | None = None
    secret: bool = False
    parser: tuple[str, str, Foreign] | None = None


class Tell(NamedTuple):
    """Nothing to do: the answer is known."""

    answer: object


Order = Print | Format | Read | Tell


def orders(request: object) -> list[Order]:
    """Return what a request of the I/O protocol asks for, in order; the last one's answer is the request's."""
    if isinstance(request, tuple) and request and (request[0], len(request)) in _WITHOUT_ENCODING:
        request = (request[0], _LATIN1, *request[1:])
    match request:
        case ("put_chars", encoding, characters):
            return [Print(text_of(characters, str(encoding)))]
        case ("put_chars", encoding, module, function, arguments):
            return [Format(str(module), str(function), arguments, str(encoding))]
        case ("get_line", encoding, prompt):
            return [Read(prompt, str(encoding))]
        case ("get_password", encoding):
            return [Read("", str(encoding), secret=True)]
        case ("get_chars", encoding, prompt, int() as number):
            return [Read(prompt, str(encoding), number)]
        case ("get_until", encoding, prompt, module, function, more):
            return [Read(prompt, str(encoding), parser=(str(module), str(function), more))]
        case ("requests", list() as requests):
            return [order for each in requests for order in orders(each)] or [Tell(OK)]
        case "getopts":
            return [Tell([(Atom("binary"), False), (Atom("encoding"), Atom(_UNICODE))])]
        case ("setopts", _options):
            return [Tell(OK)]
    return [Tell(NOT_SUPPORTED)]


def text_of(characters: object, encoding: str = _UNICODE) -> str:
    """Return the text of Erlang characters: nested lists of code points and of binaries in UTF-8 or ENCODING."""
    found: list[str] = []
    pending: list[object] = [characters]
    while pending:
        item = pending.pop()
        if isinstance(item, bool) or item is None:
            found.append({True: "true", False: "false", None: "null"}[item])
        elif isinstance(item, int):
            found.append(chr(item) if 0 <= item <= sys.maxunicode else "\N{REPLACEMENT CHARACTER}")
        elif isinstance(item, Atom | Charlist):
            found.append(str(item))
        elif isinstance(item, str):
            found.append(item.encode().decode("latin-1") if encoding == _LATIN1 else item)
        elif isinstance(item, bytes):
            found.append(item.decode("latin-1"))
        elif isinstance(item, list):
            pending += reversed(item)
        elif isinstance(item, Improper):
            pending += (item.tail, *reversed(item.items))
    return "".join(found)

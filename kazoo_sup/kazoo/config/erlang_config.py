"""Files of Erlang terms, each ended by a dot, as file:consult/1 reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kazoo_sup import terms

if TYPE_CHECKING:
    from kazoo_sup.terms import Term

_PIECE = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\$(?:\\.|.))|(?P<comment>%[^\n]*)|(?P<end>\.(?=\s|\Z|%))""",
    re.DOTALL,
)


def read(text: str) -> list[Term]:
    """Return the terms of a file. Raises BadTerm, which is a ValueError, for anything else."""
    found, start = [], 0
    for piece in _PIECE.finditer(text):
        if piece["end"]:
            found.append(terms.loads(text[start : piece.start()]))
            start = piece.end()
    if _PIECE.sub(lambda piece: "" if piece["comment"] else piece[0], text[start:]).strip():
        raise terms.BadTerm("the last term does not end with a dot", start)
    return found

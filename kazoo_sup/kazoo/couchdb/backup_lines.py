"""The lines of a backup, read as far as they are asked for: of most revisions nobody wants more than the names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from kazoo_sup.types import Json


class Names(msgspec.Struct, gc=False):
    """Under which names a revision is stored."""

    id: str = msgspec.field(name="_id")
    rev: str = msgspec.field(name="_rev")


class _Revision(msgspec.Struct, gc=False):
    doc: Names


_READ = msgspec.json.Decoder(_Revision).decode
_DECODE = json.JSONDecoder().decode


def names_in(line: bytes) -> Names | None:
    """Return the names of a revision; None for a line that is no revision's, or no JSON."""
    if not line.startswith(b'{"doc":'):
        return None
    try:
        line.decode()  # what is passed over is not looked at for that
        return _READ(line).doc
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:  # half of a surrogate pair, for one, is text to JSON alone
        return msgspec.convert(parsed(line), _Revision).doc
    except (msgspec.DecodeError, ValueError):
        return None


def parsed(line: bytes) -> Json:
    """Return all that a line holds; ValueError when it is not JSON, or JSON that Python does not read."""
    try:
        return _DECODE(line.decode(errors="surrogatepass"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None

"""The content of an HTTP answer, decompressed piece by piece, so that a small one cannot become a huge one unseen."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

PIECE = 65_536

_UNDERSTOOD = frozenset({"gzip", "x-gzip", "deflate"})
_COMPRESSIONS = _UNDERSTOOD | {"compress", "x-compress", "br", "zstd", "dcb", "dcz"}
"""RFC 9110, 8.4.1, and what was registered since."""

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
"""How zlib is told to take what it is given for gzip or zlib, whichever it is."""


def pieces(response: requests.Response) -> Iterator[bytes]:
    """Yield the content of a streamed answer of requests, decompressed, in pieces of at most PIECE bytes.

    Raises what urllib3 raises, DecodeError too for content that is not compressed as announced.
    """
    said = (response.headers.get("Content-Encoding") or "").lower().split(",")
    # Some servers name a character set there; that is no compression.
    codings = [coding for coding in map(str.strip, said) if coding in _COMPRESSIONS]
    raw = response.raw
    if not codings:
        while piece := raw.read(PIECE, decode_content=False):
            yield piece
        return
    if len(codings) > 1 or codings[0] not in _UNDERSTOOD:
        raise urllib3.exceptions.DecodeError(f"its content is encoded as {codings}, which was not asked for")
    try:
        yield from _inflated(raw)
    except zlib.error as error:
        raise urllib3.exceptions.DecodeError(str(error)) from None


def _inflated(raw: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
    waiting = b""
    begun = False
    while waiting or (waiting := raw.read(PIECE, decode_content=False)):
        begun = True
        if inflater.eof:  # gzip allows one stream behind another
            inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
        piece = inflater.decompress(waiting, PIECE)
        # What is left when a stream ends begins the next one.
        waiting = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        if piece:
            yield piece
    while not inflater.eof and (piece := inflater.decompress(b"", PIECE)):
        yield piece
    if begun and not inflater.eof:
        raise zlib.error("it breaks off")

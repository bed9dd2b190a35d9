"""The frames of FreeSWITCH's event socket: header lines, an empty line, and a body of Content-Length bytes.

Source: FreeSWITCH mod_event_socket.c (read_packet, api_exec, listener_run), libs/esl/src/esl.c (esl_recv_event) and
switch_event.c (switch_event_serialize).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from kazoo_sup.types import Document

HEAD_LIMIT = 65_536
"""Bytes that the header lines of one frame may take."""

_END = re.compile(rb"\r?\n\r?\n")
_DIGITS = 12
_ARRAY = "ARRAY::"


class BadFrame(ValueError):
    """What came is not a frame; the text says why."""


class TooLong(BadFrame):
    """A frame announces more than it may hold."""


class Event(dict[str, object]):
    """One event: its headers by name, and its body, where it has one, as `_body`. Its text is one line of JSON."""

    def __str__(self) -> str:
        """Return the event as one line of JSON."""
        return json.dumps(self, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Head:
    """The header lines of one frame, by their names in lower case, and how many bytes follow them."""

    headers: Mapping[str, str]
    length: int

    @property
    def content_type(self) -> str:
        """What kind of frame it is: auth/request, command/reply, api/response, text/event-json…"""
        return self.headers["content-type"]

    @property
    def reply(self) -> str:
        """The answer in a command/reply."""
        return self.headers.get("reply-text", "")


class Framer:
    """Takes bytes as they arrive and gives them back as heads and pieces of bodies.

    LIMIT is how many bytes the body of one frame may have.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        self._buffer += data

    def head(self) -> Head | None:
        """Return the next head, or None when it has not all arrived; raises BadFrame for anything else."""
        if not self._searched:
            blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
            del self._buffer[:blank]
        end = _END.search(self._buffer, max(0, self._searched - 3))
        if (end.start() if end else len(self._buffer)) > HEAD_LIMIT:
            raise TooLong(f"header lines of more than {HEAD_LIMIT} bytes")
        if not end:
            self._searched = len(self._buffer)
            return None
        lines = bytes(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        self._searched = 0
        headers = {name.lower(): value for name, value in _headers(lines)}
        if "content-type" not in headers:
            raise BadFrame("a frame without a Content-Type")
        return Head(headers, self._length(headers.get("content-length", "0")))

    def take(self, most: int) -> bytes:
        """Return what is there of the current body, no more than MOST bytes."""
        piece = bytes(self._buffer[:most])
        del self._buffer[:most]
        return piece

    def _length(self, text: str) -> int:
        if not (text.isascii() and text.isdigit()):
            raise BadFrame("a Content-Length that is not a number")
        if len(text) > _DIGITS or int(text) > self._limit:
            announced = f"{text[:_DIGITS]} bytes where {self._limit} are the limit"
            raise TooLong(f"{announced}, the setting limits.megabytes")
        return int(text)


def event(content_type: str, body: bytes) -> Event:
    """Return the event in the body of a text/event-json or text/event-plain frame; raises BadFrame for others."""
    if content_type == "text/event-json":
        return Event(json_object(body.decode("utf-8", "replace")))
    if content_type != "text/event-plain":
        raise BadFrame("an event in a format that was not asked for")
    end = _END.search(body)
    lines, rest = (body[: end.start()], body[end.end() :]) if end else (body, b"")
    found = Event((name, _value(value)) for name, value in _headers(lines))
    if rest:
        found["_body"] = rest.decode("utf-8", "replace")
    return found


def json_object(text: str) -> Document:
    """Return the JSON object in TEXT, as FreeSWITCH writes one; raises BadFrame when it is not one."""
    try:
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadFrame("no JSON object where one must be")
    return found


def _headers(lines: bytes) -> Iterator[tuple[str, str]]:
    """Read header lines; their values are percent-encoded, as in a URL."""
    for line in lines.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(":")
        if not (colon and name):
            raise BadFrame("a header line without a name")
        yield name, unquote(value.strip(" \t\r"), errors="replace")


def _value(text: str) -> str | list[str]:
    """Return a header's value in an event: several are written ARRAY::one|:two, and none is written _undef_."""
    if text.startswith(_ARRAY):
        return text.removeprefix(_ARRAY).split("|:")
    return "" if text == "_undef_" else text

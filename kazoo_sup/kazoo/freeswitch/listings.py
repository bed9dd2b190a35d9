"""FreeSWITCH's listings: rows read out of an answer while it comes, and the members of conferences."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from kazoo_sup.kazoo.freeswitch.replies import Unclear, whole
from kazoo_sup.transports.esl.frames import BadFrame, json_object

if TYPE_CHECKING:
    from kazoo_sup.types import Json, Row

ROW_LIMIT = 4 * 2**20
"""Characters that one row may have."""

_BEGINNING = re.compile(r'\s*\{\s*"row_count"\s*:\s*(\d{1,12})\s*(?:,\s*"rows"\s*:\s*\[|\}\s*$)')
_BETWEEN = re.compile(r"[\s,]+")
_DIGITS = 15
_END = re.compile(r"\s*\]\s*\}\s*")


def rows(pieces: Iterable[bytes]) -> Iterator[Row]:
    """Give the rows of `show … as json` as its PIECES come: `{"row_count":2,"rows":[{…},{…}]}`.

    Raises Unclear when the answer is something else, or has not as many rows as it says.
    """
    reader = _Reader(pieces)
    announced = reader.start()
    count = 0
    decode = json.JSONDecoder(strict=False).raw_decode
    while announced and not reader.ended():
        row = reader.next(decode)
        count += 1
        yield row
    if count != announced:
        raise Unclear(f"it announced {announced} rows and gave {count}")


class _Reader:
    """The part of the text that has come and is not used yet."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        # Names are in whatever the callers' phones send.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self._at = 0

    def start(self) -> int:
        """Read to the first row and return how many rows are announced."""
        while True:
            if found := _BEGINNING.match(self._text):
                self._at = found.end()
                return int(found[1])
            if not self._more():
                raise Unclear("it is not JSON with rows")

    def ended(self) -> bool:
        """Go to the next row; true when the end comes in its place."""
        while True:
            if found := _BETWEEN.match(self._text, self._at):
                self._at = found.end()
            if self._at < len(self._text) and self._text[self._at] != "]":
                return False
            if _END.fullmatch(self._text, self._at):
                return True
            if not self._more():
                raise Unclear("it breaks off")

    def next(self, decode: Callable[[str, int], tuple[Json, int]]) -> Row:
        """Read one row."""
        while True:
            try:
                row, self._at = decode(self._text, self._at)
            except (ValueError, RecursionError):
                if not self._more():
                    raise Unclear("it breaks off in a row, or the row is not JSON") from None
                continue
            if not isinstance(row, dict):
                raise Unclear("a row is not a JSON object")
            return row

    def _more(self) -> bool:
        """Take the next piece, at least as long as what is there, so that long rows are not tried over and over."""
        kept = self._text[self._at :]
        if len(kept) > ROW_LIMIT:
            raise Unclear(f"a row is longer than {ROW_LIMIT} characters")
        parts = [kept]
        size = 0
        while size <= len(kept):
            piece = next(self._pieces, None)
            if piece is None:
                break
            parts.append(self._decoder.decode(piece))
            size += len(parts[-1])
        self._text, self._at = "".join(parts), 0
        return size > 0


def registration(row: Row, time_now: float) -> Row:
    """Return a row of `show registrations` with the seconds for which it still holds, where it has when it ends.

    What is below zero has ended and is forgotten soon.
    """
    end = str(row.get("expires") or "")
    if not (end.isascii() and end.isdigit() and len(end) <= _DIGITS):
        return {**row, "expires": None}
    return {**row, "expires": int(end) - int(time_now), "expires_at": int(end)}


def record(answer: str) -> Row:
    """Return the object that `uuid_dump … json` answers; raises Unclear when it is not one."""
    if len(answer) > ROW_LIMIT:
        raise Unclear(f"it is longer than {ROW_LIMIT} characters")
    try:
        return json_object(answer)
    except BadFrame as error:
        raise Unclear(str(error)) from None


def members(answer: str) -> list[Row]:
    """Return the members in the answer of `conference xml_list`, each with its conference; raises Unclear."""
    return [{"conference": facts.get("name", ""), **member} for facts, found in conferences(answer) for member in found]


def conferences(answer: str) -> list[tuple[dict[str, str], list[Row]]]:
    """Return the conferences in the answer of `conference xml_list`: what it says of each, and the members.

    Values are percent-encoded there. Raises Unclear when the answer is not XML of that kind.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    text = whole(answer)
    try:
        root = fromstring(text, forbid_dtd=True)
    except DefusedXmlException:
        raise Unclear("it is XML with declarations") from None
    except (ParseError, ValueError):
        raise Unclear("it is not XML") from None
    if root.tag != "conferences":
        raise Unclear("it is not a list of conferences")
    return [
        (
            dict(conference.attrib),
            [_member(each) for each in conference.iter("member") if each.get("type", "caller") == "caller"],
        )
        for conference in root.iter("conference")
    ]


def _member(member: Json) -> Row:
    found = {each.tag: unquote(each.text or "") for each in member if each.tag != "flags"}
    flags = {each.tag: each.text == "true" for each in member.iterfind("flags/*")}
    muted = flags.get("can_speak") is False and not flags.get("hold")
    return {**found, "muted": muted, "flags": [name for name, holds in flags.items() if holds]}

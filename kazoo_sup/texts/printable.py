r"""What a server, a document or a file says, made fit to be shown: nothing in it steers the terminal or a spreadsheet.

Everything that goes to a terminal as text passes here last, whoever said it. Written out (`\x1b`) are control
characters, those of C1 (U+0080 to U+009F) too, and the marks that turn the direction of writing and so show something
else than there is. Machine formats carry the data itself: their own escapes make it printable.
"""

from __future__ import annotations

import re

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_LINE = re.compile(f"[\x00-\x08\x0a-\x1f\x7f-\x9f{_BIDI}]")
# The ends of lines stay, those of SIP too; a carriage return alone would let one line overwrite another.
_TEXT = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}]|\r(?!\n)")
_RAW_IN_JSON = re.compile(f"[\x7f-\x9f\ud800-\udfff{_BIDI}]")

_FORMULA = re.compile(r"'*[=+\-@\t\r]|'+[0-9]")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?", re.ASCII)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - what two digits hold


def line(text: str) -> str:
    """Return TEXT as a part of one line."""
    return _LINE.sub(_escape, text)


def lines(text: str) -> str:
    """Return TEXT of any number of lines; line ends and tabs stay."""
    return _TEXT.sub(_escape, text)


def needs_escapes(text: str) -> bool:
    """Return whether TEXT holds what JSON and YAML may carry raw and a terminal takes for an order."""
    return _RAW_IN_JSON.search(text) is not None


def json(text: str) -> str:
    """Return JSON as the same JSON in which nothing steers a terminal, and which is UTF-8; that is in strings only."""
    return _RAW_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def csv_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: one that looks like one has an apostrophe before it.

    Plain numbers, so those in E.164 form too, stay as they are. What reads CSV here takes the apostrophe off again
    (`csv_files.cleaned`), wherefore a cell that has one of its own gets a second.
    """
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text

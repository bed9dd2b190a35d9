"""CSV as operators have it: out of spreadsheets, which change what they are given without a word.

What a spreadsheet made unreadable, or another thing than it was, is told in one sentence before anything is done;
what it only dressed up (apostrophes, blanks that are not seen, TRUE for true, empty columns and lines at the end) is
read as what it was.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import shutil
import tempfile
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from kazoo_sup.kazoo.documents import text_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_IN_MEMORY = 8_000_000
_HEAD = 4096
_KINDS = (
    (b"PK\x03\x04", "it is a spreadsheet's own file (.xlsx, .ods) or another ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "it is an old spreadsheet's own file (.xls)"),
    (b"%PDF", "it is a PDF"),
    (b"{\\rtf", "it is formatted text (RTF)"),
    (b"\x1f\x8b", "it is compressed with gzip"),
)
_AS_CSV = "save it as CSV (UTF-8, separated by commas)"
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u200e\u200f\u202a\u202b\u202c\u202d\u202e"))
_AS_FORMULA = re.compile(r'="?([^"]*)"?')
_AS_TEXT = re.compile(r"^'(?='*[=+@\t\r0-9-])")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_FRACTION = re.compile(r"\+?\d{7,}[.,]0+")
_GROUPED = re.compile(r"\+?\d{1,3}(?:,\d{3}){2,}")
_OF_DIGITS = re.compile(r"e164|number|prefix|(?:^|[_.])id$|postal_code|did$")
"""Columns of numbers that are not quantities; in others an E may be meant."""

_ERROR = re.compile(r"#(?:REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|N/A|#+)")


class Line(NamedTuple):
    """One line: where it ends, counted from 1, and its cells; or what is wrong with it."""

    number: int
    cells: list[str]
    wrong: str | None = None

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing in it, or only what tells a spreadsheet that commas separate the cells."""
        return self.wrong is None and not any(self.cells[1:]) and self.cells[:1] in ([], [""], ["sep="])


def seekable(source: BinaryIO) -> BinaryIO:
    """Return a copy of what a pipe holds that can be read twice; the source itself where that can."""
    if source.seekable():
        return source
    kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - read, and closed, by whoever asked for it
    shutil.copyfileobj(source, kept)
    kept.seek(0)
    return kept  # type: ignore[return-value]


def check(content: BinaryIO) -> None:
    """Raise ValueError, in one sentence, for content that is not CSV in UTF-8 with commas; read from its beginning."""
    content.seek(0)
    head = content.read(_HEAD)
    for beginning, what in _KINDS:
        if head.startswith(beginning):
            raise ValueError(f"{what}; {_AS_CSV}")
    if text_files.is_utf_16(head):
        raise ValueError(f'it is UTF-16, as spreadsheets write "Unicode text", or no text at all; {_AS_CSV}')
    if head.lstrip(codecs.BOM_UTF8 + b" \t\r\n")[:1] == b"<":
        raise ValueError(f"it is HTML or XML; {_AS_CSV}")
    content.seek(0)
    for number, line in enumerate(content, start=1):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            found = line[error.start : error.start + 1]
            raise ValueError(f"{text_files.not_utf_8(number, found)}; {_AS_CSV}") from None
    content.seek(0)
    _check_separator(head)


def _check_separator(head: bytes) -> None:
    first = next(filter(None, head.decode(errors="ignore").translate(_UNSEEN).splitlines()), "")
    declared = re.fullmatch(r"sep=(.)", first.strip("\r\n"), re.IGNORECASE)
    separator = declared[1] if declared else next((each for each in _SEPARATORS if each in first), ",")
    if separator in _SEPARATORS and (declared or "," not in first):
        raise ValueError(f"its cells are separated by {_SEPARATORS[separator]}, not by commas; {_AS_CSV}")


_SAID = {
    "unexpected end of data": "a cell that begins with a quotation mark is not ended by one",
    "',' expected after '\"'": "no comma follows the quotation mark that ends a cell",
}
"""What Python's reader of CSV says, and what that means to whoever looks at the file."""


def lines(content: BinaryIO) -> Iterator[Line]:
    """Yield the lines from the beginning, their cells cleaned; those that are not CSV say so."""
    content.seek(0)
    text = io.TextIOWrapper(content, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        reader = csv.reader(text, strict=True)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                said = str(error)
                yield Line(reader.line_num, [], f"this is not CSV: {_SAID.get(said, said)}")
                continue
            yield Line(reader.line_num, [cleaned(each) for each in cells])
    finally:
        if not content.closed:  # by a run that was interrupted while it read
            text.detach()


def cleaned(cell: str) -> str:
    """Return a cell without what is not seen of it, nor what marks it as text: `'+1…`, `="+1…"`."""
    plain = (cell if cell.isascii() else cell.translate(_UNSEEN)).strip()
    formula = _AS_FORMULA.fullmatch(plain) if plain.startswith("=") else None
    if formula:
        plain = formula[1].strip()
    return _AS_TEXT.sub("", plain, count=1) if plain.startswith("'") else plain


def spoiled(cell: str) -> str | None:
    """Return what a spreadsheet has made of a number or an id that can no longer be read; None where it has not."""
    if cell.removeprefix("+").isdecimal():
        return None  # as most are
    if _SCIENTIFIC.fullmatch(cell):
        return "a number in scientific notation, whose last digits are lost"
    if _FRACTION.fullmatch(cell):
        return "a number with a fraction"
    if _GROUPED.fullmatch(cell):
        return "a number with commas between its digits"
    if _ERROR.fullmatch(cell):
        return "a spreadsheet's sign for an error or for a column that is too narrow"
    return None


def check_cells(line: Line, names: Sequence[str]) -> None:
    """Raise ValueError for a number or an id that a spreadsheet has spoiled, naming its column and the way out."""
    for name, cell in zip(names, line.cells, strict=False):
        what = spoiled(cell) if _is_of_digits(name) or _ERROR.fullmatch(cell) else None
        if what:
            said = f"line {line.number}: {name} is {cell!r}: {what}"
            raise ValueError(f"{said}; have the spreadsheet keep the column as text")


@lru_cache(maxsize=1024)
def _is_of_digits(name: str) -> bool:
    return _OF_DIGITS.search(name.lower()) is not None


def heading(found: Sequence[str]) -> list[str]:
    """Return the names of columns without those that are empty at the end.

    Raises ValueError for a name that occurs twice, or an empty one in between.
    """
    names = list(found)
    while names and not names[-1]:
        names.pop()
    for place, name in enumerate(names, start=1):
        if not name:
            raise ValueError(f"column {place} has no name in the first line")
        if names.index(name) != place - 1:
            raise ValueError(f"column {name!r} occurs twice in the first line")
    return names

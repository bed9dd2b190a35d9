"""Text files as editors and spreadsheets leave them: UTF-8, or a sentence that says what they are instead."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from kazoo_sup.errors import BadArgument

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 4096


def read(file: Path) -> str:
    """Return what is in a file, without a byte order mark.

    Raises ValueError for what is not UTF-8, and OSError for a file that cannot be read.
    """
    return decoded(file.read_bytes())


def secret(file: Path, parameter: str) -> str:
    """Return the first line of a file, without its end.

    Raises BadArgument for PARAMETER where it cannot be read; nothing of what is in it is told.
    """
    try:
        return read(file).partition("\n")[0].rstrip("\r")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadArgument(parameter=parameter, reason=f"cannot read {file}: {reason}") from None


def decoded(content: bytes) -> str:
    """Return UTF-8 as text, without a byte order mark. Raises ValueError for anything else."""
    if is_utf_16(content[:_HEAD]):
        raise ValueError("it is UTF-16 or no text at all; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{not_utf_8(line, content[error.start : error.start + 1])}; save it as UTF-8") from None


def is_utf_16(head: bytes) -> bool:
    """Return whether a file that begins so is UTF-16, or has no text in it."""
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head


def not_utf_8(line: int, found: bytes) -> str:
    """Say which byte of which line is not UTF-8, and what it would be to Windows."""
    shown = found.decode("cp1252", errors="replace")
    return f"line {line} is not UTF-8: a byte of it is {found[0]:#x}, in Windows' own encoding {shown!r}"

"""How the text of a parameter is read, where its type alone does not say it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple


class Reads(NamedTuple):
    """How a parameter's text is read: `reader(text, zone)` returns the value or raises ValueError with the reason.

    What is `secret` is never shown.
    """

    reader: Callable[[str, Any], object]
    metavar: str | None = None
    secret: bool = False
    file: bool = False
    """Whether the text may be the name of a file or directory, which shells then complete."""


class MayBeEmpty:
    """Marks a text that may be empty; any other word of a command line names something, and nothing has no name."""


Text = Annotated[str, MayBeEmpty()]
"""Text that may be empty."""


def named(text: str, _zone: object) -> str:
    """Read what names something, for a parameter that is called otherwise in the help: it must not be empty."""
    if not text.strip():
        raise ValueError("it is blank" if text else "it is empty")
    return text


FileName = Annotated[str, Reads(lambda text, _zone: text, file=True)]
"""The name of a file or directory, as it was typed."""


def utf_8(word: str) -> str:
    """Return a word, which documents and messages can only hold when it is UTF-8. Raises ValueError."""
    try:
        word.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{word!r} is not UTF-8") from None
    return word


def path_of(word: str) -> Path:
    """Return the path that a word names, `~` filled in. Raises ValueError for one that no file can have."""
    try:
        path = Path(word).expanduser()
        path.lstat()
    except RuntimeError as error:
        raise ValueError(f"{word!r} is not a path: {error}") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise ValueError(f"{word[:40]!r}… is not a path: a name of {len(word)} letters is too long") from None
    return path

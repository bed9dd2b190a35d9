"""Secrets that are not typed on the command line, where others on the machine would see them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from kazoo_sup.arguments.reads import Reads
from kazoo_sup.errors import Declined

if TYPE_CHECKING:
    from kazoo_sup.zone import Run

VARIABLE = "SUP_PASSWORD"
ELSEWHERE = "-"
"""What is typed in place of a secret that comes from elsewhere."""

Secret = Annotated[str, Reads(lambda text, _zone: text, secret=True)]
"""A secret that was typed all the same, or ELSEWHERE; it is never shown."""


def password(run: Run, typed: str, file: str = "") -> str:
    """Return the password TYPED; for ELSEWHERE the first line of FILE, else what SUP_PASSWORD holds, else an answer.

    Raises BadArgument for a file that cannot be read, Declined where there is nobody to ask, or who is asked at the
    terminal types two different ones.
    """
    if typed != ELSEWHERE:
        return typed
    if file:
        from kazoo_sup.kazoo.documents import text_files

        return text_files.secret(Path(file).expanduser(), "--password-file")
    return os.environ.get(VARIABLE) or _answered(run)


def _answered(run: Run) -> str:
    answer = run.ask("Password", True)
    if sys.stdin.isatty() and run.ask("The same again", True) != answer:
        raise Declined(reason="the two passwords differ")
    return answer

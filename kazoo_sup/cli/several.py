"""Several commands in one process: `sup -` takes them from standard input, one a line, `sup shell` from a person.

A line is read as a shell reads words: quotes keep words together, # begins a comment; a leading `sup` is left out. The
options before and after `-` or `shell` hold for every line, which may have its own.
"""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING, NamedTuple, TextIO

from kazoo_sup.cli.shared import Shared
from kazoo_sup.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kazoo_sup.cli.options import Options
    from kazoo_sup.cli.plain import Several

LEAVING = ("exit", "quit")
"""What leaves `sup shell`, typed or from a pipe. `sup -` does not know it: what is behind it would be left undone."""

ENDS = (ExitCode.INTERRUPTED, ExitCode.TERMINATED, ExitCode.BROKEN_PIPE)
"""Exit codes of a command after which no other is begun."""


class Line(NamedTuple):
    """The words of one line, or what is wrong with it; `number` is 0 where nobody counts."""

    number: int
    words: Sequence[str]
    error: UsageError | None = None

    @property
    def leaves(self) -> bool:
        """Whether the line asks to leave the shell."""
        return bool(self.words) and self.words[0] in LEAVING


def run(asked: Several, perform: Callable[[Line, Shared], int]) -> int:
    """Have every line of standard input performed; return the highest exit code.

    Standard input itself is empty for the commands: what one of them would read there is the next command.
    """
    worst = 0
    shared = Shared()
    try:
        with _commands() as lines:
            for number, text in enumerate(lines, 1):
                line = read(text, number)
                if not line.words and line.error is None:
                    continue
                if asked.by_hand and line.leaves:
                    break
                code = perform(line, shared)
                sys.stdout.flush()
                worst = max(worst, code)
                if code in ENDS or (code and asked.stop_on_error):
                    break
    finally:
        shared.close()
    return worst


def read(text: str, number: int = 0) -> Line:
    """Split one line into words; what a shell would go on with on the next line cannot be read."""
    words: list[str] = []
    wrong = "no word can hold a NUL" if "\0" in text else ""
    try:
        words = shlex.split(text.rstrip("\r\n"), comments=True)
    except ValueError as error:
        wrong = f"{str(error).lower()}; a command is one line"
    if wrong:
        return Line(number, (), UsageError(reason=f"the line cannot be read: {wrong}"))
    return Line(number, words[1:] if words[:1] == ["sup"] else words)


def not_for_all(asked: Options) -> UsageError | None:
    """Return what is wrong with options that shall hold for every line: a file that each would write over."""
    for name, file in (("--output", asked.output), ("--plan", asked.plan)):
        if file is not None:
            return UsageError(reason=f"{name} is for one command: give it in its line")
    return None


def _commands() -> TextIO:
    """Return standard input to read commands from, and put an empty one in its place."""
    number = sys.stdin.fileno()
    # Editors of Windows begin a file with a mark that is no part of its first word.
    commands = os.fdopen(os.dup(number), encoding="utf-8-sig", errors="surrogateescape")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, number)
    os.close(empty)
    sys.stdin = os.fdopen(number, encoding="utf-8", closefd=False)
    return commands

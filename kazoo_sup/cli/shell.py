"""`sup shell`: commands that a person types, with history and completion; the prompt names the zone."""

from __future__ import annotations

import readline
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup.changes.masking import of_words
from kazoo_sup.cli import catalogue, plain, several
from kazoo_sup.cli.completion import suggestions
from kazoo_sup.cli.shared import Shared
from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from kazoo_sup.cli.options import Options
    from kazoo_sup.cli.several import Line

LONGEST_HISTORY = 1000


def run(asked: Options, perform: Callable[[Line, Options, Shared], int]) -> int:
    """Have every line that is typed performed, until the person leaves; return the exit code of the last one."""
    shared = Shared()
    history = _History(_zone(asked, shared)[1])
    code = 0
    try:
        while True:
            _complete(asked)
            try:
                text = input(f"sup {_zone(asked, shared)[0]}> ".replace("  ", " "))
            except KeyboardInterrupt:
                print()
                continue
            except EOFError:
                print()
                return code
            line = several.read(text)
            if line.leaves:
                return code
            if not line.words and not line.error:
                continue
            history.add(text, line)
            options = None if line.error else plain.options_alone(line.words, asked)
            if options is not None:
                asked = options
                continue
            code = perform(line, asked, shared)
            sys.stdout.flush()
            if code == ExitCode.TERMINATED:
                return code
    finally:
        shared.close()


def _zone(asked: Options, shared: Shared) -> tuple[str, Path | None]:
    """Return the name of the zone that a command would be run on, and where the state of runs is kept.

    Both are empty where the settings cannot be read, which the next command will tell.
    """
    try:
        settings = shared.settings(config=asked.config, zone=asked.zone, node=asked.meant_node)
    except SupError:
        return asked.zone or "", None
    return settings.active, settings.state_dir


def _complete(asked: Options) -> None:
    """Have TAB complete modules, functions, options and values."""
    found: list[str] = []

    def candidate(_current: str, number: int) -> str | None:
        nonlocal found
        if number == 0:
            line = readline.get_line_buffer()[: readline.get_endidx()]
            with suppress(Exception):  # completing must never be in the way of typing
                found = suggestions.for_line(line, asked)
        return found[number] if number < len(found) else None

    readline.set_completer_delims(" \t\n")
    readline.set_completer(candidate)
    readline.parse_and_bind("tab: complete")


class _History:
    """What was typed, here and in earlier shells, without lines that hold a secret."""

    def __init__(self, directory: Path | None) -> None:
        readline.set_auto_history(False)
        self._path = directory / "shell_history" if directory else None
        for line in self._earlier():
            readline.add_history(line)

    def add(self, text: str, line: Line) -> None:
        if _holds_secret(line):
            return
        readline.add_history(text)
        # What cannot be read may hold a secret, too: it can be mended here, and is not kept.
        if self._path and not line.error:
            with suppress(OSError), own_files.append(self._path) as file:
                file.write(text.encode(errors="surrogateescape") + b"\n")

    def _earlier(self) -> list[str]:
        """Return the last lines of earlier shells, and see that the file does not grow for ever."""
        if self._path is None:
            return []
        try:
            own_files.directory(self._path.parent)
            with own_files.reopen(self._path) as file:
                lines = file.read().decode(errors="surrogateescape").splitlines()
            if len(lines) > 2 * LONGEST_HISTORY:
                with own_files.replacing(self._path) as shorter:
                    kept = "".join(f"{line}\n" for line in lines[-LONGEST_HISTORY:])
                    shorter.write(kept.encode(errors="surrogateescape"))
        except OSError:
            return []
        return lines[-LONGEST_HISTORY:]


def _holds_secret(line: Line) -> bool:
    words = list(line.words)
    understood = plain.understood(words)
    if understood is not None:
        return understood.shown != understood.words or of_words(words) != words
    # It is not known which word is which: a command that takes a secret is enough.
    return any(_takes_secret(*pair) for pair in pairwise(words)) or of_words(words) != words


def _takes_secret(module: str, function: str) -> bool:
    return catalogue.has(module, function) and any(
        each.secret for each in catalogue.command(module, function).parameters
    )

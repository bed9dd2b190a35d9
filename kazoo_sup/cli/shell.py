"""`sup shell`: commands that a person types, with history and completion; the prompt names the zone."""

from __future__ import annotations

import re
import readline
import signal
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from kazoo_sup.changes.masking import of_words
from kazoo_sup.cli import plain, several
from kazoo_sup.cli.completion import suggestions
from kazoo_sup.cli.shared import Shared
from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from kazoo_sup.cli.options import Options
    from kazoo_sup.cli.several import Line

LONGEST_HISTORY = 1000

_COOKIE = re.compile(r"-[vsyqe]*c")
"""How a word begins that is the option for an Erlang cookie, alone, with others or with its value."""


def run(asked: Options, perform: Callable[[Line, Options, Shared], int]) -> int:
    """Have every line that is typed performed, until the person leaves; return the exit code of the last one."""
    shared = Shared()
    history = _History(_zone(asked, shared)[1])
    code = 0
    pasted: list[str] = []
    try:
        while True:
            _complete(asked)
            try:
                text, *pasted = pasted or _lines(_typed(f"sup {_zone(asked, shared)[0]}> ".replace("  ", " ")))
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
            options = None if line.error else plain.options_alone(line.words, asked)
            if options is not None:
                line = line._replace(error=several.not_for_all(options))
            secret = _holds_secret(line.words)
            if not secret:
                readline.add_history(text)
            if options is not None and not line.error:
                asked = options
                continue
            code = perform(line, asked, shared)
            sys.stdout.flush()
            # What is mistyped may hold a secret where nobody looks for one: it can be mended here, and is not kept.
            if not secret and code != ExitCode.USAGE and "\n" not in text:
                history.keep(text)
            if code == ExitCode.TERMINATED:
                return code
            if code in several.ENDS:
                pasted.clear()
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


def _lines(typed: str) -> list[str]:
    """Return the commands of what was typed, or pasted at once: one a line, except for what stands in quotes."""
    commands = []
    left = typed.split("\n")
    while left:
        command = left.pop(0)
        while left and several.read(command).error:
            command = f"{command[:-1]}{left.pop(0)}" if command.endswith("\\") else f"{command}\n{left.pop(0)}"
        commands.append(command)
    return commands


class _Back(Exception):
    """The shell was stopped (Ctrl-Z) and goes on; its argument is what had been typed."""


def _back(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise _Back(readline.get_line_buffer())


def _typed(prompt: str) -> str:
    """Return the line that is typed; who comes back to it has the prompt and what was typed before them again."""
    begun = ""
    while True:
        readline.set_startup_hook(partial(readline.insert_text, begun))
        before = signal.signal(signal.SIGCONT, _back)
        try:
            return input(prompt)
        except _Back as back:
            begun = back.args[0]
        finally:
            signal.signal(signal.SIGCONT, before)
            readline.set_startup_hook()


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

    def keep(self, text: str) -> None:
        if self._path:
            with suppress(OSError), own_files.append(self._path) as file:
                file.write(text.encode(errors="surrogateescape") + b"\n")

    def _earlier(self) -> list[str]:
        """Return the last lines of earlier shells, and see that the file does not grow for ever."""
        if self._path is None:
            return []
        try:
            own_files.directory(self._path.parent)
            with own_files.reopen(self._path) as file:
                # A machine that lost its power may leave NULs.
                lines = file.read().replace(b"\0", b"").decode(errors="surrogateescape").splitlines()
            if len(lines) > 2 * LONGEST_HISTORY:
                with own_files.replacing(self._path) as shorter:
                    kept = "".join(f"{line}\n" for line in lines[-LONGEST_HISTORY:])
                    shorter.write(kept.encode(errors="surrogateescape"))
        except OSError:
            return []
        return lines[-LONGEST_HISTORY:]


def _holds_secret(words: Sequence[str]) -> bool:
    if of_words(words) != list(words) or any(map(_COOKIE.match, words)):
        return True
    understood = plain.understood(words)
    if understood is not None:
        return understood.shown != understood.words
    # It is not known which word is which: a command that takes a secret is enough.
    command = suggestions.command_typed(words)
    return command is not None and any(each.secret for each in command.parameters)

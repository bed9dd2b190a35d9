"""What `sup` tells of itself: its version and its functions. It needs no settings and no server."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kazoo_sup import __version__
from kazoo_sup.cli import catalogue
from kazoo_sup.cli.options import FORMAT_OF
from kazoo_sup.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kazoo_sup.arguments.descriptions import Command
    from kazoo_sup.cli.options import Options
    from kazoo_sup.results import Result

LISTED = ("module", "function", "arguments", "help")
"""The columns of a listing of functions."""


def version(asked: Options) -> int:
    """Tell the version."""
    with _in_its_file(asked):
        if asked.format in (None, "text"):
            print(f"kazoo-sup {__version__}")
            return ExitCode.OK
        from kazoo_sup.results import NO_RETURN, Answer

        told = Answer(NO_RETURN, {"version": __version__}, [f"kazoo-sup {__version__}"])
        return tell(asked, "version", told)


def functions(asked: Options, words: Sequence[str]) -> int:
    """List the functions whose name or help has all of WORDS."""
    found = catalogue.search(words)
    with _in_its_file(asked):
        if asked.format in (None, "text") and asked.columns is None and asked.query is None:
            for each in found:
                print(f"{f'{each.module} {each.name} {each.arguments}'.rstrip():<72}  {each.summary}")
            if not found:
                from kazoo_sup.cli.render.output import say

                say(f"no function has {' and '.join(words)} in its name or help")
            return ExitCode.OK
        from kazoo_sup.results import Listing

        return tell(asked, "list", Listing(LISTED, map(listed, found)))


@contextmanager
def _in_its_file(asked: Options) -> Iterator[None]:
    """Have the answer go where --output says."""
    if asked.output is None:
        yield
        return
    from kazoo_sup.cli.render.output_file import OutputFile

    with OutputFile(asked.output) as file:
        yield
        file.end()


def emphasised(text: str) -> str:
    """Return a help with its heads and the commands in it made to stand out, where a terminal shows colours.

    NO_COLOR, which may hold anything but nothing, and TERM=dumb turn that off (no-color.org).
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb" or not sys.stdout.isatty():
        return text
    text = re.sub(r"^(Usage:|[A-Z][^\n]*:$)", "\033[1m\\1\033[0m", text, flags=re.MULTILINE)
    return re.sub(r"(^  (?:[^\n]*  )?)(sup [^\n]*?)(?=  |$)", "\\1\033[36m\\2\033[0m", text, flags=re.MULTILINE)


def listed(each: Command) -> dict[str, str]:
    """Return a function as a row of a listing."""
    return {"module": each.module, "function": each.name, "arguments": each.arguments, "help": each.summary}


def tell(asked: Options, command: str, result: Result) -> int:
    """Show a result in the format asked for."""
    from kazoo_sup.cli.render.output import renderer

    refuse_format(asked.format, command)
    show = renderer(asked.format or "text", command, [])
    return show.finish(selected(asked, show.tell)(result), maintenance=False)


def refuse_format(asked: str | None, command: str) -> None:
    """Raise UsageError for a format that is for another command alone."""
    whose = FORMAT_OF.get(asked or "")
    if whose and whose != command:
        raise UsageError(reason=f"-f {asked} is for sup {whose} alone")


def selected(asked: Options, warn: Callable[[str], object]) -> Callable[[Result], Result]:
    """Return what makes the result that is shown of the one that there is; see `selecting`."""
    if asked.columns is None and asked.query is None:
        return lambda result: result
    if asked.format in FORMAT_OF:
        raise UsageError(
            reason=f"-f {asked.format} tells all that there is; --columns and --query are for other formats"
        )
    from kazoo_sup.cli.render import selecting

    return selecting.selector(asked, warn)

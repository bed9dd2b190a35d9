"""What the words of a command line tell before they are parsed: the format and the command asked for, and odd options.

Kazoo 3 took `-h HOST`; in ours -h is help. Guides and old scripts have it still.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence

from kazoo_sup.cli import catalogue, options
from kazoo_sup.cli.options import FORMATS, SHORT
from kazoo_sup.errors import UsageError

_NEGATIVE = re.compile(r"-\d*\.?\d+(?:[eE][-+]?\d+)?")
_ON_NODE = re.compile(r"--live|--nodes(=.*)?|--erl_term_args|-[vsyq]*e[vsyq]*")
_HOST = ("-h", "-?")
_COMMAND = 2  # words: a module and a function
_KEPT = "\0"  # no word of a command line can hold it


class HostOption(UsageError):
    """-h is help here; the host was {host}; leave it out"""

    remedy = "leave -h {host} out"

    host: str


class HelpAndCommand(UsageError):
    """-h is help here, and what follows was not run; sup {command} --help shows its help"""

    remedy = "sup {command} --help shows its help; without -h it is run"

    command: str


def as_utf_8(words: Sequence[str]) -> list[str]:
    """Read the words as UTF-8, whatever the locale took them for; neither JSON nor an address holds anything else."""
    read = []
    for number, word in enumerate(words, 1):
        try:
            read.append(os.fsencode(word).decode("utf-8"))
        except UnicodeError:
            raise UsageError(reason=f"word {number} is not UTF-8 text") from None
    return read


def format_in(words: Sequence[str], otherwise: str = "text") -> str:
    """Find the format asked for among words that are not parsed, or could not be; OTHERWISE where there is none."""
    for before, word in zip(["", *words], words, strict=False):
        if word == "--":
            break
        attached = next((start for start in ("--format=", "-f") if word.startswith(start)), None)
        asked = word if before in ("-f", "--format") else word.removeprefix(attached or word)
        if asked in FORMATS:
            return asked
    return otherwise


def command_in(words: Sequence[str]) -> str:
    """Find the module and function among words that could not be parsed."""
    known = next((at for at, word in enumerate(words) if word in catalogue.modules()), len(words))
    return " ".join(words[known : known + 2])


def with_module(words: Sequence[str]) -> list[str]:
    """Return the words with the module put before a function that may be typed without it."""
    for at in _arguments(words, _valued()):
        if words[at] == "help":
            continue
        return [*words[:at], SHORT[words[at]], *words[at:]] if words[at] in SHORT else list(words)
    return list(words)


def refuse_host(words: Sequence[str]) -> None:
    """Raise where -h is followed by a host and a command: help would be shown, and the command not run, with code 0."""
    valued = _valued()
    before = 0
    for at, word in enumerate(words):
        if word == "--":
            return
        if at and words[at - 1] in valued:
            continue
        if word in _HOST:
            _refuse(before, [words[at + 1 :][place] for place in _arguments(words[at + 1 :], valued)])
            return
        if word.startswith(("--host", "-h")) and word != "--help" and not before:
            _refuse_attached(word, list(words[at + 1 :]), valued)
        before += not word.startswith("-")


def names_node(words: Sequence[str]) -> bool:
    """Return whether one of the words says that the function is to be called on a node."""
    valued = _valued()
    for before, word in zip(["", *words], words, strict=False):
        if word == "--":
            return False
        if before not in valued and _ON_NODE.fullmatch(word):
            return True
    return False


def keep_numbers(words: Sequence[str], valued: Collection[str]) -> list[str]:
    """Mark the negative numbers among WORDS, which no option is, so that they are taken for arguments.

    What follows one of the options VALUED is its value already.
    """
    marked: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        if word == "--":
            return [*marked, *words[len(marked) :]]
        marked.append(f"{_KEPT}{word}" if _NEGATIVE.fullmatch(word) and before not in valued else word)
    return marked


def list_as_command(words: Sequence[str]) -> list[str]:
    """Take --list for the command `list` where it is before any other word."""
    places = [at for at in _arguments(words, _valued()) if not words[at].startswith("-")]
    end = places[0] if places else len(words)
    return ["list" if word == "--list" and at < end else word for at, word in enumerate(words)]


def function_first(words: Sequence[str]) -> list[str]:
    """Return the words, which begin with a module, with the options between it and its function moved behind that.

    A function's name may be two words: what stands before the second one is moved behind that.
    """
    places = list(_arguments(words, _valued()))
    if len(places) < _COMMAND or places[0]:
        return list(words)
    two = len(places) > _COMMAND and catalogue.has(words[0], f"{words[places[1]]}_{words[places[2]]}")
    name = places[1:3] if two else places[1:2]
    moved = [word for at, word in enumerate(words[1 : name[-1] + 1], 1) if at not in name]
    return [words[0], *(words[at] for at in name), *moved, *words[name[-1] + 1 :]]


def kept_all(text: str) -> str:
    """Return a sentence about words without the marks of `keep_numbers`."""
    return text.replace(_KEPT, "").replace(repr(_KEPT)[1:-1], "")


def kept(word: str) -> str:
    """Return a word without the mark of `keep_numbers`."""
    return word.removeprefix(_KEPT)


def _refuse(before: int, after: Sequence[str]) -> None:
    """Refuse the words AFTER -h, options left out, if they are more than help can be meant with; BEFORE are so many."""
    if not before and len(after) == _COMMAND and after[0] in catalogue.modules():
        if after[1] in catalogue.module(after[0]).functions:
            raise HelpAndCommand(command=" ".join(after))
        return
    if after and (before + len(after) > _COMMAND or (not before and after[-1] in catalogue.modules() and after[1:])):
        raise HostOption(host=after[0])


def _refuse_attached(word: str, after: list[str], valued: Collection[str]) -> None:
    """Refuse -hHOST, --host=HOST and --host HOST before a command."""
    places = list(_arguments(after, valued))
    host = word.removeprefix("--host").removeprefix("-h").removeprefix("=")
    if word == "--host" and places:
        raise HostOption(host=after[places[0]])
    if host and len(places) >= _COMMAND:
        raise HostOption(host=host)


def _arguments(words: Sequence[str], valued: Collection[str]) -> Iterator[int]:
    """Yield where the words stand that are neither options nor the values of such."""
    for at, word in enumerate(words):
        if not word.startswith("-") and (at == 0 or words[at - 1] not in valued):
            yield at


def _valued() -> set[str]:
    return {name for option in options.described() if option.metavar for name in option.names}

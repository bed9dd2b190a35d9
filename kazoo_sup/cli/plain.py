"""Command lines that are plainly understood, without a parser: MODULE FUNCTION ARGS and options written out in full.

What is asked for otherwise (help, other names, options run together or with =, mistakes) is left to `parsing`, which
must understand whatever is understood here in the same way. Typer takes longer to be there than many a command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.cli import catalogue, options
from kazoo_sup.cli.options import FORMATS, Options
from kazoo_sup.errors import UnknownModule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kazoo_sup.arguments.descriptions import Command, Parameter
    from kazoo_sup.errors import SupError
    from kazoo_sup.types import Values

_ALONE = ("help", "list", "history")
"""What may be used without a function."""

_LONGEST_NUMBER = 9
_KINDS = {"bool": "flag", "int": "count", "float": "", "tuple": "", "text": "text", "str": "text"}
"""What kind of option a parameter of this type is; text, where it is not one of them; with "" the parser reads it."""


class Request(NamedTuple):
    """One command to run: its words in order, and its own options by name."""

    command: Command
    asked: Options
    words: list[str]
    options: Values
    unknown: SupError | None = None
    """What says that there is no such command here, where only a node may have it."""

    @property
    def known(self) -> Command:
        """The command as it is described here, also where it is called on a node, which takes any words."""
        module, name = self.command.module, self.command.name
        return catalogue.command(module, name) if catalogue.has(module, name) else self.command

    @property
    def shown(self) -> list[str]:
        """The words as they may be shown, without what is secret."""
        return self.known.shown(self.words)


class Several(NamedTuple):
    """Commands to be read and run one after the other: from standard input, or typed by a person (`by_hand`)."""

    asked: Options
    stop_on_error: bool
    by_hand: bool


class _NotPlain(Exception):
    """Ends the reading."""


def understood(words: Sequence[str], before: Options = Options()) -> Request | None:  # noqa: B008 - immutable
    """Return what WORDS ask for, or None where that is not plain; their options are laid over those BEFORE."""
    try:
        return _Line(words).request(before)
    except _NotPlain:
        return None


def options_alone(words: Sequence[str], before: Options) -> Options | None:
    """Return the options BEFORE with those of WORDS laid over them; None where WORDS are anything else, too."""
    try:
        return _Line(list(_apart(words))).options_alone(before)
    except _NotPlain:
        return None


def _apart(words: Sequence[str]) -> Iterator[str]:
    """Yield the words, and an option that has its value in the same word, --zone=west or -zwest, as two."""
    for word in words:
        name, equals, value = word.partition("=")
        if word.startswith("--") and equals:
            yield from (name, value)
        elif word.startswith("-") and not word.startswith("--") and word[2:]:
            yield from (word[:2], word[2:])
        else:
            yield word


class _Line:
    """The words of one line, taken from the left."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._at = 0
        self._common = {name: (each.field, each.kind) for each in options.COMMON for name in each.names}
        self._asked: Values = {}

    def request(self, before: Options) -> Request:
        module, function = self._name(), self._name()
        known = catalogue.has(module, function)
        command = catalogue.command(module, function) if known else any_function(module, function)
        own = {
            each.flag: (each.name, _KINDS.get(each.type, "text"))
            for each in command.parameters
            if each.kind == "option"
        }
        given: Values = {each.name: each.default for each in command.parameters if each.kind == "option"}
        arguments: list[str] = []
        while self._at < len(self._words):
            word = self._next()
            if not word.startswith("-"):
                arguments.append(word)
            elif word in own:
                name, kind = own[word]
                given[name] = self._value(kind)
            else:
                self._common_option(word)
        asked = before._replace(**self._asked)
        if asked.on_nodes and function and module not in _ALONE and not own.keys() & set(self._words):
            return Request(any_function(module, function), asked, arguments, {})
        if asked.on_nodes:
            raise _NotPlain
        if not known:
            return Request(command, asked, arguments, {}, _unknown([module, function, *arguments]))
        _check_number([each for each in command.parameters if each.kind != "option"], len(arguments))
        return Request(command, asked, arguments, given)

    def options_alone(self, before: Options) -> Options:
        while self._at < len(self._words):
            self._common_option(self._next())
        return before._replace(**self._asked)

    def _name(self) -> str:
        """Return the next word that is not an option."""
        while (word := self._next()).startswith("-"):
            self._common_option(word)
        return word

    def _common_option(self, word: str) -> None:
        if word not in self._common:
            raise _NotPlain
        field, kind = self._common[word]
        self._asked[field] = self._value(kind)

    def _next(self) -> str:
        if self._at >= len(self._words):
            raise _NotPlain
        self._at += 1
        return self._words[self._at - 1]

    def _value(self, kind: str) -> object:
        if kind == "flag":
            return True
        word = self._next()
        if not word.strip() or word.startswith("-"):
            raise _NotPlain
        if kind in ("text", "pattern") or (kind == "format" and word in FORMATS):
            return word
        if kind == "count" and word.isascii() and word.isdigit() and len(word) <= _LONGEST_NUMBER:
            return int(word)
        if kind == "file":
            from pathlib import Path

            return Path(word)
        raise _NotPlain


def _unknown(line: list[str]) -> SupError:
    """Return what says that there is no such module here, where the words are not another name for what there is."""
    from kazoo_sup.cli import argv, other_names

    if line[0] in _ALONE or not all(line[:2]) or catalogue.is_own(line[0]) or argv.function_first(line) != line:
        raise _NotPlain
    try:
        same = other_names.translated(line) == line
    except other_names.OtherName as other:
        return other
    if not same:
        raise _NotPlain
    try:
        catalogue.module(line[0])
    except UnknownModule as unknown:
        return unknown
    raise _NotPlain


def any_function(module: str, function: str) -> Command:
    """Return the description of a function that is not known here, which takes whatever it is given."""
    from kazoo_sup.arguments.descriptions import Command, Parameter

    return Command(module, function, "", (Parameter("arguments", "arguments", "str", "ARGUMENTS"),))


def _check_number(parameters: Sequence[Parameter], count: int) -> None:
    """See that so many words are as many as the parameters take."""
    least = sum(1 for each in parameters if each.kind == "argument" and each.required)
    many = bool(parameters) and parameters[-1].kind == "arguments"
    if count < least or (count > len(parameters) and not many):
        raise _NotPlain

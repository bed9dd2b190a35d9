"""What the completions of all shells know without asking: names, options and places of files, from the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.cli import catalogue, options
from kazoo_sup.cli.completion.suggestions import kind_of
from kazoo_sup.cli.options import SHORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEADER = "# Written by `make generate` from the functions themselves; edit those."

NAMED = ("-z", "--zone", "-n", "--node")
"""The options of every command whose values are looked up."""

TOP = (("help", "Show help"), ("list", "List functions"), ("shell", "Type several commands"))


class OwnOption(NamedTuple):
    """An option of one function; `metavar` is empty for a flag."""

    name: str
    metavar: str = ""
    file: bool = False
    known: bool = False
    """Whether its values can be told."""
    again: bool = False
    """Whether it may be given several times."""

    @property
    def mark(self) -> str:
        """The option as the completions keep it: with = where a value comes, =@ for a file and =+ for what is known."""
        return f"{self.name}{'=' if self.metavar else ''}{'@' if self.file else '+' if self.known else ''}"


def short() -> list[tuple[str, str]]:
    """Return the functions that are typed without their module, and what each does."""
    return [(name, catalogue.command(module, name).summary) for name, module in SHORT.items()]


def functions() -> dict[str, dict[str, str]]:
    """Return the functions of our own modules with their one-line help."""
    found: dict[str, dict[str, str]] = {}
    for command in catalogue.commands():
        found.setdefault(command.module, {})[command.name] = command.summary
    return found


def valued() -> list[str]:
    """Return the options of every command after which a value comes."""
    return [name for option in options.described() if option.metavar for name in option.names]


def files() -> list[str]:
    """Return the options of every command after which a file comes."""
    return [name for option in options.COMMON if option.kind == "file" for name in option.names]


def own_options() -> dict[str, list[OwnOption]]:
    """Return the options of every function that has any of its own, by module and function, and those of `sup -`."""
    found = {"-": [OwnOption("--stop-on-error")]}
    for command in catalogue.commands():
        own = [
            OwnOption(
                each.flag,
                "" if each.type == "bool" else each.metavar,
                file=each.file,
                known=bool(each.choices or kind_of(command, each)),
                again=each.type == "tuple",
            )
            for each in command.parameters
            if each.kind == "option"
        ]
        if own:
            found[f"{command.module} {command.name}"] = own
    return found


def file_arguments() -> Iterator[str]:
    """Yield module, function and which of its arguments may be files, from 1 on; * means each of them."""
    for command in catalogue.commands():
        words = [each for each in command.parameters if each.kind != "option"]
        for place, each in enumerate(words, 1):
            if each.file:
                yield f"{command.module} {command.name} {'*' if each.kind == 'arguments' else place}"


def patterns(texts: Iterable[str]) -> str:
    """Return texts as alternatives of a shell's `case`; a * at their end is one."""
    return "|".join(f"'{text.removesuffix('*')}'{'*' if text.endswith('*') else ''}" for text in texts)


def quoted(text: str) -> str:
    """Return a text as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"

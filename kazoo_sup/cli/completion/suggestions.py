"""What may come next on a command line that is being typed: names of commands and options, values and files.

The values are accounts, nodes, settings and such, as `remembered` has them: no server is asked while somebody types.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.cli import catalogue, options
from kazoo_sup.cli.completion import remembered
from kazoo_sup.cli.options import FORMATS, SHORT, Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kazoo_sup.arguments.descriptions import Command, Parameter

MOST = 500
"""More than anybody looks through."""

_KINDS = {
    "ACCOUNT": "accounts",
    "ACCOUNTS": "accounts",
    "ACCOUNT_ID": "accounts",
    "ACCOUNT_OR_CAUSE": "accounts",
    "ACCOUNT_OR_COUNT": "accounts",
    "ACCOUNT_OR_EXPIRES": "accounts",
    "ACCOUNT_OR_METRIC": "accounts",
    "AUTH_ACCOUNT": "accounts",
    "NEW_RESELLER_ID": "accounts",
    "PARENT": "accounts",
    "RESELLER": "accounts",
    "RESELLER_ID": "accounts",
    "TO_ACCOUNT": "accounts",
    "APP": "apps",
    "APPLICATION": "apps",
    "APP_NAME": "apps",
    "BACKEND": "haproxy_backends",
    "CARRIER": "carrier_modules",
    "CATEGORY": "categories",
    "DATABASE": "databases",
    "DB": "databases",
    "FS_NODE": "nodes",
    "HAPROXY": "haproxy",
    "KEY": "keys",
    "NODE": "nodes",
    "NODE_NAME": "nodes",
    "NUMBER_DB": "number_databases",
    "NUMBER_DBS": "number_databases",
    "REALM": "realms",
    "SCHEMA": "schemas",
    "SYSTEM_CONFIG": "categories",
    "ZONE": "zones",
}
"""What the parameters of this name are."""

_OF_MODULE = {
    ("freeswitch", "SERVER"): "freeswitch",
    ("haproxy", "SERVER"): "haproxy_servers",
    ("kamailio", "SERVER"): "kamailio",
    ("rabbitmq", "SERVER"): "rabbitmq_api",
    ("blackhole_maintenance", "MODULE"): "blackhole_modules",
    ("couchdb", "PATTERN"): "databases",
    ("couchdb", "SOURCE"): "databases",
    ("couchdb", "TARGET"): "databases",
    ("crossbar_maintenance", "APP_ID"): "monster_apps",
    ("crossbar_maintenance", "APP_NAME_OR_ID"): "monster_apps",
    ("crossbar_maintenance", "MODULE"): "crossbar_modules",
    ("kapps_maintenance", "ID"): "categories",
    ("kazoo_number_manager_maintenance", "CARRIER"): "",
    ("kazoo_number_manager_maintenance", "SOURCE"): "carrier_modules",
    ("kazoo_number_manager_maintenance", "TARGET"): "carrier_modules",
    ("knm_carriers", "MODULE"): "carrier_modules",
    ("amqp", "CATEGORY"): "",
    ("amqp", "KEY"): "",
}
"""What they are in one module."""

_OF_FUNCTION = {
    ("crossbar_maintenance", "find_account_by_name", "NAME"): "account_names",
    ("kapps_util", "get_accounts_by_name", "NAME"): "account_names",
}
"""What they are in one function, where another of its module means something new by that name."""

_DEPENDS = {"keys": "CATEGORY", "haproxy_servers": "BACKEND"}
"""Kinds of values that there are in something that was typed before, and the parameter that names it."""

_OPTIONS = {"-z": "zones", "--zone": "zones", "-n": "nodes", "--node": "nodes"}


_MARK = "\0"
"""Stands where the cursor is; no line holds it."""

_ENDS = ("", "'", '"')
_TYPED = r"""(?:\\.?|'[^']*'?|"(?:\\.|[^"\\])*(?:"|\\?$)|[^\s'"\\])+"""
"""A word of a line as it is typed, with its quotes, of which the last may be open."""


class _Line(NamedTuple):
    """A line as far as it is typed: its words before the one at which the cursor is, and that one."""

    asked: Options
    words: list[str]
    option: str
    """The option whose value is typed now, if it is one."""
    current: str
    start: str = ""
    """What stands before that in the same word: --option=."""

    @property
    def command(self) -> Command | None:
        """The function that is called, once it is there."""
        if len(self.words) < 2 or not catalogue.has(self.words[0], self.words[1]):  # noqa: PLR2004
            return None
        return catalogue.command(self.words[0], self.words[1])


def for_line(text: str, asked: Options) -> list[str]:
    """Return what the last word of a whole line may become, quoted as the line needs it; for our own shell."""
    line = _read(split(text), asked)
    names = [name for name in _names(line) if name.startswith(line.current)]
    found = [_completed(text, line.start, each) for each in (*names, *values(text, asked), *_files(line))]
    return [each for each in found if each]


def _completed(text: str, start: str, value: str) -> str:
    """Return what takes the place of a line's end behind its last blank, be that in quotes, so that it ends in a value.

    It is empty where the value cannot be written as this line begins it.
    """
    begun = next(reversed(re.findall(_TYPED, text)), "")
    kept = re.sub(r"\S+$", "", begun) if text.endswith(begun) else ""
    quote = open_quote(text)
    if quote:
        word = f"{start}{quote}{written(value, quote)}{quote}"
    else:
        word = written(start + value, "") if kept else shlex.quote(start + value)
    # Behind a directory comes more of its name.
    end = "" if value.endswith("/") else " "
    return word[len(kept) :] + end if word.startswith(kept) else ""


def written(value: str, quote: str, special: str = '"\\\\') -> str:
    """Return a value as it is typed behind an open QUOTE, or with backslashes behind none.

    special: the signs that take a backslash between double quotes
    """
    if quote == "'":
        return value.replace("'", "'\"'\"'")
    return re.sub(f"([{special}])" if quote else r"([^\w@%+=:,./-])", r"\\\1", value)


def values(text: str, asked: Options) -> list[str]:
    """Return the values that the last word of a line, which begins with the module, may become."""
    line = _read(split(text), asked)
    parameter = _parameter(line)
    if parameter and parameter.choices:
        found: Sequence[str] = parameter.choices
    else:
        kind = _kind(line, parameter)
        if not kind:
            return []
        found = remembered.values(kind, _depends(line, kind), config=line.asked.config, zone=line.asked.zone)
    # A file that was damaged may hold what a terminal takes for orders.
    return [each for each in found if each.startswith(line.current) and each.isprintable()][:MOST]


def typed(text: str) -> tuple[str, str]:
    """Return the last word in two: an option with its =, if one is there, and what is typed of the value."""
    line = _read(split(text), Options())
    return line.start, line.current


def command_typed(words: Sequence[str]) -> Command | None:
    """Return the function that the words of a line call, wherever its options stand, if it is one of our own."""
    return _read([*words, ""], Options()).command


def split(text: str) -> list[str]:
    """Split a line that may end within quotes; the last word is that at which the cursor is, empty or not."""
    *before, last = _finished(text)[0]
    return [*before, last.replace(_MARK, "")]


def open_quote(text: str) -> str:
    """Return the quote within which a line ends, if it does."""
    return _finished(text)[1]


def _finished(text: str) -> tuple[list[str], str]:
    """Return the words of a line with a mark at its end, and the quote that is open there."""
    for end in _ENDS:
        try:
            return shlex.split(f"{text}{_MARK}{end}"), end
        except ValueError:
            continue
    return [_MARK], ""


def _read(words: Sequence[str], asked: Options) -> _Line:
    common = {name: each for each in options.COMMON for name in each.names}
    *before, current = words
    said: dict[str, str] = {}
    plain: list[str] = []
    option = ""
    for word in before:
        if option or _is_assigned(word):
            name, _, value = (option, "=", word) if option else word.partition("=")
            if name in common:
                said[common[name].field] = value
            option = ""
        elif word.startswith("-") and word != "-":
            takes_value = common[word].metavar if word in common else word in _own_valued(plain)
            option = word if takes_value else ""
        else:
            plain = _joined([SHORT[word], word] if not plain and word in SHORT else [*plain, word])
    start = ""
    if not option and _is_assigned(current):
        option, equals, current = current.partition("=")
        start = option + equals
    zone, config = said.get("zone", asked.zone), said.get("config")
    if config:
        from pathlib import Path

        asked = asked._replace(config=Path(config))
    return _Line(asked._replace(zone=zone), plain, option, current, start)


def _joined(words: list[str]) -> list[str]:
    """Return the words, those of a function whose name was typed as two, `port status`, put together."""
    if len(words) == 3 and not catalogue.has(words[0], words[1]):  # noqa: PLR2004 - module, and two of a function
        name = "_".join(words[1:])
        return [words[0], name] if catalogue.has(words[0], name) else words
    return words


def _is_assigned(word: str) -> bool:
    """Return whether a word is an option with its value: --option=value."""
    return word.startswith("--") and "=" in word


def _own_valued(words: list[str]) -> dict[str, Parameter]:
    """Return the options with a value of the function that WORDS begin with."""
    command = _Line(Options(), words, "", "").command
    found = command.parameters if command else ()
    return {each.flag: each for each in found if each.kind == "option" and each.type != "bool"}


def _names(line: _Line) -> list[str]:
    """Return the modules, functions, options or formats that may be here."""
    from kazoo_sup.cli.several import LEAVING

    command = line.command
    if line.option:
        return list(FORMATS) if line.option in ("-f", "--format") else []
    if line.current.startswith("-"):
        own = [each.flag for each in command.parameters if each.kind == "option"] if command else []
        return [name for each in options.described() for name in each.names] + own
    if not line.words:
        return [*catalogue.own_modules(), *SHORT, "help", "list", *LEAVING]
    words = line.words[1:] if line.words[0] == "help" else line.words
    if not words:
        return [*catalogue.own_modules(), *SHORT]
    module, *typed_of_function = words
    functions = list(catalogue.module(module).functions) if catalogue.is_own(module) else []
    if not typed_of_function:
        return functions
    if len(typed_of_function) > 1 or typed_of_function[0] in functions:
        return []
    start = f"{typed_of_function[0]}_"
    return [name.removeprefix(start) for name in functions if name.startswith(start)]


def _files(line: _Line) -> list[str]:
    """Return the files and directories that may be here, these with a / at their end."""
    from glob import escape, glob

    common = {name: each.kind for each in options.COMMON for name in each.names}
    parameter = _parameter(line)
    if common.get(line.option) != "file" and not (parameter and parameter.file):
        return []
    found = sorted(glob(f"{escape(line.current)}*"))[:MOST]  # noqa: PTH207 - the same
    return [f"{each}/" if os.path.isdir(each) else each for each in found]  # noqa: PTH112 - as it is typed: ./file


def _parameter(line: _Line) -> Parameter | None:
    """Return the parameter that is typed now."""
    command = line.command
    if command is None or line.current.startswith("-"):
        return None
    if line.option:
        return _own_valued(line.words).get(line.option)
    arguments = [each for each in command.parameters if each.kind != "option"]
    place = len(line.words) - 2
    if place < len(arguments):
        return arguments[place]
    return arguments[-1] if arguments and arguments[-1].kind == "arguments" else None


def _kind(line: _Line, parameter: Parameter | None) -> str:
    """Return what kind of value is typed now, if there is anything to know of it."""
    if line.option in _OPTIONS:
        return _OPTIONS[line.option]
    command = line.command
    return kind_of(command, parameter) if command and parameter else ""


def kind_of(command: Command, parameter: Parameter) -> str:
    """Return what kind of value a parameter of a function is, if there is anything to know of it."""
    if parameter.secret:
        return ""
    of_module = _OF_MODULE.get((command.module, parameter.metavar), _KINDS.get(parameter.metavar, ""))
    return _OF_FUNCTION.get((command.module, command.name, parameter.metavar), of_module)


def _depends(line: _Line, kind: str) -> str:
    """Return the earlier word on which it depends which values there are."""
    command, wanted = line.command, _DEPENDS.get(kind)
    if command is None or wanted is None:
        return ""
    names = [each.metavar for each in command.parameters if each.kind != "option"]
    place = names.index(wanted) + 2 if wanted in names else len(line.words)
    return line.words[place] if place < len(line.words) else ""

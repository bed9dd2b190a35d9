"""Which commands exist, known without importing them.

`catalogue.jsonl` is written from the functions themselves by `python -m kazoo_sup.cli.catalogue`; a test fails when it
is stale. Listing, help, completion and "did you mean" read it, so none of them imports a command file. Its first line
has the one-line help of every module, each other line one module whole, and only those asked for are parsed. Modules of
third parties come from the entry-point group `kazoo_sup.commands` (name: the sup module, value: the Python module) and
are imported only when they are asked for by name.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.errors import UnknownFunction, UnknownModule, did_you_mean
from kazoo_sup.settings import resources

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from types import ModuleType

    from kazoo_sup.arguments.descriptions import Command
    from kazoo_sup.results import Result
    from kazoo_sup.types import Document

GROUP = "kazoo_sup.commands"
_MANIFEST = "catalogue.jsonl"


class Module(NamedTuple):
    """A sup module: its help and its functions by name."""

    name: str
    help: str
    functions: Mapping[str, Command]

    @property
    def summary(self) -> str:
        """The first line of the help."""
        return self.help.partition("\n")[0]


def own_modules() -> Iterator[str]:
    """Yield the names of our own modules."""
    yield from _summaries()


def modules() -> Mapping[str, str]:
    """Return the one-line help of every module by name; those of third parties say which package brings them."""
    found = dict(_summaries())
    for name, entry_point in _entry_points().items():
        found.setdefault(name, f"From {entry_point.dist.name if entry_point.dist else entry_point.value}")
    return found


def module(name: str) -> Module:
    """Return the module NAME.

    Raises UnknownModule, with the nearest names, when there is none.
    """
    if name in _summaries():
        return _own(name)
    entry_point = _entry_points().get(name)
    if entry_point is None:
        search = f"; sup --list {name} looks for it among the functions, sup help topics shows the modules"
        raise UnknownModule(module=name, hint=did_you_mean(name, modules()) or search)
    return describe(name, entry_point.load())


def command(module_name: str, name: str) -> Command:
    """Return the description of one function.

    Raises UnknownModule or UnknownFunction, with the nearest names.
    """
    functions = module(module_name).functions
    if name not in functions:
        hint = did_you_mean(name, functions) or f"; sup {module_name} lists those there are"
        raise UnknownFunction(module=module_name, function=name, hint=hint)
    return functions[name]


def function(module_name: str, name: str) -> Callable[..., Result]:
    """Import the module and return the function itself, to be called."""
    entry_point = None if module_name in _summaries() else _entry_points()[module_name]
    source = entry_point.load() if entry_point else import_module(f"kazoo_sup.commands.{module_name}")
    return _functions(source)[name]


def is_own(module_name: str) -> bool:
    """Return whether a module is one of our own; no other one is looked for."""
    return module_name in _summaries()


def has(module_name: str, name: str) -> bool:
    """Return whether one of our own modules has the function; no other module is looked for."""
    return module_name in _summaries() and name in module(module_name).functions


def commands() -> Iterator[Command]:
    """Yield every function of our own modules, by module and name."""
    for name in _summaries():
        yield from module(name).functions.values()


def search(words: Iterable[str]) -> list[Command]:
    """Return the functions that have all of WORDS, in capitals or not: those with them in the name come first.

    In a name a word may stand anywhere, in a help where a word begins.
    """
    wanted = [word.lower() for each in words for word in each.split()]
    named, told = [], []
    for each in commands():
        name = f"{each.module} {each.name}".lower()
        if all(word in name for word in wanted):
            named.append(each)
            continue
        text = f"{each.arguments} {each.help}".lower()
        if all(word in name or re.search(rf"(?<!\w){re.escape(word)}", text) for word in wanted):
            told.append(each)
    return named + told


def describe(name: str, source: ModuleType) -> Module:
    """Read a module's functions from the module itself."""
    from kazoo_sup.command import describe as describe_function
    from kazoo_sup.command import described_on_node

    functions = {found: describe_function(name, each) for found, each in _functions(source).items()}
    functions |= {each.name: described_on_node(name, each) for each in getattr(source, "ON_NODE", ())}
    functions = {found: functions[found] for found in sorted(functions)}
    return Module(name, (source.__doc__ or "").strip(), functions)


def manifest_text() -> str:
    """Return what `catalogue.jsonl` shall hold, from the functions of `kazoo_sup/commands`."""
    summaries, entries = {}, []
    for path in sorted((resources.PACKAGE / "commands").glob("[!_]*.py")):
        found = describe(path.stem, import_module(f"kazoo_sup.commands.{path.stem}"))
        functions = [_compact(each) for each in found.functions.values()]
        summaries[found.name] = found.summary
        entries.append({"name": found.name, "help": found.help, "functions": functions})
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in (summaries, *entries))


@cache
def _manifest() -> str:
    return resources.read("cli", _MANIFEST)


@cache
def _summaries() -> dict[str, str]:
    found: dict[str, str] = json.loads(_manifest().partition("\n")[0])
    return found


@cache
def _own(name: str) -> Module:
    """Return a module of our own: a command line is compared with it more than once."""
    begin = _manifest().index(f'\n{{"name": "{name}"') + 1
    entry: Document = json.loads(_manifest()[begin : _manifest().index("\n", begin)])
    return Module(name, entry["help"], {each["name"]: _command(name, each) for each in entry["functions"]})


@cache
def _entry_points() -> dict[str, EntryPoint]:
    # importlib.metadata takes longer to be there than a call to a node takes: it is not asked where nobody has any.
    if not any(_may_have_entry_points(place) for place in sys.path):
        return {}
    from importlib.metadata import entry_points

    return {entry_point.name: entry_point for entry_point in entry_points(group=GROUP)}


def _may_have_entry_points(place: str) -> bool:
    """Tell whether a package in a directory of sys.path names entry points of ours; what is no directory may well."""
    try:
        with os.scandir(place or ".") as entries:
            packages = [each.path for each in entries if each.name.endswith((".dist-info", ".egg-info"))]
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return any(GROUP.encode() in _bytes_of(os.path.join(each, "entry_points.txt")) for each in packages)  # noqa: PTH118


def _bytes_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - hundreds of them are looked into
            return file.read()
    except OSError:
        return b""


def _functions(source: ModuleType) -> dict[str, Callable[..., Result]]:
    from kazoo_sup.command import is_command

    own = (each for each in vars(source).values() if is_command(each) and each.__module__ == source.__name__)
    return {each.__name__.rstrip("_"): each for each in sorted(own, key=lambda each: str(each.__name__))}


_NONE = object()


def _compact(described: Command) -> Document:
    from kazoo_sup.arguments.descriptions import Parameter

    parameters = [
        {key: each for key, each in parameter._asdict().items() if each != Parameter._field_defaults.get(key, _NONE)}
        for parameter in described.parameters
    ]
    entry: Document = {"name": described.name, "help": described.help, "parameters": parameters}
    if described.on_node:
        entry["on_node"] = described.on_node._asdict()
    return entry


def _command(module_name: str, entry: Document) -> Command:
    from kazoo_sup.arguments.descriptions import Command, OnNode, Parameter

    parameters = tuple(
        Parameter(**{**parameter, "choices": tuple(parameter.get("choices", ()))}) for parameter in entry["parameters"]
    )
    on_node = OnNode(**entry["on_node"]) if "on_node" in entry else None
    return Command(module_name, entry["name"], entry["help"], parameters, on_node)


if __name__ == "__main__":
    Path(__file__).with_name(_MANIFEST).write_text(manifest_text(), encoding="utf-8")

"""Which commands exist, known without importing them.

`catalogue.jsonl` is written from the functions themselves by `python -m kazoo_sup.catalogue`; a test fails when it is
stale. Listing, help, completion and "did you mean" read it, so none of them imports a command file. Its first line has
the one-line help of every module, each other line one module whole, and only those asked for are parsed. Modules of
third parties come from the entry-point group `kazoo_sup.commands` (name: the sup module, value: the Python module) and
are imported only when they are asked for by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazoo_sup.errors import UnknownFunction, UnknownModule

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint
    from types import ModuleType

    from kazoo_sup.command import Command

GROUP = "kazoo_sup.commands"
_MANIFEST = Path(__file__).with_name("catalogue.jsonl")


@dataclass(frozen=True, slots=True)
class Module:
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
        entry = _entry(name)
        return Module(name, entry["help"], {f["name"]: _command(name, f) for f in entry["functions"]})
    entry_point = _entry_points().get(name)
    if entry_point is None:
        raise UnknownModule(module=name, hint=nearest(name, modules()))
    return describe(name, entry_point.load())


def command(module_name: str, name: str) -> Command:
    """Return the description of one function.

    Raises UnknownModule or UnknownFunction, with the nearest names.
    """
    functions = module(module_name).functions
    if name not in functions:
        raise UnknownFunction(module=module_name, function=name, hint=nearest(name, functions))
    return functions[name]


def function(module_name: str, name: str) -> Callable[..., Any]:
    """Import the module and return the function itself, to be called."""
    entry_point = None if module_name in _summaries() else _entry_points()[module_name]
    source = entry_point.load() if entry_point else import_module(f"kazoo_sup.commands.{module_name}")
    return _functions(source)[name]


def commands() -> Iterator[Command]:
    """Yield every function of our own modules, by module and name."""
    for name in _summaries():
        yield from module(name).functions.values()


def nearest(name: str, names: Mapping[str, Any]) -> str:
    """Return the words that end an error about an unknown NAME: `; did you mean a or b?`, or nothing."""
    from difflib import get_close_matches

    near = get_close_matches(name, names, n=3, cutoff=0.6) or [known for known in names if name and name in known][:3]
    return f"; did you mean {' or '.join(near)}?" if near else ""


def describe(name: str, source: ModuleType) -> Module:
    """Read a module's functions from the module itself."""
    from kazoo_sup.command import describe as describe_function

    functions = {found: describe_function(name, each) for found, each in _functions(source).items()}
    return Module(name, (source.__doc__ or "").strip(), functions)


def manifest_text() -> str:
    """Return what `catalogue.jsonl` shall hold, from the functions of `kazoo_sup/commands`."""
    summaries, entries = {}, []
    for path in sorted(_MANIFEST.with_name("commands").glob("[!_]*.py")):
        found = describe(path.stem, import_module(f"kazoo_sup.commands.{path.stem}"))
        functions = [_compact(each) for each in found.functions.values()]
        summaries[found.name] = found.summary
        entries.append({"name": found.name, "help": found.help, "functions": functions})
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in (summaries, *entries))


@cache
def _manifest() -> str:
    return _MANIFEST.read_text(encoding="utf-8")


@cache
def _summaries() -> dict[str, str]:
    found: dict[str, str] = json.loads(_manifest().partition("\n")[0])
    return found


@cache
def _entry(name: str) -> dict[str, Any]:
    begin = _manifest().index(f'\n{{"name": "{name}"') + 1
    found: dict[str, Any] = json.loads(_manifest()[begin : _manifest().index("\n", begin)])
    return found


@cache
def _entry_points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {entry_point.name: entry_point for entry_point in entry_points(group=GROUP)}


def _functions(source: ModuleType) -> dict[str, Callable[..., Any]]:
    from kazoo_sup.command import is_command

    own = (each for each in vars(source).values() if is_command(each) and each.__module__ == source.__name__)
    return {each.__name__.rstrip("_"): each for each in sorted(own, key=lambda each: str(each.__name__))}


def _compact(described: Command) -> dict[str, Any]:
    from kazoo_sup.command import Parameter

    defaults = {field.name: field.default for field in fields(Parameter)}
    parameters = [
        {key: each for key, each in asdict(parameter).items() if each != defaults[key]}
        for parameter in described.parameters
    ]
    return {"name": described.name, "help": described.help, "parameters": parameters}


def _command(module_name: str, entry: dict[str, Any]) -> Command:
    from kazoo_sup.command import Command, Parameter

    parameters = tuple(
        Parameter(**{**parameter, "choices": tuple(parameter.get("choices", ()))}) for parameter in entry["parameters"]
    )
    return Command(module_name, entry["name"], entry["help"], parameters)


if __name__ == "__main__":
    _MANIFEST.write_text(manifest_text(), encoding="utf-8")

"""A plain typed Python function becomes a sup function.

    @command
    def set_default(zone: Zone, category: str, key: Key, value: str) -> Outcome:
        \"\"\"Set KEY of CATEGORY to the text VALUE for every node.\"\"\"

The module is the file, the name the function's, the arguments its positional parameters, the options its keyword-only
ones, the help its docstring. Kazoo's arities are Python defaults. A parameter annotated with `Zone`, `Settings` or
`Run` is not typed by the user: the run hands it in. Text becomes a value by the parameter's type:
`Annotated[T, Reads(...)]` names a reader of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from kazoo_sup.errors import BadArgument, SupError

Function = TypeVar("Function", bound=Callable[..., Any])

_INJECTED = ("Zone", "Settings", "Run")


@dataclass(frozen=True, slots=True)
class Reads:
    """How a parameter's text is read: `reader(text, zone)` returns the value or raises ValueError with the reason.

    What is `secret` is never shown.
    """

    reader: Callable[[str, Any], Any]
    metavar: str | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter that the user types; `kind` is "argument", "arguments" (any number) or "option"."""

    name: str
    kind: str
    type: str
    metavar: str
    default: Any = None
    required: bool = True
    choices: tuple[str, ...] = ()
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """What there is to know about one sup function without calling it."""

    module: str
    name: str
    help: str
    parameters: tuple[Parameter, ...]

    @property
    def summary(self) -> str:
        """The first line of the help."""
        return self.help.partition("\n")[0]

    @property
    def arguments(self) -> str:
        """The positional parameters as a usage line shows them: `CATEGORY KEY [DEFAULT]`."""
        words = []
        for parameter in self.parameters:
            if parameter.kind == "arguments":
                words.append(f"[{parameter.metavar}]…")
            elif parameter.kind == "argument":
                words.append(parameter.metavar if parameter.required else f"[{parameter.metavar}]")
        return " ".join(words)

    def shown(self, words: Sequence[str]) -> list[str]:
        """Return the positional words as they may be shown, without what is secret."""
        secret = [each.secret for each in self.parameters if each.kind != "option"]
        return ["****" if place < len(secret) and secret[place] else word for place, word in enumerate(words)]

    @property
    def usage(self) -> str:
        """How the command is typed."""
        return f"sup {self.module} {self.name} {self.arguments}".rstrip()


def command(function: Function) -> Function:
    """Mark FUNCTION as a sup function of the module it stands in. A trailing underscore is no part of its name."""
    function.__sup_command__ = True  # type: ignore[attr-defined]
    return function


def is_command(thing: object) -> bool:
    """Tell whether THING is a function marked with `command`."""
    return getattr(thing, "__sup_command__", False) is True


def describe(module: str, function: Callable[..., Any]) -> Command:
    """Read everything about a marked function of a sup module from its signature and docstring."""
    hints = get_type_hints(function, include_extras=True)
    parameters = tuple(
        _parameter(parameter, hints[parameter.name])
        for parameter in inspect.signature(function).parameters.values()
        if not _injected(hints[parameter.name])
    )
    return Command(module, function.__name__.rstrip("_"), inspect.getdoc(function) or "", parameters)


def bind(function: Callable[..., Any], words: Sequence[str], options: dict[str, Any], given: dict[str, Any]) -> Any:
    """Read WORDS by the types of FUNCTION's parameters and call it.

    `options` are its keyword-only values as the command line parsed them; `given` holds what is handed in
    ("Zone", "Settings", "Run"), each a function called only when the parameter is there.
    Raises BadArgument when a word cannot be read as its parameter's type.
    """
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters.values()
    zone = None
    if any(_injected(hints[parameter.name]) == "Zone" for parameter in parameters):
        zone = given["Zone"]()
    arguments: list[Any] = []
    rest = list(words)
    for parameter in parameters:
        hint = hints[parameter.name]
        injected = _injected(hint)
        if injected:
            arguments.append(zone if injected == "Zone" else given[injected]())
        elif parameter.kind is parameter.VAR_POSITIONAL:
            arguments.extend(_read(parameter.name, hint, word, zone) for word in rest)
        elif parameter.kind is not parameter.KEYWORD_ONLY and rest:
            arguments.append(_read(parameter.name, hint, rest.pop(0), zone))
    named = {each.name.rstrip("_"): each.name for each in parameters if each.kind is each.KEYWORD_ONLY}
    chosen = {
        named[name]: _read(name, hints[named[name]], value, zone) if isinstance(value, str) else value
        for name, value in options.items()
    }
    return function(*arguments, **chosen)


def _injected(hint: Any) -> str:
    """Name what a parameter of this type is handed in, if anything."""
    name = getattr(hint, "__name__", "")
    return name if name in _INJECTED else ""


def _parameter(parameter: inspect.Parameter, hint: Any) -> Parameter:
    plain = _plain(hint)
    reads = _reads(hint)
    kind = "argument"
    if parameter.kind is parameter.VAR_POSITIONAL:
        kind = "arguments"
    elif parameter.kind is parameter.KEYWORD_ONLY:
        kind = "option"
    required = parameter.default is parameter.empty and kind != "arguments"
    name = parameter.name.rstrip("_")
    return Parameter(
        name=name,
        kind=kind,
        type="text" if reads else getattr(plain, "__name__", "text"),
        metavar=(reads.metavar if reads and reads.metavar else name.upper()),
        default=None if required or parameter.default is parameter.empty else parameter.default,
        required=required,
        choices=tuple(map(str, get_args(plain))) if get_origin(plain) is Literal else (),
        secret=bool(reads and reads.secret),
    )


def _reads(hint: Any) -> Reads | None:
    for part in get_args(hint) if get_origin(hint) in (Annotated, Union, UnionType) else ():
        if isinstance(part, Reads):
            return part
        found = _reads(part)
        if found:
            return found
    return None


def _plain(hint: Any) -> Any:
    """Strip Annotated and `| None` from a type."""
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return _plain(next(part for part in get_args(hint) if part is not type(None)))
    return hint


def _read(name: str, hint: Any, word: str, zone: Any) -> Any:
    reads = _reads(hint)
    plain = _plain(hint)
    try:
        if reads:
            return reads.reader(word, zone)
        if get_origin(plain) is Literal:
            return _choice(word, get_args(plain))
        return _READERS.get(plain, str)(word)
    except SupError:
        raise
    except ValueError as error:
        raise BadArgument(parameter=name.rstrip("_").upper(), reason=str(error)) from error


def _choice(word: str, choices: Sequence[str]) -> str:
    if word not in choices:
        raise ValueError(f"{word!r} is none of {', '.join(choices)}")
    return word


def _integer(word: str) -> int:
    # int() would also take "1_000" and blanks around it, which Erlang's binary_to_integer does not.
    digits = word[1:] if word[:1] in "+-" else word
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{word!r} is not a whole number")
    return int(word)


def _number(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        raise ValueError(f"{word!r} is not a number") from None
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN differs from itself
        raise ValueError(f"{word!r} is not a number")
    return number


def _boolean(word: str) -> bool:
    if word not in ("true", "false"):
        raise ValueError(f"{word!r} is neither true nor false")
    return word == "true"


_READERS: dict[Any, Callable[[str], Any]] = {
    int: _integer,
    float: _number,
    bool: _boolean,
    Path: lambda word: Path(word).expanduser(),
}

"""A plain typed Python function becomes a sup function.

    @command
    def set_default(zone: Zone, category: str, key: Key, value: str) -> Done:
        \"\"\"Set KEY of CATEGORY to the text VALUE for every node.\"\"\"

The module is the file, the name the function's, the arguments its positional parameters, the options its keyword-only
ones, the help its docstring. Kazoo's arities are Python defaults. A parameter annotated with `Zone`, `Settings` or
`Run` is not typed by the user: the run hands it in. Text becomes a value by the parameter's type:
`Annotated[T, Reads(...)]` names a reader of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from kazoo_sup.arguments.descriptions import Command, OnNode, Parameter
from kazoo_sup.arguments.reads import MayBeEmpty, Reads, path_of, utf_8
from kazoo_sup.errors import BadArgument, SupError

if TYPE_CHECKING:
    from inspect import Parameter as Declared

    from kazoo_sup.types import Values

Function = TypeVar("Function", bound=Callable[..., object])
Mark = TypeVar("Mark")
Given = TypeVar("Given")

_INJECTED = ("Zone", "Settings", "Run")

_VAR_POSITIONAL = 0x04
"""The flag of code that takes any number of arguments: inspect.CO_VARARGS."""


def command(function: Function) -> Function:
    """Mark FUNCTION as a sup function of the module it is in. A trailing underscore is no part of its name."""
    function.__sup_command__ = True  # type: ignore[attr-defined]
    return function


def is_command(thing: object) -> bool:
    """Return whether THING is a function marked with `command`."""
    return getattr(thing, "__sup_command__", False) is True


def describe(module: str, function: Callable[..., object]) -> Command:
    """Read everything about a marked function of a sup module from its signature and docstring."""
    import inspect

    hints = get_type_hints(function, include_extras=True)
    parameters = [
        _parameter(parameter, hints[parameter.name])
        for parameter in inspect.signature(function).parameters.values()
        if not _injected(hints[parameter.name])
    ]
    # Two of a kind go by their own names: who reads `ACCOUNT ACCOUNT` does not know which is which.
    typed = [each.metavar for each in parameters if each.kind != "option"]
    told = tuple(
        each._replace(metavar=each.name.upper()) if typed.count(each.metavar) > 1 else each for each in parameters
    )
    return Command(module, function.__name__.rstrip("_"), inspect.getdoc(function) or "", told)


def described_on_node(module: str, entry: OnNode) -> Command:
    """Return what there is to know about a function of the table ON_NODE of a sup module."""
    parameters = []
    for word in entry.parameters.split():
        metavar = word.strip("[]")
        required = metavar == word
        parameters.append(Parameter(metavar.lower(), "argument", "str", metavar, required=required))
    return Command(module, entry.name, entry.help, tuple(parameters), entry)


def bind(
    function: Callable[..., Given], words: Sequence[str], options: Values, given: Mapping[str, Callable[[], object]]
) -> Given:
    """Read WORDS by the types of FUNCTION's parameters and call it.

    `options` are its keyword-only values as the command line parsed them; `given` holds what is handed in
    ("Zone", "Settings", "Run"), each a function called only when the parameter is there.
    Raises BadArgument when a word cannot be read as its parameter's type.
    """
    hints = get_type_hints(function, include_extras=True)
    positional, keyword_only, remaining = _parameters(function)
    zone = given["Zone"]() if "Zone" in map(_injected, hints.values()) else None
    arguments: list[object] = []
    rest = list(words)
    for name in positional:
        injected = _injected(hints[name])
        if injected:
            arguments.append(zone if injected == "Zone" else given[injected]())
        elif rest:
            arguments.append(_named(name, hints[name], rest.pop(0), zone))
    if remaining:
        arguments.extend(_named(remaining, hints[remaining], word, zone) for word in rest)
    named = {name.rstrip("_"): name for name in keyword_only}
    chosen = {
        named[name]: _read(name, hints[named[name]], value, zone) if isinstance(value, str) else value
        for name, value in options.items()
    }
    return function(*arguments, **chosen)


def _parameters(function: Callable[..., object]) -> tuple[Sequence[str], Sequence[str], str]:
    """Return the names of the positional parameters, of the keyword-only ones, and of that which takes all the rest.

    They are those of what a decorator wraps, as its types are. Only the description of a function needs `inspect`,
    which is dear to import.
    """
    while (wrapped := getattr(function, "__wrapped__", None)) is not None:
        function = wrapped
    code = function.__code__
    names = iter(code.co_varnames)
    positional, keyword_only = tuple(islice(names, code.co_argcount)), tuple(islice(names, code.co_kwonlyargcount))
    return positional, keyword_only, next(names) if code.co_flags & _VAR_POSITIONAL else ""


def _injected(hint: object) -> str:
    """Name what a parameter of this type is handed in, if anything."""
    name = getattr(hint, "__name__", "")
    return name if name in _INJECTED else ""


def _parameter(parameter: Declared, hint: object) -> Parameter:
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
        type="text" if reads and get_origin(plain) is not tuple else getattr(plain, "__name__", "text"),
        metavar=(reads.metavar if reads and reads.metavar else name.upper()),
        default=None if required or parameter.default is parameter.empty else parameter.default,
        required=required,
        choices=tuple(map(str, get_args(plain))) if get_origin(plain) is Literal else (),
        secret=bool(reads and reads.secret),
        file=reads.file if reads else plain is Path,
    )


def _reads(hint: object) -> Reads | None:
    return _marked(hint, Reads)


def _marked(hint: object, mark: type[Mark]) -> Mark | None:
    """Return the MARK that a type is annotated with, if any."""
    for part in get_args(hint) if get_origin(hint) in (Annotated, Union, UnionType) else ():
        if isinstance(part, mark):
            return part
        found = _marked(part, mark)
        if found:
            return found
    return None


def _plain(hint: object) -> object:
    """Strip Annotated and `| None` from a type."""
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return _plain(next(part for part in get_args(hint) if part is not type(None)))
    return hint


def _named(name: str, hint: object, word: str, zone: object) -> object:
    """Read a word that names something unless its type says that it may be empty."""
    reads = _reads(hint)
    is_text = _plain(hint) in (str, Path) and (reads is None or reads.file)
    if not word.strip() and is_text and not _marked(hint, MayBeEmpty):
        raise BadArgument(parameter=name.rstrip("_").upper(), reason="it is blank" if word else "it is empty")
    return _read(name, hint, word, zone)


def _read(name: str, hint: object, word: str, zone: object) -> object:
    reads = _reads(hint)
    plain = _plain(hint)
    try:
        if reads:
            return reads.reader(word, zone)
        if get_origin(plain) is Literal:
            return _choice(word, get_args(plain))
        return _READERS.get(plain, utf_8)(word)
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


_READERS: dict[object, Callable[[str], object]] = {
    int: _integer,
    float: _number,
    bool: _boolean,
    Path: path_of,
}

"""Typer's parameters, made of the catalogue's descriptions and of the table of options.

Arguments stay the words that were typed: `command.bind` reads them, by the types of the function that is run. Options
are read here, each by one of the readers below, which raise typer.BadParameter with what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from typer.core import TyperArgument, TyperOption

from kazoo_sup.cli import options
from kazoo_sup.cli.options import FORMATS

if TYPE_CHECKING:
    from typer import _click as click

    from kazoo_sup.arguments.descriptions import Parameter
    from kazoo_sup.cli.options import Option

    TyperParameter = TyperArgument | TyperOption

OWN = "own_"
"""Keeps a command's own parameters apart from the options that every command takes."""


def _count(text: str) -> int:
    number = _integer(text)
    if number < 0:
        raise typer.BadParameter(f"{number} is below 0.")
    return number


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a whole number.") from None


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number.") from None


def _format(text: str) -> str:
    if text not in FORMATS:
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(map(repr, FORMATS))}.")
    return text


def _text(text: str) -> str:
    """Read what names something: nothing has no name, and who leaves a variable of a script unset means no default."""
    if not text.strip():
        raise typer.BadParameter("it is empty.")
    return text


def _file(text: str) -> Path:
    return Path(_text(text))


def _own(ctx: click.Context, parameter: click.Parameter, value: object) -> object:
    """Refuse an option of a command that was given with nothing in it; its default may be that."""
    given = ctx.get_parameter_source(str(parameter.name))
    if given is not None and given.name == "COMMANDLINE":
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, str):
                _text(each)
    return value


_KINDS: Mapping[str, Callable[[str], object]] = {
    "text": _text,
    "pattern": str,
    "count": _count,
    "file": _file,
    "format": _format,
}
_TYPES: Mapping[str, Callable[[str], object]] = {"int": _integer, "float": _float}


def common() -> list[TyperParameter]:
    """Return the options that every command takes."""
    return [_common(each) for each in options.COMMON]


def own(parameter: Parameter) -> TyperParameter:
    """Return a command's own parameter: an argument as text, an option by its type."""
    name, metavar = OWN + parameter.name, parameter.metavar
    if parameter.kind == "option":
        if parameter.type == "bool":
            return TyperOption(param_decls=[name, parameter.flag], type=bool, is_flag=True, default=parameter.default)
        return TyperOption(
            param_decls=[name, parameter.flag],
            type=_TYPES.get(parameter.type, str),
            default=parameter.default,
            multiple=parameter.type == "tuple",
            metavar=metavar,
            show_default=True,
            callback=_own,
        )
    if parameter.kind == "arguments":
        return words(name, f"[{metavar}]...")
    return word(name, metavar if parameter.required else f"[{metavar}]", required=parameter.required)


def word(name: str, metavar: str, *, required: bool = False) -> TyperArgument:
    """Return an argument of one word; None where it may be left out and is."""
    return TyperArgument(param_decls=[name], type=str, metavar=metavar, required=required)


def words(name: str, metavar: str) -> TyperArgument:
    """Return an argument of any number of words."""
    return TyperArgument(param_decls=[name], type=str, metavar=metavar, nargs=-1)


def flag(names: Sequence[str], help_: str) -> TyperOption:
    """Return an option without a value."""
    return TyperOption(param_decls=list(names), type=bool, is_flag=True, default=False, help=help_)


def _common(option: Option) -> TyperOption:
    declared = [option.field, *option.names]
    if option.kind == "flag":
        return TyperOption(param_decls=declared, type=bool, is_flag=True, default=None, help=option.help)
    return TyperOption(
        param_decls=declared, type=_KINDS[option.kind], default=None, metavar=option.metavar, help=option.help
    )

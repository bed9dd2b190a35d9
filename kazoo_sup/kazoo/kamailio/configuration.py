"""Run-time settings of a proxy: GROUP.VARIABLE, as `kazoo.block_enable` or `core.debug`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from kazoo_sup.command import Reads
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.kamailio.arguments import fitting

if TYPE_CHECKING:
    from kazoo_sup.kazoo.kamailio import Ask
    from kazoo_sup.outcome import Row


@dataclass(frozen=True, slots=True)
class Name:
    """A group, and a variable in it unless the whole group is meant; a group may have an id, tcp[1]."""

    group: str
    variable: str | None = None


def get(ask: Ask, name: Name) -> Iterator[Row]:
    """Yield the variable, or all that can be read of the group."""
    if name.variable:
        yield {"variable": f"{name.group}.{name.variable}", "value": ask("cfg.get", [name.group, name.variable])}
        return
    found = ask("cfg.get", [name.group])
    if not found:
        # A group that does not exist is answered like an empty one.
        raise BadArgument(parameter="NAME", reason=f"there is no group {name.group!r} of settings")
    for variable, value in sorted(found.items()):
        yield {"variable": f"{name.group}.{variable}", "value": value}


def set_(ask: Ask, name: Name, value: str, *, dry_run: bool) -> tuple[Any, str | int]:
    """Set a variable to VALUE, of the kind it has, at once; return what it was and what it is.

    Raises BadArgument when it is a number and VALUE is none. VALUE may begin with s: or i:, as arguments of `rpc` do.
    """
    before = ask("cfg.get", [name.group, str(name.variable)])
    after: str | int = value.removeprefix("s:")
    if isinstance(before, int):
        try:
            after = fitting(int(value.removeprefix("i:"), 0))
        except ValueError:
            reason = f"{value!r} is not a whole number of 32 bits, as {name.group}.{name.variable} is"
            raise BadArgument(parameter="VALUE", reason=reason) from None
    if not dry_run:
        method = "cfg.set_now_int" if isinstance(after, int) else "cfg.set_now_string"
        ask(method, [name.group, str(name.variable), after])
    return before, after


def _read_name(text: str, _zone: Any) -> Name:
    group, dot, variable = text.partition(".")
    if not group or (dot and not variable):
        raise ValueError(f"{text!r} is not like GROUP.VARIABLE, for example kazoo.block_enable")
    return Name(group, variable or None)


def _read_variable(text: str, zone: Any) -> Name:
    name = _read_name(text, zone)
    if not name.variable:
        raise ValueError(f"{text!r} is not like GROUP.VARIABLE, for example kazoo.block_enable")
    return name


GroupOrVariable = Annotated[Name, Reads(_read_name, "NAME")]

Variable = Annotated[Name, Reads(_read_variable, "NAME")]

"""Run-time settings of a proxy: GROUP.VARIABLE, as `kazoo.block_enable` or `core.debug`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.kamailio.arguments import fitting

if TYPE_CHECKING:
    from kazoo_sup.kazoo.kamailio import Ask
    from kazoo_sup.types import Json, Row
    from kazoo_sup.zone import Zone


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


def set_(zone: Zone, ask: Ask, name: Name, value: str) -> tuple[Json, str | int]:
    """Set a variable to VALUE, of the kind it has, at once; return what it was and what it is.

    Raises BadArgument when it is a number and VALUE is not. VALUE may begin with s: or i:, as arguments of `rpc` do.
    """
    before = ask("cfg.get", [name.group, str(name.variable)])
    after: str | int = value.removeprefix("s:")
    if isinstance(before, int):
        try:
            after = fitting(int(value.removeprefix("i:"), 0))
        except ValueError:
            reason = f"{value!r} is not a whole number of 32 bits, as {name.group}.{name.variable} is"
            raise BadArgument(parameter="VALUE", reason=reason) from None
    variable = f"{name.group}.{name.variable}"
    method = "cfg.set_now_int" if isinstance(after, int) else "cfg.set_now_string"
    changes.act(
        zone,
        f"set {variable} of {ask.name}",
        lambda: ask(method, [name.group, str(name.variable), after]),
        was=changes.Was(before, ("kamailio", "config_set", variable, str(before), ask.name), after),
        shown=lambda: None,
    )
    return before, after

"""Every error that `sup` can end with, as a table: a developer's, who imports all of the program for it."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from string import Formatter

import kazoo_sup
from kazoo_sup.errors import SupError


def kinds() -> list[type[SupError]]:
    """Return all classes of errors of the program, by id; those with a name of their module's own are only bases."""
    for module in pkgutil.walk_packages(kazoo_sup.__path__, f"{kazoo_sup.__name__}."):
        if not module.name.endswith(".__main__"):
            import_module(module.name)
    found = {kind for kind in _below(SupError) if kind.__module__.startswith(f"{kazoo_sup.__name__}.")}
    return sorted((kind for kind in found if kind.__name__[0] != "_"), key=lambda kind: kind.identifier)


def _below(kind: type[SupError]) -> Iterator[type[SupError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _below(each)


def error_table() -> str:
    """Return the table of ids, exit codes, sentences and what to do."""
    rows = (
        f"| `{kind.identifier}` | {int(kind.exit_code)} | {_cell(kind.__doc__ or '')} | {_cell(kind.remedy)} |\n"
        for kind in kinds()
    )
    return f"| id | code | message | fix |\n| --- | ---: | --- | --- |\n{''.join(rows)}"


def _cell(template: str) -> str:
    """Return a template with its attributes as names in braces."""
    plain = "".join(f"{before}{{{name}}}" if name else before for before, name, _, _ in Formatter().parse(template))
    return plain.replace("|", "\\|").replace("<", "&lt;")

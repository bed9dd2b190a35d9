"""The rows of a Listing are read while they are shown: nothing may be done by that. What works is a Live, or is Done.

Where no row is asked for any more (`| head`, an error on the way), what is behind the others would never be done.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import kazoo_sup
from kazoo_sup import changes

ROOT = Path(kazoo_sup.__file__).parent
DOOR = {name for name in changes.__all__ if name[0].islower()} - {"creation", "edit", "rebuild", "removal", "same"}


@cache
def parsed(module):
    path = ROOT.parent / Path(*module.split("."))
    file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    return ast.parse(file.read_text()) if file.exists() else ast.Module([], [])


@cache
def functions(module):
    return {node.name: node for node in parsed(module).body if isinstance(node, ast.FunctionDef)}


@cache
def imported(module):
    found = (node for node in ast.walk(parsed(module)) if isinstance(node, ast.ImportFrom))
    return {each.asname or each.name: (node.module or "", each.name) for node in found for each in node.names}


def names_in(module, node):
    """The functions that a piece of source names, each with its module."""
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id in imported(module):
            yield ".".join(imported(module)[each.value.id]), each.attr
        elif isinstance(each, ast.Name) and each.id in imported(module):
            yield imported(module)[each.id]
        elif isinstance(each, ast.Name) and each.id in functions(module):
            yield module, each.id


def makes_rows(module, name):
    """Whether a function is a generator, which works only when its rows are asked for."""
    function = functions(module).get(name)
    return function is not None and any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function))


def reaches_the_door(starts):
    seen, waiting = set(starts), list(starts)
    while waiting:
        module, name = waiting.pop()
        if module == "kazoo_sup.changes" and name in DOOR:
            return True
        if name not in functions(module):
            continue
        more = set(names_in(module, functions(module)[name])) - seen
        seen |= more
        waiting += more
    return False


def behind_rows(module, command, made):
    """What runs when the rows of a result are asked for: generators, local ones too, and what others map."""
    names = {node.id for each in made.args for node in ast.walk(each) if isinstance(node, ast.Name)}
    pieces = list(made.args)
    for node in ast.walk(command):
        if isinstance(node, ast.Assign) and names & {each.id for each in node.targets if isinstance(each, ast.Name)}:
            pieces.append(node.value)
        elif isinstance(node, ast.FunctionDef) and node is not command and node.name in names:
            yield from names_in(module, node)
    for piece in pieces:
        yield from (each for each in names_in(module, piece) if makes_rows(*each))
        for node in ast.walk(piece):
            if isinstance(node, ast.GeneratorExp):
                yield from names_in(module, node)


def that_write(kind):
    """The commands whose results of a kind change something when their rows are asked for."""
    for path in sorted((ROOT / "commands").glob("*.py")):
        module = f"kazoo_sup.commands.{path.stem}"
        for command in functions(module).values():
            calls = (node for node in ast.walk(command) if isinstance(node, ast.Call))
            made = [each for each in calls if isinstance(each.func, ast.Name) and each.func.id == kind]
            if any(reaches_the_door(set(behind_rows(module, command, each))) for each in made):
                yield f"{path.stem} {command.name}"


def test_no_listing_works_while_it_is_shown():
    assert list(that_write("Listing")) == []


def test_what_works_is_found():
    assert list(that_write("working")) == ["couchdb compact", "couchdb view_cleanup", "couchdb backup"]

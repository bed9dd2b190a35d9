"""The cluster's settings, printed for reading: system_config as plain text and JSON."""

from __future__ import annotations

from collections.abc import Callable

from kazoo_sup import terms
from kazoo_sup.command import command
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.results import UNDEFINED, Answer, Result
from kazoo_sup.terms import Atom, Term
from kazoo_sup.types import Document
from kazoo_sup.zone import Zone


@command
def get(zone: Zone, category: str, key: str) -> Result:
    """Print the value of KEY of CATEGORY; an object on one line."""
    return _print(system_config.get(zone, category, key, UNDEFINED), terms.json_encode)


@command
def get_pp(zone: Zone, category: str, key: str) -> Result:
    """Print the value of KEY of CATEGORY; an object indented."""
    return _print(system_config.get(zone, category, key, UNDEFINED), terms.json_pretty)


@command
def get_json(zone: Zone, category: str, key: str) -> Result:
    """Print the object at KEY of CATEGORY on one line; undefined when it is not an object."""
    return _print(_object(zone, category, key), terms.json_encode)


@command
def get_json_pp(zone: Zone, category: str, key: str) -> Result:
    """Print the object at KEY of CATEGORY indented; undefined when it is not an object."""
    return _print(_object(zone, category, key), terms.json_pretty)


@command
def get_category(zone: Zone, category: str) -> Result:
    """Print the whole document of CATEGORY on one line."""
    return _print_category(zone, category, terms.json_encode)


@command
def get_category_pp(zone: Zone, category: str) -> Result:
    """Print the whole document of CATEGORY indented."""
    return _print_category(zone, category, terms.json_pretty)


def _object(zone: Zone, category: str, key: str) -> Document | Atom:
    found = system_config.get(zone, category, key, UNDEFINED)
    return found if isinstance(found, dict) else UNDEFINED


def _print_category(zone: Zone, category: str, encode: Callable[[object], str]) -> Result:
    document = zone.configuration(category)
    return Answer(lines=["error: not_found"]) if document is None else _print(document, encode)


def _print(found: Term, encode: Callable[[object], str]) -> Result:
    """Print a value as Kazoo's kapps_config_maintenance:pp/2 does: text bare, objects as JSON, the rest as a term.

    Only the _pp functions join a list of texts.
    """
    if isinstance(found, dict):
        line = encode(found)
    elif isinstance(found, str) and not isinstance(found, terms.Atom):
        line = found
    elif encode is terms.json_pretty and isinstance(found, list) and found and isinstance(found[0], str):
        line = ", ".join(map(str, found))
    else:
        line = terms.pretty(found)
    return Answer(data=None if found == UNDEFINED else found, lines=[line])

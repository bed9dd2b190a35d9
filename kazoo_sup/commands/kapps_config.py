"""The cluster's settings: system_config, by category and key.

A key with dots is a path into objects. A node reads its own section first, then its zone's, then the default one; the
node is NODE, or else the one given by --node on this host. DEFAULT answers where nothing is found; it is never
written back, as Kazoo does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.errors import BadValue, Declined
from kazoo_sup.kazoo import system_config, values
from kazoo_sup.kazoo.system_config import DATABASE, DEFAULT, MISSING
from kazoo_sup.kazoo.values import Float, Integer, Json, Setting
from kazoo_sup.outcome import UNDEFINED, Outcome, value
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone

NOT_FOUND = (Atom("error"), Atom("not_found"))


@command
def get(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY as NODE sees it, else DEFAULT, else undefined."""
    return value(_get(zone, category, key, default, node))


@command
def get_current(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY as it is stored now; every read here is."""
    return value(_get(zone, category, key, default, node))


@command
def fetch_current(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY as it is stored now, or an error when there is no such category."""
    if zone.configuration(category) is None:
        return value(NOT_FOUND)
    return value(_get(zone, category, key, default, node))


@command
def get_node_value(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value that NODE's own section of CATEGORY holds for KEY; DEFAULT only when there is no such category."""
    document = zone.configuration(category)
    if document is None:
        return value(UNDEFINED if default is None else default)
    found = system_config.in_section(document, node or zone.node, key)
    return value(UNDEFINED if found is MISSING else found)


@command
def get_category(zone: Zone, category: str) -> Outcome:
    """Show the whole document of CATEGORY."""
    document = zone.configuration(category)
    return value(NOT_FOUND) if document is None else value((Atom("ok"), document), data=document)


@command
def fetch_category(zone: Zone, category: str, cached: bool = True) -> Outcome:
    """Show the whole document of CATEGORY; it is read fresh whatever CACHED says."""
    return get_category(zone, category)


@command
def get_all_kvs(zone: Zone, category: str) -> Outcome:
    """Show all keys and values of this node's section of CATEGORY, or of the default one if the node has none."""
    document = zone.configuration(category) or {}
    section = document.get(zone.node, document.get(DEFAULT)) or {}
    return value(list(section.items()), data=section)


@command
def get_string(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY as an Erlang string."""
    return _cast(zone, category, key, default, node, values.to_charlist)


@command
def get_binary(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY as text."""
    return _cast(zone, category, key, default, node, values.to_text)


@command
def get_atom(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY as an atom."""
    return _cast(zone, category, key, default, node, values.to_atom)


@command
def get_integer(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY as a whole number."""
    return _cast(zone, category, key, default, node, values.to_integer)


@command
def get_pos_integer(
    zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None
) -> Outcome:
    """Show the value of KEY of CATEGORY where it is a whole number above 0, else DEFAULT."""
    return _checked(zone, category, key, default, node, lambda found: _is_integer(found) and found > 0)


@command
def get_non_neg_integer(
    zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None
) -> Outcome:
    """Show the value of KEY of CATEGORY where it is a whole number not below 0, else DEFAULT."""
    return _checked(zone, category, key, default, node, lambda found: _is_integer(found) and found >= 0)


@command
def get_float(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY as a number with a fraction."""
    return _cast(zone, category, key, default, node, values.to_float)


@command
def get_boolean(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY as true or false, else DEFAULT as it was typed."""
    found = _get(zone, category, key, default, node)
    return value(found if found in (default, UNDEFINED) else _converted(category, key, found, values.to_boolean))


@command
def get_is_true(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Tell whether KEY of CATEGORY is true; only true and the text "true" are."""
    return _cast(zone, category, key, default, node, values.is_true)


@command
def is_true(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Tell whether KEY of CATEGORY is true; only true and the text "true" are."""
    return _cast(zone, category, key, default, node, values.is_true)


@command
def get_is_false(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Tell whether KEY of CATEGORY is false; only false and the text "false" are."""
    return _cast(zone, category, key, default, node, values.is_false)


@command
def get_json(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY where it is an object, else DEFAULT."""
    return _checked(zone, category, key, default, node, lambda found: isinstance(found, dict))


@command
def get_jsons(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY where it is a list of objects, else DEFAULT, else the empty list."""
    found = _get(zone, category, key, default, node)
    if isinstance(found, list) and all(isinstance(each, dict) for each in found):
        return value(found)
    return value([] if default is None else default)


@command
def get_ne_binary(zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None) -> Outcome:
    """Show the value of KEY of CATEGORY as text unless it is empty, else DEFAULT."""
    found = _get(zone, category, key, default, node)
    if found == UNDEFINED or values.is_empty(found):
        return value(UNDEFINED if default is None else default)
    return value(_converted(category, key, found, values.to_text))


@command
def get_ne_binaries(
    zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None
) -> Outcome:
    """Show the texts of the list at KEY of CATEGORY that are not empty, else DEFAULT; a single text stays one."""
    found = _get(zone, category, key, default, node)
    if isinstance(found, list) and found:
        return value([_converted(category, key, each, values.to_text) for each in found if not values.is_empty(each)])
    if isinstance(found, str) and found and found != UNDEFINED:
        return value(found)
    return value(UNDEFINED if default is None else default)


@command
def get_ne_binary_or_ne_binaries(
    zone: Zone, category: str, key: str, default: str | None = None, node: str | None = None
) -> Outcome:
    """Show the text, or the texts of the list, at KEY of CATEGORY that are not empty, else DEFAULT."""
    return get_ne_binaries(zone, category, key, default, node)


@command
def set_(zone: Zone, category: str, key: str, setting: Setting, node: str | None = None) -> Outcome:
    """Set KEY of CATEGORY to SETTING where NODE sees it: in its own section if KEY stands there, else for every node.

    SETTING is text, unless it is written as a JSON list or object.
    """
    return _saved(zone, category, key, setting, section=node or zone.node)


@command
def set_default(zone: Zone, category: str, key: str, setting: Setting) -> Outcome:
    """Set KEY of CATEGORY to SETTING for every node that has no value of its own.

    SETTING is text, unless it is written as a JSON list or object.
    """
    return _saved(zone, category, key, setting, section=DEFAULT)


@command
def update_default(zone: Zone, category: str, key: str, setting: Setting) -> Outcome:
    """Set KEY of CATEGORY to SETTING for every node that has no value of its own, as set_default does."""
    return _saved(zone, category, key, setting, section=DEFAULT)


@command
def set_node(zone: Zone, category: str, key: str, setting: Setting, node: str) -> Outcome:
    """Set KEY of CATEGORY to SETTING in the section of NODE (name@host, or a zone).

    SETTING is text, unless it is written as a JSON list or object.
    """
    return _saved(zone, category, key, setting, section=node, always=True)


@command
def set_string(zone: Zone, category: str, key: str, text: str) -> Outcome:
    """Set KEY of CATEGORY to TEXT as it stands."""
    return _saved(zone, category, key, text, section=zone.node)


@command
def set_integer(zone: Zone, category: str, key: str, number: Integer) -> Outcome:
    """Set KEY of CATEGORY to NUMBER, rounded to a whole one."""
    return _saved(zone, category, key, number, section=zone.node)


@command
def set_float(zone: Zone, category: str, key: str, number: Float) -> Outcome:
    """Set KEY of CATEGORY to NUMBER, with a fraction."""
    return _saved(zone, category, key, number, section=zone.node)


@command
def set_boolean(zone: Zone, category: str, key: str, flag: bool) -> Outcome:
    """Set KEY of CATEGORY to FLAG, true or false."""
    return _saved(zone, category, key, flag, section=zone.node)


@command
def set_json(zone: Zone, category: str, key: str, json: Json) -> Outcome:
    """Set KEY of CATEGORY to any JSON value; null removes KEY."""
    return _saved(zone, category, key, json, section=zone.node)


@command
def flush(zone: Zone, category: str | None = None, key: str | None = None, node: str | None = None) -> Outcome:
    """Make every node read all of system_config anew.

    Kazoo flushes one node's copy of CATEGORY, or of KEY in NODE's section; here every node forgets its copies of every
    category, which one message can ask for. Nothing stored is touched.
    """
    changes.forget(zone, DATABASE)
    return Outcome()


@command
def is_locked(zone: Zone) -> Outcome:
    """Tell whether Kazoo's config.ini on this host locks system_config."""
    return value(zone.settings.locked)


@command
def lock_db(zone: Zone, locked: bool = True) -> Outcome:
    """Refused: whether system_config is LOCKED is kept in the memory of one running node."""
    raise Declined(
        reason="the lock is kept in the memory of one running node and cannot be set from outside; "
        "lock_system_config in Kazoo's config.ini sets it for good"
    )


def _get(zone: Zone, category: str, key: str, default: str | None, node: str | None) -> Any:
    return system_config.get(zone, category, key, UNDEFINED if default is None else default, node)


def _cast(
    zone: Zone, category: str, key: str, default: str | None, node: str | None, cast: Callable[[Any], Any]
) -> Outcome:
    """Show a value turned into another type; what is not there stays undefined."""
    found = _get(zone, category, key, default, node)
    return value(found if found == UNDEFINED and default is None else _converted(category, key, found, cast))


def _checked(
    zone: Zone, category: str, key: str, default: str | None, node: str | None, fits: Callable[[Any], bool]
) -> Outcome:
    """Show a value that fits, else the default."""
    found = _get(zone, category, key, default, node)
    return value(found if fits(found) else UNDEFINED if default is None else default)


def _converted(category: str, key: str, found: Any, cast: Callable[[Any], Any]) -> Any:
    try:
        return cast(found)
    except ValueError as error:
        raise BadValue(what=f"{category} {key}", reason=str(error)) from error


def _is_integer(found: Any) -> bool:
    return isinstance(found, int) and not isinstance(found, bool)


def _saved(zone: Zone, category: str, key: str, setting: Any, *, section: str, always: bool = False) -> Outcome:
    document = system_config.set_value(zone, category, key, setting, section=section, always=always)
    return value((Atom("ok"), document), data=document)

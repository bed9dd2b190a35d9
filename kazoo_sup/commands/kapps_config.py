"""The cluster's settings: system_config, by category and key.

A key with dots is a path into objects. A node reads its own section first, then its zone's, then the default one; the
node is NODE, or else the one given by --node on this host. DEFAULT answers where nothing is found; it is never
written back, as Kazoo does.
"""

from __future__ import annotations

from collections.abc import Callable

from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.arguments.reads import Text
from kazoo_sup.arguments.values import Float, Integer, JsonSetting, Setting
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.config.system_config import DATABASE, DEFAULT, MISSING
from kazoo_sup.kazoo.documents import values
from kazoo_sup.results import UNDEFINED, Answer, Done, Result
from kazoo_sup.terms import Atom, Term
from kazoo_sup.terms.values import is_integer
from kazoo_sup.types import Json
from kazoo_sup.zone import Zone

NOT_FOUND = (Atom("error"), Atom("not_found"))
NO_CATEGORY = (Atom("error"), Atom("empty_doc_id"))
"""Kazoo's answer where a category has no name."""


@command
def get(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Answer:
    """Show the value of KEY of CATEGORY as NODE sees it, else DEFAULT, else undefined."""
    return Answer(_get(zone, category, key, default, node))


@command
def get_current(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Answer:
    """Show the value of KEY of CATEGORY as it is stored now; every read here is."""
    return Answer(_get(zone, category, key, default, node))


@command
def fetch_current(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Answer:
    """Show the value of KEY of CATEGORY as it is stored now, or an error when there is no such category."""
    if zone.configuration(category) is None:
        return Answer(_missing(category))
    return Answer(_get(zone, category, key, default, node))


@command
def get_node_value(
    zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None
) -> Answer:
    """Show the value that NODE's own section of CATEGORY holds for KEY; DEFAULT only when there is no such category."""
    document = zone.configuration(category)
    if document is None:
        return Answer(UNDEFINED if default is None else default)
    found = system_config.in_section(document, node or zone.node, key)
    return Answer(UNDEFINED if found is MISSING else found)


@command
def get_category(zone: Zone, category: Text) -> Answer:
    """Show the whole document of CATEGORY."""
    document = zone.configuration(category)
    return Answer(_missing(category)) if document is None else Answer((Atom("ok"), document), data=document)


@command
def fetch_category(zone: Zone, category: Text, cached: bool = True) -> Result:
    """Show the whole document of CATEGORY; it is read fresh whatever CACHED says."""
    return get_category(zone, category)


@command
def get_all_kvs(zone: Zone, category: Text) -> Answer:
    """Show all keys and values of this node's section of CATEGORY, or of the default one if the node has none."""
    section = system_config.section_of(zone, category, zone.node, DEFAULT)
    return Answer(list(section.items()), data=section)


@command
def get_string(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Result:
    """Show the value of KEY of CATEGORY as an Erlang string."""
    return _cast(zone, category, key, default, node, values.to_charlist)


@command
def get_binary(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Result:
    """Show the value of KEY of CATEGORY as text."""
    return _cast(zone, category, key, default, node, values.to_text)


@command
def get_atom(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Result:
    """Show the value of KEY of CATEGORY as an atom."""
    return _cast(zone, category, key, default, node, values.to_atom)


@command
def get_integer(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Result:
    """Show the value of KEY of CATEGORY as a whole number."""
    return _cast(zone, category, key, default, node, values.to_integer)


@command
def get_pos_integer(
    zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None
) -> Result:
    """Show the value of KEY of CATEGORY where it is a whole number above 0, else DEFAULT."""
    return _checked(zone, category, key, default, node, lambda found: is_integer(found) and found > 0)


@command
def get_non_neg_integer(
    zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None
) -> Result:
    """Show the value of KEY of CATEGORY where it is a whole number not below 0, else DEFAULT."""
    return _checked(zone, category, key, default, node, lambda found: is_integer(found) and found >= 0)


@command
def get_float(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Result:
    """Show the value of KEY of CATEGORY as a number with a fraction."""
    return _cast(zone, category, key, default, node, values.to_float)


@command
def get_boolean(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Answer:
    """Show the value of KEY of CATEGORY as true or false, else DEFAULT as it was typed."""
    found = _get(zone, category, key, default, node)
    return Answer(found if found in (default, UNDEFINED) else _converted(category, key, found, values.to_boolean))


@command
def get_is_true(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Result:
    """Show whether KEY of CATEGORY is true; only true and the text "true" are."""
    return _cast(zone, category, key, default, node, values.is_true)


@command
def is_true(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Result:
    """Show whether KEY of CATEGORY is true; only true and the text "true" are."""
    return _cast(zone, category, key, default, node, values.is_true)


@command
def get_is_false(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Result:
    """Show whether KEY of CATEGORY is false; only false and the text "false" are."""
    return _cast(zone, category, key, default, node, values.is_false)


@command
def get_json(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Result:
    """Show the value of KEY of CATEGORY where it is an object, else DEFAULT."""
    return _checked(zone, category, key, default, node, lambda found: isinstance(found, dict))


@command
def get_jsons(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Answer:
    """Show the value of KEY of CATEGORY where it is a list of objects, else DEFAULT, else the empty list."""
    found = _get(zone, category, key, default, node)
    if isinstance(found, list) and all(isinstance(each, dict) for each in found):
        return Answer(found)
    return Answer([] if default is None else default)


@command
def get_ne_binary(zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None) -> Answer:
    """Show the value of KEY of CATEGORY as text unless it is empty, else DEFAULT."""
    found = _get(zone, category, key, default, node)
    if found == UNDEFINED or values.is_empty(found):
        return Answer(UNDEFINED if default is None else default)
    return Answer(_converted(category, key, found, values.to_text))


@command
def get_ne_binaries(
    zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None
) -> Answer:
    """Show the texts of the list at KEY of CATEGORY that are not empty, else DEFAULT; a single text stays one."""
    found = _get(zone, category, key, default, node)
    if isinstance(found, list) and found:
        return Answer([_converted(category, key, each, values.to_text) for each in found if not values.is_empty(each)])
    if isinstance(found, str) and found and found != UNDEFINED:
        return Answer(found)
    return Answer(UNDEFINED if default is None else default)


@command
def get_ne_binary_or_ne_binaries(
    zone: Zone, category: Text, key: str, default: Text | None = None, node: str | None = None
) -> Result:
    """Show the text, or the texts of the list, at KEY of CATEGORY that are not empty, else DEFAULT."""
    return get_ne_binaries(zone, category, key, default, node)


@command
def set_(zone: Zone, category: Text, key: str, setting: Setting, node: str | None = None) -> Result:
    """Set KEY of CATEGORY to SETTING where NODE sees it: in its own section if KEY is there, else for every node.

    SETTING is text, unless it is written as a JSON list or object.
    """
    return _saved(zone, category, key, setting, section=node or zone.node)


@command
def set_default(zone: Zone, category: Text, key: str, setting: Setting) -> Result:
    """Set KEY of CATEGORY to SETTING for every node that has no value of its own.

    SETTING is text, unless it is written as a JSON list or object.
    """
    return _saved(zone, category, key, setting, section=DEFAULT)


@command
def update_default(zone: Zone, category: Text, key: str, setting: Setting) -> Result:
    """Set KEY of CATEGORY to SETTING for every node that has no value of its own, as set_default does."""
    return _saved(zone, category, key, setting, section=DEFAULT)


@command
def set_node(zone: Zone, category: Text, key: str, setting: Setting, node: str) -> Result:
    """Set KEY of CATEGORY to SETTING in the section of NODE (name@host, or a zone).

    SETTING is text, unless it is written as a JSON list or object.
    """
    return _saved(zone, category, key, setting, section=node, always=True)


@command
def set_string(zone: Zone, category: Text, key: str, text: Text) -> Result:
    """Set KEY of CATEGORY to TEXT as it stands."""
    return _saved(zone, category, key, text, section=zone.node)


@command
def set_integer(zone: Zone, category: Text, key: str, number: Integer) -> Result:
    """Set KEY of CATEGORY to NUMBER, rounded to a whole one."""
    return _saved(zone, category, key, number, section=zone.node)


@command
def set_float(zone: Zone, category: Text, key: str, number: Float) -> Result:
    """Set KEY of CATEGORY to NUMBER, with a fraction."""
    return _saved(zone, category, key, number, section=zone.node)


@command
def set_boolean(zone: Zone, category: Text, key: str, flag: bool) -> Result:
    """Set KEY of CATEGORY to FLAG, true or false."""
    return _saved(zone, category, key, flag, section=zone.node)


@command
def set_json(zone: Zone, category: Text, key: str, json: JsonSetting) -> Result:
    """Set KEY of CATEGORY to any JSON value; null removes KEY."""
    return _saved(zone, category, key, json, section=zone.node)


@command
def flush(zone: Zone, category: str | None = None, key: str | None = None, node: str | None = None) -> Done:
    """Make every node read all of system_config again.

    Kazoo flushes one node's copy of CATEGORY, or of KEY in NODE's section; here every node forgets its copies of every
    category, which one message can ask for. Nothing stored is touched.
    """
    from kazoo_sup import changes

    changes.forget(zone, DATABASE)
    return Done()


@command
def is_locked(zone: Zone) -> Answer:
    """Show whether Kazoo's config.ini on this host locks system_config."""
    return Answer(zone.settings.locked)


def _get(zone: Zone, category: str, key: str, default: str | None, node: str | None) -> Json:
    return system_config.get(zone, category, key, UNDEFINED if default is None else default, node)


def _cast(
    zone: Zone, category: str, key: str, default: str | None, node: str | None, cast: Callable[[object], Term]
) -> Answer:
    """Show a value turned into another type; what is not there stays undefined."""
    found = _get(zone, category, key, default, node)
    return Answer(found if found == UNDEFINED and default is None else _converted(category, key, found, cast))


def _checked(
    zone: Zone, category: str, key: str, default: str | None, node: str | None, fits: Callable[[object], bool]
) -> Answer:
    """Show a value that fits, else the default."""
    found = _get(zone, category, key, default, node)
    return Answer(found if fits(found) else UNDEFINED if default is None else default)


def _converted(category: str, key: str, found: object, cast: Callable[[object], Term]) -> Term:
    try:
        return cast(found)
    except ValueError as error:
        raise BadArgument(parameter="KEY", reason=f"{category} {key}: {error}") from error


def _missing(category: str) -> tuple[Atom, Atom]:
    return NO_CATEGORY if values.is_empty(category.strip()) else NOT_FOUND


def _saved(zone: Zone, category: str, key: str, setting: object, *, section: str, always: bool = False) -> Answer:
    if values.is_empty(category.strip()):
        return Answer(NO_CATEGORY)
    from kazoo_sup.kazoo.config import setting_checks

    setting_checks.check(zone, category, key, setting)
    document = system_config.set_value(zone, category, key, setting, section=section, always=always)
    return Answer((Atom("ok"), document), data=document)


ON_NODE = (
    OnNode(
        "lock_db",
        "[LOCKED]",
        "Lock system_config on the node, or not where LOCKED is false; it takes -e.",
        "the lock is kept in the memory of one running node and cannot be set from outside; "
        "lock_system_config in Kazoo's config.ini sets it for good",
        "changes",
    ),
)
"""What only a running node can do."""

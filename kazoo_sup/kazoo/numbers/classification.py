"""Classes of numbers, by the expressions of `number_manager.classifiers`; the first that matches counts.

Source: Kazoo knm_converters:classify/1, available_classifiers/0, ?DEFAULT_CLASSIFIERS.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.config import expressions, system_config
from kazoo_sup.kazoo.documents.shapes import OBJECT
from kazoo_sup.kazoo.numbers import e164
from kazoo_sup.messages.names import number_database, plain
from kazoo_sup.types import Document, Fields

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

Classifiers = Mapping[str, Fields]

NORTH_AMERICA = "SS(###) ### - ####"
_CARIBBEAN = "684|264|268|242|246|441|284|345|767|809|829|849|473|671|876|664|670|787|939|869|758|784|721|868|649|340"

CLASSIFIERS: Classifiers = {
    "tollfree_us": {
        "regex": r"^\+1((?:800|88\d|877|866|855|844|833|822)\d{7})$",
        "friendly_name": "US TollFree",
        "pretty_print": NORTH_AMERICA,
    },
    "toll_us": {"regex": r"^\+1(900\d{7})$", "friendly_name": "US Toll", "pretty_print": NORTH_AMERICA},
    "emergency": {
        "regex": "^(911|922|933|988|833|811|711|999)$",
        "emergency": True,
        "friendly_name": "Emergency Dispatcher",
    },
    "caribbean": {
        "regex": rf"^\+?1((?:{_CARIBBEAN})\d{{7}})$",
        "friendly_name": "Caribbean",
        "pretty_print": NORTH_AMERICA,
    },
    "did_us": {
        "regex": r"^(\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})$",
        "friendly_name": "US DID",
        "pretty_print": NORTH_AMERICA,
    },
    "international": {"regex": r"^\+([2-9]\d{7,})$", "friendly_name": "International"},
    "unknown": {"regex": "^(.*)$", "friendly_name": "Unknown"},
}
"""The classifiers of a zone that configures none."""


def available(zone: Zone) -> dict[str, Document]:
    """Return the zone's classifiers in their order, each with a `friendly_name`, also those written as bare text."""
    return normalised(system_config.read(zone, "number_manager", "classifiers", dict(CLASSIFIERS), OBJECT))


def normalised(classifiers: Fields) -> dict[str, Document]:
    """Return classifiers in their present form from any that Kazoo knows; what is neither text nor object is left."""
    found: dict[str, Document] = {}
    for name, classifier in classifiers.items():
        if isinstance(classifier, str):
            found[name] = {"regex": classifier, "friendly_name": name}
        elif isinstance(classifier, Mapping):
            found[name] = {**classifier}
            found[name].setdefault("friendly_name", name)
    return found


def classify(number: str, classifiers: Classifiers = CLASSIFIERS) -> str | None:
    """Return the name of the first class to which NUMBER (E.164) belongs, or None.

    Raises BadExpression once it comes to a class whose expression PCRE does not take.
    """
    for name, classifier in classifiers.items():
        expression = classifier.get("regex")
        where = f"number_manager classifiers.{name}.regex"
        if expression is not None and expressions.matches(expression, number, where):
            return name
    return None


def javascript(classifiers: Classifiers, block: Callable[[str], str]) -> str:
    """Return code for a view that runs BLOCK(class) for the first class to which the document's number belongs.

    The number is in `e164` then. Source: what Kazoo kazoo_number_manager_maintenance:generate_js_classifiers/1 does.
    """
    branches = [
        f"if (e164.match({json.dumps(classifier['regex'], ensure_ascii=False)})) {block(name)}"
        for name, classifier in classifiers.items()
        if isinstance(classifier.get("regex"), str)
    ]
    return f"var e164 = doc._id; {' else '.join(branches)}"


EXPLAINED = ("number", "e164", "npan", "1npan", "class", "reconcilable", "database")


def explained(zone: Zone, typed: str, account: str | None = None) -> Document:
    """Return what the zone, or an account (an id) of it, makes of a number as somebody types or dials it."""
    number = e164.for_account(typed, account, zone) if account else e164.converted(typed, zone)
    database = number_database(number)
    return {
        "number": typed,
        "e164": number,
        "npan": e164.to_npan(number),
        "1npan": e164.to_1npan(number),
        "class": classify(number, available(zone)),
        "reconcilable": e164.is_reconcilable(number, zone),
        "database": database and plain(database),
    }

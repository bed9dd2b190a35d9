"""Documents against the JSON schemas of system_schemas: what is wrong where, and the values that schemas fill in.

Schemas are draft 4 as Kazoo uses it: `$ref` names another stored schema, keywords of Kazoo's own are passed over, of
formats only email, date-time, ipv4 and ipv6 are looked at, and expressions are PCRE. Source: Kazoo
kz_json_schema:validate/2, error_to_jobj/2, default_object/1, and the jesse it uses.

fastjsonschema says whether a document fits, and stops at the first fault; what else is wrong is found by taking away
what does not fit and asking again. The `iter_errors` of jsonschema would name all at once, but not those that Kazoo
names: of objects that lack something only the first, of values that do not fit nothing below them. To tell these apart
would take as many lines as are here, beside five packages, one of them compiled, and four times the time to import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.config import expressions
from kazoo_sup.kazoo.config.schemas import UnusableSchema, parts, referred
from kazoo_sup.terms import Atom
from kazoo_sup.types import Document, Json

if TYPE_CHECKING:
    from fastjsonschema import JsonSchemaValueException

Load = Callable[[str], Document]
"""Returns the schema of a name, or raises UnknownSchema."""

_LOOKED_AT = frozenset({"email", "date-time", "ipv4", "ipv6"})
_EMAIL = "^[^@]+@[^@]+$"
_STAND_IN = "expression_"
_WORDS = {
    "minLength": "wrong_length",
    "maxLength": "wrong_length",
    "minimum": "not_in_range",
    "maximum": "not_in_range",
    "minItems": "wrong_size",
    "maxItems": "wrong_size",
    "minProperties": "too_few_properties",
    "maxProperties": "too_many_properties",
    "pattern": "no_match",
    "required": "missing_required_property",
    "type": "wrong_type",
    "format": "wrong_format",
    "enum": "not_in_enum",
    "uniqueItems": "not_unique",
    "additionalProperties": "no_extra_properties_allowed",
    "additionalItems": "no_extra_items_allowed",
}
_SENTENCES = {
    "minLength": "String must be at least {0} characters",
    "maxLength": "String must not be more than {0} characters",
    "minimum": "Value must be at least {0}",
    "maximum": "Value must be at most {0}",
    "minItems": "The list must have at least {0} items",
    "maxItems": "The list is more than {0} items",
    "minProperties": "The object must have at least {0} keys",
    "pattern": "Failed to match pattern '{0}'",
    "type": "Value did not match type(s): {0}",
    "enum": "Value not found in enumerated list of values",
    "uniqueItems": "List of items is not unique",
    "additionalProperties": "Strict checking of data is enabled; only include schema-defined properties",
    "additionalItems": "Strict checking of data is enabled; only include schema-defined items",
}
_OF_VALUES = ("minLength", "maxLength", "minimum", "maximum", "pattern", "enum")
_NOTHING = object()
_UNTARGETED = frozenset({"uniqueItems", "additionalProperties", "additionalItems"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, the schema's keyword, what it asks for and what is there."""

    path: tuple[str, ...]
    keyword: str
    target: Json
    value: Json

    @property
    def word(self) -> Atom:
        """Kazoo's atom for this kind of fault."""
        return Atom(_WORDS.get(self.keyword, self.keyword))

    def as_json(self) -> Document:
        """Return the fault as Kazoo's API tells it."""
        if self.keyword == "required":
            return {"message": "Field is required but missing", "value": self.path[-1]}
        if self.keyword == "format":
            return {"message": "Field is not in the correct format", "value": self.value, "format": self.target}
        sentence = _SENTENCES.get(self.keyword)
        if sentence is None:
            return {"message": "failed to validate", "value": self.value}
        target = "".join(self.target) if self.keyword == "type" and isinstance(self.target, list) else self.target
        told = {"message": sentence.format(target)}
        if self.keyword not in _UNTARGETED:
            told["target"] = target
        if self.keyword in ("minLength", "maxLength"):
            told["cause"] = self.value
        return {**told, "value": self.value}


class InvalidDocument(SupError):
    """{what} does not fit its schema: {reason}"""

    what: str
    reason: str


def as_json(faults: list[Fault]) -> Document:
    """Return faults as one object, by path and keyword, in the order in which Kazoo's API merges them."""
    told: dict[str, Document] = {}
    for fault in faults:
        code = "wrong_format" if fault.keyword == "format" else fault.keyword
        told.setdefault(dotted(fault.path), {})[code] = fault.as_json()
    return merged(told)


def merged(told: Document) -> Document:
    """Order errors as Kazoo's kz_json:merge/2 leaves them: keys the last first, at every depth, and nothing null.

    What is in lists stays as it is.
    """
    found = {key: merged(told[key]) if isinstance(told[key], dict) else told[key] for key in sorted(told, reverse=True)}
    return {key: each for key, each in found.items() if each is not None}


def dotted(path: tuple[str, ...]) -> str:
    """Write a path as errors name it."""
    return ".".join(str(each).replace(".", "%2E") for each in path)


def reject(what: str, found: list[Fault]) -> None:
    """Raise InvalidDocument, with path and reason of each fault, if there is any; WHAT names the document."""
    if found:
        reasons = (f"{dotted(each.path) or 'it'}: {each.as_json()['message']}" for each in found)
        raise InvalidDocument(what=what, reason="; ".join(reasons))


def faults(schema: Document, document: Document, load: Load) -> list[Fault]:
    """Return all that is wrong with a document; what is missing comes last.

    Raises UnusableSchema where the schema, or one that it refers to, is none: anybody may have stored it.
    """
    from fastjsonschema import JsonSchemaValueException

    whole = _compiled(schema, load, required=True)
    try:
        whole(deepcopy(document))
    except JsonSchemaValueException:
        found = list(_misfits(_compiled(schema, load, required=False), document))
        return [*found, *_missing(whole, document, found)]
    return []


def with_defaults(schema: Document, document: Document, load: Load) -> Document:
    """Return the document with the values that the schema gives to what is missing.

    Objects that are there are filled in too, also those that are a default; what lies below a missing one is not.
    """
    filled = dict(document)
    for key, each in parts(schema).items():
        part = load(referred(each["$ref"])) if isinstance(each.get("$ref"), str) else each
        if key not in filled and "default" in part:
            filled[key] = deepcopy(part["default"])
        if isinstance(filled.get(key), dict):
            filled[key] = with_defaults(part, filled[key], load)
    return filled


def _misfits(validate: Callable[[object], object], document: Document) -> Iterator[Fault]:
    """Yield what does not fit, one by one: each is taken away before the next is looked for."""
    from fastjsonschema import JsonSchemaValueException

    left = deepcopy(document)
    while True:
        try:
            validate(left)
        except JsonSchemaValueException as error:
            path = _path(left, error)
            yield _fault(path, error)
            yield from _misfits_beside(path, error)
            if not _take_away(left, path):
                return
        else:
            return


def _misfits_beside(path: tuple[str, ...], error: JsonSchemaValueException) -> Iterator[Fault]:
    """Yield what else is wrong with the value of an error: the validator stops at the first keyword it breaks."""
    from fastjsonschema import JsonSchemaValueException

    keywords = {key: each for key, each in error.definition.items() if key in _OF_VALUES and key != error.rule}
    for key, each in keywords.items():
        try:
            _quietly_compiled({key: each})(error.value)
        except JsonSchemaValueException as other:
            yield _fault(path, other)


def _missing(validate: Callable[[object], object], document: Document, found: list[Fault]) -> list[Fault]:
    """Return what is required and missing of the first object that lacks something."""
    from fastjsonschema import JsonSchemaValueException

    left = deepcopy(document)
    for fault in found:
        if fault.path:
            _take_away(left, fault.path)
    try:
        validate(left)
    except JsonSchemaValueException as error:
        if error.rule == "required":
            path = _path(left, error)
            lacking = [
                key for key in error.rule_definition if key not in error.value and _is_missing(document, (*path, key))
            ]
            return [Fault((*path, key), "required", None, key) for key in lacking]
    return []


def _is_missing(document: Document, path: tuple[str, ...]) -> bool:
    """Return whether nothing stood at PATH of the document from the beginning."""
    return reduce(_step, path, document) is None


def _fault(path: tuple[str, ...], error: JsonSchemaValueException) -> Fault:
    target = error.rule_definition
    if error.rule == "pattern":
        target = _expression(target)
        target = "email" if target == _EMAIL else target
    keyword = "format" if error.rule == "pattern" and target == "email" else str(error.rule)
    return Fault(path, keyword, target, error.value)


def _path(document: Document, error: JsonSchemaValueException) -> tuple[str, ...]:
    """Return the path of an error in a document; the validator parts it at dots, also at those of keys."""
    path: list[str] = []
    found: Json = document
    parts = [str(each) for each in error.path[1:]]
    while parts:
        key = parts.pop(0)
        while isinstance(found, dict) and key not in found and parts:
            key = f"{key}.{parts.pop(0)}"
        path.append(key)
        found = _step(found, key)
    return tuple(path)


def _step(found: object, key: str) -> Json:
    if isinstance(found, list):
        return found[int(key)] if key.isdecimal() and int(key) < len(found) else None
    return found.get(key) if isinstance(found, dict) else None


def _take_away(document: Document, path: tuple[str, ...]) -> bool:
    """Remove what is at PATH, the whole list where that is an element of one; False where nothing is there."""
    for key in path[:-1]:
        if isinstance(document.get(key), list):
            del document[key]
            return True
        if not isinstance(document.get(key), dict):
            return False
        document = document[key]
    return bool(path) and document.pop(path[-1], _NOTHING) is not _NOTHING


def _compiled(schema: Document, load: Load, *, required: bool) -> Callable[[Json], Json]:
    definitions: Document = {}
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name not in definitions:
            definitions[name] = load(name)
            waiting.extend(_references(definitions[name]))
    prepared = {name: _prepared(each, required=required) for name, each in definitions.items()}
    whole = {**_prepared(schema, required=required), "definitions": prepared}
    try:
        return _quietly_compiled(whole)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:  # whatever the compiler meets
        names = ", ".join(filter(None, [str(schema.get("_id") or ""), *definitions]))
        raise UnusableSchema(schema=names or "of this setting", reason=str(error)) from error


def _quietly_compiled(schema: Document) -> Callable[[Json], Json]:
    """Compile a schema whose expressions are stand-ins: in their place PCRE's reading is put."""
    import fastjsonschema

    compiled: Callable[[Json], Json] = fastjsonschema.compile(schema, use_default=False)
    patterns = compiled.__globals__["REGEX_PATTERNS"]
    for standing_in in patterns:
        if standing_in.startswith(_STAND_IN):
            expression = _expression(standing_in)
            patterns[standing_in] = expressions.read_for_text(expression, "a pattern of the schema")
    return compiled


def _stand_in(expression: str) -> str:
    """Return what Python's own reader, which the validator uses, takes for an expression without reading it."""
    return _STAND_IN + expression.encode("utf-8", "surrogatepass").hex()


def _expression(standing_in: str) -> str:
    return bytes.fromhex(standing_in.removeprefix(_STAND_IN)).decode("utf-8", "surrogatepass")


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield referred(schema["$ref"])
        for each in schema.values():
            yield from _references(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _references(each)


def _prepared(schema: object, *, required: bool, keyed: bool = False) -> Json:
    """Return a schema as the validator takes it. KEYED tells that its keys are names of properties, not keywords."""
    if isinstance(schema, list):
        return [_prepared(each, required=required) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if keyed:
        return {name: _prepared(each, required=required) for name, each in schema.items()}
    if isinstance(schema.get("$ref"), str):
        return {"$ref": f"#/definitions/{_pointer(referred(schema['$ref']))}"}
    prepared: Document = {}
    for key, each in schema.items():
        _add_keyword(prepared, key, each, required=required)
    return prepared


def _add_keyword(prepared: Document, key: str, each: object, *, required: bool) -> None:
    match key:
        case "_id" | "id" | "$schema" | "default":
            pass
        case "enum":
            prepared[key] = each
        case "required":
            if required and isinstance(each, list):
                prepared[key] = each
        case "format" if each == "email":
            prepared.setdefault("pattern", _stand_in(_EMAIL))
        case "format":
            if each in _LOOKED_AT:
                prepared[key] = each
        case "pattern" if isinstance(each, str):
            prepared[key] = _stand_in(each)
        case "patternProperties" if isinstance(each, dict):
            prepared[key] = {_stand_in(name): _prepared(part, required=required) for name, part in each.items()}
        case _:
            prepared[key] = _prepared(each, required=required, keyed=key in ("properties", "definitions"))


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")

"""Checking system_config documents against their schemas, and taking out of them what does not fit.

A category has the schema `system_config.CATEGORY`, which its default section and those of nodes and zones must fit; one
without a schema need only be made of sections. Source: Kazoo kapps_maintenance:validate_system_config/1,
cleanup_system_config/1, kapps_config_util:system_config_document_schema/1.

Better than there: a key is taken out wherever it is, where Kazoo only finds those of the first two levels; and a
category that is not stored is refused, where Kazoo stores an empty document under a random id. By a schema of kazoo-sup
itself nothing is taken out: it only checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import masking
from kazoo_sup.errors import Declined, NotFound
from kazoo_sup.kazoo.config import schemas
from kazoo_sup.kazoo.config.schema_validation import Fault, dotted, faults
from kazoo_sup.kazoo.config.schemas import UnknownSchema, UnusableSchema, parts
from kazoo_sup.kazoo.config.system_config import DATABASE
from kazoo_sup.kazoo.documents import public_fields, shapes, value_at, with_value
from kazoo_sup.types import Document, Json

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

DOCUMENT_SCHEMA = "system_configs"
Errors = list[Document]


class Check:
    """Checks one category after another; each schema is read once."""

    def __init__(self, zone: Zone, *, by_ours: bool = True) -> None:
        """Check against the zone's schemas, and BY_OURS where there is none of Kazoo's for a category."""
        self._zone = zone
        self._by_ours = by_ours
        self._schema = cache(partial(schemas.get, zone))

    def errors(self, category: str, document: Document | None) -> Errors:
        """Return what is wrong with a document, an object for each fault: `{path: {keyword: {"message": …}}}`.

        Secrets in it are masked.
        """
        schema = self._document_schema(category)
        given = {key: each["default"] for key, each in parts(schema).items() if "default" in each}
        found = faults(schema, {**given, **public_fields(document or {})}, self._schema)
        return [{dotted(each.path): {_code(each.keyword): _told(each)}} for each in found]

    def invalid(self) -> Iterator[tuple[str, Document, Errors]]:
        """Yield each stored category that does not fit its schema, with its document and what is wrong."""
        for document in self._zone.couchdb.documents(DATABASE):
            if document.get("pvt_type") == "config" and not document.get("pvt_deleted"):
                try:
                    found = self.errors(document["_id"], document)
                except UnusableSchema as error:
                    shapes.skip(self._zone, DATABASE, document, error)
                    continue
                if found:
                    yield document["_id"], document, found

    def _document_schema(self, category: str) -> Document:
        whole = public_fields(self._schema(DOCUMENT_SCHEMA))
        name = f"system_config.{category}"
        try:
            found = self._schema(name)
        except UnknownSchema:
            return whole
        if found.get(schemas.PROVIDER) == schemas.OURS and not self._by_ours:
            return whole
        section = {"$ref": name}
        sections = {pattern: {**each, **section} for pattern, each in parts(whole, "patternProperties").items()}
        properties = parts(whole)
        return {
            **whole,
            "properties": {**properties, "default": {**properties.get("default", {}), **section}},
            "patternProperties": sections,
        }


def validated(zone: Zone, category: str) -> Errors:
    """Return what is wrong with a category; a section that is not stored is what the schema of documents gives it."""
    return Check(zone).errors(category, zone.configuration(category))


def cleaned(zone: Zone, category: str) -> Document:
    """Take out of a category what does not fit its schema; return the document as it is stored then.

    Nodes are told to forget the category even when nothing was to be taken out, as Kazoo does.
    """
    document = zone.couchdb.get(DATABASE, category)
    if document is None:
        raise NotFound(server="CouchDB", what=f"document {category} in database {DATABASE}")
    return _clean(zone, Check(zone, by_ours=False), category, document)


def cleaned_all(zone: Zone) -> list[Document]:
    """Do so for every category that does not fit; return their documents."""
    check = Check(zone, by_ours=False)
    return [_clean(zone, check, category, document) for category, document, _errors in list(check.invalid())]


def _clean(zone: Zone, check: Check, category: str, document: Document) -> Document:
    if zone.settings.locked:
        raise Declined(reason="system_config is locked by lock_system_config in Kazoo's config.ini")

    def again(stored: Document | None) -> Document:
        changed = stored or {}
        for error in check.errors(category, stored):
            for path in error:
                changed = _without(changed, [part.replace("%2E", ".") for part in path.split(".")])
        return changed

    change = changes.rebuild(DATABASE, document, again)
    return changes.apply(zone, [changes.saved_anyway(change)]).document


def _without(document: Document, path: list[str]) -> Document:
    """Return a document without what is at PATH, the whole list where that is an element of one."""
    below: Json = document
    for place, key in enumerate(path):
        if isinstance(below, list):
            path = path[:place]
            break
        if not isinstance(below, dict) or key not in below:
            return document
        below = below[key]
    return with_value(document, path, None)


def _told(fault: Fault) -> Document:
    """Return a fault with its value as it may be shown."""
    shown = masking.of_document(with_value({}, fault.path, fault.value))
    told = fault.as_json()
    return told if fault.keyword == "required" else {**told, "value": value_at(shown, fault.path)}


def _code(keyword: str) -> str:
    return "wrong_format" if keyword == "format" else keyword

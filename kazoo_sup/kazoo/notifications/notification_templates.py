"""The templates of Kazoo's e-mails, the system's and those that accounts have customized.

Each is a document `notification.ID` with the texts as its attachments, in system_config or the account's database.
Source: Kazoo teletype_maintenance, teletype_templates, kz_notification.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report
from kazoo_sup.errors import Conflict, Declined, NotFound, SaveRefused, SupError
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.kazoo.documents import stamped, without_revision
from kazoo_sup.kazoo.documents.attachments import KEY, Contents, attached
from kazoo_sup.messages.names import plain
from kazoo_sup.results import BulkReport
from kazoo_sup.settings import resources

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields
    from kazoo_sup.zone import Zone

SYSTEM = "system_config"
APPLICATION = "teletype"
PREFIX = "notification."
SKELETON = "notification.skel"
"""The pattern for new templates; it is not a template itself."""

_LAST = "notification.zzz"
_TYPE = "notification"
_TEXTS = (("text/plain", "text"), ("text/html", "html"))
_NOBODY = {"type": "specified", "email_addresses": []}
_NOT_COPIED = ("_rev", "id", "pvt_attachments")


class NoTemplate(SupError):
    """there is no system template {id!r}"""

    id: str


class NoDefaults(Declined):
    """the defaults of {id} are known to teletype alone: it is not one of the templates of Kazoo 4.3"""

    id: str


class NoTexts(Declined):
    """the texts of {id} are files of teletype, {files}: none is here; name their directory with --templates"""

    remedy = "name their directory with --templates"

    id: str
    files: str


def database_id(name: str) -> str:
    """Return a template's document id, from itself or from the id of the template (Kazoo kz_notification:db_id/1)."""
    return name if name.startswith(PREFIX) else PREFIX + name


def template_id(name: str) -> str:
    """Return a template's own id (Kazoo kz_notification:resp_id/1)."""
    return name.removeprefix(PREFIX)


def stored_in(zone: Zone, database: str) -> list[str]:
    """Return the ids of the templates' documents in a database, without the skeleton.

    Raises NotFound where there is no such database.
    """
    found = zone.couchdb.documents(plain(database), start=PREFIX, end=_LAST, include_docs=False)
    return [each["_id"] for each in found if each["_id"] != SKELETON]


@dataclass(frozen=True, slots=True)
class CustomizationsFound:
    """An account, as the operator calls it, has customized so many templates, which are deleted."""

    account: str
    count: int


@dataclass(frozen=True, slots=True)
class Forced:
    """So many templates of the system take the place of an account's."""

    account: str
    count: int


@dataclass(frozen=True, slots=True)
class TemplateDone:
    """What became of a template (its own id) of an account: deleted, done, conflict or not_found."""

    template: str
    became: str


@dataclass(frozen=True, slots=True)
class RestoreBegun:
    """A template of the system can be restored; it has an id of its own, and its document's."""

    template: str
    document: str


@dataclass(frozen=True, slots=True)
class TemplateRestored:
    """A template of the system was restored; the operator has called it NAME."""

    template: str
    name: str


OfAccount = CustomizationsFound | Forced | TemplateDone | BulkReport
Restoring = RestoreBegun | TemplateRestored | BulkReport

DELETED, DONE, CONFLICT, NOT_FOUND = "deleted", "done", "conflict", "not_found"


def listed_in(zone: Zone, database: str) -> list[str] | None:
    """Return the ids of the templates' documents in a database; None where there is no such database."""
    try:
        return stored_in(zone, database)
    except NotFound:
        return None


def remove(zone: Zone, database: str, account: str, ids: Sequence[str]) -> Iterator[OfAccount]:
    """Delete an account's templates IDS (of documents).

    ACCOUNT is what the operator calls it. Those that are not there are passed over, as in Kazoo, and reported.
    """
    yield CustomizationsFound(account, len(ids))
    if not ids:
        yield BulkReport({})
        return
    stored = zone.couchdb.get_many(plain(database), ids)
    for missing in (each for each in ids if each not in stored):
        zone.run.warn(f"there is no {missing} in {plain(database)}")
    wanted = [stored[each] for each in ids if each in stored]
    report, became = _make(zone, [Change(database, None, each) for each in wanted], DELETED)
    yield report
    yield from became


def force(
    zone: Zone, database: str, account: str, ids: Sequence[str], customized: Sequence[str]
) -> Iterator[OfAccount]:
    """Put the system's templates IDS in the place of an account's, and delete its others of CUSTOMIZED.

    What is replaced is saved once, so that the account is never without it.
    """
    replaced = set(ids)
    yield CustomizationsFound(account, len(customized))
    if customized:
        stored = zone.couchdb.get_many(plain(database), customized)
        gone = [Change(database, None, stored[each]) for each in customized if each in stored and each not in replaced]
        report, became = _make(zone, gone, DELETED)
        yield report
        told = {each.template: each for each in became}
        for own in map(template_id, customized):
            yield told.get(own, TemplateDone(own, DELETED))
    yield Forced(account, len(ids))
    stored = zone.couchdb.get_many(plain(database), ids)
    system = zone.couchdb.get_many(SYSTEM, ids)
    with changes.together(zone):
        for each in ids:
            if each not in system:
                yield TemplateDone(template_id(each), NOT_FOUND)
                continue
            texts = _texts_of(zone, system[each])
            copy = attached(_copied(system[each], database), texts)
            report, became = _make(zone, [Change(database, copy, stored.get(each), partial(_always, copy))], DONE)
            yield report
            yield from became


def restore_all(zone: Zone, templates: Path | None) -> Iterator[Restoring]:
    """Bring every system template back to its defaults; those that cannot be are reported, and the others go on."""
    with changes.together(zone):
        for each in stored_in(zone, SYSTEM):
            try:
                yield from restore(zone, each, templates)
            except (NoTemplate, NoDefaults, NoTexts) as error:
                zone.run.report(Report(SYSTEM, each, "failed", error=error))
                yield BulkReport({"failed": 1})


def restore(zone: Zone, name: str, templates: Path | None) -> Iterator[Restoring]:
    """Bring a system template back to its defaults.

    Its texts are read from TEMPLATES, a directory with ID.html and ID.text, or else from an installed Kazoo. What it
    can fill in (`macros`) is kept. It is saved once; Kazoo deletes it and makes it again.

    Raises NoTemplate, NoDefaults and NoTexts before anything is touched.
    """
    identifier, own = database_id(name), template_id(name)
    stored = zone.couchdb.get(SYSTEM, identifier)
    if stored is None:
        raise NoTemplate(id=own)
    if own not in defaults():
        raise NoDefaults(id=own)
    texts = _texts_in(_directory(templates), own)
    if not texts and (templates or stored.get(KEY)):
        raise NoTexts(id=own, files=f"{own}.html and {own}.text")
    if not texts:
        zone.run.warn(f"{own} has no texts: teletype attaches its own when it starts")
    yield RestoreBegun(own, identifier)
    wanted = default_document(own, stored.get("macros") or {}, zone.node)
    restored = attached(wanted, texts)
    tally = changes.apply(zone, [Change(SYSTEM, restored, stored, partial(_always, restored))])
    yield BulkReport(tally.counts)
    tally.check()
    yield TemplateRestored(own, name)


def default_document(own: str, macros: Fields, node: str) -> Document:
    """Return a system template as teletype on NODE makes it, but for its texts.

    Source: Kazoo teletype_templates:create/2, update_from_params/2, teletype_util:default_from_address/0.
    """
    known = defaults()[own]
    public: Document = {
        "macros": dict(macros),
        "subject": known["subject"],
        "category": known["category"],
        "friendly_name": known["friendly_name"],
        "to": _NOBODY if known["to"] == _NOBODY["type"] else {"type": known["to"]},
        "from": f"no_reply@{node.partition('@')[2]}",
        "cc": _NOBODY,
        "bcc": _NOBODY,
    }
    document = stamped({"_id": database_id(own), **public}, SYSTEM, node=node, document_type=_TYPE)
    return {key: value for key, value in document.items() if key not in public} | public


@cache
def defaults() -> dict[str, dict[str, str]]:
    """Return subject, category, name and addressee of each template of Kazoo 4.3, by its id and in their order."""
    text = resources.read("kazoo", "notifications", "notification_defaults.json")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found


def _make(zone: Zone, wanted: Sequence[Change], done: str) -> tuple[BulkReport, list[TemplateDone]]:
    """Make changes; return what was counted, and what became of each template."""
    tally = changes.apply(zone, wanted)
    failed = {error.id for error in tally.errors if isinstance(error, Conflict | SaveRefused)}
    became = [TemplateDone(template_id(each.id), CONFLICT if each.id in failed else done) for each in wanted]
    return BulkReport(tally.counts), became


def _copied(source: Document, database: str) -> Document:
    """Return a document as Kazoo copies it into another database (kzs_doc:copy_doc/5): it stays the system's own."""
    kept = {key: value for key, value in source.items() if key not in _NOT_COPIED}
    return {**kept, "pvt_account_db": database}


def _texts_of(zone: Zone, document: Document) -> dict[str, Contents]:
    """Return the attachments of a system template."""
    found = {}
    for name, stub in (document.get(KEY) or {}).items():
        content = zone.couchdb.get_attachment(SYSTEM, document["_id"], name, rev=document["_rev"])
        if content is not None:
            with content:
                found[name] = (stub["content_type"], content.read())
    return found


def _directory(templates: Path | None) -> Path | None:
    if templates is not None:
        return templates
    installed = view_registrations.installed(APPLICATION)
    return installed / "priv/templates" if installed else None


def _texts_in(directory: Path | None, own: str) -> dict[str, Contents]:
    """Return the texts of a template from files, by the names of their attachments."""
    if directory is None:
        return {}
    files = {content_type: directory / f"{own}.{ending}" for content_type, ending in _TEXTS}
    return {
        f"template.{content_type}": (content_type, file.read_bytes())
        for content_type, file in files.items()
        if file.is_file()
    }


def _always(document: Document, stored: Document | None) -> Document:
    """Take the place of whatever somebody saved in between."""
    return {**without_revision(document), **({"_rev": stored["_rev"]} if stored else {})}

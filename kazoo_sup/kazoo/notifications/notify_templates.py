"""The templates of the application notify, teletype's predecessor: files of it, merged into system_config/notify.*.

Source: Kazoo notify_maintenance:refresh_template/0. Notify also knows the texts that its files held in former versions,
and updates a document that still has one of them; here a text that is not the file's counts as edited by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import Declined, SupError
from kazoo_sup.kazoo.config import erlang_config
from kazoo_sup.kazoo.config.system_config import DATABASE, DEFAULT
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.kazoo.databases.walk import LAST
from kazoo_sup.kazoo.documents import text_files
from kazoo_sup.results import BulkReport

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

APPLICATION = "notify"

_FILE, _ENDING, _ID = "notify_", ".config", "notify."
_MODULES = """
cnam_request deregister fax_inbound_error_to_email fax_inbound_to_email fax_outbound_error_to_email
fax_outbound_to_email first_occurrence low_balance new_account password_recovery port_cancel port_request ported
system_alert topup transaction voicemail_full voicemail_to_email
"""
"""The modules of notify, but for their beginning."""

_TEXTS = ("default_text_template", "default_html_template", "default_subject_template")


class NotInstalled(Declined):
    """the templates are files of the application notify, which is not installed here"""


class BadTemplate(SupError):
    """{file}: {reason}"""

    file: Path | str
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentsSought:
    """The documents of notify are looked for in a database."""

    database: str


@dataclass(frozen=True, slots=True)
class FilesSought:
    """The files of notify are looked for in a directory."""

    directory: str


@dataclass(frozen=True, slots=True)
class Matched:
    """A file (its name) was looked up: whether there are a document and a module of its name."""

    file: str
    document: bool
    module: bool


@dataclass(frozen=True, slots=True)
class AllMatched:
    """Every file was looked up."""


@dataclass(frozen=True, slots=True)
class FileUnreadable:
    """A file (its name) could not be read."""

    file: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A file was compared with its document, or with none; KEYS are as `merged` has them."""

    file: str
    document: str
    exists: bool
    keys: dict[str, str]


@dataclass(frozen=True, slots=True)
class Saved:
    """A document was saved; or, not UPDATED, somebody else changes it."""

    document: str
    updated: bool


ADDED, NO_TEMPLATE, EQUAL, EDITED = "added", "no_template", "equal", "edited"
"""What became of a key: the document lacked it; it is not a text; it is the file's; it was edited by hand."""

Refreshing = DocumentsSought | FilesSought | Matched | AllMatched | FileUnreadable | Compared | Saved


def refresh(zone: Zone) -> Iterator[Refreshing | BulkReport]:
    """Add to the documents what they lack of the templates in the files.

    Raises NotInstalled. A file that cannot be read is passed over, as in Kazoo, and reported.
    """
    directory = view_registrations.installed(APPLICATION)
    if directory is None:
        raise NotInstalled
    place = directory / "priv"
    yield DocumentsSought(DATABASE)
    listed = zone.couchdb.documents(DATABASE, start=_ID, end=f"{_ID}{LAST}", include_docs=False)
    ids = {each["_id"] for each in listed}
    yield FilesSought(str(place))
    files = sorted(place.glob(f"{_FILE}*"))
    matched = []
    for file in files:
        name = file.name.removeprefix(_FILE).removesuffix(_ENDING)
        known = _is_module(directory, name)
        yield Matched(file.name, document=f"{_ID}{name}" in ids, module=known)
        if known:
            matched.append((file, f"{_ID}{name}"))
    yield AllMatched()
    for file, identifier in matched:
        yield from _compared(zone, file, identifier)


def _is_module(directory: Path, name: str) -> bool:
    return name in _MODULES.split() or (directory / "ebin" / f"{_FILE}{name}.beam").is_file()


def _compared(zone: Zone, file: Path, identifier: str) -> Iterator[Refreshing | BulkReport]:
    try:
        wanted = templates(text_files.read(file))
    except (OSError, ValueError) as error:
        zone.run.warn(str(BadTemplate(file=file, reason=str(error))))
        yield FileUnreadable(file.name)
        return
    stored = zone.couchdb.get(DATABASE, identifier)
    keys, document = merged(wanted, stored or {"_id": identifier, DEFAULT: {}})
    yield Compared(file.name, identifier, exists=stored is not None, keys=keys)
    tally = changes.apply(zone, [Change(DATABASE, document, stored, partial(_again, wanted, identifier))])
    yield BulkReport(tally.counts)
    yield Saved(identifier, updated=not tally.errors)


def templates(text: str) -> Document:
    """Return the keys and values of a template's file. Raises ValueError for anything else."""
    found = {}
    for term in erlang_config.read(text):
        if not (isinstance(term, tuple) and len(term) == 2):  # noqa: PLR2004 - a key and a value
            raise ValueError("it holds something else than pairs of a key and a value")
        found[str(term[0])] = term[1]
    return found


def merged(wanted: Document, document: Document) -> tuple[dict[str, str], Document]:
    """Return what became of each key (ADDED, NO_TEMPLATE, EQUAL or EDITED), and the document with those it lacks."""
    keys, section = {}, dict(document.get(DEFAULT) or {})
    for key, value in wanted.items():
        if key not in section:
            keys[key] = ADDED
            section[key] = value
        elif key not in _TEXTS:
            keys[key] = NO_TEMPLATE
        else:
            keys[key] = EQUAL if section[key] == value else EDITED
    return keys, document if section == document.get(DEFAULT) else {**document, DEFAULT: section}


def _again(wanted: Document, identifier: str, stored: Document | None) -> Document:
    return merged(wanted, stored or {"_id": identifier, DEFAULT: {}})[1]

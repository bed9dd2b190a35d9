"""Media documents without audio, and prompts whose ids stand URL-encoded.

Source: Kazoo kazoo_media_maintenance:remove_empty_media_docs/0,1, fix_media_names/0.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO
from urllib.parse import unquote_plus

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import Declined, NotFound, SupError
from kazoo_sup.kazoo import views
from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.failures import Failures
from kazoo_sup.kazoo.media.prompts import DATABASE
from kazoo_sup.kazoo.upkeep import document_moves
from kazoo_sup.kazoo.upkeep.document_moves import Place
from kazoo_sup.names import account_database, plain

if TYPE_CHECKING:
    from kazoo_sup.kazoo.numbers.places import NamedAccount
    from kazoo_sup.zone import Zone

ARCHIVES = "/tmp"  # noqa: S108 - where Kazoo keeps them; they are made anew, for their owner only


def remove_empty_prompts(zone: Zone) -> Iterator[str]:
    """Delete the documents of system_media that have no audio, and tell of each.

    Raises NotFound for a missing database, and PartlyFailed.
    """
    failures = Failures("deletions")
    with changes.together(zone):
        for document in zone.couchdb.documents(DATABASE):
            if document.get("_attachments") or "_design" in document["_id"]:
                continue
            yield f"media document {document['_id']} has no attachments, removing"
            failures.include(changes.apply(zone, [_deletion(DATABASE, document)]))
    failures.end()


def remove_empty_media(zone: Zone, account: NamedAccount) -> Iterator[str]:
    """Delete the media of an account that have no audio, after keeping each in a file, and tell of it.

    Raises Declined when the file cannot be written, and PartlyFailed.
    """
    failures = Failures("deletions")
    database = account_database(account.id)
    try:
        ids = [row["id"] for row in views.rows(zone, database, "media", "crossbar_listing")]
    except NotFound:
        yield f"error looking up media docs in account {account.said}: not_found"
        raise
    if not ids:
        yield f"no media docs in account {account.said}"
        return
    yield f"found {len(ids)} media docs in account {account.said}"
    name = f"{ARCHIVES}/empty_media_{account.id}_{now()}.json"
    yield f"archiving removed media docs to {name}"
    with _archive(zone, name) as file, changes.together(zone):
        for identifier in ids:
            document = zone.couchdb.get(plain(database), identifier)
            if document is None:
                continue
            if document.get("_attachments"):
                yield f"media doc {identifier} has attachments, leaving alone"
                continue
            yield f"media doc {identifier} has no attachments, archiving and removing"
            _write(file, name, document)
            yield f"dumping media doc {identifier} to file : ok"
            tally = changes.apply(zone, [_deletion(database, document)])
            failures.include(tally)
            if not tally.errors:
                yield f"removed media doc {identifier}"
    yield f"finished cleaning up empty media docs for account {account.said}"
    failures.end()


def rename_encoded(zone: Zone) -> bool:
    """Give prompts whose ids stand URL-encoded their real ones; tell whether there were any.

    Raises NotFound for a missing database, and PartlyFailed.
    """
    found = False
    failures = Failures("renamings")
    with changes.together(zone):
        for each in zone.couchdb.documents(DATABASE, include_docs=False):
            name = each["_id"]
            real = unquote_plus(name, errors="strict") if _is_encoded(name) else name
            if real == name:
                continue
            found = True
            document = zone.couchdb.get(DATABASE, name)
            if document is not None:
                try:
                    _rename(zone, document, real)
                except SupError as error:
                    failures.note(zone, DATABASE, name, error)
    failures.end()
    return found


def _is_encoded(name: str) -> bool:
    try:
        return unquote_plus(name, errors="strict") != name
    except UnicodeDecodeError:
        return False  # a name that no document can have


def _rename(zone: Zone, document: Document, real: str) -> None:
    document_moves.move(
        zone,
        document,
        Place(DATABASE, document["_id"]),
        Place(DATABASE, real),
        transform=lambda moved: {**moved, "name": real},
    )


def _deletion(database: str, document: Document) -> Change:
    """Return the change that deletes a document, unless it got its audio meanwhile."""

    def again(stored: Document | None) -> Document:
        if stored is None or stored.get("_attachments"):
            return stored or {"_id": document["_id"], "_deleted": True}
        return {"_id": stored["_id"], "_rev": stored["_rev"], "_deleted": True}

    return Change(database, None, document, again)


def _archive(zone: Zone, name: str) -> TextIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        if zone.run.dry_run:
            return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - the caller closes it
        return os.fdopen(os.open(name, flags, 0o600), "w", encoding="utf-8")
    except OSError as error:
        raise Declined(reason=f"cannot write {name}: {error.strerror}") from error


def _write(file: TextIO, name: str, document: Document) -> None:
    try:
        file.write(f"{terms.json_encode(document)}\n")
        file.flush()
    except OSError as error:
        raise Declined(reason=f"cannot write {name}: {error.strerror}") from error

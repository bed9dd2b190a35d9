"""The stand-in CouchDB of memory_couchdb with attachments, and with the views that media, faxes and voicemail read."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterator
from typing import Any

from memory_couchdb import Document, MemoryCouchDB, MemoryZone

from kazoo_sup.errors import ServerRefused
from kazoo_sup.names import account_database, plain

ACCOUNT, OTHER = "ab" * 16, "cd" * 16
DATABASE = account_database(ACCOUNT)
PLAIN = plain(DATABASE)


class MediaCouchDB(MemoryCouchDB):
    """`contents` holds every attachment by database, document and name.

    `before_attaching` are functions called before one is stored: there a test changes the document, or raises.
    """

    def __init__(self, *databases: str) -> None:
        super().__init__(databases)
        self.contents: dict[tuple[str, str, str], bytes] = {}
        self.before_attaching: list[Callable[[str, str], None]] = []
        self.views |= VIEWS

    def put_attachment(
        self, database: str, identifier: str, name: str, content: Any, content_type: str, *, rev: str | None = None
    ) -> str:
        for hook in list(self.before_attaching):
            hook(database, identifier)
        stored = self.get(database, identifier)
        if stored is None or stored["_rev"] != rev:
            raise ServerRefused(server="CouchDB", status=409, request="PUT", reason="conflict")
        body = content if isinstance(content, bytes) else _from_its_start(content)
        self.contents[database, identifier, name] = body
        stub = {"content_type": content_type, "digest": digest(body), "length": len(body), "stub": True}
        stored["_attachments"] = {**stored.get("_attachments", {}), name: stub}
        self.put(database, stored)
        return str((self.get(database, identifier) or {})["_rev"])

    def get_attachment(self, database: str, identifier: str, name: str) -> io.BytesIO | None:
        found = self.contents.get((database, identifier, name))
        return None if found is None else io.BytesIO(found)

    def documents(self, database: str, *, page: int = 1000, include_docs: bool = True, **bounds: str) -> Any:
        return super().documents(database, **bounds)

    def view(self, *words: str, descending: bool = False, **query: Any) -> Iterator[dict[str, Any]]:
        if descending:
            end = query.pop("end", None)
            return iter(list(super().view(*words, start=end, **query))[::-1])
        return super().view(*words, **query)

    def attached(self, database: str, document: Document, name: str, content: bytes) -> None:
        """Store a document with one attachment, as somebody else does."""
        self.put(database, document)
        stored = self.get(database, document["_id"])
        self.put_attachment(database, document["_id"], name, content, "audio/mpeg", rev=stored["_rev"])


class MediaZone(MemoryZone):
    """A zone with that CouchDB."""

    @property
    def couch(self) -> MediaCouchDB:
        """The stand-in, by its own type."""
        found = self.couchdb
        assert isinstance(found, MediaCouchDB)
        return found


def digest(content: bytes) -> str:
    """Return a digest as CouchDB writes it."""
    return "md5-" + base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def media_zone(state_dir: Any, *databases: str) -> MediaZone:
    """Return a zone with the databases that every cluster has, and these."""
    every = ("accounts", "services", "system_config", "system_data", "system_media", "faxes", "webhooks", PLAIN)
    return MediaZone(state_dir, couchdb=MediaCouchDB(*every, *databases))


def _from_its_start(content: Any) -> bytes:
    content.seek(0)
    body: bytes = content.read()
    return body


def _of_type(document_type: str, value: Callable[[Document], Any] = lambda document: None) -> Any:
    def emit(document: Document) -> Iterator[tuple[Any, Any]]:
        if document.get("pvt_type") == document_type and not document.get("pvt_deleted"):
            yield document["_id"], value(document)

    return emit


def _by_type(document: Document) -> Iterator[tuple[Any, Any]]:
    if "pvt_type" in document:
        yield document["pvt_type"], None


def _patterns(document: Document) -> Iterator[tuple[Any, Any]]:
    yield from ((pattern, None) for pattern in document.get("patterns", ()))


def _credentials(document: Document) -> Iterator[tuple[Any, Any]]:
    if "sip" in document:
        yield document["sip"]["username"].lower(), None


def _sip_username(document: Document) -> Iterator[tuple[Any, Any]]:
    if "sip" in document:
        yield document["sip"]["username"], None


def _trunks(document: Document) -> Iterator[tuple[Any, Any]]:
    for server in document.get("servers", ()):
        yield [document["account"]["auth_realm"].lower(), server["auth"]["auth_user"].lower()], None


def _hooks(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_type") == "webhook":
        yield document["pvt_account_id"], None


def _enabled_hooks(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_type") == "webhook" and document.get("enabled") is not False:
        yield [document["pvt_account_id"], document["_id"]], None


def _descendants(document: Document) -> Iterator[tuple[Any, Any]]:
    for ancestor in document.get("pvt_tree", ()):
        yield [ancestor, document.get("name")], {"id": document["_id"]}


def _legacy(document: Document) -> Iterator[tuple[Any, Any]]:
    for message in document.get("messages", ()):
        if "migration_error" not in message:
            value = {"source_id": document["_id"], "mailbox": document.get("mailbox"), "metadata": message}
            yield message.get("timestamp"), value


def _lost(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_type") == "mailbox_message" and "metadata" not in document:
        yield document["_id"], None


def _pending(document: Document) -> Iterator[tuple[Any, Any]]:
    if document.get("pvt_job_status") == "pending":
        yield document["pvt_modified"], {"id": document["_id"], "modified": document["pvt_modified"], "tries": "1/3 "}


VIEWS: dict[tuple[str, ...], Any] = {
    ("media", "crossbar_listing"): _of_type("media"),
    ("users", "crossbar_listing"): _of_type("user", lambda user: {"username": user.get("username")}),
    ("devices", "crossbar_listing"): _of_type("device", lambda device: {"name": device.get("name")}),
    ("menus", "crossbar_listing"): _of_type("menu"),
    ("vmboxes", "crossbar_listing"): _of_type("vmbox"),
    ("devices", "sip_credentials"): _credentials,
    ("attributes", "sip_username"): _sip_username,
    ("trunkstore", "lookup_user_flags"): _trunks,
    ("callflows", "listing_by_pattern"): _patterns,
    ("maintenance", "listing_by_type"): _by_type,
    ("webhooks", "accounts_listing"): _hooks,
    ("webhooks", "webhooks_listing"): _enabled_hooks,
    ("accounts", "listing_by_descendants"): _descendants,
    ("vmboxes", "legacy_msg_by_timestamp"): _legacy,
    ("mailbox_messages", "missing_metadata"): _lost,
    ("faxes", "jobs"): _pending,
}

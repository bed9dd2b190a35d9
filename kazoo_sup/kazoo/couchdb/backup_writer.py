"""Writes the file of a backup and its manifest (see backup_file), or goes on with what a killed run has left.

While it is written the file has the ending `.partial`: it is taken up after the last document that is whole. The
manifest is in place before the file gets its name, so that a file by that name always has one. Everything is readable
by its owner only: documents hold secrets.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, BinaryIO

from kazoo_sup.errors import Declined
from kazoo_sup.kazoo.couchdb.backup_file import (
    ENDING,
    PARTIAL,
    PIECE,
    VERSION,
    BadBackup,
    Counts,
    Head,
    manifest_path,
    scan,
)
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.transports.couchdb.sent import Sent
    from kazoo_sup.types import Document

READ = 1 << 20


class Writer:
    """Writes one backup, or takes up what a killed run has left of it; any method may raise OSError."""

    def __init__(self, file: Path) -> None:
        """Open FILE's partial file and hold it.

        Raises Declined when another run holds it.
        """
        self.file = file
        self.partial = file.with_name(file.name.removesuffix(ENDING) + PARTIAL)
        self.head: Head = {}
        self.counts = Counts()
        self.last_id: str | None = None
        self.is_whole = False
        self._sum = hashlib.sha256()
        self._size = 0
        self._stream = own_files.reopen(self.partial, buffering=READ)
        if not own_files.hold(self._stream):
            self._stream.close()
            raise Declined(reason=f"another run is writing {self.partial}")
        self._take_up()

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._size

    def begin(self, head: Head) -> None:
        """Write the head of a new file."""
        self.head = {"sup_backup": VERSION, **head}
        self._line(self.head)

    def add(self, document: Document, open_attachment: Callable[[str], BinaryIO | None]) -> bool:
        """Write one revision with its attachments; False, and nothing is written, when one of those is gone."""
        stubs = document.get("_attachments") or {}
        if stubs:
            before, size, attachments = self._sum.copy(), self._size, self.counts.attachments
        self._line({"doc": document})
        for name, stub in stubs.items():
            content = open_attachment(name)
            if content is None:
                self._sum, self._size, self.counts.attachments = before, size, attachments
                self._stream.seek(size)
                self._stream.truncate()
                return False
            with content:
                self._attachment(name, stub, content)
        self._counted(document["_id"])
        return True

    def add_plain(self, documents: Iterable[Sent]) -> None:
        """Write documents that have no attachments and one revision each, and ids that were not written yet."""
        texts: list[bytes] = []
        size = 0
        for document in documents:
            texts.append(document.text)
            size += len(document.text)
            if size >= READ:
                self._documents(texts)
                texts, size = [], 0
            self.last_id = document.id
        if texts:
            self._documents(texts)

    def _documents(self, texts: list[bytes]) -> None:
        self._write(b'{"doc":' + b'}\n{"doc":'.join(texts) + b"}\n")
        self.counts.documents += len(texts)
        self.counts.revisions += len(texts)

    def end(self, **facts: object) -> Document:
        """Write the end, the manifest, and give the file its name; return the manifest."""
        if not self.is_whole:
            self._line({"end": {**asdict(self.counts), **facts}})
        self._stream.flush()
        os.fsync(self._stream.fileno())
        manifest = {**self.head, **asdict(self.counts), **facts, "bytes": self._size}
        manifest = {**manifest, "file": self.file.name, "sha256": self._sum.hexdigest()}
        manifest.pop("security", None)
        _write_whole(manifest_path(self.file), json.dumps(manifest, indent=1, ensure_ascii=False).encode() + b"\n")
        self.partial.replace(self.file)
        own_files.sync(self.file.parent)
        return manifest

    def close(self) -> None:
        """Let go; what is written so far stays for the next run."""
        with suppress(OSError):
            self._stream.close()

    def _take_up(self) -> None:
        """Read what is there, and cut off its last document, which a killed run may not have finished."""
        sums, size, sure = self._sum, 0, Counts()
        last_id, kept = None, 0
        try:
            for head, entry in scan(self._stream, self.partial, sums):
                if head is not None:
                    self.head, kept = head, self._stream.tell()
                    size = kept
                    continue
                assert entry is not None
                if entry.id != self.last_id:
                    kept, sure, last_id = size, replace(self.counts), self.last_id
                self._counted(entry.id)
                self.counts.attachments += len(entry.attachments)
                size = entry.end
            self.is_whole = True
            kept = self._stream.tell()
        except BadBackup:
            self.counts, self.last_id = sure, last_id
            self._stream.seek(0)
            self._sum = _sum_of(self._stream, kept)
        self._size = kept
        self._stream.seek(kept)
        self._stream.truncate()

    def _counted(self, identifier: str) -> None:
        self.counts.documents += identifier != self.last_id
        self.counts.revisions += 1
        self.last_id = identifier

    def _attachment(self, name: str, stub: Document, content: BinaryIO) -> None:
        kept = {key: stub[key] for key in ("content_type", "length", "revpos", "digest") if key in stub}
        self._line({"attachment": name} | kept)
        length = 0
        while piece := content.read(PIECE):
            length += len(piece)
            self._write(b'{"data":"' + base64.b64encode(piece) + b'"}\n')
        if "length" in stub and length != stub["length"]:
            raise BadBackup(
                file=self.file, reason=f"attachment {name} came with {length} bytes in place of {stub['length']}"
            )
        self.counts.attachments += 1

    def _line(self, value: Document) -> None:
        from kazoo_sup.transports.couchdb.session import encode

        self._write(encode(value) + b"\n")

    def _write(self, line: bytes) -> None:
        self._stream.write(line)
        self._sum.update(line)
        self._size += len(line)


def _sum_of(stream: BinaryIO, size: int) -> hashlib._Hash:
    sums = hashlib.sha256()
    while size > 0:
        block = stream.read(min(READ, size))
        sums.update(block)
        size -= len(block)
    return sums


def _write_whole(path: Path, content: bytes) -> None:
    with own_files.replacing(path) as stream:
        stream.write(content)

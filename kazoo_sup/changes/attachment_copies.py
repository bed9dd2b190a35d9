"""The attachments that changes remove or replace: read before they are gone, as far as they are small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kazoo_sup.changes.journal import KeptFile
from kazoo_sup.errors import SupError
from kazoo_sup.messages.names import plain

if TYPE_CHECKING:
    from kazoo_sup.changes.change import Change
    from kazoo_sup.types import Document, Fields
    from kazoo_sup.zone import Zone

LARGEST = 1_000_000
"""Bytes of an attachment that is kept whole; of larger ones there is the digest."""

LARGEST_BATCH = 16_000_000
"""Bytes of attachments that are kept of one batch, since it is put together in memory."""


def of(zone: Zone, batch: Sequence[Change]) -> dict[int, list[KeptFile]]:
    """Return the attachments that the changes of a batch remove or replace, by the places of the changes."""
    found: dict[int, list[KeptFile]] = {}
    room = LARGEST_BATCH
    for place, change in enumerate(batch):
        for name, stub in lost(change.previous, change.document):
            length = stub.get("length")
            size = length if isinstance(length, int) else 0
            content = _content(zone, change, name) if size <= min(LARGEST, room) else None
            room -= len(content or b"")
            found.setdefault(place, []).append(
                KeptFile(name, str(stub.get("content_type", "")), str(stub.get("digest", "")), size, content)
            )
    return found


def lost(before: Document | None, after: Document | None) -> Iterator[tuple[str, Fields]]:
    """Yield name and stub of the attachments of a stored document that what is saved over it does not keep."""
    stubs = (before or {}).get("_attachments")
    if not isinstance(stubs, dict) or not stubs:
        return
    kept = after.get("_attachments") if after and after.get("_deleted") is not True else None
    for name, stub in stubs.items():
        still = kept.get(name) if isinstance(kept, dict) else None
        if isinstance(stub, dict) and not (isinstance(still, dict) and still.get("stub")):
            yield name, stub


def _content(zone: Zone, change: Change, name: str) -> bytes | None:
    previous = change.previous or {}
    try:
        stream = zone.couchdb.get_attachment(plain(change.database), change.id, name, rev=previous.get("_rev"))
        if stream is None:
            return None
        with stream:
            content = stream.read(LARGEST + 1)
    except SupError:
        return None  # what has changed since is another's; the saving tells what fails
    return content if len(content) <= LARGEST else None

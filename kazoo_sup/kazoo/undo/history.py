"""What runs have changed, as the journal on this host tells it: looking for runs, and showing them without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kazoo_sup.changes import masking
from kazoo_sup.changes.journal import (
    UNREADABLE,
    Changed,
    DatabaseChanged,
    Done,
    Entry,
    Journal,
    Record,
    Summary,
)
from kazoo_sup.errors import BadArgument, SupError
from kazoo_sup.messages.names import account_id, encoded

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields, Json, Row

_AGO = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs are wanted: those for which all that is given is so."""

    since: datetime | None = None
    until: datetime | None = None
    module: str = ""
    database: str = ""
    document: str = ""
    account: str = ""
    who: str = ""

    def wants(self, record: Record, summary: Summary) -> bool:
        """Return whether a run is wanted; what it changed is read only where that is asked about."""
        header = record.header
        began = _time(header.began)
        if (self.since and began < self.since) or (self.until and began > self.until):
            return False
        if self.module and self.module != header.module:
            return False
        if self.who and self.who not in (header.user, header.sudo_user):
            return False
        if not (self.database or self.document or self.account):
            return True
        if self.database and summary.every_database and encoded(self.database) not in summary.databases:
            return False
        return any(map(self.touches, record.newest_first()))

    def touches(self, entry: Entry) -> bool:
        """Return whether what was done is about the database, the document and the account that are wanted."""
        if isinstance(entry, Done):
            return False
        if self.database and entry.database != encoded(self.database):
            return False
        if self.document and not (isinstance(entry, Changed) and entry.id == self.document):
            return False
        return not self.account or (account_id(self.account) or self.account) in _accounts(entry)


def moment(text: str, now: datetime | None = None) -> datetime:
    """Read a time: so long ago, as 90m, 2h or 3d, or a date with or without a time, UTC where no zone is told.

    Raises BadArgument.
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return (now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return _time(text)
    except (ValueError, OverflowError):
        reason = f"{text!r} is not a time: give one as 2h, 3d, 2026-01-31 or 2026-01-31T12:00"
        raise BadArgument(parameter="TIME", reason=reason) from None


def runs(journal: Journal, wanted: Filter) -> Iterator[Fields]:
    """Yield a row for each run that is wanted, the newest first."""
    for record in journal.runs():
        with suppress(FileNotFoundError):  # another run has just removed it, to keep the journal within its bounds
            try:
                summary = record.summary
                if not wanted.wants(record, summary):
                    continue
            except UNREADABLE as error:
                summary = Summary(incomplete=str(error))
            yield row(record, summary)


def row(record: Record, summary: Summary) -> Row:
    """Return what a run did, when, and how it ended, in a line."""
    header = record.header
    return {
        "run": record.run,
        "began": header.began,
        "who": header.who,
        "zone": header.zone,
        "command": header.typed,
        "ended": _ended(record),
        "changed": counted(summary),
        "bytes": record.size,
        "undo": str(summary.undoable),
    }


def _ended(record: Record) -> str:
    try:
        return record.state
    except UNREADABLE:
        return "damaged"


def counted(summary: Summary) -> str:
    """Say how much was changed, in words."""
    named = ((count, name.removesuffix("s") if count == 1 else name) for name, count in summary.counts.items() if count)
    return ", ".join(f"{count} {name}" for count, name in named) or "nothing"


def facts(record: Record) -> Document:
    """Return all that is known of a run without its changes."""
    header, summary = record.header, record.summary
    return {
        **row(record, summary),
        "ended at": summary.at,
        "exit code": summary.code,
        "host": header.host,
        "cluster": record.cluster,
        "version": header.version,
        "databases": list(summary.databases),
        **header.about,
    }


def shown(entry: Entry) -> Document:
    """Return what was done as a row."""
    if isinstance(entry, Done):
        return {
            "action": "deed",
            "zone": entry.zone,
            "what": entry.deed,
            "state": entry.state,
            "before": masking.of_document({"before": entry.before})["before"],
            "after": None if entry.left == entry.before else masking.of_document({"after": entry.left})["after"],
            "reverse": None if entry.reverse is None else " ".join(("sup", *masking.of_words(entry.reverse))),
        }
    what = entry.database if isinstance(entry, DatabaseChanged) else f"{entry.database}/{entry.id}"
    action = f"{entry.act} database" if isinstance(entry, DatabaseChanged) else entry.act
    found: Document = {"action": action, "zone": entry.zone, "what": what, "state": entry.state}
    if isinstance(entry, Changed):
        found |= {"before": (entry.before or {}).get("_rev"), "after": entry.revision}
    return found


def documents(entry: Changed) -> tuple[Json, Json]:
    """Return the document before and after, without secrets."""
    return masking.of_document(entry.before), masking.of_document(entry.after, entry.before)


def exported(entry: Entry) -> Document:
    """Return all that was recorded of something, without secrets."""
    found = shown(entry)
    if isinstance(entry, Changed):
        before, after = documents(entry)
        files = [
            {"name": file.name, "type": file.content_type, "digest": file.digest, "bytes": file.length}
            | {"kept": file.content is not None}
            for file in entry.files
        ]
        found |= {"database": entry.database, "id": entry.id, "revision": entry.revision}
        found |= {"before": before, "after": after, "attachments": files}
    return found


def of_document(journal: Journal, database: str, identifier: str) -> Iterator[Fields | SupError]:
    """Yield what runs did to a document, the newest first; of a run whose record cannot be read the error."""
    for record in journal.runs():
        try:
            yield from _of_document(record, database, identifier)
        except FileNotFoundError:
            continue
        except UNREADABLE as error:
            yield error


def _of_document(record: Record, database: str, identifier: str) -> Iterator[Fields]:
    wanted = Filter(database=database, document=identifier)
    summary = record.summary
    if summary.every_database and encoded(database) not in summary.databases:
        return
    header = record.header
    for entry in filter(wanted.touches, record.newest_first()):
        if entry.state != "unsaved":
            about = {"run": record.run, "began": header.began, "who": header.who}
            yield {**about, **shown(entry), "command": header.typed}


def _accounts(entry: Changed | DatabaseChanged) -> set[str]:
    found = {account_id(entry.database)}
    if isinstance(entry, Changed):
        for document in (entry.before, entry.after):
            found.add((document or {}).get("pvt_account_id"))
        if entry.database == "accounts":
            found.add(entry.id)
    return {each for each in found if isinstance(each, str)}


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)

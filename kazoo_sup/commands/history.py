"""What `sup` has changed from this host: who, when, how, how it ended, and whether it can be undone."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kazoo_sup import settings
from kazoo_sup.changes.journal import DIRECTORY, Changed, Journal, Record
from kazoo_sup.command import command
from kazoo_sup.kazoo.undo import history
from kazoo_sup.messages.names import encoded
from kazoo_sup.results import NO_RETURN, Answer, Listing, Result
from kazoo_sup.texts.differences import unified
from kazoo_sup.types import Row
from kazoo_sup.zone import Run

_RUNS = ("run", "began", "who", "command", "ended", "changed", "bytes", "undo")
_ENTRIES = ("action", "what", "state", "before", "after", "reverse")
_OF_DOCUMENT = ("run", "began", "who", "action", "state", "before", "after", "command")


@command
def list_(
    run: Run,
    *,
    since: str = "",
    until: str = "",
    module: str = "",
    database: str = "",
    document: str = "",
    account: str = "",
    who: str = "",
) -> Listing:
    """List the runs that changed something, the newest first: how each ended, its size, and whether it can be undone.

    Runs that failed or were interrupted are there too. With SINCE and UNTIL only those of that time, as 2h, 3d,
    2026-01-31 or 2026-01-31T12:00 (UTC); with MODULE those of commands that begin with that word; with DATABASE,
    DOCUMENT (an id) or ACCOUNT (an id or a database) those that changed something there; with WHO those of that user,
    or of who became another with sudo. `sup history` alone lists all.
    """
    wanted = history.Filter(
        since=history.moment(since) if since else None,
        until=history.moment(until) if until else None,
        module=module,
        database=database,
        document=document,
        account=account,
        who=who,
    )
    return Listing(_RUNS, history.runs(_journal(run), wanted))


@command
def show(run: Run, run_id: str = "") -> Listing:
    """Show what the run RUN_ID did, in the order of its doing; without RUN_ID the newest one.

    The beginning of an id is enough where no other begins so. The column state says whether something was saved,
    unsaved, or is unknown, since the run ended before the answer was there.
    """
    record = _record(run, run_id)
    facts = history.facts(record)
    lines = [f"{name}: {_text(value)}" for name, value in facts.items() if value not in (None, "", [])]
    rows: Iterator[Row] = map(history.shown, record.oldest_first())
    return Listing(_ENTRIES, rows, data=facts, lines=lines)


@command
def diff(run: Run, run_id: str = "", *documents: str) -> Result:
    """Show the documents that the run RUN_ID changed as they were before and after, secrets masked.

    DOCUMENTS are DATABASE/ID of the only ones to show. Without RUN_ID the newest run is shown.
    """
    record = _record(run, run_id)
    only = {_as_named(each) for each in documents}

    def differences() -> Iterator[_Difference]:
        for entry in record.oldest_first():
            name = (entry.database, entry.id) if isinstance(entry, Changed) else None
            if isinstance(entry, Changed) and entry.state != "unsaved" and (not only or name in only):
                before, after = history.documents(entry)
                yield _Difference(database=entry.database, id=entry.id, action=entry.act, before=before, after=after)

    return Answer(NO_RETURN, lines=differences())


@command
def export(run: Run, run_id: str = "") -> Result:
    """Write what the run RUN_ID recorded as lines of JSON, the run itself first; secrets are masked.

    Without RUN_ID it is the newest run.
    """
    record = _record(run, run_id)

    def lines() -> Iterator[_Json]:
        yield _Json(history.facts(record))
        for entry in record.oldest_first():
            yield _Json(history.exported(entry))

    return Answer(NO_RETURN, lines=lines())


@command
def document(run: Run, database: str, document_id: str) -> Listing:
    """Show which runs changed the document DOCUMENT_ID of DATABASE, the newest first: who, when, and how."""
    return Listing(_OF_DOCUMENT, history.of_document(_journal(run), database, document_id))


class _Json(dict[str, object]):
    """A mapping that is shown as JSON in one line."""

    def __str__(self) -> str:
        return json.dumps(self, ensure_ascii=False, default=str)


class _Difference(dict[str, object]):
    """A document before and after, shown as a unified diff."""

    def __str__(self) -> str:
        return "\n".join(unified(f"{self['database']}/{self['id']}", self["before"], self["after"]))


def _journal(run: Run) -> Journal:
    """Return this host's journal, which needs no settings that can be used."""
    journal = Journal(settings.state_directory(config=run.config) / DIRECTORY)
    for path in journal.unreadable():
        run.warn(f"{path} cannot be read as a record; it is left out")
    return journal


def _record(run: Run, run_id: str) -> Record:
    journal = _journal(run)
    if run_id:
        return journal.find(run_id)
    newest = next(journal.runs(), None)
    return newest or journal.find("")


def _as_named(text: str) -> tuple[str, str]:
    """Read DATABASE/ID, whose database may be an account's, with slashes of its own."""
    parts = text.split("/")
    own = 4 if parts[0] == "account" and len(parts) > 4 else 2 if parts[0] in ("numbers", "ratedeck") else 1  # noqa: PLR2004
    return encoded("/".join(parts[:own])), "/".join(parts[own:])


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

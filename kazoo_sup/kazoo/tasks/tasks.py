"""Tasks: listed, added, started and followed. A node with the tasks application runs them; it is asked on the bus.

Source: Kazoo tasks_maintenance, kz_tasks, kz_tasks_help, tasks_listener.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from kazoo_sup import changes
from kazoo_sup.errors import BadArgument, ExitCode, NotFound, SupError
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import as_object, now
from kazoo_sup.kazoo.tasks import task_csv
from kazoo_sup.kazoo.tasks import task_documents as documents

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields, Json
    from kazoo_sup.zone import Zone

POLL_SECONDS = 1.0


class TaskRefused(SupError):
    """{what}: {reason}"""

    what: str
    reason: str
    errors: Fields | None = None
    """What is wrong with its input, as a tasks node describes that."""


@dataclass(frozen=True, slots=True)
class TaskStored:
    """A task was stored; it is as a task is shown."""

    task: Document


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A tasks node has started a task; it is as the node answers."""

    task: Document


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """A task is over; it is as a task is shown."""

    task: Document


class TaskFailed(SupError):
    """task {id} ended as {status}: {failed} rows failed, {succeeded} succeeded"""

    id: str
    status: str
    failed: int
    succeeded: int


class TaskPartlyFailed(TaskFailed):
    """task {id} ended as {status}: {failed} rows failed, {succeeded} succeeded"""

    exit_code = ExitCode.PARTIAL


def every(zone: Zone, account: str | None = None) -> list[Document]:
    """Return the tasks, or those of an account (an id) from the newest on, as the view of them has them."""
    query: Document = {}
    if account is not None:
        query = {"start": [account, now(), {}], "end": [account], "descending": True}
    rows = views.rows(zone, documents.DATABASE, "tasks", "listing_by_created", **query)
    return [views.object_of(row) for row in rows]


def read(zone: Zone, task: str) -> Document | None:
    """Return a task's document, None where there is none."""
    return zone.couchdb.get(documents.DATABASE, task)


def attachment(zone: Zone, task: str, name: str) -> Iterator[str]:
    """Yield the lines of a task's CSV as they come; what is not UTF-8 there is replaced. Raises NotFound."""
    content = zone.couchdb.get_attachment(documents.DATABASE, task, name) if read(zone, task) else None
    if content is None:
        raise NotFound(server="CouchDB", what=f"{name} of task {task}")

    def lines() -> Iterator[str]:
        with content:
            for line in content:
                yield line.removesuffix(b"\n").decode(errors="replace")

    return lines()


def help_on(zone: Zone, category: str | None = None, action: str | None = None) -> Document:
    """Return what a tasks node says of its actions: of all, of a category, or of one; empty where it knows nothing."""
    asked = {"Category": category, "Action": action}
    answer = bus.request(zone, "tasks.lookup_req", {key: value for key, value in asked.items() if value is not None})
    found: Json = answer.get("Help")
    for name in (category, action):
        if name is not None:
            found = found.get(name) if isinstance(found, dict) else None
    return as_object(found)


def csv_of(path: Path) -> bytes:
    """Return what is in a CSV file. Raises BadArgument for one that cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadArgument(parameter="CSV_FILE", reason=f"{path}: {error.strerror}") from error


def add(
    zone: Zone, auth_account: str, account: str, category: str, action: str, csv_file: Path | None
) -> tuple[TaskStored, Document]:
    """Check a task's input and store the task; return also its document as it was handed over.

    Raises BadCsv or TaskRefused where nothing was stored, and what keeps a tasks node from being asked which columns
    the action takes: it alone knows.
    """
    header: list[str] | None = None
    rows: list[task_csv.Row] = []
    content: bytes | None = None
    if csv_file is not None:
        content = csv_of(csv_file)
        header, rows = task_csv.read(content, str(csv_file))
    described = help_on(zone, category, action)
    if not described:
        raise TaskRefused(what=f"{category} {action}", reason="there is no such action")
    wrong = task_csv.errors(described, header, rows)
    if wrong:
        reason = f"{', '.join(wrong)}; nothing was stored"
        raise TaskRefused(what=f"{category} {action}", reason=reason, errors=wrong)
    document = documents.new(
        auth_account,
        account,
        category,
        action,
        rows=len(rows) or None,
        file_name=csv_file.name if csv_file else None,
        content=content,
    )
    stored = changes.create(zone, documents.DATABASE, document).document
    return TaskStored(documents.public(stored or document)), document


def ordered(zone: Zone, deed: str, task: str) -> Document | None:
    """Have a tasks node `start` or `remove` a task; return the task as it answers, None in a dry run.

    Raises TaskRefused.
    """
    name, headers = f"tasks.{deed}_req", {"Task-ID": task}
    answer = bus.order(zone, name, headers, lambda: bus.request(zone, name, headers))
    if answer is None:
        return None
    reply: Json = answer.get("Reply")
    if not isinstance(reply, dict):
        raise TaskRefused(what=f"task {task}", reason=str(reply))
    return cast("Document", reply)


def followed(zone: Zone, task: str) -> Iterator[TaskEnded]:
    """Show how a task goes until it is over, then yield it as it ended.

    Raises TaskFailed or TaskPartlyFailed when it did not end well.
    """
    document = read(zone, task) or {}
    with zone.run.progress(f"task {task}", document.get("pvt_total_rows")) as advance:
        done = 0
        while True:
            document = read(zone, task) or {}
            if not document:
                raise TaskRefused(what=f"task {task}", reason="it is gone")
            advance(documents.progress(document) - done)
            done = documents.progress(document)
            if documents.is_over(document):
                break
            time.sleep(POLL_SECONDS)
    yield TaskEnded(documents.public(document))
    found = documents.status(document)
    if found != documents.SUCCESS:
        kind = TaskPartlyFailed if found == documents.PARTIAL else TaskFailed
        counts = {each: document.get(f"pvt_total_rows_{each}") or 0 for each in ("failed", "succeeded")}
        raise kind(id=task, status=found, **counts)

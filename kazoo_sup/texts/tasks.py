"""What Kazoo prints of tasks, and of compactions. Source: Kazoo tasks_maintenance, kt_compaction_reporter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.kazoo.documents import gregorian, value_at
from kazoo_sup.kazoo.tasks import compaction_jobs
from kazoo_sup.kazoo.tasks.task_csv import BadCsv

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kazoo_sup.kazoo.tasks.tasks import TaskEnded, TaskRefused, TaskStarted, TaskStored
    from kazoo_sup.types import Document

    _OfCompaction = compaction_jobs.CompactionBegun | compaction_jobs.Compacted

_HEADER = "node,database,before_disk,before_data,after_disk,after_data"
_COLUMNS = (
    ("id", 28, "<"),
    ("found", 6, ">"),
    ("compacted", 9, ">"),
    ("skipped", 7, ">"),
    ("recovered", 10, ">"),
    ("started_at", 19, "<"),
    ("finished_at", 19, "<"),
    ("exec_time", 12, ">"),
)


def lines(events: Iterable[_OfCompaction | TaskStored | TaskStarted | TaskEnded]) -> Iterator[str]:
    """Yield Kazoo's line for each thing that took place: JSON of a task, CSV of a compaction."""
    for event in events:
        match event:
            case compaction_jobs.CompactionBegun():
                yield _HEADER
            case compaction_jobs.Compacted():
                sizes = (event.before_disk, event.before_data, event.after_disk, event.after_data)
                yield ",".join([event.node, event.database, *map(str, sizes)])
            case _:
                yield terms.json_encode(event.task)


def not_stored(refusal: BadCsv | TaskRefused) -> str:
    """Return the line on a task that was not stored."""
    if isinstance(refusal, BadCsv):
        return "ERROR: Empty CSV or some row(s) longer than others or header missing"
    if refusal.errors:
        return terms.json_encode({"errors": refusal.errors})
    return f"ERROR: No such category / action: {refusal.what}"


def history(documents: Sequence[Document]) -> list[str]:
    """Return the table of compactions."""
    if not documents:
        return ["no history found"]
    edge = "+".join(["", *("-" * (width + 2) for _name, width, _side in _COLUMNS), ""])
    head = _row([name for name, _width, _side in _COLUMNS])
    return [edge, head, edge, *(_row(_cells(each)) for each in documents), edge]


def job(identifier: str, document: Document | None) -> list[str]:
    """Return what is shown of one compaction."""
    if document is None:
        return [f"failed to get info for job {identifier} with reason: not_found"]
    return [f"{name}: {value}" for name, value in compaction_jobs.described(document).items()]


def _cells(document: Document) -> list[str]:
    shown = compaction_jobs.described(document)
    recovered = value_at(document, ["storage", "disk", "start"], 0) - value_at(document, ["storage", "disk", "end"], 0)
    return [
        str(shown["id"]),
        *(str(shown[each]) for each in ("found_dbs", "compacted_dbs", "skipped_dbs")),
        gregorian.size(recovered, truncated=True),
        *(str(shown[each]) for each in ("started", "finished", "exec_time")),
    ]


def _row(cells: Sequence[str]) -> str:
    shown = (f"{cell[:width]:{side}{width}}" for cell, (_name, width, side) in zip(cells, _COLUMNS, strict=True))
    return f"| {' | '.join(shown)} |"

"""What the nodes are busy with, as GET /_active_tasks tells it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.couchdb.replication import address

if TYPE_CHECKING:
    from kazoo_sup.transports.couchdb.answers import Task
    from kazoo_sup.types import Row

COLUMNS = ("node", "type", "database", "what", "progress", "done", "total", "seconds")

EVERY = 2.0
"""Seconds between two looks."""

_SHARD = re.compile(r"shards/([0-9a-f-]+)/(.+?)(?:\.\d+)?")


def rows(tasks: Iterable[Task]) -> list[Row]:
    """Show tasks, the longest running first; `progress` is in percent."""
    return sorted(map(_row, tasks), key=lambda row: row["seconds"] or 0, reverse=True)


def pages(
    read: Callable[[], Sequence[Task]],
    *,
    watch: bool,
    wait: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[list[Row]]:
    """Yield what runs now: with WATCH again and again, with WAIT not before, or only until, nothing runs that ends.

    Replications that are continuous do not end, and are not waited for.
    """
    while True:
        found = read()
        over = not any(not task.get("continuous") for task in found)
        if watch or over or not wait:
            yield rows(found)
        if (wait and over) or not (watch or wait):
            return
        sleep(EVERY)


def of_database(name: object) -> str:
    """Return the database that a task is about, which may name a shard of it."""
    shard = _SHARD.fullmatch(str(name or ""))
    return shard.group(2) if shard else str(name or "")


def _row(task: Task) -> Row:
    database = str(task.get("database") or "")
    shard = _SHARD.fullmatch(database)
    what = [task.get("design_document"), f"shard {shard.group(1)}" if shard else None, task.get("phase")]
    if task.get("type") == "replication":
        what = [f"{address(task.get('source'))} to {address(task.get('target'))}", task.get("doc_id")]
    began = task.get("started_on")
    return {
        "node": task.get("node"),
        "type": task.get("type"),
        "database": shard.group(2) if shard else database or None,
        "what": ", ".join(str(each) for each in what if each) or None,
        "progress": task.get("progress"),
        "done": task.get("changes_done", task.get("docs_written")),
        "total": task.get("total_changes"),
        "seconds": None if began is None else max(0, round(time.time() - began)),
    }

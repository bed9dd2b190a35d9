"""What the nodes are busy with, as GET /_active_tasks tells it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo.couchdb.replication import address

if TYPE_CHECKING:
    from kazoo_sup.outcome import Row

COLUMNS = ("node", "type", "database", "what", "progress", "done", "total", "seconds")

_SHARD = re.compile(r"shards/([0-9a-f-]+)/(.+?)(?:\.\d+)?")


def rows(tasks: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Show tasks, the longest running first; `progress` is in percent."""
    return sorted(map(_row, tasks), key=lambda row: row["seconds"] or 0, reverse=True)


def _row(task: Mapping[str, Any]) -> Row:
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

"""The documents of tasks, in the database `tasks`. Source: Kazoo kz_tasks, task_fields.hrl."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.documents.attachments import attached
from kazoo_sup.kazoo.tasks.task_csv import CONTENT

if TYPE_CHECKING:
    from kazoo_sup.types import Document

DATABASE = "tasks"
INPUT, OUTPUT = "in.csv", "out.csv"

PENDING, EXECUTING, STOPPED = "pending", "executing", "stopped"
SUCCESS, FAILURE, PARTIAL, BAD = "success", "failure", "partial", "internal_error"

_ID_BYTES = 15
_PUBLIC = {
    "id": "_id",
    "node": "pvt_worker_node",
    "account_id": "pvt_account_id",
    "auth_account_id": "pvt_auth_account_id",
    "category": "pvt_category",
    "action": "pvt_action",
    "file_name": "pvt_file_name",
    "created": "pvt_created",
    "start_timestamp": "pvt_started_at",
    "end_timestamp": "pvt_ended_at",
    "total_count": "pvt_total_rows",
    "failure_count": "pvt_total_rows_failed",
    "success_count": "pvt_total_rows_succeeded",
}


def public(document: Document) -> Document:
    """Return a task as everybody may see it (Kazoo kz_tasks:to_public_json/1)."""
    shown = {name: document[field] for name, field in _PUBLIC.items() if document.get(field) is not None}
    return {"_read_only": {**shown, "status": status(document)}}


def status(document: Document) -> str:
    """Return what became of a task, from its times and counts (Kazoo kz_tasks:status/1)."""
    if document.get("pvt_status") == STOPPED:
        return STOPPED
    if document.get("pvt_started_at") is None:
        return PENDING
    if document.get("pvt_ended_at") is None:
        return EXECUTING
    total, failed, succeeded = (document.get(f"pvt_total_rows{each}") for each in ("", "_failed", "_succeeded"))
    if not isinstance(failed, int) or not isinstance(succeeded, int):
        return BAD
    if total is None:
        return _without_rows(failed, succeeded)
    if not isinstance(total, int) or total <= 0:
        return BAD
    if failed == 0 and succeeded >= total:
        return SUCCESS
    if failed == total and succeeded == 0:
        return FAILURE
    return PARTIAL if total > failed and total > succeeded else BAD


def _without_rows(failed: int, succeeded: int) -> str:
    if failed == 0:
        return SUCCESS if succeeded >= 0 else PARTIAL
    return FAILURE if succeeded == 0 and failed > 0 else PARTIAL


def progress(document: Document) -> int:
    """Return how many rows of a task are done, well or badly."""
    return sum(document.get(f"pvt_total_rows_{each}") or 0 for each in ("failed", "succeeded"))


def is_over(document: Document) -> bool:
    """Return whether a task runs no more."""
    return status(document) not in (PENDING, EXECUTING)


def new(
    auth_account: str,
    account: str,
    category: str,
    action: str,
    *,
    rows: int | None = None,
    file_name: str | None = None,
    content: bytes | None = None,
) -> Document:
    """Return the document of a new task; with CONTENT, its CSV of ROWS rows, attached (Kazoo kz_tasks:new/7)."""
    created = now()
    document: Document = {
        "_id": secrets.token_hex(_ID_BYTES),
        "pvt_type": "task",
        "pvt_account_id": account,
        "pvt_auth_account_id": auth_account,
        "pvt_category": category,
        "pvt_action": action,
        "pvt_file_name": file_name,
        "pvt_created": created,
        "pvt_modified": created,
        "pvt_total_rows": rows,
        "pvt_status": PENDING,
    }
    given = {key: value for key, value in document.items() if value is not None}
    return attached(given, {} if content is None else {INPUT: (CONTENT, content)})

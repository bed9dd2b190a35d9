"""Tasks as documents, and as everybody may see them (kz_tasks)."""

from __future__ import annotations

import base64

import pytest

from kazoo_sup.changes import Report
from kazoo_sup.cli.render.reports import documents
from kazoo_sup.kazoo.documents import now
from kazoo_sup.kazoo.tasks import task_documents

TIMES = {"pvt_started_at": 1, "pvt_ended_at": 2}


def task(total=None, failed=None, succeeded=None, **more):
    counts = {"": total, "_failed": failed, "_succeeded": succeeded}
    return {"_id": "t", **{f"pvt_total_rows{key}": each for key, each in counts.items() if each is not None}, **more}


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (task(3), "pending"),
        (task(3, pvt_started_at=1), "executing"),
        (task(3, 0, 1, pvt_status="stopped", **TIMES), "stopped"),
        (task(3, 0, 3, **TIMES), "success"),
        (task(1, 0, 7, **TIMES), "success"),
        (task(3, 3, 0, **TIMES), "failure"),
        (task(3, 1, 2, **TIMES), "partial"),
        (task(3, 0, 2, **TIMES), "partial"),
        (task(3, 3, 3, **TIMES), "internal_error"),
        (task(3, **TIMES), "internal_error"),
        (task(None, 0, 0, **TIMES), "success"),
        (task(None, 0, 4, **TIMES), "success"),
        (task(None, 2, 0, **TIMES), "failure"),
        (task(None, 2, 4, **TIMES), "partial"),
    ],
)
def test_the_status_follows_from_times_and_counts(document, status):
    assert task_documents.status(document) == status
    assert task_documents.is_over(document) == (status not in ("pending", "executing"))


def test_a_new_task_is_pending_and_says_what_it_is_for():
    document = task_documents.new(
        "a" * 32, "b" * 32, "numbers", "list", rows=2, file_name="n.csv", content=b"a\n1\n2\n"
    )
    assert document["pvt_created"] <= now()
    shown = task_documents.public(document)["_read_only"]
    assert shown | {"id": "", "created": 0} == {
        "id": "",
        "account_id": "b" * 32,
        "auth_account_id": "a" * 32,
        "category": "numbers",
        "action": "list",
        "file_name": "n.csv",
        "created": 0,
        "total_count": 2,
        "status": "pending",
    }
    attachment = document["_attachments"]["in.csv"]
    assert attachment["content_type"] == "text/csv"
    assert base64.b64decode(attachment["data"]) == b"a\n1\n2\n"


def test_what_is_only_shown_carries_no_contents():
    document = task_documents.new("a", "b", "c", "d", rows=1, content=b"secret")
    _before, after = documents(Report("tasks", "t", "created", None, document, planned=True))
    shown = after["_attachments"]["in.csv"]
    assert (shown["content_type"], shown["length"]) == ("text/csv", 6)
    assert "data" not in shown


def test_two_tasks_have_two_ids():
    first, second = (task_documents.new("a", "b", "c", "d")["_id"] for _ in range(2))
    assert first != second
    assert len(first) == 30

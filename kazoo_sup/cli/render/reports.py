"""Reports of changes as people and machines may see them: without the secrets of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.changes import Report
    from kazoo_sup.types import Document


def documents(report: Report) -> tuple[Document | None, Document | None]:
    """Return the document before and after, secrets masked and attachments without their contents."""
    from kazoo_sup.changes.attaching import described
    from kazoo_sup.changes.masking import of_document

    return of_document(report.before), of_document(described(report.after), report.before)


def as_json(report: Report) -> Document:
    """Return a report for machine formats; the documents only where nothing else shows them."""
    shown: Document = {"database": report.database, "id": report.id, "action": report.action}
    if report.planned:
        before, after = documents(report)
        shown |= {"planned": True, "before": before, "after": after}
    elif report.error:
        shown |= {"error": report.error.identifier, "message": str(report.error)}
    elif report.after:
        shown["rev"] = report.after.get("_rev")
    return shown

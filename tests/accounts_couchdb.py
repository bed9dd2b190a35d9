"""The stand-in for CouchDB with what accounts need of it: their views, bounds and counts, and deleting databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from memory_couchdb import Document, MemoryCouchDB


class AccountsCouchDB(MemoryCouchDB):
    """Knows the views of accounts by what they emit."""

    def __init__(self) -> None:
        super().__init__()
        self.views |= {  # type: ignore[operator]
            ("accounts", "listing_by_id"): _by_id,
            ("accounts", "listing_by_descendants"): _by_ancestor,
            ("accounts", "listing_by_descendants_count"): _counted,
        }

    def delete(self, database: str) -> bool:
        return self.stored.pop(database, None) is not None

    def databases(self, *, start: str = "", end: str = "\uffff") -> Iterator[str]:
        return iter([name for name in sorted(self.stored) if start <= name <= end])

    def view(  # type: ignore[override]
        self,
        database: str,
        design: str,
        view: str,
        *,
        start: Any = None,
        end: Any = None,
        keys: Sequence[Any] | None = None,
        reduce: bool = False,
        **query: Any,
    ) -> Iterator[dict[str, Any]]:
        rows = super().view(database, design, view, keys=keys, **query)
        if reduce:
            for key, value in Counter(row["key"] for row in rows).items():
                yield {"key": key, "value": value}
            return
        for row in rows:
            if start is None or row["key"][: len(start)] == start:
                yield {**row, "doc": self.get(database, row["id"])} if "doc" in row else row


def _is_account(document: Document) -> bool:
    return document.get("pvt_type") == "account"


def _by_id(document: Document) -> Iterator[tuple[Any, Any]]:
    if _is_account(document):
        yield [document["_id"], [*document.get("pvt_tree", []), document["_id"]]], {"id": document["_id"]}


def _by_ancestor(document: Document) -> Iterator[tuple[Any, Any]]:
    if _is_account(document):
        yield from (([ancestor, document["name"]], {"id": document["_id"]}) for ancestor in document["pvt_tree"])


def _counted(document: Document) -> Iterator[tuple[Any, Any]]:
    if _is_account(document):
        yield from ((ancestor, 1) for ancestor in document["pvt_tree"])

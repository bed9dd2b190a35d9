"""What a view is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from kazoo_sup.types import Json


class ViewQuery(TypedDict, total=False):
    """The rows from `start` to `end` inclusive, or with `key`, or with one of `keys` in their order; all without these.

    group: reduce the rows of each key; implies `reduce`
    page: rows read at a time
    """

    start: Json
    end: Json
    key: Json
    keys: Sequence[Json] | None
    reduce: bool
    group: bool
    include_docs: bool
    descending: bool
    page: int

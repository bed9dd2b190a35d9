"""JSON lists of what is otherwise read one by one."""

from __future__ import annotations

from collections.abc import Callable

from kazoo_sup import terms


def read_each(text: str, read: Callable[[str], object], what: str) -> list[object]:
    """Read a JSON list of texts, each by READ; ValueError for anything else, which says that it holds no WHAT."""
    found = terms.read_json(text)
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError(f"{text!r} is not a JSON list of {what}")
    return [read(each) for each in found]

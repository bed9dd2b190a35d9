"""Two documents as people compare them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kazoo_sup.texts import printable


def unified(name: str, before: object, after: object) -> Iterator[str]:
    """Yield the lines of a unified diff of two documents, `/dev/null` standing for none."""
    from difflib import unified_diff

    shown = printable.line(name)
    old, new = (
        [] if document is None else json.dumps(document, indent=2, ensure_ascii=False).splitlines()
        for document in (before, after)
    )
    return unified_diff(
        old, new, f"a/{shown}" if old else "/dev/null", f"b/{shown}" if new else "/dev/null", lineterm=""
    )

"""Carrying what one side changed of a document over to what another side made of it, path by path."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from kazoo_sup.changes.change import same
from kazoo_sup.errors import SupError

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json

_ABSENT: Json = object()


class BothChanged(SupError):
    """both changed {paths}"""

    paths: str


def merged(base: Document, ours: Document, theirs: Document, *, aside: Collection[str] = ()) -> Document:
    """Return THEIRS with what OURS changes of BASE, each at its path; lists are compared whole.

    Where both changed the same value to another one raises BothChanged with the paths. The top-level fields ASIDE stay
    as THEIRS has them: nobody decides on those.
    """
    clashes: list[str] = []
    kept = {name: each for name, each in theirs.items() if name in aside}

    def compared(document: Document) -> Document:
        return {name: each for name, each in document.items() if name not in aside}

    found = _merged(compared(base), compared(ours), compared(theirs), "", clashes)
    if clashes:
        raise BothChanged(paths=", ".join(clashes))
    both = {**found, **kept}
    order = [*theirs, *(name for name in both if name not in theirs)]
    return {name: both[name] for name in order if name in both}


def _merged(base: Json, ours: Json, theirs: Json, path: str, clashes: list[str]) -> Json:
    if _same(ours, base) or _same(ours, theirs):
        return theirs
    if _same(theirs, base):
        return ours
    if all(isinstance(each, Mapping) for each in (ours, theirs)) and isinstance(base, Mapping):
        names = [*theirs, *(name for name in ours if name not in theirs)]
        values = {
            name: _merged(
                base.get(name, _ABSENT),
                ours.get(name, _ABSENT),
                theirs.get(name, _ABSENT),
                f"{path}.{name}" if path else name,
                clashes,
            )
            for name in names
        }
        return {name: each for name, each in values.items() if each is not _ABSENT}
    clashes.append(path)
    return theirs


def _same(one: object, other: object) -> bool:
    if one is _ABSENT or other is _ABSENT:
        return one is other
    return same(one, other)

"""Fields of documents of resources and gateways, with what holds where they are missing or of a wrong kind.

Source: Kazoo kz_json, kz_privacy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.documents.values import is_empty, is_true, to_integer, to_text
from kazoo_sup.types import Json

if TYPE_CHECKING:
    from kazoo_sup.types import Document

Setting = Callable[[str, Json], Json]
"""What reads a key of the category stepswitch, with its default."""

_PRIVACY_METHODS = ("sip", "none", "kazoo")
_HIDING = ("yes", "full", "kazoo")


def privacy_method_of(document: Document, default: str) -> str:
    """Return how callers who want to be unknown are hidden."""
    places = (["caller_id_options", "privacy_method"], ["privacy", "method"], ["Privacy-Method"], ["privacy_mode"])
    found = _first(document, places)
    return found if found in _PRIVACY_METHODS else default


def hides(document: Document, what: str) -> bool:
    """Return whether the callers' `name` or `number` is hidden."""
    places = (
        ["caller_id_options", "outbound_privacy"],
        ["privacy", f"hide_{what}"],
        [f"Privacy-Hide-{what.capitalize()}"],
        ["privacy_mode"],
    )
    found = _first(document, places)
    return found in (f"hide_{what}", what, *_HIDING) or is_true(found)


def _first(document: Document, places: Iterable[Sequence[str]]) -> Json:
    return next((found for place in places if (found := value_at(document, place)) is not None), None)


def flag(document: Document, path: Sequence[str], default: bool) -> bool:
    """Return a switch."""
    found = value_at(document, path)
    return default if found is None else is_true(found)


def integer(value: object, default: object) -> Json:
    """Return a whole number, also from text."""
    if value is None:
        return default
    try:
        return to_integer(value)
    except ValueError:
        return default


def text(value: object) -> str | None:
    """Return text, None for what counts as none."""
    return None if is_empty(value) else to_text(value)


def listed(value: object) -> list[Json]:
    """Return a list, an empty one for anything else."""
    return list(value) if isinstance(value, list | tuple) else []


def objects(value: object) -> list[Document]:
    """Return the objects in a list."""
    return [each for each in listed(value) if isinstance(each, dict)]

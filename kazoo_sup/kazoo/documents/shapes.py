"""What is in documents and settings, read as what it should be, and what becomes of it where it is not.

Anybody may have written a document: an old release, a script, a form. What is not of the shape that Kazoo gives it is
never taken for something else: `at` raises Misshapen, which names document and field, so that whoever goes over many
documents leaves that one out and counts it; settings (see `system_config.read`) are named and the default holds. JSON's
null is the same as nothing, as in Kazoo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.documents.values import to_integer, to_text

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

Made = TypeVar("Made")
Shaped = TypeVar("Shaped")
Read_co = TypeVar("Read_co", covariant=True)

_LARGEST = 10**15
"""Nothing is counted that far, and what takes a number of things or of seconds takes it up to here."""
_KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}


class Misshapen(SupError):
    """{where}: {field} is {found}, where {expected} is expected"""

    where: str
    field: str
    found: str
    expected: str


class Shape(Generic[Read_co]):
    """What a value should be, in words, and how it is read; `read` raises ValueError or TypeError for another."""

    __slots__ = ("expected", "read")

    def __init__(self, expected: str, read: Callable[[Json], Read_co]) -> None:
        """Say what is EXPECTED, for the end of a sentence, and how to READ it."""
        self.expected, self.read = expected, read


def _object(found: object) -> Document:
    if not isinstance(found, dict):
        raise TypeError
    return found


def _list(found: object) -> list[Json]:
    if not isinstance(found, list):
        raise TypeError
    return found


def _objects(found: object) -> list[Document]:
    return [_object(each) for each in _list(found)]


def _objects_by_name(found: object) -> dict[str, Document]:
    return {name: _object(each) for name, each in _object(found).items()}


def _text(found: object) -> str:
    if isinstance(found, dict) or found is None:
        raise TypeError
    return to_text(found)


def _texts(found: object) -> list[str]:
    """Read texts, of which a single one need not be in a list (Kazoo kapps_config:get_ne_binaries/3)."""
    return [_text(each) for each in ([found] if isinstance(found, str) else _list(found)) if each not in ("", None)]


def _names(found: object) -> list[str]:
    if not all(isinstance(each, str) for each in _list(found)):
        raise TypeError
    return _list(found)


def _integer(found: object) -> int:
    try:
        number = to_integer(found)
    except OverflowError:
        raise ValueError from None
    if abs(number) > _LARGEST:
        raise ValueError
    return number


def _positive(found: object) -> int:
    number = _integer(found)
    if number <= 0:
        raise ValueError
    return number


OBJECT = Shape("an object", _object)
OBJECTS = Shape("a list of objects", _objects)
OBJECTS_BY_NAME = Shape("an object of objects", _objects_by_name)
LIST = Shape("a list", _list)
TEXT = Shape("text", _text)
TEXTS = Shape("a list of texts", _texts)
NAMES = Shape("a list of texts", _names)
INTEGER = Shape("a whole number", _integer)
POSITIVE = Shape("a whole number above 0", _positive)


def kind(found: object) -> str:
    """Return what a JSON value is, in words."""
    if isinstance(found, int) and abs(found) > _LARGEST:
        return "a number too large"
    return _KINDS.get(type(found), "null")


def shaped(where: str, field: str, found: object, shape: Shape[Shaped]) -> Shaped:
    """Return a value as what it should be. Raises Misshapen, which says that it is in a FIELD of WHERE."""
    try:
        return shape.read(found)
    except (ValueError, TypeError):
        raise Misshapen(where=where, field=field, found=kind(found), expected=shape.expected) from None


def at(document: Document, path: Sequence[str], shape: Shape[Shaped], default: Shaped) -> Shaped:
    """Return what is at PATH of a document, DEFAULT where nothing does.

    Raises Misshapen where that, or something on the way to it, is not what it should be.
    """
    found: Json = document
    for depth, key in enumerate(path):
        if not isinstance(found, dict):
            raise Misshapen(
                where=name_of(document),
                field=".".join(path[:depth]) or "the whole",
                found=kind(found),
                expected=OBJECT.expected,
            )
        found = found.get(key)
        if found is None:
            return default
    return shaped(name_of(document), ".".join(path), found, shape)


def object_at(document: Document, *path: str) -> Document:
    """Return the object at PATH of a document, an empty one where there is none. Raises Misshapen."""
    return at(document, path, OBJECT, {})


def texts_at(document: Document, *path: str) -> list[str]:
    """Return the texts at PATH of a document, none where there is nothing. Raises Misshapen."""
    return at(document, path, TEXTS, [])


def text_at(document: Document, *path: str) -> str | None:
    """Return the text at PATH of a document, None where there is none. Raises Misshapen."""
    found: str | None = at(document, path, TEXT, "")
    return found or None


def ancestors_of(account: Document) -> list[str]:
    """Return the ids of the accounts above an account, from its definition. Raises Misshapen."""
    return at(account, ["pvt_tree"], NAMES, [])


def skip(zone: Zone, database: str, document: Document, error: SupError) -> None:
    """Name a document that cannot be read; the run that goes on without it ends partly done."""
    from kazoo_sup.changes import Report

    zone.run.report(Report(database, str(document.get("_id", "")), "failed", error=error))


def of_each(
    zone: Zone, database: str, documents: Iterable[Document], make: Callable[[Document], Made]
) -> Iterator[Made]:
    """Yield what MAKE makes of each document of a database; those that cannot be read are named and left out."""
    for document in documents:
        try:
            made = make(document)
        except Misshapen as error:
            skip(zone, database, document, error)
        else:
            yield made


def name_of(document: object) -> str:
    """Return what a document is called in a sentence."""
    if not isinstance(document, dict):
        return "a document"
    found = document.get("_id") or document.get("id")
    return f"document {found}" if isinstance(found, str) else "a document without id"

"""Reading what carriers answer: JSON and XML. Hostile XML (entities, document types) is refused."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers.base import CarrierUnreadable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from kazoo_sup.transports.http import Answer
    from kazoo_sup.types import Document, Json


def read_json(answer: Answer, carrier: str) -> Json:
    """Return the JSON of an answer.

    Raises CarrierUnreadable.
    """
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise CarrierUnreadable(carrier=carrier, reason=f"its answer breaks off or is not JSON: {error}") from None


def read_object(answer: Answer, carrier: str) -> Document:
    """Return the JSON object of an answer.

    Raises CarrierUnreadable.
    """
    found = read_json(answer, carrier)
    if not isinstance(found, dict):
        raise CarrierUnreadable(carrier=carrier, reason="its JSON is not an object")
    return found


def objects(found: object) -> list[Document]:
    """Return the objects of a list; none where there is no list."""
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def read_xml(answer: Answer, carrier: str) -> Element:
    """Return the root element of an answer.

    Raises CarrierUnreadable.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(answer.body, forbid_dtd=True)
    except DefusedXmlException:
        raise CarrierUnreadable(carrier=carrier, reason="its XML has a document type or entities, refused") from None
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise CarrierUnreadable(carrier=carrier, reason=f"its answer breaks off or is not XML: {error}") from None
    return root


def text(element: Element, path: str) -> str:
    """Return the stripped text of the first element at PATH, in whatever namespace; "" where there is none."""
    return (element.findtext(anywhere(path)) or "").strip()


def anywhere(path: str) -> str:
    """Return a path of plain names as one that takes each in any namespace, from `.//` on where it begins so."""
    start, below = (".//", path.removeprefix(".//")) if path.startswith(".//") else ("", path)
    return start + "/".join(f"{{*}}{name}" for name in below.split("/"))


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def without_empty(fields: Document) -> Document:
    """Return the fields that hold something."""
    return {name: value for name, value in fields.items() if value not in ("", None, {}, [])}


def as_float(value: Json) -> float | None:
    """Return what a carrier names as a number or as text, such as a cost; None for anything else."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None

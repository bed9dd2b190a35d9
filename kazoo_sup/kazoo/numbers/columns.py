"""The columns in which Kazoo's bulk tasks take and list numbers, as requests and from numbers.

Source: Kazoo kt_numbers (task category number_management): output_header/1, public_fields/1, list_number/1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kazoo_sup.kazoo import carriers
from kazoo_sup.kazoo.documents import value_at, with_value
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.kazoo.numbers import states
from kazoo_sup.kazoo.numbers.lifecycle import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.types import Document, Json, Row

NUMBER = "e164"

_PUBLIC: Mapping[str, tuple[str, ...]] = {
    "cnam.outbound": ("cnam", "display_name"),
    "cnam.inbound": ("cnam", "inbound_lookup"),
    "e911.locality": ("e911", "locality"),
    "e911.name": ("e911", "caller_name"),
    "e911.region": ("e911", "region"),
    "e911.street_address": ("e911", "street_address"),
    "e911.extended_address": ("e911", "extended_address"),
    "e911.postal_code": ("e911", "postal_code"),
    "prepend.enabled": ("prepend", "enabled"),
    "prepend.name": ("prepend", "name"),
    "prepend.number": ("prepend", "number"),
    "ringback.early": ("ringback", "early"),
    "ringback.transfer": ("ringback", "transfer"),
    "force_outbound": ("force_outbound",),
    "failover.e164": ("failover", "e164"),
    "failover.sip": ("failover", "sip"),
    "carrier_name": ("carrier_name",),
}
_FLAGS = ("cnam.inbound", "prepend.enabled", "force_outbound", "ported_in")
_IN_ANY_CASE = frozenset({*_FLAGS, "state"})
_OPAQUE = "opaque."

LISTED = (
    NUMBER,
    "account_name",
    "account_id",
    "previously_assigned_to",
    "state",
    "created",
    "modified",
    "used_by",
    "ported_in",
    "carrier_module",
    "cnam.inbound",
    "cnam.outbound",
    *(name for name in _PUBLIC if not name.startswith(("cnam.", "carrier_name"))),
)
"""The columns of a listing, in Kazoo's order."""


def check(names: Sequence[str]) -> None:
    """Raise ValueError for the names that are not columns: LISTED, `carrier_name`, or `opaque.` and a public field."""
    wrong = [name for name in names if name not in LISTED and name not in _PUBLIC and not name.startswith(_OPAQUE)]
    if wrong:
        raise ValueError(f"there is no column {', '.join(map(repr, wrong))}; {explained()}")
    fields = {name: name.removeprefix(_OPAQUE) for name in names if name.startswith(_OPAQUE)}
    for name, field in fields.items():
        if field.startswith(("_", "pvt_")) or not all(field.split(".")):
            raise ValueError(f"column {name!r} names no public field")


def known_as(name: str) -> str:
    """Return a column's name as it is known here, whatever the case of its letters; `opaque.` ends what has no case."""
    plain = name.lower().replace(" ", "_").replace("-", "_")
    if plain.startswith(_OPAQUE):
        return _OPAQUE + name[len(_OPAQUE) :]
    return plain if plain in LISTED or plain in _PUBLIC else name


def explained() -> str:
    """Say which columns there are."""
    return f"columns are {', '.join(LISTED)}, and opaque.FIELD"


def request(fields: Mapping[str, str], base: Request) -> Request:
    """Return the request that the cells of a line make, BASE where they are empty.

    fields: column to cell. `account_name`, `created`, `modified`, `previously_assigned_to` and `used_by` are only
    listed. Raises ValueError for a cell that is not one of its column's values, and UnknownCarrier.
    """
    # Spreadsheets write TRUE for true.
    fields = {name: cell.lower() if name in _IN_ANY_CASE else cell for name, cell in fields.items()}
    for name in _FLAGS:
        if fields.get(name) not in (None, "", "true", "false"):
            raise ValueError(f"{name} is {fields[name]!r}, neither true nor false")
    state = fields.get("state") or base.state
    if state is not None and state not in states.CREATION:
        raise ValueError(f"state is {state!r}, none of {', '.join(states.CREATION)}")
    ported_in = fields.get("ported_in")
    public = public_fields(fields)
    return Request(
        account=fields.get("account_id") or base.account,
        state=state,
        module_name=_module(fields.get("carrier_module")) or base.module_name,
        ported_in=ported_in == "true" if ported_in else base.ported_in,
        public=public or base.public,
        overwrite=base.overwrite,
    )


def public_fields(fields: Mapping[str, str]) -> Document:
    """Return the public fields that the cells of a line hold; empty cells are left out."""
    public: Document = {}
    for name, path in _public_columns(tuple(fields)):
        if fields[name]:
            public = with_value(public, path, fields[name] == "true" if name in _FLAGS else fields[name])
    return public


@lru_cache(maxsize=64)
def _public_columns(names: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Return those of the columns that are public fields, in the order of documents, and where in one they are."""
    known = [(name, path) for name, path in _PUBLIC.items() if name in names]
    return known + [(name, tuple(name.removeprefix(_OPAQUE).split("."))) for name in names if name.startswith(_OPAQUE)]


def row(number: PhoneNumber, account_name: str | None) -> Row:
    """Return a number as a line of a listing; the account's name is looked up by the caller."""
    features = number.features or {}

    def feature(*path: str) -> Json:
        return value_at(features, path, None)

    cells = {
        NUMBER: number.number,
        "account_name": account_name,
        "account_id": number.assigned_to,
        "previously_assigned_to": number.previously_assigned_to,
        "state": number.state,
        "created": number.stored_created,
        "modified": number.stored_modified,
        "used_by": number.used_by,
        "ported_in": number.ported_in,
        "carrier_module": number.module_name,
        "cnam.inbound": is_true(feature("inbound_cnam", "inbound_lookup")),
        "cnam.outbound": feature("outbound_cnam", "display_name"),
        **{name: feature(*path) for name, path in _PUBLIC.items() if path[0] in ("e911", "ringback", "failover")},
        "prepend.enabled": is_true(feature("prepend", "enabled")),
        "prepend.name": feature("prepend", "name"),
        "prepend.number": feature("prepend", "number"),
        "force_outbound": is_true(feature("force_outbound")),
    }
    return {name: cells[name] for name in LISTED}


def _module(name: str | None) -> str | None:
    return carriers.of_number(name) if name else None

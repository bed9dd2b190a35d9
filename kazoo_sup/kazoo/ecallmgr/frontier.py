"""What Kamailio is told of a device or realm: which addresses may send, and how much.

An entity is `user@realm` or a realm. Source: Kazoo frontier_handle_acl, frontier_handle_rate, frontier_init.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import shapes, value_at
from kazoo_sup.kazoo.documents.shapes import OBJECT
from kazoo_sup.kazoo.ecallmgr import ecallmgr
from kazoo_sup.messages.names import account_database, plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document, ViewRow
    from kazoo_sup.zone import Zone

CATEGORY = "frontier"
RATES = "rate_limits"
METHODS = {"registrations": "REGISTER", "invites": "INVITE", "total_packets": "TOTAL"}
"""What is counted, as documents and as Kamailio call it."""

DEFAULTS: Document = {
    "account": {
        "per_minute": {"registrations": 100, "invites": 200, "total_packets": 2000},
        "per_second": {"registrations": 20, "invites": 50, "total_packets": 100},
    },
    "device": {
        "per_minute": {"registrations": 20, "invites": 100, "total_packets": 1000},
        "per_second": {"registrations": 2, "invites": 5, "total_packets": 20},
    },
}
"""The rates of a zone that configures none (frontier.rate_limits)."""

_OF_DEVICES = "device-default-rate-limits"
_NOBODY = -1
SPANS = ("per_minute", "per_second")

Rate = tuple[str, str, str, str, object]
"""The type of an entity, its name, what is counted, the span and how many."""


@dataclass(slots=True)
class Told:
    """What is told of one type of entity: the entity's name, and how many by (what is counted, span)."""

    name: str | None = None
    rates: dict[tuple[str, str], object] = field(default_factory=dict)


class Access(NamedTuple):
    """From where one entity may send: its type and name, the order of its list, and the networks (CIDR) on it."""

    kind: str | None
    name: str
    policy: str | None
    networks: list[str]


def acls(zone: Zone, entity: str) -> Iterator[Access]:
    """Yield from where an entity, and its realm, may send; from nowhere where no account has the realm."""
    user, realm = ecallmgr.user_and_realm(entity)
    account = _account(zone, realm)
    if account is None:
        for each in [realm] if user is None else [entity, realm]:
            yield Access("device" if "@" in each else "realm", each, "allow,deny", ["0.0.0.0/0"])
        return
    names = [realm] if user is None else [user, realm]
    for row in views.rows_if_any(zone, account_database(account), "access_lists", "crossbar_listing", keys=names):
        record = row.get("value") or {}
        networks = value_at(record, ["acls", "cidrs"]) or []
        yield Access(record.get("type"), str(row["key"]), value_at(record, ["acls", "order"]), networks)


def rates(zone: Zone, entity: str) -> dict[str, Told]:
    """Return how much an entity, and its realm, may send."""
    user, realm = ecallmgr.user_and_realm(entity)
    account = _account(zone, realm)
    if account is None:
        return _first(_denied(entity) + ([] if user is None else _denied(realm)))
    everywhere = default_rates(zone)
    configured = _of_document(everywhere.get("account"), "realm", realm)
    configured += _of_document(everywhere.get("device"), "realm" if user is None else "device", user or realm)
    return _first(_stored(zone, account, user, realm) + configured)


def default_rates(zone: Zone) -> Document:
    """Return the rates that hold where neither device nor account say anything."""
    return system_config.read(zone, CATEGORY, RATES, DEFAULTS, OBJECT)


def _stored(zone: Zone, account: str, user: str | None, realm: str) -> list[Rate]:
    """Return what the account's documents say; where they say nothing of the account, its nearest ancestor's do."""
    names = [_OF_DEVICES, realm, *([] if user is None else [user])]
    keys = [[name, counted] for name in names for counted in METHODS]
    rows = views.rows_if_any(zone, account_database(account), "rate_limits", "crossbar_listing", keys=keys)
    found = [rate for row in rows for rate in _of_row(row)]
    of_realm = [each for each in found if each[0] == "realm"]
    of_devices = [each for each in found if each[0] == "device"]
    own = [each for each in of_devices if each[1] != _OF_DEVICES] or of_devices
    return (of_realm + own) if of_realm else (own + _of_ancestors(zone, account, realm))


def _of_row(row: ViewRow) -> list[Rate]:
    name, counted = views.key_of(row, 2)[:2]
    value = views.object_of(row) if row.get("value") else {}
    return [(str(value.get("type")), name, counted, span, value[span]) for span in SPANS if span in value]


def _of_ancestors(zone: Zone, account: str, realm: str) -> list[Rate]:
    for ancestor in reversed(shapes.ancestors_of(accounts.definition(zone, account) or {})):
        database = account_database(ancestor)
        rows = list(views.rows_if_any(zone, database, "rate_limits", "list_by_owner", key=ancestor))
        if len(rows) == 1:
            document = zone.couchdb.get(plain(database), rows[0]["id"]) or {}
            # Of an ancestor only what is counted last is told, here as in Kazoo.
            return _of_document(document.get("account"), "realm", realm)[-len(SPANS) :]
    return []


def _of_document(said: object, kind: str, name: str) -> list[Rate]:
    """Return the rates of a document or setting; what is counted needs both spans to count."""
    found: list[Rate] = []
    for counted in METHODS:
        both = [value_at(said or {}, [span, counted]) for span in SPANS]
        if None not in both:
            found += [(kind, name, counted, span, rate) for span, rate in zip(SPANS, both, strict=True)]
    return found


def _denied(entity: str) -> list[Rate]:
    user, realm = ecallmgr.user_and_realm(entity)
    kind, name = ("realm", realm) if user is None else ("device", user)
    return [(kind, name, counted, span, _NOBODY) for counted in METHODS for span in SPANS]


def _first(found: Sequence[Rate]) -> dict[str, Told]:
    """Return the rates by type of entity; the first that is said counts, and the last name."""
    told: dict[str, Told] = {}
    for kind, name, counted, span, rate in found:
        of_kind = told.setdefault(kind, Told())
        of_kind.rates.setdefault((counted, span), rate)
        if name != _OF_DEVICES:
            of_kind.name = name
    return told


def _account(zone: Zone, realm: str) -> str | None:
    found = {
        row["id"]
        for row in views.rows_if_any(zone, accounts.DATABASE, "accounts", "listing_by_realm", key=realm.lower())
    }
    return str(found.pop()) if len(found) == 1 else None

"""What Kamailio is told of a device or realm: which addresses may send, and how much.

An entity is `user@realm` or a realm. Source: Kazoo frontier_handle_acl, frontier_handle_rate, frontier_init.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo import accounts, system_config, views
from kazoo_sup.kazoo.calls import ecallmgr
from kazoo_sup.kazoo.documents import Document, value_at
from kazoo_sup.names import account_database, plain
from kazoo_sup.terms.columns import shown, text_field

if TYPE_CHECKING:
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
_LABEL, _NUMBER = 15, 7
_SPANS = ("per_minute", "per_second")

Rate = tuple[str, str, str, str, Any]
"""The type of an entity, its name, what is counted, the span and how many."""


@dataclass(slots=True)
class Told:
    """What is told of one type of entity: the entity's name, and how many by (what is counted, span)."""

    name: str | None = None
    rates: dict[tuple[str, str], Any] = field(default_factory=dict)


def acls(zone: Zone, entity: str) -> Iterator[str]:
    """Yield what there is to say of the addresses from which an entity may send."""
    user, realm = ecallmgr.user_and_realm(entity)
    names = [realm] if user is None else [user, realm]
    account = _account(zone, realm)
    yield f"looking for ACL records for {entity}:"
    if account is None:
        entities = [realm] if user is None else [entity, realm]
        denied = {"order": "allow,deny", "cidrs": ["0.0.0.0/0"]}
        records = [(each, {"type": "device" if "@" in each else "realm", "acls": denied}) for each in entities]
    else:
        rows = views.rows_if_any(zone, account_database(account), "access_lists", "crossbar_listing", keys=names)
        records = [(str(row["key"]), row.get("value") or {}) for row in rows]
    for name, record in records:
        policy = shown(value_at(record, ["acls", "order"]))
        yield f"{shown(record.get('type'))} {name} use policy {policy} for cidrs:"
        yield from (f" {each}" for each in value_at(record, ["acls", "cidrs"]) or ())


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


def rate_lines(found: Mapping[str, Told]) -> Iterator[str]:
    """Yield how much a device and its realm may send."""
    for kind in ("device", "realm"):
        told = found.get(kind)
        if told is None:
            continue
        yield f"{kind.capitalize()} rates for {shown(told.name)}"
        for counted, method in METHODS.items():
            minute, second = (shown(told.rates.get((counted, span))).rjust(_NUMBER) for span in _SPANS)
            yield f"{text_field(method, _LABEL)}: {minute}/m {second}/s"


def default_rates(zone: Zone) -> Document:
    """Return the rates that hold where neither device nor account say anything."""
    found: Document = system_config.get(zone, CATEGORY, RATES, DEFAULTS)
    return found


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


def _of_row(row: Mapping[str, Any]) -> list[Rate]:
    name, counted = row["key"]
    value = row.get("value") or {}
    return [(str(value.get("type")), name, counted, span, value[span]) for span in _SPANS if span in value]


def _of_ancestors(zone: Zone, account: str, realm: str) -> list[Rate]:
    for ancestor in reversed((accounts.definition(zone, account) or {}).get("pvt_tree") or []):
        database = account_database(ancestor)
        rows = list(views.rows_if_any(zone, database, "rate_limits", "list_by_owner", key=ancestor))
        if len(rows) == 1:
            document = zone.couchdb.get(plain(database), rows[0]["id"]) or {}
            # Of an ancestor only what is counted last is told, here as in Kazoo.
            return _of_document(document.get("account"), "realm", realm)[-len(_SPANS) :]
    return []


def _of_document(said: Any, kind: str, name: str) -> list[Rate]:
    """Return the rates of a document or setting; what is counted needs both spans to count."""
    found: list[Rate] = []
    for counted in METHODS:
        both = [value_at(said or {}, [span, counted]) for span in _SPANS]
        if None not in both:
            found += [(kind, name, counted, span, rate) for span, rate in zip(_SPANS, both, strict=True)]
    return found


def _denied(entity: str) -> list[Rate]:
    user, realm = ecallmgr.user_and_realm(entity)
    kind, name = ("realm", realm) if user is None else ("device", user)
    return [(kind, name, counted, span, _NOBODY) for counted in METHODS for span in _SPANS]


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

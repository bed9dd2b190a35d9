"""An account's limits: how many calls and trunks it may use, and what it may spend.

An account's document `limits` is laid over what its service plans say, and those of its values that only resellers set
(`pvt_…`) bound the others. Amounts are whole units, 10,000 to the dollar.
Source: Kazoo kz_services_limits, kzd_limits, j5_limits. Better than there: reading never creates the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.billing import ledgers, services
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import months, views
from kazoo_sup.kazoo.documents import as_object, merged, objects_by_name, shapes, value_at
from kazoo_sup.kazoo.documents.values import integer_or_none, is_true
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.terms.values import is_integer

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields, Json
    from kazoo_sup.zone import Zone

_CATEGORY = "limits"
_DOCUMENT = "limits"
_RESERVED = 5_000
_PUBLIC_FLAGS = ("allow_prepay",)
_NO_LIMIT = -1


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that hold for an account; -1 means no limit. The trunks do not count the bundled ones."""

    account: str
    enabled: bool
    calls: int
    resource_consuming_calls: int
    inbound_trunks: int
    outbound_trunks: int
    twoway_trunks: int
    bundled: Mapping[str, int]
    burst_trunks: int
    max_postpay: int
    reserve: int
    allow_prepay: bool
    allow_postpay: bool
    allotments: Document
    soft_limit_inbound: bool
    soft_limit_outbound: bool
    balance: int | None
    """What the account has in this month; None where that is not known."""
    no_balance: str
    """Kazoo's word for why it is not known."""

    def trunks(self, direction: str) -> int:
        """Return the trunks of a direction (inbound, outbound, twoway), the bundled ones counted."""
        own: int = getattr(self, f"{direction}_trunks")
        return own if own == _NO_LIMIT else own + self.bundled[direction]


class Reader:
    """Reads limits of an account's documents; `default` gives the value of a key of the category `limits`."""

    def __init__(self, document: Document, default: Fields) -> None:
        """Take what an account's document and its plans say together."""
        self._document = document
        self._default = default

    def tristate(self, key: str) -> int:
        """Return a limit that the reseller's bounds unless it is below 0 (kzd_limits:get_limit/3)."""
        private, public = integer_or_none(self._document.get(f"pvt_{key}")), integer_or_none(self._document.get(key))
        if private is not None and (public is None or public < 0 or 0 <= private < public):
            return private
        return self._fallback(key, _NO_LIMIT) if public is None or public < 0 else public

    def number(self, key: str) -> int:
        """Return a number of trunks, at most as many as the reseller allows (kzd_limits:get_limit_integer/3)."""
        private, public = integer_or_none(self._document.get(f"pvt_{key}")), integer_or_none(self._document.get(key))
        allowed = self._fallback(key, 0) if public is None else public
        if private == 0:
            return 0
        return allowed if private is None or private < 0 else min(private, allowed)

    def units(self, key: str, otherwise: int) -> int:
        """Return an amount; a fraction is dollars, a whole number units (kzd_limits:get_limit_units/3)."""
        for found in (self._document.get(f"pvt_{key}"), self._default.get(key)):
            if isinstance(found, float):
                return ledgers.from_dollars(abs(found))
            if is_integer(found):
                return abs(found)
        return otherwise

    def flag(self, key: str, otherwise: bool) -> bool:
        """Return a switch, which is the reseller's but for `allow_prepay` (kzd_limits:get_limit_boolean/3)."""
        keys = [f"pvt_{key}", *([key] if key in _PUBLIC_FLAGS else [])]
        found = next((self._document[each] for each in keys if self._document.get(each) is not None), None)
        return is_true(self._default.get(key, otherwise) if found is None else found)

    def _fallback(self, key: str, otherwise: int) -> int:
        found = integer_or_none(self._default.get(key))
        return otherwise if found is None else found


def read(zone: Zone, account: str) -> Limits:
    """Return the limits of an account (an id)."""
    own = zone.couchdb.get(plain(account_database(account)), _DOCUMENT) or {}
    document: Document = merged(_of_plans(zone, account), own)
    reader = Reader(document, _Settings(zone))
    bundled = {
        direction: _bundled(zone, account, document.get(f"pvt_bundled_{direction}_trunks"))
        for direction in ("inbound", "outbound", "twoway")
    }
    allotments = document.get("allotments")
    available, unknown = _balance(zone, account)
    return Limits(
        account=account,
        enabled=reader.flag("enabled", True),
        calls=reader.tristate("calls"),
        resource_consuming_calls=reader.tristate("resource_consuming_calls"),
        inbound_trunks=reader.number("inbound_trunks"),
        outbound_trunks=reader.number("outbound_trunks"),
        twoway_trunks=reader.number("twoway_trunks"),
        bundled=bundled,
        burst_trunks=reader.number("burst_trunks"),
        max_postpay=-reader.units("max_postpay_amount", 0),
        reserve=reader.units("reserve_amount", _RESERVED),
        allow_prepay=reader.flag("allow_prepay", True),
        allow_postpay=reader.flag("allow_postpay", False),
        allotments=as_object(allotments),
        soft_limit_inbound=reader.flag("soft_limit_inbound", False),
        soft_limit_outbound=reader.flag("soft_limit_outbound", False),
        balance=available,
        no_balance=unknown,
    )


def _balance(zone: Zone, account: str) -> tuple[int | None, str]:
    try:
        return ledgers.balance(zone, account, months.this_month()), ""
    except ledgers.NoBalance as unknown:
        return None, str(unknown)


class _Settings(Mapping[str, object]):
    """The category `limits` as the zone's node sees it; a key that is not there has no value."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def __getitem__(self, key: str) -> Json:
        found = system_config.get(self._zone, _CATEGORY, key)
        if found is system_config.MISSING:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _of_plans(zone: Zone, account: str) -> Document:
    """Return the limits of an account's service plans, as the reseller's: with `pvt_` before each key.

    Plans are laid over one another in the order of their priority (Kazoo kz_services_plans:merge/1).
    """
    stored = zone.couchdb.get(plain(services.DATABASE), account) or {}
    everywhere = shapes.object_at(stored, "overrides")
    found: list[tuple[int, Document]] = []
    for identifier, assigned in objects_by_name(stored.get("plans")).items():
        vendor = shapes.text_at(assigned, "vendor_id") or shapes.text_at(stored, "pvt_reseller_id")
        plan = zone.couchdb.get(plain(account_database(vendor)), identifier) if vendor else None
        if plan is not None:
            overrides = merged(everywhere, shapes.object_at(assigned, "overrides"))
            changed = merged(plan, overrides)
            found.append((integer_or_none(value_at(changed, ["merge", "priority"])) or 0, changed))
    together: Document = {}
    for _priority, plan in sorted(found, key=lambda each: each[0]):
        together = merged(together, shapes.object_at(plan, "limits"))
    return {f"pvt_{key}": value for key, value in together.items()}


def _bundled(zone: Zone, account: str, kind: object) -> int:
    """Count the enabled things of a kind, each of which brings a trunk (kzd_limits:get_bundled_limit/2)."""
    if not (isinstance(kind, str) and kind):
        return 0
    found = views.rows_if_any(zone, account_database(account), kind, "crossbar_listing")
    return sum(is_true(value_at(row, ["value", "enabled"], True)) for row in found)

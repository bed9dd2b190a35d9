"""An account's limits: how many calls and trunks it may use, and what it may spend.

An account's document `limits` is laid over what its service plans say, and those of its values that only resellers set
(`pvt_…`) bound the others. Amounts are whole units, 10,000 to the dollar.
Source: Kazoo kz_services_limits, kzd_limits, j5_limits. Better than there: reading never creates the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kazoo_sup import terms
from kazoo_sup.kazoo import months, system_config, views
from kazoo_sup.kazoo.billing import ledgers, services
from kazoo_sup.kazoo.documents import Document, merged, value_at
from kazoo_sup.kazoo.values import integer_or_none, is_true
from kazoo_sup.names import account_database, plain
from kazoo_sup.terms.columns import number_field, shown, text_field

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

_CATEGORY = "limits"
_DOCUMENT = "limits"
_RESERVED = 5_000
_LABEL = 25
_PUBLIC_FLAGS = ("allow_prepay",)
_WIDTHS = (32, 5, 14, 10, 3, 3, 4, 5, 10, 11)
_RULES = (34, 7, 16, 12, 26, 12, 13)
_NO_LIMIT = -1


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that hold for an account; -1 is none. The trunks do not count the bundled ones."""

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

    def trunks(self, direction: str) -> int:
        """Return the trunks of a direction (inbound, outbound, twoway), the bundled ones counted."""
        own: int = getattr(self, f"{direction}_trunks")
        return own if own == _NO_LIMIT else own + self.bundled[direction]


class Reader:
    """Reads limits of an account's documents; `default` gives the value of a key of the category `limits`."""

    def __init__(self, document: Document, default: Mapping[str, Any]) -> None:
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
            if isinstance(found, int) and not isinstance(found, bool):
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
        allotments=allotments if isinstance(allotments, dict) else {},
        soft_limit_inbound=reader.flag("soft_limit_inbound", False),
        soft_limit_outbound=reader.flag("soft_limit_outbound", False),
    )


def header() -> list[str]:
    """Return the lines above the table of limits."""
    first = "| Account ID                       | Calls | Resource Calls | Allotments |           Trunks         "
    second = "|                                  |       |                |            |  In | Out | Both | Burst "
    return [
        _rule("-"),
        f"{first}| Per Minute | Max Postpay |",
        f"{second}|            |             |",
        _rule("="),
    ]


def rows(zone: Zone, limits: Limits) -> list[str]:
    """Return the lines of an account in the table."""
    if not limits.enabled:
        gaps = ("   -   ", "       -        ", "     -      ", "  -  ", "  -  ", "   -  ", "   -   ")
        row = f"| {text_field(limits.account, 32)} |{'|'.join(gaps)}|     -      |      -      |"
        return [row, _rule("-")]
    prepay = balance(zone, limits.account) if limits.allow_prepay else "disabled"
    postpay = _dollars(limits.max_postpay) if limits.allow_postpay else "disabled"
    cells = (
        limits.account,
        limits.calls,
        limits.resource_consuming_calls,
        len(limits.allotments),
        *(limits.trunks(direction) for direction in ("inbound", "outbound", "twoway")),
        limits.burst_trunks,
        prepay,
        postpay,
    )
    row = " | ".join(cell_of(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True))
    return [f"| {row} |", _rule("-")]


def details(zone: Zone, limits: Limits) -> Iterator[str]:
    """Yield all there is to say of an account's limits."""
    yield "Account Info:"
    yield field("  Account ID", limits.account)
    yield field("  Account DB", account_database(limits.account))
    yield field("  Current Balance", balance(zone, limits.account))
    yield "Configuration:"
    yield field("  Enabled", limits.enabled)
    yield field("  Prepay Allowed", limits.allow_prepay)
    yield field("  Postpay Allowed", limits.allow_postpay)
    yield field("  Max Postpay Amount", _dollars(limits.max_postpay))
    yield field("  Reserve Amount", _dollars(limits.reserve))
    yield field("  Soft Limit Inbound", limits.soft_limit_inbound)
    yield field("  Soft Limit Outbound", limits.soft_limit_outbound)
    yield "Limits:"
    yield field("  Calls Hard Limit", limits.calls)
    yield field("  Resources Hard Limit", limits.resource_consuming_calls)
    for direction in ("inbound", "outbound", "twoway"):
        name = f"{direction.capitalize()} Trunks"
        yield field(f"  {name}", getattr(limits, f"{direction}_trunks"))
        yield field(f"  Bundled {name}", limits.bundled[direction])
    yield "Allotments:"
    if not limits.allotments:
        yield "  -none-"
    for key, allotment in limits.allotments.items():
        yield ""
        yield field("  Name", value_at(allotment, ["name"], key))
        yield field("  Amount", value_at(allotment, ["amount"], 0))
        yield field("  Cycle", value_at(allotment, ["cycle"], "monthly"))


def field(label: str, value: Any) -> str:
    """Return a line of details."""
    return f"{text_field(label, _LABEL)}: {shown(value)}"


def cell_of(value: Any, width: int) -> str:
    """Return a cell of a table: text is cut, a number for which there is no room becomes asterisks."""
    return number_field(value, width) if isinstance(value, int) else text_field(value, width)


def balance(zone: Zone, account: str) -> str:
    """Return what an account has, in dollars, or that it is not known."""
    try:
        return _dollars(ledgers.balance(zone, account, months.this_month()))
    except ledgers.NoBalance as unknown:
        return f"not known at the moment: {unknown.args[0]}"


class _Settings(Mapping[str, Any]):
    """The category `limits` as the zone's node sees it; a key that is not there has no value."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def __getitem__(self, key: str) -> Any:
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
    everywhere = stored.get("overrides") or {}
    found: list[tuple[int, Document]] = []
    for identifier, assigned in _objects(stored.get("plans")):
        vendor = assigned.get("vendor_id") or stored.get("pvt_reseller_id")
        plan = zone.couchdb.get(plain(account_database(vendor)), identifier) if vendor else None
        if plan is not None:
            overrides = merged(everywhere, assigned.get("overrides") or {})
            changed = merged(plan, overrides)
            found.append((integer_or_none(value_at(changed, ["merge", "priority"])) or 0, changed))
    together: Document = {}
    for _priority, plan in sorted(found, key=lambda each: each[0]):
        together = merged(together, plan.get("limits") or {})
    return {f"pvt_{key}": value for key, value in together.items()}


def _bundled(zone: Zone, account: str, kind: Any) -> int:
    """Count the enabled things of a kind, each of which brings a trunk (kzd_limits:get_bundled_limit/2)."""
    if not (isinstance(kind, str) and kind):
        return 0
    found = views.rows_if_any(zone, account_database(account), kind, "crossbar_listing")
    return sum(is_true(value_at(row, ["value", "enabled"], True)) for row in found)


def _dollars(units: int) -> str:
    return terms.dumps(ledgers.dollars(units))


def _rule(line: str) -> str:
    return f"+{'+'.join(line * width for width in _RULES)}+"


def _objects(found: Any) -> list[tuple[str, Document]]:
    return [(key, each) for key, each in found.items() if isinstance(each, dict)] if isinstance(found, dict) else []

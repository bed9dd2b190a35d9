"""Rate decks: which rates apply to a number, and which of them wins.

Source: Kazoo hon_util, hotornot_config, kzd_ratedeck, kz_services_ratedecks. Where a zone keeps its rates in a trie the
documents are what that was built from.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.config import expressions, system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import merged, value_at
from kazoo_sup.kazoo.documents.shapes import TEXT, TEXTS
from kazoo_sup.kazoo.documents.values import is_true, to_float, to_integer
from kazoo_sup.messages.names import account_database, account_id, encoded, plain
from kazoo_sup.terms import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

Number = TypeVar("Number")

CATEGORY = "hotornot"
DEFAULT = "ratedeck"
FILTERS = ("direction", "route_options", "routes")
HEAVIEST = 100


class Call(NamedTuple):
    """What is rated: the called number in E.164 form, and what else is known of the call."""

    number: str
    direction: str | None = None
    account: str | None = None
    options: tuple[str, ...] = ()


def database(ratedeck: str) -> str:
    """Return the (encoded) database of a rate deck, by its id or its database's name."""
    if plain(ratedeck) == DEFAULT or plain(ratedeck).startswith(f"{DEFAULT}/"):
        return encoded(ratedeck)
    return encoded(f"{DEFAULT}/{ratedeck}")


def of_account(zone: Zone, account: str | None) -> str:
    """Return the (encoded) database with the rates of an account (an id): its own, its reseller's, or the default."""
    if account is not None:
        reseller = services.reseller_id(zone, account)
        for each in dict.fromkeys((account, reseller)):
            found = _assigned(zone, each) if each else {}
            if found.get("id"):
                return database(str(found["id"]))
    return database(system_config.read(zone, CATEGORY, "default_ratedeck", DEFAULT, TEXT))


def prefixes(number: str) -> list[int]:
    """Return what a number begins with, the longest first; nothing where it is too short to be rated."""
    digits = "".join(each for each in number if each in "0123456789") if len(number) > 1 else ""
    return [int(digits[:length]) for length in range(len(digits), 0, -1)]


def candidates(zone: Zone, call: Call) -> list[Document]:
    """Return the rates whose prefix the number begins with, the longest prefix first.

    Raises NotFound where there is no such rate deck.
    """
    name = of_account(zone, call.account)
    rows = views.rows(zone, name, "rates", "lookup", keys=prefixes(call.number), include_docs=True)
    deck = plain(name).removeprefix(f"{DEFAULT}/")
    return [{**row["doc"], "ratedeck_id": deck} for row in rows if row.get("doc")]


def between(zone: Zone, first: int, last: int) -> Iterator[Document]:
    """Yield the rates of the default database with prefixes from FIRST to LAST."""
    rows = views.rows(zone, DEFAULT, "rates", "lookup", start=first, end=last, include_docs=True)
    return (row["doc"] for row in rows if row.get("doc"))


def matching(zone: Zone, rates: Iterable[Document], call: Call) -> list[Document]:
    """Return those rates that all of the zone's filters let through, the one that wins first."""
    filters = system_config.read(zone, CATEGORY, "filter_list", list(FILTERS), TEXTS)
    tests = [_FILTERS.get(name, _never) for name in filters]
    found = [rate for rate in rates if all(test(zone, rate, call) for test in tests)]
    by_weight = is_true(system_config.get(zone, CATEGORY, "sort_by_weight", default=True))
    # Of those that are equal the last one comes first, as Erlang's lists:usort/2 leaves them.
    found.reverse()
    return sorted(found, key=partial(_rank, by_weight=by_weight))


# -- what lets a rate through


def _by_direction(_zone: Zone, rate: Document, call: Call) -> bool:
    found = rate.get("direction") or ["inbound", "outbound"]
    return call.direction is None or call.direction in ([found] if isinstance(found, str) else found)


def _by_options(_zone: Zone, rate: Document, call: Call) -> bool:
    options = rate.get("options") or []
    return not options or all(each in options for each in call.options)


def _by_routes(_zone: Zone, rate: Document, call: Call) -> bool:
    where = f"routes of rate {rate.get('_id')} in rate deck {rate.get('ratedeck_id')}"
    return any(expressions.matches(each, call.number, where) for each in rate.get("routes") or [])


def _by_ratedeck(zone: Zone, rate: Document, call: Call) -> bool:
    name = _assigned(zone, call.account).get("name") if call.account else None
    return bool(name == rate.get("ratedeck_id"))


def _by_reseller(zone: Zone, rate: Document, call: Call) -> bool:
    return call.account is not None and rate.get("account_id") == services.reseller_id(zone, call.account)


def _by_version(zone: Zone, rate: Document, _call: Call) -> bool:
    return bool(rate.get("rate_version") == version(zone))


def _always(_zone: Zone, _rate: Document, _call: Call) -> bool:
    return True


def _never(_zone: Zone, _rate: Document, _call: Call) -> bool:
    return False


_FILTERS: dict[str, Callable[[Zone, Document, Call], bool]] = {
    "direction": _by_direction,
    "route_options": _by_options,
    "routes": _by_routes,
    "caller_id_numbers": _always,  # the caller is not known here
    "ratedeck_id": _by_ratedeck,
    "reseller": _by_reseller,
    "version": _by_version,
}


def version(zone: Zone) -> str | None:
    """Return the version of the rates that apply, where the zone names one."""
    return system_config.read(zone, CATEGORY, "rate_version", "", TEXT) or None


def _rank(rate: Document, *, by_weight: bool) -> tuple[int, float]:
    prefix = number(rate, "prefix", to_integer)
    length = len(UNDEFINED if prefix is None else str(prefix))
    if by_weight:
        weight = number(rate, "weight", to_integer)
        return -length, HEAVIEST if weight is None else weight
    return -length, -(number(rate, "rate_cost", to_float) or 0.0)


def _assigned(zone: Zone, account: str) -> Document:
    """Return id and name of the rate deck that an account's services document names, or else its service plans.

    Of several plans that with the highest merge.priority counts.
    """
    document = zone.couchdb.get(services.DATABASE, account) or {}
    own = document.get("ratedeck") or {}
    if own.get("id") and own.get("name"):
        return dict(own)
    planned: Document = {}
    for plan in sorted(_plans(zone, account, document), key=lambda each: value_at(each, ["merge", "priority"], 0)):
        planned |= plan.get("ratedeck") or {}
    return {**planned, **own}


def _plans(zone: Zone, account: str, document: Document) -> Iterator[Document]:
    """Yield the plans of an account, those of its documents too, with their overrides."""
    objects = (views.object_of(row) for row in views.rows(zone, account_database(account), "services", "object_plans"))
    vendor = value_at(document, ["bookkeeper", "vendor_id"]) or document.get("pvt_reseller_id")
    for plans in chain([document.get("plans") or {}], objects):
        for identifier, said in plans.items():
            owner = account_id(str(said.get("vendor_id") or vendor))
            stored = zone.couchdb.get(plain(account_database(owner)), identifier) if owner else None
            if stored is not None:
                yield merged(stored, merged(document.get("overrides") or {}, said.get("overrides") or {}))


def number(rate: Document, key: str, read: Callable[[object], Number]) -> Number | None:
    """Return a number of a rate as READ makes it; None where it has none."""
    try:
        return read(rate.get(key))
    except ValueError:
        return None

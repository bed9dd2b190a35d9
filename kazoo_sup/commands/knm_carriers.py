"""The carriers of the number manager: which are in use, what they have, and getting numbers from them."""

from __future__ import annotations

from collections.abc import Iterator

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.numbers import E164, AnyCarrierModule
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.carriers import (
    ALL,
    acquiring,
    choice,
    configuration,
    countries,
    of,
    of_number,
    searching,
    verifying,
)
from kazoo_sup.kazoo.carriers.base import UNAVAILABLE, CarrierError, CarrierLacks, Found, Query
from kazoo_sup.kazoo.zone.health import health
from kazoo_sup.kazoo.zone.health.health import State
from kazoo_sup.results import Answer, BulkReport, Done, Listing
from kazoo_sup.settings.sources import SPAN, is_span
from kazoo_sup.types import Document, Row
from kazoo_sup.zone import Zone


@command
def list_(zone: Zone) -> Listing:
    """List every carrier module, and whether it is enabled, local, billed, and looks up the names of callers."""
    enabled = choice.enabled(zone)
    return Listing(
        ("module", "enabled", "local", "billable", "caller_names", "longest_prefix", "note"),
        ({"module": name, "enabled": name in enabled, **_traits(zone, name)} for name in ALL),
    )


@command
def all_modules() -> Answer:
    """Show the names of all carrier modules."""
    return Answer(list(ALL))


@command
def info(zone: Zone, module: AnyCarrierModule) -> Listing:
    """Show what MODULE is and how it is configured; secrets are not shown."""
    carrier = of(zone, module)
    traits = [{"key": name, "value": found} for name, found in _traits(zone, module).items()]
    enabled: Row = {"key": "enabled", "value": module in choice.enabled(zone)}
    return Listing(configuration.COLUMNS, [enabled, *traits, *configuration.rows(carrier)])


@command
def enable(zone: Zone, module: AnyCarrierModule) -> Answer:
    """Have searches ask MODULE, too, for every account whose reseller has no list of its own."""
    if deprecated := of(zone, module).deprecated:
        zone.run.warn(f"{module} is deprecated, use {deprecated}")
    return Answer(choice.enable(zone, module))


@command
def disable(zone: Zone, module: str) -> Answer:
    """Have searches no longer ask MODULE; numbers that came from it stay as they are."""
    names = choice.disable(zone, module)
    if not names:
        zone.run.warn("no carrier is enabled any more")
    return Answer(names)


@command
def default(zone: Zone) -> Answer:
    """Show the carrier module of numbers that name none."""
    return Answer(choice.default(zone))


@command
def find(
    zone: Zone,
    prefix: str,
    quantity: int,
    account: AccountId | None = None,
    *,
    country: str = "",
    city: str = "",
    state: str = "",
    rate_center: str = "",
    type_: str = "",
    features: str = "",
    best_effort: bool = False,
    offset: int = 0,
    blocks: int = 0,
) -> Listing:
    """Find up to QUANTITY numbers that begin with PREFIX: at all enabled carriers, or all that ACCOUNT can have.

    PREFIX is written with + and the country code, or without for North America. All carriers are asked side by side,
    for as long as number_search_timeout_ms allows; which failed, and why, is told after what the others found (exit
    code 5). COUNTRY (ISO 3166, two letters) is that of PREFIX unless given. CITY, STATE and RATE_CENTER
    narrow the search, as do TYPE (local, toll_free, mobile, national, shared_cost) and FEATURES that the numbers must
    have (sms,mms,voice,fax,emergency): a carrier that cannot search by what is given is not asked, and that is told.
    With --best-effort numbers of neighbouring areas are found, too. OFFSET is how many of the first numbers to pass
    over, BLOCKS how many blocks of QUANTITY numbers to ask for, where there are any.
    """
    if quantity < 1 or offset < 0 or blocks < 0:
        raise BadArgument(parameter="QUANTITY", reason="quantity must be 1 or more, --offset and --blocks 0 or more")
    nation = country.upper()
    if country and not countries.is_known(nation):
        raise BadArgument(parameter="--country", reason=f"{country!r} is not a country code of two letters")
    try:
        normalised = searching.normalised_prefix(prefix, nation or "US")
    except ValueError as error:
        raise BadArgument(parameter="PREFIX", reason=str(error)) from error
    if nation and not countries.begins_with(nation, normalised):
        own = countries.of_prefix(normalised)
        reason = f"no number of {nation} begins with {normalised}{f', those are numbers of {own}' if own else ''}"
        raise BadArgument(parameter="--country", reason=reason)
    wanted = min(quantity, searching.largest(zone))
    if wanted < quantity:
        zone.run.warn(f"maximum_search_quantity allows {wanted} numbers")
    reseller = services.reseller_id(zone, account) if account else None
    query = Query(
        normalised,
        wanted,
        nation,
        account,
        reseller,
        offset,
        blocks,
        city=city,
        state=state,
        rate_center=rate_center,
        kind=type_,
        features=tuple(features.replace(",", " ").split()),
        best_effort=best_effort,
    )
    modules = choice.available(zone, account, reseller)
    most = 2 * blocks if blocks else wanted  # a block comes as its two ends
    found = searching.search(zone, modules, query, searching.deadline(zone), most)
    columns = ("number", "module", "state", "activation_charge", "monthly", "currency", "carrier_data")
    return Listing(columns, _rows(found))


@command
def check(zone: Zone, *number: E164) -> Answer:
    """Show what the enabled carriers say of each NUMBER; "error" where none can be asked, or none knows it.

    Telnyx and Bandwidth say in_service of a number of your account, else available or unavailable; a phonebook has its
    own words.
    """
    if not number:
        raise BadArgument(parameter="NUMBER", reason="there is no number to check")
    said: dict[str, str] = {}
    for name in choice.available(zone):
        left = [each for each in dict.fromkeys(number) if said.get(each, UNAVAILABLE) == UNAVAILABLE]
        try:
            said |= of(zone, name).check(left) if left else {}
        except CarrierLacks:
            continue
        except CarrierError as error:
            zone.run.warn(str(error))
    return Answer({each: said.get(each, "error") for each in number})


@command
def verify(
    zone: Zone, module: AnyCarrierModule | None = None, *, all_: bool = False, deadline: float = 10.0
) -> Listing:
    """Show what keeps the enabled carrier modules from working, or MODULE, or with --all every module.

    Looked at are settings that are missing, interfaces and credentials that have ended or soon will, numbers whose
    calls would go nowhere, sandboxes, and addresses without TLS. Each carrier is asked for one thing that costs nothing
    and takes the credentials; what is not known after --deadline DEADLINE seconds is unknown. Nothing is changed.
    """
    if module is not None and all_:
        raise BadArgument(parameter="--all", reason="it is every module, and you name one")
    if not is_span(deadline):
        raise BadArgument(parameter="--deadline", reason=SPAN)
    enabled = choice.enabled(zone)
    every = [*ALL, *(name for name in enabled if name not in ALL)]
    modules = [module] if module else every if all_ else list(dict.fromkeys(enabled))
    # A module that is named is looked at as if it were enabled.
    found = verifying.verify(zone, modules, [*enabled, *([module] if module else [])], deadline)
    rows = [row for each in found for row in _verified(each, is_enabled=each.module in enabled)]
    return Listing(("module", "enabled", "state", "found", "do"), rows, report=BulkReport(errors=health.trouble(rows)))


@command
def acquire(zone: Zone, number: E164, module: AnyCarrierModule | None = None) -> Done:
    """Get NUMBER from its carrier, or from MODULE when it is not stored yet, and store it as available.

    A carrier is never sent an order twice: when its answer leaves open what became of it, the carrier is asked, by the
    next run too. With --dry-run nothing is ordered.
    """
    asked = of_number(module) if module else None
    if asked != module:
        zone.run.warn(f"{module} is deprecated, {number} is acquired from {asked}")
    tally = acquiring.acquire(zone, number, asked)
    return Done(report=BulkReport(tally.counts))


@command
def disconnect(zone: Zone, number: E164) -> Done:
    """Give NUMBER, which must be assigned to nobody, back to its carrier, and store what it is then.

    It is then nobody's, and others can get it. An account that releases a number does not do that with every carrier;
    see return_on_release of knm_telnyx and knm_bandwidth2.
    """
    tally = acquiring.disconnect(zone, number)
    return Done(report=BulkReport(tally.counts))


def _traits(zone: Zone, name: str) -> Document:
    carrier = of(zone, name)
    return {
        "local": carrier.is_local,
        "billable": carrier.is_billable,
        "caller_names": carrier.looks_up_caller_names,
        "longest_prefix": carrier.longest_prefix,
        "note": f"deprecated, use {carrier.deprecated}" if carrier.deprecated else carrier.outdated,
    }


def _verified(found: verifying.Verified, *, is_enabled: bool) -> Iterator[Row]:
    row = {"module": found.module, "enabled": is_enabled}
    for each in found.complaints:
        yield {**row, "state": str(each.state), "found": each.found, "do": each.do}
    if not found.complaints:
        yield {**row, "state": str(State.OK), "found": found.good, "do": ""}


def _rows(found: Iterator[Found]) -> Iterator[Row]:
    for each in found:
        yield {
            "number": each.number,
            "module": each.module_name,
            "state": each.state,
            "activation_charge": each.activation_charge,
            "monthly": each.monthly,
            "currency": each.currency or None,
            "carrier_data": each.carrier_data or None,
        }

"""The carriers of the number manager: which are in use, what they have, and getting numbers from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.carriers import ALL, acquiring, choice, configuration, of, searching
from kazoo_sup.kazoo.carriers.base import CarrierError, Found, NotOffered, Query
from kazoo_sup.kazoo.numbers.e164 import E164
from kazoo_sup.kazoo.numbers.words import CarrierModule
from kazoo_sup.outcome import Outcome, Row, table, value
from kazoo_sup.zone import Zone


@command
def list_(zone: Zone) -> Outcome:
    """List every carrier module, and whether it is enabled, local, billed, and looks up the names of callers."""
    enabled = choice.enabled(zone)
    return table(
        ("module", "enabled", "local", "billable", "caller_names", "longest_prefix", "note"),
        ({"module": name, "enabled": name in enabled, **_traits(zone, name)} for name in ALL),
    )


@command
def all_modules() -> Outcome:
    """Show the names of all carrier modules."""
    return value(list(ALL))


@command
def info(zone: Zone, module: CarrierModule) -> Outcome:
    """Show what MODULE is and how it is configured; secrets are not shown."""
    carrier = of(zone, module)
    traits = [{"key": name, "value": found} for name, found in _traits(zone, module).items()]
    enabled: Row = {"key": "enabled", "value": module in choice.enabled(zone)}
    return table(configuration.COLUMNS, [enabled, *traits, *configuration.rows(carrier)])


@command
def enable(zone: Zone, module: CarrierModule) -> Outcome:
    """Have searches ask MODULE, too, for every account whose reseller has no list of its own."""
    return value(choice.enable(zone, module))


@command
def disable(zone: Zone, module: str) -> Outcome:
    """Have searches no longer ask MODULE; numbers that came from it stay as they are."""
    names = choice.disable(zone, module)
    if not names:
        zone.run.warn("no carrier is enabled any more")
    return value(names)


@command
def default(zone: Zone) -> Outcome:
    """Show the carrier module of numbers that name none."""
    return value(choice.default(zone))


@command
def find(
    zone: Zone,
    prefix: str,
    quantity: int,
    account: AccountId | None = None,
    *,
    country: str = "US",
    offset: int = 0,
    blocks: int = 0,
) -> Outcome:
    """Find up to QUANTITY numbers that begin with PREFIX: at all enabled carriers, or all that ACCOUNT can have.

    PREFIX is written with + and the country code, or without for North America. All carriers are asked side by side,
    for as long as number_search_timeout_ms allows; which failed, and why, is told after what the others found (exit
    code 5). COUNTRY (ISO 3166, two letters) is for carriers that search other countries by their names. OFFSET is how
    many of the first numbers to pass over, BLOCKS how many blocks of QUANTITY numbers to ask for, where there are any.
    """
    if quantity < 1 or offset < 0 or blocks < 0:
        raise BadArgument(parameter="QUANTITY", reason="quantity must be 1 or more, --offset and --blocks 0 or more")
    if not (len(country) == 2 and country.isalpha()):  # noqa: PLR2004
        raise BadArgument(parameter="--country", reason=f"{country!r} is no country code of two letters")
    try:
        normalised = searching.normalised_prefix(prefix, country.upper())
    except ValueError as error:
        raise BadArgument(parameter="PREFIX", reason=str(error)) from error
    wanted = min(quantity, searching.largest(zone))
    if wanted < quantity:
        zone.run.warn(f"maximum_search_quantity allows {wanted} numbers")
    reseller = services.reseller_id(zone, account) if account else None
    query = Query(normalised, wanted, country.upper(), account, reseller, offset, blocks)
    modules = choice.available(zone, account, reseller)
    most = 2 * blocks if blocks else wanted  # a block comes as its two ends
    found = searching.search(zone, modules, query, searching.deadline(zone), most)
    return table(("number", "module", "state", "activation_charge", "monthly", "carrier_data"), _rows(found))


@command
def check(zone: Zone, *number: E164) -> Outcome:
    """Show what the enabled carriers say of each NUMBER; "error" where none can be asked, or none knows it."""
    if not number:
        raise BadArgument(parameter="NUMBER", reason="there is no number to check")
    said: dict[str, str] = {}
    for name in choice.available(zone):
        left = [each for each in dict.fromkeys(number) if each not in said]
        try:
            said |= of(zone, name).check(left) if left else {}
        except NotOffered:
            continue
        except CarrierError as error:
            zone.run.warn(str(error))
    return value({each: said.get(each, "error") for each in number})


@command
def acquire(zone: Zone, number: E164, module: CarrierModule | None = None) -> Outcome:
    """Get NUMBER from its carrier, or from MODULE when it is not stored yet, and store it as available.

    A carrier is never sent an order twice: when its answer leaves open what became of it, the carrier is asked, by the
    next run too. With --dry-run nothing is ordered.
    """
    tally = acquiring.acquire(zone, number, module)
    return Outcome(counts=tally.counts)


@command
def disconnect(zone: Zone, number: E164) -> Outcome:
    """Give NUMBER, which must be assigned to nobody, back to its carrier, and store what it is then."""
    tally = acquiring.disconnect(zone, number)
    return Outcome(counts=tally.counts)


def _traits(zone: Zone, name: str) -> dict[str, Any]:
    carrier = of(zone, name)
    return {
        "local": carrier.is_local,
        "billable": carrier.is_billable,
        "caller_names": carrier.looks_up_caller_names,
        "longest_prefix": carrier.longest_prefix,
        "note": f"deprecated, use {carrier.deprecated}" if carrier.deprecated else "",
    }


def _rows(found: Iterator[Found]) -> Iterator[Row]:
    for each in found:
        yield {
            "number": each.number,
            "module": each.module_name,
            "state": each.state,
            "activation_charge": each.activation_charge,
            "monthly": each.monthly,
            "carrier_data": each.carrier_data or None,
        }

"""Phone numbers in bulk. NUMBERS are one number, a range FIRST..LAST, a CSV file, or - for standard input.

STATE is a state of numbers, as available, reserved, in_service or aging, CARRIER a carrier module, as knm_telnyx. With
--acting-for it is done with the rights of that ACCOUNT.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.numbers import CarrierModule, Feature, Prefix, PublicFields, State
from kazoo_sup.arguments.targets import Numbers
from kazoo_sup.arguments.values import Json
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument, SupError
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents import with_value
from kazoo_sup.kazoo.documents.shapes import TEXT
from kazoo_sup.kazoo.numbers import (
    bulk,
    classification,
    columns,
    configured,
    features,
    lifecycle,
    listing,
    porting,
    states,
)
from kazoo_sup.kazoo.numbers.lifecycle import Deed, Request
from kazoo_sup.kazoo.numbers.listing import Wanted
from kazoo_sup.kazoo.numbers.store import InLine
from kazoo_sup.kazoo.numbers.targets import Target
from kazoo_sup.results import Done, Listing, Result
from kazoo_sup.zone import Zone

_SHOWN = ("number", "state", "account_id", "account_name", "used_by", "carrier_module", "features", "available")
_PAST = ("number", "what", "account_id", "account_name", "since")


@command
def show(zone: Zone, numbers: Numbers) -> Listing:
    """Show NUMBERS: state, account, application, carrier module, features, and the features they may have."""
    return Listing(_SHOWN, listing.shown(zone, numbers, configured.setting(zone)))


@command
def explain(zone: Zone, *number: str, account: AccountId | None = None) -> Listing:
    """Show what the converters make of each NUMBER, or of one that ACCOUNT dials: E.164, national, class, database."""
    return Listing(classification.EXPLAINED, (classification.explained(zone, each, account) for each in number))


@command
def history(zone: Zone, numbers: Numbers) -> Listing:
    """Show what the documents of NUMBERS tell of their past: reservations, accounts, times."""
    return Listing(_PAST, listing.history(zone, numbers, configured.setting(zone)))


@command
def list_(
    zone: Zone, account: AccountId, *, state: State | None = None, carrier: CarrierModule | None = None
) -> Result:
    """List the numbers of ACCOUNT as CSV with the columns of Kazoo's tasks, or in another format."""
    return _dumped(zone, Wanted(account=account, state=state, module_name=carrier))


@command
def dump(
    zone: Zone, *, prefix: Prefix | None = None, state: State | None = None, carrier: CarrierModule | None = None
) -> Result:
    """List all numbers, or those that begin with PREFIX, in STATE, of CARRIER, as CSV or in another format.

    Numbers that were generated and not acquired yet are in none of the databases that are read: `sup knm_carriers find`
    shows those.
    """
    return _dumped(zone, Wanted(prefix=prefix or "", state=state, module_name=carrier))


@command
def search(
    zone: Zone, prefix: Prefix, *, state: State = states.AVAILABLE, carrier: CarrierModule | None = None
) -> Result:
    """Search stored numbers that begin with PREFIX (`+1415`) and are available, or in another state.

    `sup knm_carriers find` asks the carriers for numbers that are not stored yet.
    """
    return _dumped(zone, Wanted(prefix=prefix, state=state, module_name=carrier))


@command
def create(
    zone: Zone,
    numbers: Numbers,
    account: AccountId | None = None,
    *,
    state: State | None = None,
    carrier: CarrierModule | None = None,
    ported_in: bool = False,
    public: PublicFields | None = None,
    acting_for: AccountId | None = None,
) -> Result:
    """Create NUMBERS for ACCOUNT, in service or in another state; take those that are available, aging or porting.

    A CSV file may say account_id, state, carrier_module, ported_in and the features of each line. With --ported-in
    they need not wait for their port request. PUBLIC are their public fields, a JSON object.
    """
    base = Request(account, state, carrier, ported_in or None, public)
    return _perform(zone, numbers, bulk.by_line(zone, numbers, base, lifecycle.create), "creating numbers", acting_for)


@command
def import_(zone: Zone, numbers: Numbers, account: AccountId | None = None) -> Result:
    """Import NUMBERS with the columns of Kazoo's import task; lines without account_id are ACCOUNT's.

    Without carrier_module they are of the module that tasks.numbers import_defaults_to_carrier names, knm_local.
    """
    module = system_config.read(zone, "tasks.numbers", "import_defaults_to_carrier", bulk.IMPORTED_CARRIER, TEXT)
    base = Request(account, module_name=module)
    return _perform(zone, numbers, bulk.by_line(zone, numbers, base, lifecycle.create), "importing numbers")


@command
def port_in(zone: Zone, numbers: Numbers, account: AccountId) -> Result:
    """Create NUMBERS for ACCOUNT as numbers that are being ported in; `move` puts them in service."""
    base = Request(account, states.PORT_IN)
    return _perform(zone, numbers, bulk.by_line(zone, numbers, base, lifecycle.create), "creating numbers")


@command
def port_status(zone: Zone, numbers: Numbers | None = None, *, carrier: CarrierModule | None = None) -> Listing:
    """Show how NUMBERS are being ported here, or all that are: their port requests beside what the carriers say.

    It tells what to do where the two differ. Asked are all carriers that have settings and an interface for it, or
    CARRIER alone.
    """
    asked, wrong = (None, []) if numbers is None else _plain_numbers(numbers)
    return Listing(porting.COLUMNS, chain(wrong, porting.status(zone, asked, carrier)))


@command
def port_check(zone: Zone, numbers: Numbers, *, carrier: CarrierModule | None = None) -> Listing:
    """Ask carriers whether they can take NUMBERS: all that have settings and an interface for it, or CARRIER alone."""
    asked, wrong = _plain_numbers(numbers)
    return Listing(porting.CHECKED, chain(wrong, porting.check(zone, asked, carrier)))


@command
def reserve(
    zone: Zone, numbers: Numbers, account: AccountId | None = None, *, acting_for: AccountId | None = None
) -> Result:
    """Reserve NUMBERS for ACCOUNT, or for each line's account_id."""
    deeds = bulk.by_line(zone, numbers, Request(account), lifecycle.reserve)
    return _perform(zone, numbers, deeds, "reserving numbers", acting_for)


@command
def move(
    zone: Zone, numbers: Numbers, account: AccountId | None = None, *, acting_for: AccountId | None = None
) -> Result:
    """Put NUMBERS in service for ACCOUNT, or for each line's account_id, whoever had them before."""
    deeds = bulk.by_line(zone, numbers, Request(account), lifecycle.move)
    return _perform(zone, numbers, deeds, "moving numbers", acting_for)


@command
def release(
    zone: Zone, numbers: Numbers, account: AccountId | None = None, *, acting_for: AccountId | None = None
) -> Result:
    """Release NUMBERS: to the account that reserved them before, or to nobody; local numbers vanish.

    With ACCOUNT only those that it has, so that a broken-off run can be run again. Those that are released already, or
    are gone since, count as unchanged.
    """
    deeds = _all(lifecycle.release(account))
    return _perform(zone, numbers, deeds, "releasing numbers", acting_for, gone_is_done=True)


@command
def recycle(zone: Zone, numbers: Numbers) -> Result:
    """Make aging NUMBERS available again before their time."""
    return _perform(zone, numbers, _all(lifecycle.recycle), "recycling numbers")


@command
def age(zone: Zone, numbers: Numbers) -> Result:
    """Let released or available NUMBERS age."""
    return _perform(zone, numbers, _all(lifecycle.change_state(states.AGING)), "aging numbers")


@command
def delete(zone: Zone, numbers: Numbers) -> Result:
    """Delete NUMBERS whatever their state, after asking; their accounts lose them."""
    count = f"{numbers.total} number{'' if numbers.total == 1 else 's'}" if numbers.total else "numbers"
    zone.run.confirm(f"delete {count} whatever their state")
    return _perform(zone, numbers, _all(lifecycle.delete), "deleting numbers", gone_is_done=True, asked=True)


@command
def update(zone: Zone, numbers: Numbers, *, overwrite: bool = False, acting_for: AccountId | None = None) -> Result:
    """Edit the features and public fields of NUMBERS as the columns of a CSV file say.

    With --overwrite what a line leaves empty is taken away, as Kazoo's task update_overwrite does; else it stays.
    """
    deeds = bulk.by_line(
        zone, numbers, Request(public={} if overwrite else None, overwrite=overwrite), lifecycle.update
    )
    return _perform(zone, numbers, deeds, "updating numbers", acting_for)


@command
def set_feature(
    zone: Zone, numbers: Numbers, feature: Feature, value: Json, *, acting_for: AccountId | None = None
) -> Result:
    """Set the public field of FEATURE of NUMBERS to VALUE in JSON: prepend '{"enabled":true,"name":"ACME"}'."""
    if expected := features.other_than_expected({feature: value}):
        raise BadArgument(parameter="VALUE", reason=expected)
    request = Request(public={feature: value}, overwrite=False)
    return _perform(zone, numbers, _all(lifecycle.update(request)), f"setting {feature}", acting_for)


@command
def remove_feature(zone: Zone, numbers: Numbers, feature: Feature, *, acting_for: AccountId | None = None) -> Result:
    """Take FEATURE away from NUMBERS."""
    deed = lifecycle.edit(lambda number: number.changed(public=with_value(number.public or {}, [feature], None)))
    return _perform(zone, numbers, _all(deed), f"removing {feature}", acting_for)


def _plain_numbers(numbers: Numbers) -> tuple[list[str], list[SupError]]:
    """Return numbers that carriers are asked about, and errors of what is not a number."""
    if numbers.total is not None and numbers.total > porting.MOST:
        raise BadArgument(parameter="NUMBERS", reason=f"carriers are asked about {porting.MOST} numbers at most")
    targets = list(numbers)
    wrong: list[SupError] = [InLine(line=each.line or 1, reason=each.wrong) for each in targets if each.wrong]
    return [each.number for each in targets if not each.wrong], wrong


def _dumped(zone: Zone, wanted: Wanted) -> Listing:
    return Listing(columns.LISTED, listing.dump(zone, wanted, configured.setting(zone)), csv=True)


def _perform(
    zone: Zone,
    numbers: Numbers,
    deed: Callable[[Target], Deed],
    label: str,
    acting_for: str | None = None,
    *,
    gone_is_done: bool = False,
    asked: bool = False,
) -> Done:
    if numbers.is_range and not asked:
        bulk.ask_for_many(zone, numbers.total, f"begin {label}, {numbers.total} of them")
    return Done(report=bulk.perform(zone, numbers, deed, label, acting_for=acting_for, gone_is_done=gone_is_done))


def _all(deed: Deed) -> Callable[[Target], Deed]:
    return partial(_same, deed)


def _same(deed: Deed, _target: Target) -> Deed:
    return deed

"""Phone numbers in bulk. NUMBERS are one number, a range FIRST..LAST, a CSV file, or - for standard input.

STATE is a state of numbers, CARRIER a carrier module. With --acting-for it is done with the rights of that ACCOUNT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

from kazoo_sup.command import command
from kazoo_sup.kazoo import system_config
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.documents import with_value
from kazoo_sup.kazoo.numbers import bulk, classification, columns, configured, lifecycle, listing, states
from kazoo_sup.kazoo.numbers.lifecycle import Deed, Request
from kazoo_sup.kazoo.numbers.listing import Wanted
from kazoo_sup.kazoo.numbers.targets import Numbers, Target
from kazoo_sup.kazoo.numbers.words import CarrierModule, Feature, PublicFields, State
from kazoo_sup.kazoo.values import Json
from kazoo_sup.outcome import Outcome, table
from kazoo_sup.zone import Zone

_SHOWN = ("number", "state", "account_id", "account_name", "used_by", "carrier_module", "features", "available")
_PAST = ("number", "what", "account_id", "account_name", "since")


@command
def show(zone: Zone, numbers: Numbers) -> Outcome:
    """Show NUMBERS: state, account, application, carrier module, features, and the features they may have."""
    counts: Counter[str] = Counter()
    return table(_SHOWN, listing.shown(zone, numbers, configured.setting(zone), counts), counts=counts)


@command
def explain(zone: Zone, *number: str, account: AccountId | None = None) -> Outcome:
    """Show what the converters make of each NUMBER, or of one that ACCOUNT dials: E.164, national, class, database."""
    return table(classification.EXPLAINED, (classification.explained(zone, each, account) for each in number))


@command
def history(zone: Zone, numbers: Numbers) -> Outcome:
    """Show what the documents of NUMBERS tell of their past: reservations, accounts, times."""
    counts: Counter[str] = Counter()
    return table(_PAST, listing.history(zone, numbers, configured.setting(zone), counts), counts=counts)


@command
def list_(
    zone: Zone, account: AccountId, *, state: State | None = None, carrier: CarrierModule | None = None
) -> Outcome:
    """List the numbers of ACCOUNT as CSV with the columns of Kazoo's tasks, or in another format."""
    return _dumped(zone, Wanted(account=account, state=state, module_name=carrier))


@command
def dump(zone: Zone, *, prefix: str = "", state: State | None = None, carrier: CarrierModule | None = None) -> Outcome:
    """List all numbers, or those that begin with PREFIX, in STATE, of CARRIER, as CSV or in another format."""
    return _dumped(zone, Wanted(prefix=prefix, state=state, module_name=carrier))


@command
def search(
    zone: Zone, prefix: str, *, state: State = states.AVAILABLE, carrier: CarrierModule | None = None
) -> Outcome:
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
) -> Outcome:
    """Create NUMBERS for ACCOUNT, in service or in another state; take those that are available, aging or porting.

    A CSV file may say account_id, state, carrier_module, ported_in and the features of each line. With --ported-in
    they need not wait for their port request. PUBLIC are their public fields, a JSON object.
    """
    base = Request(account, state, carrier, ported_in or None, public)
    return _perform(zone, numbers, bulk.by_line(zone, base, lifecycle.create), "creating numbers", acting_for)


@command
def import_(zone: Zone, numbers: Numbers, account: AccountId | None = None) -> Outcome:
    """Import NUMBERS with the columns of Kazoo's import task; lines without account_id are ACCOUNT's.

    Without carrier_module they are of the module that tasks.numbers import_defaults_to_carrier names, knm_local.
    """
    module = system_config.get(zone, "tasks.numbers", "import_defaults_to_carrier", bulk.IMPORTED_CARRIER)
    base = Request(account, module_name=module)
    return _perform(zone, numbers, bulk.by_line(zone, base, lifecycle.create), "importing numbers")


@command
def port_in(zone: Zone, numbers: Numbers, account: AccountId) -> Outcome:
    """Create NUMBERS for ACCOUNT as numbers that are being ported in; `move` puts them in service."""
    base = Request(account, states.PORT_IN)
    return _perform(zone, numbers, bulk.by_line(zone, base, lifecycle.create), "creating numbers")


@command
def reserve(
    zone: Zone, numbers: Numbers, account: AccountId | None = None, *, acting_for: AccountId | None = None
) -> Outcome:
    """Reserve NUMBERS for ACCOUNT, or for each line's account_id."""
    deeds = bulk.by_line(zone, Request(account), lifecycle.reserve)
    return _perform(zone, numbers, deeds, "reserving numbers", acting_for)


@command
def move(
    zone: Zone, numbers: Numbers, account: AccountId | None = None, *, acting_for: AccountId | None = None
) -> Outcome:
    """Put NUMBERS in service for ACCOUNT, or for each line's account_id, whoever had them before."""
    deeds = bulk.by_line(zone, Request(account), lifecycle.move)
    return _perform(zone, numbers, deeds, "moving numbers", acting_for)


@command
def release(
    zone: Zone, numbers: Numbers, account: AccountId | None = None, *, acting_for: AccountId | None = None
) -> Outcome:
    """Release NUMBERS: to the account that reserved them before, or to nobody; local numbers vanish.

    With ACCOUNT only those that it has, so that a broken-off run can be run again.
    """
    return _perform(zone, numbers, _all(lifecycle.release(account)), "releasing numbers", acting_for)


@command
def recycle(zone: Zone, numbers: Numbers) -> Outcome:
    """Make aging NUMBERS available again before their time."""
    return _perform(zone, numbers, _all(lifecycle.recycle), "recycling numbers")


@command
def age(zone: Zone, numbers: Numbers) -> Outcome:
    """Let released or available NUMBERS age."""
    return _perform(zone, numbers, _all(lifecycle.change_state(states.AGING)), "aging numbers")


@command
def delete(zone: Zone, numbers: Numbers) -> Outcome:
    """Delete NUMBERS whatever their state, after asking; their accounts lose them."""
    count = f"{numbers.total} number{'' if numbers.total == 1 else 's'}" if numbers.total else "numbers"
    zone.run.confirm(f"delete {count} whatever their state")
    return _perform(zone, numbers, _all(lifecycle.delete), "deleting numbers")


@command
def update(zone: Zone, numbers: Numbers, *, overwrite: bool = False, acting_for: AccountId | None = None) -> Outcome:
    """Edit the features and public fields of NUMBERS as the columns of a CSV file say.

    With --overwrite what a line leaves empty is taken away, as Kazoo's task update_overwrite does; else it stays.
    """
    deeds = bulk.by_line(zone, Request(public={} if overwrite else None, overwrite=overwrite), lifecycle.update)
    return _perform(zone, numbers, deeds, "updating numbers", acting_for)


@command
def set_feature(
    zone: Zone, numbers: Numbers, feature: Feature, value: Json, *, acting_for: AccountId | None = None
) -> Outcome:
    """Set the public field of FEATURE of NUMBERS to VALUE in JSON: prepend '{"enabled":true,"name":"ACME"}'."""
    request = Request(public={feature: value}, overwrite=False)
    return _perform(zone, numbers, _all(lifecycle.update(request)), f"setting {feature}", acting_for)


@command
def remove_feature(zone: Zone, numbers: Numbers, feature: Feature, *, acting_for: AccountId | None = None) -> Outcome:
    """Take FEATURE away from NUMBERS."""
    deed = lifecycle.edit(lambda number: number.changed(public=with_value(number.public or {}, [feature], None)))
    return _perform(zone, numbers, _all(deed), f"removing {feature}", acting_for)


def _dumped(zone: Zone, wanted: Wanted) -> Outcome:
    return table(columns.LISTED, listing.dump(zone, wanted, configured.setting(zone)), csv=True)


def _perform(
    zone: Zone, numbers: Numbers, deed: Callable[[Target], Deed], label: str, acting_for: str | None = None
) -> Outcome:
    return Outcome(counts=bulk.perform(zone, numbers, deed, label, acting_for=acting_for).counts)


def _all(deed: Deed) -> Callable[[Target], Deed]:
    return partial(_same, deed)


def _same(deed: Deed, _target: Target) -> Deed:
    return deed

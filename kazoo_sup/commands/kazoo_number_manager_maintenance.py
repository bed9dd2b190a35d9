"""The number manager: numbers, their databases and their features."""

from __future__ import annotations

from collections import Counter

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import views
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.numbers import features, listing, maintenance, pools
from kazoo_sup.kazoo.numbers.pools import PoolName
from kazoo_sup.kazoo.numbers.words import NumberDatabase
from kazoo_sup.outcome import NO_RETURN, Outcome, text
from kazoo_sup.zone import Zone


@command
def generate_numbers(zone: Zone, carrier: PoolName, account: AccountId, first_number: int, quantity: int) -> Outcome:
    """Create QUANTITY consecutive available numbers, from FIRST_NUMBER on, that only ACCOUNT can acquire.

    CARRIER is managed or inum. FIRST_NUMBER is taken as it stands, without conversion: 2223334000 becomes +2223334000.
    Numbers that exist just so are counted and left alone; numbers that exist otherwise are reported, and the run ends
    partly done. The pool's database is created, with its views, when it is missing.
    """
    try:
        pools.check_range(carrier, first_number, quantity)
    except ValueError as error:
        raise BadArgument(parameter="FIRST_NUMBER QUANTITY", reason=str(error)) from error
    views.ensure_database(zone, carrier.database)
    tally = changes.apply(
        zone, pools.generated(carrier, account, first_number, quantity), total=quantity, label="generating numbers"
    )
    return Outcome(counts=tally.counts)


@command
def convert_carrier_module(zone: Zone, source: str, target: str, prefix: NumberDatabase | None = None) -> Outcome:
    """Give all numbers of carrier module SOURCE the module TARGET, or only those of the database of PREFIX.

    What cannot be converted is listed; the run then ends partly done, where Kazoo's ends well.
    """
    counts: Counter[str] = Counter()
    databases = iter([prefix]) if prefix else listing.all_databases(zone)
    return text(maintenance.converted(zone, source, target, databases, counts), counts=counts)


@command
def convert_carrier_module_number(zone: Zone, number: str, target: str) -> Outcome:
    """Give one NUMBER the carrier module TARGET."""
    counts: Counter[str] = Counter()
    return text(maintenance.converted_numbers(zone, [number], target, counts), counts=counts)


@command
def delete(zone: Zone, number: str) -> Outcome:
    """Delete NUMBER whatever its state, from its database and its account's."""
    return text(maintenance.deleted(zone, number), NO_RETURN)


@command
def feature_permissions_on_number(zone: Zone, number: str) -> Outcome:
    """Show the features that are allowed and denied on NUMBER itself."""
    return text(maintenance.permitted(zone, number), NO_RETURN)


@command
def add_allowed_feature_on_number(zone: Zone, feature: str, number: str) -> Outcome:
    """Allow FEATURE on NUMBER; features that are allowed there replace the account's list."""
    return _permit(zone, feature, number, "features_allowed", listed=True)


@command
def remove_allowed_feature_on_number(zone: Zone, feature: str, number: str) -> Outcome:
    """Take FEATURE from the features that are allowed on NUMBER."""
    return _permit(zone, feature, number, "features_allowed", listed=False)


@command
def add_denied_feature_on_number(zone: Zone, feature: str, number: str) -> Outcome:
    """Deny FEATURE on NUMBER; features that are denied there replace the account's list."""
    return _permit(zone, feature, number, "features_denied", listed=True)


@command
def remove_denied_feature_on_number(zone: Zone, feature: str, number: str) -> Outcome:
    """Take FEATURE from the features that are denied on NUMBER."""
    return _permit(zone, feature, number, "features_denied", listed=False)


def _permit(zone: Zone, feature: str, number: str, which: str, *, listed: bool) -> Outcome:
    if feature not in features.ALL:
        return text(maintenance.unknown_feature(feature), NO_RETURN)
    change = maintenance.with_permission(feature, which, listed=listed)
    return text(maintenance.permitted(zone, number, change), NO_RETURN)

"""What Kazoo's maintenance functions print of numbers: carrier modules converted, numbers deleted, features permitted.

Source: Kazoo kazoo_number_manager_maintenance.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup.kazoo import carriers, views
from kazoo_sup.kazoo.numbers import (
    bulk,
    configured,
    e164,
    feature_permissions,
    lifecycle,
    phone_number,
    providers,
    states,
    store,
)
from kazoo_sup.kazoo.numbers.lifecycle import Deed, Request
from kazoo_sup.kazoo.numbers.targets import Target, Targets

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.kazoo.numbers.places import Databases
    from kazoo_sup.zone import Zone

PART = 10_000
"""How many numbers of a database are converted, and told of, at once."""

_KAZOO_ERRORS: dict[type[SupError], str] = {
    lifecycle.NoSuchNumber: "not_found",
    providers.FeatureRefused: "forbidden",
    states.Forbidden: "forbidden",
    providers.UnknownCarrierName: "invalid",
}


def converted(zone: Zone, source: str, target: str, databases: Databases, counts: Counter[str]) -> Iterator[str]:
    """Give the numbers of carrier module SOURCE in these databases the module TARGET, and tell of it line by line.

    COUNTS takes in what became of the documents. A database with more than PART such numbers is told of in parts.
    Source: Kazoo kazoo_number_manager_maintenance:convert_carrier_module/2.
    """
    for database in databases.names():
        yield f"attempt to convert numbers with carrier module {source} to {target} in database {database}"
        while True:
            rows = views.rows(zone, database, "numbers", "module_name", key=source, reduce=False)
            numbers = [row["id"] for row in islice(rows, PART)]
            before = counts["edited"]
            yield from converted_numbers(zone, numbers, target, counts)
            # The converted ones are gone from the view; without any, those left cannot be converted.
            if len(numbers) < PART or counts["edited"] == before:
                break


def converted_numbers(zone: Zone, numbers: list[str], target: str, counts: Counter[str]) -> Iterator[str]:
    """Give these numbers the carrier module TARGET, and tell of it line by line; see `converted`."""
    if target not in carriers.ALL:
        yield f"Bad carrier module: {target}"
        return
    succeeded: list[str] = []
    failed: dict[str, SupError] = {}

    def told(done: Target, error: SupError | None) -> None:
        if error:
            failed[done.number] = error
        else:
            succeeded.append(done.number)

    deed = lifecycle.update(Request(module_name=target))
    targets = Targets((Target(number) for number in sorted(set(numbers))), len(numbers))
    counts.update(bulk.perform(zone, targets, lambda _target: deed, f"converting to {target}", told=told).counts)
    if succeeded:
        yield f"updated carrier module to {target} for {len(succeeded)}/{len(numbers)} number(s):"
        yield from (f"\t{number}" for number in sorted(succeeded))
    if failed:
        yield f"updating carrier module to {target} failed for {len(failed)}/{len(numbers)} number(s):"
        yield from (f"\t{number}: {_kazoo_error(failed[number])}" for number in sorted(failed))


def deleted(zone: Zone, typed: str) -> str:
    """Delete a number, whatever its state, and tell of it (Kazoo kazoo_number_manager_maintenance:delete/1)."""
    try:
        _do(zone, typed, lifecycle.delete, "deleting the number")
    except _Refused as refused:
        return f"ERROR: {refused}"
    return f"Removed {typed}"


def permitted(zone: Zone, typed: str, change: Callable[[PhoneNumber], PhoneNumber] | None = None) -> Iterator[str]:
    """Tell which features are allowed and denied for a number, after CHANGE was made to it.

    Source: Kazoo kazoo_number_manager_maintenance:edit_feature_permissions_on_number/3.
    """
    try:
        if change:
            _do(zone, typed, lifecycle.edit(change), "saving the number")
        found = _stored(zone, typed)
    except _Refused as refused:
        yield f"Error with number {typed}: {refused}"
        return
    if zone.run.dry_run and change:
        found = change(found)
    yield f"Feature permissions on {found.number}:"
    yield from feature_permissions.permissions(found.features_allowed, found.features_denied)


def with_permission(feature: str, which: str, *, listed: bool) -> Callable[[PhoneNumber], PhoneNumber]:
    """Return the function that puts FEATURE first into a number's list of features, or takes it out.

    which: features_allowed or features_denied
    """

    def change(number: PhoneNumber) -> PhoneNumber:
        found = getattr(number, which)
        if (feature in found) == listed:
            return number
        others = tuple(each for each in found if each != feature)
        return number.changed(**{which: (feature, *others) if listed else others})

    return change


class _Refused(Exception):
    """What Kazoo prints of a deed that it could not do."""


def _do(zone: Zone, typed: str, deed: Deed, label: str) -> None:
    errors: list[SupError] = []

    def told(_target: Target, error: SupError | None) -> None:
        if error:
            errors.append(error)

    target = Target(_number(zone, typed))
    store.perform(zone, [target], lambda _target: deed, configured.setting(zone), label=label, told=told)
    if errors:
        raise _Refused(_kazoo_error(errors[0]))


def _stored(zone: Zone, typed: str) -> PhoneNumber:
    number = _number(zone, typed)
    document = store.read(zone, [number]).get(number)
    if document is None:
        raise _Refused("not_found")
    return phone_number.read(document)


def _number(zone: Zone, typed: str) -> str:
    number = e164.converted(typed, zone)
    if not e164.is_reconcilable(number, zone):
        raise _Refused("not_reconcilable")
    return number


def _kazoo_error(error: SupError) -> str:
    """Return what Kazoo calls an error; its sentence where Kazoo has no such error."""
    return _KAZOO_ERRORS.get(type(error), str(error))

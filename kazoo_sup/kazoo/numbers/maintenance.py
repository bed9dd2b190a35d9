"""What Kazoo's maintenance functions do to numbers: convert carrier modules, delete numbers, permit features.

Source: Kazoo kazoo_number_manager_maintenance.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo import carriers
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.numbers import (
    bulk,
    configured,
    e164,
    lifecycle,
    phone_number,
    planning,
    providers,
    states,
    store,
)
from kazoo_sup.kazoo.numbers.feature_permissions import Permissions
from kazoo_sup.kazoo.numbers.lifecycle import Deed, Request
from kazoo_sup.kazoo.numbers.targets import Target, Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.databases.walk import Databases
    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.results import BulkReport, Event
    from kazoo_sup.zone import Zone

PART = 10_000
"""How many numbers of a database are converted, and told of, at once."""

_KAZOO_ERRORS: dict[type[SupError], str] = {
    lifecycle.NoSuchNumber: "not_found",
    providers.FeatureRefused: "forbidden",
    states.Forbidden: "forbidden",
    providers.UnknownCarrierName: "invalid",
}


@dataclass(frozen=True, slots=True)
class ConversionBegun:
    """The numbers of a carrier module in a database are given another one."""

    source: str
    target: str
    database: str


@dataclass(frozen=True, slots=True)
class UnknownModule:
    """There is no such carrier module."""

    module: str


@dataclass(frozen=True, slots=True)
class Converted:
    """Numbers, sorted, that have the module now, of `total`; and why others have it not, by number."""

    module: str
    total: int
    numbers: list[str]
    failed: dict[str, str]


def convert(zone: Zone, source: str, target: str, databases: Databases) -> Iterator[Event]:
    """Give the numbers of carrier module SOURCE in these databases the module TARGET.

    A database with more than PART such numbers is told of in parts; one that fails is told of, and the others are done.
    Raises UnknownCarrier for a TARGET that is not a carrier module, which Kazoo says ok of.
    Source: Kazoo kazoo_number_manager_maintenance:convert_carrier_module/2.
    """
    parts = Parts(zone)
    for database in databases.names():
        yield ConversionBegun(source, target, database)
        if target not in carriers.ALL:
            yield UnknownModule(target)
            continue
        with parts.part(database):
            yield from _convert_in(zone, database, source, target)
    if target not in carriers.ALL:
        raise carriers.unknown(target)
    yield parts.report


def _convert_in(zone: Zone, database: str, source: str, target: str) -> Iterator[Event]:
    while True:
        rows = views.rows_for_change(zone, database, "numbers", "module_name", key=source, reduce=False)
        numbers = [row["id"] for row in islice(rows, PART)]
        report, event = _convert(zone, numbers, target)
        yield report
        yield event
        # The converted ones are gone from the view; without any, those left cannot be converted.
        if len(numbers) < PART or not (report.counts or {}).get("edited"):
            return


def convert_numbers(zone: Zone, numbers: list[str], target: str) -> Iterator[Event]:
    """Give these numbers the carrier module TARGET; see `convert`."""
    if target not in carriers.ALL:
        yield UnknownModule(target)
        raise carriers.unknown(target)
    yield from _convert(zone, numbers, target)


def _convert(zone: Zone, numbers: list[str], target: str) -> tuple[BulkReport, Converted]:
    succeeded: list[str] = []
    failed: dict[str, SupError] = {}

    def told(done: Target, error: SupError | None) -> None:
        if error:
            failed[done.number] = error
        else:
            succeeded.append(done.number)

    deed = lifecycle.update(Request(module_name=target))
    targets = Targets((Target(number) for number in sorted(set(numbers))), len(numbers))
    report = bulk.perform(zone, targets, lambda _target: deed, f"converting to {target}", told=told)
    reasons = {number: kazoo_error(failed[number]) for number in sorted(failed)}
    return report, Converted(target, len(numbers), sorted(succeeded), reasons)


def delete(zone: Zone, typed: str) -> None:
    """Delete a number, whatever its state (Kazoo kazoo_number_manager_maintenance:delete/1); raises NotDone."""
    _do(zone, typed, lifecycle.delete, "deleting the number")


def permissions(
    zone: Zone, typed: str, change: Callable[[PhoneNumber], PhoneNumber] | None = None
) -> tuple[str, Permissions]:
    """Return a number as E.164, and which features are allowed and denied for it, after CHANGE was made to it.

    Raises NotDone. Source: Kazoo kazoo_number_manager_maintenance:edit_feature_permissions_on_number/3.
    """
    if change:
        _do(zone, typed, lifecycle.edit(change), "saving the number")
    found = _stored(zone, typed)
    if change:
        found = changes.if_made(zone, lambda: found, shown=lambda: change(found))
    return found.number, Permissions(found.features_allowed, found.features_denied)


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


class NotDone(Exception):
    """A deed that could not be done; the argument is what Kazoo calls the reason."""


def _do(zone: Zone, typed: str, deed: Deed, label: str) -> None:
    errors: list[SupError] = []

    def told(_target: Target, error: SupError | None) -> None:
        if error:
            errors.append(error)

    target = Target(_number(zone, typed))
    outcome = store.Outcome(told)
    store.perform(zone, [target], lambda _target: deed, configured.setting(zone), label=label, outcome=outcome)
    for error in errors:
        if isinstance(error, planning.NotReached):
            raise error
        raise NotDone(kazoo_error(error))


def _stored(zone: Zone, typed: str) -> PhoneNumber:
    number = _number(zone, typed)
    document = planning.read(zone, [number]).get(number)
    if document is None:
        raise NotDone("not_found")
    return phone_number.read(document)


def _number(zone: Zone, typed: str) -> str:
    number = e164.converted(typed, zone)
    if not e164.is_reconcilable(number, zone):
        raise NotDone("not_reconcilable")
    return number


def kazoo_error(error: SupError) -> str:
    """Return what Kazoo calls an error; its sentence where Kazoo has no such error."""
    return _KAZOO_ERRORS.get(type(error), str(error))

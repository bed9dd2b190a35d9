"""What Kazoo prints of numbers: their carrier modules, the features they may have, migrations, removals.

Source: Kazoo kazoo_number_manager_maintenance, knm_port_request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.kazoo.numbers import features, maintenance, migration, port_requests, purge, unassigned, usage
from kazoo_sup.kazoo.numbers.feature_permissions import Permissions, SystemAllows
from kazoo_sup.terms import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def lines(events: Iterable[object]) -> Iterator[str]:
    """Make Kazoo's lines of what takes place with numbers."""
    for event in events:
        yield from _carriers(event)


def _carriers(event: object) -> Iterator[str]:
    match event:
        case maintenance.ConversionBegun(source, target, database):
            yield f"attempt to convert numbers with carrier module {source} to {target} in database {database}"
        case maintenance.UnknownModule(module):
            yield f"Bad carrier module: {module}"
        case maintenance.Converted():
            yield from _converted(event)
        case _:
            yield from _migrations(event)


def _converted(event: maintenance.Converted) -> Iterator[str]:
    if event.numbers:
        yield f"updated carrier module to {event.module} for {len(event.numbers)}/{event.total} number(s):"
        yield from (f"\t{number}" for number in event.numbers)
    if event.failed:
        yield f"updating carrier module to {event.module} failed for {len(event.failed)}/{event.total} number(s):"
        yield from (f"\t{number}: {reason}" for number, reason in event.failed.items())


def _migrations(event: object) -> Iterator[str]:
    match event:
        case migration.DatabaseRefreshed(database, left, total):
            yield f"({left}/{total}) updating number db {database}"
        case migration.CleaningBegun():
            yield "::: fixing unassigned numbers"
        case migration.CleaningEnded():
            yield "::: finished fixing unassigned numbers"
        case SystemAllows():
            yield from system(event)
        case purge.PageRemoved(database, numbers, state):
            yield f"removing {numbers} numbers in state '{state}' from {database}"
        case port_requests.MigrationBegun():
            yield "migrating port request documents, if necessary"
        case port_requests.PageAsked(size, key):
            shown = terms.dumps(UNDEFINED if key is None else key)
            yield f":: getting next batch of {size} port requests starting with key {shown}"
        case port_requests.PageMigrated(requests):
            yield f"-- migrated {requests} port requests"
        case port_requests.MigrationEnded():
            yield "finished migrating port request documents"
        case _:
            yield from _unassigned(event)


def _unassigned(event: object) -> Iterator[str]:
    match event:
        case unassigned.CleaningBegun(database):
            yield f" ==> start fixing {database}"
        case unassigned.CleaningEnded(database):
            yield f" ==> done fixing {database}"
        case unassigned.PageAsked(database, offset):
            yield f"[{database}] checking for unassigned numbers with offset {offset}"
        case unassigned.ViewMissing(database):
            yield f"failed to get unassigned DIDs from {database}: not_found"
        case unassigned.PageFixed(database, numbers):
            yield f"[{database}] fixing {numbers} docs"
        case unassigned.NotFixed(_, numbers):
            yield f"failed fixing {numbers} unassigned numbers."


def carrier_modules(found: usage.CarrierModules) -> Iterator[str]:
    """Show how many numbers each carrier module has, by database and in all, in the order of Erlang's dict."""
    for database, counted in found.by_database.items():
        yield f"{database}:"
        yield from (_counted(module, count) for module, count in counted.items())
    yield "Totals:"
    totals = found.totals
    yield from (_counted(module, totals[module]) for module in usage.in_dict_order(totals))


def _counted(module: str | None, count: int) -> str:
    return f"    {'null' if module is None else module}: {count}"


def using(account: str, having: Mapping[str, bool | None]) -> Iterator[str]:
    """Tell that an account's applications were asked for a number; see `usage.application`."""
    for application, has_it in having.items():
        yield f"         getting {application} numbers from {account}"
        if has_it is None:
            yield f"failed to get {application} DIDs from {account}: not_found"


def known_features() -> list[str]:
    """Name every feature."""
    return ["Known features:", f"\t{' '.join(features.ALL)}"]


def unknown_feature(feature: str) -> list[str]:
    """Say that there is no such feature, and which there are."""
    return [f"Feature '{feature}' is not a known feature.", *known_features()]


def permissions(whose: str, found: Permissions) -> list[str]:
    """Show the features that are allowed and denied on WHOSE."""
    return [
        f"Feature permissions on {whose}:",
        f"\tFeatures allowed: {' '.join(found.allowed)}",
        f"\tFeatures denied: {' '.join(found.denied)}",
    ]


def system(found: SystemAllows) -> list[str]:
    """Show the features that the system allows; Kazoo ends the line of those that are new without a newline."""
    added = " ".join(found.added)
    first = f"Adding the following admin-only number features to system_config: {added}" if found.added else ""
    return [f"{first}Features allowed on system config document:", f"\t{' '.join(found.allowed)}"]

"""Databases that are missing, and databases without the views that are registered for them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.zone.doctor.finding import Finding, good
from kazoo_sup.kazoo.zone.health.health import State, count
from kazoo_sup.kazoo.zone.health.probes import Probe
from kazoo_sup.messages.names import SYSTEM_DATABASES, classification
from kazoo_sup.transports.couchdb import Administration

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CHECK = "databases"

_NAMED = 3
_OTHERS = ("modb", "undefined", "external", "deprecated")
"""Classes that are not looked through: months' databases are many, and get their views when somebody reads them."""


@dataclass(slots=True)
class Facts:
    """What is in CouchDB.

    missing: databases that every node needs; without: the designs that a database lacks; checked, total: how many
    were looked at in time, and of how many
    """

    missing: Sequence[str] = ()
    without: Mapping[str, Sequence[str]] = field(default_factory=dict)
    checked: int = 0
    total: int = 0


def checks(zone: Zone, seconds: float) -> list[Probe[Finding]]:
    """Return the check of the databases, of which as many are looked at as SECONDS allow."""
    return [Probe(CHECK, "", partial(_collect, zone, seconds), judge)]


def judge(facts: Facts) -> Iterator[Finding]:
    """Yield the missing databases, and the designs that are missing, by design."""
    for database in facts.missing:
        do = f"sup kapps_maintenance refresh {database}"
        yield Finding(CHECK, State.CRITICAL, database, "the database is missing", do)
    by_designs: dict[tuple[str, ...], list[str]] = {}
    for database, designs in facts.without.items():
        by_designs.setdefault(tuple(designs), []).append(database)
    for designs, databases in by_designs.items():
        more = f" and {len(databases) - _NAMED} more" if len(databases) > _NAMED else ""
        found = f"the views of {', '.join(designs)} are missing"
        do = f"sup kapps_maintenance refresh {databases[0]}" + (
            ", and so the others; without a name it does all" if len(databases) > 1 else ""
        )
        yield Finding(CHECK, State.WARNING, ", ".join(databases[:_NAMED]) + more, found, do)
    if facts.checked < facts.total:
        found = f"{facts.checked} of {count(facts.total, 'database')} were looked at in time"
        yield Finding(CHECK, State.UNKNOWN, "", found, "give it longer: sup zone doctor --deadline 300")
    elif not facts.missing and not facts.without:
        yield good(CHECK, f"{count(facts.total, 'database')} have the views registered for them")


def _collect(zone: Zone, seconds: float) -> Facts:
    end = time.monotonic() + seconds
    present = list(zone.couchdb.databases())
    kinds = {database: classification(database) for database in present}
    # Those of accounts, which are many, come last.
    wanted = sorted(
        (each for each in present if kinds[each] not in _OTHERS), key=lambda each: (kinds[each] == "account", each)
    )
    missing = [each for each in SYSTEM_DATABASES if each not in kinds]
    admin = Administration(zone.couchdb)
    expected: dict[str, set[str]] = {}
    without: dict[str, list[str]] = {}
    for number, database in enumerate(wanted):
        if time.monotonic() >= end:
            return Facts(missing, without, number, len(wanted))
        by = kinds[database] if kinds[database] in ("account", "numbers") else database
        if by not in expected:
            expected[by] = {each["_id"].removeprefix("_design/") for each in views.registered(zone, database)}
        if expected[by] and (lacking := expected[by] - _designs(admin, database)):
            without[database] = sorted(lacking)
    return Facts(missing, without, len(wanted), len(wanted))


def _designs(admin: Administration, database: str) -> set[str]:
    try:
        return set(admin.design_documents(database))
    except NotFound:  # deleted meanwhile
        return set()

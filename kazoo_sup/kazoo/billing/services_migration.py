"""Services documents of versions before 4.3, brought into today's form.

Source: Kazoo kazoo_services_maintenance:migrate_services/0. Better than there: the document keeps its account, where
Kazoo writes "services" into `pvt_account_id` and `pvt_account_db` of each that it migrates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo import master_account
from kazoo_sup.kazoo.billing import service_plans, services, services_database
from kazoo_sup.kazoo.billing.services_reconcile import Quantities, counted, with_quantities
from kazoo_sup.kazoo.documents import stamped, value_at, with_value
from kazoo_sup.names import account_database, account_id

if TYPE_CHECKING:
    from kazoo_sup.changes import Change, Document
    from kazoo_sup.zone import Zone

VERSION = 2
_REMOVED = (
    "pvt_dirty",
    "billing_id",
    "quantities",
    "transactions",
    "account_quantities",
    "cascade_quantities",
)
_COUNTED = (
    "users",
    "devices",
    "ips",
    "limits",
    "number_services",
    "number_carriers",
    "phone_numbers",
    "ledgers",
    "qubicle",
    "branding",
    "ui_apps",
    "billing",
    "ratedeck",
    "ratedeck_name",
    "faxes",
    "voicemails",
    "conferences",
)
"""Old quantities that are counted anew; all others were given by hand."""


def migrated(zone: Zone, counts: Counter[str]) -> Iterator[str]:
    """Migrate every services document that is older; yield what could not be counted."""
    for account in services_database.in_tree_order(zone, "by_tree_length"):
        stored = zone.couchdb.get(services.DATABASE, account)
        if stored is None or service_plans.is_current(stored):
            continue
        found = yield from counted(zone, account)
        if found is None:
            counts["failed"] += 1
            continue
        counts += changes.apply(zone, [_migration(zone, stored, found)]).counts


def in_new_form(document: Document, own: Quantities, below: Quantities, master: str) -> Document:
    """Return an old services document in today's form; OWN and BELOW were counted, MASTER owns the old plans."""
    old = value_at(document, ["quantities"], {})
    kept = {key: each for key, each in document.items() if key not in _REMOVED}
    for key, field in (("ratedeck", "id"), ("ratedeck_name", "name")):
        name = next(iter(old.get(key) or {}), None)
        if name is not None:
            kept = with_value(kept, ["ratedeck", field], name)
    by_hand = {key: each for key, each in old.items() if key not in _COUNTED}
    kept = with_quantities(with_value(kept, ["quantities", "manual"], by_hand), own, below)
    plans = document.get("plans") or {}
    return {**kept, "plans": {name: _plan(plan, master) for name, plan in plans.items()}}


def _plan(plan: Document, master: str) -> Document:
    """Return an assigned plan: its overrides in today's form, and whose plan it is."""
    overrides = {
        "plan": _without_apps(plan.get("overrides") or {}),
        "applications": service_plans.applications_of(plan.get("overrides") or {}, master),
    }
    return {
        "overrides": {key: each for key, each in overrides.items() if each},
        "vendor_id": service_plans.vendor_of(plan, master),
    }


def _without_apps(overrides: Document) -> Document:
    """Return overrides with what they say of the account's apps, in place of what they say of Monster UI's."""
    kept = {key: each for key, each in overrides.items() if key != "ui_apps"}
    for name, app in (overrides.get("ui_apps") or {}).items():
        said = {key: each for key, each in app.items() if key not in service_plans.APP_FIELDS}
        if said:
            kept = with_value(kept, ["account_apps", name], said)
    return kept


def _migration(zone: Zone, stored: Document, found: tuple[Quantities, Quantities]) -> Change:
    account = stored["_id"]
    master = master_account.require(zone)
    database = account_database(account) if account_id(account) else services.DATABASE

    def in_todays_form(document: Document) -> Document:
        if service_plans.is_current(document):
            return document
        made = {**in_new_form(document, *found, master), "pvt_vsn": VERSION}
        return stamped(made, database, node=zone.node, account=account)

    return changes.edit(services.DATABASE, stored, in_todays_form)

"""Services documents of versions before 4.3, brought into today's form.

Source: Kazoo kazoo_services_maintenance:migrate_services/0. Better than there: the document keeps its account, where
Kazoo writes "services" into `pvt_account_id` and `pvt_account_db` of each that it migrates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo.accounts import master_account
from kazoo_sup.kazoo.billing import service_plans, services, services_database
from kazoo_sup.kazoo.billing.services_reconcile import Quantities, count, count_below, with_quantities
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.documents import stamped, with_value
from kazoo_sup.kazoo.documents.shapes import OBJECTS_BY_NAME, at, object_at
from kazoo_sup.messages.names import account_database, account_id
from kazoo_sup.results import BulkReport, Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.changes import Change
    from kazoo_sup.types import Document
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
"""Old quantities that are recounted; all others were given by hand."""


def migrate(zone: Zone) -> Iterator[Event]:
    """Migrate every services document that is older; yield what could not be counted, and reports."""
    parts = Parts(zone, "accounts")
    for account in services_database.in_tree_order(zone, "by_tree_length"):
        with parts.part(account):
            stored = zone.couchdb.get(services.DATABASE, account)
            if stored is None or service_plans.is_current(stored):
                continue
            own, below = count(zone, account), count_below(zone, account)
            yield from (*own.unread, *below.unread)
            if own.quantities is None or below.quantities is None:
                yield BulkReport({"failed": 1})
                continue
            migration = _migration(zone, stored, own.quantities, below.quantities)
            yield BulkReport(changes.apply(zone, [migration]).counts)
    yield parts.report


def in_new_form(document: Document, own: Quantities, below: Quantities, master: str) -> Document:
    """Return an old services document in today's form; OWN and BELOW were counted, MASTER owns the old plans."""
    old = object_at(document, "quantities")
    kept = {key: each for key, each in document.items() if key not in _REMOVED}
    for key, field in (("ratedeck", "id"), ("ratedeck_name", "name")):
        name = next(iter(object_at(old, key)), None)
        if name is not None:
            kept = with_value(kept, ["ratedeck", field], name)
    by_hand = {key: each for key, each in old.items() if key not in _COUNTED}
    kept = with_quantities(with_value(kept, ["quantities", "manual"], by_hand), own, below)
    plans = at(document, ["plans"], OBJECTS_BY_NAME, {})
    return {**kept, "plans": {name: _plan(plan, master) for name, plan in plans.items()}}


def _plan(plan: Document, master: str) -> Document:
    """Return an assigned plan: its overrides in today's form, and whose plan it is."""
    overrides = {
        "plan": _without_apps(object_at(plan, "overrides")),
        "applications": service_plans.applications_of(object_at(plan, "overrides"), master),
    }
    return {
        "overrides": {key: each for key, each in overrides.items() if each},
        "vendor_id": service_plans.vendor_of(plan, master),
    }


def _without_apps(overrides: Document) -> Document:
    """Return overrides with what they say of the account's apps, in place of what they say of Monster UI's."""
    kept = {key: each for key, each in overrides.items() if key != "ui_apps"}
    for name, app in at(overrides, ["ui_apps"], OBJECTS_BY_NAME, {}).items():
        said = {key: each for key, each in app.items() if key not in service_plans.APP_FIELDS}
        if said:
            kept = with_value(kept, ["account_apps", name], said)
    return kept


def _migration(zone: Zone, stored: Document, own: Quantities, below: Quantities) -> Change:
    account = stored["_id"]
    master = master_account.require(zone)
    database = account_database(account) if account_id(account) else services.DATABASE

    def in_todays_form(document: Document) -> Document:
        if service_plans.is_current(document):
            return document
        made = {**in_new_form(document, own, below, master), "pvt_vsn": VERSION}
        return stamped(made, database, node=zone.node, account=account)

    return changes.edit(services.DATABASE, stored, in_todays_form)

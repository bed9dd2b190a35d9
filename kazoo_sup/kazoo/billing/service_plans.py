"""Service plans: brought into the form of 4.3, and the apps that they name corrected.

Source: Kazoo kazoo_services_maintenance:migrate_service_plans/1, fix_plan_apps/1. Better than there: a plan keeps the
account that it belongs to, where Kazoo writes "services" into `pvt_account_id` and `pvt_account_db`; and what the plan
says of its applications beside name and vendor stays.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, same
from kazoo_sup.kazoo.accounts import master_account
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import as_object, merged, stamped, value_at, with_value
from kazoo_sup.kazoo.documents.shapes import object_at
from kazoo_sup.kazoo.documents.values import to_integer
from kazoo_sup.messages.names import account_database, account_id, plain
from kazoo_sup.results import BulkReport, Event

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Fields
    from kazoo_sup.zone import Zone

VERSION = 2
BRAINTREE = "braintree"
APP_FIELDS = ("app_id", "account_id", "account_db", "enabled", "category", "name")


@dataclass(frozen=True, slots=True)
class PlansRead:
    """So many service plans of an account (an id) are looked at for their form."""

    account: str
    plans: int


@dataclass(frozen=True, slots=True)
class PlanOutdated:
    """A service plan has the form of an earlier version; its database is an encoded name."""

    database: str
    plan: str


@dataclass(frozen=True, slots=True)
class PlanMigrated:
    """A service plan is saved in the form of 4.3."""

    database: str
    plan: str


@dataclass(frozen=True, slots=True)
class PlansOfAppsRead:
    """So many service plans of an account are looked at for the apps that they name."""

    account: str
    plans: int


@dataclass(frozen=True, slots=True)
class AppsRead:
    """The apps of one service plan are looked at."""

    account: str
    plan: str


@dataclass(frozen=True, slots=True)
class AppInvalid:
    """A service plan names an app that its vendor (an account id) does not have."""

    vendor: str
    app: str


@dataclass(frozen=True, slots=True)
class AppNotFound:
    """A vendor has no app of the name that a service plan gives it."""

    vendor: str
    name: str


@dataclass(frozen=True, slots=True)
class AppCorrected:
    """A service plan names the app of this name by its id."""

    vendor: str
    name: str
    app: str


@dataclass(frozen=True, slots=True)
class PlanCorrected:
    """A service plan is saved with the apps that were corrected."""

    database: str
    plan: str


def plans(zone: Zone, account: str) -> list[Document]:
    """Return an account's service plans."""
    rows = views.rows_for_change(zone, account_database(account), "services", "plans", include_docs=True)
    return [row["doc"] for row in rows if row.get("doc")]


def is_current(document: Fields) -> bool:
    """Return whether a service plan or services document has the form of 4.3."""
    try:
        return to_integer(document.get("pvt_vsn", 0)) > 1
    except ValueError:
        return False


def vendor_of(named: Fields, master: str) -> str:
    """Return the id of the account that an assigned plan or app is from; MASTER where nothing is said."""
    for key in ("account_id", "account_db", "vendor_id"):
        found = named.get(key)
        if isinstance(found, str) and found:
            return account_id(found) or found
    return master


def applications_of(plan: Document, master: str) -> Document:
    """Return the apps that a plan, or its overrides, keeps as `ui_apps`, in today's form."""
    found: Document = {}
    for name, app in object_at(plan, "ui_apps").items():
        identifier = app.get("app_id") if isinstance(app, dict) else None
        if isinstance(identifier, str) and identifier:
            enabled = app.get("enabled", True) in (True, "true")
            found[identifier] = {"name": name, "vendor_id": vendor_of(app, master), "enabled": enabled}
    return found


# -- migrating


def migrate_all(zone: Zone, account: str) -> Iterator[Event]:
    """Migrate the service plans of an account (an id)."""
    found = plans(zone, account)
    yield PlansRead(account, len(found))
    for plan in found:
        if not is_current(plan):
            yield from migrate(zone, account, plan)


def migrate(zone: Zone, account: str, plan: Document) -> Iterator[Event]:
    """Migrate one service plan, which need not be stored yet."""
    database = account_database(account)
    yield PlanOutdated(database, plan["_id"])
    master = master_account.require(zone)
    bookkeeper = yield from _bookkeepers(zone, account, object_at(plan, "bookkeepers"))

    def again(found: Document | None) -> Document:
        if found is not None and is_current(found):
            return found
        made = in_new_form(found or plan, master)
        if bookkeeper is not None:
            made["bookkeeper"] = {"id": bookkeeper, "vendor_id": account, "type": BRAINTREE}
        return stamped({**made, "pvt_vsn": VERSION}, database, node=zone.node)

    yield PlanMigrated(database, plan["_id"])
    stored = plan if "_rev" in plan else None
    yield BulkReport(changes.update(zone, database, plan["_id"], again, stored=stored).counts)


def in_new_form(plan: Document, master: str) -> Document:
    """Return a plan with its apps and rate deck in today's places, and without its bookkeepers."""
    old = object_at(plan, "plan")
    made = {key: each for key, each in plan.items() if key != "bookkeepers"}
    made["applications"] = applications_of(old, master)
    kept = {key: each for key, each in old.items() if key not in ("ui_apps", "ratedeck", "ratedeck_name")}
    if "plan" in plan:
        made["plan"] = kept
    for key, field in (("ratedeck", "id"), ("ratedeck_name", "name")):
        name = next(iter(object_at(old, key)), None)
        if name is not None:
            made = with_value(made, ["ratedeck", field], name)
    return made


def _bookkeepers(zone: Zone, account: str, old: Document) -> Generator[Event, None, str | None]:
    """Store what a plan says of each bookkeeper in a document of its own; return the id of Braintree's."""
    database = account_database(account)
    braintree = None
    for name, said in old.items():
        mappings = as_object(said)
        # Those of earlier versions hold the name itself, those of 4.3 an object with it.
        keys = [name, {"type": name}]
        found = views.rows_for_change(zone, database, "services", "bookkeepers", keys=keys, include_docs=True)
        row = next(found, None)
        stored = row.get("doc") if row else None
        change = (
            _new_bookkeeper(zone, account, name, mappings)
            if stored is None
            else changes.edit(database, stored, partial(_with_mappings, mappings))
        )
        yield BulkReport(changes.apply(zone, [change]).counts)
        if name == BRAINTREE:
            braintree = change.id
    return braintree


def _with_mappings(mappings: Document, stored: Document) -> Document:
    return {**stored, "mappings": merged(object_at(stored, "mappings"), mappings)}


def _new_bookkeeper(zone: Zone, account: str, name: str, mappings: Document) -> Change:
    database = account_database(account)
    document = {
        "_id": secrets.token_hex(16),
        "pvt_vsn": VERSION,
        **stamped({}, database, node=zone.node, document_type="bookkeeper", account=account),
        "name": "Migrated from Service Plans for 4.3+",
        "bookkeeper": {"type": name},
        "mappings": mappings,
    }
    return Change(database, document, None)


# -- applications


def correct_apps(zone: Zone, account: str) -> Iterator[Event]:
    """Correct ids and names of the apps that an account's service plans name."""
    found = plans(zone, account)
    yield PlansOfAppsRead(account, len(found))
    database = account_database(account)
    for plan in found:
        yield AppsRead(account, plan["_id"])
        fixes: list[Callable[[Document], Document]] = []
        for identifier, app in list((plan.get("applications") or {}).items()):
            yield from _correction(zone, identifier, app, fixes)
        edit = changes.edit(database, plan, partial(_with_fixes, fixes))
        if not same(edit.document, plan):
            yield PlanCorrected(database, plan["_id"])
            yield BulkReport(changes.apply(zone, [edit]).counts)


def _with_fixes(fixes: list[Callable[[Document], Document]], stored: Document) -> Document:
    apps = stored.get("applications") or {}
    for fix in fixes:
        apps = fix(apps)
    return {**stored, "applications": apps}


def _correction(
    zone: Zone, identifier: str, app: Document, fixes: list[Callable[[Document], Document]]
) -> Iterator[Event]:
    """Add to FIXES what makes an app of a plan right again, where it is wrong."""
    named = app.get("vendor_id")
    vendor = (account_id(named) or named) if isinstance(named, str) and named else master_account.require(zone)
    database = account_database(vendor)
    stored = zone.couchdb.get(plain(database), identifier)
    if stored is not None:
        fixes.append(partial(_replaced, identifier, identifier, {"name": stored.get("name"), "vendor_id": vendor}))
        return
    yield AppInvalid(vendor, identifier)
    name = app.get("name")
    if not (isinstance(name, str) and name):
        return
    row = next(views.rows_for_change(zone, database, "apps_store", "crossbar_listing", key=name), None)
    if row is None:
        yield AppNotFound(vendor, name)
        return
    yield AppCorrected(vendor, name, str(row["id"]))
    fixes.append(partial(_replaced, identifier, str(row["id"]), {"name": name, "vendor_id": vendor}))


def _replaced(old: str, new: str, facts: Document, apps: Document) -> Document:
    """Return the apps of a plan with the app OLD as NEW; what else is said of it stays."""
    before = value_at(apps, [old], {})
    kept = {key: each for key, each in apps.items() if key != old}
    return {**kept, new: {**before, **{key: each for key, each in facts.items() if each is not None}}}

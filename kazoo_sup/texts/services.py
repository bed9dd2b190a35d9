"""What Kazoo prints of services: resellers, service plans, the database. Source: Kazoo kazoo_services_maintenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.errors import Conflict
from kazoo_sup.kazoo.billing import resellers, services_reconcile
from kazoo_sup.kazoo.billing import service_plans as plans
from kazoo_sup.kazoo.billing import services_database as services
from kazoo_sup.kazoo.billing.account_services import AccountReconciled
from kazoo_sup.kazoo.billing.services import DATABASE
from kazoo_sup.terms import UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kazoo_sup.kazoo.billing.account_services import DescendantsSynced

_READ = f"fetching all service docs from '{DATABASE}'"
_COPY_READ = f"fetching all service docs from '{services.BACKUP}'"

_OF_DATABASE: dict[type, tuple[str, ...]] = {
    services.BackupBegun: (_READ, f"saving all service documents to {services.BACKUP}"),
    services.CopiesCompared: ("comparing original and backed up service documents", _READ, _COPY_READ),
    services.DatabaseRemoved: ("removing services database",),
    services.RebuildBegun: ("rebuilding services database views",),
    services.RestoringBegun: ("restoring service documents",),
    services.Rebuilt: ("rebuild complete",),
    services.RecoveryBegun: (_COPY_READ,),
}
_DISCREPANCIES = (
    "discrepancies found between restored and backed up service documents!",
    "try: sup kazoo_services_maintenance attempt_services_recovery",
)


def of_resellers(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's line for each account that becomes a reseller, or is given one."""
    for event in events:
        match event:
            case resellers.ResellerPromoted(account):
                yield f"promoting account {account} to reseller status, updating sub accounts"
            case resellers.ResellerDemoted(account, reseller):
                yield f"demoting reseller status for account {account}, and now belongs to reseller {reseller}"
            case resellers.ResellerSet(account, reseller):
                yield f"setting account {account} reseller id to {reseller}"
            case resellers.NoServices(account):
                yield f"unable to open services doc {account}: not_found"


def of_plans(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's line for each step of service plans that are migrated or corrected."""
    for event in events:
        match event:
            case plans.PlansRead(_, count):
                yield f"verifying {count} service plans have been migrated"
            case plans.PlanOutdated(database, plan):
                yield f"{database}/{plan} requires migration"
            case plans.PlanMigrated(database, plan):
                yield f"  storing migrated service plan {database}/{plan}"
            case plans.PlansOfAppsRead(_, count):
                yield f"verifying {count} service plans have valid applications"
            case plans.AppsRead(account, plan):
                yield f"verifying service plan {account}/{plan} applications"
            case plans.AppInvalid(vendor, app):
                yield f"  service plan has an invalid application {vendor}/{app}"
            case plans.AppNotFound(vendor, name):
                yield f"  unable to find valid application for {name} in vendor {vendor}"
            case plans.AppCorrected(vendor, name, app):
                yield f"  correcting invalid application {name} with {vendor}/{app}"
            case plans.PlanCorrected(database, plan):
                yield f"  storing updated service plan {database}/{plan}"


def of_counting(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's lines for accounts whose services are counted."""
    for event in events:
        match event:
            case AccountReconciled(account, place, total, error):
                yield f"reconcile services ({place}/{total}) '{account}'"
                if error is not None:
                    yield "    unable to reconcile!"
                    yield str(error)
            case services_reconcile.QuantitiesUnread(database):
                yield f"failed to query account quantities: {database} with error: not_found"
            case services_reconcile.PortQuantitiesUnread(account):
                yield f"failed to query port quantities account: {account} with error: not_found"
            case services_reconcile.QuantitiesCorrected(_, corrections):
                yield "    quantity discrepancy corrected!"
                for part, category, item, before, now in corrections:
                    was = UNDEFINED if before is None else before
                    yield f"      updated {part}.{category}.{item} from {was} to {now}"


def of_synced(events: Iterable[DescendantsSynced]) -> Iterator[str]:
    """Yield the line of accounts that were brought to their bookkeepers; Kazoo ends no part of it with a newline."""
    for event in events:
        each = "".join(f"  syncing {account}, {left} accounts remaining" for account, left in event.synced)
        yield f"syncing {event.total} descendants of {event.account}{each}{'' if event.failed else 'ok'}"


def of_database(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's lines for each step of the services database that is rebuilt, restored or cleaned."""
    for event in events:
        match event:
            case services.OrphanRemoved(account):
                yield f"account {account} not found, removing services"
            case services.OrphansRemoved(count):
                yield f"removed {count} service docs"
            case services.BackupFailed(identifier, error):
                yield f"  failed to backup {identifier}: {error}"
            case services.DocumentRestored(identifier, None):
                yield f"  restored document {identifier}"
            case services.DocumentRestored(identifier, error):
                reason = "Document update conflict." if isinstance(error, Conflict) else error
                yield f"  failed to restore {identifier}: {reason}"
            case services.RebuildChecked(equal):
                yield from ("rebuild completed successfully",) if equal else _DISCREPANCIES
            case _:
                yield from _OF_DATABASE[type(event)]

"""Services: what accounts are billed for, resellers and their accounts, service plans, top up.

ACCOUNT and RESELLER are an account id, an account's database, its realm or its exact name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import AccountId, AnyAccountId, Start
from kazoo_sup.arguments.values import Json
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.accounts import find, master_account
from kazoo_sup.kazoo.billing import (
    account_services,
    resellers,
    service_plans,
    services,
    services_database,
    services_migration,
    topup,
)
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Event, Live, Result
from kazoo_sup.terms import Atom
from kazoo_sup.texts import billing
from kazoo_sup.texts import services as texts
from kazoo_sup.zone import Zone

_COUNTED = BulkReport({})
"""Counting begins with none, which is told where nothing is to be done."""


@command
def flush(zone: Zone) -> Done:
    """Make every node read the services documents again; Kazoo's flushes those of one node."""
    changes.forget(zone, services.DATABASE)
    return Done()


@command
def refresh(zone: Zone) -> Done:
    """Create the services database if it is missing, and bring its views up to date."""
    services_database.refresh(zone)
    return Done()


@command
def db_init(zone: Zone) -> Done:
    """Remove the registration of an obsolete view of accounts' services; then do what refresh does."""
    services_database.initialise(zone)
    return Done()


@command
def register_views(zone: Zone) -> Done:
    """Register the views of services from an installed Kazoo.

    That of accounts' quantities is left as it is: a node makes it when it starts, out of the cluster's classifiers.
    Without an installed Kazoo nothing is to be done: where no views are registered, those of sup are used.
    """
    return Done(report=BulkReport(view_registrations.register(zone, "kazoo_services")))


# -- counting


@command
def reconcile(zone: Zone, account: str = "all", *, from_: Start = None) -> Live:
    """Recount what ACCOUNT has, or what all accounts have, and correct its services document where it differs.

    Accounts that fail are reported, and the run then ends partly done. Nothing is printed of one that is right. All are
    counted from the leaves of the tree to the master account; --from ACCOUNT begins at that account.
    """
    if account == "all":
        return Live(account_services.reconcile_all(zone, from_), texts.of_counting, NO_RETURN)
    try:
        identifier = find(account, zone)
    except ValueError as error:
        raise BadArgument(parameter="ACCOUNT", reason=str(error)) from error
    return Live(account_services.reconcile(zone, identifier), texts.of_counting, NO_RETURN)


@command
def sync(zone: Zone, account: AccountId) -> Done:
    """Bring ACCOUNT to its bookkeeper, which only a node can where service plans or their like apply.

    Nothing is to be done for an account without service plans; one with them is refused.
    """
    account_services.check_nothing_to_bill(zone, account)
    return Done()


@command
def sync_descendants(zone: Zone, account: AccountId) -> Live:
    """Do what sync does for every account below ACCOUNT."""
    return Live(account_services.sync_descendants(zone, account), texts.of_synced, NO_RETURN)


@command
def remove_orphaned_services(zone: Zone) -> Live:
    """Delete the services documents of accounts that are gone.

    Kazoo deletes that of an account which only the accounts database knows, too; it is kept and told here.
    """
    return Live(services_database.remove_orphans(zone), texts.of_database, NO_RETURN, report=_COUNTED)


@command
def get_accounts_by_depth(zone: Zone) -> Answer:
    """List the ids of all accounts with a services document, those next to the master account first."""
    return Answer(list(services_database.in_tree_order(zone, "by_tree_length")))


@command
def get_accounts_with_plans(zone: Zone) -> Answer:
    """List the ids of all accounts with service plans, those next to the master account first."""
    return Answer(list(services_database.in_tree_order(zone, "by_tree_length_with_plans")))


# -- resellers


@command
def make_reseller(zone: Zone, account: AccountId) -> Result:
    """Make ACCOUNT a reseller, the one of all accounts below it.

    Answers {error,master_account}, or {error,reseller_descendants} where an account below it is a reseller.
    """
    return _as_reseller(zone, account, resellers.promote)


@command
def demote_reseller(zone: Zone, account: AccountId) -> Result:
    """Make ACCOUNT no reseller any more; accounts below it get the next reseller above.

    Answers {error,master_account}, or {error,reseller_descendants} where an account below it is a reseller.
    """
    return _as_reseller(zone, account, resellers.demote)


@command
def cascade_reseller_id(zone: Zone, reseller: AccountId, account: AccountId) -> Live:
    """Make RESELLER the reseller of every account below ACCOUNT, but not of ACCOUNT itself."""
    return Live(resellers.cascade(zone, reseller, account), texts.of_resellers, report=_COUNTED)


@command
def set_reseller_id(zone: Zone, reseller: AccountId, account: AnyAccountId) -> Done:
    """Make RESELLER the reseller of ACCOUNT; {error,not_found} where it has no services document."""
    is_billed, report = resellers.give(zone, reseller, account)
    given = resellers.ResellerSet(account, reseller)
    if is_billed:
        return Done(lines=list(texts.of_resellers([given])), report=report)
    lines = list(texts.of_resellers([given, resellers.NoServices(account)]))
    return Done((Atom("error"), Atom("not_found")), lines, report)


@command
def update_tree(zone: Zone, account: AccountId, new_tree: str, new_reseller_id: AccountId) -> Answer:
    """Store NEW_TREE, a JSON list of account ids, and NEW_RESELLER_ID in the services document of ACCOUNT.

    Kazoo stores a tree that is not typed as a list as text, which its views then fail on. The ids are the ancestors of
    ACCOUNT, the master account first; one id alone may be typed as it is. Answers the document.
    """
    tree = account_services.read_tree(new_tree)
    return Answer(account_services.moved(zone, account, tree, new_reseller_id))


def _as_reseller(zone: Zone, account: str, work: Callable[[Zone, str], Iterator[Event]]) -> Answer | Live:
    obstacle = resellers.obstacle(zone, account)
    if obstacle is not None:
        return Answer((Atom("error"), obstacle))
    return Live(work(zone, account), texts.of_resellers, report=_COUNTED)


# -- service plans


@command
def migrate_services(zone: Zone) -> Live:
    """Bring every services document of a version before 4.3 into today's form.

    An account whose quantities cannot be counted is left as it is and told; the run then ends partly done.
    """
    return Live(services_migration.migrate(zone), texts.of_counting, report=_COUNTED)


@command
def migrate_service_plans(zone: Zone, account: AccountId | None = None) -> Live:
    """Bring the service plans of ACCOUNT, else of the master account, into the form of 4.3."""
    owner = account or master_account.require(zone)
    return Live(service_plans.migrate_all(zone, owner), texts.of_plans, NO_RETURN, report=_COUNTED)


@command
def migrate_service_plan(zone: Zone, account: AccountId, plan: Json) -> Live:
    """Save one service PLAN, a JSON object with its _id, in the form of 4.3 in the database of ACCOUNT."""
    if not (isinstance(plan, dict) and isinstance(plan.get("_id"), str) and plan["_id"]):
        raise BadArgument(parameter="PLAN", reason="it is not a JSON object with an _id")
    return Live(service_plans.migrate(zone, account, plan), texts.of_plans, report=_COUNTED)


@command
def fix_plan_apps(zone: Zone, account: AccountId) -> Live:
    """Correct the ids and names of the apps that the service plans of ACCOUNT name."""
    return Live(service_plans.correct_apps(zone, account), texts.of_plans, report=_COUNTED)


# -- the database as a whole


@command
def rebuild_services_db(zone: Zone) -> Live:
    """Copy all services documents to services_backup, delete the services database, and fill a new one. Asks first.

    Nothing is deleted before the copy was compared with the original, and a copy that is there already is not written
    over. Nodes should be idle: what they save between copy and deletion is lost.
    """
    services_database.check_no_backup(zone)
    zone.run.confirm(f"delete the database {services.DATABASE} and fill a new one from a copy")
    return Live(services_database.rebuild(zone), texts.of_database, report=_COUNTED)


@command
def attempt_services_recovery(zone: Zone) -> Live:
    """Save what services_backup holds in the services database; documents that are there stay as they are."""
    return Live(services_database.recover(zone), texts.of_database, report=_COUNTED)


# -- top up


@command
def enable_topup(zone: Zone) -> Result:
    """Enable automatic top up."""
    return _topup(zone, enabled=True)


@command
def disable_topup(zone: Zone) -> Result:
    """Disable automatic top up."""
    return _topup(zone, enabled=False)


@command
def topup_status(zone: Zone, account: AccountId | None = None) -> Result:
    """Show whether automatic top up is enabled, or how that of ACCOUNT stands.

    For an account without one the answer is {error,…} with Kazoo's word for why; Kazoo's function crashes.
    """
    if account is None:
        return Answer(lines=[f"auto top up is {'enabled' if topup.is_enabled(zone) else 'disabled'}"])
    try:
        return Answer(lines=list(billing.topup_table(topup.status(zone, account))))
    except topup.NoTopup as reason:
        return Answer((Atom("error"), Atom(str(reason))))


def _topup(zone: Zone, *, enabled: bool) -> Done:
    system_config.set_value(zone, topup.CATEGORY, topup.KEY, enabled, section=zone.node)
    return Done(lines=[f"auto top up {'enabled' if enabled else 'disabled'} "])

"""Services: what accounts are billed for, resellers and their accounts, service plans, top up.

ACCOUNT and RESELLER are an account id, an account's database, its realm or its exact name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import hierarchy, master_account, system_config, view_registrations
from kazoo_sup.kazoo.accounts import AccountId, AnyAccountId, find
from kazoo_sup.kazoo.billing import (
    account_services,
    resellers,
    service_plans,
    services,
    services_database,
    services_migration,
    topup,
)
from kazoo_sup.kazoo.every_account import Start
from kazoo_sup.kazoo.values import Json
from kazoo_sup.outcome import NO_RETURN, Outcome, text, value, worked
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone


@command
def flush(zone: Zone) -> Outcome:
    """Make every node read the services documents anew; Kazoo's flushes those of one node."""
    changes.forget(zone, services.DATABASE)
    return Outcome()


@command
def refresh(zone: Zone) -> Outcome:
    """Create the services database if it is missing, and bring its views up to date."""
    services_database.refresh(zone)
    return Outcome()


@command
def db_init(zone: Zone) -> Outcome:
    """Remove the registration of an obsolete view of accounts' services; then do what refresh does."""
    services_database.initialise(zone)
    return Outcome()


@command
def register_views(zone: Zone) -> Outcome:
    """Register the views of services from an installed Kazoo.

    That of accounts' quantities is left as it is: a node makes it when it starts, out of the cluster's classifiers.
    Without an installed Kazoo nothing is to be done: where no views are registered, those of sup are used.
    """
    return Outcome(counts=view_registrations.register(zone, "kazoo_services"))


# -- counting


@command
def reconcile(zone: Zone, account: str = "all", *, from_: Start = None) -> Outcome:
    """Count anew what ACCOUNT has, or what all accounts have, and correct its services document where it differs.

    Accounts that fail are reported, and the run then ends partly done. Nothing is printed of one that is right. All are
    counted from the leaves of the tree to the master account; --from ACCOUNT begins at that account.
    """
    if account == "all":
        return worked(zone.run, account_services.all_reconciled(zone, from_), NO_RETURN)
    try:
        identifier = find(account, zone)
    except ValueError as error:
        raise BadArgument(parameter="ACCOUNT", reason=str(error)) from error
    return worked(zone.run, account_services.reconciled(zone, identifier), NO_RETURN)


@command
def sync(zone: Zone, account: AccountId) -> Outcome:
    """Bring ACCOUNT to its bookkeeper, which only a node can where service plans or their like apply.

    Nothing is to be done for an account without service plans; one with them is refused.
    """
    account_services.check_nothing_to_bill(zone, account)
    return Outcome()


@command
def sync_descendants(zone: Zone, account: AccountId) -> Outcome:
    """Do what sync does for every account below ACCOUNT."""
    below = list(hierarchy.descendants(zone, account))
    for each in below:
        account_services.check_nothing_to_bill(zone, each)
    told = (f"  syncing {each}, {len(below) - count} accounts remaining" for count, each in enumerate(below, start=1))
    # Kazoo ends none of these with a newline.
    return text(f"syncing {len(below)} descendants of {account}{''.join(told)}ok", NO_RETURN)


@command
def remove_orphaned_services(zone: Zone) -> Outcome:
    """Delete the services documents of accounts that are gone.

    Kazoo deletes that of an account which only the accounts database knows, too; it is kept and told here.
    """
    counts: Counter[str] = Counter()
    return worked(zone.run, services_database.without_orphans(zone, counts), NO_RETURN, counts=counts)


@command
def get_accounts_by_depth(zone: Zone) -> Outcome:
    """List the ids of all accounts with a services document, those next to the master account first."""
    return value(list(services_database.in_tree_order(zone, "by_tree_length")))


@command
def get_accounts_with_plans(zone: Zone) -> Outcome:
    """List the ids of all accounts with service plans, those next to the master account first."""
    return value(list(services_database.in_tree_order(zone, "by_tree_length_with_plans")))


# -- resellers


@command
def make_reseller(zone: Zone, account: AccountId) -> Outcome:
    """Make ACCOUNT a reseller, the one of all accounts below it.

    Answers {error,master_account}, or {error,reseller_descendants} where an account below it is a reseller.
    """
    return _as_reseller(zone, account, resellers.promoted)


@command
def demote_reseller(zone: Zone, account: AccountId) -> Outcome:
    """Make ACCOUNT no reseller any more; accounts below it get the next reseller above.

    Answers {error,master_account}, or {error,reseller_descendants} where an account below it is a reseller.
    """
    return _as_reseller(zone, account, resellers.demoted)


@command
def cascade_reseller_id(zone: Zone, reseller: AccountId, account: AccountId) -> Outcome:
    """Make RESELLER the reseller of every account below ACCOUNT, but not of ACCOUNT itself."""
    counts: Counter[str] = Counter()
    return worked(zone.run, resellers.cascaded(zone, reseller, account, counts), counts=counts)


@command
def set_reseller_id(zone: Zone, reseller: AccountId, account: AnyAccountId) -> Outcome:
    """Make RESELLER the reseller of ACCOUNT; {error,not_found} where it has no services document."""
    counts: Counter[str] = Counter()
    lines = [resellers.given_line(reseller, account)]
    if resellers.give(zone, reseller, account, counts):
        return text(lines, counts=counts)
    lines.append(resellers.unbilled_line(account))
    return text(lines, (Atom("error"), Atom("not_found")), counts=counts)


@command
def update_tree(zone: Zone, account: AccountId, new_tree: str, new_reseller_id: AccountId) -> Outcome:
    """Store NEW_TREE, a JSON list of account ids, and NEW_RESELLER_ID in the services document of ACCOUNT.

    Kazoo stores a tree that is not typed as a list as text, which its views then fail on. The ids are the ancestors of
    ACCOUNT, the master account first; one id alone may be typed as it is. Answers the document.
    """
    tree = account_services.read_tree(new_tree)
    return value(account_services.moved(zone, account, tree, new_reseller_id))


def _as_reseller(zone: Zone, account: str, work: Callable[[Zone, str, Counter[str]], Iterator[str]]) -> Outcome:
    obstacle = resellers.obstacle(zone, account)
    if obstacle is not None:
        return value((Atom("error"), obstacle))
    counts: Counter[str] = Counter()
    return worked(zone.run, work(zone, account, counts), counts=counts)


# -- service plans


@command
def migrate_services(zone: Zone) -> Outcome:
    """Bring every services document of a version before 4.3 into today's form.

    An account whose quantities cannot be counted is left as it is and told; the run then ends partly done.
    """
    counts: Counter[str] = Counter()
    return worked(zone.run, services_migration.migrated(zone, counts), counts=counts)


@command
def migrate_service_plans(zone: Zone, account: AccountId | None = None) -> Outcome:
    """Bring the service plans of ACCOUNT, else of the master account, into the form of 4.3."""
    counts: Counter[str] = Counter()
    owner = account or master_account.require(zone)
    return worked(zone.run, service_plans.migrated(zone, owner, counts), NO_RETURN, counts=counts)


@command
def migrate_service_plan(zone: Zone, account: AccountId, plan: Json) -> Outcome:
    """Save one service PLAN, a JSON object with its _id, in the form of 4.3 in the database of ACCOUNT."""
    if not (isinstance(plan, dict) and isinstance(plan.get("_id"), str) and plan["_id"]):
        raise BadArgument(parameter="PLAN", reason="it is not a JSON object with an _id")
    counts: Counter[str] = Counter()
    return worked(zone.run, service_plans.migrate(zone, account, plan, counts), counts=counts)


@command
def fix_plan_apps(zone: Zone, account: AccountId) -> Outcome:
    """Correct the ids and names of the apps that the service plans of ACCOUNT name."""
    counts: Counter[str] = Counter()
    return worked(zone.run, service_plans.corrected(zone, account, counts), counts=counts)


# -- the database as a whole


@command
def rebuild_services_db(zone: Zone) -> Outcome:
    """Copy all services documents to services_backup, delete the services database, and fill a new one. Asks first.

    Nothing is deleted before the copy was compared with the original, and a copy that is there already is not written
    over. Nodes should be idle: what they save between copy and deletion is lost.
    """
    services_database.check_no_backup(zone)
    zone.run.confirm(f"delete the database {services.DATABASE} and fill a new one from a copy")
    counts: Counter[str] = Counter()
    return worked(zone.run, services_database.rebuilt(zone, counts), counts=counts)


@command
def attempt_services_recovery(zone: Zone) -> Outcome:
    """Save what services_backup holds in the services database; documents that are there stay as they are."""
    counts: Counter[str] = Counter()
    return worked(zone.run, services_database.recovered(zone, counts), counts=counts)


# -- top up


@command
def enable_topup(zone: Zone) -> Outcome:
    """Enable automatic top up."""
    return _topup(zone, enabled=True)


@command
def disable_topup(zone: Zone) -> Outcome:
    """Disable automatic top up."""
    return _topup(zone, enabled=False)


@command
def topup_status(zone: Zone, account: AccountId | None = None) -> Outcome:
    """Show whether automatic top up is enabled, or how that of ACCOUNT stands.

    For an account without one the answer is {error,…} with Kazoo's word for why; Kazoo's function crashes.
    """
    if account is None:
        return text(f"auto top up is {'enabled' if topup.is_enabled(zone) else 'disabled'}")
    try:
        return text(list(topup.status(zone, account)))
    except topup.NoTopup as reason:
        return value((Atom("error"), Atom(str(reason))))


def _topup(zone: Zone, *, enabled: bool) -> Outcome:
    system_config.set_value(zone, topup.CATEGORY, topup.KEY, enabled, section=zone.node)
    return text(f"auto top up {'enabled' if enabled else 'disabled'} ")

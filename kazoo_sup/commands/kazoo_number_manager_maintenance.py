"""The number manager: numbers, their databases and their features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import view_registrations, views
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.billing import services_reconcile
from kazoo_sup.kazoo.numbers import (
    assignments,
    classification,
    copies,
    feature_permissions,
    features,
    maintenance,
    places,
    pools,
    port_requests,
    purge,
    services_view,
    unassigned,
    usage,
    used_by,
)
from kazoo_sup.kazoo.numbers.e164 import E164
from kazoo_sup.kazoo.numbers.places import (
    Account,
    AccountList,
    Databases,
    NamedAccount,
    NumberDatabase,
    NumberDatabaseList,
    NumberList,
    account_databases,
    listed,
    number_databases,
)
from kazoo_sup.kazoo.numbers.pools import PoolName
from kazoo_sup.kazoo.numbers.repair import Repair
from kazoo_sup.kazoo.values import Json
from kazoo_sup.names import INUM, MANAGED, account_database, plain
from kazoo_sup.outcome import NO_RETURN, Outcome, text, value, worked
from kazoo_sup.terms import UNDEFINED
from kazoo_sup.zone import Zone

APPLICATION = "kazoo_number_manager"
_BLOCK = 2


@command
def app_using(zone: Zone, number: E164, account: Account) -> Outcome:
    """Tell which application of ACCOUNT uses NUMBER: callflow, trunkstore or none (undefined)."""
    lines, application = usage.application(zone, number, account.database)
    return text(lines, UNDEFINED if application is None else application)


@command
def carrier_module_usage(zone: Zone, prefix: NumberDatabase | None = None) -> Outcome:
    """Count the numbers of each carrier module, in every number database or in that of PREFIX."""
    databases = number_databases(zone) if prefix is None else listed([prefix])
    return worked(zone.run, usage.carrier_modules(zone, databases))


@command
def copy_accounts_to_number_dbs(zone: Zone, accounts: AccountList | None = None) -> Outcome:
    """Copy numbers that only an account has into their number databases, of all accounts or of ACCOUNTS.

    ACCOUNTS is a JSON list. A number that is in its number database already stays as it is there; where it differs from
    the account's copy that is reported, and copy_number_dbs_to_accounts makes the two agree.
    """
    return _repaired(zone, lambda repair: copies.to_number_databases(repair, *_accounts(zone, accounts)))


@command
def copy_assigned_number_dbs_to_account(zone: Zone, account: Account) -> Outcome:
    """Copy the numbers assigned to ACCOUNT into its database, from every number database."""
    return _repaired(zone, lambda repair: copies.to_account(repair, account))


@command
def copy_number_dbs_to_accounts(zone: Zone, number_dbs: NumberDatabaseList | None = None) -> Outcome:
    """Copy assigned numbers into their accounts, from every number database or from NUMBER_DBS, a JSON list."""
    return _repaired(zone, lambda repair: copies.to_accounts(repair, *_databases(zone, number_dbs)))


@command
def copy_number_from_accountdb_to_numbdb(zone: Zone, account: Account, number: E164) -> Outcome:
    """Copy NUMBER from ACCOUNT into its number database, unless it is there."""
    return _repaired(zone, lambda repair: copies.some_to_number_databases(repair, account, [number]))


@command
def copy_number_from_db_to_assigned_account(zone: Zone, number: E164) -> Outcome:
    """Copy NUMBER from its number database into the account it is assigned to."""
    return _repaired(zone, lambda repair: copies.some_to_accounts(repair, [number]))


@command
def copy_numbers_from_accountdb_to_numbdbs(zone: Zone, account: Account, numbers: NumberList) -> Outcome:
    """Copy NUMBERS, a JSON list, from ACCOUNT into their number databases, unless they are there."""
    return _repaired(zone, lambda repair: copies.some_to_number_databases(repair, account, numbers))


@command
def copy_numbers_from_dbs_to_assigned_accounts(zone: Zone, numbers: NumberList) -> Outcome:
    """Copy NUMBERS, a JSON list, from their number databases into the accounts they are assigned to."""
    return _repaired(zone, lambda repair: copies.some_to_accounts(repair, numbers))


@command
def copy_single_account_to_number_dbs(zone: Zone, account: Account) -> Outcome:
    """Copy numbers that only ACCOUNT has into their number databases."""
    return _repaired(zone, lambda repair: copies.to_number_databases(repair, listed([account.database]), 1))


@command
def copy_single_assigned_number_db_to_account(zone: Zone, account: Account, number_db: NumberDatabase) -> Outcome:
    """Copy the numbers of NUMBER_DB that are assigned to ACCOUNT into its database."""
    return _repaired(zone, lambda repair: copies.one_to_accounts(repair, number_db, account.id))


@command
def copy_single_number_db_to_accounts(zone: Zone, number_db: NumberDatabase) -> Outcome:
    """Copy the assigned numbers of NUMBER_DB into their accounts."""
    return _repaired(zone, lambda repair: copies.one_to_accounts(repair, number_db))


@command
def copy_single_number_to_account_db(zone: Zone, number: E164, account: Account) -> Outcome:
    """Copy NUMBER into the database of ACCOUNT, whoever it is assigned to."""
    return value(copies.one_to_account(zone, number, account.id))


@command
def fix_account_db_numbers(zone: Zone, account: Account) -> Outcome:
    """Mend all numbers of ACCOUNT: the applications that use them, their copies, its services.

    The documents of the number databases count; what the account has of others' numbers is removed from it.
    """

    def work(repair: Repair) -> Iterator[str]:
        yield f":::: fixing account {account.said}, or not"
        yield from used_by.of_accounts(repair, [account.id])
        yield from copies.to_account(repair, account)
        yield from assignments.remove_wrong(repair, listed([account.database]), 1)
        yield from services_reconcile.reconcile(zone, account.id)

    return _repaired(zone, work)


@command
def fix_apps_for_account_dbs(zone: Zone, accounts: AccountList | None = None) -> Outcome:
    """Correct which application uses each number, in the databases of all accounts or of ACCOUNTS, a JSON list."""
    return _repaired(zone, lambda repair: used_by.in_accounts(repair, *_accounts(zone, accounts)))


@command
def fix_apps_for_number_dbs(zone: Zone, number_dbs: NumberDatabaseList | None = None) -> Outcome:
    """Correct which application uses each assigned number, in every number database or in NUMBER_DBS, a JSON list."""
    return _repaired(zone, lambda repair: used_by.in_number_databases(repair, *_databases(zone, number_dbs)))


@command
def fix_apps_for_single_account_db(zone: Zone, account: Account) -> Outcome:
    """Correct which application uses each number, in the database of ACCOUNT."""
    return _repaired(zone, lambda repair: used_by.in_accounts(repair, listed([account.database]), 1))


@command
def fix_apps_for_single_number_db(zone: Zone, number_db: NumberDatabase) -> Outcome:
    """Correct which application uses each assigned number of NUMBER_DB."""
    return _repaired(zone, lambda repair: used_by.in_number_databases(repair, listed([number_db]), 1))


@command
def fix_apps_in_number_dbs_for_accounts(zone: Zone, accounts: AccountList) -> Outcome:
    """Correct which application uses each number of ACCOUNTS, a JSON list, in every number database."""
    return _repaired(zone, lambda repair: used_by.of_accounts(repair, accounts))


@command
def fix_apps_in_number_dbs_for_single_account(zone: Zone, account: Account) -> Outcome:
    """Correct which application uses each number of ACCOUNT, in every number database."""
    return _repaired(zone, lambda repair: used_by.of_accounts(repair, [account.id]))


@command
def fix_number(zone: Zone, account: Account, number: E164) -> Outcome:
    """Mend NUMBER as fix_account_db_numbers does, and remove from ACCOUNT what it has of others' numbers."""
    return _fixed(zone, account, [number])


@command
def fix_numbers(zone: Zone, account: Account, numbers: NumberList) -> Outcome:
    """Mend NUMBERS, a JSON list, and remove from ACCOUNT what it has of others' numbers, as fix_number does."""
    return _fixed(zone, account, numbers)


@command
def fix_numbers_apps_in_accountdb(zone: Zone, account: Account, numbers: NumberList) -> Outcome:
    """Correct which application uses NUMBERS, a JSON list, in the database of ACCOUNT."""
    return _repaired(zone, lambda repair: used_by.some_in_account(repair, account, numbers))


@command
def fix_numbers_apps_in_numbdb(zone: Zone, numbers: NumberList) -> Outcome:
    """Correct which application uses NUMBERS, a JSON list, in their number databases."""
    return _repaired(zone, lambda repair: used_by.some_in_number_databases(repair, numbers))


@command
def generate_numbers(zone: Zone, carrier: PoolName, account: AccountId, first_number: int, quantity: int) -> Outcome:
    """Create QUANTITY consecutive available numbers, from FIRST_NUMBER on, that only ACCOUNT can acquire.

    CARRIER is managed or inum. FIRST_NUMBER is taken as it stands, without conversion: 2223334000 becomes +2223334000.
    Numbers that exist just so are counted and left alone; numbers that exist otherwise are reported, and the run ends
    partly done. The pool's database is created, with its views, when it is missing.
    """
    try:
        pools.check_range(carrier, first_number, quantity)
    except ValueError as error:
        raise BadArgument(parameter="FIRST_NUMBER QUANTITY", reason=str(error)) from error
    views.ensure_database(zone, carrier.database)
    tally = changes.apply(
        zone, pools.generated(carrier, account, first_number, quantity), total=quantity, label="generating numbers"
    )
    return Outcome(counts=tally.counts)


@command
def convert_carrier_module(zone: Zone, source: str, target: str, prefix: NumberDatabase | None = None) -> Outcome:
    """Give all numbers of carrier module SOURCE the module TARGET, or only those of the database of PREFIX.

    What cannot be converted is listed; the run then ends partly done, where Kazoo's ends well.
    """
    counts: Counter[str] = Counter()
    databases = number_databases(zone) if prefix is None else listed([prefix])
    return worked(zone.run, maintenance.converted(zone, source, target, databases, counts), counts=counts)


@command
def convert_carrier_module_number(zone: Zone, number: str, target: str) -> Outcome:
    """Give one NUMBER the carrier module TARGET."""
    counts: Counter[str] = Counter()
    return worked(zone.run, maintenance.converted_numbers(zone, [number], target, counts), counts=counts)


@command
def delete(zone: Zone, number: str) -> Outcome:
    """Delete NUMBER whatever its state, from its database and its account's."""
    return text(maintenance.deleted(zone, number), NO_RETURN)


@command
def feature_permissions_on_number(zone: Zone, number: str) -> Outcome:
    """Show the features that are allowed and denied on NUMBER itself."""
    return text(maintenance.permitted(zone, number), NO_RETURN)


@command
def add_allowed_feature_on_number(zone: Zone, feature: str, number: str) -> Outcome:
    """Allow FEATURE on NUMBER; features that are allowed there replace the account's list."""
    return _permit(zone, feature, number, "features_allowed", with_it=True)


@command
def remove_allowed_feature_on_number(zone: Zone, feature: str, number: str) -> Outcome:
    """Take FEATURE from the features that are allowed on NUMBER."""
    return _permit(zone, feature, number, "features_allowed", with_it=False)


@command
def add_denied_feature_on_number(zone: Zone, feature: str, number: str) -> Outcome:
    """Deny FEATURE on NUMBER; features that are denied there replace the account's list."""
    return _permit(zone, feature, number, "features_denied", with_it=True)


@command
def remove_denied_feature_on_number(zone: Zone, feature: str, number: str) -> Outcome:
    """Take FEATURE from the features that are denied on NUMBER."""
    return _permit(zone, feature, number, "features_denied", with_it=False)


@command
def remove_wrong_assigned_from_accounts(zone: Zone) -> Outcome:
    """Remove from all accounts the copies of numbers that are assigned to another account."""
    return _repaired(zone, lambda repair: assignments.remove_wrong(repair, account_databases(zone)))


@command
def remove_wrong_assigned_from_single_accountdb(zone: Zone, account: Account) -> Outcome:
    """Remove from ACCOUNT the copies of numbers that are assigned to another account."""
    return _repaired(zone, lambda repair: assignments.remove_wrong(repair, listed([account.database]), 1))


@command
def init_dbs(zone: Zone) -> Outcome:
    """Create the databases of managed numbers, of iNums and of port requests where they are missing, with their views.

    Where they are there their views are refreshed.
    """
    for database in (MANAGED, INUM, port_requests.DATABASE):
        views.ensure_database(zone, database)
        views.refresh(zone, database)
    return Outcome()


@command
def register_views(zone: Zone) -> Outcome:
    """Register the number manager's views from an installed Kazoo.

    Without one nothing is to be done: where no views are registered, those that come with sup are used.
    """
    return Outcome(counts=view_registrations.register(zone, APPLICATION))


@command
def refresh_numbers_db(zone: Zone, number_db: str) -> Outcome:
    """Bring the registered views into NUMBER_DB, a number database by its name or by a number of it."""
    try:
        database = places.database_of(number_db, zone)
    except ValueError:
        return text(f"skipping badly formed {number_db}")
    if not zone.couchdb.exists(plain(database)):
        zone.run.warn(f"there is no database {plain(database)}")
    views.refresh(zone, database)
    return Outcome()


@command
def refresh_numbers_dbs(zone: Zone) -> Outcome:
    """Bring the registered views into every number database."""
    return worked(zone.run, _refreshed(zone))


@command
def update_number_services_view(zone: Zone, account: Account) -> Outcome:
    """Bring the view of ACCOUNT's numbers that counts by their class up to the zone's classifiers."""
    if not services_view.update(zone, account.database):
        return Outcome(NO_RETURN)
    return text(f"view updated for '{account.database}': true")


@command
def generate_js_classifiers(zone: Zone, block: Json) -> Outcome:
    """Show code for views that finds a number's class and runs BLOCK for it.

    BLOCK is a JSON list of the texts before and behind the name of the class; Kazoo takes an Erlang function.
    """
    if not (isinstance(block, list) and len(block) == _BLOCK and all(isinstance(each, str) for each in block)):
        raise BadArgument(parameter="BLOCK", reason="it is no JSON list of two texts")
    code = classification.javascript(classification.available(zone), lambda name: name.join(block))
    return text(code, NO_RETURN)


@command
def migrate(zone: Zone) -> Outcome:
    """Allow the features that only administrators switch, refresh all number databases, clean unassigned numbers."""

    def work() -> Iterator[str]:
        yield from feature_permissions.ensure_admin_only(zone)
        yield from _refreshed(zone)
        yield from _unassigned(zone)

    return worked(zone.run, work())


@command
def migrate_unassigned_numbers(zone: Zone, number_db: NumberDatabase | None = None) -> Outcome:
    """Take their applications and denied features from unassigned numbers, everywhere or in NUMBER_DB."""
    if number_db is None:
        return worked(zone.run, _unassigned(zone))
    return worked(zone.run, unassigned.migrate(zone, listed([number_db])))


@command
def migrate_port_requests(zone: Zone) -> Outcome:
    """Bring stored port requests into their present form."""
    return worked(zone.run, port_requests.migrate(zone))


@command
def purge_deleted(zone: Zone, prefix: NumberDatabase | None = None) -> Outcome:
    """Remove numbers in state deleted for good, from every number database or that of PREFIX."""
    return _purged(zone, prefix, purge.DELETED)


@command
def purge_discovery(zone: Zone, prefix: NumberDatabase | None = None) -> Outcome:
    """Remove numbers in state discovery for good, from every number database or that of PREFIX."""
    return _purged(zone, prefix, purge.DISCOVERY)


@command
def all_features() -> Outcome:
    """Name every feature of numbers."""
    return text(feature_permissions.known(), NO_RETURN)


@command
def feature_permissions_on_reseller_of(zone: Zone, account: AccountId) -> Outcome:
    """Show which features the reseller of ACCOUNT allows and denies."""
    return text(feature_permissions.show_reseller(zone, account), NO_RETURN)


@command
def add_allowed_feature_on_reseller_of(zone: Zone, feature: str, account: AccountId) -> Outcome:
    """Allow FEATURE to the accounts of ACCOUNT's reseller."""
    return _on_reseller(zone, account, feature_permissions.ALLOW, feature, with_it=True)


@command
def remove_allowed_feature_on_reseller_of(zone: Zone, feature: str, account: AccountId) -> Outcome:
    """Allow FEATURE no longer to the accounts of ACCOUNT's reseller."""
    return _on_reseller(zone, account, feature_permissions.ALLOW, feature, with_it=False)


@command
def add_denied_feature_on_reseller_of(zone: Zone, feature: str, account: AccountId) -> Outcome:
    """Deny FEATURE to the accounts of ACCOUNT's reseller."""
    return _on_reseller(zone, account, feature_permissions.DENY, feature, with_it=True)


@command
def remove_denied_feature_on_reseller_of(zone: Zone, feature: str, account: AccountId) -> Outcome:
    """Deny FEATURE no longer to the accounts of ACCOUNT's reseller."""
    return _on_reseller(zone, account, feature_permissions.DENY, feature, with_it=False)


@command
def feature_permissions_on_system_config(zone: Zone) -> Outcome:
    """Show which features the system allows."""
    return text(feature_permissions.show_system(feature_permissions.of_system(zone)), NO_RETURN)


@command
def add_allowed_feature_on_system_config(zone: Zone, feature: str) -> Outcome:
    """Allow FEATURE on the whole system."""
    return _on_system(zone, feature, with_it=True)


@command
def remove_allowed_feature_on_system_config(zone: Zone, feature: str) -> Outcome:
    """Allow FEATURE no longer on the whole system."""
    return _on_system(zone, feature, with_it=False)


@command
def reset_allowed_features_to_defaults_on_system_config(zone: Zone) -> Outcome:
    """Allow every feature on the whole system."""
    return text(feature_permissions.set_system(zone, features.DEFAULT_ALLOWED), NO_RETURN)


@command
def ensure_adminonly_features_are_reachable(zone: Zone) -> Outcome:
    """Allow on the whole system the features that only administrators switch."""
    return text(list(feature_permissions.ensure_admin_only(zone)), NO_RETURN)


def _repaired(zone: Zone, work: Callable[[Repair], Iterator[str]]) -> Outcome:
    repair = Repair(zone)
    return worked(zone.run, repair.ended(work(repair)))


def _accounts(zone: Zone, accounts: list[str] | None) -> tuple[Databases, int | None]:
    """Return the databases of accounts (ids), or of all, and how many were named."""
    if accounts is None:
        return account_databases(zone), None
    return listed([account_database(each) for each in accounts]), len(accounts)


def _databases(zone: Zone, named: list[str] | None) -> tuple[Databases, int | None]:
    return (number_databases(zone), None) if named is None else (listed(named), len(named))


def _fixed(zone: Zone, account: NamedAccount, numbers: list[str]) -> Outcome:
    def work(repair: Repair) -> Iterator[str]:
        yield f":::: fixing {len(numbers)} numbers in account {account.said}, or not"
        yield from used_by.some_in_number_databases(repair, numbers)
        yield from copies.some_to_accounts(repair, numbers)
        yield from assignments.remove_wrong(repair, listed([account.database]), 1)
        yield from services_reconcile.reconcile(zone, account.id)

    return _repaired(zone, work)


def _refreshed(zone: Zone) -> Iterator[str]:
    databases = number_databases(zone)
    total = databases.count()
    for left, database in zip(range(total, 0, -1), databases.names(), strict=False):
        yield f"({left}/{total}) updating number db {database}"
        views.refresh(zone, database)


def _unassigned(zone: Zone) -> Iterator[str]:
    yield "::: fixing unassigned numbers"
    yield from unassigned.migrate(zone, number_databases(zone))
    yield "::: finished fixing unassigned numbers"


def _purged(zone: Zone, database: str | None, state: str) -> Outcome:
    databases = number_databases(zone) if database is None else listed([database])
    return worked(zone.run, purge.purge(zone, databases, state), NO_RETURN)


def _permit(zone: Zone, feature: str, number: str, which: str, *, with_it: bool) -> Outcome:
    refused = feature_permissions.refusal(feature)
    if refused:
        return text(refused, NO_RETURN)
    change = maintenance.with_permission(feature, which, listed=with_it)
    return worked(zone.run, maintenance.permitted(zone, number, change), NO_RETURN)


def _on_reseller(zone: Zone, account: str, key: tuple[str, ...], feature: str, *, with_it: bool) -> Outcome:
    refused = feature_permissions.refusal(feature)
    if refused:
        return text(refused, NO_RETURN)
    before = feature_permissions.of_reseller(zone, account, key)
    feature_permissions.set_reseller(zone, account, key, feature_permissions.changed(before, feature, with_it=with_it))
    return text(feature_permissions.show_reseller(zone, account), NO_RETURN)


def _on_system(zone: Zone, feature: str, *, with_it: bool) -> Outcome:
    refused = feature_permissions.refusal(feature)
    if refused:
        return text(refused, NO_RETURN)
    allowed = feature_permissions.changed(feature_permissions.of_system(zone), feature, with_it=with_it)
    return text(feature_permissions.set_system(zone, allowed), NO_RETURN)

"""The number manager: numbers, their databases and their features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import Account, AccountId, AccountList
from kazoo_sup.arguments.numbers import E164, NumberDatabase, NumberDatabaseList, NumberList, PoolName
from kazoo_sup.arguments.values import Json
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.databases import view_registrations, views, walk
from kazoo_sup.kazoo.databases.failures import Parts
from kazoo_sup.kazoo.numbers import (
    account_repair,
    assignments,
    bulk,
    classification,
    copies,
    feature_permissions,
    features,
    maintenance,
    migration,
    number_databases,
    pools,
    port_requests,
    purge,
    services_view,
    states,
    unassigned,
    usage,
    used_by,
)
from kazoo_sup.kazoo.numbers.feature_permissions import SystemAllows
from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
from kazoo_sup.kazoo.numbers.repair import Repair
from kazoo_sup.messages.names import INUM, MANAGED, plain
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Event, Live
from kazoo_sup.terms import UNDEFINED
from kazoo_sup.texts import number_repairs, numbers
from kazoo_sup.zone import Zone

APPLICATION = "kazoo_number_manager"


@command
def app_using(zone: Zone, number: E164, account: Account) -> Answer:
    """Tell which application of ACCOUNT uses NUMBER: callflow, trunkstore or none (undefined)."""
    having, application = usage.application(zone, number, account.database)
    lines = list(numbers.using(account.database, having))
    return Answer(UNDEFINED if application is None else application, lines=lines)


@command
def carrier_module_usage(zone: Zone, prefix: NumberDatabase | None = None) -> Answer:
    """Count the numbers of each carrier module, in every number database or in that of PREFIX."""
    found = usage.carrier_modules(zone, number_databases.one_or_all(zone, prefix))
    return Answer(data=found.by_database, lines=list(numbers.carrier_modules(found)), report=found.report)


@command
def copy_accounts_to_number_dbs(zone: Zone, accounts: AccountList | None = None) -> Live:
    """Copy numbers that only an account has into their number databases, of all accounts or of ACCOUNTS.

    ACCOUNTS is a JSON list. A number that is in its number database already stays as it is there; where it differs from
    the account's copy that is reported, and copy_number_dbs_to_accounts makes the two agree.
    """
    return _repaired(zone, lambda repair: copies.to_number_databases(repair, walk.of_accounts(zone, accounts)))


@command
def copy_assigned_number_dbs_to_account(zone: Zone, account: Account) -> Live:
    """Copy the numbers assigned to ACCOUNT into its database, from every number database."""
    return _repaired(zone, lambda repair: copies.to_account(repair, account))


@command
def copy_number_dbs_to_accounts(zone: Zone, number_dbs: NumberDatabaseList | None = None) -> Live:
    """Copy assigned numbers into their accounts, from every number database or from NUMBER_DBS, a JSON list."""
    return _repaired(zone, lambda repair: copies.to_accounts(repair, number_databases.some_or_all(zone, number_dbs)))


@command
def copy_number_from_accountdb_to_numbdb(zone: Zone, account: Account, number: E164) -> Live:
    """Copy NUMBER from ACCOUNT into its number database, unless it is there."""
    return _repaired(zone, lambda repair: copies.some_to_number_databases(repair, account, [number]))


@command
def copy_number_from_db_to_assigned_account(zone: Zone, number: E164) -> Live:
    """Copy NUMBER from its number database into the account it is assigned to."""
    return _repaired(zone, lambda repair: copies.some_to_accounts(repair, [number]))


@command
def copy_numbers_from_accountdb_to_numbdbs(zone: Zone, account: Account, numbers: NumberList) -> Live:
    """Copy NUMBERS, a JSON list, from ACCOUNT into their number databases, unless they are there."""
    return _repaired(zone, lambda repair: copies.some_to_number_databases(repair, account, numbers))


@command
def copy_numbers_from_dbs_to_assigned_accounts(zone: Zone, numbers: NumberList) -> Live:
    """Copy NUMBERS, a JSON list, from their number databases into the accounts they are assigned to."""
    return _repaired(zone, lambda repair: copies.some_to_accounts(repair, numbers))


@command
def copy_single_account_to_number_dbs(zone: Zone, account: Account) -> Live:
    """Copy numbers that only ACCOUNT has into their number databases."""
    return _repaired(zone, lambda repair: copies.to_number_databases(repair, walk.listed([account.database])))


@command
def copy_single_assigned_number_db_to_account(zone: Zone, account: Account, number_db: NumberDatabase) -> Live:
    """Copy the numbers of NUMBER_DB that are assigned to ACCOUNT into its database."""
    return _repaired(zone, lambda repair: copies.one_to_accounts(repair, number_db, account.id))


@command
def copy_single_number_db_to_accounts(zone: Zone, number_db: NumberDatabase) -> Live:
    """Copy the assigned numbers of NUMBER_DB into their accounts."""
    return _repaired(zone, lambda repair: copies.one_to_accounts(repair, number_db))


@command
def copy_single_number_to_account_db(zone: Zone, number: E164, account: Account) -> Answer:
    """Copy NUMBER into the database of ACCOUNT, whoever it is assigned to."""
    return Answer(copies.one_to_account(zone, number, account.id))


@command
def fix_account_db_numbers(zone: Zone, account: Account) -> Live:
    """Mend all numbers of ACCOUNT: the applications that use them, their copies, its services.

    The documents of the number databases count; what the account has of others' numbers is removed from it.
    """
    return _repaired(zone, lambda repair: account_repair.mend_account(repair, account))


@command
def fix_apps_for_account_dbs(zone: Zone, accounts: AccountList | None = None) -> Live:
    """Correct which application uses each number, in the databases of all accounts or of ACCOUNTS, a JSON list."""
    return _repaired(zone, lambda repair: used_by.in_accounts(repair, walk.of_accounts(zone, accounts)))


@command
def fix_apps_for_number_dbs(zone: Zone, number_dbs: NumberDatabaseList | None = None) -> Live:
    """Correct which application uses each assigned number, in every number database or in NUMBER_DBS, a JSON list."""
    return _repaired(
        zone, lambda repair: used_by.in_number_databases(repair, number_databases.some_or_all(zone, number_dbs))
    )


@command
def fix_apps_for_single_account_db(zone: Zone, account: Account) -> Live:
    """Correct which application uses each number, in the database of ACCOUNT."""
    return _repaired(zone, lambda repair: used_by.in_accounts(repair, walk.listed([account.database])))


@command
def fix_apps_for_single_number_db(zone: Zone, number_db: NumberDatabase) -> Live:
    """Correct which application uses each assigned number of NUMBER_DB."""
    return _repaired(zone, lambda repair: used_by.in_number_databases(repair, walk.listed([number_db])))


@command
def fix_apps_in_number_dbs_for_accounts(zone: Zone, accounts: AccountList) -> Live:
    """Correct which application uses each number of ACCOUNTS, a JSON list, in every number database."""
    return _repaired(zone, lambda repair: used_by.of_accounts(repair, accounts))


@command
def fix_apps_in_number_dbs_for_single_account(zone: Zone, account: Account) -> Live:
    """Correct which application uses each number of ACCOUNT, in every number database."""
    return _repaired(zone, lambda repair: used_by.of_accounts(repair, [account.id]))


@command
def fix_number(zone: Zone, account: Account, number: E164) -> Live:
    """Mend NUMBER as fix_account_db_numbers does, and remove from ACCOUNT what it has of others' numbers."""
    return _repaired(zone, lambda repair: account_repair.mend_numbers(repair, account, [number]))


@command
def fix_numbers(zone: Zone, account: Account, numbers: NumberList) -> Live:
    """Mend NUMBERS, a JSON list, and remove from ACCOUNT what it has of others' numbers, as fix_number does."""
    return _repaired(zone, lambda repair: account_repair.mend_numbers(repair, account, numbers))


@command
def fix_numbers_apps_in_accountdb(zone: Zone, account: Account, numbers: NumberList) -> Live:
    """Correct which application uses NUMBERS, a JSON list, in the database of ACCOUNT."""
    return _repaired(zone, lambda repair: used_by.some_in_account(repair, account, numbers))


@command
def fix_numbers_apps_in_numbdb(zone: Zone, numbers: NumberList) -> Live:
    """Correct which application uses NUMBERS, a JSON list, in their number databases."""
    return _repaired(zone, lambda repair: used_by.some_in_number_databases(repair, numbers))


@command
def generate_numbers(zone: Zone, carrier: PoolName, account: AccountId, first_number: int, quantity: int) -> Done:
    """Create QUANTITY consecutive available numbers, from FIRST_NUMBER on, that only ACCOUNT can acquire.

    CARRIER is managed or inum. FIRST_NUMBER is taken as it stands, without conversion: 2223334000 becomes +2223334000.
    Numbers that exist exactly like this are counted and left alone; numbers that exist otherwise are reported, and the
    run ends partly done. The pool's database is created, with its views, when it is missing. Above 5000 numbers
    somebody at a terminal is asked, above 100000 it takes --yes where nobody is.
    """
    try:
        pools.check_range(carrier, first_number, quantity)
    except ValueError as error:
        raise BadArgument(parameter="FIRST_NUMBER QUANTITY", reason=str(error)) from error
    bulk.ask_for_many(zone, quantity, f"create {quantity} numbers from +{first_number} on in {plain(carrier.database)}")
    views.ensure_database(zone, carrier.database)
    tally = changes.apply(
        zone, pools.generated(carrier, account, first_number, quantity), total=quantity, label="generating numbers"
    )
    return Done(report=BulkReport(tally.counts))


@command
def convert_carrier_module(zone: Zone, source: str, target: str, prefix: NumberDatabase | None = None) -> Live:
    """Give all numbers of carrier module SOURCE the module TARGET, or only those of the database of PREFIX.

    What cannot be converted is listed; the run then ends partly done, where Kazoo's ends well.
    """
    return Live(maintenance.convert(zone, source, target, number_databases.one_or_all(zone, prefix)), numbers.lines)


@command
def convert_carrier_module_number(zone: Zone, number: str, target: str) -> Live:
    """Give one NUMBER the carrier module TARGET."""
    return Live(maintenance.convert_numbers(zone, [number], target), numbers.lines)


@command
def delete(zone: Zone, number: str) -> Done:
    """Delete NUMBER whatever its state, from its database and its account's."""
    try:
        maintenance.delete(zone, number)
    except maintenance.NotDone as refused:
        return Done(NO_RETURN, [f"ERROR: {refused}"])
    return Done(NO_RETURN, [f"Removed {number}"])


@command
def feature_permissions_on_number(zone: Zone, number: str) -> Done:
    """Show the features that are allowed and denied on NUMBER itself."""
    return _permissions(zone, number)


@command
def add_allowed_feature_on_number(zone: Zone, feature: str, number: str) -> Done:
    """Allow FEATURE on NUMBER; features that are allowed there replace the account's list."""
    return _permit(zone, feature, number, "features_allowed", with_it=True)


@command
def remove_allowed_feature_on_number(zone: Zone, feature: str, number: str) -> Done:
    """Take FEATURE from the features that are allowed on NUMBER."""
    return _permit(zone, feature, number, "features_allowed", with_it=False)


@command
def add_denied_feature_on_number(zone: Zone, feature: str, number: str) -> Done:
    """Deny FEATURE on NUMBER; features that are denied there replace the account's list."""
    return _permit(zone, feature, number, "features_denied", with_it=True)


@command
def remove_denied_feature_on_number(zone: Zone, feature: str, number: str) -> Done:
    """Take FEATURE from the features that are denied on NUMBER."""
    return _permit(zone, feature, number, "features_denied", with_it=False)


@command
def remove_wrong_assigned_from_accounts(zone: Zone) -> Live:
    """Remove from all accounts the copies of numbers that are assigned to another account."""
    return _repaired(zone, lambda repair: assignments.remove_wrong(repair, walk.account_databases(zone)))


@command
def remove_wrong_assigned_from_single_accountdb(zone: Zone, account: Account) -> Live:
    """Remove from ACCOUNT the copies of numbers that are assigned to another account."""
    return _repaired(zone, lambda repair: assignments.remove_wrong(repair, walk.listed([account.database])))


@command
def init_dbs(zone: Zone) -> Done:
    """Create the databases of managed numbers, of iNums and of port requests where they are missing, with their views.

    Where they are there their views are refreshed.
    """
    parts = Parts(zone)
    for database in (MANAGED, INUM, port_requests.DATABASE):
        with parts.part(database):
            views.ensure_database(zone, database)
            views.refresh(zone, database)
    parts.end()
    return Done()


@command
def register_views(zone: Zone) -> Done:
    """Register the number manager's views from an installed Kazoo.

    Without one nothing is to be done: where no views are registered, those that come with sup are used.
    """
    return Done(report=BulkReport(view_registrations.register(zone, APPLICATION)))


@command
def refresh_numbers_db(zone: Zone, number_db: str) -> Answer | Done:
    """Bring the registered views into NUMBER_DB, a number database by its name or by a number of it."""
    try:
        database = number_databases.database_of(number_db, zone)
    except ValueError:
        return Answer(lines=[f"skipping badly formed {number_db}"])
    if not zone.couchdb.exists(plain(database)):
        zone.run.warn(f"there is no database {plain(database)}")
    views.refresh(zone, database)
    return Done()


@command
def refresh_numbers_dbs(zone: Zone) -> Live:
    """Bring the registered views into every number database."""
    return Live(migration.refresh(zone), numbers.lines)


@command
def update_number_services_view(zone: Zone, account: Account) -> Done:
    """Bring the view of ACCOUNT's numbers that counts by their class up to the zone's classifiers."""
    if not services_view.update(zone, account.database):
        return Done(NO_RETURN)
    return Done(lines=[f"view updated for '{account.database}': true"])


@command
def generate_js_classifiers(zone: Zone, block: Json) -> Answer:
    """Show code for views that finds a number's class and runs BLOCK for it.

    BLOCK is a JSON list of the texts before and behind the name of the class; Kazoo takes an Erlang function.
    """
    if not isinstance(block, list) or [type(each) for each in block] != [str, str]:
        raise BadArgument(parameter="BLOCK", reason="it is not a JSON list of two texts")
    code = classification.javascript(classification.available(zone), lambda name: name.join(block))
    return Answer(NO_RETURN, code, [code])


@command
def migrate(zone: Zone) -> Live:
    """Allow the features that only administrators switch, refresh all number databases, clean unassigned numbers."""
    return Live(migration.migrate(zone), numbers.lines)


@command
def migrate_unassigned_numbers(zone: Zone, number_db: NumberDatabase | None = None) -> Live:
    """Take their applications and denied features from unassigned numbers, everywhere or in NUMBER_DB."""
    if number_db is None:
        return Live(migration.clean_unassigned(zone), numbers.lines)
    return Live(unassigned.migrate(zone, walk.listed([number_db])), numbers.lines)


@command
def migrate_port_requests(zone: Zone) -> Live:
    """Bring stored port requests into their present form."""
    return Live(port_requests.migrate(zone), numbers.lines)


@command
def purge_deleted(zone: Zone, prefix: NumberDatabase | None = None) -> Live:
    """Remove numbers in state deleted for good, from every number database or that of PREFIX."""
    return _purged(zone, prefix, states.DELETED)


@command
def purge_discovery(zone: Zone, prefix: NumberDatabase | None = None) -> Live:
    """Remove numbers in state discovery for good, from every number database or that of PREFIX."""
    return _purged(zone, prefix, states.DISCOVERY)


@command
def all_features() -> Answer:
    """Name every feature of numbers."""
    return Answer(NO_RETURN, list(features.ALL), numbers.known_features())


@command
def feature_permissions_on_reseller_of(zone: Zone, account: AccountId) -> Done:
    """Show which features the reseller of ACCOUNT allows and denies."""
    return _reseller(zone, account)


@command
def add_allowed_feature_on_reseller_of(zone: Zone, feature: str, account: AccountId) -> Done:
    """Allow FEATURE to the accounts of ACCOUNT's reseller."""
    return _on_reseller(zone, account, feature_permissions.ALLOW, feature, with_it=True)


@command
def remove_allowed_feature_on_reseller_of(zone: Zone, feature: str, account: AccountId) -> Done:
    """Allow FEATURE no longer to the accounts of ACCOUNT's reseller."""
    return _on_reseller(zone, account, feature_permissions.ALLOW, feature, with_it=False)


@command
def add_denied_feature_on_reseller_of(zone: Zone, feature: str, account: AccountId) -> Done:
    """Deny FEATURE to the accounts of ACCOUNT's reseller."""
    return _on_reseller(zone, account, feature_permissions.DENY, feature, with_it=True)


@command
def remove_denied_feature_on_reseller_of(zone: Zone, feature: str, account: AccountId) -> Done:
    """Deny FEATURE no longer to the accounts of ACCOUNT's reseller."""
    return _on_reseller(zone, account, feature_permissions.DENY, feature, with_it=False)


@command
def feature_permissions_on_system_config(zone: Zone) -> Answer:
    """Show which features the system allows."""
    allowed = feature_permissions.of_system(zone)
    return Answer(NO_RETURN, allowed, numbers.system(SystemAllows(allowed)))


@command
def add_allowed_feature_on_system_config(zone: Zone, feature: str) -> Done:
    """Allow FEATURE on the whole system."""
    return _on_system(zone, feature, with_it=True)


@command
def remove_allowed_feature_on_system_config(zone: Zone, feature: str) -> Done:
    """Allow FEATURE no longer on the whole system."""
    return _on_system(zone, feature, with_it=False)


@command
def reset_allowed_features_to_defaults_on_system_config(zone: Zone) -> Done:
    """Allow every feature on the whole system."""
    return _allowed(feature_permissions.set_system(zone, features.DEFAULT_ALLOWED))


@command
def ensure_adminonly_features_are_reachable(zone: Zone) -> Done:
    """Allow on the whole system the features that only administrators switch."""
    return _allowed(feature_permissions.ensure_admin_only(zone))


def _repaired(zone: Zone, work: Callable[[Repair], Iterator[Event]]) -> Live:
    repair = Repair(zone)
    return Live(repair.ended(work(repair)), number_repairs.lines)


def _purged(zone: Zone, database: str | None, state: str) -> Live:
    return Live(purge.purge(zone, number_databases.one_or_all(zone, database), state), numbers.lines, NO_RETURN)


def _permit(zone: Zone, feature: str, number: str, which: str, *, with_it: bool) -> Done:
    if feature not in features.ALL:
        return Done(NO_RETURN, numbers.unknown_feature(feature))
    return _permissions(zone, number, maintenance.with_permission(feature, which, listed=with_it))


def _permissions(zone: Zone, number: str, change: Callable[[PhoneNumber], PhoneNumber] | None = None) -> Done:
    try:
        name, found = maintenance.permissions(zone, number, change)
    except maintenance.NotDone as refused:
        return Done(NO_RETURN, [f"Error with number {number}: {refused}"])
    return Done(NO_RETURN, numbers.permissions(name, found), data=asdict(found))


def _on_reseller(zone: Zone, account: str, key: tuple[str, ...], feature: str, *, with_it: bool) -> Done:
    if feature not in features.ALL:
        return Done(NO_RETURN, numbers.unknown_feature(feature))
    before = feature_permissions.of_reseller(zone, account, key)
    feature_permissions.set_reseller(zone, account, key, feature_permissions.changed(before, feature, with_it=with_it))
    return _reseller(zone, account)


def _reseller(zone: Zone, account: str) -> Done:
    found = feature_permissions.by_reseller(zone, account)
    whose = f"reseller of {account} ({services.reseller_id(zone, account)})"
    return Done(NO_RETURN, numbers.permissions(whose, found), data=asdict(found))


def _on_system(zone: Zone, feature: str, *, with_it: bool) -> Done:
    if feature not in features.ALL:
        return Done(NO_RETURN, numbers.unknown_feature(feature))
    allowed = feature_permissions.changed(feature_permissions.of_system(zone), feature, with_it=with_it)
    return _allowed(feature_permissions.set_system(zone, allowed))


def _allowed(found: SystemAllows | None) -> Done:
    """Return what the system allows now; None where it did already."""
    return Done(NO_RETURN) if found is None else Done(NO_RETURN, numbers.system(found), data=list(found.allowed))

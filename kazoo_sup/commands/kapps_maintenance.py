"""What keeps a cluster's databases in order: views, copies, trees, settings, migrations, and what is left over.

ACCOUNT is an account by its id, database, realm or exact name; ACCOUNTS a JSON list of them, for Kazoo's Erlang list.
What goes over all accounts or databases works on a few at once, reports one that fails and goes on, and then ends
partly done (exit code 5); FROM, an account or database, is where it begins: a run that was cut off says which is next.
PAUSE is in milliseconds, after each database of each worker; nothing is waited for unless it is given. --index has
CouchDB index refreshed views at once and waits for it. What deletes documents asks whoever sits at the terminal; what
deletes databases always asks, or takes --yes, and copies each to a file before, which it reads again.
"""

from __future__ import annotations

from pathlib import Path

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import AccountId, AccountList, AnyAccount, AnyAccountId, OtherAccountId, Start
from kazoo_sup.arguments.databases import Database, FirstDatabase, any_name
from kazoo_sup.arguments.values import DocumentTypes, Integer
from kazoo_sup.command import command
from kazoo_sup.commands import _migrations
from kazoo_sup.commands._kapps_on_node import ON_NODE
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.billing import account_resellers, limits_migration
from kazoo_sup.kazoo.databases import every_account, view_registrations, views
from kazoo_sup.kazoo.databases.view_registrations import register_all
from kazoo_sup.kazoo.ecallmgr import call_status
from kazoo_sup.kazoo.migrations import (
    account_import,
    account_refresh,
    account_trees,
    aggregate_cleanup,
    aggregates,
    database_removal,
    document_purge,
    media_migration,
    system_config_check,
    system_migration,
    view_refresh,
)
from kazoo_sup.messages.names import account_database
from kazoo_sup.results import NO_RETURN, OK, Answer, BulkReport, Done, Live, Result
from kazoo_sup.terms import UNDEFINED, Atom
from kazoo_sup.texts import migrations
from kazoo_sup.texts import system_config as system_config_texts
from kazoo_sup.texts.account_import import lines as account_import_lines
from kazoo_sup.texts.account_trees import lines as tree_lines
from kazoo_sup.texts.account_trees import resellers_of
from kazoo_sup.texts.aggregates import lines as aggregate_lines
from kazoo_sup.texts.media_migration import lines as media_lines
from kazoo_sup.zone import Zone

__all__ = ["ON_NODE"]

Month = Integer | None

NOT_FOUND = (Atom("error"), Atom("not_found"))


# -- views


@command
def refresh(zone: Zone, database: str = "", *, index: bool = False, from_: FirstDatabase = "") -> Result:
    """Bring the views of DATABASE, or of every database, up to date; of accounts also copies, counts and services.

    DATABASE is a database by any of its names, or an account. Design documents are compared by what they say, and only
    those that differ are written.
    """
    if not database:
        databases = view_refresh.every_database(zone, start=from_)
        return Live(account_refresh.every(zone, databases, index=index), migrations.lines, NO_RETURN)
    return _migrations.refreshed(zone, any_name(database, zone), index=index)


@command
def refresh_account(zone: Zone, account: AnyAccountId, *, index: bool = False) -> Result:
    """Bring the views of ACCOUNT's database up to date, its copies, counts and services."""
    return _migrations.refreshed(zone, account_database(account), index=index)


@command
def refresh_account_db(zone: Zone, account: AnyAccountId, *, index: bool = False) -> Result:
    """Do what refresh_account does; ACCOUNT may be named by its database."""
    return _migrations.refreshed(zone, account_database(account), index=index)


@command
def refresh_system_views(zone: Zone) -> Live:
    """Bring the views of the seven databases up to date that nodes read most."""
    return Live(view_refresh.refresh_most_read(zone))


@command
def register_views(zone: Zone, application: str = "") -> Done:
    """Register the views of every installed application of Kazoo, or of APPLICATION, in system_data.

    Without an installed Kazoo there is nothing to register: where views are not registered, those that come with sup
    are used. Kazoo does nothing when an application is named.
    """
    return Done(report=BulkReport(register_all(zone, [application] if application else None)))


@command
def register_account_views(zone: Zone) -> Done:
    """Register the views of accounts and of their months from an installed Kazoo."""
    changed = register_all(zone, ["kazoo_modb"])
    return Done(report=BulkReport({**changed, **register_all(zone, ["kazoo_apps"], ("account",))}))


@command
def register_system_dbs_views(zone: Zone) -> Done:
    """Register the views of the cluster's own databases from an installed Kazoo."""
    return Done(report=BulkReport(register_all(zone, ["kazoo_apps", "kazoo_ips"])))


@command
def init_system(zone: Zone) -> Live:
    """Register the views of accounts and of the cluster's own databases, and refresh the latter."""
    register_all(zone, ["kazoo_modb", "kazoo_ips"])
    register_all(zone, ["kazoo_apps"], ("account", "views"))
    return Live(view_refresh.refresh_most_read(zone))


@command
def get_all_account_views(zone: Zone) -> Answer:
    """Show the design documents that accounts get, from an installed Kazoo, else those that come with sup."""
    designs = views.choose(account_database("0" * 32), []).designs
    if not view_registrations.applications():
        zone.run.hint("no Kazoo is installed here: these are sup's own")
    return Answer([(each["_id"], each) for each in designs])


@command
def read_all_account_views(zone: Zone) -> Result:
    """Show what get_all_account_views shows."""
    return get_all_account_views(zone)


# -- migrations


@command
def migrate(zone: Zone, pause: Integer = 0, *, from_: FirstDatabase = "") -> Live:
    """Migrate the cluster: system_config, every database's views, settings of accounts, and what its apps migrate."""
    return _migrations.cluster(zone, pause=pause, start=from_, notice=True)


@command
def parallel_migrate(zone: Zone, workers: Integer, pause: Integer = 0, *, from_: FirstDatabase = "") -> Live:
    """Do what migrate does; WORKERS is among how many Kazoo shares the databases, sup always takes a few at once."""
    return _migrations.cluster(zone, pause=pause, start=from_, split=_migrations.positive("WORKERS", workers))


@command
def migrate_system(zone: Zone) -> Live:
    """Bring system_config from Kazoo 3.22's form into the present one; of a later version nothing is changed."""
    return Live(system_migration.migrate(zone), migrations.lines)


@command
def migrate_to_4_0(zone: Zone) -> Live:
    """Migrate voicemail and numbers from Kazoo 3.22's form."""
    return _migrations.of_release_4(zone)


@command
def migrate_modbs(zone: Zone, pause: Integer = 0, *, from_: FirstDatabase = "") -> Live:
    """Bring the views of every month's database of accounts up to date."""
    return _migrations.months(zone, pause=pause, start=from_)


@command
def parallel_migrate_modbs(zone: Zone, workers: Integer, pause: Integer = 0, *, from_: FirstDatabase = "") -> Live:
    """Do what migrate_modbs does, for WORKERS as parallel_migrate; apps migrate nothing, while in Kazoo they do."""
    return _migrations.months(zone, pause=pause, split=_migrations.positive("WORKERS", workers), start=from_)


@command
def migrate_modbs_ranged(
    zone: Zone, start_or_pause: Integer, start: Month = None, end: Month = None, *, from_: FirstDatabase = ""
) -> Live:
    """Bring the views of the months from START on up to date, till END if that is given.

    START_OR_PAUSE is START alone, or the pause before it. START and END are a year, as 2026, or a month, as 202611;
    Kazoo compares months apart from years, and so passes over January 2027 when told to begin in October 2026.
    """
    pause, first = (0, start_or_pause) if start is None else (start_or_pause, start)
    return _migrations.months(zone, _migrations.months_between(first, end), pause=pause, start=from_)


@command
def parallel_migrate_modbs_ranged(
    zone: Zone,
    workers: Integer,
    start_or_pause: Integer,
    start: Month = None,
    end: Month = None,
    *,
    from_: FirstDatabase = "",
) -> Live:
    """Do what migrate_modbs_ranged does with START_OR_PAUSE, START and END, for WORKERS as parallel_migrate_modbs."""
    pause, first = (0, start_or_pause) if start is None else (start_or_pause, start)
    share, chosen = _migrations.positive("WORKERS", workers), _migrations.months_between(first, end)
    return _migrations.months(zone, chosen, pause=pause, split=share, start=from_)


@command
def migrate_limits(zone: Zone, account: AccountId | None = None, *, from_: Start = None) -> Result:
    """Give ACCOUNT, or every account, its document of limits where it has none, from its old trunkstore documents."""
    if account is not None:
        limits_migration.migrate(zone, account_database(account))
        return Done()
    databases = every_account.accounts(zone, from_, backwards=True)
    return _migrations.over(zone, databases, limits_migration.migrate, migrations.limits, "giving limits")


@command
def migrate_media(zone: Zone, account: AccountId | None = None, *, from_: Start = None) -> Live:
    """Put the media files of ACCOUNT, or of every account, in order: names, content types, and old fields.

    A file that is stored again is kept in the state directory before.
    """
    if account is not None:
        return Live(media_migration.migrate(zone, account_database(account)), media_lines)
    databases = every_account.accounts(zone, from_, backwards=True)
    return _migrations.over(zone, databases, media_migration.migrate, media_lines, "migrating media")


# -- copies of accounts' documents


@command
def ensure_aggregates(zone: Zone, *, from_: Start = None) -> Live:
    """Bring the copies of every account's definition, devices and fax boxes up to date, and its services."""
    return Live(account_refresh.copy_every(zone, every_account.accounts(zone, from_)), migrations.copies)


@command
def ensure_aggregate(zone: Zone, account: AnyAccount) -> Live:
    """Bring the copies of ACCOUNT's definition, devices and fax boxes up to date, and its services."""
    found = account_refresh.copy(zone, account.id, account.said)
    return Live(account_refresh.finish(zone, found), migrations.copies)


@command
def ensure_aggregate_accounts(zone: Zone, *, from_: Start = None) -> Result:
    """Copy the definition of every account into the database accounts."""
    return _migrations.copied(zone, aggregates.copy_definition, "accounts", from_)


@command
def ensure_aggregate_account(zone: Zone, account: AnyAccountId) -> Done:
    """Copy the definition of ACCOUNT into the database accounts."""
    aggregates.copy_definition(zone, account)
    return Done()


@command
def ensure_aggregate_devices(zone: Zone, *, from_: Start = None) -> Result:
    """Copy the devices of every account that belong there into sip_auth, and remove from it those that do not."""
    return _migrations.copied(zone, aggregates.copy_devices, "devices account", from_)


@command
def ensure_aggregate_device(zone: Zone, account: AnyAccountId) -> Done:
    """Copy the devices of ACCOUNT with a realm or an IP of their own into sip_auth, and remove the others from it."""
    aggregates.copy_devices(zone, account)
    return Done()


@command
def ensure_aggregate_faxboxes(zone: Zone, *, from_: Start = None) -> Result:
    """Copy the fax boxes of every account into the database faxes."""
    return _migrations.copied(zone, aggregates.copy_faxboxes, "faxboxes account", from_)


@command
def ensure_aggregate_faxbox(zone: Zone, account: AnyAccountId) -> Done:
    """Copy the fax boxes of ACCOUNT into the database faxes."""
    aggregates.copy_faxboxes(zone, account)
    return Done()


@command
def cleanup_aggregated_accounts(zone: Zone) -> Live:
    """Remove from the database accounts every account that has no definition of its own."""
    return Live(aggregate_cleanup.clean_accounts(zone, aggregate_cleanup.accounts_of(zone)), aggregate_lines)


@command
def cleanup_aggregated_account(zone: Zone, account: AnyAccountId) -> Live:
    """Remove ACCOUNT from the database accounts if it has no definition of its own."""
    return Live(aggregate_cleanup.clean_account(zone, account), aggregate_lines)


@command
def remove_aggregated_account(zone: Zone, account: AnyAccountId) -> Live:
    """Remove ACCOUNT from the database accounts, whatever else there is of it."""
    zone.run.confirm_watched(f"delete account {account} from {accounts.DATABASE}")
    return Live(aggregate_cleanup.remove_account(zone, account), aggregate_lines)


@command
def cleanup_aggregated_devices(zone: Zone) -> Live:
    """Remove from sip_auth every document whose account is gone."""
    return Live(aggregate_cleanup.clean_devices(zone), aggregate_lines)


@command
def cleanup_aggregated_device(zone: Zone, doc_id: str) -> Live:
    """Remove document DOC_ID from sip_auth if its account is gone."""
    return Live(aggregate_cleanup.clean_device(zone, doc_id), aggregate_lines)


# -- the tree of accounts, resellers


@command
def ensure_tree_accounts(zone: Zone, accounts: AccountList | None = None) -> Live:
    """Repair the ancestors that every account, or each of ACCOUNTS, names; port requests and services as well.

    Without ACCOUNTS it takes a view that Kazoo 4.3 brings but does not register.
    """
    return Live(account_trees.repair(zone, accounts, save=True), tree_lines)


@command
def ensure_tree_accounts_dry_run(zone: Zone, accounts: AccountList | None = None) -> Live:
    """Show the ancestors that ensure_tree_accounts would store, of all accounts or of ACCOUNTS."""
    return Live(account_trees.repair(zone, accounts, save=False), tree_lines)


@command
def ensure_tree_account(zone: Zone, account: AccountId) -> Live:
    """Repair the ancestors that ACCOUNT names; one that exists stays, while Kazoo strips all but the master."""
    return Live(account_trees.repair(zone, [account], save=True), tree_lines)


@command
def ensure_tree_account_dry_run(zone: Zone, account: AccountId) -> Live:
    """Show the ancestors that ensure_tree_account would store for ACCOUNT."""
    return Live(account_trees.repair(zone, [account], save=False), tree_lines)


@command
def ensure_reseller_id_accounts(zone: Zone, accounts: AccountList | None = None, *, from_: Start = None) -> Result:
    """Work out the reseller of every account, or of each of ACCOUNTS, and store it."""
    databases = every_account.accounts(zone, from_) if accounts is None else every_account.some(accounts)
    return _migrations.over(zone, databases, account_resellers.in_database, resellers_of, "resellers")


@command
def ensure_reseller_id_account(zone: Zone, account: AnyAccountId, reseller_id: OtherAccountId | None = None) -> Live:
    """Store the reseller RESELLER_ID of ACCOUNT, else the nearest above it, in its definition and its services."""
    return Live(account_resellers.ensure(zone, account, reseller_id), resellers_of)


@command
def ensure_reseller_id_services(zone: Zone, account: AnyAccountId, reseller_id: OtherAccountId) -> Done:
    """Store the reseller RESELLER_ID in the services document of ACCOUNT."""
    account_resellers.ensure_services(zone, account, reseller_id)
    return Done()


@command
def import_account(zone: Zone, account: AnyAccountId, parent: OtherAccountId) -> Live:
    """Attach ACCOUNT, whose database was copied into this cluster, below PARENT: tree, reseller, services, numbers."""
    return Live(account_import.attach(zone, account, parent), account_import_lines)


# -- settings against their schemas


@command
def validate_system_config(zone: Zone, id: str) -> Answer:
    """Show what of system_config document ID does not fit its schema, as a list (exit code 2, as in Kazoo)."""
    return Answer(system_config_check.validated(zone, id))


@command
def validate_system_configs(zone: Zone) -> Answer:
    """Show which system_config documents do not fit their schemas, each with its errors (exit code 2, as in Kazoo)."""
    found = system_config_check.Check(zone).invalid()
    return Answer([(category, errors) for category, _document, errors in found])


@command
def check_system_config(zone: Zone, system_config: str) -> Result:
    """Show whether document SYSTEM_CONFIG of system_config fits its schema, and what does not."""
    errors = system_config_check.validated(zone, system_config)
    if not errors:
        return Done(lines=[f"system config schema {system_config} is sane"])
    return Answer(lines=system_config_texts.fault_lines(system_config, errors))


@command
def check_system_configs(zone: Zone) -> Result:
    """Tell what of all system_config documents does not fit their schemas."""
    return Answer(lines=system_config_texts.checked(system_config_check.Check(zone).invalid()))


@command
def cleanup_system_config(zone: Zone, id: str) -> Answer:
    """Take out of system_config document ID what does not fit its schema, and show it (exit code 2, as in Kazoo)."""
    return Answer((OK, system_config_check.cleaned(zone, id)))


@command
def cleanup_system_configs(zone: Zone) -> Answer:
    """Take out of all system_config documents what does not fit their schemas, and show those (exit code 2)."""
    return Answer([(OK, document) for document in system_config_check.cleaned_all(zone)])


# -- what is left over


@command
def find_invalid_acccount_dbs(zone: Zone) -> Answer:
    """Show the databases of accounts that hold no definition of their account (exit code 2; three c's, as in Kazoo)."""
    found, errors = aggregate_cleanup.databases_without_definition(zone)
    return Answer(found, report=BulkReport(errors=errors))


@command
def cleanup_orphan_modbs(zone: Zone) -> Done:
    """Delete the months' databases of accounts that have no database any more, each copied to a file before."""
    return Done(report=database_removal.remove_orphans(zone))


@command
def cleanup_voicemail_media(zone: Zone, account: AccountId) -> Answer:
    """Delete the voicemail of ACCOUNT that no mailbox refers to, and show what was deleted (exit code 2)."""
    tally, answers = document_purge.delete_unused_voicemail(zone, account)
    return Answer((OK, answers), report=BulkReport(tally.counts))


@command
def purge_doc_type(
    zone: Zone, type: DocumentTypes, account: AccountId, chunk_size: Integer | None = None
) -> Answer | Done:
    """Delete for good every document of ACCOUNT whose pvt_type is TYPE, or one of a JSON list, CHUNK_SIZE at a time."""
    size = None if chunk_size is None else _migrations.positive("CHUNK_SIZE", chunk_size)
    try:
        return Done(report=document_purge.purge_account(zone, account, type, size))
    except NotFound:
        return Answer(NOT_FOUND)


@command
def rebuild_db(
    zone: Zone, database: Database, pause: Integer = database_removal.PAUSE, *, to: Path | None = None
) -> Done:
    """Delete DATABASE and all that is in it, and make it again, empty, with its views.

    It is copied before, into a file of the directory TO, else of the state directory, and the copy is verified; `sup
    couchdb restore` brings it back. PAUSE is how many milliseconds to wait before
    that.
    """
    zone.run.confirm(f"delete database {database} and all that is in it, and make it again with its views only")
    database_removal.rebuild(zone, database, pause=pause, directory=to or database_removal.copies(zone))
    return Done()


@command
def remove_deprecated_databases(zone: Zone) -> Live:
    """Copy the databases that Kazoo has no more use for to files, and delete them where the zone allows that.

    It does where kazoo_couch.allow_maintenance_db_delete of system_config is true.
    """
    return Live(database_removal.remove_deprecated(zone), migrations.lines)


@command
def maybe_delete_db(zone: Zone, database: Database) -> Answer:
    """Delete DATABASE, copied to a file before, where the zone lets maintenance delete databases; answers true then."""
    return Answer(database_removal.remove_allowed(zone, database))


# -- nodes


@command
def flush_getby_cache(zone: Zone) -> Done:
    """Make every node forget which accounts it has looked up by name, realm and IP."""
    changes.forget(zone, accounts.DATABASE)
    return Done()


@command
def flush_account_views() -> Answer:
    """Answer `undefined`, as Kazoo's does: a process keeps account views only while it lives, so none are left."""
    return Answer(UNDEFINED)


@command
def call_id_status(zone: Zone, call_id: str, verbose: bool = False) -> Answer | Done:
    """Ask the cluster whether call CALL_ID is alive; the answer goes to standard error, with VERBOSE all of it.

    Kazoo's goes to the log of the node. Machine formats hold the answer.
    """
    answer = call_status.ask(zone, call_id)
    if answer is None:
        zone.run.warn(f"no node knows of call {call_id}")
        return Done()
    zone.run.warn(f"channel {call_id}: {call_status.told(answer, verbose=verbose)}")
    return Answer(data=answer)

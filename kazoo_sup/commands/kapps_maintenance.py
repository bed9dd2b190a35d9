"""What keeps a cluster's databases in order: views, copies, trees, settings, migrations, and what is left over.

ACCOUNT is an account by its id, database, realm or exact name; ACCOUNTS a JSON list of them, for Kazoo's Erlang list.
What goes over all accounts or databases works on a few at once, reports one that fails and goes on, and then ends
partly done (exit code 5); FROM, an account or database, is where it begins: a run that was cut off says which is next.
PAUSE is in milliseconds, after each database of each worker; nothing is waited for unless it is given. --index has
CouchDB index refreshed views at once and waits for it. What deletes documents asks whoever sits at the terminal; what
deletes databases always asks, or takes --yes, and copies each to a file before, which it reads again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from kazoo_sup import changes
from kazoo_sup.command import Reads, command
from kazoo_sup.errors import BadArgument, Declined, ExitCode, NotFound, SupError
from kazoo_sup.kazoo import accounts, every_account, view_registrations, views
from kazoo_sup.kazoo.accounts import AccountId, AnyAccountId
from kazoo_sup.kazoo.billing import account_resellers, limits_migration
from kazoo_sup.kazoo.calls import call_status
from kazoo_sup.kazoo.couchdb.databases import Database
from kazoo_sup.kazoo.every_account import Done, Start, Work, pid
from kazoo_sup.kazoo.numbers.places import AccountList, NamedAccount
from kazoo_sup.kazoo.upkeep import (
    account_import,
    account_refresh,
    account_trees,
    aggregate_cleanup,
    aggregates,
    database_removal,
    document_purge,
    media_migration,
    migration,
    system_config_check,
    system_migration,
    telemetry_notice,
    view_refresh,
)
from kazoo_sup.kazoo.values import Integer, Json
from kazoo_sup.names import account_database, account_id, encoded, plain
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, text, value, worked
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone


class NotMigrated(SupError):
    """the rest was migrated, but nothing by {modules}: that is for a node to do"""

    exit_code = ExitCode.PARTIAL


ERROR = Atom("error")
DATABASE_NOT_FOUND = (ERROR, Atom("db_not_found"))
NOT_FOUND = (ERROR, Atom("not_found"))


def _database_name(said: str, zone: Zone) -> str:
    """Return the plain name of the database that SAID means: its own, or that of an account."""
    identifier = account_id(said)
    if identifier and len(said) == len(identifier):
        return plain(account_database(identifier))
    name = plain(said)
    if zone.couchdb.exists(name):
        return name
    try:
        return plain(account_database(accounts.find(said, zone)))
    except (ValueError, NotFound):
        return name


FirstDatabase = Annotated[str, Reads(lambda said, zone: _database_name(said, zone) if said else "")]
OtherAccountId = Annotated[str, Reads(accounts.find_or_id)]
Named = Annotated[
    NamedAccount, Reads(lambda said, zone: NamedAccount(accounts.find_or_id(said, zone), said), "ACCOUNT")
]


# -- views


@command
def refresh(zone: Zone, database: str = "", *, index: bool = False, from_: FirstDatabase = "") -> Outcome:
    """Bring the views of DATABASE, or of every database, up to date; of accounts also copies, counts and services.

    DATABASE is a database by any of its names, or an account. Design documents are compared by what they say, and only
    those that differ are written.
    """
    if not database:
        databases = view_refresh.every_database(zone, start=from_)
        return worked(zone.run, account_refresh.every(zone, databases, index=index), NO_RETURN)
    return _refreshed(zone, _database_name(database, zone), index=index)


@command
def refresh_account(zone: Zone, account: AnyAccountId, *, index: bool = False) -> Outcome:
    """Bring the views of ACCOUNT's database up to date, its copies, counts and services."""
    return _refreshed(zone, account_database(account), index=index)


@command
def refresh_account_db(zone: Zone, account: AnyAccountId, *, index: bool = False) -> Outcome:
    """Do what refresh_account does; ACCOUNT may be named by its database."""
    return _refreshed(zone, account_database(account), index=index)


@command
def refresh_system_views(zone: Zone) -> Outcome:
    """Bring the views of the seven databases up to date that nodes read most."""
    return worked(zone.run, _system_views(zone))


@command
def register_views(zone: Zone, application: str = "") -> Outcome:
    """Register the views of every installed application of Kazoo, or of APPLICATION, in system_data.

    Without an installed Kazoo there is nothing to register: where views are not registered, those that come with sup
    are used. Kazoo does nothing when an application is named.
    """
    return Outcome(counts=_registered(zone, [application] if application else None))


@command
def register_account_views(zone: Zone) -> Outcome:
    """Register the views of accounts and of their months from an installed Kazoo."""
    changed = _registered(zone, ["kazoo_modb"])
    return Outcome(counts={**changed, **_registered(zone, ["kazoo_apps"], folders=("account",))})


@command
def register_system_dbs_views(zone: Zone) -> Outcome:
    """Register the views of the cluster's own databases from an installed Kazoo."""
    return Outcome(counts=_registered(zone, ["kazoo_apps", "kazoo_ips"]))


@command
def init_system(zone: Zone) -> Outcome:
    """Register the views of accounts and of the cluster's own databases, and refresh the latter."""
    _registered(zone, ["kazoo_modb", "kazoo_ips"])
    _registered(zone, ["kazoo_apps"], folders=("account", "views"))
    return worked(zone.run, _system_views(zone))


@command
def get_all_account_views(zone: Zone) -> Outcome:
    """Show the design documents that accounts get, from an installed Kazoo, else those that come with sup."""
    designs = views.choose(account_database("0" * 32), []).designs
    if not view_registrations.applications():
        zone.run.hint("no Kazoo is installed here: these are sup's own")
    return value([(each["_id"], each) for each in designs])


@command
def read_all_account_views(zone: Zone) -> Outcome:
    """Show what get_all_account_views shows."""
    return get_all_account_views(zone)


# -- migrations


@command
def migrate(zone: Zone, pause: Integer = 0, *, from_: FirstDatabase = "") -> Outcome:
    """Migrate the cluster: system_config, every database's views, settings of accounts, and what its apps migrate."""

    def work() -> Iterator[str]:
        yield from migration.cluster(zone, pause=pause, start=from_)
        yield from _of_apps(zone)
        yield from telemetry_notice.lines(zone)

    return worked(zone.run, work(), NO_RETURN)


@command
def parallel_migrate(zone: Zone, workers: Integer, pause: Integer = 0, *, from_: FirstDatabase = "") -> Outcome:
    """Do what migrate does; WORKERS is among how many Kazoo shares the databases, sup always takes a few at once."""
    split = _positive("WORKERS", workers)

    def work() -> Iterator[str]:
        yield from migration.cluster(zone, pause=pause, split=split, start=from_)
        yield from _of_apps(zone)

    return worked(zone.run, work(), NO_RETURN)


@command
def migrate_system(zone: Zone) -> Outcome:
    """Bring system_config from Kazoo 3.22's form into the present one; of a later version nothing is changed."""
    return worked(zone.run, system_migration.migrate(zone))


@command
def migrate_to_4_0(zone: Zone) -> Outcome:
    """Migrate voicemail and numbers from Kazoo 3.22's form."""
    modules = ("kazoo_voicemail_maintenance", "kazoo_number_manager_maintenance")
    return worked(zone.run, _of_apps(zone, modules), NO_RETURN)


@command
def migrate_modbs(zone: Zone, pause: Integer = 0, *, from_: FirstDatabase = "") -> Outcome:
    """Bring the views of every month's database of accounts up to date."""
    return worked(zone.run, migration.months(zone, pause=pause, start=from_), NO_RETURN)


@command
def parallel_migrate_modbs(zone: Zone, workers: Integer, pause: Integer = 0, *, from_: FirstDatabase = "") -> Outcome:
    """Do what migrate_modbs does, for WORKERS as parallel_migrate; apps migrate nothing, while in Kazoo they do."""
    split = _positive("WORKERS", workers)
    return worked(zone.run, migration.months(zone, pause=pause, split=split, start=from_), NO_RETURN)


@command
def migrate_modbs_ranged(
    zone: Zone,
    start_or_pause: Integer,
    start: Integer | None = None,
    end: Integer | None = None,
    *,
    from_: FirstDatabase = "",
) -> Outcome:
    """Bring the views of the months from START on up to date, till END if that is given.

    START_OR_PAUSE is START alone, or the pause before it. START and END are a year, as 2026, or a month, as 202611;
    Kazoo compares months apart from years, and so passes over January 2027 when told to begin in October 2026.
    """
    pause, first = (0, start_or_pause) if start is None else (start_or_pause, start)
    return worked(zone.run, migration.months(zone, _months(first, end), pause=pause, start=from_), NO_RETURN)


@command
def parallel_migrate_modbs_ranged(
    zone: Zone,
    workers: Integer,
    start_or_pause: Integer,
    start: Integer | None = None,
    end: Integer | None = None,
    *,
    from_: FirstDatabase = "",
) -> Outcome:
    """Do what migrate_modbs_ranged does with START_OR_PAUSE, START and END, for WORKERS as parallel_migrate_modbs."""
    pause, first = (0, start_or_pause) if start is None else (start_or_pause, start)
    split = _positive("WORKERS", workers)
    return worked(
        zone.run, migration.months(zone, _months(first, end), pause=pause, split=split, start=from_), NO_RETURN
    )


@command
def migrate_limits(zone: Zone, account: AccountId | None = None, *, from_: Start = None) -> Outcome:
    """Give ACCOUNT, or every account, its document of limits where it has none, from its old trunkstore documents."""
    if account is not None:
        limits_migration.migrate(zone, account_database(account))
        return Outcome()

    def head(done: Done[Any]) -> str:
        return f"checking limits doc in database ({_up(done)}/{done.total}) '{done.database}'"

    step = _quiet(limits_migration.migrate)
    return _over(zone, step, head, start=from_, label="giving limits", backwards=True)


@command
def migrate_media(zone: Zone, account: AccountId | None = None, *, from_: Start = None) -> Outcome:
    """Put the media files of ACCOUNT, or of every account, in order: names, content types, and fields of old.

    A file that is stored anew is kept in the state directory before.
    """
    if account is not None:
        return worked(zone.run, media_migration.migrate(zone, account_database(account)))

    def work() -> Iterator[str]:
        databases = every_account.accounts(zone, from_, backwards=True)
        step = media_migration.migrate
        media: Work[Any] = Work(zone, databases, step, label="migrating media")
        for done in media:
            # Kazoo ends the first line not.
            first, *others = done.found or [""]
            yield f"migrating media in database ({_up(done)}/{done.total}) '{done.database}'{first}"
            yield from others
        media.end()

    return worked(zone.run, work())


# -- copies of accounts' documents


@command
def ensure_aggregates(zone: Zone, *, from_: Start = None) -> Outcome:
    """Bring the copies of every account's definition, devices and fax boxes up to date, and its services."""

    def work() -> Iterator[str]:
        process = pid()

        def step(each: Zone, database: str) -> account_refresh.Refreshed:
            return account_refresh.aggregated(each, account_id(database) or "", database)

        refreshed = Work(zone, every_account.accounts(zone, from_), step, label="copying")
        for done in refreshed:
            yield f"{process} ({done.left}/{done.total}) aggregating database '{done.database}'"
            if done.found is not None:
                yield from account_refresh.finished(zone, done.found)
        refreshed.end()

    return worked(zone.run, work())


@command
def ensure_aggregate(zone: Zone, account: Named) -> Outcome:
    """Bring the copies of ACCOUNT's definition, devices and fax boxes up to date, and its services."""
    found = account_refresh.aggregated(zone, account.id, account.said)
    return worked(zone.run, account_refresh.finished(zone, found))


@command
def ensure_aggregate_accounts(zone: Zone, *, from_: Start = None) -> Outcome:
    """Copy the definition of every account into the database accounts."""
    return _aggregated(zone, aggregates.copy_definition, "accounts", from_)


@command
def ensure_aggregate_account(zone: Zone, account: AnyAccountId) -> Outcome:
    """Copy the definition of ACCOUNT into the database accounts."""
    aggregates.copy_definition(zone, account)
    return Outcome()


@command
def ensure_aggregate_devices(zone: Zone, *, from_: Start = None) -> Outcome:
    """Copy the devices of every account that belong there into sip_auth, and remove from it those that do not."""
    return _aggregated(zone, aggregates.copy_devices, "devices account", from_)


@command
def ensure_aggregate_device(zone: Zone, account: AnyAccountId) -> Outcome:
    """Copy the devices of ACCOUNT with a realm or an IP of their own into sip_auth, and remove the others from it."""
    aggregates.copy_devices(zone, account)
    return Outcome()


@command
def ensure_aggregate_faxboxes(zone: Zone, *, from_: Start = None) -> Outcome:
    """Copy the fax boxes of every account into the database faxes."""
    return _aggregated(zone, aggregates.copy_faxboxes, "faxboxes account", from_)


@command
def ensure_aggregate_faxbox(zone: Zone, account: AnyAccountId) -> Outcome:
    """Copy the fax boxes of ACCOUNT into the database faxes."""
    aggregates.copy_faxboxes(zone, account)
    return Outcome()


@command
def cleanup_aggregated_accounts(zone: Zone) -> Outcome:
    """Remove from the database accounts every account that has no definition of its own."""
    return worked(zone.run, aggregate_cleanup.clean_accounts(zone, aggregate_cleanup.accounts_of(zone)))


@command
def cleanup_aggregated_account(zone: Zone, account: AnyAccountId) -> Outcome:
    """Remove ACCOUNT from the database accounts if it has no definition of its own."""
    return worked(zone.run, aggregate_cleanup.clean_account(zone, account))


@command
def remove_aggregated_account(zone: Zone, account: AnyAccountId) -> Outcome:
    """Remove ACCOUNT from the database accounts, whatever else there is of it."""
    zone.run.confirm_watched(f"delete account {account} from {accounts.DATABASE}")
    return worked(zone.run, aggregate_cleanup.remove_account(zone, account))


@command
def cleanup_aggregated_devices(zone: Zone) -> Outcome:
    """Remove from sip_auth every document whose account is gone."""
    return worked(zone.run, aggregate_cleanup.clean_devices(zone))


@command
def cleanup_aggregated_device(zone: Zone, doc_id: str) -> Outcome:
    """Remove document DOC_ID from sip_auth if its account is gone."""
    return worked(zone.run, aggregate_cleanup.clean_device(zone, doc_id))


# -- the tree of accounts, resellers


@command
def ensure_tree_accounts(zone: Zone, accounts: AccountList | None = None) -> Outcome:
    """Repair the ancestors that every account, or each of ACCOUNTS, names; port requests and services as well.

    Without ACCOUNTS it takes a view that Kazoo 4.3 brings but does not register.
    """
    return worked(zone.run, account_trees.repair(zone, _trees(zone, accounts), save=True))


@command
def ensure_tree_accounts_dry_run(zone: Zone, accounts: AccountList | None = None) -> Outcome:
    """Show the ancestors that ensure_tree_accounts would store, of all accounts or of ACCOUNTS."""
    return text(account_trees.repair(zone, _trees(zone, accounts), save=False))


@command
def ensure_tree_account(zone: Zone, account: AccountId) -> Outcome:
    """Repair the ancestors that ACCOUNT names; one that exists stays, while Kazoo strips all but the master."""
    return worked(zone.run, account_trees.repair(zone, _trees(zone, [account]), save=True))


@command
def ensure_tree_account_dry_run(zone: Zone, account: AccountId) -> Outcome:
    """Show the ancestors that ensure_tree_account would store for ACCOUNT."""
    return text(account_trees.repair(zone, _trees(zone, [account]), save=False))


@command
def ensure_reseller_id_accounts(zone: Zone, accounts: AccountList | None = None, *, from_: Start = None) -> Outcome:
    """Work out the reseller of every account, or of each of ACCOUNTS, and store it."""

    def head(done: Done[Any]) -> str:
        database = account_resellers.named(done.database)
        return f"({done.left}/{done.total}) ensuring reseller id for account '{database}'"

    return _over(zone, account_resellers.in_database, head, start=from_, label="resellers", chosen=accounts)


@command
def ensure_reseller_id_account(zone: Zone, account: AnyAccountId, reseller_id: OtherAccountId | None = None) -> Outcome:
    """Store the reseller RESELLER_ID of ACCOUNT, else the nearest above it, in its definition and its services."""
    return worked(zone.run, account_resellers.ensure(zone, account, reseller_id))


@command
def ensure_reseller_id_services(zone: Zone, account: AnyAccountId, reseller_id: OtherAccountId) -> Outcome:
    """Store the reseller RESELLER_ID in the services document of ACCOUNT."""
    account_resellers.ensure_services(zone, account, reseller_id)
    return Outcome()


@command
def import_account(zone: Zone, account: AnyAccountId, parent: OtherAccountId) -> Outcome:
    """Attach ACCOUNT, whose database was copied into this cluster, below PARENT: tree, reseller, services, numbers."""
    return worked(zone.run, account_import.attach(zone, account, parent))


# -- settings against their schemas


@command
def validate_system_config(zone: Zone, id: str) -> Outcome:
    """Show what of system_config document ID does not fit its schema, as a list (exit code 2, as in Kazoo)."""
    return value(system_config_check.validated(zone, id))


@command
def validate_system_configs(zone: Zone) -> Outcome:
    """Show which system_config documents do not fit their schemas, each with its errors (exit code 2, as in Kazoo)."""
    found = system_config_check.Check(zone).invalid()
    return value([(category, errors) for category, _document, errors in found])


@command
def check_system_config(zone: Zone, system_config: str) -> Outcome:
    """Tell whether document SYSTEM_CONFIG of system_config fits its schema, and what does not."""
    errors = system_config_check.validated(zone, system_config)
    if not errors:
        return text(f"system config schema {system_config} is sane")
    return text(system_config_check.told(system_config, errors))


@command
def check_system_configs(zone: Zone) -> Outcome:
    """Tell what of all system_config documents does not fit their schemas."""
    return text(system_config_check.checked(zone))


@command
def cleanup_system_config(zone: Zone, id: str) -> Outcome:
    """Take out of system_config document ID what does not fit its schema, and show it (exit code 2, as in Kazoo)."""
    return value((OK, system_config_check.cleaned(zone, id)))


@command
def cleanup_system_configs(zone: Zone) -> Outcome:
    """Take out of all system_config documents what does not fit their schemas, and show those (exit code 2)."""
    return value([(OK, document) for document in system_config_check.cleaned_all(zone)])


# -- what is left over


@command
def find_invalid_acccount_dbs(zone: Zone) -> Outcome:
    """Show the databases of accounts that hold no definition of their account (exit code 2; three c's, as in Kazoo)."""
    names = list(every_account.accounts(zone).names())
    gone = aggregate_cleanup.without_definition(zone, (account_id(each) or "" for each in names))
    return value([each for each in names if account_id(each) in gone])


@command
def cleanup_orphan_modbs(zone: Zone) -> Outcome:
    """Delete the months' databases of accounts that have no database any more, each copied to a file before."""
    found = list(database_removal.orphans(zone))
    if found:
        zone.run.confirm(f"delete {database_removal.named(found)}")
        directory = database_removal.copies(zone)
        for database in found:
            database_removal.removed(zone, database, directory)
    return Outcome()


@command
def cleanup_voicemail_media(zone: Zone, account: AccountId) -> Outcome:
    """Delete the voicemail of ACCOUNT that no mailbox refers to, and show what was deleted (exit code 2)."""
    database = account_database(account)
    ids = document_purge.unused_voicemail(zone, database)
    if ids:
        zone.run.confirm_watched(f"delete {len(ids)} messages that no mailbox of account {account} refers to")
    tally, answers = document_purge.delete(zone, database, ids)
    return value((OK, answers), counts=tally.counts)


@command
def purge_doc_type(zone: Zone, type: Json, account: AccountId, chunk_size: Integer | None = None) -> Outcome:
    """Delete for good every document of ACCOUNT whose pvt_type is TYPE, or one of a JSON list, CHUNK_SIZE at a time."""
    kinds = [type] if isinstance(type, str) else type
    if not isinstance(kinds, list) or not all(isinstance(each, str) and each for each in kinds):
        raise BadArgument(parameter="TYPE", reason="it is neither a pvt_type nor a JSON list of them")
    page = document_purge.chunk(zone) if chunk_size is None else _positive("CHUNK_SIZE", chunk_size)
    database = account_database(account)
    counts: dict[str, int] = {}
    try:
        totals = {kind: document_purge.count_of_type(zone, database, kind) for kind in kinds}
        if any(totals.values()):
            shown = ", ".join(f"{count} of type {kind}" for kind, count in totals.items())
            zone.run.confirm_watched(f"delete documents of account {account} for good: {shown}")
        for kind in kinds:
            tally = document_purge.purge(zone, database, kind, page=page, total=totals[kind])
            counts = {each: counts.get(each, 0) + tally.counts[each] for each in (*counts, *tally.counts)}
    except NotFound:
        return value(NOT_FOUND)
    return Outcome(counts=counts)


@command
def rebuild_db(
    zone: Zone, database: Database, pause: Integer = database_removal.PAUSE, *, to: Path | None = None
) -> Outcome:
    """Delete DATABASE and all that is in it, and make it again, empty, with its views.

    It is copied before, into a file of the directory TO, else of the state directory, and the copy is verified; `sup
    couchdb restore` brings it back. PAUSE is how long to wait before it is made again.
    """
    zone.run.confirm(f"delete database {database} and all that is in it, and make it again with its views only")
    database_removal.rebuild(zone, database, pause=pause, directory=to or database_removal.copies(zone))
    return Outcome()


@command
def remove_deprecated_databases(zone: Zone) -> Outcome:
    """Copy the databases that Kazoo has no more use for to files, and delete them where the zone allows that.

    It does where kazoo_couch.allow_maintenance_db_delete of system_config is true.
    """
    return worked(zone.run, database_removal.without_deprecated(zone))


@command
def maybe_delete_db(zone: Zone, database: Database) -> Outcome:
    """Delete DATABASE, copied to a file before, where the zone lets maintenance delete databases; answers true then."""
    if not database_removal.may_delete(zone):
        raise Declined(reason=f"{database} stays: kazoo_couch.allow_maintenance_db_delete of system_config is not true")
    if not zone.couchdb.exists(database):
        return value(False)
    zone.run.confirm(f"delete database {database} and all that is in it")
    database_removal.removed(zone, database, database_removal.copies(zone))
    return value(True)


# -- nodes


@command
def flush_getby_cache(zone: Zone) -> Outcome:
    """Make every node forget which accounts it has looked up by name, realm and IP."""
    changes.forget(zone, accounts.DATABASE)
    return Outcome()


@command
def call_id_status(zone: Zone, call_id: str, verbose: bool = False) -> Outcome:
    """Ask the cluster whether call CALL_ID is alive; the answer goes to standard error, with VERBOSE all of it.

    Kazoo's goes to the log of the node. Machine formats hold the answer.
    """
    answer = call_status.ask(zone, call_id)
    if answer is None:
        zone.run.warn(f"no node knows of call {call_id}")
        return Outcome()
    shown = call_status.SHOWN if verbose else {"Status": "Status"}
    told = ", ".join(f"{title}: {answer[header]}" for title, header in shown.items() if header in answer)
    zone.run.warn(f"channel {call_id}: {told}")
    return Outcome(data=answer)


@command
def flush_account_views() -> Outcome:
    """Refuse: it has no effect in Kazoo either, whose process for the call keeps nothing."""
    raise Declined(reason="there is nothing to flush: account views are kept by a process only while it lives")


@command
def bind(event: str, module: str, function: str) -> Outcome:
    """Refuse to have FUNCTION of MODULE called on EVENT: only a node can do that, when it starts an application."""
    raise Declined(reason=f"{module}:{function} can be bound to {event} only in a node, by the application that has it")


@command
def unbind(event: str, module: str, function: str) -> Outcome:
    """Refuse to take FUNCTION of MODULE off EVENT: only a node can do that, when it stops an application."""
    raise Declined(
        reason=f"{module}:{function} can be taken off {event} only in a node, by the application that has it"
    )


@command
def binding(event: str) -> Outcome:
    """Refuse to name the key of EVENT: it has a meaning only inside a node."""
    raise Declined(reason=f"the key of {event} has a meaning only inside a node")


@command
def bind_and_register_views(app_name: str, module: str, function: str) -> Outcome:
    """Refuse to bind FUNCTION of MODULE for APP_NAME: register_views registers the views of an application."""
    raise Declined(
        reason=f"{module}:{function} can be bound only in a node; `sup kapps_maintenance register_views {app_name}` "
        "registers the application's views"
    )


@command
def check_release() -> Outcome:
    """Refuse: it tests a release of Kazoo, and stops the node that it runs on."""
    raise Declined(
        reason="it tests a build of Kazoo inside a node, which it stops; there is nothing to check from outside"
    )


# -- helpers


def _refreshed(zone: Zone, database: str, *, index: bool) -> Outcome:
    try:
        lines = list(account_refresh.one(zone, encoded(database), index=index))
    except view_refresh.NoDatabase:
        return value(DATABASE_NOT_FOUND)
    return text(lines)


def _system_views(zone: Zone) -> Iterator[str]:
    refresh_run = view_refresh.Refresh(zone)
    for database in view_refresh.READ_MOST:
        refresh_run.views_of(zone, database)
    yield from ()


def _registered(zone: Zone, wanted: list[str] | None, *, folders: tuple[str, ...] = ("views",)) -> dict[str, int]:
    """Register the views of these applications, or of all, from their files; return what was done."""
    installed = view_registrations.applications()
    if not installed:
        zone.run.hint("no Kazoo is installed here: where views are not registered, sup's own are used")
        return {}
    missing = [each for each in wanted or () if each not in installed]
    if missing:
        raise BadArgument(parameter="APPLICATION", reason=f"no application {missing[0]} with views is installed")
    counts: dict[str, int] = {}
    for name in wanted or installed:
        both = ("views", "account") if wanted is None else folders
        tally = changes.apply(zone, view_registrations.registrations(zone, name, installed[name], both))
        counts = {each: counts.get(each, 0) + tally.counts[each] for each in (*counts, *tally.counts)}
    return counts


def _of_apps(
    zone: Zone,
    modules: tuple[str, ...] = ("kazoo_media_maintenance", "crossbar_maintenance", "fax_maintenance"),
) -> Iterator[str]:
    """Have the apps' own modules migrate what is theirs, as Kazoo's do while they run.

    Raises NotMigrated at the end when sup has not all of them.
    """
    lacking = []
    for name in modules:
        try:
            theirs = import_module(f"kazoo_sup.commands.{name}").migrate
        except (ImportError, AttributeError):
            lacking.append(name)
            continue
        outcome: Outcome = theirs(zone)
        yield from outcome.text
    if lacking:
        raise NotMigrated(modules=", ".join(lacking))


def _aggregated(zone: Zone, copy: Callable[[Zone, str], None], what: str, start: str | None) -> Outcome:
    process = pid()

    def head(done: Done[Any]) -> str:
        return f"{process} ({done.left}/{done.total}) aggregating {what} '{done.database}'"

    step = _quiet(lambda each, database: copy(each, account_id(database) or ""))
    return _over(zone, step, head, start=start, label=f"copying {what.partition(' ')[0]}")


def _over(
    zone: Zone,
    step: Callable[[Zone, str], list[str]],
    head: Callable[[Done[Any]], str],
    *,
    start: str | None,
    label: str,
    backwards: bool = False,
    chosen: list[str] | None = None,
) -> Outcome:
    databases = (
        every_account.accounts(zone, start, backwards=backwards) if chosen is None else every_account.some(chosen)
    )
    return worked(zone.run, every_account.numbered(Work(zone, databases, step, label=label), head))


def _quiet(step: Callable[[Zone, str], None]) -> Callable[[Zone, str], list[str]]:
    def quiet(zone: Zone, database: str) -> list[str]:
        step(zone, database)
        return []

    return quiet


def _up(done: Done[Any]) -> int:
    """Return the place of a database among all, counted from 1."""
    return done.total - done.left + 1


def _trees(zone: Zone, chosen: list[str] | None) -> Callable[[], account_trees.Trees]:
    if chosen is None:
        return lambda: account_trees.all_of(zone)
    return lambda: account_trees.some_of(zone, chosen)


def _months(start: int, end: int | None) -> migration.Months:
    try:
        return migration.month_range(start, end)
    except ValueError as error:
        raise BadArgument(parameter="START END", reason=str(error)) from error


def _positive(parameter: str, number: int) -> int:
    if number < 1:
        raise BadArgument(parameter=parameter, reason=f"{number} is less than 1")
    return number

"""Crossbar, the API: its schemas, accounts and apps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, starmap
from pathlib import Path
from typing import Any

from kazoo_sup import changes, secret_input, terms
from kazoo_sup.changes import Document
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import (
    account_lookup,
    account_updates,
    crossbar_modules,
    hierarchy,
    master_account,
    schemas,
    system_config,
    view_registrations,
)
from kazoo_sup.kazoo.accounts import AccountId, AnyAccountId
from kazoo_sup.kazoo.auth import tokens
from kazoo_sup.kazoo.callflows import callflow_groups
from kazoo_sup.kazoo.monster_ui import app_files, app_installation, apps
from kazoo_sup.kazoo.new_accounts import account_creation, account_documents
from kazoo_sup.kazoo.new_accounts.account_documents import Request
from kazoo_sup.kazoo.new_accounts.account_validation import Refused
from kazoo_sup.kazoo.numbers import assignment
from kazoo_sup.kazoo.upkeep import account_migrations
from kazoo_sup.names import account_database
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, text, value
from kazoo_sup.secret_input import ELSEWHERE, Secret
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone

APPLICATION = "crossbar"
FAILED = Atom("failed")
ENGLISH = ("i18n", "en-US")


# -- schemas


@command
def update_schemas(zone: Zone) -> Outcome:
    """Bring the JSON schemas of system_schemas up to date with the schema files.

    The files are those of SUP_SCHEMAS_DIR or the setting schemas_dir, else of an installed Kazoo's crossbar. Every file
    is checked before anything is saved; only schemas that differ are.
    """
    files = schemas.read_all(schemas.directory(zone))
    tally = changes.apply(zone, schemas.updates(zone, files), total=len(files), label="updating schemas")
    return Outcome(counts=tally.counts)


@command
def does_schema_exist(zone: Zone, schema: str) -> Outcome:
    """Tell whether SCHEMA, and every schema it refers to, is stored; those that only stand in files are loaded.

    Answers true (exit code 2, as for any answer of a maintenance function that is not ok), or an object with the error.
    """
    try:
        changes.apply(zone, schemas.load(zone, schema))
    except schemas.UnknownSchema as error:
        name = error.facts["schema"]
        return value({"error": f"schema {name} not found", "schema": name})
    return value(True)


# -- finding accounts


@command
def find_account_by_id(zone: Zone, account: AnyAccountId) -> Outcome:
    """Show ACCOUNT, named by its id or its database's name, and answer its id (exit code 2, as in Kazoo)."""
    return _show(zone, [account])


@command
def find_account_by_name(zone: Zone, name: str) -> Outcome:
    """Show the accounts called NAME, in which only letters a to z, in any case, and digits count (exit code 2).

    Kazoo takes NAME as it stands, and so finds no name with a capital or a blank in it.
    """
    return _show(zone, account_lookup.by_name(zone, name))


@command
def find_account_by_realm(zone: Zone, realm: str) -> Outcome:
    """Show the account with REALM, in any case (exit code 2, as in Kazoo)."""
    return _show(zone, account_lookup.by_realm(zone, realm))


@command
def find_account_by_number(zone: Zone, number: str) -> Outcome:
    """Show the account that NUMBER belongs to, or that ports it in (exit code 2, as in Kazoo)."""
    try:
        account = assignment.account_of(zone, number)
    except assignment.NoAccount as none:
        reason = Atom(none)
        line = f"failed to find account assigned to number '{number}': {terms.dumps(reason)}"
        return text(line, (Atom("error"), reason))
    return _show(zone, [account])


def _show(zone: Zone, found: list[str]) -> Outcome:
    if not found:
        return text("failed to find account: not_found", (Atom("error"), Atom("not_found")))
    lines = (line for account in found for line in account_lookup.shown(zone, account))
    return text(lines, (OK, found[0]) if len(found) == 1 else (Atom("multiples"), found))


# -- switches of accounts


@command
def enable_account(zone: Zone, account: AnyAccountId) -> Outcome:
    """Enable ACCOUNT."""
    return _switch(zone, account, "pvt_enabled", on=True)


@command
def disable_account(zone: Zone, account: AnyAccountId) -> Outcome:
    """Disable ACCOUNT: nobody registers or logs in there any more."""
    return _switch(zone, account, "pvt_enabled", on=False)


@command
def promote_account(zone: Zone, account: AnyAccountId) -> Outcome:
    """Make ACCOUNT a system admin, who may do everything in the cluster."""
    done, failed = "account {0} is admin-ified: {1}", "failed to admin-ify account {0}: {1}"
    return _switch(zone, account, "pvt_superduper_admin", on=True, done=done, failed=failed)


@command
def demote_account(zone: Zone, account: AnyAccountId) -> Outcome:
    """Make ACCOUNT no system admin any more."""
    return _switch(zone, account, "pvt_superduper_admin", on=False)


@command
def allow_account_number_additions(zone: Zone, account: AnyAccountId) -> Outcome:
    """Let ACCOUNT add phone numbers that the system does not know."""
    done, failed = "account {0} allowed to add numbers: {1}", "failed to allow account {0} to add numbers: {1}"
    return _switch(zone, account, "pvt_wnm_allow_additions", on=True, done=done, failed=failed)


@command
def disallow_account_number_additions(zone: Zone, account: AnyAccountId) -> Outcome:
    """Let ACCOUNT add no phone numbers that the system does not know."""
    return _switch(zone, account, "pvt_wnm_allow_additions", on=False)


def _switch(zone: Zone, account: str, key: str, *, on: bool, done: str = "", failed: str = "") -> Outcome:
    """Set a private flag of an account; DONE and FAILED are what Kazoo prints with the account and what came of it."""
    document = account_updates.update(zone, account, {key: on})
    if document is None:
        zone.run.warn(f"there is no account {account}")
        return text([f"  {failed.format(account, 'not_found')}"] if failed else [], FAILED)
    return text([f"  {done.format(account, terms.json_encode(document))}"] if done else [])


# -- creating accounts


@command
def create_account(
    zone: Zone,
    name: str,
    realm: str,
    username: str,
    password: Secret = ELSEWHERE,
    account_id: str = "",
    user_id: str = "",
    *,
    password_file: str = "",
    no_email: bool = False,
) -> Outcome:
    """Create the account NAME with SIP realm REALM and its admin USERNAME, who logs in with PASSWORD.

    The first account becomes the master of the cluster, any other lies below it. All is looked at before anything is
    written, and a failure or an interruption half-way leaves nothing. ACCOUNT_ID, 32 small letters and digits, and
    USER_ID are made up unless given.

    A PASSWORD typed here can be seen by others on this machine. Where it is left out or `-` it is the first line of the
    file PASSWORD_FILE, else what the variable SUP_PASSWORD holds, else it is asked for at the terminal or read from
    standard input. --no-email spares the user the e-mail about the new login.
    """
    given = secret_input.password(zone.run, password, password_file)
    try:
        request = Request(name, realm, username, given, account_id, user_id)
        account_documents.check_ids(request.account, request.user)
    except ValueError as error:
        raise BadArgument(parameter="ACCOUNT_ID USER_ID", reason=str(error)) from error
    lines = []
    try:
        for line in account_creation.create(zone, request, notify=not no_email):
            lines.append(line)  # noqa: PERF402 - kept also where the next one is a refusal
    except Refused as refused:
        return text([*lines, *refused.lines(name)], FAILED)
    return text(lines)


# -- the tree of accounts


@command
def move_account(zone: Zone, account: AnyAccountId, to_account: AccountId) -> Outcome:
    """Move ACCOUNT, with all accounts below it, below TO_ACCOUNT.

    Where Kazoo prints why it did not and answers ok, the answer here is failed (exit code 2). The numbers of
    descendants of accounts above are not counted again; descendants_count does that, as in Kazoo.
    """
    if account == to_account:
        return text("can not move to the same account", FAILED)
    try:
        tally = hierarchy.move(zone, account, to_account)
    except hierarchy.Unmovable as reason:
        return text(f"unable to complete move: {reason}", FAILED)
    zone.run.hint("`sup crossbar_maintenance descendants_count` counts the descendants of the accounts above again")
    return text("move complete!", counts=tally.counts)


@command
def descendants_count(zone: Zone, account: AnyAccountId | None = None) -> Outcome:
    """Count the accounts below ACCOUNT, or below every account, and keep the number in their definitions."""
    return Outcome(counts=hierarchy.count_descendants(zone, account).counts)


# -- crossbar's own modules


@command
def start_module(zone: Zone, module: str) -> Outcome:
    """Let every node load MODULE of crossbar when it starts.

    Nodes that run are not touched: Kazoo's function also starts the module in the node that it is called in.
    """
    if crossbar_modules.is_versioned(module):
        return text(f"failed to start {module}: version_supplied", FAILED)
    modules = _modules(zone, module, crossbar_modules.add)
    line = f"module {module} started" if module in modules else f"started and added {module} to autoloaded modules"
    return text(line)


@command
def stop_module(zone: Zone, module: str) -> Outcome:
    """Let no node load MODULE of crossbar when it starts.

    Nodes that run are not touched: Kazoo's function also stops the module in the node that it is called in.
    """
    _modules(zone, module, crossbar_modules.remove)
    return text(f"stopped and removed {module} from autoloaded modules")


def _modules(zone: Zone, module: str, store: Callable[[Zone, str, list[str]], Any]) -> list[str]:
    try:
        crossbar_modules.check(module)
    except ValueError as error:
        raise BadArgument(parameter="MODULE", reason=str(error)) from error
    modules = crossbar_modules.stored(zone)
    store(zone, module, modules)
    zone.run.hint(crossbar_modules.RESTART)
    return modules


# -- apps of Monster UI


@command
def init_apps(zone: Zone, path: Path, api_url: str = "") -> Outcome:
    """Bring every app of Monster UI below PATH into the master account, with API_URL as the place of the API.

    An app that is there already keeps its metadata, but for API_URL where that is given, and gets its images anew. An
    app that fails does not stop the others; the run then ends partly done (exit code 5), where Kazoo says ok.
    """
    return _install(zone, app_files.find(path), "init", apps.INIT_KEYS, api_url)


@command
def init_app(zone: Zone, path: Path, api_url: str = "") -> Outcome:
    """Bring the app of Monster UI in the folder PATH into the master account, with API_URL as the place of the API."""
    return _install(zone, [path], "init", apps.INIT_KEYS, api_url)


@command
def refresh_apps(zone: Zone, path: Path, api_url: str = "") -> Outcome:
    """Bring every app of Monster UI below PATH up to date, with API_URL as the place of the API; missing ones too."""
    return _install(zone, app_files.find(path), "refresh", apps.refreshed_keys(zone), api_url)


@command
def refresh_app(zone: Zone, path: Path, api_url: str = "") -> Outcome:
    """Bring the app of Monster UI in the folder PATH up to date, with API_URL as the place of the API."""
    return _install(zone, [path], "refresh", apps.refreshed_keys(zone), api_url)


def _install(zone: Zone, folders: Sequence[Path], word: str, keys: Sequence[str], api_url: str) -> Outcome:
    installation = app_installation.Installation(zone, keys, api_url or None)
    lines = []
    with zone.run.progress("installing apps", len(folders)) as advance:
        for folder in folders:
            lines.append(f"trying to {word} app from {folder}")
            lines.extend(installation.install(folder))
            advance(1)
    return text(lines, counts=installation.counts)


@command
def apps_(zone: Zone) -> Outcome:
    """Show every app of Monster UI that the master account has."""
    place = apps.database(zone)
    return text(chain.from_iterable(starmap(apps.shown, apps.listed(zone, place))), NO_RETURN)


@command
def app(zone: Zone, app_name_or_id: str) -> Outcome:
    """Show the app of Monster UI that APP_NAME_OR_ID names."""
    return _show_app(zone, apps.database(zone), app_name_or_id)


@command
def set_app_field(zone: Zone, app_id: str, field: str, value: str) -> Outcome:
    """Set FIELD, a top-level one, of the app of Monster UI with the id APP_ID to the text VALUE, and show the app."""
    if field.startswith(("_", "pvt_")):
        raise BadArgument(parameter="FIELD", reason=f"{field} is private to the stored document")
    return _set_app(zone, app_id, [field], value)


@command
def set_app_label(zone: Zone, app_id: str, value: str) -> Outcome:
    """Make VALUE the English label of the app of Monster UI with the id APP_ID, and show the app."""
    return _set_app(zone, app_id, [*ENGLISH, "label"], value)


@command
def set_app_description(zone: Zone, app_id: str, value: str) -> Outcome:
    """Make VALUE the English description of the app of Monster UI with the id APP_ID, and show the app."""
    return _set_app(zone, app_id, [*ENGLISH, "description"], value)


@command
def set_app_extended_description(zone: Zone, app_id: str, value: str) -> Outcome:
    """Make VALUE the long English description of the app of Monster UI with the id APP_ID, and show the app."""
    return _set_app(zone, app_id, [*ENGLISH, "extended_description"], value)


@command
def set_app_features(zone: Zone, app_id: str, value: str) -> Outcome:
    """Make VALUE, with `@` between them, the English features of the app with the id APP_ID, and show the app."""
    return _set_app(zone, app_id, [*ENGLISH, "features"], [each for each in value.split("@") if each])


@command
def set_app_icon(zone: Zone, app_id: str, path_to_png_icon: Path) -> Outcome:
    """Make the file PATH_TO_PNG_ICON the icon of the app of Monster UI with the id APP_ID.

    Kazoo attaches it, but leaves the app's field `icon` as it is.
    """
    return _attach(zone, app_id, [path_to_png_icon], "icon")


@command
def set_app_screenshots(zone: Zone, app_id: str, path_to_screenshots_folder: Path) -> Outcome:
    """Add the PNG files of PATH_TO_SCREENSHOTS_FOLDER to the screenshots of the app of Monster UI with the id APP_ID.

    Kazoo attaches them, but does not list them in the app's field `screenshots`.
    """
    files = sorted(path_to_screenshots_folder.glob("*.png"))
    if not files:
        reason = f"there is no PNG file in {path_to_screenshots_folder}"
        raise BadArgument(parameter="PATH_TO_SCREENSHOTS_FOLDER", reason=reason)
    return _attach(zone, app_id, files, "screenshots")


def _show_app(zone: Zone, place: str, name_or_id: str) -> Outcome:
    try:
        found = apps.by_name(zone, place, name_or_id)
    except apps.Ambiguous:
        zone.run.warn(f"several apps are called {name_or_id}; name one by its id")
        found = None
    if found:
        return text(apps.shown(name_or_id, found[0]), NO_RETURN)
    document = apps.by_id(zone, place, name_or_id)
    if document is None:
        return text("unknown app", NO_RETURN)
    return text(apps.shown(str(document.get("name")), apps.summary(document)), NO_RETURN)


def _stored_app(zone: Zone, place: str, app_id: str) -> Document:
    document = apps.by_id(zone, place, app_id)
    if document is None:
        raise BadArgument(parameter="APP_ID", reason=f"the master account has no app with the id {app_id}")
    return document


def _set_app(zone: Zone, app_id: str, path: Sequence[str], value: Any) -> Outcome:
    place = apps.database(zone)
    apps.set_field(zone, place, _stored_app(zone, place, app_id), path, value)
    return _show_app(zone, place, app_id)


def _attach(zone: Zone, app_id: str, files: Sequence[Path], kind: str) -> Outcome:
    place = apps.database(zone)
    stored = _stored_app(zone, place, app_id)
    try:
        contents = {file.name: app_files.image(file) for file in files}
    except app_files.BadImage as error:
        zone.run.warn(f"cannot read {files[0]}: {error}")
        return text(["Processing...", f"  failed to find {kind} in {app_id}"], FAILED)
    shown = zone.run.dry_run
    if kind == "icon":
        ((name, content),) = contents.items()
        apps.update(zone, place, stored, lambda found: apps.with_icon(found, name, content, shown=shown))
    else:
        apps.update(zone, place, stored, lambda found: apps.with_screenshots(found, contents, shown=shown))
    return text(["Processing...", *(f"   saved {name} to {app_id}" for name in contents)], NO_RETURN)


# -- migrations


@command
def migrate_ring_group_callflow(zone: Zone, account: AccountId) -> Outcome:
    """Split the old ring groups of ACCOUNT into a base group that rings and a user group that leads to it."""
    return text(callflow_groups.migrate(zone, account))


@command
def migrate_account_data(zone: Zone, account: AccountId) -> Outcome:
    """Bring click-to-calls, ring groups, mailboxes, lists and apps of ACCOUNT into today's form."""
    return text(account_migrations.migrate(zone, [account]), NO_RETURN)


@command
def migrate_accounts_data(zone: Zone) -> Outcome:
    """Bring click-to-calls, ring groups, mailboxes, lists and apps of every account into today's form."""
    return text(account_migrations.migrate(zone, account_migrations.all_accounts(zone)), NO_RETURN)


@command
def migrate(zone: Zone, *accounts: AccountId) -> Outcome:
    """Bring the data of all accounts, or of each ACCOUNT, into today's form, and crossbar's list of modules as well."""
    found = accounts or account_migrations.all_accounts(zone)
    return text(chain(account_migrations.migrate(zone, found), _migrate_modules(zone)), NO_RETURN)


def _migrate_modules(zone: Zone) -> Iterator[str]:
    before = crossbar_modules.stored(zone)
    after, deprecated, missing = crossbar_modules.migrated(before)
    if deprecated:
        yield f" removed deprecated modules from autoloaded modules: {_atoms(crossbar_modules.DEPRECATED)}"
    if missing:
        yield f"  saving autoload_modules with missing modules added: {_atoms(missing)}"
    if deprecated or missing:
        crossbar_modules.store(zone, after)


def _atoms(names: Sequence[str]) -> str:
    return terms.pretty([Atom(each) for each in names])


# -- the cluster around it


@command
def db_init(zone: Zone) -> Outcome:
    """Bring the JSON schemas up to date, as every crossbar does when it starts; see update_schemas.

    Kazoo does it in the background and answers at once; the answer here comes when it is done.
    """
    return update_schemas(zone)


@command
def register_views(zone: Zone) -> Outcome:
    """Register crossbar's views from an installed Kazoo.

    Without one nothing is to be done: where no views are registered, those that come with sup are used.
    """
    directory = view_registrations.installed(APPLICATION)
    if directory is None:
        zone.run.hint(f"no {APPLICATION} is installed here: where its views are not registered, sup's own are used")
        return Outcome()
    return Outcome(counts=changes.apply(zone, view_registrations.registrations(zone, APPLICATION, directory)).counts)


@command
def running_modules(zone: Zone) -> Outcome:
    """Answer the modules of crossbar that a node has loaded if it was started with the stored list (exit code 2).

    Which modules a node that runs has loaded, only that node knows.
    """
    zone.run.hint("this is what a node loads when it starts, not what one has loaded")
    return value([Atom(each) for each in crossbar_modules.loaded(crossbar_modules.stored(zone))])


@command
def flush(zone: Zone) -> Outcome:
    """Make every node forget what it has cached of system_config and of all accounts.

    Kazoo's function does it in one node, with the settings of crossbar and crossbar's own cache.
    """
    databases = map(account_database, account_migrations.all_accounts(zone))
    changes.forget(zone, system_config.DATABASE, *databases)
    return Outcome()


@command
def auth_token(zone: Zone, account: AccountId | None = None) -> Outcome:
    """Answer a new token with which the master account, or ACCOUNT, may use the API (exit code 2, as in Kazoo)."""
    return value(tokens.of_account(zone, account or master_account.require(zone)))


@command
def refresh(value: str | None = None) -> Outcome:
    """Say which function refreshes a database now: kapps_maintenance's, also with a VALUE, its database."""
    shown = "" if value is None else terms.pretty(value)
    # Kazoo ends the line with its result.
    return text(f"please use kapps_maintenance:refresh({shown}).{terms.dumps(OK)}", NO_RETURN)

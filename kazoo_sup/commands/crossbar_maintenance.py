"""Crossbar, the API: its schemas, accounts and apps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, starmap
from pathlib import Path

from kazoo_sup import changes, terms
from kazoo_sup.arguments import secrets
from kazoo_sup.arguments.accounts import AccountId, AnyAccountId
from kazoo_sup.arguments.reads import FileName, Text
from kazoo_sup.arguments.secrets import ELSEWHERE, Secret
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.accounts import (
    account_creation,
    account_documents,
    account_lookup,
    account_updates,
    hierarchy,
    master_account,
)
from kazoo_sup.kazoo.accounts import ids as every_id
from kazoo_sup.kazoo.accounts.account_documents import Request
from kazoo_sup.kazoo.accounts.account_validation import Refused
from kazoo_sup.kazoo.auth import tokens
from kazoo_sup.kazoo.callflows import callflow_groups
from kazoo_sup.kazoo.config import crossbar_modules, schemas, system_config
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.kazoo.databases.failures import Documents
from kazoo_sup.kazoo.migrations import account_migrations
from kazoo_sup.kazoo.monster_ui import app_files, app_installation, apps
from kazoo_sup.kazoo.numbers import assignment
from kazoo_sup.messages.names import account_database
from kazoo_sup.results import NO_RETURN, OK, Answer, BulkReport, Done, Event, Live, Result
from kazoo_sup.terms import Atom
from kazoo_sup.texts import crossbar as texts
from kazoo_sup.zone import Zone

APPLICATION = "crossbar"
FAILED = Atom("failed")
ENGLISH = ("i18n", "en-US")


# -- schemas


@command
def update_schemas(zone: Zone, *, skip_bad: bool = False) -> Done:
    """Bring the JSON schemas of system_schemas up to date with the schema files.

    The files are those of SUP_SCHEMAS_DIR or the setting schemas_dir, else of an installed Kazoo's crossbar, else those
    of kazoo-sup itself, which never take the place of others. Every file is checked before anything is saved; only
    schemas that differ are. With --skip-bad files that are not schemas are left out, and the exit code is 5.
    """
    done = Documents("files")
    files = schemas.read_all(schemas.any_directory(zone), partial(done.leave_out, zone) if skip_bad else None)
    tally = changes.apply(zone, schemas.updates(zone, files), total=len(files), label="updating schemas")
    done.include(tally.counts)
    done.end()
    return Done(report=BulkReport(tally.counts))


@command
def does_schema_exist(zone: Zone, schema: str) -> Answer:
    """Show whether SCHEMA, and every schema it refers to, is stored; those that are only in files are loaded.

    Answers true (exit code 2, as for any answer of a maintenance function that is not ok), or an object with the error.
    """
    try:
        changes.apply(zone, schemas.load(zone, schema)).check()
    except schemas.UnknownSchema as error:
        name = error.schema
        return Answer({"error": f"schema {name} not found", "schema": name})
    return Answer(True)


# -- finding accounts


@command
def find_account_by_id(zone: Zone, account: AnyAccountId) -> Answer:
    """Show ACCOUNT, named by its id or its database's name, and answer its id (exit code 2, as in Kazoo)."""
    return _show(zone, [account])


@command
def find_account_by_name(zone: Zone, name: str) -> Answer:
    """Show the accounts called NAME, in which only letters a to z, in any case, and digits count (exit code 2).

    Kazoo takes NAME as it stands, and so finds no name with a capital or a blank in it.
    """
    return _show(zone, account_lookup.by_name(zone, name))


@command
def find_account_by_realm(zone: Zone, realm: str) -> Answer:
    """Show the account with REALM, in any case (exit code 2, as in Kazoo)."""
    return _show(zone, account_lookup.by_realm(zone, realm))


@command
def find_account_by_number(zone: Zone, number: str) -> Answer:
    """Show the account that NUMBER belongs to, or that ports it in (exit code 2, as in Kazoo)."""
    try:
        account = assignment.account_of(zone, number)
    except assignment.NoAccount as none:
        reason = Atom(none)
        line = terms.formatted("failed to find account assigned to number '~s': ~p", number, reason)
        return Answer((Atom("error"), reason), lines=[line])
    return _show(zone, [account])


def _show(zone: Zone, found: list[str]) -> Answer:
    if not found:
        return Answer((Atom("error"), Atom("not_found")), lines=["failed to find account: not_found"])
    lines = [line for each in found for line in texts.account(account_lookup.describe(zone, each))]
    return Answer((OK, found[0]) if len(found) == 1 else (Atom("multiples"), found), lines=lines)


# -- switches of accounts


@command
def enable_account(zone: Zone, account: AnyAccountId) -> Result:
    """Enable ACCOUNT."""
    return _switch(zone, account, "pvt_enabled", on=True)


@command
def disable_account(zone: Zone, account: AnyAccountId) -> Result:
    """Disable ACCOUNT: nobody registers or logs in there any more."""
    return _switch(zone, account, "pvt_enabled", on=False)


@command
def promote_account(zone: Zone, account: AnyAccountId) -> Result:
    """Make ACCOUNT a system admin, who may do everything in the cluster."""
    return _switch(zone, account, "pvt_superduper_admin", on=True)


@command
def demote_account(zone: Zone, account: AnyAccountId) -> Result:
    """Make ACCOUNT no system admin any more."""
    return _switch(zone, account, "pvt_superduper_admin", on=False)


@command
def allow_account_number_additions(zone: Zone, account: AnyAccountId) -> Result:
    """Let ACCOUNT add phone numbers that the system does not know."""
    return _switch(zone, account, "pvt_wnm_allow_additions", on=True)


@command
def disallow_account_number_additions(zone: Zone, account: AnyAccountId) -> Result:
    """Let ACCOUNT add no phone numbers that the system does not know."""
    return _switch(zone, account, "pvt_wnm_allow_additions", on=False)


def _switch(zone: Zone, account: str, key: str, *, on: bool) -> Done:
    done = account_updates.switch(zone, account, key, on=on)
    if done.definition is None:
        zone.run.warn(f"there is no account {account}")
    return Done(OK if done.definition is not None else FAILED, texts.switched(done))


# -- creating accounts


@command
def create_account(
    zone: Zone,
    name: str,
    realm: Text,
    username: str,
    password: Secret = ELSEWHERE,
    account_id: Text = "",
    user_id: Text = "",
    *,
    password_file: FileName = "",
    no_email: bool = False,
) -> Result:
    """Create the account NAME with SIP realm REALM and its admin USERNAME, who logs in with PASSWORD.

    The first account becomes the master of the cluster, any other lies below it. All is looked at before anything is
    written, and a failure or an interruption half-way leaves nothing. ACCOUNT_ID, 32 small letters and digits, and
    USER_ID are made up unless given.

    A PASSWORD typed here can be seen by others on this machine. Where it is left out or `-` it is the first line of the
    file PASSWORD_FILE, else what the variable SUP_PASSWORD holds, else it is asked for at the terminal or read from
    standard input. --no-email spares the user the e-mail about the new login.
    """
    given = secrets.password(zone.run, password, password_file)
    try:
        request = Request(name, realm, username, given, account_id, user_id)
        account_documents.check_ids(request.account, request.user)
    except ValueError as error:
        raise BadArgument(parameter="ACCOUNT_ID USER_ID", reason=str(error)) from error
    events: list[Event] = []
    try:
        events.extend(account_creation.create(zone, request, notify=not no_email))
    except Refused as refused:
        events.append(account_creation.AccountRefused(name, refused.headline, refused.errors))
        return Live(events, texts.of_creation, FAILED)
    return Live(events, texts.of_creation)


# -- the tree of accounts


@command
def move_account(zone: Zone, account: AnyAccountId, to_account: AccountId) -> Done:
    """Move ACCOUNT, with all accounts below it, below TO_ACCOUNT.

    Where Kazoo prints why it did not and answers ok, the answer here is failed (exit code 2). The numbers of
    descendants of accounts above are not counted again; descendants_count does that, as in Kazoo.
    """
    if account == to_account:
        return Done(FAILED, ["can not move to the same account"])
    try:
        tally = hierarchy.move(zone, account, to_account)
    except hierarchy.Unmovable as reason:
        return Done(FAILED, [f"unable to complete move: {reason}"])
    zone.run.hint("`sup crossbar_maintenance descendants_count` counts the descendants of the accounts above again")
    return Done(lines=["move complete!"], report=BulkReport(tally.counts))


@command
def descendants_count(zone: Zone, account: AnyAccountId | None = None) -> Done:
    """Count the accounts below ACCOUNT, or below every account, and keep the number in their definitions."""
    return Done(report=BulkReport(hierarchy.count_descendants(zone, account).counts))


# -- crossbar's own modules


@command
def start_module(zone: Zone, module: str) -> Result:
    """Let every node load MODULE of crossbar when it starts; one that no release of Kazoo has takes --yes.

    Nodes that run are not touched: Kazoo's function also starts the module in the node that it is called in.
    """
    if crossbar_modules.is_versioned(module):
        return Answer(FAILED, lines=[f"failed to start {module}: version_supplied"])
    known = _switch_module(zone, module, crossbar_modules.add)
    return Done(lines=[f"module {module} started" if known else f"started and added {module} to autoloaded modules"])


@command
def stop_module(zone: Zone, module: str) -> Done:
    """Let no node load MODULE of crossbar when it starts.

    Nodes that run are not touched: Kazoo's function also stops the module in the node that it is called in.
    """
    if not _switch_module(zone, module, crossbar_modules.remove):
        zone.run.warn(f"{module} was not among the modules that nodes load: none was taken out")
    return Done(lines=[f"stopped and removed {module} from autoloaded modules"])


def _switch_module(zone: Zone, module: str, switch: Callable[[Zone, str], bool]) -> bool:
    try:
        return switch(zone, module)
    except ValueError as error:
        raise BadArgument(parameter="MODULE", reason=str(error)) from error


# -- apps of Monster UI


@command
def init_apps(zone: Zone, path: Path, api_url: str = "") -> Live:
    """Bring every app of Monster UI below PATH into the master account, with API_URL as the place of the API.

    An app that is there already keeps its metadata, but for API_URL where that is given, and gets its images stored
    again. An app that fails does not stop the others; the run then ends partly done (exit code 5), where Kazoo says ok.
    """
    return _install(zone, app_files.find(path), "init", apps.INIT_KEYS, api_url)


@command
def init_app(zone: Zone, path: Path, api_url: str = "") -> Live:
    """Bring the app of Monster UI in the folder PATH into the master account, with API_URL as the place of the API."""
    return _install(zone, [path], "init", apps.INIT_KEYS, api_url)


@command
def refresh_apps(zone: Zone, path: Path, api_url: str = "") -> Live:
    """Bring every app of Monster UI below PATH up to date, with API_URL as the place of the API; missing ones too."""
    return _install(zone, app_files.find(path), "refresh", apps.refreshed_keys(zone), api_url)


@command
def refresh_app(zone: Zone, path: Path, api_url: str = "") -> Live:
    """Bring the app of Monster UI in the folder PATH up to date, with API_URL as the place of the API."""
    return _install(zone, [path], "refresh", apps.refreshed_keys(zone), api_url)


def _install(zone: Zone, folders: Sequence[Path], verb: str, keys: Sequence[str], api_url: str) -> Live:
    installation = app_installation.Installation(zone, keys, api_url or None)
    return Live([*installation.install_each(folders, verb), BulkReport(installation.counts)], texts.of_apps)


@command
def apps_(zone: Zone) -> Answer:
    """Show every app of Monster UI that the master account has."""
    place = apps.database(zone)
    return Answer(NO_RETURN, lines=chain.from_iterable(starmap(texts.app, apps.listed(zone, place))))


@command
def app(zone: Zone, app_name_or_id: str) -> Answer:
    """Show the app of Monster UI that APP_NAME_OR_ID names."""
    return _show_app(zone, apps.database(zone), app_name_or_id)


@command
def set_app_field(zone: Zone, app_id: str, field: str, value: Text) -> Answer:
    """Set FIELD, a top-level one, of the app of Monster UI with the id APP_ID to the text VALUE, and show the app."""
    if field.startswith(("_", "pvt_")):
        raise BadArgument(parameter="FIELD", reason=f"{field} is private to the stored document")
    return _set_app(zone, app_id, [field], value)


@command
def set_app_label(zone: Zone, app_id: str, value: Text) -> Answer:
    """Make VALUE the English label of the app of Monster UI with the id APP_ID, and show the app."""
    return _set_app(zone, app_id, [*ENGLISH, "label"], value)


@command
def set_app_description(zone: Zone, app_id: str, value: Text) -> Answer:
    """Make VALUE the English description of the app of Monster UI with the id APP_ID, and show the app."""
    return _set_app(zone, app_id, [*ENGLISH, "description"], value)


@command
def set_app_extended_description(zone: Zone, app_id: str, value: Text) -> Answer:
    """Make VALUE the long English description of the app of Monster UI with the id APP_ID, and show the app."""
    return _set_app(zone, app_id, [*ENGLISH, "extended_description"], value)


@command
def set_app_features(zone: Zone, app_id: str, value: Text) -> Answer:
    """Make VALUE, with `@` between them, the English features of the app with the id APP_ID, and show the app."""
    return _set_app(zone, app_id, [*ENGLISH, "features"], [each for each in value.split("@") if each])


@command
def set_app_icon(zone: Zone, app_id: str, path_to_png_icon: Path) -> Result:
    """Make the file PATH_TO_PNG_ICON the icon of the app of Monster UI with the id APP_ID.

    Kazoo attaches it, but leaves the app's field `icon` as it is.
    """
    return _attach(zone, app_id, [path_to_png_icon], "icon")


@command
def set_app_screenshots(zone: Zone, app_id: str, path_to_screenshots_folder: Path) -> Result:
    """Add the PNG files of PATH_TO_SCREENSHOTS_FOLDER to the screenshots of the app of Monster UI with the id APP_ID.

    Kazoo attaches them, but does not list them in the app's field `screenshots`.
    """
    files = sorted(path_to_screenshots_folder.glob("*.png"))
    if not files:
        reason = f"there is no PNG file in {path_to_screenshots_folder}"
        raise BadArgument(parameter="PATH_TO_SCREENSHOTS_FOLDER", reason=reason)
    return _attach(zone, app_id, files, "screenshots")


def _show_app(zone: Zone, place: str, name_or_id: str) -> Answer:
    found = apps.find(zone, place, name_or_id)
    return Answer(NO_RETURN, lines=["unknown app"] if found is None else texts.app(*found))


def _set_app(zone: Zone, app_id: str, path: Sequence[str], value: object) -> Answer:
    place = apps.database(zone)
    apps.set_field(zone, place, apps.require(zone, place, app_id), path, value)
    return _show_app(zone, place, app_id)


def _attach(zone: Zone, app_id: str, files: Sequence[Path], kind: str) -> Done:
    place = apps.database(zone)
    stored = apps.require(zone, place, app_id)
    try:
        contents = {file.name: app_files.image(file) for file in files}
    except app_files.BadImage as error:
        zone.run.warn(f"cannot read {files[0]}: {error}")
        return Done(FAILED, ["Processing...", f"  failed to find {kind} in {app_id}"])
    change = apps.with_icon if kind == "icon" else apps.with_screenshots
    apps.update(zone, place, stored, lambda found: change(found, contents))
    return Done(NO_RETURN, ["Processing...", *(f"   saved {name} to {app_id}" for name in contents)])


# -- migrations


@command
def migrate_ring_group_callflow(zone: Zone, account: AccountId) -> Live:
    """Split the old ring groups of ACCOUNT into a base group that rings and a user group that leads to it."""
    return Live(callflow_groups.migrate(zone, account), texts.lines)


@command
def migrate_account_data(zone: Zone, account: AccountId) -> Live:
    """Bring click-to-calls, ring groups, mailboxes, lists and apps of ACCOUNT into today's form."""
    return Live(account_migrations.migrate(zone, [account]), texts.lines, NO_RETURN)


@command
def migrate_accounts_data(zone: Zone) -> Live:
    """Bring click-to-calls, ring groups, mailboxes, lists and apps of every account into today's form."""
    return Live(account_migrations.migrate(zone, every_id(zone)), texts.lines, NO_RETURN)


@command
def migrate(zone: Zone, *accounts: AccountId) -> Live:
    """Bring the data of all accounts, or of each ACCOUNT, into today's form, and crossbar's list of modules as well."""
    found = accounts or every_id(zone)
    return Live(account_migrations.migrate_with_modules(zone, found), texts.lines, NO_RETURN)


# -- the cluster around it


@command
def db_init(zone: Zone) -> Result:
    """Bring the JSON schemas up to date, as every crossbar does when it starts; see update_schemas.

    Kazoo does it in the background and answers at once; the answer here comes when it is done.
    """
    return update_schemas(zone)


@command
def register_views(zone: Zone) -> Done:
    """Register crossbar's views from an installed Kazoo.

    Without one nothing is to be done: where no views are registered, those that come with sup are used.
    """
    return Done(report=BulkReport(view_registrations.register(zone, APPLICATION)))


@command
def running_modules(zone: Zone) -> Answer:
    """Answer the modules of crossbar that a node has loaded if it was started with the stored list (exit code 2).

    Which modules a node that runs has loaded, only that node knows.
    """
    zone.run.hint("this is what a node loads when it starts, not what one has loaded")
    return Answer([Atom(each) for each in crossbar_modules.loaded(crossbar_modules.stored(zone))])


@command
def flush(zone: Zone) -> Done:
    """Make every node forget what it has cached of system_config and of all accounts.

    Kazoo's function does it in one node, with the settings of crossbar and crossbar's own cache.
    """
    databases = map(account_database, every_id(zone))
    changes.forget(zone, system_config.DATABASE, *databases)
    return Done()


@command
def auth_token(zone: Zone, account: AccountId | None = None) -> Answer:
    """Answer a new token with which the master account, or ACCOUNT, may use the API (exit code 2, as in Kazoo)."""
    return Answer(tokens.of_account(zone, account or master_account.require(zone)))


@command
def refresh(value: str | None = None) -> Answer:
    """Say which function refreshes a database now: kapps_maintenance's, also with a VALUE, its database."""
    shown = [] if value is None else [value]
    # Kazoo ends the line with its result.
    line = terms.formatted(f"please use kapps_maintenance:refresh({'~p' * len(shown)}).~p", *shown, OK)
    return Answer(NO_RETURN, lines=[line])

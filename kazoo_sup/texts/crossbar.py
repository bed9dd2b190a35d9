"""What Kazoo prints of accounts and apps, and while it migrates accounts' documents. Source: crossbar_maintenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.errors import Conflict
from kazoo_sup.kazoo.accounts import account_creation
from kazoo_sup.kazoo.accounts.account_updates import FlagSet
from kazoo_sup.kazoo.callflows import callflow_groups as groups
from kazoo_sup.kazoo.config import crossbar_modules
from kazoo_sup.kazoo.documents.values import to_text
from kazoo_sup.kazoo.migrations import account_migrations
from kazoo_sup.kazoo.monster_ui import app_installation as installing
from kazoo_sup.messages.names import account_database
from kazoo_sup.terms import Atom
from kazoo_sup.texts import services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kazoo_sup.kazoo.accounts.account_lookup import Described
    from kazoo_sup.types import Document


def account(found: Described) -> list[str]:
    """Return the lines that describe an account."""
    headline = f"Account ID: {found.account} ({account_database(found.account)})"
    if not found.exists:
        return [f"{headline} does not exist"]
    return [
        headline,
        f"  Name: {_text(found.name)}",
        f"  Realm: {_text(found.realm)}",
        f"  Enabled: {_text(found.enabled)}",
        f"  System Admin: {_text(found.system_admin)}",
    ]


_SWITCHED = {
    "pvt_superduper_admin": ("account {0} is admin-ified: {1}", "failed to admin-ify account {0}: {1}"),
    "pvt_wnm_allow_additions": (
        "account {0} allowed to add numbers: {1}",
        "failed to allow account {0} to add numbers: {1}",
    ),
}
"""What Kazoo prints of a flag that is set, and where it cannot be; of others, and of one taken away, nothing."""


def switched(done: FlagSet) -> list[str]:
    """Return the lines of a private flag of an account."""
    if not done.on or done.key not in _SWITCHED:
        return []
    well, failed = _SWITCHED[done.key]
    if done.definition is None:
        return [f"  {failed.format(done.account, 'not_found')}"]
    return [f"  {well.format(done.account, terms.json_encode(done.definition))}"]


def of_creation(events: Iterable[object]) -> Iterator[str]:
    """Make Kazoo's lines of an account that is created, or refused."""
    for event in events:
        match event:
            case account_creation.DatabaseMissing(database):
                yield f"db '{database}' doesn't exist"
            case account_creation.AccountCreated(account, database, user):
                yield f"created new account '{account}' in db '{database}'"
                yield f"created new account admin user '{user}'"
            case FlagSet():
                yield from switched(event)
            case account_creation.MasterNamed():
                yield "updated master account id in system_config.accounts"
            case account_creation.AccountRefused(name, headline, errors):
                yield from ([headline] if headline else [])
                yield f"failed to create '{name}': {terms.json_encode(errors)}"
            case _:
                yield from services.of_resellers([event])


def of_apps(events: Iterable[object]) -> Iterator[str]:
    """Make Kazoo's lines of apps of Monster UI that are installed or refreshed."""
    for event in events:
        match event:
            case installing.AppBegun(folder, verb):
                yield f"trying to {verb} app from {folder}"
            case installing.AppWithoutMetadata(_, file):
                yield f"  failed to incorporate app because there was no app.json in {file}"
            case installing.AppUnread(folder, reason):
                yield f"  failed to find metadata in {folder}: {reason}"
            case installing.AppInvalid(folder, faults):
                yield f"  failed to validate app data {folder}: {terms.dumps(_atoms(faults))}"
            case installing.AppAmbiguous(name):
                yield f" failed to find app {name}: multiple_results"
            case installing.AppFound(name, keys, changed):
                yield f" app {name} already loaded in system"
                for key in keys:
                    yield f" preparing to update {key}" if key in changed else f" not updating {key}, it is unchanged"
            case installing.AppSaved() | installing.AppNotSaved():
                yield _saved(event)
            case _:
                yield from _images(event)


def _images(event: object) -> Iterator[str]:
    match event:
        case installing.ImagesSaved(app, names):
            yield from (f"   saved {name} to {app}" for name in names)
        case installing.ImagesUnread(app, kind, "enoent"):
            yield f"  failed to find {kind} in {app}"
        case installing.ImagesUnread(app, kind, reason):
            yield f"  failed to load {kind} in {app}: {terms.dumps(Atom(reason))}"


def _saved(event: installing.AppSaved | installing.AppNotSaved) -> str:
    if isinstance(event, installing.AppNotSaved):
        reason = "conflict" if isinstance(event.error, Conflict) else event.error
        if event.is_new:
            return f" failed to save app {event.name} to {event.database}: {reason}"
        return f" error updating app {event.app} metadata: {reason}"
    if event.is_new:
        return f" saved app {event.name} as doc {event.app}"
    if event.is_unchanged:
        return f" no metadata changes for app {event.app}"
    return f" updated {event.name} app {event.app} metadata"


def app(name: str, value: Document) -> Iterator[str]:
    """Yield the lines that show an app of Monster UI."""
    yield f"App {name}"
    yield from _indented(value, "  ")
    yield ""


def lines(events: Iterable[object]) -> Iterator[str]:
    """Make Kazoo's lines of documents of accounts that are migrated, and of crossbar's list of modules."""
    for event in events:
        match event:
            case account_migrations.MailboxesRead(outdated, total):
                yield f"migrating {outdated} out of {total} boxes"
            case account_migrations.MailboxesSaved(database, saved):
                yield f"  updated {saved} boxes in {database}"
            case crossbar_modules.ModulesRemoved(modules):
                yield terms.formatted(" removed deprecated modules from autoloaded modules: ~p", _atoms(modules))
            case crossbar_modules.ModulesAdded(modules):
                yield terms.formatted("  saving autoload_modules with missing modules added: ~p", _atoms(modules))
            case _:
                yield from _groups(event)


def _groups(event: object) -> Iterator[str]:
    match event:
        case groups.RingGroupFound(callflow):
            yield f"migrating callflow {callflow['_id']}: {terms.json_encode(callflow)}"
        case groups.BaseGroupExists(name, database):
            yield f"unable to save new callflow '{name}' in '{database}'; already exists"
        case groups.BaseGroupSaved(callflow):
            yield f"  saved base group callflow: {terms.json_encode(callflow)}"
        case groups.RingGroupSaved(callflow):
            yield f"  saved ring group callflow: {terms.json_encode(callflow)}"
        case groups.BaseGroupRemoved(identifier, database, base):
            yield terms.formatted("unable to save callflow ~p in ~p, removing new one (~p)", identifier, database, base)


def _atoms(modules: Iterable[str]) -> list[Atom]:
    return [Atom(each) for each in modules]


def _text(value: object) -> str:
    if isinstance(value, list):
        return terms.json_encode(value)
    return to_text(terms.UNDEFINED if value is None else value)


def _indented(value: Document, indent: str) -> Iterator[str]:
    for key, each in value.items():
        if isinstance(each, dict):
            yield f"{indent}{key}:"
            yield from _indented(each, indent + "  ")
        else:
            yield f"{indent}{key}: {terms.json_encode(each)}"

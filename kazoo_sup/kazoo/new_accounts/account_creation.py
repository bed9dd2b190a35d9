"""Creating an account with its first user, all or nothing.

Source: Kazoo crossbar_maintenance:create_account/6, cb_accounts:create_new_account_db/1, cb_users_v2:put/1. Better than
there: account and user are looked at before anything is written; an account that exists is never touched, where Kazoo
deletes it on the way back; whatever goes wrong half-way, an interruption too, is undone to the last document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document
from kazoo_sup.errors import BadArgument, Conflict, NotFound, SupError, Unfinished
from kazoo_sup.kazoo import account_updates, accounts, hierarchy, master_account, months, schemas, system_config, views
from kazoo_sup.kazoo.account_lookup import is_enabled
from kazoo_sup.kazoo.billing import services, services_documents
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.mails import notifications
from kazoo_sup.kazoo.new_accounts import account_documents
from kazoo_sup.kazoo.new_accounts.account_validation import Refused, check_account, check_user
from kazoo_sup.kazoo.new_accounts.users import normalised_username
from kazoo_sup.kazoo.numbers import services_view
from kazoo_sup.names import account_database, classification, plain

if TYPE_CHECKING:
    from kazoo_sup.kazoo.new_accounts.account_documents import Request
    from kazoo_sup.zone import Zone

DATABASES = ("accounts", "system_config", "system_schemas")
SCHEMAS = ("users", "accounts", "profile")
TIMEZONE = "America/Los_Angeles"


class LeftBehind(SupError):
    """{reason}; what had been created of account {account} could not be removed: {trouble}"""


def create(zone: Zone, request: Request, *, notify: bool = True) -> Iterator[str]:
    """Create an account and its first user; yield what Kazoo prints on the way.

    The first account becomes the master: a system admin that may add numbers, a reseller, and the one that
    system_config names. Any other lies below the master account. Raises Refused for what Kazoo refuses, BadArgument
    for ids that are taken, what the door raises, after all was undone, and LeftBehind when that failed as well.
    """
    yield from _prepare(zone)
    load = partial(schemas.get, zone)
    above = _ancestors(zone)
    timezone = str(system_config.get(zone, "accounts", "default_timezone", TIMEZONE))
    body = account_documents.account_body(request, timezone, load)
    check_account(zone, body, load)
    user_body = account_documents.user_body(request, normalised_username(request.username), load)
    check_user(user_body, request.password, load)
    _check_unused(zone, request.account)

    creation = _Creation(zone, request.account)
    try:
        creation.account(body, above)
        user = account_documents.user_document(user_body, request.password, request.account)
        creation.user(user)
        lines = creation.promoted() if not above else []
    except BaseException as error:
        creation.undo(error)
        if isinstance(error, Unfinished) and error.__cause__:
            raise error.__cause__ from None  # nothing that was saved before is left
        raise
    yield f"created new account '{request.account}' in db '{account_database(request.account)}'"
    yield f"created new account admin user '{request.user}'"
    yield from lines
    if notify:
        _welcome(zone, request)


def _prepare(zone: Zone) -> Iterator[str]:
    """See that the databases and schemas are there which an account needs; tell of databases that were missing."""
    for database in DATABASES:
        if not zone.couchdb.exists(database):
            yield f"db '{database}' doesn't exist"
            views.ensure_database(zone, database)
    views.ensure_database(zone, services.DATABASE)
    for name in SCHEMAS:
        try:
            changes.apply(zone, schemas.load(zone, name))
        except schemas.UnknownSchema as error:
            missing = error.facts["schema"]
            zone.run.warn(
                f"the schema {missing} is neither in system_schemas nor in a file;"
                " `sup crossbar_maintenance update_schemas` fills system_schemas from schema files"
            )
            raise Refused({"error": f"schema {missing} not found", "schema": missing}) from error


def _ancestors(zone: Zone) -> list[str]:
    """Return the tree of a new account: the master account; nothing for the first account there is.

    Source: Kazoo kzd_accounts:create_tree_from_master/0. Better than there: a master account that is configured but
    does not exist is none, and databases of accounts count only where there is an account in them.
    """
    master = master_account.find(zone)
    if master and accounts.exists(zone, master):
        return [master]
    left = _account_without_copy(zone)
    if left:
        zone.run.warn(f"account {left} has a database but no copy in accounts: repair that first")
        raise Refused(
            {"message": "unable to create account tree"}, "failed to validate account: 400 empty_tree_accounts_exist"
        )
    return []


def _account_without_copy(zone: Zone) -> str | None:
    for database in zone.couchdb.databases(start="account/", end="account/\ufff0"):
        if classification(database) == "account":
            account = database.removeprefix("account/").replace("/", "")
            if zone.couchdb.get(database, account):
                return account
    return None


def _check_unused(zone: Zone, account: str) -> None:
    taken = accounts.exists(zone, account) or zone.couchdb.exists(plain(account_database(account)))
    if taken or zone.couchdb.get(services.DATABASE, account):
        raise BadArgument(
            parameter="ACCOUNT_ID", reason=f"there is an account {account} already, or what is left of one"
        )


def _welcome(zone: Zone, request: Request) -> None:
    """Let teletype tell the user by e-mail; it knows no address yet, unless its settings name one."""
    facts = {"Account-ID": request.account, "User-ID": request.user, "Password": request.password}
    if not notifications.publish(zone, "user.new", "new_user", facts) and not zone.run.dry_run and zone.run.events:
        zone.run.warn("the notification of a new user could not be published; it is not sent later")


class _Creation:
    """One account in the making: what is stored of it, and how to undo that."""

    def __init__(self, zone: Zone, account: str) -> None:
        self._zone = zone
        self._account = account
        self._database = account_database(account)
        self._undo: list[Callable[[], Any]] = []
        self._databases: set[str] = set()
        self._own: Document = {}
        self._copy: Document = {}
        self._services: Document = {}
        self._above: list[str] = []

    # -- making

    def account(self, body: Document, above: list[str]) -> None:
        """Create the databases, the definition and its copy, the services document and the place for apps."""
        zone, account = self._zone, self._account
        self._above = above
        parent = accounts.definition(zone, above[-1]) if above else None
        enabled = is_enabled(parent) if parent else None
        definition = account_documents.account_definition(body, above, enabled=enabled)
        self._create_database(self._database)
        self._own = self._create(self._database, definition)
        # Undone from the last to the first: the accounts above are counted again when the copy is gone.
        self._undo += [partial(hierarchy.count_descendants, zone, ancestor) for ancestor in above]
        self._copy = self._create(accounts.DATABASE, definition)
        if not zone.run.dry_run:
            with suppress(NotFound):  # the cluster has not registered the design document that the view belongs to
                services_view.update(zone, self._database)
        month = months.this_month()
        self._create_database(months.database(account, month))
        reseller = hierarchy.reseller_above(zone, above) if above else account
        self._edit({hierarchy.COUNT: 0, **self._preference(reseller)})
        made = services_documents.made(account, above, reseller, node=zone.node)
        self._services = self._create(services.DATABASE, made)
        self._create(months.database(account, month), months.first_rollover(account, body["name"], month))
        self._create(self._database, account_documents.apps_store(account, self._database))

    def user(self, document: Document) -> None:
        """Create the user, and count it and the account wherever they are counted."""
        zone = self._zone
        self._create(self._database, document)
        for ancestor in self._above:
            hierarchy.count_descendants(zone, ancestor)
        added = [("users", str(document["priv_level"]), 1)]
        self._services = self._save(services.DATABASE, self._services, partial(_with_own_quantities, added=added))
        for change in services_documents.added_below(zone, self._above, added):
            self._undo.append(partial(self._take_back, change, added))
            changes.apply(zone, [change]).check()

    def promoted(self) -> list[str]:
        """Make the account the master of the cluster; return what Kazoo prints about it."""
        account = self._account
        lines = []
        for key, sentence in (
            ("pvt_superduper_admin", "account {0} is admin-ified: {1}"),
            ("pvt_wnm_allow_additions", "account {0} allowed to add numbers: {1}"),
        ):
            self._edit({key: True})
            lines.append(f"  {sentence.format(account, terms.json_encode(self._own))}")
        self._edit({"pvt_reseller": True})
        self._services = self._save(services.DATABASE, self._services, partial(_with, values={"pvt_reseller": True}))
        lines.append(f"promoting account {account} to reseller status, updating sub accounts")
        category, key = master_account.CATEGORY, master_account.KEY
        before = self._zone.couchdb.get(system_config.DATABASE, category)
        self._undo.append(partial(self._restore_configuration, category, before))
        system_config.set_value(self._zone, category, key, account, section=self._zone.node)
        return [*lines, "updated master account id in system_config.accounts"]

    def _preference(self, reseller: str) -> Document:
        """Return the reseller's choice between teletype and notify, which its accounts take over."""
        definition = accounts.definition(self._zone, reseller) or {}
        notified = definition.get("notifications") or {}
        chosen = definition.get("pvt_notification_preference") or notified.get("voicemail_to_email")
        chosen = chosen or notified.get("fax_to_email")
        return {"pvt_notification_preference": "teletype" if chosen == "teletype" else "notify"} if chosen else {}

    # -- saving, with what undoes it

    def _create_database(self, database: str) -> None:
        drop = partial(changes.delete_database, self._zone, database)
        self._undo.append(drop)
        if not changes.create_database(self._zone, database, views.registered(self._zone, database)):
            self._undo.remove(drop)
            raise Conflict(database=database, id="", reason="somebody else has created it just now")
        self._databases.add(database)

    def _create(self, database: str, document: Document) -> Document:
        remove = partial(self._remove, database, document["_id"])
        if database not in self._databases:
            self._undo.append(remove)
        try:
            saved = changes.apply(self._zone, [Change(database, document, None)]).document
        except Conflict:
            if remove in self._undo:
                self._undo.remove(remove)
            raise
        return _ordered(saved)

    def _edit(self, values: Document) -> None:
        """Set VALUES on the definition and on its copy."""
        again = partial(_with, values=values)
        self._own = self._save(self._database, self._own, again)
        self._copy = self._save(accounts.DATABASE, self._copy, again)

    def _save(self, database: str, stored: Document, again: Callable[[Document | None], Document]) -> Document:
        return changes.apply(self._zone, [Change(database, again(stored), stored, again)]).document

    # -- undoing

    def undo(self, error: BaseException) -> None:
        """Undo what was made, the last first. Raises LeftBehind when that fails, once all was tried."""
        trouble = ""
        for step in reversed(self._undo):
            try:
                step()
            except SupError as failed:
                trouble = trouble or str(failed)
            except BaseException:
                self._zone.run.warn(f"parts of account {self._account} are left: undoing it was cut off")
                raise
        if trouble:
            raise LeftBehind(reason=str(error) or "interrupted", account=self._account, trouble=trouble) from error
        if self._undo:
            self._zone.run.warn(f"nothing is left of account {self._account}")

    def _remove(self, database: str, identifier: str) -> None:
        stored = self._zone.couchdb.get(plain(database), identifier)
        if stored is not None:
            gone = {"_id": identifier, "_deleted": True}
            changes.apply(self._zone, [Change(database, None, stored, lambda _stored: gone)])

    def _restore_configuration(self, category: str, before: Document | None) -> None:
        stored = self._zone.couchdb.get(system_config.DATABASE, category)
        if stored is not None and not changes.same(stored, before):
            gone = {"_id": category, "_deleted": True}
            changes.apply(self._zone, [Change(system_config.DATABASE, before, stored, lambda _stored: before or gone)])

    def _take_back(self, change: Change, added: list[services_documents.Quantity]) -> None:
        """Take quantities back from a services document, unless it was not saved with them."""
        stored = self._zone.couchdb.get(change.database, change.id) or {}
        if value_at(stored, ["quantities"]) != value_at(change.previous, ["quantities"]):
            taken = [(category, item, -number) for category, item, number in added]
            changes.apply(self._zone, services_documents.added_below(self._zone, [change.id], taken))


def _with(stored: Document | None, *, values: Document) -> Document:
    return account_updates.with_values(stored or {}, values)


def _with_own_quantities(stored: Document | None, *, added: list[services_documents.Quantity]) -> Document:
    return services_documents.with_quantities(stored or {}, "account", added)


def _ordered(document: Document) -> Document:
    """Put `_rev` behind `_id`, as a server gives the document."""
    first: Document = {key: document[key] for key in ("_id", "_rev") if key in document}
    return {**first, **document}

"""Creating an account with its first user, all or nothing.

Source: Kazoo crossbar_maintenance:create_account/6, cb_accounts:create_new_account_db/1, cb_users_v2:put/1. Better than
there: account and user are looked at before anything is written; an account that exists is never touched, where Kazoo
deletes it on the way back; whatever goes wrong half-way, an interruption too, is undone to the last document.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import BadArgument, Conflict, NotFound, SupError, Unfinished
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import account_documents, account_updates, account_validation, hierarchy, master_account
from kazoo_sup.kazoo.accounts.account_lookup import is_enabled
from kazoo_sup.kazoo.accounts.account_updates import FlagSet
from kazoo_sup.kazoo.accounts.account_validation import Refused, check_account, check_user
from kazoo_sup.kazoo.accounts.users import normalised_username
from kazoo_sup.kazoo.billing import services, services_documents
from kazoo_sup.kazoo.billing.resellers import ResellerPromoted
from kazoo_sup.kazoo.config import schemas, system_config
from kazoo_sup.kazoo.databases import months, views
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.documents.shapes import TEXT
from kazoo_sup.kazoo.documents.values import integer_or_none
from kazoo_sup.kazoo.notifications import notifications
from kazoo_sup.kazoo.numbers import services_view
from kazoo_sup.messages.names import account_database, plain

if TYPE_CHECKING:
    from kazoo_sup.kazoo.accounts.account_documents import Request
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

DATABASES = ("accounts", "system_config", "system_schemas")
SCHEMAS = ("users", "accounts", "profile")
TIMEZONE = "America/Los_Angeles"
REALM_SUFFIX = "sip.2600hz.com"
"""Where an account without a realm is put when the setting says nothing (Kazoo ?ACCOUNT_REALM_SUFFIX)."""

PENDING = "pvt_sup_pending"
"""Marks the copy of an account in the making, until it is known that nobody makes another one with its realm."""

RIVALS_WAIT = 30.0
"""Seconds in which another creation with the same realm must have come to its end, one way or the other."""


class LeftBehind(SupError):
    """{reason}; what had been created of account {account} could not be removed: {trouble}"""

    reason: str
    account: str
    trouble: str


@dataclass(frozen=True, slots=True)
class DatabaseMissing:
    """A database that accounts need was not there; it is made."""

    database: str


@dataclass(frozen=True, slots=True)
class AccountCreated:
    """An account, its (encoded) database, and its first user, by their ids."""

    account: str
    database: str
    user: str


@dataclass(frozen=True, slots=True)
class MasterNamed:
    """The account is the cluster's master now."""

    account: str


@dataclass(frozen=True, slots=True)
class AccountRefused:
    """An account of this name is not created: where that turned out, and the errors as Kazoo's API tells them."""

    name: str
    headline: str
    errors: dict[str, object]


def create(zone: Zone, request: Request, *, notify: bool = True) -> Iterator[Event]:
    """Create an account and its first user; yield what took place, most of it once all of it has.

    The first account becomes the master: a system admin that may add numbers, a reseller, and the one that
    system_config names. Any other lies below the master account. Raises Refused for what Kazoo refuses, BadArgument
    for ids that are taken, what the door raises, after all was undone, and LeftBehind when that failed as well.
    """
    yield from _prepare(zone)
    load = partial(schemas.get, zone)
    above = _ancestors(zone)
    request = request if request.realm else replace(request, realm=_random_realm(zone))
    timezone = system_config.read(zone, "accounts", "default_timezone", TIMEZONE, TEXT)
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
        events = creation.promote() if not above else []
    except BaseException as error:
        creation.undo(error)
        if isinstance(error, Unfinished) and error.__cause__:
            raise error.__cause__ from None  # nothing that was saved before is left
        raise
    yield AccountCreated(request.account, account_database(request.account), request.user)
    yield from events
    if notify:
        _welcome(zone, request)


def _random_realm(zone: Zone) -> str:
    suffix = system_config.get(zone, account_validation.CATEGORY, "account_realm_suffix", REALM_SUFFIX)
    strength = integer_or_none(system_config.get(zone, account_validation.CATEGORY, "random_realm_strength", 3))
    return account_documents.random_realm(str(suffix), strength or 3)


def _prepare(zone: Zone) -> Iterator[DatabaseMissing]:
    """See that the databases and schemas are there which an account needs; tell of databases that were missing."""
    for database in DATABASES:
        if not zone.couchdb.exists(database):
            yield DatabaseMissing(database)
            views.ensure_database(zone, database)
    views.ensure_database(zone, services.DATABASE)
    for name in SCHEMAS:
        try:
            changes.apply(zone, schemas.load(zone, name))
        except schemas.UnknownSchema as error:
            missing = error.schema
            zone.run.warn(
                f"the schema {missing} is neither in system_schemas nor in a file;"
                " `sup crossbar_maintenance update_schemas` fills system_schemas from schema files"
            )
            raise Refused({"error": f"schema {missing} not found", "schema": missing}) from error


def _ancestors(zone: Zone) -> list[str]:
    """Return the tree of a new account: the master account; nothing for the first account there is.

    Source: Kazoo kzd_accounts:create_tree_from_master/0. Better than there: a master account that is configured but
    does not exist does not count, and databases of accounts count only where there is an account in them.
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
    return next((account for account in accounts.ids(zone) if accounts.definition(zone, account)), None)


def _check_unused(zone: Zone, account: str) -> None:
    taken = accounts.exists(zone, account) or zone.couchdb.exists(plain(account_database(account)))
    if taken or zone.couchdb.get(services.DATABASE, account):
        raise BadArgument(
            parameter="ACCOUNT_ID", reason=f"there is an account {account} already, or what is left of one"
        )


def _welcome(zone: Zone, request: Request) -> None:
    """Let teletype tell the user by e-mail; it knows no address yet, unless its settings name one."""
    facts = {"Account-ID": request.account, "User-ID": request.user, "Password": request.password}
    if notifications.publish(zone, "user.new", "new_user", facts) is False and zone.run.events:
        zone.run.warn("the notification of a new user could not be published; it is not sent later")


class _Creation:
    """One account in the making: what is stored of it, and how to undo that."""

    def __init__(self, zone: Zone, account: str) -> None:
        self._zone = zone
        self._account = account
        self._database = account_database(account)
        self._undo: list[Callable[[], object]] = []
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
        self._copy = self._create(accounts.DATABASE, {**definition, PENDING: True})
        changes.if_made(zone, lambda: self._await_rivals(body))
        changes.if_made(zone, self._count_services)
        month = months.this_month()
        self._create_database(months.database(account, month))
        reseller = hierarchy.reseller_above(zone, above) if above else account
        self._edit({hierarchy.COUNT: 0, PENDING: None, **self._preference(reseller)})
        made = services_documents.made(account, above, reseller, node=zone.node)
        self._services = self._create(services.DATABASE, made)
        self._create(months.database(account, month), months.first_rollover(account, body["name"], month))
        self._create(self._database, account_documents.apps_store(account, self._database))

    def _await_rivals(self, body: Document) -> None:
        """See that nobody else makes an account with this realm or name: of two that do at once, one may go on.

        Each can be seen by the other from here on. One that is no longer pending has seen nobody in time, and goes
        before; of those that are, the one with the lowest id. Raises Refused.
        """
        deadline = time.monotonic() + RIVALS_WAIT
        while True:
            rivals = account_validation.holders(self._zone, body, self._account)
            names = {account for each in rivals.values() for account in each}
            copies = self._zone.couchdb.get_many(accounts.DATABASE, sorted(names)).values()
            if not copies:
                return
            ahead = any(PENDING not in copy or copy["_id"] < self._account for copy in copies)
            if ahead or time.monotonic() > deadline:
                raise account_validation.taken(body, rivals)
            time.sleep(0.1)

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

    def promote(self) -> list[Event]:
        """Make the account the master of the cluster; return what that was."""
        account = self._account
        events: list[Event] = []
        for key in ("pvt_superduper_admin", "pvt_wnm_allow_additions"):
            self._edit({key: True})
            events.append(FlagSet(account, key, on=True, definition=self._own))
        self._edit({"pvt_reseller": True})
        self._services = self._save(services.DATABASE, self._services, partial(_with, values={"pvt_reseller": True}))
        category, key = master_account.CATEGORY, master_account.KEY
        before = self._zone.couchdb.get(system_config.DATABASE, category)
        self._undo.append(partial(self._restore_configuration, category, before))
        system_config.set_value(self._zone, category, key, account, section=self._zone.node)
        return [*events, ResellerPromoted(account), MasterNamed(account)]

    def _preference(self, reseller: str) -> Document:
        """Return the reseller's choice between teletype and notify, which its accounts take over."""
        definition = accounts.definition(self._zone, reseller) or {}
        notified = definition.get("notifications") or {}
        chosen = definition.get("pvt_notification_preference") or notified.get("voicemail_to_email")
        chosen = chosen or notified.get("fax_to_email")
        return {"pvt_notification_preference": "teletype" if chosen == "teletype" else "notify"} if chosen else {}

    def _count_services(self) -> None:
        with suppress(NotFound):  # the cluster has not registered the design document that the view belongs to
            services_view.update(self._zone, self._database)

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
            saved = changes.create(self._zone, database, document).document
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
        return changes.update(self._zone, database, stored["_id"], again, stored=stored).document

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
            changes.delete(self._zone, database, stored, whatever=True)

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

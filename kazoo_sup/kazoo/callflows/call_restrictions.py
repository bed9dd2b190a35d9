"""Call restrictions: which classes of numbers an account, a device or a trunk may not call, or inherits from above.

Source: Kazoo callflow_maintenance, trunkstore_maintenance:set_classifier_action/3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup import changes
from kazoo_sup.errors import BadArgument, NotFound, UsageError
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import account_lookup, account_updates
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import as_object, value_at
from kazoo_sup.kazoo.numbers import classification
from kazoo_sup.messages.names import account_database, plain
from kazoo_sup.terms import UNDEFINED

if TYPE_CHECKING:
    from kazoo_sup.types import Document, ViewRow
    from kazoo_sup.zone import Zone

DENY = "deny"
INHERIT = "inherit"
KEY = "call_restriction"


class NoSuchClassifier(UsageError):
    """classifier '{classifier}' not among configured classifiers: {configured}"""

    classifier: str
    configured: str


class NoAccount(UsageError):
    """account with realm {realm} does not exist"""

    realm: str


class NotOne(UsageError):
    """{found} {what} {name} in the account with realm {realm}"""

    found: int | str
    what: str
    name: str
    realm: str


def check(zone: Zone, classifier: str) -> None:
    """Raise NoSuchClassifier unless the zone has such a class of numbers."""
    configured = list(classification.available(zone))
    if classifier not in configured:
        raise NoSuchClassifier(classifier=classifier, configured=", ".join(configured))


@dataclass(frozen=True, slots=True)
class AccountRestricted:
    """An account has another action for a class of numbers; `name` is None where it has none."""

    name: str | None
    classifier: str
    action: str


def restrict_account(zone: Zone, account: str, classifier: str, action: str) -> AccountRestricted:
    """Set the action for a class of numbers in both definitions of an account.

    Every node forgets the account's endpoints by the account's own change event; Kazoo announces each endpoint that it
    had cached as well. Raises NotFound when the account has no definition of its own.
    """
    own = accounts.definition(zone, account)
    if own is None:
        raise NotFound(server="CouchDB", what=f"definition of account {account}")
    account_updates.update(zone, account, _set(classifier, action))
    return AccountRestricted(own.get("name"), classifier, action)


def restrict_device(zone: Zone, uri: str, classifier: str, action: str) -> None:
    """Set the action for a class of numbers on the device with the SIP username and realm of URI.

    Case does not count; Kazoo finds no username with a capital. The device's change event makes every node forget it.
    Raises BadArgument for what is not a user@realm, NoAccount, and NotOne unless there is exactly one such device.
    """
    user, realm = split(uri)
    database = account_database(_of_realm(zone, realm))
    found = {row["id"] for row in views.rows(zone, database, "devices", "sip_credentials", key=user.lower())}
    if len(found) != 1:
        raise NotOne(found=len(found) or "no", what="devices with the SIP username", name=user, realm=realm)
    _restrict(zone, database, found.pop(), classifier, action)


def restrict_trunk(zone: Zone, uri: str, classifier: str, action: str) -> None:
    """Set the action for a class of numbers on the trunk with the user and realm of URI; case does not count.

    Raises what restrict_device raises, and NotOne when there is no such trunk.
    """
    user, realm = split(uri)
    database = account_database(_of_realm(zone, realm))
    key = [realm.lower(), user.lower()]
    found = {row["id"] for row in views.rows(zone, database, "trunkstore", "lookup_user_flags", key=key)}
    if len(found) != 1:
        raise NotOne(found=len(found) or "no", what="trunks with the user", name=user, realm=realm)
    _restrict(zone, database, found.pop(), classifier, action)


class Restricted(NamedTuple):
    """Who may have restrictions, and the actions by class of numbers; None where its document is not there.

    `kind` is account, user, device or trunk, `name` what it goes by.
    """

    kind: str
    name: str
    actions: Document | None


def of_account(zone: Zone, account: str) -> Iterator[Restricted]:
    """Yield the restrictions of an account, its users, devices and trunks."""
    database = account_database(account)
    own = zone.couchdb.get(plain(database), account)
    yield Restricted("account", account, _actions(own) if own else None)
    for kind, design, key in (("user", "users", "username"), ("device", "devices", "name")):
        for row in _rows(zone, database, design, "crossbar_listing"):
            yield Restricted(kind, _said(views.object_of(row).get(key)), _actions(row["doc"]))
    for row in _rows(zone, database, "trunkstore", "lookup_user_flags"):
        realm, user = views.key_of(row, 2)[:2]
        yield Restricted("trunk", f"{user}@{realm}", _actions(row["doc"]))


def split(uri: str) -> tuple[str, str]:
    """Return user and realm of `user@realm`. Raises BadArgument for anything else."""
    user, at, realm = uri.partition("@")
    if not (user and at and realm):
        raise BadArgument(parameter="URI", reason=f"{uri!r} is not user@realm")
    return user, realm


def _of_realm(zone: Zone, realm: str) -> str:
    found = account_lookup.by_realm(zone, realm)
    if len(found) != 1:
        raise NoAccount(realm=realm)
    return found[0]


def _set(classifier: str, action: str) -> Mapping[tuple[str, ...], str]:
    return {(KEY, classifier, "action"): action}


def _restrict(zone: Zone, database: str, identifier: str, classifier: str, action: str) -> None:
    stored = zone.couchdb.get(plain(database), identifier)
    if stored is None:
        raise NotFound(server="CouchDB", what=f"document {identifier} in database {plain(database)}")
    edit = account_updates.edit(database, stored, _set(classifier, action))
    changes.apply(zone, [edit]).check()


def _rows(zone: Zone, database: str, design: str, view: str) -> Iterable[ViewRow]:
    rows = views.rows(zone, database, design, view, include_docs=True)
    return (row for row in rows if row.get("doc"))


def _actions(document: Document) -> Document:
    found = as_object(document.get(KEY))
    return {classifier: value_at(found, [classifier, "action"], UNDEFINED) for classifier in found}


def _said(value: object) -> str:
    return UNDEFINED if value is None else str(value)

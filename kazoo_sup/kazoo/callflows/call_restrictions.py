"""Call restrictions: which classes of numbers an account, a device or a trunk may not call, or inherits from above.

Source: Kazoo callflow_maintenance, trunkstore_maintenance:set_classifier_action/3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from kazoo_sup import changes, terms
from kazoo_sup.command import Reads
from kazoo_sup.errors import BadArgument, NotFound, UsageError
from kazoo_sup.kazoo import account_lookup, account_updates, accounts, views
from kazoo_sup.kazoo.documents import value_at
from kazoo_sup.kazoo.numbers import classification
from kazoo_sup.names import account_database, plain
from kazoo_sup.terms import UNDEFINED

if TYPE_CHECKING:
    from kazoo_sup.changes import Document
    from kazoo_sup.zone import Zone

DENY = "deny"
INHERIT = "inherit"
KEY = "call_restriction"


class NoSuchClassifier(UsageError):
    """classifier '{classifier}' not among configured classifiers: {configured}"""


class NoAccount(UsageError):
    """account with realm {realm} does not exist"""


class NotOne(UsageError):
    """{found} {what} {name} in the account with realm {realm}"""


def _account(text: str, zone: Zone) -> str:
    found = account_lookup.by_name(zone, text) if accounts.normalised_name(text) else []
    return found[0] if len(found) == 1 else accounts.find(text, zone)


Account = Annotated[str, Reads(_account, "ACCOUNT")]
"""An account by its name, of which letters and digits count as in Kazoo, or in any other way; read as its id."""


def check(zone: Zone, classifier: str) -> None:
    """Raise NoSuchClassifier unless the zone has such a class of numbers."""
    configured = list(classification.available(zone))
    if classifier not in configured:
        raise NoSuchClassifier(classifier=classifier, configured=", ".join(configured))


def restrict_account(zone: Zone, account: str, classifier: str, action: str) -> list[str]:
    """Set the action for a class of numbers in both definitions of an account; return what Kazoo prints of it.

    Every node forgets the account's endpoints by the account's own change event; Kazoo announces each endpoint that it
    had cached as well. Raises NotFound when the account has no definition of its own.
    """
    own = accounts.definition(zone, account)
    if own is None:
        raise NotFound(server="CouchDB", what=f"definition of account {account}")
    account_updates.update(zone, account, _set(classifier, action))
    name = terms.pretty(own.get("name", UNDEFINED))
    return [f"found account: {name}  ...  classifier '{classifier}' switched to action '{action}'"]


def restrict_device(zone: Zone, uri: str, classifier: str, action: str) -> None:
    """Set the action for a class of numbers on the device with the SIP username and realm of URI.

    Case does not count; Kazoo finds no username with a capital. The device's change event makes every node forget it.
    Raises BadArgument for what is no user@realm, NoAccount, and NotOne unless there is exactly one such device.
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


def listing(zone: Zone, account: str) -> Iterator[str]:
    """Yield what Kazoo prints of the restrictions of an account, its users, devices and trunks."""
    database = account_database(account)
    yield from ("", "Account level classifiers:", "")
    own = zone.couchdb.get(plain(database), account)
    yield from _restrictions(own) if own else ("An error occurred: not_found",)
    yield from ("", "", "User level classifiers:")
    for row in _rows(zone, database, "users", "crossbar_listing"):
        yield from ("", f"Username: {_said(row['value'].get('username'))}", "")
        yield from _restrictions(row["doc"])
    yield from ("", "", "Device level classifiers:")
    for row in _rows(zone, database, "devices", "crossbar_listing"):
        yield from ("", f"Device: {_said(row['value'].get('name'))}", "")
        yield from _restrictions(row["doc"])
    yield from ("", "", "Trunkstore classifiers:", "")
    for row in _rows(zone, database, "trunkstore", "lookup_user_flags"):
        realm, user = row["key"]
        yield from (f"Trunk: {user}@{realm}", "")
        yield from _restrictions(row["doc"])


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


def _rows(zone: Zone, database: str, design: str, view: str) -> Iterable[dict[str, Any]]:
    rows = views.rows(zone, database, design, view, include_docs=True)
    return (row for row in rows if row.get("doc"))


def _restrictions(document: Document) -> Iterator[str]:
    restrictions = document.get(KEY)
    for classifier in restrictions if isinstance(restrictions, dict) else ():
        action = value_at(restrictions, [classifier, "action"], UNDEFINED)
        yield f"Classifier {terms.pretty(classifier)}:\t\t action {terms.pretty(action)}"


def _said(value: Any) -> str:
    return UNDEFINED if value is None else str(value)

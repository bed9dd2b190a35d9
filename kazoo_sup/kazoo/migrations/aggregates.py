"""Copies of account documents in databases that hold those of all accounts: accounts, sip_auth, faxes.

A definition is copied to `accounts`; a device with a realm of its own or an IP address to `sip_auth`, where nodes look
up who registers; a fax box to `faxes`. A copy that is right already is not saved again; its event is sent all the same,
as Kazoo does, so that nodes forget what they have cached of it.

Source: Kazoo kapps_maintenance:ensure_aggregate*/1, kapps_util:add_aggregate_device/2, rm_aggregate_device/2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, same
from kazoo_sup.errors import NotFound, SupError
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import body_of, value_at, without_revision
from kazoo_sup.messages.names import account_database, plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

SIP_AUTH = "sip_auth"
FAXES = "faxes"


class NoDefinition(SupError):
    """{database}/{id} is not the definition of an account: its pvt_type is {type!r}"""

    database: str
    id: str
    type: object


def copy_all(zone: Zone, account: str) -> None:
    """Copy what is to be copied of an account, an id."""
    copy_faxboxes(zone, account)
    copy_devices(zone, account)
    copy_definition(zone, account)


def copy_definition(zone: Zone, account: str) -> None:
    """Copy the definition of an account to `accounts`; one that has none is left alone.

    Raises NoDefinition for a document that is something else, on which Kazoo crashes.
    """
    own = accounts.definition(zone, account)
    if own is None:
        return
    if own.get("pvt_type") != "account":
        raise NoDefinition(database=plain(account_database(account)), id=account, type=own.get("pvt_type"))
    changes.apply(zone, _copies(zone, accounts.DATABASE, [own])).check()


def copy_faxboxes(zone: Zone, account: str) -> None:
    """Copy an account's fax boxes to `faxes`."""
    changes.apply(zone, _copies(zone, FAXES, _listed(zone, account, "faxbox"))).check()


def copy_devices(zone: Zone, account: str) -> None:
    """Copy to `sip_auth` the devices that belong there, and remove from it those that do not, or not any more."""
    devices = _listed(zone, account, "devices")
    if not devices:
        return
    realm = (accounts.definition(zone, account) or {}).get("realm")
    apart = [device for device in devices if stands_apart(device, realm)]
    others = [device["_id"] for device in devices if not stands_apart(device, realm)]
    stored = zone.couchdb.get_many(SIP_AUTH, others)
    removals = [changes.removal(SIP_AUTH, each) for each in stored.values()]
    changes.apply(zone, [*removals, *_copies(zone, SIP_AUTH, apart)]).check()


def stands_apart(device: Document, realm: str | None) -> bool:
    """Return whether a device is looked up in `sip_auth`: its realm is not its account's, or it is known by its IP."""
    own = value_at(device, ["sip", "realm"]) or realm
    return own != realm or bool(value_at(device, ["sip", "ip"]))


def _listed(zone: Zone, account: str, design: str) -> list[Document]:
    """Return the documents that an account's view lists; none where nobody has registered it."""
    database = account_database(account)
    try:
        rows = list(views.rows_for_change(zone, database, design, "crossbar_listing", include_docs=True))
    except NotFound:
        return []
    return list({row["id"]: row["doc"] for row in rows if row.get("doc")}.values())


def _copies(zone: Zone, database: str, documents: Iterable[Document]) -> Iterator[Change]:
    """Yield the changes that make DATABASE hold these documents as they are."""
    wanted = {each["_id"]: body_of(each) for each in documents}
    stored = zone.couchdb.get_many(database, list(wanted)) if wanted else {}
    for name, document in wanted.items():
        before = stored.get(name)
        change = Change(database, document, before, partial(_unless_same, document))
        if before is not None and same(without_revision(before), document):
            change = replace(change, document=before, announced=("edited",))
        yield change


def _unless_same(made: Document, found: Document | None) -> Document:
    return found if found is not None and same(without_revision(found), made) else made

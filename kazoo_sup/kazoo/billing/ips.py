"""Dedicated IP addresses: kept in `dedicated_ips`, and copied into the database of the account that has one.

Source: Kazoo kz_ip, kz_ips. Better than there: deleting an address removes the account's copy, too, which would go on
being billed; and a copy that cannot be written or removed fails the command, which does the rest when given again.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from ipaddress import ip_address
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import Conflict
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import now, without_revision
from kazoo_sup.messages.names import account_database, account_id, plain
from kazoo_sup.results import BulkReport

if TYPE_CHECKING:
    from kazoo_sup.changes import Change
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

DATABASE = "dedicated_ips"
AVAILABLE, ASSIGNED = "available", "assigned"
BATCH = 500
_TYPE = "dedicated_ip"


class Refused(LookupError):
    """It cannot be done; the argument is Kazoo's word for why."""


def read(text: str) -> str:
    """Return an address as it was typed. Raises ValueError for what is not an IPv4 or IPv6 address."""
    ip_address(text)
    return text


def refresh(zone: Zone) -> BulkReport:
    """Create the database of addresses if it is missing, bring its views up to date, and write copies again.

    Returns what became of the copies.

    Of an address that is assigned the account's database gets its copy where that is missing or differs; Kazoo's own
    saving of one that is there fails without a word.
    """
    views.ensure_database(zone, DATABASE)
    views.refresh(zone, DATABASE)
    counts: Counter[str] = Counter()
    rows = views.rows(zone, DATABASE, "dedicated_ips", "assigned_to_listing", include_docs=True)
    assigned = (row["doc"] for row in rows if row.get("doc") and account_id(str(row["key"])))
    while batch := list(islice(assigned, BATCH)):
        wanted: dict[str, list[str]] = {}
        for each in batch:
            wanted.setdefault(_database(each), []).append(each["_id"])
        stored = zone.couchdb.get_from_many({plain(name): ids for name, ids in wanted.items()})
        edits = (_copy(each, stored[plain(_database(each))].get(each["_id"])) for each in batch)
        counts += changes.apply(zone, edits, label="writing copies").counts
    return BulkReport(counts)


def add(zone: Zone, address: str, place: str, host: str) -> None:
    """Add an available address at a host of a zone (PLACE); raises Refused: conflict, where it is there already."""
    time_now = now()
    document = {
        "_id": address,
        "pvt_vsn": "1",
        "pvt_status": AVAILABLE,
        "pvt_type": _TYPE,
        "pvt_zone": place,
        "pvt_host": host,
        "pvt_modified": time_now,
        "pvt_created": time_now,
    }
    views.ensure_database(zone, DATABASE)
    made = changes.create(zone, DATABASE, document, unless_there=True)
    made.check()
    if made.counts["unchanged"]:
        raise Refused("conflict")


def assign(zone: Zone, address: str, account: str) -> None:
    """Assign an available address to an account (an id); raises Refused: not_found, already_assigned.

    Where it is assigned to that very account but the copy there is missing, the copy is written.
    """
    stored = _read(zone, address)
    copy = zone.couchdb.get(plain(account_database(account)), address)
    if stored.get("pvt_status") != AVAILABLE and (copy is not None or stored.get("pvt_assigned_to") != account):
        raise Refused("already_assigned")
    try:
        saved = changes.apply(zone, [changes.edit(DATABASE, stored, partial(_assigned, account))]).document
    except Conflict:
        raise Refused("already_assigned") from None
    changes.apply(zone, [_copy(saved, copy)]).check()


def release(zone: Zone, address: str) -> None:
    """Take an address back from its account. Raises Refused: not_found.

    The account's copy goes first, so that the same command completes what a failing server left half done.
    """
    stored = _read(zone, address)
    _remove_copy(zone, stored)
    changes.apply(zone, [changes.edit(DATABASE, stored, _released)]).check()


def delete(zone: Zone, address: str) -> None:
    """Delete an address, and the copy of an account that has it. Raises Refused: not_found."""
    stored = _read(zone, address)
    _remove_copy(zone, stored)
    changes.delete(zone, DATABASE, stored, whatever=True).check()


def listed(zone: Zone, host: str | None) -> list[Document]:
    """Return all addresses, or those at one host, each with ip, status, zone, host and assigned_to (an account)."""
    query: Document = {} if host is None else {"key": host}
    return [views.object_of(row) for row in views.rows(zone, DATABASE, "dedicated_ips", "summary_listing", **query)]


def _read(zone: Zone, address: str) -> Document:
    stored = zone.couchdb.get(DATABASE, address)
    if stored is None or stored.get("pvt_type") != _TYPE:
        raise Refused("not_found")
    return stored


def _assigned(account: str, stored: Document) -> Document:
    if stored.get("pvt_assigned_to") == account:
        return stored
    if stored.get("pvt_status") != AVAILABLE:
        raise Conflict(database=DATABASE, id=stored["_id"], reason="somebody else has taken it")
    return {**stored, "pvt_assigned_to": account, "pvt_modified": now(), "pvt_status": ASSIGNED}


def _released(stored: Document) -> Document:
    kept = {key: each for key, each in stored.items() if key != "pvt_assigned_to"}
    return {**kept, "pvt_status": AVAILABLE, "pvt_modified": now()}


def _copy(address: Document, stored: Document | None) -> Change:
    """Return the change that makes the copy in the account's database just like the address itself."""
    wanted = without_revision(address)

    def again(found: Document | None) -> Document:
        return wanted if found is None else {"_id": wanted["_id"], "_rev": found["_rev"], **wanted}

    return changes.rebuild(_database(address), stored, again)


def _remove_copy(zone: Zone, address: Document) -> None:
    if account_id(str(address.get("pvt_assigned_to"))) is None:
        return
    database = _database(address)
    copy = zone.couchdb.get(plain(database), address["_id"])
    if copy is not None:
        changes.delete(zone, database, copy, whatever=True).check()


def _database(address: Document) -> str:
    return account_database(str(account_id(address["pvt_assigned_to"])))

"""Bringing stored port requests into their present form.

Source: Kazoo knm_port_request:migrate/0, kzd_port_requests:find_port_authority/1.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report
from kazoo_sup.errors import NotFound, SupError
from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import shapes, value_at
from kazoo_sup.kazoo.documents.shapes import TEXT
from kazoo_sup.messages.names import account_database, account_id, plain
from kazoo_sup.results import BulkReport, Event
from kazoo_sup.types import Document, Json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kazoo_sup.zone import Zone

DATABASE = "port_requests"
PAGE = 50
_ACCOUNT = "pvt_account_id"


class PortWithoutAccount(SupError):
    """{database}/{id} is of account {account}, which does not exist"""

    database: str
    id: str
    account: str


def active(zone: Zone, numbers: Sequence[str]) -> dict[str, Document]:
    """Return, by number, the port request that is bringing it here (Kazoo knm_port_request:get/1)."""
    try:
        rows = list(views.rows(zone, DATABASE, "port_requests", "port_in_numbers", keys=numbers, include_docs=True))
    except NotFound:
        return {}
    return {row["key"]: row["doc"] for row in rows if row.get("doc")}


@dataclass(frozen=True, slots=True)
class MigrationBegun:
    """Port requests are brought into their present form, where they need it."""


@dataclass(frozen=True, slots=True)
class PageAsked:
    """The next port requests, `size` at most, are read from `key` on; the first have none."""

    size: int
    key: Json


@dataclass(frozen=True, slots=True)
class PageMigrated:
    """So many port requests of a page were migrated."""

    requests: int


@dataclass(frozen=True, slots=True)
class MigrationEnded:
    """All port requests have been looked at."""


def migrate(zone: Zone) -> Iterator[Event]:
    """Migrate every port request that needs it, a page at a time; the last event is a report of them.

    Kazoo crashes on a request whose account is gone; it is reported here.
    """
    yield MigrationBegun()
    rows = views.rows(zone, DATABASE, "port_requests", "listing_by_state", include_docs=True)
    page, key, counts = list(islice(rows, PAGE)), None, Counter[str]()
    while True:
        yield PageAsked(PAGE, key)
        edits, gone = _edits(zone, [row["doc"] for row in page if row.get("doc")])
        done = changes.apply(zone, edits).counts
        counts += done + Counter(failed=gone)
        yield PageMigrated(done["edited"])
        page = list(islice(rows, PAGE))
        if not page:
            break
        key = page[0]["key"]
    yield MigrationEnded()
    yield BulkReport(counts, of="port requests")


def _edits(zone: Zone, documents: Sequence[Document]) -> tuple[list[Change], int]:
    """Return the changes of one page, and how many requests are reported since their account does not exist."""
    edits: list[Change] = []
    for stored in documents:
        try:
            edits.append(Change(DATABASE, migrated(zone, stored), stored, partial(_again, zone)))
        except PortWithoutAccount as error:
            zone.run.report(Report(DATABASE, stored["_id"], "failed", error=error))
    return edits, len(documents) - len(edits)


def _again(zone: Zone, stored: Document | None) -> Document:
    return migrated(zone, stored) if stored else {}


def migrated(zone: Zone, request: Document) -> Document:
    """Return a port request with its account's tree and name and its port authority, and with private comments.

    The very document is returned when it has all that. Raises PortWithoutAccount when it has no tree and its account is
    gone.
    """
    account, added = str(request.get(_ACCOUNT)), Document()
    own = None if request.get("pvt_tree") is not None and request.get("pvt_account_name") else definition(zone, account)
    if request.get("pvt_tree") is None:
        if own is None:
            raise PortWithoutAccount(database=DATABASE, id=request["_id"], account=account)
        added["pvt_tree"] = own.get("pvt_tree", [])
    if not (request.get("pvt_port_authority") and request.get("pvt_port_authority_name")):
        authority = port_authority(zone, account)
        name = authority and value_at(definition(zone, authority) or {}, ["name"])
        if name:
            added |= {"pvt_port_authority": authority, "pvt_port_authority_name": name}
    if not request.get("pvt_account_name") and value_at(own or {}, ["name"]):
        added["pvt_account_name"] = (own or {})["name"]
    comments = request.get("comments")
    if isinstance(comments, list) and any("superduper_comment" in each for each in comments if isinstance(each, dict)):
        added["comments"] = [_comment(each) for each in comments]
    return {**request, **added} if added else request


def port_authority(zone: Zone, account: str) -> str | None:
    """Return the account that handles an account's port requests; None when no master account is known.

    The nearest ancestor, up to the first reseller, whose whitelabel names another account for it; else the master
    account.
    """
    master = system_config.read(zone, "accounts", "master_account_id", "", TEXT)
    if not master:
        return None
    asked: set[str] = set()
    current = account
    while current != master and current not in asked:
        asked.add(current)
        named = value_at(zone.couchdb.get(plain(account_database(current)), "whitelabel") or {}, ["port", "authority"])
        found = account_id(named) if isinstance(named, str) else None
        if found and not (current == found == account):
            return found
        tree = shapes.ancestors_of(definition(zone, current) or {})
        current = master if services.is_reseller(zone, current) or not tree else tree[-1]
    return master


def _comment(comment: object) -> Json:
    if not isinstance(comment, dict) or "superduper_comment" not in comment:
        return comment
    kept = {key: value for key, value in comment.items() if key != "superduper_comment"}
    return {**kept, "is_private": comment["superduper_comment"]}

"""Bringing services documents in line with what accounts have: users, devices, numbers and the like, counted.

Source: Kazoo kz_services:reconcile/1, commit/1, create/2; kz_services_quantities. The quantities of an account come
from its view services/quantify and from its port requests, those of its descendants from the services documents.
Not done here: Kazoo tells a changed account's bookkeeper and reseller where service plans apply.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup import changes
from kazoo_sup.changes import Change, same
from kazoo_sup.errors import ExitCode, NotFound, SupError
from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import public_fields, shapes, stamped, value_at, with_value
from kazoo_sup.kazoo.numbers import port_requests
from kazoo_sup.messages.names import account_database

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from typing import Unpack

    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.types import Document, Fields
    from kazoo_sup.zone import Zone

Quantities = dict[str, dict[str, int]]
Counted = tuple[list[object], int]

ALL_USERS, ADMIN_USERS = -1, -2
"""Quantities that stand for the number of the account's users, or of its admins."""


class NotCounted(SupError):
    """the services of account {account} were not counted: {reason}"""

    exit_code = ExitCode.PARTIAL
    remedy = "when that is well again: sup kazoo_services_maintenance reconcile {account}"

    account: str
    reason: str


@dataclass(frozen=True, slots=True)
class QuantitiesUnread:
    """What is counted in this (encoded) database could not be read: it has no such view, or is not there."""

    database: str


@dataclass(frozen=True, slots=True)
class PortQuantitiesUnread:
    """The port requests of an account (an id) could not be counted: their database or its view is not there."""

    account: str


Unread = QuantitiesUnread | PortQuantitiesUnread


@dataclass(frozen=True, slots=True)
class Count:
    """What was counted, None where it cannot be, and what could not be read for it."""

    quantities: Quantities | None
    unread: tuple[Unread, ...] = ()

    def over(self, other: Count) -> Count:
        """Lay this over another, category by category."""
        if self.quantities is None or other.quantities is None:
            return Count(None, (*other.unread, *self.unread))
        return Count(merged(other.quantities, self.quantities), (*other.unread, *self.unread))


class Correction(NamedTuple):
    """A quantity that is another now: part, category and item, None for `before` where it was not counted."""

    part: str
    category: str
    item: str
    before: object
    now: object


@dataclass(frozen=True, slots=True)
class QuantitiesCorrected:
    """The services document of an account (an id) was saved; the quantities that are others now."""

    account: str
    corrections: tuple[Correction, ...]


def reconcile(zone: Zone, account: str) -> Iterator[Unread]:
    """Recount what an account (an id) has; when that changes its services document, its ancestors' as well.

    Yields what could not be read. Raises NotFound for an account that has neither a services document nor a definition,
    and what keeps a document from being saved. The ancestors of a run that was cut off are counted with the next change
    below them, as in Kazoo.
    """
    changed = yield from recount(zone, account, count(zone, account))
    if changed is None:
        return
    tree = shapes.ancestors_of(changed[1])
    if system_config.get(zone, "services", "cascade_commits_to_master_account", default=True) in (False, "false"):
        tree = tree[1:]
    for ancestor in tree:
        yield from recount(zone, ancestor, count(zone, ancestor))


def reconcile_each(zone: Zone, accounts: Iterable[str], *, known: bool = False) -> list[SupError]:
    """Recount what these accounts (ids) have; return what kept some from being counted, NotCounted.

    A view that is not there is told, as is an account without a services document or a definition; with KNOWN such
    accounts are passed over.
    """
    failed: list[SupError] = []
    for account in sorted(accounts):
        try:
            if known and zone.couchdb.get(services.DATABASE, account) is None:
                continue
            for unread in reconcile(zone, account):
                where = unread.database if isinstance(unread, QuantitiesUnread) else port_requests.DATABASE
                zone.run.warn(f"what account {account} has was not counted: {where} or its view is not there")
        except SupError as error:
            uncounted = NotCounted(account=account, reason=str(error))
            if not isinstance(error, NotFound):
                failed.append(uncounted)
            elif not known:
                zone.run.warn(str(uncounted))
    return failed


def count(zone: Zone, account: str) -> Count:
    """Count what an account (an id) itself has; nothing is saved."""
    found = _counted(zone, account_database(account), ("services", "quantify"))
    return found if found.quantities is None else _ports(zone, account, "account_quantities").over(found)


def count_below(zone: Zone, account: str) -> Count:
    """Count what the accounts below one (an id) have, by their services documents."""
    found = _counted(zone, services.DATABASE, ("services", "cascade_quantities"), start=[account], end=[account, {}])
    return found if found.quantities is None else _ports(zone, account, "cascade_quantities").over(found)


def correct(zone: Zone, account: str, own: Count) -> Iterator[Unread | QuantitiesCorrected]:
    """Save the services document of one account, an id, if its quantities changed; those of its ancestors stay.

    OWN is what the account itself has. Source: Kazoo kazoo_services_maintenance:reconcile/1.
    """
    changed = yield from recount(zone, account, own)
    if changed is not None:
        yield QuantitiesCorrected(account, tuple(_corrections(*changed)))


def recount(zone: Zone, account: str, own: Count) -> Generator[Unread, None, tuple[Document, Document] | None]:
    """Save one account's services document if its quantities changed; return how it was and is then, else None.

    Yields and raises what `reconcile` does. Where quantities cannot be counted it stays; Kazoo counts nothing then, and
    stores that.
    """
    yield from own.unread
    below = count_below(zone, account)
    yield from below.unread
    if own.quantities is None or below.quantities is None:
        return None
    return _save(zone, account, own.quantities, below.quantities)


def _save(zone: Zone, account: str, own: Quantities, below: Quantities) -> tuple[Document, Document] | None:
    def updated(found: Document | None) -> Document:
        changed = with_quantities(new(zone, account) if found is None else found, own, below)
        return found if found and same(public_fields(changed), public_fields(found)) else changed

    stored = zone.couchdb.get(services.DATABASE, account)
    document = updated(stored)
    if document is stored:
        return None
    if document.get("plans"):
        zone.run.warn(f"account {account} has service plans: a node must tell its bookkeeper of the new quantities")
    saved = changes.apply(zone, [Change(services.DATABASE, document, stored, updated)]).document
    return stored or {}, saved or document


def _corrections(before: Document, document: Document) -> Iterator[Correction]:
    was = dict(_each(before))
    for path, now in _each(document):
        if was.get(path) != now:
            yield Correction(*path, was.get(path), now)


def _each(document: Document) -> Iterator[tuple[tuple[str, str, str], object]]:
    """Yield the quantities of a services document in the order in which Kazoo tells them."""
    for part in ("manual", "account", "cascade"):
        for category, items in _backwards(value_at(document, ["quantities", part])):
            for item, quantity in _backwards(items):
                yield (part, category, item), quantity


def _backwards(found: object) -> list[tuple[str, object]]:
    return sorted(found.items(), key=itemgetter(0), reverse=True) if isinstance(found, dict) else []


def new(zone: Zone, account: str) -> Document:
    """Return the services document of an account that has none. Raises NotFound when there is no such account.

    Source: Kazoo kz_services:create/2.
    """
    found = definition(zone, account)
    if found is None:
        raise NotFound(server="CouchDB", what=f"definition of account {account}")
    private = stamped({}, account_database(account), node=zone.node, document_type="service", account=account)
    return {
        "_id": account,
        "pvt_vsn": 2,
        **private,
        "pvt_status": "good_standing",
        "pvt_reseller_id": services.reseller_id(zone, account),
        "pvt_tree": value_at(found, ["pvt_tree"], []),
        "quantities": {"account": {}, "cascade": {}},
    }


def edit(zone: Zone, account: str, values: Fields) -> Change:
    """Return the change that sets top-level VALUES of the services document of an account; one that is missing is made.

    Raises NotFound for an account that has neither a services document nor a definition.
    """

    def again(stored: Document | None) -> Document:
        return {**(new(zone, account) if stored is None else stored), **values}

    stored = zone.couchdb.get(services.DATABASE, account)
    return changes.rebuild(services.DATABASE, stored, again)


def with_quantities(document: Document, own: Quantities, cascade: Quantities) -> Document:
    """Return a services document with these quantities; those given by hand stay."""
    by_hand = value_at(document, ["quantities", "manual"], {})
    for path, quantities in (("cascade", cascade), ("account", own), ("manual", by_hand)):
        document = with_value(document, ["quantities", path], quantities)
    return document


def tree_of(counted: Iterable[Counted]) -> Quantities:
    """Return rows of keys `[…, category, item]` and counts as quantities.

    A negative count stands for the users there are (`ALL_USERS`, `ADMIN_USERS`). Nothing is kept of what counts 0.
    Raises Misshapen where a document has had something counted that is not a number: what is billed is not guessed.
    Source: Kazoo kz_services_quantities:fetch_to_json/1.
    """
    rows = [_row(key[-2:], count) for key, count in counted if len(key) > 1]
    plain = {tuple(key): count for key, count in rows}
    admins = plain.get(("users", "admin"), 0)
    stand_ins = {ADMIN_USERS: admins, ALL_USERS: admins + plain.get(("users", "user"), 0)}
    found: Quantities = {}
    for (category, item), count in rows:
        quantity = stand_ins.get(count, 0) if count < 0 else count
        if quantity:
            found.setdefault(category, {})[item] = quantity
    return found


def _row(key: Iterable[object], count: object) -> tuple[list[str], int]:
    names = [_text(each) for each in key]
    return names, shapes.shaped("what is counted", ".".join(names), count, shapes.INTEGER)


def merged(one: Mapping[str, Mapping[str, int]], other: Mapping[str, Mapping[str, int]]) -> Quantities:
    """Lay quantities over others, category by category."""
    return {name: {**one.get(name, {}), **other.get(name, {})} for name in dict.fromkeys((*one, *other))}


def _counted(zone: Zone, database: str, view: tuple[str, str], **query: Unpack[ViewQuery]) -> Count:
    asked: ViewQuery = {**query, "group": True}
    try:
        rows = list(views.rows_for_change(zone, database, *view, **asked))
    except NotFound:
        return Count(None, (QuantitiesUnread(database),))
    return Count(tree_of((row["key"], row["value"]) for row in rows if isinstance(row["key"], list)))


def _ports(zone: Zone, account: str, view: str) -> Count:
    start, end = [account], [account, {}]
    try:
        rows = list(
            views.rows_for_change(zone, port_requests.DATABASE, "port_services", view, start=start, end=end, group=True)
        )
    except NotFound:
        return Count({}, (PortQuantitiesUnread(account),))
    keyed = [row for row in rows if isinstance(row["key"], list) and len(row["key"]) > 1]
    return Count(tree_of((["port_request", row["key"][1]], row["value"]) for row in keyed))


def _text(key: object) -> str:
    return key if isinstance(key, str) else "null"

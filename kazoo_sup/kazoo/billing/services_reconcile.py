"""Bringing services documents in line with what accounts have: users, devices, numbers and the like, counted.

Source: Kazoo kz_services:reconcile/1, commit/1, create/2; kz_services_quantities. The quantities of an account come
from its view services/quantify and from its port requests, those of its descendants from the services documents.
Not done here: Kazoo tells a changed account's bookkeeper and reseller where service plans apply.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.changes import Change, Document, same
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import system_config, views
from kazoo_sup.kazoo.accounts import definition
from kazoo_sup.kazoo.billing import services
from kazoo_sup.kazoo.documents import public_fields, stamped, value_at, with_value
from kazoo_sup.names import account_database
from kazoo_sup.terms import UNDEFINED

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

Quantities = dict[str, dict[str, int]]
Counted = tuple[list[Any], int]

PORT_REQUESTS = "port_requests"
ALL_USERS, ADMIN_USERS = -1, -2
"""Quantities that stand for the number of the account's users, or of its admins."""


def reconcile(zone: Zone, account: str) -> Iterator[str]:
    """Count anew what an account (an id) has; when that changes its services document, its ancestors' as well.

    Yields what Kazoo prints: a view that could not be read. Raises NotFound for an account that has neither a services
    document nor a definition, and what keeps a document from being saved. The ancestors of a run that was cut off are
    counted with the next change below them, as in Kazoo.
    """
    changed = yield from recount(zone, account)
    if changed is None:
        return
    tree = [each for each in value_at(changed[1], ["pvt_tree"], []) if isinstance(each, str)]
    if system_config.get(zone, "services", "cascade_commits_to_master_account", default=True) in (False, "false"):
        tree = tree[1:]
    for ancestor in tree:
        yield from recount(zone, ancestor)


@dataclass(frozen=True, slots=True)
class Own:
    """What an account itself has, None where that cannot be counted, and what Kazoo prints of counting it."""

    quantities: Quantities | None
    lines: tuple[str, ...]


def count(zone: Zone, account: str) -> Own:
    """Count what an account (an id) itself has; nothing is saved."""
    lines: list[str] = []

    def counting() -> Generator[str, None, Quantities | None]:
        own = yield from _counted(zone, account_database(account), ("services", "quantify"))
        return None if own is None else merged(own, (yield from _ports(zone, account, "account_quantities")))

    found = _all_of(counting(), lines)
    return Own(found, tuple(lines))


def correct(zone: Zone, account: str, own: Own) -> Iterator[str]:
    """Save the services document of one account, an id, if its quantities changed; those of its ancestors stay.

    Yields what Kazoo prints of it. Source: Kazoo kazoo_services_maintenance:reconcile/1.
    """
    yield from own.lines
    saved = yield from _saved(zone, account, own)
    if saved is None:
        return
    before, document = saved
    yield "    quantity discrepancy corrected!"
    for part in ("manual", "account", "cascade"):
        quantities = value_at(document, ["quantities", part], {})
        for category in sorted(quantities, reverse=True):
            for item in sorted(quantities[category], reverse=True):
                now = quantities[category][item]
                then = value_at(before, ["quantities", part, category, item], UNDEFINED)
                if now != then:
                    yield f"      updated {part}.{category}.{item} from {then} to {now}"


def recount(zone: Zone, account: str) -> Generator[str, None, tuple[Document, Document] | None]:
    """Save one account's services document if its quantities changed; return how it was and is then, else None.

    Yields and raises what `reconcile` does, and raises what kept the document from being saved. Where quantities cannot
    be counted it stays; Kazoo counts nothing then, and stores that.
    """
    own = count(zone, account)
    yield from own.lines
    return (yield from _saved(zone, account, own))


def counted(zone: Zone, account: str) -> Generator[str, None, tuple[Quantities, Quantities] | None]:
    """Count what an account has, and what those below it have; None where that cannot be done, which is told."""
    own = count(zone, account)
    yield from own.lines
    below = yield from _below(zone, account)
    return None if own.quantities is None or below is None else (own.quantities, below)


def _all_of(work: Generator[str, None, Quantities | None], lines: list[str]) -> Quantities | None:
    while True:
        try:
            lines.append(next(work))
        except StopIteration as ending:
            found: Quantities | None = ending.value
            return found


def _below(zone: Zone, account: str) -> Generator[str, None, Quantities | None]:
    query = {"start": [account], "end": [account, {}]}
    below = yield from _counted(zone, services.DATABASE, ("services", "cascade_quantities"), **query)
    return None if below is None else merged(below, (yield from _ports(zone, account, "cascade_quantities")))


def _saved(zone: Zone, account: str, counted: Own) -> Generator[str, None, tuple[Document, Document] | None]:
    below = yield from _below(zone, account)
    own = counted.quantities
    if own is None or below is None:
        return None

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


def edit(zone: Zone, account: str, values: Mapping[str, Any]) -> Change:
    """Return the change that sets top-level VALUES of the services document of an account; one that is missing is made.

    Raises NotFound for an account that has neither a services document nor a definition.
    """

    def again(stored: Document | None) -> Document:
        return {**(new(zone, account) if stored is None else stored), **values}

    stored = zone.couchdb.get(services.DATABASE, account)
    return Change(services.DATABASE, again(stored), stored, again)


def with_quantities(document: Document, own: Quantities, cascade: Quantities) -> Document:
    """Return a services document with these quantities; those given by hand stay."""
    by_hand = value_at(document, ["quantities", "manual"], {})
    for path, quantities in (("cascade", cascade), ("account", own), ("manual", by_hand)):
        document = with_value(document, ["quantities", path], quantities)
    return document


def tree_of(counted: Iterable[Counted]) -> Quantities:
    """Return rows of keys `[…, category, item]` and counts as quantities.

    A negative count stands for the users there are (`ALL_USERS`, `ADMIN_USERS`). Nothing is kept of what counts 0.
    Source: Kazoo kz_services_quantities:fetch_to_json/1.
    """
    rows = [([_text(each) for each in key[-2:]], count) for key, count in counted if len(key) > 1]
    plain = {tuple(key): count for key, count in rows}
    admins = plain.get(("users", "admin"), 0)
    stand_ins = {ADMIN_USERS: admins, ALL_USERS: admins + plain.get(("users", "user"), 0)}
    found: Quantities = {}
    for (category, item), count in rows:
        quantity = stand_ins.get(count, 0) if count < 0 else count
        if quantity:
            found.setdefault(category, {})[item] = quantity
    return found


def merged(one: Mapping[str, Mapping[str, int]], other: Mapping[str, Mapping[str, int]]) -> Quantities:
    """Lay quantities over others, category by category."""
    return {name: {**one.get(name, {}), **other.get(name, {})} for name in dict.fromkeys((*one, *other))}


def _counted(zone: Zone, database: str, view: tuple[str, str], **query: Any) -> Generator[str, None, Quantities | None]:
    try:
        rows = list(views.rows(zone, database, *view, group=True, **query))
    except NotFound:
        yield f"failed to query account quantities: {database} with error: not_found"
        return None
    return tree_of((row["key"], row["value"]) for row in rows if isinstance(row["key"], list))


def _ports(zone: Zone, account: str, view: str) -> Generator[str, None, Quantities]:
    query = {"start": [account], "end": [account, {}], "group": True}
    try:
        rows = list(views.rows(zone, PORT_REQUESTS, "port_services", view, **query))
    except NotFound:
        yield f"failed to query port quantities account: {account} with error: not_found"
        return {}
    return tree_of((["port_request", row["key"][1]], row["value"]) for row in rows)


def _text(key: Any) -> str:
    return key if isinstance(key, str) else "null"

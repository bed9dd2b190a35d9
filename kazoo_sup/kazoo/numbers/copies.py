"""Copying numbers between the number databases and the accounts' databases.

From a number database into the account: the copy is made just like its original. From an account into the number
database: only what is missing there; a number that is there stays as it is, and one that differs is reported.

Source: Kazoo kazoo_number_manager_maintenance:copy_*. There both directions save without looking and so meet each
document that exists as a conflict, which is why every copy is announced as created and, on the second try, as edited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup import changes
from kazoo_sup.changes import Change, same
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import ends_all
from kazoo_sup.kazoo.databases.walk import Databases, listed
from kazoo_sup.kazoo.documents import body_of
from kazoo_sup.kazoo.numbers import number_databases
from kazoo_sup.kazoo.numbers.repair import CONFLICT, Repair, Unmended
from kazoo_sup.kazoo.numbers.repair_events import (
    CopyingBegun,
    DatabaseSaved,
    Grouped,
    NothingToSave,
    Saved,
    SavingBegun,
)
from kazoo_sup.messages.names import account_database, account_id, classification, number_database, plain
from kazoo_sup.terms import Atom

if TYPE_CHECKING:
    from kazoo_sup.kazoo.accounts import NamedAccount
    from kazoo_sup.results import Event
    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.types import Document, Fields, ViewRow
    from kazoo_sup.zone import Zone

Groups = Mapping[str, list[str]]
NOWHERE = "undefined"
"""The database of a number that is assigned to nobody, in Kazoo's words."""

ASSIGNED = ("numbers", "assigned_to")
INVALID, MISSING, CREATED, FAILED = "invalid", "missing", "created", "failed"
"""What stands in the way of a copy: no such database can be, there is none, it had to be made, it does not answer."""

_NO_DATABASE = "there is no such database"


def to_number_databases(repair: Repair, accounts: Databases) -> Iterator[Event]:
    """Copy every number of the accounts with these databases into its number database."""
    yield CopyingBegun("account", accounts.total())

    def step(account: str) -> Iterator[Event]:
        into = partial(_into_number_databases, repair, account)
        listing = ("numbers", "list_by_number")
        return repair.pages(account, listing, lambda page: into([row["id"] for row in page]))

    yield from repair.over(accounts, step)


def to_accounts(repair: Repair, databases: Databases) -> Iterator[Event]:
    """Copy every assigned number of these number databases into its account's."""
    yield CopyingBegun("number", databases.total())
    yield from repair.over(databases, partial(one_to_accounts, repair))


def to_account(repair: Repair, account: NamedAccount) -> Iterator[Event]:
    """Copy the numbers that are assigned to an account into it, out of every number database."""
    databases = number_databases.every(repair.zone)
    yield CopyingBegun("number", databases.count(), account=account.said)
    yield from repair.over(databases, lambda database: one_to_accounts(repair, database, account.id))


def one_to_accounts(repair: Repair, database: str, only: str | None = None) -> Iterator[Event]:
    """Copy the assigned numbers of one number database into their accounts, or of the account ONLY (an id)."""
    query: ViewQuery = {} if only is None else {"start": [only], "end": [only, {}]}

    def step(page: list[ViewRow]) -> Iterator[Event]:
        return _into_accounts(repair, database, {row["id"]: views.key_of(row, 1)[0] for row in page})

    return repair.pages(database, ASSIGNED, step, **query)


def some_to_accounts(repair: Repair, numbers: Sequence[str]) -> Iterator[Event]:
    """Copy NUMBERS out of their number databases into the accounts that they are assigned to."""
    databases = by_database(numbers)
    yield CopyingBegun("number", len(databases), len(numbers))

    def step(database: str) -> Iterator[Event]:
        found = yield from repair.open(database, databases[database])
        yield from _into_accounts(repair, database, {each["_id"]: each.get("pvt_assigned_to") for each in found})

    yield from repair.over(listed(list(databases)), step)


def some_to_number_databases(repair: Repair, account: NamedAccount, numbers: Sequence[str]) -> Iterator[Event]:
    """Copy NUMBERS of an account into their number databases.

    Kazoo looks for them in a database by the account's bare id, which is never there.
    """
    yield CopyingBegun("account", None, len(numbers))

    def step(database: str) -> Iterator[Event]:
        found = yield from repair.open(database, numbers)
        yield from _into_number_databases(repair, database, [each["_id"] for each in found])

    yield from repair.over(listed([account.database]), step)


def one_to_account(zone: Zone, number: str, account: str) -> tuple[object, ...]:
    """Copy a number into an account (an id), whoever it is assigned to; return Kazoo's answer.

    Source: Kazoo kazoo_number_manager_maintenance:copy_single_number_to_account_db/2.
    """
    source, target = str(number_database(number)), account_database(account)
    stored = zone.couchdb.get(plain(target), number)
    original = zone.couchdb.get(plain(source), number)
    if original is None:
        return Atom("error"), f"can read number '{number}' from '{source}': not_found"
    if stored is None and not zone.couchdb.exists(plain(target)):
        return Atom("error"), f"can save number '{number}' to account db: not_found"
    body = body_of(original)
    tally = changes.apply(zone, [_over_change(target, body, stored, partial(_over, body))])
    if tally.errors:
        return Atom("error"), f"can save number '{number}' to account db: {tally.errors[0]}"
    return Atom("ok"), number


def by_database(numbers: Iterable[str]) -> dict[str, list[str]]:
    """Group numbers by their number database."""
    groups: dict[str, list[str]] = {}
    for number in dict.fromkeys(numbers):
        groups.setdefault(number_database(number) or NOWHERE, []).append(number)
    return groups


def by_account(assigned: Fields) -> dict[str, list[str]]:
    """Group numbers by the database of the account that each is assigned to."""
    groups: dict[str, list[str]] = {}
    for number, account in assigned.items():
        groups.setdefault(database_of(account), []).append(number)
    return groups


def database_of(account: object) -> str:
    """Return the database of an account's id as a number's document holds it, or what Kazoo makes of anything else."""
    found = account_id(account) if isinstance(account, str) else None
    return account_database(found) if found else str(account or NOWHERE)


class _Target(NamedTuple):
    """A database that is copied into: the numbers that shall be there and those that are."""

    name: str
    wanted: list[str]
    stored: dict[str, Document]
    obstacle: str = ""
    error: SupError | None = None


def _into_accounts(repair: Repair, source: str, assigned: Fields) -> Iterator[Event]:
    yield Grouped("account", len(assigned), to_copy=True)
    yield from _copied(repair, source, by_account(assigned), _account_of, overwrite=True)


def _into_number_databases(repair: Repair, source: str, numbers: Sequence[str]) -> Iterator[Event]:
    yield Grouped("number", len(numbers), to_copy=True)
    yield from _copied(repair, source, by_database(numbers), _number_database_of, overwrite=False)


def _account_of(document: Document) -> str:
    return database_of(document.get("pvt_assigned_to"))


def _number_database_of(document: Document) -> str:
    return number_database(document["_id"]) or NOWHERE


def _copied(
    repair: Repair, source: str, groups: Groups, place: Callable[[Document], str], *, overwrite: bool
) -> Iterator[Event]:
    """Copy one page of numbers, then yield what became of them database by database."""
    if not groups:
        yield NothingToSave()
        return
    yield SavingBegun(len(groups))
    # Targets are read before the originals: so what is based on a target's revision is never older than it.
    targets = [_target(repair, name, groups[name]) for name in sorted(groups)]
    ids = [each for target in targets if target.obstacle in ("", CREATED) for each in target.wanted]
    originals = repair.zone.couchdb.get_many(plain(source), ids)
    edits = (
        _copy(repair.zone, source, target.name, originals[each], target.stored.get(each), place, overwrite=overwrite)
        for target in targets
        if target.obstacle in ("", CREATED)
        for each in target.wanted
        if each in originals and place(originals[each]) == target.name
    )
    refused = repair.save(edits)
    for left, target in zip(range(len(targets), 0, -1), targets, strict=True):
        saving = DatabaseSaved(target.name, left, len(targets), len(target.wanted))
        yield saving
        yield _note(repair, target, saving, len(refused.get(target.name, ())), overwrite=overwrite)
        if not overwrite:
            _compare(repair, source, target, originals)


def _note(repair: Repair, target: _Target, saving: DatabaseSaved, failed: int, *, overwrite: bool) -> Saved:
    """Note what became of one database's numbers in the summary, and return it."""
    name, wanted = target.name, target.wanted
    unsaved = {INVALID: ("invalid_db_name", "it is assigned to no account"), MISSING: ("db_not_found", _NO_DATABASE)}
    if target.error is not None:
        unsaved[FAILED] = (target.error.identifier, str(target.error))
    if target.obstacle in unsaved:
        kind, reason = unsaved[target.obstacle]
        repair.fail_all(name, f"save_docs-{kind}", wanted, reason)
        error = None if target.error is None else str(target.error)
        return Saved(saving, obstacle=target.obstacle, error=error)
    repair.summary.touch(name, "save_docs-db_not_found" if target.obstacle == CREATED else None)
    met = len(target.stored)
    if met and not overwrite:
        repair.summary.fail(name, CONFLICT, sorted(target.stored))
    return Saved(saving, failed, met, overwrite, target.obstacle)


def _compare(repair: Repair, source: str, target: _Target, originals: Mapping[str, Document]) -> None:
    """Report the numbers that were left alone and differ from the account's copy."""
    for identifier, stored in target.stored.items():
        if identifier in originals and not same(body_of(stored), body_of(originals[identifier])):
            reason = f"it differs from the copy in {source} and was left alone"
            repair.fail(Unmended(database=target.name, id=identifier, reason=reason), target.name, identifier)


def _target(repair: Repair, name: str, wanted: list[str]) -> _Target:
    kind = classification(name)
    if kind not in ("account", "numbers"):
        return _Target(name, wanted, {}, INVALID)
    try:
        stored = repair.zone.couchdb.get_many(plain(name), wanted)
        if stored or repair.zone.couchdb.exists(plain(name)):
            return _Target(name, wanted, stored)
        if kind == "account":
            return _Target(name, wanted, {}, MISSING)
        views.ensure_database(repair.zone, name)
    except SupError as error:
        if ends_all(error):
            raise
        return _Target(name, wanted, {}, FAILED, error)
    return _Target(name, wanted, {}, CREATED)


def _copy(
    zone: Zone,
    source: str,
    target: str,
    original: Document,
    stored: Document | None,
    place: Callable[[Document], str],
    *,
    overwrite: bool,
) -> Change:
    if not overwrite:
        body = body_of(original)
        return Change(target, stored or body, stored, lambda found: found or body, ("created",) if stored else ())

    def again(found: Document | None) -> Document:
        """Copy again what somebody else saved in between; a number that has left for another database is left alone."""
        fresh = zone.couchdb.get(plain(source), original["_id"])
        if fresh is not None and place(fresh) == target:
            return _over(body_of(fresh), found)
        if found is None:
            raise Unmended(database=target, id=original["_id"], reason="the number has gone elsewhere meanwhile")
        return found

    return _over_change(target, body_of(original), stored, again, first=("created",))


def _over_change(
    target: str,
    body: Document,
    stored: Document | None,
    again: Callable[[Document | None], Document],
    first: tuple[str, ...] = (),
) -> Change:
    """Return the change that puts BODY over what is stored; where that is the same it is announced all the same."""
    document = _over(body, stored)
    announced = () if stored is None else (*first, "edited") if document is stored else first
    return Change(target, document, stored, again, announced)


def _over(body: Document, stored: Document | None) -> Document:
    """Return BODY, or the very document that is stored when it says the same."""
    return stored if stored is not None and same(body, body_of(stored)) else body

"""What Kazoo prints while it repairs numbers: copies them, corrects who uses them, removes what is others'.

Kazoo saves without looking and meets each document that exists as a conflict: so its second tries are told of here,
which the repairs of `kazoo.numbers.repair` do without.

Source: Kazoo kazoo_number_manager_maintenance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.numbers import repair_events as events
from kazoo_sup.kazoo.numbers.copies import CREATED, FAILED, INVALID, MISSING
from kazoo_sup.texts import services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kazoo_sup.kazoo.numbers.summary import Summary


def lines(stream: Iterable[object]) -> Iterator[str]:
    """Make Kazoo's lines of the events of a repair."""
    for event in stream:
        yield from services.of_counting([event])
        yield from _begun(event)


def _begun(event: object) -> Iterator[str]:
    match event:
        case events.CopyingBegun():
            yield f"::: start copying {_copying(event)}"
        case events.ApplicationsBegun():
            yield f"::: start fixing {_applications(event)}"
        case events.RemovalBegun(databases):
            yield f"::: start removing wrong assigned numbers from {databases} account dbs"
        case events.FixBegun(account, numbers):
            yield f":::: fixing {'' if numbers is None else f'{numbers} numbers in '}account {account}, or not"
        case events.DatabaseBegun(database, left, total):
            yield f"({left}/{total}) processing '{database}' database"
        case events.AccountBegun(account, left, total):
            yield f"==> ({left}/{total}) fixing numbers app usage for account {account}"
        case events.Summed(summary):
            yield from _summed(summary)
        case _:
            yield from _read(event)


def _copying(event: events.CopyingBegun) -> str:
    if event.account is not None:
        return f"assigned numbers doc from {event.databases} number dbs to account {event.account}"
    other = "number" if event.source == "account" else "account"
    counted = "" if event.numbers is None else f"{event.numbers} "
    return f"{counted}numbers doc from {_databases(event.source, event.databases)} to {other} dbs"


def _applications(event: events.ApplicationsBegun) -> str:
    counted = "" if event.numbers is None else f"{event.numbers} "
    within = "for" if event.numbers is None and event.accounts is None else "in"
    whose = "" if event.accounts is None else f" for {event.accounts} accounts"
    return f"{counted}numbers doc used_by field {within} {_databases(event.kept, event.databases)}{whose}"


def _databases(kept: events.DatabaseKind, count: int | None) -> str:
    return f"{kept} db" if count is None else f"{count} {kept} dbs"


def _summed(summary: Summary) -> Iterator[str]:
    if not summary.touched:
        yield "::: done successfully"
        yield ""
        return
    yield "::: done. see console log for error summary"
    yield from ("", "")
    yield from summary.as_json()


def _read(event: object) -> Iterator[str]:
    match event:
        case events.PageAsked(database, view, page):
            yield f"  -- loop {page}: getting results from {database} {view} (try: 1)"
        case events.PagesEnded(page):
            yield f"  -- loop {page}: no more results"
        case events.ViewMissing():
            yield "  -- failed to get results: not_found"
        case events.DocumentsAsked(database, documents):
            yield f"     opening {documents} documents from {database}"
        case events.DatabaseMissing():
            yield "       failed to open docs, skipping db: not_found"
        case events.WrongLookedFor(numbers):
            yield f"     {numbers} wrong assignments to remove"
        case events.Grouped(kept, numbers, to_copy):
            if to_copy:
                yield f"     delete revision from {numbers} documents"
            yield f"     grouping {numbers} docs by {'assigned_to' if kept == 'account' else 'number db'}"
        case _:
            yield from _usage(event)


def _usage(event: object) -> Iterator[str]:
    match event:
        case events.UsageChecked(count):
            yield f"     check apps usage for {count} numbers"
        case events.AccountUsageBegun(account, numbers):
            yield f"      getting app usage for {numbers} numbers in account {account}"
        case events.UsageAsked(account, application):
            yield f"         getting {application} numbers from {account}"
        case events.UsageUnread(_, application, reason):
            yield f"         failed to get {application} numbers ({reason}), skipping..."
        case events.SharedFound(numbers):
            yield f"numbers used by both trunkstore and callflow: {', '.join(numbers)}"
        case events.DocumentsCompared(count):
            yield f"     fix apps usage for {count} numbers"
        case events.WrongFound(documents):
            fixed = f"applying app usage fixes on {documents} numbers"
            yield f"     {fixed if documents else 'no numbers to fix apps usage'}"
        case _:
            yield from _saved(event)


def _saved(event: object) -> Iterator[str]:
    match event:
        case events.NothingToSave():
            yield "     nothing to save"
        case events.SavingBegun(databases, in_place):
            yield f"     start saving to {databases} {'db' if in_place else 'dbs'}"
        case events.DatabaseSaved():
            yield f"{_saving(event)} (try: 1)"
        case events.Saved(obstacle=obstacle, error=error) if obstacle in (INVALID, FAILED):
            yield f"         failed to save documents to db: {error or 'invalid_db_name'}"
        case events.Saved(obstacle=obstacle) if obstacle == MISSING:
            yield "         db not found"
        case events.Saved():
            yield from _told(event)


def _saving(event: events.DatabaseSaved) -> str:
    return f"       ({event.left}/{event.total}) saving {event.documents} documents to {event.database}"


def _told(event: events.Saved) -> Iterator[str]:
    name, met = event.of.database, event.met
    if event.obstacle == CREATED:
        yield f"         creating number db {name}"
        yield f"{_saving(event.of)} (try: 2)"
    counted = [f"[{what}: {count}]" for what, count in (("failed", event.failed), ("conflict", met)) if count]
    if counted:
        yield f"         {' '.join(counted)}"
    if met and event.overwrites:
        yield f"         trying to ensure save {met} conflicts"
        yield f"           fetching {met} revs from {name}"
        yield f"           saving {met} conflicts"

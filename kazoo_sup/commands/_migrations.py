"""Runs over a whole cluster: its migration, with those of its apps, each in the words of its module, and copies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from kazoo_sup.errors import BadArgument, SupError
from kazoo_sup.kazoo.accounts import ids as every_id
from kazoo_sup.kazoo.databases.every_account import Step, Work, accounts, followed
from kazoo_sup.kazoo.databases.failures import Steps
from kazoo_sup.kazoo.databases.walk import Databases
from kazoo_sup.kazoo.migrations import account_refresh, migration, system_migration
from kazoo_sup.kazoo.migrations.view_refresh import NoDatabase
from kazoo_sup.messages.names import account_id, encoded
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Event, Live, event_data
from kazoo_sup.terms import Atom
from kazoo_sup.texts import migrations
from kazoo_sup.zone import Zone

Tell = Callable[[Iterable[Any]], Iterable[object]]
_Run = tuple[Iterable[Event], Tell]


@dataclass(frozen=True, slots=True)
class _Part:
    """An event of one of several runs, and what makes lines of its events."""

    event: Event
    tell: Tell

    def as_data(self) -> object:
        return event_data(self.event)


def cluster(zone: Zone, *, pause: int, start: str, split: int | None = None, notice: bool = False) -> Live:
    """Return the migration of all; with NOTICE what is to be known of telemetry is told in the end."""

    def events() -> Iterator[Event]:
        steps = Steps()
        yield from _told(migrations.lines, steps.each(migration.cluster(zone, pause=pause, split=split, start=start)))
        yield from steps.each(_of_apps(_apps(zone)))
        if notice:
            yield _Part(system_migration.TelemetryAhead(system_migration.days_to_telemetry(zone)), migrations.lines)
        steps.end()

    return Live(events(), _lines, NO_RETURN)


def months(
    zone: Zone, chosen: migration.Months | None = None, *, pause: int, start: str, split: int | None = None
) -> Live:
    """Return the migration of accounts' months, of all or of those in a range; SPLIT and START as for `cluster`."""
    events = migration.months(zone, chosen, pause=pause, split=split, start=start)
    return Live(events, migrations.lines, NO_RETURN)


def months_between(start: int, end: int | None) -> migration.Months:
    """Return the months from START to END, each a year or a month. Raises BadArgument."""
    try:
        return migration.month_range(start, end)
    except ValueError as error:
        raise BadArgument(parameter="START END", reason=str(error)) from error


def positive(parameter: str, number: int) -> int:
    """Return a number that is 1 at least. Raises BadArgument for another."""
    if number < 1:
        raise BadArgument(parameter=parameter, reason=f"{number} is less than 1")
    return number


def refreshed(zone: Zone, database: str, *, index: bool) -> Answer | Done:
    """Bring the views of a database, by any of its names, up to date; the term is an error where it is not there."""
    try:
        events = account_refresh.one(zone, encoded(database), index=index)
    except NoDatabase:
        return Answer((Atom("error"), Atom("db_not_found")))
    return Done(lines=list(migrations.lines(events)))


def over(zone: Zone, databases: Databases, step: Step[Iterable[Event] | None], tell: Tell, label: str) -> Live:
    """Return what STEP does with each of these databases."""
    return Live(followed(Work(zone, databases, step, label=label)), tell)


def copied(zone: Zone, copy: Callable[[Zone, str], None], what: str, start: str | None) -> Live:
    """Return what COPY does for every account, an id, or from START on; WHAT is copied, in Kazoo's words."""

    def step(each: Zone, database: str) -> None:
        copy(each, account_id(database) or "")

    tell = partial(migrations.copies, what=what)
    return over(zone, accounts(zone, start), step, tell, f"copying {what.partition(' ')[0]}")


def of_release_4(zone: Zone) -> Live:
    """Return what voicemail and numbers migrate from Kazoo 3.22's form, one after the other."""
    from kazoo_sup.kazoo.numbers import migration as number_migration
    from kazoo_sup.kazoo.voicemail import voicemail_maintenance
    from kazoo_sup.texts import numbers, voicemail

    runs: list[_Run] = [(voicemail_maintenance.migrate_all(zone, None), voicemail.lines)]
    return Live(_of_apps([*runs, (number_migration.migrate(zone), numbers.lines)]), _lines, NO_RETURN)


def _apps(zone: Zone) -> Iterator[_Run]:
    """Yield what each app migrates of what is its own, as Kazoo's do while they run, and what makes lines of it."""
    from kazoo_sup.kazoo.faxes import fax_migration
    from kazoo_sup.kazoo.media import media_settings
    from kazoo_sup.kazoo.migrations import account_migrations
    from kazoo_sup.texts import crossbar, faxes, media

    yield media_settings.migrate(zone), media.settings
    yield account_migrations.migrate_with_modules(zone, every_id(zone)), crossbar.lines
    yield fax_migration.migrate_all(zone), faxes.lines


def _of_apps(runs: Iterable[_Run]) -> Iterator[Event]:
    steps = Steps()
    for events, tell in runs:
        yield from _told(tell, steps.each(events))
    steps.end()


def _told(tell: Tell, events: Iterable[Event]) -> Iterator[Event]:
    for event in events:
        yield event if isinstance(event, BulkReport | SupError) else _Part(event, tell)


def _lines(parts: Iterable[_Part]) -> Iterator[object]:
    for tell, run in groupby(parts, lambda part: part.tell):
        yield from tell(part.event for part in run)

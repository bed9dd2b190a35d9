"""Deeds to many numbers as commands ask for them: what the cells of a line say, and for whom."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import SupError, UsageError
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.billing import services_reconcile
from kazoo_sup.kazoo.carriers import UnknownCarrier
from kazoo_sup.kazoo.numbers import columns, configured, store
from kazoo_sup.results import BulkReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from kazoo_sup.kazoo.numbers.lifecycle import Deed, Request
    from kazoo_sup.kazoo.numbers.targets import Target, Targets
    from kazoo_sup.zone import Zone

IMPORTED_CARRIER = "knm_local"
"""The carrier module of imported numbers (Kazoo ?IMPORT_DEFAULTS_TO_CARRIER of kt_numbers)."""


MANY = 5_000
"""Above so many numbers that two words stand for, somebody at the terminal is asked."""

VERY_MANY = 100_000
"""Above so many it takes a yes in any case."""


class Contradictory(UsageError):
    """{reason}"""

    reason: str


class BadCell(SupError):
    """{reason}"""

    reason: str


def perform(
    zone: Zone,
    numbers: Targets,
    deed: Callable[[Target], Deed],
    label: str,
    *,
    acting_for: str | None = None,
    told: Callable[[Target, SupError | None], None] | None = None,
    gone_is_done: bool = False,
) -> BulkReport:
    """Do to every number what DEED returns for its line, on behalf of an account (an id) or of the system.

    GONE_IS_DONE is for deeds that delete, see `store.Outcome`.
    Then the services of their accounts are recounted, those of numbers that were as asked, too: the run before may have
    been cut off. What was not counted is among the report's errors.
    Source: Kazoo knm_numbers:update_services/1.
    """
    setting = configured.setting(zone, acting_for)
    touched: set[str] = set()
    with changes.together(zone):
        tally = store.perform(
            zone,
            numbers,
            deed,
            setting,
            total=numbers.total,
            label=label,
            outcome=store.Outcome(told, touched, gone_is_done),
        )
        uncounted = changes.if_made(zone, lambda: services_reconcile.reconcile_each(zone, touched), shown=list)
    return BulkReport(tally.counts, uncounted)


def ask_for_many(zone: Zone, quantity: int | None, deed: str) -> None:
    """Ask before DEED is done to so many numbers that a digit too many may have been typed.

    A script goes on unasked with what may be meant; what would take hours it has to be given --yes for. Raises
    Declined.
    """
    if quantity is not None and quantity > VERY_MANY:
        zone.run.confirm(deed)
    elif quantity is not None and quantity > MANY:
        zone.run.confirm_watched(deed)


def by_line(zone: Zone, numbers: Targets, base: Request, deed: Callable[[Request], Deed]) -> Callable[[Target], Deed]:
    """Return a function that makes a target's deed of BASE and what its line's cells say; it raises BadCell.

    A number may be there several times if its lines ask for the same. Raises Contradictory where they do not: which of
    them was meant nobody knows, and the last one would win.
    """

    @cache
    def found(text: str) -> tuple[str, str]:
        # That there is none is remembered, too: a file may name it in each of its lines.
        try:
            return accounts.find(text, zone), ""
        except ValueError as error:
            return "", str(error)

    def account(text: str) -> str:
        identifier, wrong = found(text)
        if wrong:
            raise ValueError(wrong)
        return identifier

    def asked(target: Target) -> Request:
        try:
            cells = dict(target.fields)
            if cells.get("account_id"):
                cells["account_id"] = account(cells["account_id"])
            return columns.request(cells, base)
        except ValueError as error:
            raise BadCell(reason=f"{target.number}: {error}") from error

    _check_agreement(numbers, asked)
    return lambda target: deed(asked(target))


def _check_agreement(numbers: Targets, asked: Callable[[Target], Request]) -> None:
    """Raise Contradictory unless the lines of a number ask for the same; one that is wrong in itself is told later."""
    first: dict[str, tuple[int | None, Request]] = {}
    found: list[str] = []
    for each in numbers.repeated():
        with suppress(BadCell, UnknownCarrier):
            request = asked(each)
            line, wanted = first.setdefault(each.number, (each.line, request))
            if request != wanted:
                found.append(f"lines {line} and {each.line} ask for different things for {each.number}")
    if found:
        numbers.close()
        others = f", and {len(found) - 1} more likewise" if len(found) > 1 else ""
        raise Contradictory(reason=f"{found[0]}{others}; nothing was changed")

"""Deeds to many numbers as commands ask for them: what the cells of a line say, and for whom."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.billing import services_reconcile
from kazoo_sup.kazoo.numbers import columns, configured, store

if TYPE_CHECKING:
    from collections.abc import Callable

    from kazoo_sup.changes import Tally
    from kazoo_sup.kazoo.numbers.lifecycle import Deed, Request
    from kazoo_sup.kazoo.numbers.targets import Target, Targets
    from kazoo_sup.zone import Zone

IMPORTED_CARRIER = "knm_local"
"""The carrier module of imported numbers (Kazoo ?IMPORT_DEFAULTS_TO_CARRIER of kt_numbers)."""


MANY = 5_000
"""Above so many numbers that two words stand for, somebody at the terminal is asked."""

VERY_MANY = 100_000
"""Above so many it takes a yes in any case."""


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
) -> Tally:
    """Do to every number what DEED returns for its line, on behalf of an account (an id) or of the system.

    GONE_IS_DONE is for deeds that delete, see `store.Outcome`.
    Then the services of the accounts whose numbers changed are recounted.
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
        changes.if_made(zone, lambda: services_reconcile.reconcile_each(zone, touched))
    return tally


def ask_for_many(zone: Zone, quantity: int | None, deed: str) -> None:
    """Ask before DEED is done to so many numbers that a digit too many may have been typed.

    A script goes on unasked with what may be meant; what would take hours it has to be given --yes for. Raises
    Declined.
    """
    if quantity is not None and quantity > VERY_MANY:
        zone.run.confirm(deed)
    elif quantity is not None and quantity > MANY:
        zone.run.confirm_watched(deed)


def by_line(zone: Zone, base: Request, deed: Callable[[Request], Deed]) -> Callable[[Target], Deed]:
    """Return a function that makes a target's deed of BASE and what its line's cells say; it raises BadCell."""

    @cache
    def account(text: str) -> str:
        return accounts.find(text, zone)

    def of(target: Target) -> Deed:
        try:
            cells = dict(target.fields)
            if cells.get("account_id"):
                cells["account_id"] = account(cells["account_id"])
            return deed(columns.request(cells, base))
        except ValueError as error:
            raise BadCell(reason=f"{target.number}: {error}") from error

    return of

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


class BadCell(SupError):
    """{reason}"""


def perform(
    zone: Zone,
    numbers: Targets,
    deed: Callable[[Target], Deed],
    label: str,
    *,
    acting_for: str | None = None,
    told: Callable[[Target, SupError | None], None] | None = None,
) -> Tally:
    """Do to every number what DEED returns for its line, on behalf of an account (an id) or of the system.

    Then the services of the accounts whose numbers changed are counted anew.
    Source: Kazoo knm_numbers:update_services/1.
    """
    setting = configured.setting(zone, acting_for)
    touched: set[str] = set()
    with changes.together(zone):
        tally = store.perform(
            zone, numbers, deed, setting, total=numbers.total, label=label, told=told, touched=touched
        )
        if not zone.run.dry_run:
            count_services(zone, touched)
    return tally


def count_services(zone: Zone, touched: set[str]) -> None:
    """Count anew what these accounts (ids) have; what cannot be counted is told on standard error."""
    for account in sorted(touched):
        try:
            for line in services_reconcile.reconcile(zone, account):
                zone.run.warn(line)
        except SupError as error:
            zone.run.warn(f"the services of account {account} were not counted: {error}")


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

"""What Kazoo prints while it attaches an account. Source: Kazoo kapps_maintenance:import_account/2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.migrations import account_import as importing
from kazoo_sup.texts import number_repairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def lines(events: Iterable[object]) -> Iterator[str]:
    """Make Kazoo's lines of an account that is attached, and of its numbers."""
    for event in events:
        match event:
            case importing.DefinitionsMissing():
                yield _missing(event)
            case importing.ImportBegun(account, parent):
                yield f"importing account '{account}' under parent '{parent}'"
            case importing.AccountSaved():
                yield "account saved, updating services and import account's numbers to number dbs"
            case importing.DefinitionCopied(account):
                yield f"ensuring services doc for '{account}'"
            case _:
                yield from number_repairs.lines([event])


def _missing(event: importing.DefinitionsMissing) -> str:
    account, parent = event.account, event.parent
    if account and parent:
        return f"can not open account '{account}' (not_found) and parent '{parent}' (not_found)"
    if account:
        return f"can not open account '{account}' definition: not_found"
    return f"can not open parent '{parent}' definition: not_found"

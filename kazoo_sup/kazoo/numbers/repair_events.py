"""What takes place while numbers are repaired: each event says what was begun, read, found or saved, and of how many.

Databases are named by their encoded names, as documents and messages have them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from kazoo_sup.kazoo.numbers.summary import Summary
    from kazoo_sup.types import Document

DatabaseKind = Literal["account", "number"]
"""Where a number's document is kept: in its account's database, or in its number database."""


@dataclass(frozen=True, slots=True)
class CopyingBegun:
    """Numbers are copied out of databases of the kind `source` into those of the other kind.

    `databases` are how many are gone through, None for the one of an account. `numbers` are how many were named, and
    `account` is the one that gets its numbers, as it was named.
    """

    source: DatabaseKind
    databases: int | None
    numbers: int | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class ApplicationsBegun:
    """It is corrected which application uses numbers, in databases of the kind `kept`, for some `accounts` or all."""

    kept: DatabaseKind
    databases: int | None
    numbers: int | None = None
    accounts: int | None = None


@dataclass(frozen=True, slots=True)
class RemovalBegun:
    """Copies of numbers that are assigned to others are removed from this many accounts' databases."""

    databases: int


@dataclass(frozen=True, slots=True)
class FixBegun:
    """All numbers of an account are mended, or this many of them; `account` is as it was named."""

    account: str
    numbers: int | None = None


@dataclass(frozen=True, slots=True)
class DatabaseBegun:
    """One of `total` databases; `left` are this one and those after it."""

    database: str
    left: int
    total: int


@dataclass(frozen=True, slots=True)
class AccountBegun:
    """One of `total` accounts in one database; `left` are this one and those after it."""

    account: str
    left: int
    total: int


@dataclass(frozen=True, slots=True)
class PageAsked:
    """The page with this number (from 1) of a view, `design/view`, is read."""

    database: str
    view: str
    page: int


@dataclass(frozen=True, slots=True)
class PagesEnded:
    """The view has no page with this number."""

    page: int


@dataclass(frozen=True, slots=True)
class ViewMissing:
    """The database, or the view in it, is not there."""

    database: str
    view: str


@dataclass(frozen=True, slots=True)
class DocumentsAsked:
    """This many documents are read."""

    database: str
    documents: int


@dataclass(frozen=True, slots=True)
class DatabaseMissing:
    """There is no such database, so that none of its documents could be read."""

    database: str


@dataclass(frozen=True, slots=True)
class Grouped:
    """The numbers of a page, `numbers` of them, were sorted by the databases that they belong into."""

    by: DatabaseKind
    numbers: int
    to_copy: bool = False


@dataclass(frozen=True, slots=True)
class WrongLookedFor:
    """This many numbers of an account's database were compared with what the number databases say."""

    numbers: int


@dataclass(frozen=True, slots=True)
class UsageChecked:
    """It is found out which applications use this many numbers, or the numbers of as many accounts."""

    count: int


@dataclass(frozen=True, slots=True)
class UsageAsked:
    """An account's view of the numbers that an application has is read."""

    account: str
    application: str


@dataclass(frozen=True, slots=True)
class UsageUnread:
    """An account's view of the numbers that an application has could not be read, and why."""

    account: str
    application: str
    reason: str


@dataclass(frozen=True, slots=True)
class AccountUsageBegun:
    """An account is asked which applications use its numbers."""

    account: str
    numbers: int


@dataclass(frozen=True, slots=True)
class SharedFound:
    """Numbers that a callflow and a trunk have: nobody can tell which it is."""

    numbers: list[str]


@dataclass(frozen=True, slots=True)
class WrongFound:
    """This many documents say that another application uses their number than does."""

    documents: int


@dataclass(frozen=True, slots=True)
class DocumentsCompared:
    """The documents of this many numbers, or of as many accounts, are compared with the application that uses them."""

    count: int


@dataclass(frozen=True, slots=True)
class NothingToSave:
    """All of a page is as it should be."""


@dataclass(frozen=True, slots=True)
class SavingBegun:
    """What is saved goes into this many databases, or back into the one that it was read from."""

    databases: int
    in_place: bool = False


@dataclass(frozen=True, slots=True)
class DatabaseSaved:
    """This many documents are saved into one of `total` databases; `left` are this one and those after it."""

    database: str
    left: int
    total: int
    documents: int


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of them.

    `failed` could not be saved, and `met` were there before: they were made like their originals where `overwrites`.
    `obstacle` is why nothing could be saved (invalid, missing, failed: then there is an `error`), or `created`.
    """

    of: DatabaseSaved
    failed: int = 0
    met: int = 0
    overwrites: bool = False
    obstacle: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Summed:
    """The end: what was touched and what failed there, by database."""

    summary: Summary = field(repr=False)

    def as_data(self) -> Document:
        """Return how many databases were touched, and how many numbers failed there."""
        return {"event": "summed", "databases": self.summary.touched, "failed": self.summary.failed}

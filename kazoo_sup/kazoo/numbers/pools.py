"""Pools of numbers: the databases out of which the carrier modules `managed` and `inum` hand numbers to their account.

Source: Kazoo knm_managed:generate_numbers/3, knm_inum:generate_numbers/3. Better than there: a number that exists is
looked at, where knm_managed crashes on it and knm_inum passes over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.changes import Change
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.documents import without_revision
from kazoo_sup.kazoo.numbers.e164 import LONGEST
from kazoo_sup.messages.names import INUM, MANAGED

if TYPE_CHECKING:
    from kazoo_sup.types import Document

INUM_PREFIX = "8835100"
"""Every iNum begins with it."""


class NumberTaken(SupError):
    """{number} exists in {database} already: {state}{owner}"""

    number: str
    database: str
    state: str
    owner: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A carrier module's name without `knm_`, and its database."""

    carrier: str
    database: str


_POOLS = {carrier: Pool(carrier, database) for carrier, database in (("managed", MANAGED), ("inum", INUM))}


def find(text: str, _zone: object) -> Pool:
    """Return the pool of a carrier module, named with or without `knm_`.

    Raises ValueError for a carrier module that generates no numbers.
    """
    pool = _POOLS.get(text.removeprefix("knm_"))
    if pool is None:
        raise ValueError(f"knm_{text.removeprefix('knm_')} generates no numbers, only knm_managed and knm_inum do")
    return pool


def generated(pool: Pool, account: str, first: int, quantity: int) -> Iterator[Change]:
    """Yield the changes that add QUANTITY consecutive numbers, from FIRST on, for ACCOUNT (an id) to acquire.

    A number that is there already, just as it would be made, is left alone; any other fails with NumberTaken.
    """

    def document(number: str) -> Document:
        return {"_id": number, "pvt_account_id": account, "pvt_state": "available", "pvt_type": "number"}

    def unless_taken(stored: Document | None) -> Document:
        if stored is None:
            raise NumberTaken(number="the number", database=pool.database, state="deleted meanwhile", owner="")
        if without_revision(stored) == document(stored["_id"]):
            return stored
        owner = stored.get("pvt_assigned_to") or stored.get("pvt_account_id")
        raise NumberTaken(
            number=stored["_id"],
            database=pool.database,
            state=stored.get("pvt_state", "without a state"),
            owner=f", of account {owner}" if owner else "",
        )

    for number in range(first, first + quantity):
        yield Change(pool.database, document(f"+{number}"), None, unless_taken)


def check_range(pool: Pool, first: int, quantity: int) -> None:
    """Raise ValueError unless QUANTITY numbers from FIRST on are numbers of one plan.

    They may not be longer than E.164 allows nor become longer on the way, and iNums stay iNums.
    """
    if quantity < 1:
        raise ValueError(f"the quantity must be 1 or more, not {quantity}")
    if first < 1:
        raise ValueError(f"a number begins with a digit from 1 to 9, {first} does not")
    last = first + quantity - 1
    if len(str(last)) > LONGEST:
        raise ValueError(f"+{last} has more than {LONGEST} digits")
    if len(str(first)) != len(str(last)):
        raise ValueError(f"the numbers from +{first} to +{last} are not of one length")
    if pool.carrier == "inum" and str(first).startswith(INUM_PREFIX) and not str(last).startswith(INUM_PREFIX):
        raise ValueError(f"+{last} is not an iNum: those begin with +{INUM_PREFIX}")

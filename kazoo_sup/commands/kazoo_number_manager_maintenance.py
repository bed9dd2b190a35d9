"""The number manager: numbers, their databases and their features."""

from __future__ import annotations

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import views
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.numbers import pools
from kazoo_sup.kazoo.numbers.pools import PoolName
from kazoo_sup.outcome import Outcome
from kazoo_sup.zone import Zone


@command
def generate_numbers(zone: Zone, carrier: PoolName, account: AccountId, first_number: int, quantity: int) -> Outcome:
    """Create QUANTITY consecutive available numbers, from FIRST_NUMBER on, that only ACCOUNT can acquire.

    CARRIER is managed or inum. FIRST_NUMBER is taken as it stands, without conversion: 2223334000 becomes +2223334000.
    Numbers that exist just so are counted and left alone; numbers that exist otherwise are reported, and the run ends
    partly done. The pool's database is created, with its views, when it is missing.
    """
    try:
        pools.check_range(carrier, first_number, quantity)
    except ValueError as error:
        raise BadArgument(parameter="FIRST_NUMBER QUANTITY", reason=str(error)) from error
    views.ensure_database(zone, carrier.database)
    tally = changes.apply(
        zone, pools.generated(carrier, account, first_number, quantity), total=quantity, label="generating numbers"
    )
    return Outcome(counts=tally.counts)

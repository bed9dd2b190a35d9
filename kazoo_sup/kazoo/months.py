"""The databases of an account's months (MODBs): their names, and what stands in a new one.

Source: Kazoo kz_util:format_account_mod_id/1, kazoo_modb:create/1, kz_ledgers:rollover/4.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.documents import now
from kazoo_sup.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.changes import Document


def this_month() -> str:
    """Return the month that it is, as `202611`."""
    return f"{datetime.now(tz=UTC):%Y%m}"


def database(account: str, month: str) -> str:
    """Return the (encoded) database of a month of ACCOUNT, an id."""
    return f"{account_database(account)}-{month}"


def first_rollover(account: str, name: str, month: str) -> Document:
    """Return the ledger entry with which the first month of an account called NAME begins: nothing is carried over."""
    time_now = now()
    return {
        "_id": f"{month}-ledgers_monthly_rollover",
        "usage": {"quantity": 0},
        "source": {"service": "rollovers", "id": month},
        "pvt_ledger_type": "credit",
        "period": {"start": time_now},
        "metadata": {"automatic_description": True},
        "executor": {"trigger": "automatic", "module": "kz_ledgers"},
        "description": f"Monthly rollover for {month}",
        "audit": {},
        "amount": 0,
        "account": {"name": name, "id": account},
        "pvt_account_id": account,
        "pvt_modified": time_now,
        "pvt_created": time_now,
        "pvt_type": "ledger",
    }

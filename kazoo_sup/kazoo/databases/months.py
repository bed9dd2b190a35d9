"""The databases of an account's months (MODBs): their names, and what is in a new one.

Source: Kazoo kz_util:format_account_mod_id/1, kazoo_modb:create/1, kz_ledgers:rollover/4.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.databases.walk import LAST
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, now
from kazoo_sup.messages.names import account_database, classification, plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone


def this_month() -> str:
    """Return the month that it is, as `202611`."""
    return f"{datetime.now(tz=UTC):%Y%m}"


def of_time(seconds: Json) -> str | None:
    """Return the month of a time in Gregorian seconds; None for what is not a time."""
    try:
        return f"{datetime.fromtimestamp(seconds - GREGORIAN_EPOCH, tz=UTC):%Y%m}"
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def before(month: str) -> str:
    """Return the month before `202611`."""
    number = int(month[:4]) * 12 + int(month[4:]) - 2
    return f"{number // 12:04}{number % 12 + 1:02}"


def shown(month: str) -> str:
    """Return a month as Kazoo prints it: `2026-1`."""
    return f"{month[:4]}-{int(month[4:])}"


def of_database(name: str) -> str | None:
    """Return the month of a month's database, in any of Kazoo's forms; None for another database."""
    found = name.rpartition("-")[2]
    return found if classification(name) == "modb" and len(found) == len("202611") else None


def existing(zone: Zone, account: str) -> list[str]:
    """Return the months of ACCOUNT, an id, of which there is a database, the oldest first."""
    first = plain(account_database(account))
    found = zone.couchdb.databases(start=f"{first}-", end=f"{first}-{LAST}")
    return [month for month in map(of_database, found) if month]


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

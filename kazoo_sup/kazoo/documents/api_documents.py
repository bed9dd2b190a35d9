"""The private fields that crossbar, the API, sets on what it saves.

Source: Kazoo crossbar_doc:update_pvt_parameters/2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.accounts import normalised_name
from kazoo_sup.kazoo.documents import now
from kazoo_sup.messages.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.types import Document

VERSION = "1"
NO_REQUEST = "00000000000"
"""What stands for the id of the request where there was none, as in Kazoo's own `sup`."""


def saved_by_api(document: Document, account: str) -> Document:
    """Return a new document of ACCOUNT (an id) with what the API adds to it, nobody being logged in."""
    time_now = now()
    return {
        **document,
        "pvt_vsn": VERSION,
        "pvt_account_id": account,
        "pvt_account_db": account_database(account),
        "pvt_created": time_now,
        "pvt_modified": time_now,
        "pvt_request_id": NO_REQUEST,
        "pvt_is_authenticated": False,
    }


def alphanumeric_name(document: Document) -> str:
    """Return the name by which a document is sorted and searched: its name, or first and last name, normalised."""
    name = document.get("name") or f"{document.get('first_name', '')}{document.get('last_name', '')}"
    return normalised_name(str(name))

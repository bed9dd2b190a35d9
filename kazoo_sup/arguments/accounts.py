"""Accounts, in every way in which an operator names one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from kazoo_sup.arguments.lists import read_each
from kazoo_sup.arguments.reads import Reads
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import NamedAccount, account_lookup
from kazoo_sup.messages.names import account_id

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

AccountId = Annotated[str, Reads(accounts.find, "ACCOUNT")]
"""An account, named in any way `accounts.find` understands, as its id."""


AnyAccountId = Annotated[str, Reads(accounts.find_or_id, "ACCOUNT")]
"""The same, or a well-formed id of which it is not known whether there is an account."""


Account = Annotated[NamedAccount, Reads(lambda text, zone: NamedAccount(accounts.find(text, zone), text))]
"""An account in any form, with the words that named it."""


AnyAccount = Annotated[
    NamedAccount, Reads(lambda text, zone: NamedAccount(accounts.find_or_id(text, zone), text), "ACCOUNT")
]
"""The same, or a well-formed id of which it is not known whether there is an account."""


OtherAccountId = Annotated[str, Reads(accounts.find_or_id)]
"""As AnyAccountId, of an account beside the one that a function is about."""


AccountList = Annotated[
    list[str],
    Reads(lambda text, zone: read_each(text, lambda each: accounts.find(each, zone), "accounts")),
]
"""A JSON list of accounts, as their ids."""


def _by_name(text: str, zone: Zone) -> str:
    found = account_lookup.by_name(zone, text) if accounts.normalised_name(text) else []
    return found[0] if len(found) == 1 else accounts.find(text, zone)


AccountByName = Annotated[str, Reads(_by_name, "ACCOUNT")]
"""An account by its name, of which letters and digits count as in Kazoo, or in any other way; read as its id."""


def _id_or_database(text: str, _zone: object) -> str:
    found = account_id(text)
    if found is None:
        raise ValueError(f"{text!r} is neither an account's id nor its database")
    return found


Start = Annotated[str | None, Reads(_id_or_database, "ACCOUNT")]
"""The account at which a run over all of them begins."""

"""Accounts as Kazoo's own code looks them up: the master account, and accounts by realm and name."""

from __future__ import annotations

from kazoo_sup.arguments.accounts import AnyAccountId
from kazoo_sup.command import command
from kazoo_sup.kazoo.accounts import account_lookup, master_account
from kazoo_sup.messages.names import account_database
from kazoo_sup.results import Answer, Result
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone

_NO_ACCOUNTS = (Atom("error"), Atom("no_accounts"))


@command
def get_master_account_id(zone: Zone) -> Answer:
    """Show the id of the master account: the one that is set, else the oldest there is."""
    found = master_account.find(zone)
    return Answer((Atom("ok"), found) if found else _NO_ACCOUNTS)


@command
def get_master_account_db(zone: Zone) -> Answer:
    """Show the database of the master account."""
    found = master_account.find(zone)
    return Answer((Atom("ok"), account_database(found)) if found else _NO_ACCOUNTS)


@command
def is_master_account(zone: Zone, account: AnyAccountId) -> Answer:
    """Show whether ACCOUNT is the master account."""
    return Answer(master_account.find(zone) == account)


@command
def get_account_by_realm(zone: Zone, realm: str) -> Result:
    """Show the database of the account with REALM, in any case."""
    return _found(account_lookup.by_realm(zone, realm))


@command
def get_accounts_by_name(zone: Zone, name: str) -> Result:
    """Show the databases of the accounts with NAME; capitals and blanks do not matter."""
    return _found(account_lookup.by_name(zone, name))


def _found(accounts: list[str]) -> Answer:
    databases = list(map(account_database, accounts))
    if not databases:
        return Answer((Atom("error"), Atom("not_found")))
    return Answer((Atom("multiples"), databases) if databases[1:] else (Atom("ok"), databases[0]))

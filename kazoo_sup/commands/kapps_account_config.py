"""An account's own settings, which go before its reseller's and the cluster's.

ACCOUNT is an account id, its database, its realm or its exact name; CATEGORY names one of its documents, and KEY a
value in it. DEFAULT answers where nothing is found; it is never written back.
"""

from __future__ import annotations

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.reads import Text
from kazoo_sup.arguments.values import Setting
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.config import account_config, setting_checks
from kazoo_sup.kazoo.config.account_config import MISSING
from kazoo_sup.kazoo.documents import values
from kazoo_sup.messages.names import account_database
from kazoo_sup.results import UNDEFINED, Answer, Done
from kazoo_sup.terms.values import is_integer
from kazoo_sup.types import Json
from kazoo_sup.zone import Zone


@command
def get(zone: Zone, account: AccountId, category: str, key: str | None = None, default: Text | None = None) -> Answer:
    """Show the account's own value of KEY, else DEFAULT, else undefined; without KEY its whole document."""
    if key is None:
        return Answer(account_config.read(zone, account, category) or {"_id": f"configs_{category}"})
    return Answer(_or_default(account_config.get(zone, account, category, key), default))


@command
def get_ne_binary(zone: Zone, account: AccountId, category: str, key: str, default: Text | None = None) -> Answer:
    """Show the account's own value of KEY as text unless it is empty, else DEFAULT."""
    found = account_config.get(zone, account, category, key)
    if found is MISSING or values.is_empty(found):
        return Answer(_or_default(MISSING, default))
    try:
        return Answer(values.to_text(found))
    except ValueError as error:
        raise BadArgument(parameter="KEY", reason=f"{category} {key} of account {account}: {error}") from error


@command
def get_ne_binaries(zone: Zone, account: AccountId, category: str, key: str, default: Text | None = None) -> Answer:
    """Show the account's own value of KEY where it is a list of texts, none empty, else DEFAULT."""
    found = account_config.get(zone, account, category, key)
    fits = isinstance(found, list) and found and all(isinstance(each, str) and each for each in found)
    return Answer(found if fits else _or_default(MISSING, default))


@command
def get_pos_integer(zone: Zone, account: AccountId, category: str, key: str, default: Text | None = None) -> Answer:
    """Show the account's own value of KEY where it is a whole number above 0, else DEFAULT."""
    found = account_config.get(zone, account, category, key)
    fits = is_integer(found) and found > 0
    return Answer(found if fits else _or_default(MISSING, default))


@command
def get_global(
    zone: Zone, account: AccountId, category: str, key: str | None = None, default: Text | None = None
) -> Answer:
    """Show what holds for the account: its own value of KEY, else its reseller's, else the cluster's, else DEFAULT.

    Without KEY, the whole document that answers.
    """
    if key is None:
        return Answer(account_config.effective(zone, account, category))
    return Answer(_or_default(account_config.get_global(zone, account, category, key), default))


@command
def get_from_reseller(zone: Zone, account: AccountId, category: str, key: str, default: Text | None = None) -> Answer:
    """Show the reseller's value of KEY, else the cluster's, else DEFAULT; the account's own does not count."""
    return Answer(_or_default(account_config.get_from_reseller(zone, account, category, key), default))


@command
def get_with_strategy(
    zone: Zone, strategy: str, account: AccountId, category: str, key: str, default: Text | None = None
) -> Answer:
    """Show the value of KEY that STRATEGY finds.

    STRATEGY is global, reseller, global_merge, reseller_merge or hierarchy_merge; the merging ones lay objects over
    each other.
    """
    try:
        found = account_config.with_strategy(zone, strategy, account, category, key)
    except ValueError as error:
        raise BadArgument(parameter="STRATEGY", reason=str(error)) from error
    return Answer(_or_default(found, default))


@command
def get_hierarchy(zone: Zone, account: AccountId, category: str, key: str, default: Text | None = None) -> Answer:
    """Show the value of KEY merged from the account, its ancestors up to its reseller, and the cluster."""
    return Answer(_or_default(account_config.with_strategy(zone, "hierarchy_merge", account, category, key), default))


@command
def set_(zone: Zone, account: AccountId, category: str, key: str, setting: Setting) -> Answer:
    """Set the account's own value of KEY to SETTING: text, unless it is written as a JSON list or object."""
    setting_checks.check(zone, category, key, setting, account=True)
    return Answer(account_config.set_value(zone, account, category, key, setting))


@command
def set_global(zone: Zone, account: AccountId, category: str, key: str, setting: Setting) -> Answer:
    """Set the account's value of KEY to SETTING on top of a copy of all that held for it until now."""
    setting_checks.check(zone, category, key, setting, account=True)
    return Answer(account_config.set_global(zone, account, category, key, setting))


@command
def flush(zone: Zone, account: AccountId, category: str, strategy: str | None = None) -> Done:
    """Make every node read the documents of ACCOUNT again.

    Kazoo flushes one node's copy of one CATEGORY, or its merged values of one STRATEGY; here every node forgets all its
    copies of the account's documents.
    """
    changes.forget(zone, account_database(account))
    return Done()


def _or_default(found: object, default: str | None) -> Json:
    if found is not MISSING:
        return found
    return UNDEFINED if default is None else default

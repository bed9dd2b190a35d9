"""What is wrong with an account that is to be created, found out before anything is touched.

Source: Kazoo kzd_accounts:validate/3, kzd_users:validate/3. Better than there: the user is looked at together with the
account, where Kazoo has created the account by then and leaves it behind without a user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo.accounts import account_lookup, users
from kazoo_sup.kazoo.accounts.account_documents import schema_errors
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.config.schema_validation import merged
from kazoo_sup.kazoo.documents.values import is_true

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kazoo_sup.kazoo.config.schema_validation import Load
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

CATEGORY = "crossbar.accounts"


class Refused(Exception):
    """An account that Kazoo does not create: `headline` says at which step, `errors` what is wrong, as its API does."""

    def __init__(self, errors: Document, headline: str = "") -> None:
        """Take both."""
        super().__init__(headline)
        self.errors = errors
        self.headline = headline


def check_account(zone: Zone, body: Document, load: Load) -> None:
    """Raise Refused for an account that does not fit the schema, or whose realm or name is taken."""
    errors: dict[str, Document] = {}
    for key in holders(zone, body):
        errors[key] = _in_use(body, key)
    _refuse("account", errors, schema_errors("accounts", body, load))


def holders(zone: Zone, body: Document, but: str = "") -> dict[str, list[str]]:
    """Return who, BUT for one account, holds what must be unique of an account: its realm, and perhaps its name."""
    looked = {"realm": _found(account_lookup.by_realm, zone, body["realm"])}
    if is_true(system_config.get(zone, CATEGORY, "ensure_unique_name", True)):
        looked["name"] = _found(account_lookup.by_name, zone, body["name"])
    others = {key: [account for account in found if account != but] for key, found in looked.items()}
    return {key: found for key, found in others.items() if found}


def taken(body: Document, keys: Iterable[str]) -> Refused:
    """Return the refusal of an account of which others hold these keys."""
    errors = {key: _in_use(body, key) for key in keys}
    return Refused(merged(errors), "failed to validate account: 400 validation error")


def _in_use(body: Document, key: str) -> Document:
    return {"unique": {"message": f"Account {key} already in use", "cause": body[key]}}


def check_user(body: Document, password: str, load: Load) -> None:
    """Raise Refused for a user that does not fit the schema, or has no password."""
    errors: dict[str, Document] = {}
    if not password:
        sentence = "The password must be provided when creating / updating the user name"
        errors = users.error("password", sentence, body["username"])
    _refuse("user", errors, schema_errors("users", body, load))


def _found(look: Callable[[Zone, str], list[str]], zone: Zone, text: str) -> list[str]:
    try:
        return look(zone, text)
    except NotFound:  # there is no database of accounts yet
        return []


def _refuse(what: str, errors: dict[str, Document], of_schema: dict[str, Document]) -> None:
    for path, codes in of_schema.items():
        errors.setdefault(path, {}).update(codes)
    if errors:
        raise Refused(merged(errors), f"failed to validate {what}: 400 validation error")

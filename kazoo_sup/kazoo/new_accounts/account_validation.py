"""What is wrong with an account that is to be created, found out before anything is touched.

Source: Kazoo kzd_accounts:validate/3, kzd_users:validate/3. Better than there: the user is looked at together with the
account, where Kazoo has created the account by then and leaves it behind without a user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kazoo_sup import terms
from kazoo_sup.errors import NotFound
from kazoo_sup.kazoo import account_lookup, system_config
from kazoo_sup.kazoo.new_accounts import users
from kazoo_sup.kazoo.new_accounts.account_documents import schema_errors
from kazoo_sup.kazoo.schema_validation import merged
from kazoo_sup.kazoo.values import is_true

if TYPE_CHECKING:
    from kazoo_sup.changes import Document
    from kazoo_sup.kazoo.schema_validation import Load
    from kazoo_sup.zone import Zone

CATEGORY = "crossbar.accounts"


class Refused(Exception):
    """An account that Kazoo does not create: `headline` says at which step, `errors` what is wrong."""

    def __init__(self, errors: dict[str, Any], headline: str = "") -> None:
        """Take the errors as Kazoo's API tells them."""
        super().__init__(headline)
        self.errors = errors
        self.headline = headline

    def lines(self, name: str) -> list[str]:
        """Return what Kazoo prints about it; NAME is the account's."""
        told = f"failed to create '{name}': {terms.json_encode(self.errors)}"
        return [self.headline, told] if self.headline else [told]


def check_account(zone: Zone, body: Document, load: Load) -> None:
    """Raise Refused for an account that does not fit the schema, or whose realm or name is taken."""
    errors: dict[str, dict[str, Any]] = {}
    if _found(account_lookup.by_realm, zone, body["realm"]):
        errors["realm"] = {"unique": {"message": "Account realm already in use", "cause": body["realm"]}}
    unique = is_true(system_config.get(zone, CATEGORY, "ensure_unique_name", True))
    if unique and _found(account_lookup.by_name, zone, body["name"]):
        errors["name"] = {"unique": {"message": "Account name already in use", "cause": body["name"]}}
    _refuse("account", errors, schema_errors("accounts", body, load))


def check_user(body: Document, password: str, load: Load) -> None:
    """Raise Refused for a user that does not fit the schema, or has no password."""
    errors: dict[str, dict[str, Any]] = {}
    if not password:
        sentence = "The password must be provided when creating / updating the user name"
        errors = users.error("password", sentence, body["username"])
    _refuse("user", errors, schema_errors("users", body, load))


def _found(look: Any, zone: Zone, text: str) -> list[str]:
    try:
        found: list[str] = look(zone, text)
    except NotFound:  # there is no database of accounts yet
        return []
    return found


def _refuse(what: str, errors: dict[str, dict[str, Any]], of_schema: dict[str, dict[str, Any]]) -> None:
    for path, codes in of_schema.items():
        errors.setdefault(path, {}).update(codes)
    if errors:
        raise Refused(merged(errors), f"failed to validate {what}: 400 validation error")

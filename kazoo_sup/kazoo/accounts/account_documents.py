"""The documents of a new account, and what may be wrong with them: no server is asked, except for schemas.

Source: Kazoo crossbar_maintenance:create_account/6, kzd_accounts:validate/3, kzd_users:validate/3.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.accounts import users
from kazoo_sup.kazoo.config.schema_validation import Load, as_json, faults, with_defaults
from kazoo_sup.kazoo.documents import public_fields
from kazoo_sup.kazoo.documents.api_documents import VERSION, alphanumeric_name, saved_by_api

if TYPE_CHECKING:
    from kazoo_sup.types import Document

KEY_BYTES = 32
_IDENTIFIER = re.compile(r"[0-9a-z]{32}")
_RESERVED = ("apps_store", "limits")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: an account and its first user, an admin. The password is shown nowhere."""

    name: str
    realm: str
    username: str
    password: str = field(repr=False)
    account: str = ""
    user: str = ""

    def __post_init__(self) -> None:
        """Give ids where none were chosen."""
        for key in ("account", "user"):
            if not getattr(self, key):
                object.__setattr__(self, key, secrets.token_hex(16))


def check_ids(account: str, user: str) -> None:
    """Raise ValueError unless these can be the ids of an account and of a document in its database."""
    if not _IDENTIFIER.fullmatch(account):
        raise ValueError(f"{account!r} is not an account id: 32 small letters and digits")
    if user.startswith("_") or user == account or user in _RESERVED:
        raise ValueError(f"{user!r} cannot be the id of a user of that account")


def random_realm(suffix: str, strength: int) -> str:
    """Return a realm for an account that named none: STRENGTH random bytes (Kazoo kzd_accounts:random_realm/0)."""
    return f"{secrets.token_hex(max(1, strength))}.{suffix}"


def account_body(request: Request, timezone: str, load: Load) -> Document:
    """Return what the account says of itself: the schema's defaults, realm without blanks, name and timezone."""
    return {
        "_id": request.account,
        **with_defaults(load("accounts"), {}, load),
        "realm": request.realm.replace(" ", ""),
        "name": request.name,
        "timezone": timezone,
    }


def account_definition(body: Document, tree: list[str], *, enabled: bool | None) -> Document:
    """Return the whole definition: keys and tokens of its own, its ancestors, its parent's `pvt_enabled`."""
    private: Document = {
        "pvt_type": "account",
        "pvt_vsn": VERSION,
        "pvt_api_key": secrets.token_hex(KEY_BYTES),
        "pvt_tree": tree,
        "pvt_cpaas_token": secrets.token_hex(KEY_BYTES),
    }
    if enabled is not None:
        private["pvt_enabled"] = enabled
    private["pvt_alphanum_name"] = alphanumeric_name(body)
    return saved_by_api({**body, **private}, body["_id"])


def user_body(request: Request, username: str, load: Load) -> Document:
    """Return what the account's first user says of itself, without its password."""
    return {
        "_id": request.user,
        **with_defaults(load("users"), {}, load),
        "priv_level": "admin",
        "last_name": "Admin",
        "first_name": "Account",
        "username": username,
    }


def user_document(body: Document, password: str, account: str) -> Document:
    """Return the whole document of a user of ACCOUNT, with the hashes of what it logs in with."""
    document = saved_by_api(users.with_credentials(body, password), account)
    return {**document, "pvt_alphanum_name": alphanumeric_name(body)}


def schema_errors(schema: str, body: Document, load: Load) -> Document:
    """Return what does not fit the schema, as Kazoo's API tells it; nothing where all does."""
    return as_json(faults(load(schema), public_fields(body), load))


def apps_store(account: str, database: str) -> Document:
    """Return the document in which an account's apps will be kept."""
    return {"_id": "apps_store", "pvt_account_id": account, "pvt_account_db": database}

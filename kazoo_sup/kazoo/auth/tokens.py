"""Tokens with which one may use the API: JSON web tokens, signed with the cluster's key.

Source: Kazoo crossbar_auth:create_auth_token/2, kz_auth:create_token/1, kz_auth_identity:sign/1, kz_auth_jwt:encode/1.
"""

from __future__ import annotations

import base64
import hmac
import time
from typing import TYPE_CHECKING

from kazoo_sup import changes, terms
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.accounts import users
from kazoo_sup.kazoo.accounts.account_updates import with_values
from kazoo_sup.kazoo.auth import auth_apps, private_keys, rsa_signature
from kazoo_sup.kazoo.config import account_config, system_config
from kazoo_sup.kazoo.documents import as_object, value_at
from kazoo_sup.kazoo.documents.shapes import TEXT
from kazoo_sup.kazoo.documents.values import is_true
from kazoo_sup.messages.names import account_database

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

CATEGORY = "auth"
METHOD = "cb_api_auth"
ISSUER = "kazoo"
HOUR = 3600
SECRET = "pvt_signature_secret"  # noqa: S105 - the name of a field


def of_account(zone: Zone, account: str) -> str:
    """Return a new token for ACCOUNT, an id, as if it had logged in with its API key.

    An account without a signature secret is given one. Raises Declined where the cluster has no key to sign with, and
    where the account may not log in like that.
    """
    settings = _method_settings(zone, account)
    if not is_true(settings.get("enabled", True)):
        raise Declined(reason=f"authentication module {METHOD} is disabled for account {account}")
    if is_true(value_at(settings, ["multi_factor", "enabled"], False)):
        raise Declined(reason=f"account {account} asks for a second factor, which only a login can give")
    pem, key = _signing_key(zone)
    server_secret = system_config.read(zone, CATEGORY, "secret_for_user_signature", "", TEXT)
    if not server_secret:
        raise Declined(
            reason=f"system_config/{CATEGORY} has no secret_for_user_signature; crossbar makes one at a login"
        )
    signature = hmac.digest((_secret(zone, account) + server_secret).encode(), account.encode(), "sha256")
    claims: Document = {
        "iss": ISSUER,
        "identity_sig": _base64url(signature),
        "account_id": account,
        "method": METHOD,
        "exp": int(time.time()) + _seconds(zone, settings),
    }
    return signed(claims, pem, key)


def signed(claims: Document, pem: bytes, key: str) -> str:
    """Return CLAIMS as a token, signed with the private key PEM, whose id is KEY. Raises ValueError for another PEM."""
    header = {"alg": "RS256", "typ": "JWT", "kid": key}
    payload = ".".join(_base64url(terms.json_encode(part).encode()) for part in (header, claims))
    return f"{payload}.{_base64url(rsa_signature.sign(pem, payload.encode()))}"


def _method_settings(zone: Zone, account: str) -> Document:
    modules = account_config.with_strategy(zone, "hierarchy_merge", account, "crossbar.auth", "auth_modules", {})
    return as_object(value_at(modules, [METHOD]))


def _seconds(zone: Zone, settings: Document) -> int:
    for found in (
        settings.get("token_auth_expiry_s"),
        system_config.get(zone, "crossbar.auth", "token_auth_expiry_s", HOUR),
    ):
        if isinstance(found, int) and found > 0:
            return found
    return HOUR


def _signing_key(zone: Zone) -> tuple[bytes, str]:
    key = system_config.read(zone, CATEGORY, "system_key", "", TEXT)
    file = zone.couchdb.get_attachment(auth_apps.AUTH, key, private_keys.FILE_NAME) if key else None
    if file is None:
        raise Declined(
            reason=f"{auth_apps.AUTH} holds no key to sign tokens with; a node of Kazoo makes one at the first login"
        )
    with file:
        pem = file.read()
    try:
        rsa_signature.private_key(pem)
    except ValueError as error:
        raise Declined(reason=f"{auth_apps.AUTH}/{key}/{private_keys.FILE_NAME}: {error}") from error
    return pem, key


def _secret(zone: Zone, account: str) -> str:
    """Return the account's signature secret; without one it gets one, in its own definition only, as in Kazoo."""
    stored = accounts.definition(zone, account) or {"_id": account}
    if SECRET in stored:
        return str(stored[SECRET])
    made = users.new_secret()

    def again(found: Document | None) -> Document:
        return found if found and SECRET in found else with_values(found or stored, {SECRET: made})

    saved = changes.update(zone, account_database(account), account, again, stored=stored).document
    return str(saved[SECRET])


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

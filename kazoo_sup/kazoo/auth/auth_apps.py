"""Applications that log in with OAuth, in `system_auth` (kazoo_auth) and `oauth` (kazoo_oauth).

Source: Kazoo kazoo_auth_maintenance, kazoo_oauth_maintenance, kz_auth_keys.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import Conflict, SupError
from kazoo_sup.kazoo.auth import private_keys
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import stamped
from kazoo_sup.kazoo.documents.attachments import attached

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

AUTH = "system_auth"
OAUTH = "oauth"

_CONFIGURATION = "auth"
_SIGNATURE = "secret_for_user_signature"
_RANDOM_BYTES = 16


class NoApplication(SupError):
    """there is no application {id} in {database}"""

    id: str
    database: str


def new(identifier: str, account: str, secret: str, **more: str) -> Document:
    """Return the document of a new application of an account; MORE are fields besides, without their pvt_."""
    named = {f"pvt_{name}": value for name, value in more.items()}
    email = {"pvt_email": named.pop("pvt_email")} if "pvt_email" in named else {}
    return {
        "_id": identifier,
        "pvt_account_id": account,
        "pvt_secret": secret,
        **email,
        "pvt_user_prefix": secrets.token_hex(_RANDOM_BYTES),
        **named,
        "pvt_type": "app",
    }


def register(zone: Zone, database: str, document: Document) -> Document | None:
    """Store a new application; return it as it is stored, None when there is a document with its id already."""
    views.ensure_database(zone, database)
    if zone.couchdb.get(database, document["_id"]) is not None:
        return None
    try:
        return changes.create(zone, database, document).document
    except Conflict:
        return None


def register_key(zone: Zone, identifier: str, pem: str) -> Document:
    """Store a private key (PEM) for an application; return the application as it is stored then.

    Raises NoApplication before anything is stored.
    """
    stored = zone.couchdb.get(AUTH, identifier)
    if stored is None:
        raise NoApplication(id=identifier, database=AUTH)
    key = secrets.token_hex(_RANDOM_BYTES)
    document = stamped({"pvt_type": "system_key", "_id": key}, AUTH, node=zone.node)
    file = (private_keys.CONTENT_TYPE, pem.encode())

    def updated(found: Document | None) -> Document:
        if found is None:
            raise NoApplication(id=identifier, database=AUTH)
        return {**found, "pvt_server_key": key}

    with changes.together(zone):
        with_key = attached(document, {private_keys.FILE_NAME: file})
        changes.create(zone, AUTH, with_key).check()
        return changes.update(zone, AUTH, identifier, updated, stored=stored).document


def ensure_secret(zone: Zone) -> None:
    """Store a random secret that users' tokens are signed with, unless there is one."""
    found: Json = system_config.get(zone, _CONFIGURATION, _SIGNATURE, None)
    if not found:
        made = secrets.token_hex(_RANDOM_BYTES)
        system_config.set_value(zone, _CONFIGURATION, _SIGNATURE, made, section=zone.node)

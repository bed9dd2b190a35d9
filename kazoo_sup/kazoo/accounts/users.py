"""Users: their documents and what they log in with.

Source: Kazoo kzd_users:validate/3, kzd_module_utils:pass_hashes/2, kz_auth_identity:reset_doc_secret/1.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.types import Document

SECRET_BYTES = 16


def hashes(username: str, password: str) -> tuple[str, str]:
    """Return the MD5 and the SHA-1 of `username:password`, by which Kazoo finds who logs in."""
    credentials = f"{username}:{password}".encode(errors="surrogateescape")
    return (
        hashlib.md5(credentials, usedforsecurity=False).hexdigest(),
        hashlib.sha1(credentials, usedforsecurity=False).hexdigest(),
    )


def new_secret() -> str:
    """Return a new signature secret, which a user's tokens are signed with."""
    return secrets.token_hex(SECRET_BYTES)


def normalised_username(username: str) -> str:
    """Return a username as it is stored and hashed: in small letters."""
    return username.lower()


def with_credentials(user: Document, password: str) -> Document:
    """Return a user's document with the type, the hashes of its username and PASSWORD, and a new signature secret.

    The password itself is not in it.
    """
    md5, sha1 = hashes(user["username"], password)
    public = {key: value for key, value in user.items() if key != "password"}
    return {
        **public,
        "pvt_type": "user",
        "pvt_signature_secret": new_secret(),
        "pvt_sha1_auth": sha1,
        "pvt_md5_auth": md5,
    }


def error(field: str, message: str, cause: object) -> dict[str, Document]:
    """Return an error about a field that a user needs, as Kazoo's API tells it."""
    return {field: {"required": {"message": message, "cause": cause}}}

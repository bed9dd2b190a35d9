"""RSA signatures with a private key in PEM form: PKCS #1 v1.5 with SHA-256, which is RS256 of JSON web tokens.

RFC 8017, 8.2.1 and A.1.2; RFC 7518, 3.3. Keys in PKCS #8 form are read too (RFC 5208). It takes cryptography.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kazoo_sup.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_PEM = re.compile(rb"-----BEGIN (RSA )?PRIVATE KEY-----.+?-----END (RSA )?PRIVATE KEY-----", re.DOTALL)


class NoCryptography(UsageError):
    """keys need the package cryptography: pip install 'kazoo-sup[auth]'"""

    remedy = "pip install 'kazoo-sup[auth]'"


def sign(pem: bytes, message: bytes) -> bytes:
    """Return the signature of MESSAGE by the private key in PEM. Raises what `private_key` raises."""
    key = private_key(pem)
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    return bytes(key.sign(message, PKCS1v15(), SHA256()))


def private_key(pem: bytes) -> RSAPrivateKey:
    """Return the key in PEM form. Raises ValueError for what is no RSA key, and NoCryptography."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise NoCryptography from None
    found = _PEM.search(pem)
    if not found:
        raise ValueError("it holds no RSA private key in PEM form")
    try:
        key = load_pem_private_key(found[0], password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("its RSA private key cannot be read") from error
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("its private key is not an RSA key")  # noqa: TRY004 - it is what the file holds
    return key


def traditional(key: RSAPrivateKey) -> str:
    """Return a key in PEM form as PKCS #1 has it, in clear and in lines of 64 characters."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())).decode()

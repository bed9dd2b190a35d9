"""Push notifications to phones: the applications' credentials, and a message to try one.

Source: Kazoo pusher_maintenance.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents import text_files

if TYPE_CHECKING:
    from kazoo_sup.types import Fields, Payload
    from kazoo_sup.zone import Zone

CATEGORY = "pusher"
APPLE_HOST = "api.push.apple.com"

_CALLER_NUMBER = "15555555555"
_CALLER_NAME = "this is a push test"


def set_firebase(zone: Zone, app: str, api_key: str) -> None:
    """Store the key with which an application is pushed over Firebase."""
    _set(zone, app, {"firebase.api_key": api_key})


def set_apple(zone: Zone, app: str, certificate: str, host: str) -> None:
    """Store the certificate, in PEM, with which an application is pushed over Apple's HOST."""
    _set(zone, app, {"apple.certificate": certificate, "apple.host": host})


def read_certificate(file: str) -> str:
    """Return the text of a file. Raises OSError, and BadArgument where it holds no text."""
    try:
        return text_files.read(Path(file))
    except ValueError:
        raise BadArgument(parameter="CERTFILE", reason=f"{file} holds no PEM, which is text") from None


def test_message(push: Fields) -> Payload:
    """Return the headers of a message that makes a device with these push settings ring as for a call."""
    call = secrets.token_hex(16)
    payload = {
        "call-id": call,
        "proxy": push.get("Token-Proxy"),
        "caller-id-number": _CALLER_NUMBER,
        "caller-id-name": _CALLER_NAME,
        "registration-token": secrets.token_hex(16),
    }
    return {
        "Call-ID": call,
        "Token-ID": push.get("Token-ID"),
        "Token-Type": push.get("Token-Type"),
        "Token-App": push.get("Token-App"),
        "Alert-Key": "IC_SIL",
        "Alert-Params": [_CALLER_NUMBER],
        "Sound": "ring.caf",
        "Payload": payload,
    }


def _set(zone: Zone, app: str, settings: dict[str, str]) -> None:
    system_config.set_values(zone, CATEGORY, settings, section=app, always=True)

"""Access tokens of carriers (OAuth2, client credentials: RFC 6749, 4.4), kept for their life in the state directory.

One file a client, which nobody else may read. A token that cannot be kept is fetched by the next run again.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.carriers.base import CarrierUnreadable
from kazoo_sup.kazoo.carriers.replies import as_float, read_object
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from kazoo_sup.transports.http import Answer
    from kazoo_sup.zone import Zone

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
REQUEST = b"grant_type=client_credentials"

_EARLY = 30.0
"""Seconds before its end from which on a token is no longer used."""

_LIFE = 300.0
"""Seconds that one is used which does not say how long it lives."""


class AccessToken:
    """The token of one client of a carrier.

    `fetch` asks for a new one. What identifies the client, its secret included, goes into the name of the file as a
    digest: another secret never meets the token of the one before.
    """

    def __init__(self, zone: Zone, carrier: str, client: tuple[str, ...], fetch: Callable[[], Answer]) -> None:
        """CLIENT is what the token depends on: address, id and secret."""
        digest = hashlib.sha256("\0".join(client).encode()).hexdigest()[:24]
        self._place = zone.state_dir / "tokens" / zone.name
        self._path = self._place / f"{carrier}_{digest}.json"
        self._carrier = carrier
        self._fetch = fetch
        self._token = ""
        self._end = 0.0

    @property
    def known(self) -> str:
        """The token that was used last; "" before."""
        return self._token

    def value(self) -> str:
        """Return the token, fetched if there is none that is still good."""
        if not self._good():
            self._read()
        if not self._good():
            self._renew()
        return self._token

    def forget(self) -> None:
        """Have the next `value` fetch a new one: this one was refused."""
        self._token, self._end = "", 0.0
        with suppress(OSError):
            self._path.unlink()

    def _good(self) -> bool:
        return bool(self._token) and time.time() < self._end - _EARLY

    def _renew(self) -> None:
        found = read_object(self._fetch(), self._carrier)
        token = found.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise CarrierUnreadable(carrier=self._carrier, reason="it gives no access token")
        self._token = token
        self._end = time.time() + (as_float(found.get("expires_in")) or _LIFE)
        self._keep()

    def _read(self) -> None:
        if not own_files.is_ours(self._path):
            return
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            self._token, self._end = str(found["access_token"]), float(found["end"])
        except (OSError, ValueError, KeyError, TypeError):
            self._token, self._end = "", 0.0

    def _keep(self) -> None:
        with suppress(OSError):
            own_files.directory(self._place)
            with own_files.replacing(self._path) as file:
                file.write(json.dumps({"access_token": self._token, "end": self._end}).encode())

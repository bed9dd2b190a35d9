"""When the certificate of a server expires."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

from kazoo_sup.errors import ServerUnreachable, TimedOut
from kazoo_sup.transports.net import Address, Tls, connect, encrypt


def expiry(host: str, port: int, tls: Tls, seconds: float) -> datetime:
    """Return until when the certificate holds that the server at HOST and PORT shows, once it is trusted as TLS says.

    Raises ServerUnreachable, with the reason of a certificate that is not trusted or has expired, and TimedOut.
    """
    address = Address(host, port)
    try:
        connected = connect(address, seconds, called="server")
        with encrypt(connected, tls._replace(verify=True), address, seconds, called="server") as encrypted:
            found = encrypted.getpeercert() or {}
    except ServerUnreachable as error:
        if error.seconds is not None:
            raise TimedOut(seconds=seconds, doing=f" waiting for {address}") from None
        raise
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)

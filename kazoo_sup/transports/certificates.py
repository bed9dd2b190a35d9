"""When the certificate of a server expires."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kazoo_sup.errors import ServerUnreachable, TimedOut

if TYPE_CHECKING:
    from kazoo_sup.transports.tls import Tls


def expiry(host: str, port: int, tls: Tls, seconds: float) -> datetime:
    """Return until when the certificate holds that the server at HOST and PORT shows, once it is trusted as TLS says.

    Raises ServerUnreachable, with the reason of a certificate that is not trusted or has expired, and TimedOut.
    """
    address = f"{host}:{port}"
    context = ssl.create_default_context(cafile=None if tls.ca_file is None else str(tls.ca_file))
    if tls.cert_file:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    try:
        with (
            socket.create_connection((host, port), seconds) as connected,
            context.wrap_socket(connected, server_hostname=host) as encrypted,
        ):
            found = encrypted.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        reason = f"its certificate is not trusted: {error.verify_message}"
        raise ServerUnreachable(server="server", address=address, reason=reason) from None
    except TimeoutError:
        raise TimedOut(seconds=seconds, doing=f" waiting for {address}") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ServerUnreachable(server="server", address=address, reason=reason) from None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)

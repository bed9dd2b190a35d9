"""The errors of an event socket."""

from __future__ import annotations

from kazoo_sup.errors import Delivered, TransportError, UsageError


class UnsafeCommand(TransportError, UsageError):
    """a line break or a NUL in {what} would end the command there; nothing was sent"""

    what: str
    delivered: Delivered = Delivered.NO


class EventSocketError(TransportError):
    """{server}: {reason}"""

    server: str
    address: str
    reason: str


class ConnectionLost(EventSocketError):
    """{server} at {address} closed the connection{reason}"""

    delivered: Delivered = Delivered.MAYBE


class NotAnEventSocket(EventSocketError):
    """{server} at {address} does not speak the event socket's protocol: {reason}"""


class ReplyTooLong(EventSocketError):
    """{server} at {address} would send more than may be read: {reason}"""

    delivered: Delivered = Delivered.MAYBE


class Rejected(TransportError):
    """{server} at {address} takes no connections from this host: its access list does not have it"""

    remedy = "let this host in there, by apply-inbound-acl in event_socket.conf.xml"

    server: str
    address: str
    delivered: Delivered = Delivered.NO


class CommandRefused(TransportError):
    """{server} refused {command}: {reason}"""

    server: str
    command: str
    reason: str

"""The errors of an event socket."""

from __future__ import annotations

from kazoo_sup.errors import SupError, UsageError


class UnsafeCommand(UsageError):
    """a line break or a NUL in {what} would end the command there; nothing was sent"""


class ConnectionLost(SupError):
    """{server} at {address} closed the connection{reason}"""


class NotAnEventSocket(SupError):
    """{server} at {address} does not speak the event socket's protocol: {reason}"""


class ReplyTooLong(SupError):
    """{server} at {address} would send more than may be read: {reason}"""


class Rejected(SupError):
    """{server} at {address} takes no connections from this host: its access list does not have it"""


class CommandRefused(SupError):
    """{server} refused {command}: {reason}"""

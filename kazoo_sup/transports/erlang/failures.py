"""The errors of a node, each with what to look at."""

from __future__ import annotations

from kazoo_sup.errors import Delivered, ExitCode, TransportError, UsageError


class _OfNode(TransportError):
    """{node}"""

    node: str
    delivered: Delivered = Delivered.NO


class NoPortMapper(_OfNode, UsageError):
    """no Erlang port mapper (epmd) that knows {node} at {address}: {reason}; is Kazoo started there, the port open?"""

    remedy = "see that Kazoo runs there, and that its ports can be reached from here"

    address: str
    reason: str


class NodeNotRegistered(_OfNode, UsageError):
    """there is no node {node}: epmd at {address} knows {others}; is it started, and under this name?"""

    remedy = "see that it runs, under this name: -n NAME@HOST names another"

    address: str
    others: str


class NodeUnreachable(_OfNode, UsageError):
    """cannot reach {node} at {address}: {reason}{advice}"""

    remedy = "see that Kazoo runs there, and that its ports can be reached from here"

    address: str
    reason: str
    advice: str


class VersionUnknown(_OfNode, UsageError):
    """{node} speaks versions {oldest} to {newest} of the distribution protocol, and sup 5 and 6"""

    oldest: int
    newest: int


class CookieRefused(_OfNode):
    """{node} refused the cookie: it has another one than the one from {source}; -c gives one"""

    exit_code = ExitCode.USAGE
    remedy = "give the cookie that the node was started with, with -c or the setting cookie"

    source: str


class NodeRefused(_OfNode):
    """{node} takes no connection from {own}: {reason}"""

    exit_code = ExitCode.USAGE

    own: str
    reason: str


class NodeSilent(_OfNode):
    """{node} at {address} says nothing within {seconds:g} s: it hangs, or something else listens there"""

    address: str
    seconds: float


class NotANode(_OfNode):
    """{node} at {address} does not speak Erlang's distribution protocol: {reason}"""

    address: str
    reason: str
    delivered: Delivered = Delivered.MAYBE


class NodeLost(_OfNode):
    """{node} went away{reason}; whether the call had its effect is not known"""

    reason: str
    delivered: Delivered = Delivered.MAYBE


class MessageTooLarge(_OfNode):
    """{node} would send a message of {size} bytes, more than the setting limits.megabytes allows"""

    remedy = "allow larger answers with the setting limits.megabytes"

    size: int
    delivered: Delivered = Delivered.MAYBE

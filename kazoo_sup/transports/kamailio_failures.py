"""What goes wrong between us and a Kamailio, in plain sentences."""

from __future__ import annotations

from typing import Any

from kazoo_sup.errors import ServerRefused, ServerUnreachable, SupError, UsageError

SERVER = "Kamailio"

LARGEST_ANSWER = 64 * 1024 * 1024
"""Bytes after which an answer is taken for no answer; a hundred thousand registrations take about 60 million."""

NO_SUCH_METHOD = -32601
"""The code by which JSON-RPC 2.0 (section 5.1) tells of a method that is not there."""


class Refused(ServerRefused):
    """{server} at {address} refused {request}: {reason} (code {status})"""

    @property
    def no_such_method(self) -> bool:
        """Whether the server has no such command: a module that is not loaded, or an older Kamailio."""
        return bool(self.facts["status"] == NO_SUCH_METHOD)


class CannotAsk(UsageError):
    """{server} at {address} cannot be asked for {request}: {reason}"""


class UnreadableAnswer(SupError):
    """{server} at {address} answered {request} with what cannot be read: {reason}"""


class AnswerTooLarge(SupError):
    """the answer of {server} at {address} to {request} does not fit into a datagram; {instead}"""


class RequestTooLarge(SupError):
    """the request {request} is longer than the {limit} bytes that {server} at {address} reads; {instead}"""


class Peer:
    """A server at an address, and the command that it is asked for: what every error has to name."""

    def __init__(self, address: str, request: str) -> None:
        """Take the address for people, without credentials, and the name of the RPC command."""
        self.address = address
        self.request = request

    @property
    def waiting(self) -> str:
        """What a run that timed out was doing."""
        return f" waiting for {SERVER} at {self.address} to answer {self.request}"

    def unreachable(self, problem: OSError | str) -> ServerUnreachable:
        """Return the error of a connection that did not come about or broke."""
        reason = problem if isinstance(problem, str) else _system_reason(problem)
        return ServerUnreachable(server=SERVER, address=self.address, reason=reason)

    def refused(self, code: int, message: str) -> Refused:
        """Return the error that the server itself reported."""
        # BINRPC, and older versions of jsonrpcs, say it in words only.
        missing = message in ("Method Not Found", f"command {self.request} not found")
        if missing or code == NO_SUCH_METHOD:
            return Refused(**self._facts, status=NO_SUCH_METHOD, reason="it has no such command; is the module loaded?")
        return Refused(**self._facts, status=code, reason=_one_line(message) or "no reason given")

    def cannot_ask(self, reason: str) -> CannotAsk:
        """Return the error of a request that cannot be put into the server's protocol."""
        return CannotAsk(**self._facts, reason=reason)

    def unreadable(self, reason: str) -> UnreadableAnswer:
        """Return the error of an answer that is none."""
        return UnreadableAnswer(**self._facts, reason=reason)

    def answer_too_large(self, instead: str) -> AnswerTooLarge:
        """Return the error of an answer that does not arrive whole this way."""
        return AnswerTooLarge(**self._facts, instead=instead)

    def request_too_large(self, limit: int, instead: str) -> RequestTooLarge:
        """Return the error of a request that the server would not read to its end."""
        return RequestTooLarge(**self._facts, limit=limit, instead=instead)

    @property
    def _facts(self) -> dict[str, Any]:
        return {"server": SERVER, "address": self.address, "request": self.request}


def _system_reason(problem: OSError) -> str:
    import socket

    if isinstance(problem, socket.gaierror):
        return "the name server does not answer" if problem.errno == socket.EAI_AGAIN else "no such host"
    text = problem.strerror or type(problem).__name__
    return text[0].lower() + text[1:]


def _one_line(message: str) -> str:
    words = "".join(letter if letter.isprintable() else " " for letter in message).split()
    return " ".join(words)[:300].rstrip(".")

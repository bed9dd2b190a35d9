"""What went wrong between us and an HTTP server: from a broken connection to a plain sentence."""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from urllib3 import exceptions as urllib3_errors

from kazoo_sup.errors import ServerRefused, ServerUnreachable, SupError, TimedOut

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Failure(Exception):
    """One attempt that brought no usable answer.

    error: what the user is told if this was the last attempt
    connected: False when no connection came about, so that another coordinator can be asked at once
    lost: the request may have taken effect, only its answer is missing
    passing: the same request may well succeed in a moment
    retry_after: seconds that the server asked to wait, or None
    """

    def __init__(
        self,
        error: SupError,
        *,
        connected: bool = True,
        lost: bool = False,
        passing: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(str(error))
        self.error, self.connected, self.lost, self.passing = error, connected, lost, passing
        self.retry_after = retry_after
        if lost:
            error.facts["lost"] = True


def answer_was_lost(error: SupError) -> bool:
    """Say whether the request behind an error may have taken effect on the server all the same."""
    return error.facts.get("lost") is True


def no_answer(problem: Exception, *, server: str, address: str, request: str, seconds: float) -> Failure:
    """Tell why a request got no (complete) answer.

    Only what is known to happen before a byte of the request leaves counts as not connected; everything else, a TLS
    error included, may have reached the server and counts as lost.
    """
    causes = list(_causes(problem))
    proxied = any(isinstance(cause, urllib3_errors.ProxyError) for cause in causes)
    via = "the proxy of the environment: " if proxied else ""

    def unreachable(reason: str, **outcome: bool) -> Failure:
        return Failure(ServerUnreachable(server=server, address=address, reason=f"{via}{reason}"), **outcome)

    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return unreachable(f"TLS: certificate verify failed: {sentence(cause.verify_message)}", connected=False)
        if isinstance(cause, ssl.SSLError):
            return unreachable(f"TLS: {_tls_reason(cause)}", lost=True, passing=True)
        if isinstance(cause, socket.gaierror):
            again = cause.errno == socket.EAI_AGAIN
            reason = "the name server does not answer" if again else "no such host"
            return unreachable(reason, connected=False, passing=again)
        if isinstance(cause, ConnectionRefusedError):
            return unreachable("connection refused", connected=False, passing=True)
    for cause in causes:
        if isinstance(cause, urllib3_errors.ProxyError):
            return unreachable(sentence(str(cause.original_error)), connected=False, passing=True)
        if isinstance(cause, urllib3_errors.NewConnectionError):
            system = next((each.strerror for each in causes if isinstance(each, OSError) and each.strerror), None)
            return unreachable((system or "no connection").lower(), connected=False, passing=True)
        if isinstance(cause, urllib3_errors.ConnectTimeoutError):
            return unreachable(f"no connection within {round(seconds, 1):g} s", connected=False, passing=True)
        if isinstance(cause, (urllib3_errors.ReadTimeoutError, TimeoutError)):
            doing = f" waiting for {server} at {address} to answer {request}"
            return Failure(TimedOut(seconds=round(seconds, 1), doing=doing), lost=True, passing=True)
        if isinstance(cause, urllib3_errors.DecodeError):
            return unreachable("its answer is not compressed as announced", lost=True, passing=True)
        if isinstance(cause, (urllib3_errors.ProtocolError, ConnectionError)):
            return unreachable("it closed the connection before its answer was complete", lost=True, passing=True)
    return unreachable(sentence(str(problem)) or type(problem).__name__, connected=False)


def redirected(status: int, headers: Mapping[str, str], *, server: str, request: str) -> Failure:
    """Turn a redirection down: credentials go to nobody but the configured server."""
    target = _without_credentials(headers.get("Location", ""))
    reason = f"it redirects to {target}, which is not followed" if target else "a redirection to nowhere"
    return Failure(ServerRefused(server=server, status=status, request=request, reason=reason))


def words(body: bytes) -> str:
    """Find the words of an HTML or text page, in one short line."""
    text = body.decode(errors="replace")
    return sentence(re.sub(r"(?s)<(script|style|title)\b.*?</\1>|<[^>]*>", " ", text))


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    """Walk from the outermost wrapper of requests and urllib3 to the error of the system underneath."""
    queue, seen = [problem], set[int]()
    while queue:
        current = queue.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        queue += [*current.args, getattr(current, "reason", None), current.__cause__, current.__context__]


def _tls_reason(problem: ssl.SSLError) -> str:
    reason: str | None = problem.reason
    return reason.replace("_", " ").lower() if reason else sentence(str(problem))


def sentence(said: Any) -> str:
    """Make one short line without a full stop out of whatever a server sent."""
    if said is None:
        return ""
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()).rstrip(".")
    return text if len(text) <= 300 else f"{text[:299]}…"  # noqa: PLR2004


def _without_credentials(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    netloc = parts.netloc.rpartition("@")[2]
    return sentence(parts._replace(netloc=netloc, query="", fragment="").geturl())


def seconds_asked(retry_after: str | None) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds, or a date."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None

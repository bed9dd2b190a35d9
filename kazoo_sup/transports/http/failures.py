"""What went wrong between us and an HTTP server: from a broken connection to a plain sentence."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kazoo_sup.errors import Delivered, ServerRefused, ServerUnreachable, TimedOut, TransportError
from kazoo_sup.transports.net import Cause, is_proxied, one_line, why
from kazoo_sup.transports.server import masked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Failure(Exception):
    """One attempt that brought no usable answer.

    error: what the user is told if this was the last attempt; where its request was not delivered no connection came
        about, so that another coordinator can be asked at once
    passing: the same request may well succeed in a moment
    retry_after: seconds that the server asked to wait, or None
    cause: why there was no answer, None where there was one
    """

    def __init__(
        self,
        error: TransportError,
        *,
        passing: bool = False,
        retry_after: float | None = None,
        cause: Cause | None = None,
    ) -> None:
        super().__init__(str(error))
        self.error, self.passing, self.retry_after, self.cause = error, passing, retry_after, cause

    @property
    def delivered(self) -> Delivered:
        """What became of the request in this attempt."""
        return self.error.delivered


def no_answer(problem: Exception, *, server: str, address: str, request: str, seconds: float) -> Failure:
    """Tell why a request got no (complete) answer in SECONDS."""
    found = why(problem)
    seconds = round(seconds, 1)
    if found.cause is Cause.SILENCE and found.delivered is not Delivered.NO:
        doing = f" waiting for {server} at {address} to answer {request}"
        return Failure(TimedOut(seconds=seconds, doing=doing), passing=found.passing, cause=found.cause)
    reason = f"no connection within {seconds:g} s" if found.cause is Cause.SILENCE else found.reason
    if is_proxied(problem):
        reason = f"the proxy of the environment: {reason}"
    error = ServerUnreachable(server=server, address=address, reason=reason, delivered=found.delivered)
    if found.cause is Cause.SILENCE:
        error.seconds = seconds
    return Failure(error, passing=found.passing, cause=found.cause)


def redirected(status: int, headers: Mapping[str, str], *, server: str, request: str) -> Failure:
    """Turn a redirection down: credentials go to nobody but the configured server."""
    target = _without_credentials(headers.get("location", ""))
    reason = f"it redirects to {target}, which is not followed" if target else "a redirection to nowhere"
    return Failure(ServerRefused(server=server, status=status, request=request, reason=reason))


def words(body: bytes, secrets: Sequence[str] = ()) -> str:
    """Find the words of an HTML or text page, in one short line, without SECRETS.

    Those are looked for before anything is cut: what is left of one would not be known any more.
    """
    text = masked(body.decode(errors="replace"), secrets)
    return one_line(re.sub(r"(?s)<(script|style|title)\b.*?</\1>|<[^>]*>", " ", text))


def _without_credentials(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    netloc = parts.netloc.rpartition("@")[2]
    return one_line(parts._replace(netloc=netloc, query="", fragment="").geturl())


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

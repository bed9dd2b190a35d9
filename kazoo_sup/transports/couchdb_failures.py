"""What went wrong between us and CouchDB: from a broken connection or an HTTP answer to a plain sentence."""

from __future__ import annotations

import json
import re
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from http.client import responses
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from urllib3 import exceptions as urllib3_errors

from kazoo_sup.errors import NotAuthorised, ServerRefused, ServerUnreachable, SupError, TimedOut
from kazoo_sup.transports.couchdb_package import PreconditionFailed, ResourceNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SERVER = "CouchDB"


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


def no_answer(problem: Exception, *, address: str, request: str, seconds: float) -> Failure:
    """Tell why a request got no (complete) answer.

    Only what is known to happen before a byte of the request leaves counts as not connected; everything else, a TLS
    error included, may have reached the server and counts as lost.
    """
    causes = list(_causes(problem))
    proxied = any(isinstance(cause, urllib3_errors.ProxyError) for cause in causes)
    via = "the proxy of the environment: " if proxied else ""

    def unreachable(reason: str, **outcome: bool) -> Failure:
        return Failure(ServerUnreachable(server=SERVER, address=address, reason=f"{via}{reason}"), **outcome)

    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return unreachable(f"TLS: certificate verify failed: {_sentence(cause.verify_message)}", connected=False)
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
            return unreachable(_sentence(str(cause.original_error)), connected=False, passing=True)
        if isinstance(cause, urllib3_errors.NewConnectionError):
            system = next((each.strerror for each in causes if isinstance(each, OSError) and each.strerror), None)
            return unreachable((system or "no connection").lower(), connected=False, passing=True)
        if isinstance(cause, urllib3_errors.ConnectTimeoutError):
            return unreachable(f"no connection within {round(seconds, 1):g} s", connected=False, passing=True)
        if isinstance(cause, (urllib3_errors.ReadTimeoutError, TimeoutError)):
            doing = f" waiting for {SERVER} at {address} to answer {request}"
            return Failure(TimedOut(seconds=round(seconds, 1), doing=doing), lost=True, passing=True)
        if isinstance(cause, urllib3_errors.DecodeError):
            return unreachable("its answer is not compressed as announced", lost=True, passing=True)
        if isinstance(cause, (urllib3_errors.ProtocolError, ConnectionError)):
            return unreachable("it closed the connection before its answer was complete", lost=True, passing=True)
    return unreachable(_sentence(str(problem)) or type(problem).__name__, connected=False)


def bad_answer(
    status: int, headers: Mapping[str, str], body: bytes, *, address: str, request: str, credentials: bool
) -> Exception:
    """Turn an HTTP answer that is not a success into the exception that the session has to deal with.

    ResourceNotFound and PreconditionFailed (a database that exists already) are the couchdb package's own and are
    CouchDB's answer; both only when CouchDB itself says so, for a proxy's 404 page is no proof of absence.
    """
    error, reason = _said(body)
    sentence = ": ".join(part for part in (error, reason) if part) or responses.get(status, "no reason given").lower()
    refused = ServerRefused(server=SERVER, status=status, request=request, reason=sentence)
    is_html = "html" in headers.get("Content-Type", "")
    if 300 <= status < 400:  # noqa: PLR2004
        target = _without_credentials(headers.get("Location", ""))
        reason = f"it redirects to {target}, which is not followed" if target else "a redirection to nowhere"
        return Failure(ServerRefused(server=SERVER, status=status, request=request, reason=reason))
    if status == 404 and (error == "not_found" or not (body or is_html)):  # noqa: PLR2004
        missing: Exception = ResourceNotFound((error, reason))
        return missing
    if status == 412 and error == "file_exists":  # noqa: PLR2004
        existing: Exception = PreconditionFailed((error, reason))
        return existing
    if status in {401, 403}:
        hint = f": {reason}" if reason else ""
        return Failure(
            NotAuthorised(server=SERVER, address=address, reason=hint if credentials else f", none given{hint}")
        )
    if status in {429, 503}:
        # Both say that nothing was done: too busy, or HAProxy had no server to pass the request to.
        return Failure(refused, passing=True, retry_after=_seconds(headers.get("Retry-After")))
    if status in {500, 502, 504} or (status == 412 and error == "nodedown"):  # noqa: PLR2004
        # chttpd:error_info/1: 500 "timeout" and 412 "nodedown" are shards that did not answer in time.
        return Failure(refused, lost=True, passing=True)
    return Failure(refused)


def unreadable_answer(status: int, body: bytes, *, request: str) -> Failure:
    """Judge the body of a success that is no JSON: cut off on the way (lost), or not from CouchDB at all."""
    cut_off = body.lstrip()[:1] in {b"", b"{", b"["}
    reason = "its answer breaks off" if cut_off else f"that is no answer of {SERVER}: {_said(body)[1]}"
    refused = ServerRefused(server=SERVER, status=status, request=request, reason=reason)
    return Failure(refused, lost=cut_off, passing=cut_off)


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
    return reason.replace("_", " ").lower() if reason else _sentence(str(problem))


def _said(body: bytes) -> tuple[str, str]:
    """Find CouchDB's (error, reason) in a body, or the words of an HTML or text page as the reason."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        # GET /_up of a node that wants no requests has neither: {"status": "maintenance_mode"}.
        return _sentence(answer.get("error")), _sentence(answer.get("reason") or answer.get("status"))
    if b"No server is available to handle this request" in body:
        return "", f"HAProxy has no {SERVER} server up"
    return "", _sentence(re.sub(r"(?s)<(script|style|title)\b.*?</\1>|<[^>]*>", " ", body.decode(errors="replace")))


def _sentence(words: Any) -> str:
    """Make one short line without a full stop out of whatever a server sent."""
    if words is None:
        return ""
    text = words if isinstance(words, str) else json.dumps(words, ensure_ascii=False)
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()).rstrip(".")
    return text if len(text) <= 300 else f"{text[:299]}…"  # noqa: PLR2004


def _without_credentials(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    netloc = parts.netloc.rpartition("@")[2]
    return _sentence(parts._replace(netloc=netloc, query="", fragment="").geturl())


def _seconds(retry_after: str | None) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds, or a date."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None

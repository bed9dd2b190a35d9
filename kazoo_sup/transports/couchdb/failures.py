"""What CouchDB answers that is not a success, as what the session has to deal with."""

from __future__ import annotations

import json
from http.client import responses
from typing import TYPE_CHECKING

from kazoo_sup.errors import Delivered, NotAuthorised, ServerRefused
from kazoo_sup.transports.couchdb import package
from kazoo_sup.transports.http.failures import Failure, redirected, seconds_asked, words
from kazoo_sup.transports.net import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SERVER", "Failure", "bad_answer", "unreadable_answer"]

SERVER = "CouchDB"


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
    is_html = "html" in headers.get("content-type", "")
    if 300 <= status < 400:  # noqa: PLR2004
        return redirected(status, headers, server=SERVER, request=request)
    if status == 404 and (error == "not_found" or not (body or is_html)):  # noqa: PLR2004
        missing: Exception = package.ResourceNotFound((error, reason))
        return missing
    if status == 412 and error == "file_exists":  # noqa: PLR2004
        existing: Exception = package.PreconditionFailed((error, reason))
        return existing
    if status in {401, 403}:
        hint = f": {reason}" if reason else ""
        return Failure(
            NotAuthorised(server=SERVER, address=address, reason=hint if credentials else f", none given{hint}")
        )
    if status in {429, 503}:
        # Both say that nothing was done: too busy, or HAProxy had no server to pass the request to.
        return Failure(refused, passing=True, retry_after=seconds_asked(headers.get("retry-after")))
    if status in {500, 502, 504} or (status == 412 and error == "nodedown"):  # noqa: PLR2004
        # chttpd:error_info/1: 500 "timeout" and 412 "nodedown" are shards that did not answer in time.
        refused.delivered = Delivered.MAYBE
        return Failure(refused, passing=True)
    return Failure(refused)


def unreadable_answer(status: int, body: bytes, *, request: str) -> Failure:
    """Judge the body of a success that is not JSON: cut off on the way, or not from CouchDB at all."""
    cut_off = body.lstrip()[:1] in {b"", b"{", b"["}
    reason = "its answer breaks off" if cut_off else f"that is not an answer of {SERVER}: {_said(body)[1]}"
    refused = ServerRefused(server=SERVER, status=status, request=request, reason=reason)
    refused.delivered = Delivered.MAYBE if cut_off else Delivered.YES
    return Failure(refused, passing=cut_off)


def _said(body: bytes) -> tuple[str, str]:
    """Find CouchDB's (error, reason) in a body, or the words of an HTML or text page as the reason."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        # GET /_up of a node that wants no requests has neither: {"status": "maintenance_mode"}.
        return one_line(answer.get("error")), one_line(answer.get("reason") or answer.get("status"))
    if b"No server is available to handle this request" in body:
        return "", f"HAProxy has no {SERVER} server up"
    return "", words(body)

"""RabbitMQ's management HTTP API: JSON read whole or page by page, and the few requests that change something.

Source: RabbitMQ 3.10, "RabbitMQ Management HTTP API"; rabbit_mgmt_util.erl (paginate, extract_columns).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Self
from urllib.parse import quote

from kazoo_sup.errors import NotAuthorised, NotFound, ServerRefused, SupError, UsageError
from kazoo_sup.transports.http import HTTP, Timeouts
from kazoo_sup.transports.http_failures import sentence
from kazoo_sup.transports.tls import Tls

SERVER = "RabbitMQ"

PAGE = 500
"""Items of a page, the most that the API gives."""

_GUEST = ("guest", "guest")  # what RabbitMQ ships with, for its own host only
_OUT_OF_RANGE = "page_out_of_range"


class UnreadableAnswer(SupError):
    """RabbitMQ at {address} answered {request} with what is not the management API's: {reason}"""


class NoSuchPath(UsageError):
    """{name!r} cannot be asked for: a URL has no room for such a name"""


class ManagementAPI:
    """One broker's management API, under the URL to which `/api/…` is appended; safe to use from several threads."""

    def __init__(
        self,
        url: str,
        username: str | None = None,
        password: str | None = None,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        retry: float = 1.0,
        tls: Tls = Tls(),  # noqa: B008 - immutable
    ) -> None:
        """Connect to nothing yet.

        Times are in seconds: to connect, to wait for a part of an answer, and spent on repeats.
        Raises SettingsError for a URL that is none.
        """
        login = _GUEST if username is None and password is None else (username or "", password or "")
        self._password = login[1] if login is not _GUEST else ""
        timeouts = Timeouts(connect_timeout, read_timeout, 2 * read_timeout, retry)
        self._http = HTTP(url, server=SERVER, login=login, timeouts=timeouts, tls=tls)

    def __enter__(self) -> Self:
        """Return the API itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connection that may be open."""
        self._http.close()

    def item(self, *path: str, columns: Sequence[str] = ()) -> dict[str, Any]:
        """Return the object at PATH, whose parts are escaped here; of it only COLUMNS (dots lead inside), when given.

        Raises NotFound, NotAuthorised, ServerRefused, ServerUnreachable, TimedOut, UnreadableAnswer, or NoSuchPath.
        """
        answer = self._get(path, columns)
        if not isinstance(answer, dict):
            raise self._unreadable(_path(path), "it is no object")
        return answer

    def whole(self, *path: str, columns: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return a list that the API does not page."""
        return self._items(self._get(path, columns), _path(path))

    def pages(self, *path: str, columns: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
        """Give the items of a list page by page.

        The API numbers its pages anew for each request: of what comes and goes meanwhile something may be missed or
        come twice.
        """
        page = 1
        while True:
            try:
                answer = self._get(path, columns, page=page, page_size=PAGE)
            except ServerRefused as refused:
                if page > 1 and refused.facts.get("code") == _OUT_OF_RANGE:
                    return  # so much has gone meanwhile
                raise
            if isinstance(answer, dict):
                items, last = self._items(answer.get("items"), _path(path)), answer.get("page_count")
            else:
                items, last = self._items(answer, _path(path)), page  # before 3.6 nothing is paged
            yield from items
            if not isinstance(last, int) or page >= last or not items:
                return
            page += 1

    def delete(self, *path: str, reason: str | None = None) -> None:
        """Delete what is at PATH; REASON is told to whose connection that closes. Raises what `item` raises."""
        headers = {"X-Reason": reason} if reason else {}
        try:
            self._http.request("DELETE", _path(path), headers=headers)
        except (NotAuthorised, ServerRefused) as refused:
            raise self._explained(refused, path) from None

    def _get(self, path: Sequence[str], columns: Sequence[str], **query: str | int) -> Any:
        encoded = _path(path)
        if columns:
            query["columns"] = ",".join(columns)
        try:
            answer = self._http.request("GET", encoded, query=query)
        except (NotAuthorised, ServerRefused) as refused:
            raise self._explained(refused, path) from None
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError):
            raise self._unreadable(encoded, "it is no JSON") from None

    def _explained(self, refused: SupError, path: Sequence[str]) -> SupError:
        """Return the error with the API's own words in it, {"error": …, "reason": …}; a 404 as NotFound."""
        try:
            answer = json.loads(refused.facts.get("content") or b"")
        except (ValueError, RecursionError):
            answer = None
        said = answer if isinstance(answer, dict) else {}
        reason = sentence(said.get("reason") or said.get("error"))
        if self._password:
            reason = reason.replace(self._password, "****")
        if refused.facts.get("status") == 404:  # noqa: PLR2004
            return NotFound(server=SERVER, what=" ".join(path))
        facts = {**refused.facts, "code": said.get("error")}
        if reason:
            facts["reason"] = f": {reason}" if isinstance(refused, NotAuthorised) else reason
        return type(refused)(**facts)

    def _items(self, answer: Any, encoded: str) -> list[dict[str, Any]]:
        if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
            raise self._unreadable(encoded, "it is no list of objects")
        return answer

    def _unreadable(self, encoded: str, reason: str) -> UnreadableAnswer:
        return UnreadableAnswer(address=self._http.address, request=f"GET {encoded}", reason=reason)


def _path(parts: Sequence[str]) -> str:
    for part in parts:
        # Whoever passes a URL on takes "." and ".." for directories, escaped or not (RFC 3986, 6.2.2).
        if part in ("", ".", "..") or "\0" in part:
            raise NoSuchPath(name=part)
    return "/api/" + "/".join(quote(part, safe="") for part in parts)

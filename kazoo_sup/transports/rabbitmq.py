"""RabbitMQ's management HTTP API: JSON read whole or page by page, and the few requests that change something.

Source: RabbitMQ 3.10, "RabbitMQ Management HTTP API"; rabbit_mgmt_util.erl (paginate, extract_columns).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from kazoo_sup.errors import Delivered, NotAuthorised, NotFound, ServerRefused, TransportError, UsageError
from kazoo_sup.transports.http import HTTP, Place, Timeouts
from kazoo_sup.transports.limits import Limits
from kazoo_sup.transports.net import Tls, one_line

if TYPE_CHECKING:
    from kazoo_sup.transports.server import Server
    from kazoo_sup.types import Document, Json

SERVER = "RabbitMQ"

PAGE = 500
"""Items of a page, the most that the API gives."""

_GUEST = ("guest", "guest")  # what RabbitMQ ships with, for its own host only
_OUT_OF_RANGE = "page_out_of_range"


class RabbitMQUnreadable(TransportError):
    """{server} at {address} answered {request} with what is not the management API's: {reason}"""

    server: str
    address: str
    request: str
    reason: str


class NoManagementAPI(TransportError):
    """what answers {request} at {address} with 404 is not a management API of {server}"""

    server: str
    address: str
    request: str


class NoSuchPath(TransportError, UsageError):
    """{name!r} cannot be asked for: such a name does not fit into a URL"""

    name: str
    delivered: Delivered = Delivered.NO


class ManagementAPI:
    """One broker's management API, under the URL to which `/api/…` is appended; safe to use from several threads."""

    def __init__(
        self,
        server: Server,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 60.0,
        retry: float = 1.0,
        limits: Limits = Limits(),  # noqa: B008 - immutable
        tls: Tls = Tls(),  # noqa: B008 - immutable
        called: str = SERVER,
    ) -> None:
        """Connect to nothing yet; errors call the broker CALLED.

        Times are in seconds: to connect, to wait for a part of an answer, and spent on repeats. LIMITS are those of one
        answer, a page of a listing.
        Raises SettingsError for a malformed URL, or when the password cannot be read.
        """
        username, password = server.username, server.password
        login = _GUEST if username is None and password is None else (username or "", password or "")
        self.called = called
        self._password = login[1] if login is not _GUEST else ""
        timeouts = Timeouts(connect_timeout, read_timeout, retry, whole=2 * read_timeout)
        self._http = HTTP(Place(server.url, called, login), timeouts=timeouts, limits=limits, tls=tls)

    def __enter__(self) -> Self:
        """Return the API itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connection that may be open."""
        self._http.close()

    def item(self, *path: str, columns: Sequence[str] = ()) -> Document:
        """Return the object at PATH, whose parts are escaped here; of it only COLUMNS (dots lead inside), when given.

        Raises NotFound, NotAuthorised, ServerRefused, ServerUnreachable, TimedOut, RabbitMQUnreadable, or NoSuchPath.
        """
        answer = self._get(path, columns)
        if columns and answer == []:
            return {}  # none of the columns is there, and Erlang does not tell an object of nothing from such a list
        if not isinstance(answer, dict):
            raise self._unreadable(_path(path), "it is not an object")
        return answer

    def members(self) -> list[Document]:
        """Return the nodes of the cluster, of which there is always one."""
        found = self.whole("nodes")
        if not found:
            raise self._unreadable(_path(("nodes",)), "it names no node")
        return found

    def check(self, *path: str) -> Document | None:
        """Return what a health check at PATH says, be it good or bad; None where the server has no such check."""
        encoded = _path(path)
        try:
            answer = self._http.request("GET", encoded, repeat=False)
        except ServerRefused as refused:
            # A check that fails is answered with 503, and so is a request that some gateway could not pass on.
            found = _object(refused.content)
            if refused.status == 503 and "status" in found:  # noqa: PLR2004
                return found
            if refused.status == 404:  # noqa: PLR2004
                return None
            raise self._explained(refused, path) from None
        except NotAuthorised as refused:
            raise self._explained(refused, path) from None
        return _object(answer.body)

    def whole(self, *path: str, columns: Sequence[str] = ()) -> list[Document]:
        """Return a list that the API does not page."""
        return self._items(self._get(path, columns), _path(path))

    def pages(self, *path: str, columns: Sequence[str] = ()) -> Iterator[Document]:
        """Yield the items of a list page by page.

        The API numbers its pages again for each request: of what comes and goes meanwhile something may be missed or
        come twice.
        """
        page = 1
        while True:
            try:
                answer = self._get(path, columns, page=page, page_size=PAGE)
            except ServerRefused as refused:
                if page > 1 and refused.code == _OUT_OF_RANGE:
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

    def _get(self, path: Sequence[str], columns: Sequence[str], **query: str | int) -> Json:
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
            raise self._unreadable(encoded, "it is not JSON") from None

    def _explained(self, refused: NotAuthorised | ServerRefused, path: Sequence[str]) -> TransportError:
        """Return the error with the API's own words in it, {"error": …, "reason": …}; a 404 as NotFound."""
        said = _object(refused.content)
        reason = one_line(said.get("reason") or said.get("error"))
        if self._password:
            reason = reason.replace(self._password, "****")
        if refused.status == 404:  # noqa: PLR2004
            if "error" not in said:
                return NoManagementAPI(server=self.called, address=self._http.address, request=f"GET {_path(path)}")
            return NotFound(server=self.called, what=" ".join(path))
        if reason:
            refused = refused.replaced(reason=f": {reason}" if isinstance(refused, NotAuthorised) else reason)
        return refused.replaced(code=said.get("error"))

    def _items(self, answer: object, encoded: str) -> list[Document]:
        if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
            raise self._unreadable(encoded, "it is not a list of objects")
        return answer

    def _unreadable(self, encoded: str, reason: str) -> RabbitMQUnreadable:
        return RabbitMQUnreadable(
            server=self.called, address=self._http.address, request=f"GET {encoded}", reason=reason
        )


def _object(body: bytes) -> Document:
    """Return the object that a body holds, an empty one for any other body."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _path(parts: Sequence[str]) -> str:
    for part in parts:
        # Whoever passes a URL on takes "." and ".." for directories, escaped or not (RFC 3986, 6.2.2).
        if part in ("", ".", "..") or "\0" in part:
            raise NoSuchPath(name=part)
    return "/api/" + "/".join(quote(part, safe="") for part in parts)

"""The HTTP session under the couchdb package: several coordinators, timeouts, TLS, and repeats where they are safe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO

from kazoo_sup.errors import Delivered, ServerUnreachable, SettingsError
from kazoo_sup.transports.couchdb import shapes
from kazoo_sup.transports.couchdb.failures import SERVER, bad_answer, unreadable_answer
from kazoo_sup.transports.http.failures import Failure
from kazoo_sup.transports.http.repeats import repeated
from kazoo_sup.transports.http.transport import Answer, Place, Request, Timeouts, Transport
from kazoo_sup.transports.shapes import UnknownShape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kazoo_sup.transports.limits import Limits
    from kazoo_sup.transports.net import Tls
    from kazoo_sup.transports.server import Server
    from kazoo_sup.types import Json

    Quick = Callable[[bytes], Json]

JSON = "application/json"

# What only reads although it is a POST (CouchDB docs, "API reference"); the queries of a view are told by their path.
READING_POSTS = frozenset(
    {
        "_all_docs",
        "_bulk_get",
        "_changes",
        "_dbs_info",
        "_design_docs",
        "_explain",
        "_find",
        "_missing_revs",
        "_revs_diff",
    }
)


class Session:
    """What couchdb.Server(url, session=…) needs of a session: `request`, over requests.

    It differs from couchdb.http.Session on purpose: JSON is handed over decoded and without its Content-Type, so that
    the package passes it on as it is and a cut-off answer is noticed where it can still be asked for again; and errors
    are this project's, but for ResourceNotFound and PreconditionFailed.

    Nothing is taken from ~/.netrc or REQUESTS_CA_BUNDLE. The proxies of the environment (HTTP_PROXY, NO_PROXY …) are
    used, except for loopback addresses. Redirects are not followed.
    """

    def __init__(
        self, servers: Sequence[Server], timeouts: Timeouts, limits: Limits, tls: Tls, connections: int
    ) -> None:
        """Keep up to `connections` idle connections to each server; nothing is connected yet."""
        if not servers:
            raise SettingsError(source=SERVER, reason="no address is configured")
        self._places = list(map(_place, servers))
        self._current = 0
        self._retry = timeouts.retry
        headers = {"Connection": "keep-alive"}
        self._transport = Transport(
            timeouts=timeouts, limits=limits, tls=tls, headers=headers, pools=len(servers), connections=connections
        )

    @property
    def url(self) -> str:
        """The address to build URLs upon; requests go to whichever server answers."""
        return self._places[0].url

    def request(
        self,
        method: str,
        url: str,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        credentials: object = None,  # noqa: ARG002 - each server has its own
        num_redirects: int = 0,  # noqa: ARG002 - none are followed
        *,
        quick: Quick | None = None,
    ) -> tuple[int, dict[str, str], Json]:
        """Send one request as couchdb.http.Resource asks for it and return (status, headers, data).

        body: bytes or an open binary file as they are, anything else as JSON
        headers: an Accept other than JSON makes `data` a BinaryIO that reads from the connection
        quick: reads a success, and checks it, in place of `json` and of shapes, unless it returns None
        data: the decoded JSON, None for HEAD
        """
        headers = {"Accept": JSON, **(headers or {})}
        if body is not None and not isinstance(body, bytes) and not hasattr(body, "read"):
            body = encode(body)
            headers["Content-Type"] = JSON
        path = url.removeprefix(self.url) or "/"
        query = _query(method.upper(), path, headers, body)
        # 429 and 503 say that nothing was done; a request that only reads may always be sent again.
        return repeated(lambda: self._attempt(query, quick), only_reads=_only_reads(query), patience=self._retry)

    def close(self) -> None:
        """Close every idle connection."""
        self._transport.close()

    def _attempt(self, query: Request, quick: Quick | None) -> tuple[int, dict[str, str], Json]:
        """Ask the server that answered last; where there is no connection, the next one, each at most once."""
        unconnected: list[Failure] = []
        first, count = self._current, len(self._places)
        for turn in range(first, first + count):
            try:
                answer = self._exchange(self._places[turn % count], query, quick)
            except Failure as failure:
                if failure.delivered is not Delivered.NO:
                    self._current = (turn + bool(failure.passing)) % count
                    raise
                unconnected.append(failure)
            else:
                self._current = turn % count
                return answer
        raise _together(unconnected)

    def _exchange(self, place: Place, query: Request, quick: Quick | None) -> tuple[int, dict[str, str], Json]:
        if query.headers["Accept"] == JSON:
            answer = self._transport.exchange(place, query)
        else:
            opened = self._transport.open(place, query)
            if not isinstance(opened, Answer):
                return 200, {}, opened
            answer = opened
        if not answer.is_success:
            raise bad_answer(
                answer.status,
                answer.headers,
                answer.body,
                address=place.address,
                request=query.name,
                credentials=bool(place.authorization),
            )
        headers = {name: value for name, value in answer.headers.items() if name != "content-type"}
        if query.method == "HEAD" or answer.status == 204:  # noqa: PLR2004
            return answer.status, headers, None
        found = quick(answer.body) if quick else None
        return answer.status, headers, _read(answer, place, query) if found is None else found


def _read(answer: Answer, place: Place, query: Request) -> Json:
    """Return the JSON of a success, which has the shape that it must have."""
    try:
        found = json.loads(answer.body)
    except RecursionError:
        raise unreadable_answer(answer.status, b"it is nested too deeply", request=query.name) from None
    except ValueError:
        raise unreadable_answer(answer.status, answer.body, request=query.name) from None
    if wrong := shapes.wrong_with(found, query.method, query.path):
        server = f"{SERVER} at {place.address}"
        strange = UnknownShape(server=server, status=answer.status, request=query.name, reason=wrong)
        strange.delivered = query.unread
        raise Failure(strange)
    return found


_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode(value: object) -> bytes:
    """Encode JSON as compact UTF-8; half surrogate pairs, which UTF-8 cannot hold, stay the escapes they came as."""
    try:
        return _COMPACT.encode(value).encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _query(method: str, path: str, headers: Mapping[str, str], body: bytes | BinaryIO | None) -> Request:
    name = f"{method} {path.partition('?')[0]}"
    query = Request(method, path, name, headers, body)
    # What only reads has no effect that one could miss.
    return query._replace(unread=Delivered.YES) if _only_reads(query) else query


def _only_reads(query: Request) -> bool:
    if query.method in {"GET", "HEAD"}:
        return True
    *above, last = ["", *query.path.partition("?")[0].split("/")]
    return query.method == "POST" and (last in READING_POSTS or above[-1] == "_view")


def _place(server: Server) -> Place:
    login = (server.username, server.password or "") if server.username else None
    return Place(server.url, SERVER, login)


def _together(failures: list[Failure]) -> Failure:
    """Make one failure of the failures to connect to each server."""
    if len(failures) == 1:
        return failures[0]
    errors = [failure.error for failure in failures if isinstance(failure.error, ServerUnreachable)]
    addresses = ", ".join(error.address for error in errors)
    reasons = "; ".join(dict.fromkeys(error.reason for error in errors))
    together = ServerUnreachable(server=SERVER, address=addresses, reason=reasons)
    together.seconds = errors[0].seconds
    return Failure(together, passing=any(failure.passing for failure in failures))

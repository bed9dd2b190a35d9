"""Replications as CouchDB keeps them: documents of the database _replicator, and how they fare."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urlsplit

from kazoo_sup import changes
from kazoo_sup.errors import BadArgument, ExitCode, NotFound, ServerRefused, SupError
from kazoo_sup.kazoo.couchdb import databases
from kazoo_sup.kazoo.documents import as_object, text_files
from kazoo_sup.kazoo.zone import awaited
from kazoo_sup.transports.couchdb import Administration
from kazoo_sup.transports.couchdb.admin import NotOffered

if TYPE_CHECKING:
    from kazoo_sup.transports.couchdb.answers import Replication
    from kazoo_sup.types import Document, Row
    from kazoo_sup.zone import Zone

DATABASE = "_replicator"
COLUMNS = ("id", "state", "source", "target", "continuous", "pending", "written", "failures", "wrong")
TROUBLED = ("crashing", "error", "failed")
_ENDED = ("completed", "failed")

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ReplicationTroubled(SupError):
    """{troubled} of {total} replications have failed or keep failing, {first} first"""

    exit_code = ExitCode.NOT_OK

    troubled: int
    total: int
    first: str


def endpoint(zone: Zone, text: str, auth: Path | None, parameter: str) -> Document:
    """Return one end of a replication: a database of this cluster, or the URL of one elsewhere.

    The cluster itself is named by the address of the zone's first coordinator, with its credentials. AUTH is a file
    with `user:password` in its first line. Raises BadArgument for credentials in the URL, and for a file that cannot be
    read.
    """
    if "://" not in text:
        coordinator = zone.settings.couchdb[0]
        if urlsplit(coordinator.url).hostname in _LOOPBACK:
            zone.run.warn(f"the nodes will look for {text} at {coordinator.url}: each at itself")
        password = coordinator.password or ""
        credentials = f"{coordinator.username}:{password}" if coordinator.username else ""
        url = f"{coordinator.url}/{quote(databases.name(text), safe='')}"
    else:
        parts = _parts(text)
        if parts is None:
            raise BadArgument(parameter=parameter, reason="must be a database, or a URL as https://host:6984/database")
        if "@" in parts.netloc:
            reason = "a password does not belong on the command line; put user:password into a file and name that"
            raise BadArgument(parameter=parameter, reason=reason)
        url, credentials = text, ""
    if auth is not None:
        credentials = _credentials(auth, f"--{parameter.lower()}-auth")
    if not credentials:
        return {"url": url}
    token = base64.b64encode(credentials.encode()).decode()
    # As a header, which CouchDB 2 understands too; `auth` came with 3.2.
    return {"url": url, "headers": {"Authorization": f"Basic {token}"}}


def _parts(url: str) -> SplitResult | None:
    """Return the parts of the URL of a database, None of anything else."""
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port != 0
    except ValueError:  # an IPv6 address without its end, a port that is no number
        return None
    found = parts.scheme in ("http", "https") and parts.hostname and parts.path.strip("/") and port_is_valid
    return parts if found else None


def _credentials(file: Path, parameter: str) -> str:
    line = text_files.secret(file, parameter).strip()
    if ":" not in line:
        raise BadArgument(parameter=parameter, reason=f"the first line of {file} does not read user:password")
    return line


def start(zone: Zone, source: Document, target: Document, *, continuous: bool, create_target: bool) -> changes.Tally:
    """Store the document that makes the cluster replicate."""
    document = {
        "_id": f"sup-{os.urandom(8).hex()}",
        "source": source,
        "target": target,
        "continuous": continuous,
        "create_target": create_target,
    }
    # Where it is only shown, the document is not: it holds the credentials.
    return changes.if_made(zone, lambda: changes.create(zone, DATABASE, document, announced=False), shown=changes.Tally)


def stop(zone: Zone, identifier: str) -> changes.Tally:
    """Delete the document of a replication, which ends it.

    Raises NotFound when there is none.
    """
    stored = zone.couchdb.get(DATABASE, identifier)
    if stored is None:
        raise NotFound(server="CouchDB", what=f"replication {identifier}")
    return changes.delete(zone, DATABASE, stored, announced=False)


def started(tally: changes.Tally, source: Document, target: Document) -> Row:
    """Show a replication that was asked for.

    Raises the error that kept it from being stored.
    """
    shown = {"source": address(source), "target": address(target)}
    if not tally.counts:
        return {"state": "would be started", **shown}
    return {"id": tally.document["_id"], "state": "asked for", **shown}


def finished(zone: Zone, identifier: str) -> Iterator[Row]:
    """Wait until a replication has completed or failed, and show it; one that keeps failing is tried on."""

    def running() -> int:
        return sum(row["state"] not in _ENDED for row in status(zone, identifier))

    goes_on = f"the replication goes on; sup couchdb replicate_status {identifier} shows it"
    awaited.until_none(zone.run, running, label="replicating", goes_on=goes_on)
    yield from status(zone, identifier)


def checked(rows: Iterator[Row]) -> Iterator[Row]:
    """Hand the rows on; raise ReplicationTroubled after them when a replication has failed or keeps failing."""
    total, troubled = 0, []
    for row in rows:
        total += 1
        if row["state"] in TROUBLED:
            troubled.append(row["id"])
        yield row
    if troubled:
        raise ReplicationTroubled(troubled=len(troubled), total=total, first=troubled[0])


def status(zone: Zone, identifier: str = "") -> Iterator[Row]:
    """Yield a row per replication, or that of the one called IDENTIFIER; raises NotFound when there is none."""
    if not identifier:
        yield from _all(zone)
        return
    rows = [row for row in _all(zone) if row["id"] == identifier]
    if not rows:  # one that was stored just now is not yet scheduled
        stored = zone.couchdb.get(DATABASE, identifier)
        if stored is None:
            raise NotFound(server="CouchDB", what=f"replication {identifier}")
        rows = [_stored(stored)]
    yield from rows


def _all(zone: Zone) -> Iterator[Row]:
    """Yield what the scheduler says, or, where there is none, the documents themselves."""
    scheduled = Administration(zone.couchdb).replications()
    try:
        first = next(scheduled, None)
    except NotOffered as no_scheduler:
        yield from map(_stored, _documents(zone, no_scheduler))
        return
    if first is not None:
        yield _scheduled(first)
        yield from map(_scheduled, scheduled)


def _documents(zone: Zone, no_scheduler: NotOffered) -> Iterator[Document]:
    try:
        exists = zone.couchdb.exists(DATABASE)
    except ServerRefused:  # BigCouch allows no such name
        raise no_scheduler from None
    if exists:
        yield from (each for each in zone.couchdb.documents(DATABASE) if not each["_id"].startswith("_design/"))


def _scheduled(found: Replication) -> Row:
    info = found.get("info") or {}
    wrong = info.get("error") if isinstance(info, dict) else str(info)
    numbers = as_object(info)
    return {
        "id": found.get("doc_id"),
        "state": found.get("state"),
        "source": address(found.get("source")),
        "target": address(found.get("target")),
        "continuous": str(found.get("id") or "").endswith("+continuous") if found.get("id") else None,
        "pending": numbers.get("changes_pending"),
        "written": numbers.get("docs_written"),
        "failures": numbers.get("doc_write_failures"),
        "wrong": wrong or (f"failed {found['error_count']} times in a row" if found.get("error_count") else None),
    }


def _stored(document: Document) -> Row:
    """Read the state that CouchDB 1, 2.0 and BigCouch write into the document."""
    return {
        "id": document["_id"],
        "state": document.get("_replication_state") or "not taken up",
        "source": address(document.get("source")),
        "target": address(document.get("target")),
        "continuous": bool(document.get("continuous")),
        "wrong": document.get("_replication_state_reason"),
    }


def address(end: object) -> str:
    """Return where an end of a replication is, without any credentials."""
    url = end.get("url") if isinstance(end, dict) else end
    if not isinstance(url, str):
        return ""
    head, separator, rest = url.partition("://")
    if not separator:
        return url
    host, slash, path = rest.partition("/")
    return f"{head}://{host.rpartition('@')[2]}{slash}{path}"

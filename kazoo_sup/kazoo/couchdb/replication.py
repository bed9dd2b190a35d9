"""Replications as CouchDB keeps them: documents of the database _replicator, and how they fare."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.errors import BadArgument, ExitCode, NotFound, ServerRefused, SupError
from kazoo_sup.kazoo.couchdb import databases
from kazoo_sup.transports.couchdb_admin import Administration, NotOffered

if TYPE_CHECKING:
    from kazoo_sup.outcome import Row
    from kazoo_sup.zone import Zone

DATABASE = "_replicator"
COLUMNS = ("id", "state", "source", "target", "continuous", "pending", "written", "failures", "wrong")
TROUBLED = ("crashing", "error", "failed")

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ReplicationTroubled(SupError):
    """{troubled} of {total} replications have failed or keep failing, {first} first"""

    exit_code = ExitCode.NOT_OK


def endpoint(zone: Zone, text: str, auth: Path | None, parameter: str) -> dict[str, Any]:
    """Return one end of a replication: a database of this cluster, or the URL of one elsewhere.

    The cluster itself is named by the address of the zone's first coordinator, with its credentials. AUTH is a file
    with `user:password` in its first line. Raises BadArgument for credentials in the URL, and for a file that cannot be
    read.
    """
    if "://" not in text:
        coordinator = zone.settings.couchdb[0]
        if urlsplit(coordinator.url).hostname in _LOOPBACK:
            zone.run.hint(f"the nodes will look for {text} at {coordinator.url}: each at itself")
        password = coordinator.password or ""
        credentials = f"{coordinator.username}:{password}" if coordinator.username else ""
        url = f"{coordinator.url}/{quote(databases.name(text), safe='')}"
    else:
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname or not parts.path.strip("/"):
            raise BadArgument(parameter=parameter, reason="must be a database, or a URL as https://host:6984/database")
        if "@" in parts.netloc:
            reason = "a password does not belong on the command line; put user:password into a file and name that"
            raise BadArgument(parameter=parameter, reason=reason)
        url, credentials = text, ""
    if auth is not None:
        credentials = _credentials(auth)
    if not credentials:
        return {"url": url}
    token = base64.b64encode(credentials.encode()).decode()
    # As a header, which CouchDB 2 understands too; `auth` came with 3.2.
    return {"url": url, "headers": {"Authorization": f"Basic {token}"}}


def _credentials(file: Path) -> str:
    try:
        line = file.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise BadArgument(parameter=str(file), reason=f"cannot be read: {reason}") from None
    if ":" not in line:
        raise BadArgument(parameter=str(file), reason="its first line does not read user:password")
    return line


def start(
    zone: Zone, source: dict[str, Any], target: dict[str, Any], *, continuous: bool, create_target: bool
) -> changes.Tally:
    """Store the document that makes the cluster replicate."""
    document = {
        "_id": f"sup-{os.urandom(8).hex()}",
        "source": source,
        "target": target,
        "continuous": continuous,
        "create_target": create_target,
    }
    if zone.run.dry_run:  # the door would show the credentials
        return changes.Tally()
    return changes.apply(zone, [Change(DATABASE, document, None)], announced=False)


def stop(zone: Zone, identifier: str) -> changes.Tally:
    """Delete the document of a replication, which ends it.

    Raises NotFound when there is none.
    """
    stored = zone.couchdb.get(DATABASE, identifier)
    if stored is None:
        raise NotFound(server="CouchDB", what=f"replication {identifier}")
    return changes.apply(zone, [Change(DATABASE, None, stored)], announced=False)


def started(tally: changes.Tally, source: dict[str, Any], target: dict[str, Any]) -> Row:
    """Show a replication that was asked for.

    Raises the error that kept it from being stored.
    """
    shown = {"source": address(source), "target": address(target)}
    if not tally.counts:
        return {"state": "would be started", **shown}
    return {"id": tally.document["_id"], "state": "asked for", **shown}


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


def status(zone: Zone) -> Iterator[Row]:
    """Yield a row per replication: what the scheduler says, or, where there is none, the documents themselves."""
    scheduled = Administration(zone.couchdb).replications()
    try:
        first = next(scheduled, None)
    except NotOffered as no_scheduler:
        yield from map(_stored, _documents(zone, no_scheduler))
        return
    if first is not None:
        yield _scheduled(first)
        yield from map(_scheduled, scheduled)


def _documents(zone: Zone, no_scheduler: NotOffered) -> Iterator[dict[str, Any]]:
    try:
        exists = zone.couchdb.exists(DATABASE)
    except ServerRefused:  # BigCouch allows no such name
        raise no_scheduler from None
    if exists:
        yield from (each for each in zone.couchdb.documents(DATABASE) if not each["_id"].startswith("_design/"))


def _scheduled(found: dict[str, Any]) -> Row:
    info = found.get("info") or {}
    wrong = info.get("error") if isinstance(info, dict) else str(info)
    numbers = info if isinstance(info, dict) else {}
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


def _stored(document: dict[str, Any]) -> Row:
    """Read the state that CouchDB 1, 2.0 and BigCouch write into the document."""
    return {
        "id": document["_id"],
        "state": document.get("_replication_state") or "not taken up",
        "source": address(document.get("source")),
        "target": address(document.get("target")),
        "continuous": bool(document.get("continuous")),
        "wrong": document.get("_replication_state_reason"),
    }


def address(end: Any) -> str:
    """Return where an end of a replication is, without any credentials."""
    url = end.get("url") if isinstance(end, dict) else end
    if not isinstance(url, str):
        return ""
    head, separator, rest = url.partition("://")
    if not separator:
        return url
    host, slash, path = rest.partition("/")
    return f"{head}://{host.rpartition('@')[2]}{slash}{path}"

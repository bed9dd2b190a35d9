"""Who may administer and who may read a database (CouchDB docs, /{db}/_security)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Report, same
from kazoo_sup.errors import BadArgument, TransportError
from kazoo_sup.kazoo.couchdb import databases
from kazoo_sup.messages.names import encoded
from kazoo_sup.transports.couchdb import Administration

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Row
    from kazoo_sup.zone import Zone

COLUMNS = ("database", "admin_names", "admin_roles", "member_names", "member_roles", "open", "wrong")
GROUPS = ("admins", "members")

_KINDS = ("names", "roles")


def rows(admin: Administration, names: Iterable[str]) -> Iterator[Row]:
    """Yield a row for each database; `open` when everybody may read and write it."""
    items = databases.counted("databases")
    for name in names:
        try:
            found = admin.security(name)
            items.add()
        except TransportError as error:
            items.bear(error)
            yield {"database": name, "wrong": databases.attempted(items, error)}
            continue
        who = {f"{group[:-1]}_{kind}": (found.get(group) or {}).get(kind) or [] for group in GROUPS for kind in _KINDS}
        yield {
            "database": name,
            **{key: ", ".join(map(str, each)) for key, each in who.items()},
            "open": not (who["member_names"] or who["member_roles"]),
        }
    items.end()


def store(zone: Zone, database: str, security: Document) -> Report:
    """Set who may administer and read a database, or show it under `--dry-run`; nothing is sent when it is so."""
    admin = Administration(zone.couchdb)
    before = admin.security(database)
    action = "unchanged" if same(before, security) else "edited"
    planned = False
    if action == "edited":

        def set_it() -> bool:
            admin.set_security(database, security)
            return False

        planned = changes.act(
            zone,
            f"change who may administer and read {database}",
            set_it,
            was=changes.Was(before, ("couchdb", "security", database, json.dumps(before)), security),
            shown=lambda: True,
        )
    report = Report(encoded(database), "_security", action, before, security, planned=planned)
    zone.run.report(report)
    return report


def checked(security: object) -> Document:
    """Return a security object.

    Raises BadArgument when CouchDB would not take it, or would not mean by it what it says.
    """
    if not isinstance(security, dict):
        raise BadArgument(parameter="OBJECT", reason="must be a JSON object with admins and members")
    for group in GROUPS:
        found = security.get(group, {})
        if not isinstance(found, dict) or set(found) - set(_KINDS):
            raise BadArgument(parameter="OBJECT", reason=f"{group} must be an object with names and roles")
        for kind in _KINDS:
            listed = found.get(kind, [])
            if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
                raise BadArgument(parameter="OBJECT", reason=f"{kind} of {group} must be a list of texts")
    return security

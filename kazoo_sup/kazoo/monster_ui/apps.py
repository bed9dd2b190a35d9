"""Monster UI's apps: one document each, of type `app`, in the master account, with icon and screenshots attached.

Source: Kazoo crossbar_maintenance:maybe_create_app/4, maybe_update_app/5, update_app/3. Better than there: an app and
its images are saved in one step, images that are stored already are not stored again, and a changed field must fit the
schema.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.accounts import master_account
from kazoo_sup.kazoo.config import schemas, system_config
from kazoo_sup.kazoo.config.schema_validation import Fault, Load, faults, reject
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import attachments, public_fields, stamped, value_at, with_value
from kazoo_sup.kazoo.documents.shapes import TEXTS
from kazoo_sup.messages.names import account_database, plain

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

TYPE = "app"
SCHEMA = "app"
INIT_KEYS = ("api_url",)
REFRESH_KEYS = (
    "name",
    "i18n",
    "tags",
    "author",
    "version",
    "license",
    "price",
    "icon",
    "screenshots",
    "api_url",
    "phase",
)
"""What refreshing takes over unless crossbar.refresh_app_keys says otherwise."""


class Ambiguous(LookupError):
    """Several apps have one name."""


def database(zone: Zone) -> str:
    """Return the (encoded) database with the apps: the master account's. Raises NoMasterAccount."""
    return account_database(master_account.require(zone))


def refreshed_keys(zone: Zone) -> Sequence[str]:
    """Return the keys that refreshing an app takes over from its file."""
    return system_config.read(zone, "crossbar", "refresh_app_keys", list(REFRESH_KEYS), TEXTS)


def listed(zone: Zone, place: str) -> Iterator[tuple[str, Document]]:
    """Yield name and summary of every app, by name."""
    for row in views.rows(zone, place, "apps_store", "crossbar_listing"):
        yield str(row["key"]), views.object_of(row)


def by_name(zone: Zone, place: str, name: str) -> tuple[Document, Document] | None:
    """Return summary and document of the app called NAME. Raises Ambiguous for several."""
    rows = list(views.rows(zone, place, "apps_store", "crossbar_listing", key=name, include_docs=True))
    if len(rows) > 1:
        raise Ambiguous(name)
    return (views.object_of(rows[0]), rows[0]["doc"]) if rows else None


def by_id(zone: Zone, place: str, identifier: str) -> Document | None:
    """Return the document of the app with an id; None for a document of another type."""
    found = zone.couchdb.get(plain(place), identifier)
    return found if found is not None and found.get("pvt_type") == TYPE else None


def require(zone: Zone, place: str, identifier: str) -> Document:
    """Return the document of the app with an id. Raises BadArgument where there is none."""
    document = by_id(zone, place, identifier)
    if document is None:
        raise BadArgument(parameter="APP_ID", reason=f"the master account has no app with the id {identifier}")
    return document


def find(zone: Zone, place: str, name_or_id: str) -> tuple[str, Document] | None:
    """Return name and summary of the app that is called so, else of the one with that id; None where there is neither.

    Where several are called so, that is warned of, and only the id counts.
    """
    try:
        found = by_name(zone, place, name_or_id)
    except Ambiguous:
        zone.run.warn(f"several apps are called {name_or_id}; name one by its id")
        found = None
    if found:
        return name_or_id, found[0]
    document = by_id(zone, place, name_or_id)
    return None if document is None else (str(document.get("name")), summary(document))


def summary(document: Document) -> Document:
    """Return what Kazoo shows of an app that was looked up by its id, in the order of an Erlang map."""
    keys = ("api_url", "i18n", "id", "name", "phase", "published", "source_url", "tags")
    found: Document = _sorted({key: document[key] for key in keys if key in document})
    return found


def misfits(metadata: Document, load: Load) -> list[Fault]:
    """Return what does not fit the schema of what an app says of itself."""
    return faults(load(SCHEMA), public_fields(metadata), load)


# -- from files


def new(metadata: Document, place: str, *, node: str) -> Document:
    """Return the document of an app that is not stored yet."""
    said = {key: each for key, each in metadata.items() if key != "source_url"}
    return {"_id": secrets.token_hex(16), **stamped(said, place, node=node, document_type=TYPE)}


def differences(stored: Document, metadata: Document, keys: Sequence[str]) -> Document:
    """Return those of KEYS in which a stored app differs from its file, with their new values, but for empty ones."""
    wanted = {key: metadata.get(key) for key in keys}
    return {
        key: each
        for key, each in wanted.items()
        if each not in (None, "", [], {}) and not changes.same(each, stored.get(key))
    }


def save(zone: Zone, place: str, stored: Document | None, made: Document, files: Mapping[str, bytes]) -> str:
    """Save an app, with FILES attached; return what became of it: created, edited or unchanged.

    STORED is what was read, None for a new one. Raises what the door raises, and why it was not saved.
    """
    values = {key: each for key, each in made.items() if stored is None or not changes.same(each, stored.get(key))}

    def again(found: Document | None) -> Document:
        return attachments.with_files({**(found or made), **values}, files)

    tally = changes.update(zone, place, (stored or made)["_id"], again, stored=stored)
    tally.check()
    return tally.last.action if tally.last else "unchanged"


# -- single fields


def set_field(zone: Zone, place: str, stored: Document, path: Sequence[str], value: object) -> None:
    """Set one field of a stored app.

    Raises InvalidDocument for what does not fit the schema, unless that did not fit before, what the door raises, and
    why it was not saved.
    """
    load = _load(zone)
    before = {fault.path for fault in misfits(stored, load)}
    changed = with_value(stored, path, value)
    wrong = [fault for fault in misfits(changed, load) if fault.path not in before or fault.path == tuple(path)]
    reject(f"app {stored['_id']}", wrong)
    update(zone, place, stored, lambda found: with_value(found, path, value))


def update(zone: Zone, place: str, stored: Document, change: Callable[[Document], Document]) -> None:
    """Save a stored app as CHANGE leaves it. Raises what the door raises, and why it was not saved."""

    def again(found: Document | None) -> Document:
        return change(found or stored)

    changes.update(zone, place, stored["_id"], again, stored=stored).check()


def with_icon(document: Document, files: Mapping[str, bytes]) -> Document:
    """Return an app with an icon, the only one of FILES, attached, and named as its icon."""
    return attachments.with_files({**document, "icon": next(iter(files))}, files)


def with_screenshots(document: Document, files: Mapping[str, bytes]) -> Document:
    """Return an app with screenshots attached, and named among its screenshots."""
    named = value_at(document, ["screenshots"], [])
    added = [name for name in files if name not in named]
    return attachments.with_files({**document, "screenshots": [*named, *added]}, files)


def _load(zone: Zone) -> Load:
    return lambda name: schemas.get(zone, name)


def _sorted(value: object) -> Json:
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, dict) else value

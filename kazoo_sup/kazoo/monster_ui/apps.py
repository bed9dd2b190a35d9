"""Monster UI's apps: one document each, of type `app`, in the master account, with icon and screenshots attached.

Source: Kazoo crossbar_maintenance:maybe_create_app/4, maybe_update_app/5, update_app/3. Better than there: an app and
its images are saved in one step, images that are stored already are not stored again, and a changed field must fit the
schema.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes, terms
from kazoo_sup.changes import Change, Document
from kazoo_sup.kazoo import attachments, master_account, schemas, system_config, views
from kazoo_sup.kazoo.documents import stamped, value_at, with_value
from kazoo_sup.kazoo.schema_validation import Fault, Load, faults, reject
from kazoo_sup.names import account_database, plain

if TYPE_CHECKING:
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
    found = system_config.get(zone, "crossbar", "refresh_app_keys", REFRESH_KEYS)
    return [str(each) for each in found] if isinstance(found, list | tuple) else REFRESH_KEYS


def listed(zone: Zone, place: str) -> Iterator[tuple[str, Document]]:
    """Yield name and summary of every app, by name."""
    for row in views.rows(zone, place, "apps_store", "crossbar_listing"):
        yield str(row["key"]), row["value"]


def by_name(zone: Zone, place: str, name: str) -> tuple[Document, Document] | None:
    """Return summary and document of the app called NAME. Raises Ambiguous for several."""
    rows = list(views.rows(zone, place, "apps_store", "crossbar_listing", key=name, include_docs=True))
    if len(rows) > 1:
        raise Ambiguous(name)
    return (rows[0]["value"], rows[0]["doc"]) if rows else None


def by_id(zone: Zone, place: str, identifier: str) -> Document | None:
    """Return the document of the app with an id; another type's is none."""
    found = zone.couchdb.get(plain(place), identifier)
    return found if found is not None and found.get("pvt_type") == TYPE else None


def summary(document: Document) -> Document:
    """Return what Kazoo shows of an app that was looked up by its id, in the order of an Erlang map."""
    keys = ("api_url", "i18n", "id", "name", "phase", "published", "source_url", "tags")
    found: Document = _sorted({key: document[key] for key in keys if key in document})
    return found


def shown(name: str, value: Document) -> Iterator[str]:
    """Yield the lines that show an app."""
    yield f"App {name}"
    yield from _indented(value, "  ")
    yield ""


def misfits(metadata: Document, load: Load) -> list[Fault]:
    """Return what does not fit the schema of what an app says of itself."""
    return faults(load(SCHEMA), _public(metadata), load)


# -- from files


def new(metadata: Document, place: str, *, node: str) -> Document:
    """Return the document of an app that is not stored yet."""
    said = {key: each for key, each in metadata.items() if key != "source_url"}
    return {"_id": secrets.token_hex(16), **stamped(said, place, node=node, document_type=TYPE)}


def differences(stored: Document, metadata: Document, keys: Sequence[str]) -> dict[str, Any]:
    """Return those of KEYS in which a stored app differs from its file, with their new values; empty ones are none."""
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
        return attachments.with_files({**(found or made), **values}, files, shown=zone.run.dry_run)

    tally = changes.apply(zone, [Change(place, again(stored), stored, again)])
    tally.check()
    return tally.last.action if tally.last else "unchanged"


# -- single fields


def set_field(zone: Zone, place: str, stored: Document, path: Sequence[str], value: Any) -> None:
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

    changes.apply(zone, [Change(place, again(stored), stored, again)]).check()


def with_icon(document: Document, name: str, content: bytes, *, shown: bool) -> Document:
    """Return an app with an icon attached, and named as its icon."""
    return attachments.with_files({**document, "icon": name}, {name: content}, shown=shown)


def with_screenshots(document: Document, files: Mapping[str, bytes], *, shown: bool) -> Document:
    """Return an app with screenshots attached, and named among its screenshots."""
    named = value_at(document, ["screenshots"], [])
    added = [name for name in files if name not in named]
    return attachments.with_files({**document, "screenshots": [*named, *added]}, files, shown=shown)


def _load(zone: Zone) -> Load:
    return lambda name: schemas.get(zone, name)


def _public(document: Document) -> Document:
    return {key: each for key, each in document.items() if not key.startswith(("_", "pvt_"))}


def _sorted(value: Any) -> Any:
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, dict) else value


def _indented(value: Document, indent: str) -> Iterator[str]:
    for key, each in value.items():
        if isinstance(each, dict):
            yield f"{indent}{key}:"
            yield from _indented(each, indent + "  ")
        else:
            yield f"{indent}{key}: {terms.json_encode(each)}"

"""Bringing Monster UI's apps from their folders into the master account, one after the other, and telling of each.

Source: Kazoo crossbar_maintenance:init_app/2, refresh_app/2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup.errors import Conflict, SaveRefused
from kazoo_sup.kazoo.config import schemas
from kazoo_sup.kazoo.monster_ui import app_files, apps

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone


@dataclass(frozen=True, slots=True)
class AppBegun:
    """The app in a folder is installed (init) or refreshed next."""

    folder: str
    verb: str


@dataclass(frozen=True, slots=True)
class AppWithoutMetadata:
    """The app has nothing that says what it is: there is no such file."""

    folder: str
    file: str


@dataclass(frozen=True, slots=True)
class AppUnread:
    """What an app says of itself could not be read."""

    folder: str
    reason: str


@dataclass(frozen=True, slots=True)
class AppInvalid:
    """What an app says of itself does not fit its schema; Kazoo's words for how."""

    folder: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AppAmbiguous:
    """Several apps have this name."""

    name: str


@dataclass(frozen=True, slots=True)
class AppFound:
    """An app of this name is there; `keys` may be taken over from its file, and `changed` are those that differ."""

    name: str
    keys: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AppSaved:
    """An app, by its id, is stored as its file has it."""

    app: str
    name: str
    is_new: bool
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class AppNotSaved:
    """An app, by its id, could not be stored in the (encoded) database."""

    app: str
    name: str
    database: str
    is_new: bool
    error: SupError


@dataclass(frozen=True, slots=True)
class ImagesSaved:
    """Images of an app, by its id, are attached to it."""

    app: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImagesUnread:
    """Images of a kind (icon, screenshots) of an app, by its id, could not be read; Erlang's word for why."""

    app: str
    kind: str
    reason: str


class Installation:
    """Installs apps, and keeps up what their files say; `counts` says how many were created, edited and so on."""

    def __init__(self, zone: Zone, keys: Sequence[str], api_url: str | None) -> None:
        """Install into the master account of ZONE.

        KEYS are those that an app which is there already takes over from its file, API_URL is where the apps find the
        API. Raises NoMasterAccount.
        """
        self._zone = zone
        self._keys = tuple(keys)
        self._api_url = api_url
        self._place = apps.database(zone)
        self._load = partial(schemas.get, zone)
        self.counts: Counter[str] = Counter()

    def install_each(self, folders: Sequence[Path], verb: str) -> Iterator[Event]:
        """Install the apps in these folders; VERB, init or refresh, is what that is called."""
        with self._zone.run.progress("installing apps", len(folders)) as advance:
            for folder in folders:
                yield AppBegun(str(folder), verb)
                yield from self.install(folder)
                advance(1)

    def install(self, folder: Path) -> Iterator[Event]:
        """Install the app in a folder; yield what took place. Raises what the door raises when a server fails."""
        metadata = self._metadata(folder)
        if not isinstance(metadata, dict):
            yield self._failed(metadata)
            return
        name = str(metadata["name"])
        try:
            found = apps.by_name(self._zone, self._place, name)
        except apps.Ambiguous:
            yield self._failed(AppAmbiguous(name))
            return
        files, images, complete = self._images(folder, metadata)
        stored = found[1] if found else None
        changed: Document = {}
        if stored is None:
            made = apps.new(metadata, self._place, node=self._zone.node)
        else:
            changed = apps.differences(stored, metadata, self._keys)
            yield AppFound(name, self._keys, tuple(changed))
            made = {**stored, **changed}
        identifier, is_new = made["_id"], stored is None
        try:
            action = apps.save(self._zone, self._place, stored, made, files)
        except (Conflict, SaveRefused) as error:
            yield self._failed(AppNotSaved(identifier, name, self._place, is_new, error))
            return
        yield AppSaved(identifier, str(made.get("name")), is_new, not is_new and not changed)
        yield from (image(identifier) for image in images)
        self.counts[action if complete else "failed"] += 1

    def _metadata(self, folder: Path) -> Document | AppWithoutMetadata | AppUnread | AppInvalid:
        try:
            metadata = app_files.metadata(folder)
        except FileNotFoundError:
            return AppWithoutMetadata(str(folder), str(folder / app_files.METADATA))
        except (OSError, ValueError) as error:
            return AppUnread(str(folder), str(error))
        wrong = apps.misfits(metadata, self._load)
        if wrong:
            for fault in wrong:
                self._zone.run.warn(f"{folder}: {'.'.join(fault.path)}: {fault.as_json()['message']}")
            return AppInvalid(str(folder), tuple(fault.word for fault in wrong))
        metadata.pop("api_url", None)
        if self._api_url:
            metadata["api_url"] = self._api_url
        return metadata

    def _images(self, folder: Path, metadata: Document) -> tuple[dict[str, bytes], list[Callable[[str], Event]], bool]:
        """Read icon and screenshots; return contents by name, the events of an app's id, and whether that is all."""
        files: dict[str, bytes] = {}
        events: list[Callable[[str], Event]] = []
        complete = True
        for kind, names in (("icon", [metadata["icon"]]), ("screenshots", metadata.get("screenshots") or [])):
            try:
                contents = app_files.images(folder / app_files.METADATA / kind, names)
            except app_files.BadImage as error:
                complete = False
                events.append(partial(ImagesUnread, kind=kind, reason=str(error)))
            else:
                files |= contents
                events.append(partial(ImagesSaved, names=tuple(contents)))
        return files, events, complete

    def _failed(self, event: Event) -> Event:
        self.counts["failed"] += 1
        return event

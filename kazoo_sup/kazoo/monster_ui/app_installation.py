"""Bringing Monster UI's apps from their folders into the master account, one after the other, and telling of each.

Source: Kazoo crossbar_maintenance:init_app/2, refresh_app/2, whose words these are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazoo_sup import terms
from kazoo_sup.errors import Conflict, SaveRefused
from kazoo_sup.kazoo import schemas
from kazoo_sup.kazoo.monster_ui import app_files, apps
from kazoo_sup.terms import Atom

if TYPE_CHECKING:
    from kazoo_sup.changes import Document
    from kazoo_sup.zone import Zone


class Installation:
    """Installs apps, and keeps up what their files say; `counts` says how many were created, edited and so on."""

    def __init__(self, zone: Zone, keys: Sequence[str], api_url: str | None) -> None:
        """Install into the master account of ZONE.

        KEYS are those that an app which is there already takes over from its file, API_URL is where the apps find the
        API. Raises NoMasterAccount.
        """
        self._zone = zone
        self._keys = keys
        self._api_url = api_url
        self._place = apps.database(zone)
        self._load = partial(schemas.get, zone)
        self.counts: Counter[str] = Counter()

    def install(self, app: Path) -> Iterator[str]:
        """Install the app in a folder; yield what Kazoo prints. Raises what the door raises when a server fails."""
        try:
            metadata = app_files.metadata(app)
        except FileNotFoundError:
            yield self._failed(
                f"  failed to incorporate app because there was no app.json in {app / app_files.METADATA}"
            )
            return
        except (OSError, ValueError) as error:
            yield self._failed(f"  failed to find metadata in {app}: {error}")
            return
        wrong = apps.misfits(metadata, self._load)
        if wrong:
            for fault in wrong:
                self._zone.run.warn(f"{app}: {'.'.join(fault.path)}: {fault.as_json()['message']}")
            words = terms.dumps([fault.word for fault in wrong])
            yield self._failed(f"  failed to validate app data {app}: {words}")
            return
        metadata.pop("api_url", None)
        if self._api_url:
            metadata["api_url"] = self._api_url
        yield from self._save(app, metadata)

    def _save(self, app: Path, metadata: Document) -> Iterator[str]:
        name = str(metadata["name"])
        try:
            found = apps.by_name(self._zone, self._place, name)
        except apps.Ambiguous:
            yield self._failed(f" failed to find app {name}: multiple_results")
            return
        files, images, complete = self._images(app, metadata)
        if found:
            stored = found[1]
            identifier = stored["_id"]
            yield f" app {name} already loaded in system"
            updates = apps.differences(stored, metadata, self._keys)
            for key in self._keys:
                yield f" preparing to update {key}" if key in updates else f" not updating {key}, it is unchanged"
            made = {**stored, **updates}
            saved = f" updated {made.get('name')} app {identifier} metadata"
            if not updates:
                saved = f" no metadata changes for app {identifier}"
            failed = f" error updating app {identifier} metadata"
        else:
            stored, made = None, apps.new(metadata, self._place, node=self._zone.node)
            identifier = made["_id"]
            saved = f" saved app {name} as doc {identifier}"
            failed = f" failed to save app {name} to {self._place}"
        try:
            action = apps.save(self._zone, self._place, stored, made, files)
        except (Conflict, SaveRefused) as error:
            yield self._failed(f"{failed}: {_word(error)}")
            return
        yield saved
        for line in images:
            yield line.format(identifier)
        self.counts[action if complete else "failed"] += 1

    def _images(self, app: Path, metadata: Document) -> tuple[dict[str, bytes], list[str], bool]:
        """Read icon and screenshots; return contents by name, what is to be told of them, and whether that is all."""
        files: dict[str, bytes] = {}
        lines, complete = [], True
        for kind, names in (("icon", [metadata["icon"]]), ("screenshots", metadata.get("screenshots") or [])):
            try:
                contents = app_files.images(app / app_files.METADATA / kind, names)
            except app_files.BadImage as error:
                complete, reason = False, str(error)
                lines.append(
                    f"  failed to find {kind} in {{0}}"
                    if reason == "enoent"
                    else f"  failed to load {kind} in {{0}}: {terms.dumps(Atom(reason))}"
                )
            else:
                files |= contents
                lines += [f"   saved {name} to {{0}}" for name in contents]
        return files, lines, complete

    def _failed(self, line: str) -> str:
        self.counts["failed"] += 1
        return line


def _word(error: Any) -> str:
    return "conflict" if isinstance(error, Conflict) else str(error)

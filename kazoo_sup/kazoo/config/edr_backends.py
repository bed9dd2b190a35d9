"""Backends of EDR, the event records: the list that every node's edr reads when it starts.

Source: Kazoo edr_maintenance, edr_bindings:bindings_to_json/1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents.shapes import OBJECTS

if TYPE_CHECKING:
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

CATEGORY = "edr"
KEY = "backends"

BINDING: Document = {
    "account_id": "*",
    "include_descendants": False,
    "app_name": "*",
    "severity": "ok",
    "exact_severity": False,
    "verbosity": "info",
    "exact_verbosity": False,
}
"""What a backend gets of which nothing else is said: the records of every account and application."""


def registered(zone: Zone) -> list[Document]:
    """Return the backends as they are stored."""
    return system_config.read(zone, CATEGORY, KEY, [], OBJECTS)


def find(zone: Zone, name: str) -> Document | None:
    """Return the backend of a name."""
    return next((each for each in registered(zone) if each.get("name") == name), None)


def register(zone: Zone, backend: Document) -> None:
    """Add a backend, at the front."""
    _store(zone, [backend, *registered(zone)])


def remove(zone: Zone, name: str) -> None:
    """Take a backend off the list."""
    _store(zone, [each for each in registered(zone) if each.get("name") != name])


def switch(zone: Zone, name: str, enabled: bool) -> None:
    """Mark a backend as enabled or not."""
    _store(zone, [{**each, "enabled": enabled} if each.get("name") == name else each for each in registered(zone)])


def _store(zone: Zone, backends: list[object]) -> None:
    system_config.set_value(zone, CATEGORY, KEY, backends, section=zone.node)
    zone.run.warn("a node's edr reads its backends when it starts: restart it where the change is to be seen at once")

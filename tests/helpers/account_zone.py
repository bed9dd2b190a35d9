"""A zone in memory with the database of one account and those that every cluster has."""

from __future__ import annotations

from pathlib import Path

from helpers.memory_couchdb import MemoryCouchDB
from helpers.memory_zone import MemoryZone
from kazoo_sup.messages.names import account_database, plain

ACCOUNT, OTHER = "ab" * 16, "cd" * 16
DATABASE = account_database(ACCOUNT)
PLAIN = plain(DATABASE)
EVERY_CLUSTER = ("accounts", "services", "system_config", "system_data", "system_media", "faxes", "webhooks")


def account_zone(state_dir: Path, *databases: str) -> MemoryZone:
    """Return a zone with ACCOUNT's database and the DATABASES given, all empty."""
    return MemoryZone(state_dir, couchdb=MemoryCouchDB((*EVERY_CLUSTER, PLAIN, *databases)))

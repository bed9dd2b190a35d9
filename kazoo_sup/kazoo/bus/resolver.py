"""Host names and the IPv4 addresses that the system's resolver knows for them, many at once and within a time."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait

PATIENCE = 2.0
"""Seconds that all names together may take; ecallmgr gives its ACLs as long (acl_request_timeout_ms)."""

_AT_ONCE = 32


def resolve(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the addresses of each name; those that are unknown, or not known in time, have none."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    pool = ThreadPoolExecutor(min(_AT_ONCE, len(wanted)))
    try:
        futures = {pool.submit(_addresses, name): name for name in wanted}
        done, _late = wait(futures, PATIENCE)
        return {name: future.result() if future in done else [] for future, name in futures.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _addresses(name: str) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(address[0]) for *_, address in found))

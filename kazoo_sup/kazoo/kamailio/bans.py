"""Addresses that a proxy turns away: those that an operator blocked, and those that failed to authenticate too often.

In Kazoo's configuration the role `blocker` drops whatever comes from an address, or an address and port, that is a key
of the hash table `block`; the role `antiflood` counts failed authentications in the table `antiflood` under
USER::ADDRESS[::PORT]::count and refuses that user from there once there are ANTIFLOOD_FAILED_AUTH_DENSITY of them
(kazoo-configs-kamailio blocker-role.cfg, antiflood-role.cfg). Kamailio's own example configuration blocks by the table
`ipban`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from kazoo_sup.command import Reads
from kazoo_sup.kazoo.kamailio import Ask, htables, optional
from kazoo_sup.transports.kamailio import each

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from kazoo_sup.outcome import Row

COLUMNS = ("table", "address", "port", "user", "failures", "last")

FAILURES = 4
"""Failed authentications from which on a user is refused, unless the configuration says otherwise."""

_BLOCKING = ("block", "ipban")
_COUNTING = "antiflood"
_BETWEEN = "::"


@dataclass(frozen=True, slots=True)
class Source:
    """Where requests come from: an IP address, and a port when only that is meant."""

    address: str
    port: int | None = None

    @property
    def key(self) -> str:
        """The key of a blocking table."""
        return self.address if self.port is None else f"{self.address}{_BETWEEN}{self.port}"


def ban(ask: Ask, source: Source, table: str | None, seconds: int) -> str:
    """Block SOURCE and return the table's name; it expires after SECONDS, or when the table says so if these are 0.

    Raises NotFound when the server has no such table, and BadArgument when SECONDS mean nothing to it.
    """
    name = _tables(ask, table, _BLOCKING)[0]
    htables.set_(ask, name, source.key, 1, seconds)
    return name


def unban(ask: Ask, source: Source, table: str | None, *, dry_run: bool) -> int:
    """Forget everything that turns SOURCE away, and return how many entries that were; without a port, on any port."""
    forgotten = 0
    for name in _tables(ask, table, (*_BLOCKING, _COUNTING)):
        for key in keys_of(source, name, htables.entries(ask("htable.dump", [name]))):
            if not dry_run:
                ask("htable.delete", [name, key])
            forgotten += 1
    return forgotten


def banned(ask: Ask, table: str | None, failures: int) -> list[Row]:
    """Return who is turned away; users with at least as many FAILURES to authenticate."""
    found: list[Row] = []
    for name in _tables(ask, table, (*_BLOCKING, _COUNTING)):
        entries = htables.entries(ask("htable.dump", [name]))
        found += counted(entries, failures) if name == _COUNTING else blocked(name, entries)
    return found


def switched_off(ask: Ask) -> bool:
    """Tell whether the proxy is set not to act on blocked addresses (kazoo.block_enable, kazoo.block_dry_run)."""
    found = optional(ask, "system.listMethods")
    if "cfg.list" not in each(found):
        return False
    listed = {str(line) for line in each(ask("cfg.list"))}
    for variable, off in (("block_enable", 0), ("block_dry_run", 1)):
        if f"kazoo: {variable}" in listed and ask("cfg.get", ["kazoo", variable]) == off:
            return True
    return False


def blocked(table: str, entries: Iterable[Row]) -> Iterator[Row]:
    """Yield the sources that are keys of a blocking table; an entry of 0 blocks nobody."""
    for entry in entries:
        if entry["value"] != 0:
            address, port = _address_and_port(entry["key"])
            yield {"table": table, "address": address, "port": port}


def counted(entries: Iterable[Row], failures: int) -> Iterator[Row]:
    """Yield the users whose failed authentications are as many as FAILURES, with the time of the last one."""
    values = {entry["key"]: entry["value"] for entry in entries}
    for key, count in values.items():
        who, _, what = key.rpartition(_BETWEEN)
        if what == "count" and isinstance(count, int) and count >= failures:
            user, _, source = who.partition(_BETWEEN)
            address, port = _address_and_port(source)
            yield {
                "table": _COUNTING,
                "address": address,
                "port": port,
                "user": user,
                "failures": count,
                "last": _time(values.get(f"{who}{_BETWEEN}last")),
            }


def keys_of(source: Source, table: str, entries: Iterable[Row]) -> Iterator[str]:
    """Yield the keys of a table's ENTRIES that are about SOURCE, however they write an IPv6 address."""
    wanted = _as_ip(source.address)
    for entry in entries:
        key = where = entry["key"]
        if table == _COUNTING:
            where = key.rpartition(_BETWEEN)[0].partition(_BETWEEN)[2]
        address, port = _address_and_port(where)
        if _as_ip(address) == wanted and source.port in (None, port):
            yield key


def _address_and_port(key: str) -> tuple[str, int | None]:
    """Take ADDRESS or ADDRESS::PORT apart; IPv6 addresses hold `::` too."""
    address, _, port = key.rpartition(_BETWEEN)
    if port.isdigit() and _as_ip(address) and not _as_ip(key):
        return address, int(port)
    return key, None


def _as_ip(text: str) -> IPv4Address | IPv6Address | None:
    from ipaddress import ip_address

    try:
        return ip_address(text)
    except ValueError:
        return None


def _time(seconds: Any) -> str | None:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "seconds") if isinstance(seconds, int) else None


def _tables(ask: Ask, table: str | None, usual: Sequence[str]) -> list[str]:
    """Return TABLE, or those of the USUAL ones that the server has; NotFound when it has none of them."""
    there = {found["name"] for found in each(ask("htable.listTables"))}
    names = [name for name in ([table] if table else usual) if name in there]
    if not names:
        raise ask.without(f"hash table {table or ' or '.join(usual)}; --table names another")
    return names


def _read_source(text: str, _zone: Any) -> Source:
    host, colon, port = text.rpartition(":")
    if (text.startswith("[") and text.endswith("]")) or not colon or (":" in host and not host.startswith("[")):
        host, colon = text, ""
    address = _as_ip(host[1:-1] if host.startswith("[") and host.endswith("]") else host)
    if address is None:
        raise ValueError(f"{text!r} is no IP address, and no IP address and port like 192.0.2.1:5060")
    if not colon:
        return Source(str(address))
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        raise ValueError(f"{port!r} is no port from 1 to 65535")
    return Source(str(address), int(port))


Address = Annotated[Source, Reads(_read_source, "ADDRESS")]

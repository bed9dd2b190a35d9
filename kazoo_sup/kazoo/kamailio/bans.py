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
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.kamailio import Ask, htables, optional, reversing
from kazoo_sup.transports.kamailio import each
from kazoo_sup.transports.kamailio.failures import KamailioRefused

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from kazoo_sup.types import Row
    from kazoo_sup.zone import Zone

COLUMNS = ("table", "address", "port", "user", "failures", "last")

FAILURES = 4
"""Failed authentications from which on a user is refused, unless the configuration says otherwise."""

_BLOCKING = ("block", "ipban")
_BLOCKED = 1
_COUNTING = "antiflood"
_BETWEEN = "::"


@dataclass(frozen=True, slots=True)
class Source:
    """Where requests come from: an IP address, and a port when only that is meant."""

    address: str
    port: int | None = None

    def __str__(self) -> str:
        """Return it as an operator types it."""
        if self.port is None:
            return self.address
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def key(self) -> str:
        """The key of a blocking table."""
        return self.address if self.port is None else f"{self.address}{_BETWEEN}{self.port}"


def ban(ask: Ask, source: Source, table: str | None, seconds: int) -> str:
    """Block SOURCE and return the table's name; it expires after SECONDS, or when the table says so if these are 0.

    Raises NotFound when the server has no such table, and BadArgument when SECONDS mean nothing to it.
    """
    name = _tables(ask, table, _BLOCKING)[0]
    htables.set_(ask, name, source.key, _BLOCKED, seconds)
    return name


def blocked_before(ask: Ask, source: Source, table: str | None) -> changes.Was:
    """Return what the table says of SOURCE that `ban` will put it into."""
    return reversing.entry(ask, _tables(ask, table, _BLOCKING)[0], source.key, left=_BLOCKED)


@dataclass(frozen=True, slots=True)
class Unbanned:
    """How many entries were forgotten, and why others, if there are any, were not looked for."""

    forgotten: int
    unread: list[BansMissing]


class BansMissing(SupError):
    """{name}: other entries of {table} about {source} were not looked for: {reason}"""

    name: str
    table: str
    source: str
    reason: str


def unban(zone: Zone, ask: Ask, source: Source, table: str | None) -> Unbanned:
    """Forget everything that turns SOURCE away; without a port, on any port.

    The entry of SOURCE itself is deleted by its name. Those with a port and those that count failures are found only by
    reading the whole table, which may be too long for the way to the server.
    """
    forgotten = 0
    unread: list[BansMissing] = []
    for name in _tables(ask, table, (*_BLOCKING, _COUNTING)):
        own = name != _COUNTING or name == table
        done = {source.key} if own and _forget(zone, ask, name, source.key) else set[str]()
        try:
            keys = set(keys_of(source, name, htables.entries(ask("htable.dump", [name])))) - done
        except SupError as error:
            unread.append(BansMissing(name=ask.name, table=name, source=str(source), reason=str(error)))
            keys = set()
        forgotten += len(done) + sum(_forget(zone, ask, name, key) for key in sorted(keys))
    return Unbanned(forgotten, unread)


def _forget(zone: Zone, ask: Ask, table: str, key: str) -> bool:
    """Delete an entry, and tell whether it was there; one that has gone meanwhile was."""
    try:
        found = htables.entry(ask("htable.get", [table, key]))
        changes.act(
            zone,
            f"delete {key} of {table} of {ask.name}",
            lambda: ask("htable.delete", [table, key]),
            was=reversing.of_entry(ask, table, key, found["value"]),
            shown=lambda: None,
        )
    except KamailioRefused as error:
        if not reversing.is_missing(error):
            raise
        return ask.asked[-1] == "htable.delete"
    return True


def banned(ask: Ask, table: str | None, failures: int) -> list[Row]:
    """Return who is turned away; users with at least as many FAILURES to authenticate."""
    found: list[Row] = []
    for name in _tables(ask, table, (*_BLOCKING, _COUNTING)):
        entries = htables.entries(ask("htable.dump", [name]))
        found += counted(entries, failures) if name == _COUNTING else blocked(name, entries)
    return found


def switched_off(ask: Ask) -> bool:
    """Return whether the proxy is set not to act on blocked addresses (kazoo.block_enable, kazoo.block_dry_run)."""
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
    wanted = as_ip(source.address)
    for entry in entries:
        key = where = entry["key"]
        if table == _COUNTING:
            where = key.rpartition(_BETWEEN)[0].partition(_BETWEEN)[2]
        address, port = _address_and_port(where)
        if as_ip(address) == wanted and source.port in (None, port):
            yield key


def _address_and_port(key: str) -> tuple[str, int | None]:
    """Take ADDRESS or ADDRESS::PORT apart; IPv6 addresses hold `::` too."""
    address, _, port = key.rpartition(_BETWEEN)
    if port.isdigit() and as_ip(address) and not as_ip(key):
        return address, int(port)
    return key, None


def as_ip(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a text is, None where it is none; one of IPv4 in IPv6's clothes is of IPv4."""
    from ipaddress import ip_address

    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped: IPv4Address | None = getattr(found, "ipv4_mapped", None)
    return mapped or found


def _time(seconds: object) -> str | None:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "seconds") if isinstance(seconds, int) else None


def _tables(ask: Ask, table: str | None, usual: Sequence[str]) -> list[str]:
    """Return TABLE, or those of the USUAL ones that the server has; NotFound when it has none of them."""
    there = {found["name"] for found in each(ask("htable.listTables"))}
    names = [name for name in ([table] if table else usual) if name in there]
    if not names:
        raise ask.without(f"hash table {table or ' or '.join(usual)}; --table names another")
    return names

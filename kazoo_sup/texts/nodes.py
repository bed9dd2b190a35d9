"""What Kazoo prints of the cluster's nodes. Source: Kazoo kz_nodes:status/0 and what it calls.

On purpose not as there: a broker's password in a node's information shows as ****, unless it is one that everybody
knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.kazoo.bus import nodes, roster
from kazoo_sup.kazoo.documents import as_object, now
from kazoo_sup.terms.columns import text_field
from kazoo_sup.terms.values import is_integer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from kazoo_sup.types import Fields, Payload
    from kazoo_sup.zone import Zone

_LABEL = 14
_INDENT = " " * (_LABEL + 2)
_SIZES = ((2**30, "GB"), (2**20, "MB"), (2**10, "KB"))


def heard(zone: Zone, adverts: Mapping[str, Payload]) -> Iterator[str]:
    """Yield Kazoo's lines of the nodes that were heard from ZONE."""
    return status(adverts, zone=zone.name, broker=roster.broker(zone), now=now())


def watched(events: Iterable[roster.NodesHeard], zone: Zone) -> Iterator[str]:
    """Yield the lines of each time at which nodes were heard from ZONE."""
    for event in events:
        yield event.at
        yield from heard(zone, event.adverts)
        if event.is_silent:
            yield "no node is heard"


def status(adverts: Mapping[str, Payload], *, zone: str, broker: str, now: int) -> Iterator[str]:
    """Yield Kazoo's lines of the nodes' status, by name from the last to the first.

    ZONE and BROKER (a URL without credentials) are those of whoever looks; NOW is in Gregorian seconds.
    """
    for name in sorted(adverts, reverse=True):
        yield from _node(name, adverts[name], zone, broker, now)
        yield ""


def _node(name: str, advert: Payload, own_zone: str, broker: str, now: int) -> Iterator[str]:
    zone = advert.get("Zone") or advert.get("AMQP-Broker-Zone") or own_zone
    yield _row("Node", name)
    if advert.get("md5"):
        yield _row("md5", advert["md5"])
    yield _row("Version", advert.get("Version") or advert.get("App-Version") or "unknown")
    yield _row("Memory Usage", size(_integer(advert, "Used-Memory")))
    for label in ("Processes", "Ports"):
        if count := _integer(advert, label):
            yield _row(label, count)
    yield _row("Zone", f"{zone} (local)" if zone == own_zone != "local" else zone)
    yield _row("Broker", nodes.without_passwords(advert.get("AMQP-Broker") or broker))
    if found := advert.get("Globals"):
        yield f"{text_field('Globals', _LABEL)}:" + "".join(f" {key} ({count})" for key, count in found.items())
    yield from _information(advert.get("Node-Info") or {})
    if found := nodes.apps(advert):
        yield from _apps(found, now)
    yield from _media_servers(advert, now)
    if found := advert.get("Roles"):
        yield from _listed("Roles", sorted(found), 5)
        for role in sorted(found):
            yield from _role(role, as_object(found[role]))


def _information(found: Fields) -> Iterator[str]:
    for number, (key, value) in enumerate(found.items()):
        start = f"{text_field('Node Info', _LABEL)}: " if number == 0 else _INDENT
        if is_integer(value):
            yield start + _row(key, value)
        else:
            yield start + nodes.without_passwords(
                f"{key}: {value if isinstance(value, str) else terms.json_encode(value)}"
            )


def _apps(found: Mapping[str, Fields], now: int) -> Iterator[str]:
    """Yield the applications, four a line; one that says its roles ends its line."""
    line, column = f"{text_field('WhApps', _LABEL)}: ", 0
    for app, facts in found.items():
        if column > 3:  # noqa: PLR2004 - four a line
            yield line
            line, column = _INDENT, 0
        span = nodes.uptime(app, facts, now)
        line += text_field(app if span is None else f"{app}({nodes.elapsed(span)})", 25)
        column += 1
        if span is not None and (roles := facts.get("Roles")):
            line += " , ".join(map(str, roles))
            column = 4
    yield line


def _media_servers(advert: Payload, now: int) -> Iterator[str]:
    servers = nodes.media_servers([advert])
    for label in ("Channels", "Conferences", "Registrations") if servers else ("Registrations",):
        if servers or _integer(advert, label):
            yield _row(label, _integer(advert, label))
    for number, (name, facts) in enumerate(servers.items()):
        start = "Media Servers : " if number == 0 else _INDENT
        yield f"{start}{name} ({nodes.elapsed(nodes.uptime(name, facts, now) or 0)})"


def _role(role: str, facts: Fields) -> Iterator[str]:
    if role == "Dispatcher":
        groups = facts.get("Groups") or {}
        for group in sorted(groups):
            sets = [f"{each.get('destination')} ({each.get('flags')})  " for each in groups[group].values()]
            yield from _listed(f"Dispatcher {group}", sets, 5)
    elif role == "Presence":
        for group, counts in facts.items():
            yield from _listed(group, [f"{name} ({count}) " for name, count in reversed(list(counts.items()))], 5)
    elif role == "Registrar":
        yield _row("Registrations", _integer(facts, "Registrations"))
    elif role == "Proxy":
        yield from _listeners(facts.get("Listeners") or {})


def _listeners(listeners: Mapping[str, Fields]) -> Iterator[str]:
    found: dict[str, dict[str, set[int]]] = {}
    for each in listeners.values():
        address = str(each.get("advertise") or each.get("address"))
        found.setdefault(address, {}).setdefault(str(each.get("proto")), set()).add(_integer(each, "port"))
    width = max(map(len, found), default=0)
    for number, address in enumerate(sorted(found)):
        start = f"{text_field('Listening on', _LABEL)}: " if number == 0 else _INDENT
        ports = (f"{proto} ({' '.join(map(str, sorted(found[address][proto])))}) " for proto in sorted(found[address]))
        yield f"{start}{address.ljust(width)} {''.join(ports)}"


def _listed(label: str, items: Sequence[str], per_line: int) -> Iterator[str]:
    start = f"{text_field(label, _LABEL)}: "
    for first in range(0, len(items), per_line):
        yield start + "".join(f"{item} " for item in items[first : first + per_line])
        start = _INDENT


def _row(label: str, value: object) -> str:
    return f"{text_field(label, _LABEL)}: {value}"


def _integer(facts: Fields, key: str) -> int:
    value = facts.get(key)
    return int(value) if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()) else 0


def size(octets: int) -> str:
    """Return a size as Kazoo writes it: 73.91MB (kz_network_utils:pretty_print_bytes/1)."""
    for unit, name in _SIZES:
        if octets >= unit:
            return f"{octets / unit:.2f}{name}"
    return f"{octets}B"

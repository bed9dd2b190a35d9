"""The cluster's nodes, as they advertise themselves on the bus: a complete picture takes 16 seconds.

With ALL_ZONES it is that of every zone of the settings.
"""

from __future__ import annotations

from collections.abc import Iterator

from kazoo_sup.command import command
from kazoo_sup.kazoo import nodes, roll
from kazoo_sup.kazoo.documents import now, value_at
from kazoo_sup.outcome import Outcome, Row, table, text
from kazoo_sup.zone import Zone


@command
def status(zone: Zone, *, watch: bool = False, all_zones: bool = False) -> Outcome:
    """Print what every node of the cluster says of itself; with WATCH again and again."""
    if watch:
        return text(roll.watched(zone), live=True)
    return text(roll.status(zone, roll.everybody(_zones(zone, all_zones))))


@command
def list_(zone: Zone, *, all_zones: bool = False) -> Outcome:
    """List the nodes with their zones, versions and how much they do."""
    columns = ("node", "zone", "version", "apps", "channels", "conferences", "registrations")

    def rows() -> Iterator[Row]:
        for name, advert in sorted(roll.everybody(_zones(zone, all_zones)).items()):
            counts = {key: advert.get(key.capitalize(), 0) for key in columns[4:]}
            zone_of_node = advert.get("Zone") or zone.name
            version = advert.get("Version") or advert.get("App-Version")
            yield {
                "node": name,
                "zone": zone_of_node,
                "version": version,
                "apps": len(nodes.apps(advert)),
                **counts,
            }

    return table(columns, rows())


@command
def whapps(zone: Zone, *, all_zones: bool = False) -> Outcome:
    """List which node runs which application, and for how long."""

    def rows() -> Iterator[Row]:
        for name, advert in sorted(roll.everybody(_zones(zone, all_zones)).items()):
            for app, facts in nodes.apps(advert).items():
                span = nodes.uptime(app, facts, now())
                roles = ", ".join(map(str, facts.get("Roles") or ()))
                yield {"app": app, "node": name, "up": None if span is None else nodes.elapsed(span), "roles": roles}

    return table(("app", "node", "up", "roles"), sorted(rows(), key=lambda row: (row["app"], row["node"])))


@command
def media_servers(zone: Zone, *, all_zones: bool = False) -> Outcome:
    """List the FreeSWITCH nodes that are connected to ecallmgr nodes, with their sessions."""

    def rows() -> Iterator[Row]:
        for name, advert in sorted(roll.everybody(_zones(zone, all_zones)).items()):
            for server, facts in nodes.media_servers([advert]).items():
                span = nodes.uptime(server, facts, now())
                yield {
                    "media_server": server,
                    "ecallmgr": name,
                    "up": None if span is None else nodes.elapsed(span),
                    "version": facts.get("Version"),
                    "sessions": value_at(facts, ["Sessions", "count", "active"]),
                    "limit": value_at(facts, ["Sessions", "count", "limit"]),
                }

    return table(("media_server", "ecallmgr", "up", "version", "sessions", "limit"), rows())


def _zones(zone: Zone, all_zones: bool) -> list[Zone]:
    return zone.everywhere() if all_zones else [zone]

"""The cluster's nodes, as they advertise themselves on the bus: a complete picture takes 16 seconds.

--all-zones asks those of every zone of the settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kazoo_sup.command import command
from kazoo_sup.kazoo.bus import nodes, roster
from kazoo_sup.kazoo.documents import now, value_at
from kazoo_sup.results import Answer, BulkReport, Listing, Live, Result
from kazoo_sup.texts import nodes as texts
from kazoo_sup.types import Row
from kazoo_sup.zone import Zone


@command
def status(zone: Zone, *, watch: bool = False, all_zones: bool = False) -> Result:
    """Print what every node of the cluster says of itself; with --watch again and again."""
    if watch:
        return Live(roster.watch(zone), partial(texts.watched, zone=zone), watched=True)
    adverts, errors = roster.everybody(_zones(zone, all_zones))
    return Answer(lines=texts.heard(zone, adverts), report=BulkReport(errors=errors))


@command
def list_(zone: Zone, *, all_zones: bool = False) -> Listing:
    """List the nodes with their zones, versions and how much they do."""
    columns = ("node", "zone", "version", "apps", "channels", "conferences", "registrations")
    adverts, errors = roster.everybody(_zones(zone, all_zones))

    def rows() -> Iterator[Row]:
        for name, advert in sorted(adverts.items()):
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

    return Listing(columns, rows(), report=BulkReport(errors=errors))


@command
def whapps(zone: Zone, *, all_zones: bool = False) -> Listing:
    """List which node runs which application, and for how long."""
    adverts, errors = roster.everybody(_zones(zone, all_zones))

    def rows() -> Iterator[dict[str, object]]:
        for name, advert in sorted(adverts.items()):
            for app, facts in nodes.apps(advert).items():
                span = nodes.uptime(app, facts, now())
                roles = ", ".join(map(str, facts.get("Roles") or ()))
                yield {"app": app, "node": name, "up": None if span is None else nodes.elapsed(span), "roles": roles}

    found = sorted(rows(), key=lambda row: (str(row["app"]), str(row["node"])))
    return Listing(("app", "node", "up", "roles"), found, report=BulkReport(errors=errors))


@command
def media_servers(zone: Zone, *, all_zones: bool = False) -> Listing:
    """List the FreeSWITCH nodes that are connected to ecallmgr nodes, with their sessions."""
    adverts, errors = roster.everybody(_zones(zone, all_zones))

    def rows() -> Iterator[Row]:
        for name, advert in sorted(adverts.items()):
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

    return Listing(
        ("media_server", "ecallmgr", "up", "version", "sessions", "limit"), rows(), report=BulkReport(errors=errors)
    )


def _zones(zone: Zone, all_zones: bool) -> list[Zone]:
    return zone.everywhere() if all_zones else [zone]

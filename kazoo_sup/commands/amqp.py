"""The bus itself: what is said on it, which messages there are, and saying one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from kazoo_sup.command import command
from kazoo_sup.kazoo import bus, bus_watch, messages
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, Row, table, text, value
from kazoo_sup.zone import Zone


@command
def watch(
    zone: Zone,
    exchange: str | None = None,
    key: str | None = None,
    *,
    category: str = "",
    event: str = "",
    having: str = "",
    count: int = 0,
    json_lines: bool = False,
) -> Outcome:
    """Follow what is published, all or to EXCHANGE, or with a routing key like KEY, until it is stopped.

    CATEGORY and EVENT keep messages of one Event-Category and Event-Name, HAVING those whose text holds it; after COUNT
    messages it ends; JSON_LINES prints one JSON object a line.
    """
    wanted = bus_watch.Wanted(category, event, having)
    seen = bus_watch.follow(zone, bus_watch.bindings(exchange, key), wanted)
    chosen = islice(seen, count) if count else seen
    lines = map(bus_watch.as_json if json_lines else bus_watch.as_line, chosen)
    return text(lines, result=NO_RETURN, live=True)


@command
def apis(pattern: str = "") -> Outcome:
    """List the messages that sup knows, all or those with PATTERN in their name, with what they must and may hold."""

    def rows() -> Iterator[Row]:
        for name in messages.all_names():
            if pattern in name:
                api = messages.find(name)
                required = ["|".join(group) for group in api.required]
                named = {header for group in api.required for header in group}
                yield {
                    "api": name,
                    "exchange": api.exchange,
                    "key": api.key,
                    "required": " ".join(required),
                    "optional": " ".join(header for header in api.headers if header not in named),
                }

    return table(("api", "exchange", "key", "required", "optional"), rows())


@command
def publish(zone: Zone, api: str, *headers: str, unheard: bool = False) -> Outcome:
    """Publish a message of API with HEADERS (Name=value each), checked first; UNHEARD: also when nobody listens."""
    bus.publish(zone, [(api, bus_watch.read_headers(api, headers))], mandatory=not unheard)
    return value(OK)

"""The bus itself: what is said on it, which messages there are, and saying one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

from kazoo_sup import messages
from kazoo_sup.command import command
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.bus import bus_watch
from kazoo_sup.results import NO_RETURN, Done, Listing, Live
from kazoo_sup.types import Row
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
) -> Live:
    """Follow what is published, all or to EXCHANGE, or with a routing key like KEY, until it is stopped.

    CATEGORY and EVENT keep messages of one Event-Category and Event-Name, HAVING those whose text holds it; after COUNT
    messages it ends; --json-lines prints one JSON object a line.
    """
    wanted = bus_watch.Wanted(category, event, having)
    seen = bus_watch.follow(zone, bus_watch.bindings(exchange, key), wanted)
    chosen = islice(seen, count) if count else seen
    told = partial(map, bus_watch.as_json if json_lines else bus_watch.as_line)
    return Live(chosen, told, NO_RETURN, watched=True)


@command
def apis(pattern: str = "") -> Listing:
    """List the messages that sup knows, all or those with PATTERN in their name, with what they must and may hold."""
    names = [each for each in messages.all_names() if pattern in each]
    if not names:
        messages.find(pattern)  # which says what is meant, perhaps

    def rows() -> Iterator[Row]:
        for name in names:
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

    return Listing(("api", "exchange", "key", "required", "optional"), rows())


@command
def publish(zone: Zone, api: str, *headers: str, unheard: bool = False) -> Done:
    """Publish a message of API with HEADERS (Name=value each), checked first; --unheard: also when nobody listens."""
    bus.publish(zone, [(api, bus_watch.read_headers(api, headers))], mandatory=not unheard)
    return Done()

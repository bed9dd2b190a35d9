"""Change events that no broker took yet: they go out with the next run that writes, or with flush."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kazoo_sup import changes
from kazoo_sup.changes import announcer, outboxes
from kazoo_sup.command import command
from kazoo_sup.results import BulkReport, Done, Listing
from kazoo_sup.types import Row
from kazoo_sup.zone import Zone


@command
def list_(zone: Zone) -> Listing:
    """Show the waiting events of the zone's cluster, oldest first; what can never be published is named."""

    def rows() -> Iterator[Row]:
        for claim in outboxes.of(zone).claim():
            for _key, body in claim.messages(lambda unusable: zone.run.warn(str(unusable))):
                event = json.loads(body)
                named = {"event": "Event-Name", "database": "Database", "id": "ID", "type": "Type"}
                yield {**{column: event.get(name) for column, name in named.items()}, "since": claim.since}
            claim.release()

    return Listing(("since", "event", "database", "id", "type"), rows())


@command
def flush(zone: Zone) -> Done:
    """Publish the waiting events now; those that the broker does not take stay.

    What can never be published is named and set aside.
    """
    waiting = announcer.waiting(zone)
    return changes.if_made(
        zone,
        lambda: _flushed(zone, waiting),
        shown=lambda: Done(report=BulkReport({"published": 0, "waiting": waiting})),
    )


def _flushed(zone: Zone, waiting: int) -> Done:
    aside = announcer.send_waiting(zone)
    left = announcer.waiting(zone)
    counts = {"published": max(waiting - left, 0), "failed": left}
    return Done(report=BulkReport({**counts, "set aside": aside} if aside else counts))


@command
def clear(zone: Zone) -> Done:
    """Throw the waiting events away, after asking: nodes then keep what they have cached."""
    waiting = announcer.waiting(zone)
    if waiting:
        zone.run.confirm(f"throw away {waiting} change events")
    changes.if_made(zone, lambda: _throw_away(zone))
    return Done(report=BulkReport({"discarded": waiting}))


def _throw_away(zone: Zone) -> None:
    for claim in outboxes.of(zone).claim():
        claim.remove()

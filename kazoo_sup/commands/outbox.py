"""Change events that no broker took yet: they go out with the next run that writes, or with flush."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kazoo_sup.changes import announcer
from kazoo_sup.command import command
from kazoo_sup.outcome import Outcome, Row, table
from kazoo_sup.zone import Zone


@command
def list_(zone: Zone) -> Outcome:
    """Show the waiting events, oldest first."""

    def rows() -> Iterator[Row]:
        for claim in announcer.outbox(zone).claim():
            for _key, body in claim.messages():
                event = json.loads(body)
                yield {
                    "event": event["Event-Name"],
                    "database": event["Database"],
                    "id": event["ID"],
                    "type": event.get("Type"),
                    "since": claim.since,
                }
            claim.release()

    return table(("since", "event", "database", "id", "type"), rows())


@command
def flush(zone: Zone) -> Outcome:
    """Publish the waiting events now; those that the broker does not take stay."""
    waiting = announcer.waiting(zone)
    if not zone.run.dry_run:
        announcer.send_waiting(zone)
    left = announcer.waiting(zone)
    return Outcome(counts={"published": waiting - left, "waiting" if zone.run.dry_run else "failed": left})


@command
def clear(zone: Zone) -> Outcome:
    """Throw the waiting events away, after asking: nodes then keep what they have cached."""
    waiting = announcer.waiting(zone)
    if waiting:
        zone.run.confirm(f"throw away {waiting} change events of zone {zone.name}")
    if not zone.run.dry_run:
        for claim in announcer.outbox(zone).claim():
            claim.remove()
    return Outcome(counts={"discarded": waiting})

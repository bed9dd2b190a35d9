"""The whole of a zone: how every component is, on one page and in a second, and what is wrong and what to do about it.

Both show every zone of the settings, or the one that -z or SUP_ZONE names. The exit code is that of the worst: 0 when
all is ok, 3 when anything is critical, else 2 when there is a warning, else 5 when something could not be found out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Annotated

from kazoo_sup.command import Reads, command
from kazoo_sup.errors import SupError, UsageError
from kazoo_sup.outcome import NO_RETURN, Outcome, Row
from kazoo_sup.settings import Settings
from kazoo_sup.settings.sources import seconds as read_seconds
from kazoo_sup.zone import Run

WATCHED_EVERY = 5.0

Seconds = Annotated[float, Reads(lambda text, _zone: read_seconds(text), "SECONDS")]


@command
def status(
    settings: Settings, run: Run, seconds: Seconds | None = None, *, watch: bool = False, deadline: float = 1.0
) -> Outcome:
    """Show how every component of every zone is, on one page; with --watch again and again, every SECONDS.

    All are asked side by side, and who has not answered after --deadline DEADLINE seconds is given up: Kamailio and its
    dispatcher sets, FreeSWITCH and its gateways, the brokers, RabbitMQ's alarms and queues without consumers, Kazoo's
    nodes and their apps, CouchDB and its members, HAProxy and its backends, Crossbar, Monster UI. A node of Kazoo
    advertises itself every 5 to 15 seconds: all are heard with --deadline 17, or after so long of --watch, which asks
    every 5 seconds when SECONDS is not given.
    """
    began = time.monotonic()
    from kazoo_sup.kazoo.zone_health import health, probing
    from kazoo_sup.kazoo.zone_health.whole import Whole

    _above_zero(deadline)
    if seconds is not None and not watch:
        raise UsageError(reason="SECONDS is for --watch: sup zone status --watch SECONDS")
    errors: list[SupError] = []

    def pages() -> Iterator[Sequence[Row]]:
        with closing(Whole(probing.zones(settings, run, deadline), stay=watch)) as whole:
            # What was spent on getting ready counts, too, but leaves them half of the time.
            left = round(max(deadline / 2, deadline - (time.monotonic() - began)), 2)
            while True:
                due = time.monotonic() + (seconds or WATCHED_EVERY)
                rows = whole.rows(left)
                left = deadline
                errors[:] = health.trouble(rows)
                yield rows
                if not watch:
                    return
                time.sleep(max(0.0, due - time.monotonic()))

    def draw(rows: Sequence[Row], width: int, height: int) -> object:
        from kazoo_sup.drawing import health_page

        return health_page(rows, width, height)

    return Outcome(NO_RETURN, pages=pages(), columns=health.COLUMNS, draw=draw, errors=errors, live=watch)


@command
def doctor(settings: Settings, run: Run, *, deadline: float = 10.0) -> Outcome:
    """Look for what breaks zones in practice, and say what to do about each finding.

    What is not known after --deadline DEADLINE seconds is unknown. Looked at are clocks that differ, a cookie that
    everybody knows, host names that do not resolve, access lists that keep the proxies out, gateways and destinations
    that are down, databases that lack views, carrier modules without credentials, change events that wait in the
    outbox, and certificates that soon expire. Nothing is changed.
    """
    from kazoo_sup.kazoo.zone_doctor import examining, finding
    from kazoo_sup.kazoo.zone_health import health, probing

    _above_zero(deadline)
    errors: list[SupError] = []

    def pages() -> Iterator[Sequence[Row]]:
        zones = probing.zones(settings, run, deadline)
        try:
            rows = examining.examine(zones, deadline)
        finally:
            for zone in zones:
                zone.close()
        errors[:] = health.trouble(rows)
        yield rows

    def draw(rows: Sequence[Row], width: int, height: int) -> object:
        from kazoo_sup.drawing import findings_page

        return findings_page(rows, width, height)

    return Outcome(NO_RETURN, pages=pages(), columns=finding.COLUMNS, draw=draw, errors=errors)


def _above_zero(deadline: float) -> None:
    if deadline <= 0:
        raise UsageError(reason="--deadline must be a number of seconds above 0")

"""The whole of a zone: how every component is, on one page and in a second, and what is wrong and what to do about it.

Both show every zone of the settings, or the one that -z or SUP_ZONE names. The exit code is that of the worst: 0 when
all is ok, 3 when anything is critical, else 2 when there is a warning, else 5 when something could not be found out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Annotated

from kazoo_sup.arguments.reads import Reads
from kazoo_sup.command import command
from kazoo_sup.errors import SupError, UsageError
from kazoo_sup.results import NO_RETURN, Live, Page
from kazoo_sup.settings import Settings
from kazoo_sup.settings.sources import SPAN, is_span
from kazoo_sup.settings.sources import seconds as read_seconds
from kazoo_sup.transports.waits import told_anyway
from kazoo_sup.types import Row
from kazoo_sup.zone import Run

WATCHED_EVERY = 5.0
DEADLINE = 4.0
LISTENING = 1.0
"""Seconds for the nodes' advertisements, which nobody waits for longer when all others have answered."""

Seconds = Annotated[float, Reads(lambda text, _zone: read_seconds(text), "SECONDS")]


@command
def status(
    settings: Settings, run: Run, seconds: Seconds | None = None, *, watch: bool = False, deadline: float | None = None
) -> Live:
    """Show how every component of every zone is, on one page; with --watch again and again, every SECONDS.

    All are asked side by side, and who has not answered after --deadline DEADLINE seconds, or 4, is given up; one that
    was silent for less than 3 seconds is not known to be down. These are Kamailio and its dispatcher sets, FreeSWITCH
    and its gateways, the brokers, RabbitMQ's alarms and queues without consumers, Kazoo's nodes and their apps, CouchDB
    and its members, HAProxy and its backends, Crossbar, Monster UI. A node of Kazoo advertises itself every 5 to 15
    seconds: all are heard with --deadline 17, or after so long of --watch, which asks every 5 seconds when SECONDS is
    not given.
    """
    from kazoo_sup.kazoo.zone.health import health, probes
    from kazoo_sup.kazoo.zone.health.overview import Overview

    _above_zero(deadline)
    patience = DEADLINE if deadline is None else deadline
    listening = min(patience, LISTENING) if deadline is None else deadline
    if seconds is not None and not watch:
        raise UsageError(reason="SECONDS is for --watch: sup zone status --watch SECONDS")

    def pages() -> Iterator[Page | SupError]:
        with told_anyway(), closing(Overview(probes.zones(settings, run, patience), stay=watch)) as overview:
            while True:
                due = time.monotonic() + (seconds or WATCHED_EVERY)
                rows = overview.rows(patience, listening)
                yield Page(rows)
                if not watch:
                    yield from health.trouble(rows, "sup zone doctor tells what to do about it")
                    return
                time.sleep(max(0.0, due - time.monotonic()))

    def draw(rows: Sequence[Row], width: int, height: int) -> object:
        from kazoo_sup.texts.drawing import health_page

        return health_page(rows, width, height)

    return Live(pages(), term=NO_RETURN, watched=watch, columns=health.COLUMNS, draw=draw)


@command
def doctor(settings: Settings, run: Run, *, deadline: float = 10.0) -> Live:
    """Look for what breaks zones in practice, and say what to do about each finding.

    What is not known after --deadline DEADLINE seconds is unknown. Looked at are clocks that differ, a cookie that
    everybody knows, host names that do not resolve, access lists that keep the proxies out, gateways and destinations
    that are down, databases that lack views, carrier modules that do not work or soon will not, change events in the
    outbox, and certificates that soon expire. Nothing is changed.
    """
    from kazoo_sup.kazoo.zone.doctor import examination, finding
    from kazoo_sup.kazoo.zone.health import health, probes

    _above_zero(deadline)

    def pages() -> Iterator[Page | SupError]:
        zones = probes.zones(settings, run, deadline)
        try:
            rows = examination.examine(zones, deadline, several=len(settings.zones) > 1)
        finally:
            for zone in zones:
                zone.close()
        yield Page(rows)
        yield from health.trouble(rows)

    def draw(rows: Sequence[Row], width: int, height: int) -> object:
        from kazoo_sup.texts.drawing import findings_page

        return findings_page(rows, width, height)

    return Live(pages(), term=NO_RETURN, columns=finding.COLUMNS, draw=draw)


def _above_zero(deadline: float | None) -> None:
    if deadline is not None and not is_span(deadline):
        raise UsageError(reason=f"--deadline {SPAN}")

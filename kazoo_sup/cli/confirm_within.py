"""`--confirm-within 5m`: what the run changes is taken back unless `sup confirm` comes in time."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from kazoo_sup.changes import confirming, guard
from kazoo_sup.changes.confirming import Held, Waiting
from kazoo_sup.errors import BadArgument, SupError, UsageError
from kazoo_sup.settings.sources import is_span

if TYPE_CHECKING:
    from collections.abc import Callable

    from kazoo_sup.cli.options import Options
    from kazoo_sup.cli.run_record import RunRecord
    from kazoo_sup.settings import Settings

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class NoWayBack(UsageError):
    """--confirm-within needs the journal, which is off: nothing could be taken back"""

    remedy = "switch the journal on with the setting journal.mode, and leave out --no-journal"


class OverTooSoon(SupError):
    """nothing was changed: the {seconds:g} s of --confirm-within were over before the first change"""

    remedy = "give --confirm-within more time"

    seconds: float


def seconds(text: str) -> float:
    """Read a span of time: 90, 90s, 5m, 2h; raises BadArgument."""
    found = _SPAN.fullmatch(text.strip().lower())
    span = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not is_span(span):
        raise BadArgument(parameter="--confirm-within", reason=f"{text!r} is not a span of time, such as 5m, 90s or 1h")
    return span


class ConfirmWithin:
    """The guard of this run's changes: there before the first of them is made."""

    def __init__(
        self,
        span: float,
        settings: Settings,
        record: RunRecord,
        asked: Options,
        command: str,
        tell: Callable[[str], None],
    ) -> None:
        """Start it; raises NoWayBack, and NoGuard where it does not start."""
        if settings.journal.mode == "off" or not record.wanted:
            raise NoWayBack
        self._record = record
        self._tell = tell
        self._waiting = Waiting(settings.state_dir)
        self._held = Held(confirming.new_token(), command, span, time.time() + span, _options(settings, asked))
        self._waiting.write(self._held)
        try:
            guard.start(self._waiting, self._held.token)
        except BaseException:
            self._waiting.forget(self._held.token)
            raise
        recorder = record()
        recorder.about[confirming.KEY] = self._held.token
        recorder.required_by = "--confirm-within"
        recorder.begun = self._begun

    def _begun(self, run: str) -> None:
        """Tell the guard which record it keeps, before the first change; raises OverTooSoon where it is gone."""
        if not self._waiting.path(self._held.token).exists():
            raise OverTooSoon(seconds=self._held.seconds)
        self._held = replace(self._held, run=run)
        self._waiting.write(self._held)

    def finish(self) -> None:
        """Let the time begin, and say how the change is kept; where nothing was changed there is nothing to confirm."""
        token = self._held.token
        record = self._waiting.record(token) if self._record().run else None
        if record is None:
            self._waiting.confirm(token)
            return
        if not self._waiting.path(token).exists():
            return
        held = replace(self._held, deadline=time.time() + self._held.seconds)
        self._waiting.write(held)
        lasting = record.summary.undoable
        if lasting.verdict != "yes":
            self._tell(f"not all of it can be taken back: {lasting.why}")
        self._tell(f"to keep this: sup confirm {record.run}; it is taken back at {held.until} otherwise")


def _options(settings: Settings, asked: Options) -> tuple[str, ...]:
    config = ["--config", str(asked.config.absolute())] if asked.config else []
    node = ["--node", asked.node] if asked.node else []
    short = ["--use_short"] if asked.use_short else []
    return (*config, *node, *short, "--zone", settings.active)

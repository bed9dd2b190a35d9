"""The guard of a change that is to be confirmed: a process of its own, which takes it back when nobody does.

It is started before the change is made, in a session of its own, so that it outlives the terminal, Ctrl-C and the run
itself. At the deadline it runs `sup changes undo` with the environment that the run had, again and again while that
fails. After a reboot there is none: the next run of `sup` in that state directory starts it again.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kazoo_sup.changes.confirming import Held, Waiting
from kazoo_sup.errors import ExitCode, SettingsError, SupError
from kazoo_sup.itself import once_more
from kazoo_sup.transports.waits import passed

LOOK = 0.5
"""Seconds between looks whether the change is confirmed."""

AGAIN = (1, 5, 15, 60)
"""Seconds before an undo that failed is tried again; the last of them for ever after."""

PATIENCE = 86_400
KEPT = 30 * 86_400
"""Seconds for which an undo is tried, and for which it is kept how it went."""

STARTING = 30.0


class NoGuard(SupError):
    """nothing was changed: the process that would take the change back does not start"""


def start(waiting: Waiting, token: str) -> None:
    """Start the guard of a change, and wait until it is there; raises NoGuard."""
    process = subprocess.Popen(
        once_more("kazoo_sup.changes.guard", str(waiting.directory.parent), token),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    end = time.monotonic() + STARTING
    while not waiting.is_guarded(token):
        if process.poll() is not None or time.monotonic() > end:
            raise NoGuard
        time.sleep(0.02)
    # It shall live on: nobody waits for it, nor warns that nobody did.
    process.returncode = 0


def look_after(state_dir: Path, warn: Callable[[str], object]) -> None:
    """Say what waits without a guard and start one for it; say what was taken back meanwhile."""
    waiting = Waiting(state_dir)
    for held in waiting.all():
        if held.ended:
            if time.time() - held.ended["at"] > KEPT:
                waiting.forget(held.token)
            elif not held.told:
                warn(f"{held.command} was not confirmed by {held.until}: {held.state}; sup confirm --status tells more")
                with suppress(SettingsError):
                    waiting.write(replace(held, told=True))
        elif not waiting.is_guarded(held.token):
            overdue = held.taking or held.deadline < time.time()
            then = "it is taken back now" if overdue else f"sup confirm keeps it, until {held.until}"
            warn(f"{held.command} is not confirmed, and what looked after it was gone: {then}")
            with suppress(SupError, OSError):
                start(waiting, held.token)


def main(state_dir: Path, token: str) -> None:
    """Wait for the deadline or the confirmation, and take back what was not confirmed."""
    waiting = Waiting(state_dir)
    lock = waiting.guard(token)
    if lock is None:
        return
    with lock:
        with ExitStack() as keeping:
            held = _when_over(waiting, token, keeping)
        if held is None or held.ended or not waiting.take(token):
            (waiting.directory / f"{token}.guard").unlink(missing_ok=True)
            return
        _take_back(waiting, replace(held, taking=True))


def _when_over(waiting: Waiting, token: str, keeping: ExitStack) -> Held | None:
    """Wait for the deadline, however the clock is set meanwhile; return what is held, None once it is confirmed.

    The record of the run stays as long as KEEPING is open.
    """
    held: Held | None = None
    end = 0.0
    kept = False
    while True:
        found = waiting.read(token)
        if found is None and (held is None or not waiting.is_there(token)):
            return None
        if found and (held is None or found.deadline != held.deadline):
            end = passed() + found.deadline - time.time()
        held = found or held
        assert held is not None
        kept = kept or bool(held.run and waiting.keep(held.run, keeping))
        if held.taking or passed() >= end:
            return held
        time.sleep(min(LOOK, max(end - passed(), 0.01)))


def _take_back(waiting: Waiting, held: Held) -> None:
    end = time.time() + PATIENCE
    tried = 0
    while True:
        try:
            record = waiting.record(held.token)
        except SupError as error:
            # It stays, for who is asked whether it is confirmed is told.
            waiting.write(replace(held, ended={"code": error.exit_code, "at": time.time(), "said": str(error)}))
            return
        if record is None:
            waiting.forget(held.token)
            return
        command = once_more("kazoo_sup", *held.options, "changes", "undo", record.run, "--yes")
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode in (ExitCode.OK, ExitCode.PARTIAL) or time.time() > end:
            break
        time.sleep(AGAIN[min(tried, len(AGAIN) - 1)])
        tried += 1
    said = (done.stdout + done.stderr).strip()
    now = datetime.now(UTC)
    ended = {"code": done.returncode, "at": now.timestamp(), "run": record.run, "said": said[-2000:]}
    waiting.write(replace(held, ended=ended))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

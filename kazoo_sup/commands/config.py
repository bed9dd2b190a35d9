"""The settings of sup itself: zones, servers, and where each value came from."""

from __future__ import annotations

from pathlib import Path

from kazoo_sup import settings as sources
from kazoo_sup.command import command
from kazoo_sup.errors import Declined
from kazoo_sup.outcome import NO_RETURN, Outcome, table, text
from kazoo_sup.settings import Settings


@command
def show(settings: Settings) -> Outcome:
    """Show every setting with its value and where it came from; secrets are masked."""
    columns = ("setting", "value", "origin")
    return table(columns, (dict(zip(columns, row, strict=True)) for row in sources.describe(settings)))


@command
def check(file: Path | None = None) -> Outcome:
    """Check FILE, or the settings file in use, and name everything that is wrong with it."""
    checked = file or sources.file_in_use()
    if checked is None:
        return text("no settings file is in use", NO_RETURN)
    problems = sources.check(checked)
    return text([] if problems else f"{checked} is good", NO_RETURN, errors=problems)


@command
def init(file: Path | None = None) -> Outcome:
    """Write a settings file to start from, with every setting explained, to FILE or to where it is looked for first.

    A file that exists is never overwritten.
    """
    target = file or sources.own_file()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as written:
            target.chmod(0o600)
            written.write(sources.example())
    except FileExistsError:
        raise Declined(reason=f"{target} exists already") from None
    except OSError as error:
        raise Declined(reason=f"cannot write {target}: {error.strerror}") from error
    return text(f"wrote {target}", NO_RETURN)

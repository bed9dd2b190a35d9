"""The settings of sup itself: zones, servers, and where each value came from."""

from __future__ import annotations

from pathlib import Path

from kazoo_sup import changes
from kazoo_sup import settings as sources
from kazoo_sup.command import command
from kazoo_sup.errors import Declined
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Listing, Result
from kazoo_sup.settings import Settings, own_files
from kazoo_sup.zone import Run


@command
def show(settings: Settings) -> Listing:
    """Show every setting with its value and where it came from; secrets are masked."""
    columns = ("setting", "value", "origin")
    return Listing(columns, (dict(zip(columns, row, strict=True)) for row in sources.describe(settings)))


@command
def check(run: Run, file: Path | None = None) -> Result:
    """Check FILE, or the settings file in use, and name everything that is wrong with it.

    The one in use is that of --config or SUP_CONFIG, else the first one that is there. A secret that others can read is
    wrong, too.
    """
    checked = file or sources.file_in_use(run.config)
    if checked is None:
        return Answer(NO_RETURN, lines=["no settings file is in use"])
    problems = sources.check(checked)
    return Answer(NO_RETURN, lines=[] if problems else [f"{checked} is good"], report=BulkReport(errors=problems))


@command
def init(run: Run, file: Path | None = None) -> Done:
    """Write a settings file to start from, with every setting explained, to FILE or to where it is looked for first.

    A file that exists is never overwritten.
    """
    target = file or sources.own_file()

    def write() -> None:
        own_files.directory(target.parent)
        with own_files.create(target) as written:
            written.write(sources.example())

    if target.exists():
        raise Declined(reason=f"{target} exists already")
    try:
        changes.act_here(run, f"write {target}", write)
    except FileExistsError:
        raise Declined(reason=f"{target} exists already") from None
    except OSError as error:
        raise Declined(reason=f"cannot write {target}: {error.strerror}") from error
    return Done(NO_RETURN, [f"wrote {target}"])

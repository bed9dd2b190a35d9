"""`--plan FILE`: what a dry run shows also goes into a file, from which `sup apply` carries it out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup.changes.masking import of_words
from kazoo_sup.changes.plans import NotPlanned, Plan, Writer
from kazoo_sup.cli import catalogue
from kazoo_sup.cli.render.ending import at_once, reports

if TYPE_CHECKING:
    from collections.abc import Callable

    from kazoo_sup.changes import Report
    from kazoo_sup.cli.plain import Request
    from kazoo_sup.results import Result
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

REPEATED = ("node", "use_short", "no_events", "live", "nodes", "erl_term_args")
"""The common options that say what a command is to do, and go into a plan."""


class Planning:
    """The plan of this run."""

    def __init__(self, path: Path, request: Request, zone: Callable[[], Zone | None]) -> None:
        """ZONE returns the run's, once it has one. Raises NotPlanned where PATH is there already."""
        self._zone = zone
        command = request.command
        repeat = _repeat(request)
        self._writer = Writer(path, (command.module, command.name, *of_words(request.shown)), repeat)

    def note(self, report: Report) -> None:
        """Take in what would become of a document."""
        zone = self._zone()
        if zone is not None:
            self._writer.note(report, zone)

    def foretold(self, deed: str, before: object) -> None:
        """Take in a deed that is not a document, and the value that it replaces."""
        zone = self._zone()
        if zone is None:
            self._writer.refuse(f"a plan is for a cluster, and this would {deed}")
        else:
            self._writer.foretold(deed, before, zone)

    def answered(self, question: str) -> None:
        """Take in that the run was told something which is not on its command line."""
        self._writer.repeated_not(f"the command asks for {question}, and would have to be run once more")

    def asked(self, deed: str) -> None:
        """Take in a question that the run would ask."""
        self._writer.asked(deed)

    def finish(self, result: Result) -> Result:
        """Have the command's work done to its end, write the plan, and return the answer; raises NotPlanned."""
        whole = at_once(result)
        errors = [each for report in reports(whole) for each in report.errors]
        if errors:
            self._writer.refuse(str(errors[0]))
        zone = self._zone()
        self._writer.finish(zone)
        if self._writer.repeats and zone is not None:
            self._check_repeated(zone)
        return whole

    def _check_repeated(self, zone: Zone) -> None:
        """See that the command foretells the same once more: no plan is left that could never be carried out."""
        from kazoo_sup.kazoo.undo import planned

        path = self._writer.path
        try:
            planned.check_foretold(zone, Plan(path))
        except planned.NotAsPlanned as error:
            path.unlink(missing_ok=True)
            raise NotPlanned(reason=f"the command does not foretell the same twice: {error.difference}") from None
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def discard(self) -> None:
        """Leave no file behind that is not whole."""
        self._writer.discard()

    def __str__(self) -> str:
        """Say what was written, and what to do with it."""
        changes = "1 change" if self._writer.count == 1 else f"{self._writer.count} changes"
        path = self._writer.path
        return f"planned, and nothing changed: {changes} in {path}; sup apply {path} --show, then sup apply {path}"


def _repeat(request: Request) -> Document | str:
    """Return what runs a command once more, or why nothing can."""
    asked = request.asked
    if not catalogue.has(request.command.module, request.command.name):
        return "the command is not known here, and would have to be run once more"
    if "-" in request.words:
        return "the command reads standard input, and would have to be run once more"
    return {
        "module": request.command.module,
        "name": request.command.name,
        "words": list(request.words),
        "options": {name: str(each) if isinstance(each, Path) else each for name, each in request.options.items()},
        "asked": {name: getattr(asked, name) for name in REPEATED if getattr(asked, name) is not None},
    }

"""What a command tells while it runs, to whom, and what is told when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup.cli.render.ending import drained
from kazoo_sup.cli.streams import drop_standard_output
from kazoo_sup.results import Live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from kazoo_sup.changes import Report
    from kazoo_sup.cli.options import Options
    from kazoo_sup.cli.planning import Planning
    from kazoo_sup.cli.questions import Questions
    from kazoo_sup.cli.render.output import Renderer
    from kazoo_sup.cli.saved import Saved
    from kazoo_sup.results import Event, Result


class Course:
    """What a command tells while it runs: to people, to what is known of what it saved, to the plan if one is made."""

    def __init__(self, asked: Options, warnings: list[str], saved: Saved, questions: Questions, show: Renderer) -> None:
        """Begin a run, all of whose warnings go into WARNINGS, too."""
        self.planning: Planning | None = None
        self._asked = asked
        self._warnings = warnings
        self._saved = saved
        self._questions = questions
        self._show = show
        self._untold: list[Callable[[], None]] = []

    def warn(self, sentence: str) -> None:
        """Tell people something, unless they want quiet."""
        self._warnings.append(sentence)
        if not self._asked.quiet:
            self._show.tell(sentence)

    def at_end(self, tell: Callable[[], None]) -> None:
        """Have something told when all is done."""
        self._untold.append(tell)

    def end(self) -> None:
        """Tell what is told when all is done."""
        while self._untold:
            self._untold.pop(0)()

    def report(self, each: Report) -> None:
        """Show what became of one change, or would."""
        self._saved.note(each)
        if self.planning:
            self.planning.note(each)
        try:
            self._show.report(each)
        except OSError:
            # The run ends here; what is undone on the way out is reported as well, and must not end that.
            drop_standard_output()
            raise

    def foretold(self, deed: str, before: object) -> None:
        """Take in a deed that a plan has."""
        if self.planning:
            self.planning.foretold(deed, before)

    def ask(self, question: str, secret: bool) -> str:
        """Return what somebody answers."""
        if self.planning:
            self.planning.answered(question)
        return self._questions.ask(question, secret)

    def confirm(self, deed: str) -> None:
        """Ask whether to go on with DEED."""
        if self.planning:
            self.planning.asked(deed)
        self._questions.confirm(deed)

    def finish(self, result: Result) -> Result:
        """Return the result as it is shown: with the plan written, or with the whole of a dry run gone through."""
        if self.planning:
            result = self.planning.finish(result)
            if not self._asked.quiet:
                self._show.tell(str(self.planning))
        elif self._asked.dry_run:
            result = drained(result)
        if isinstance(result, Live) and not result.watched:
            return result._replace(events=self._to_the_end(result.events))
        self.end()
        return result

    def _to_the_end(self, events: Iterable[Event]) -> Iterator[Event]:
        """Have the work done, and the rest told before the answer is at its end."""
        yield from events
        self.end()

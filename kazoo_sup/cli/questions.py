"""What a run asks the person at the terminal; every question names the cluster that it is about.

Nobody is asked who is not there: what takes a yes is refused then, in a sentence that says so.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kazoo_sup.errors import Declined, Interrupted
from kazoo_sup.texts import printable

if TYPE_CHECKING:
    from collections.abc import Callable


class Questions:
    """The questions of one run."""

    def __init__(self, *, yes: bool, dry_run: bool, cluster: Callable[[], str], say: Callable[[str], None]) -> None:
        """CLUSTER names the cluster, in words, once it is known; SAY tells somebody at the terminal."""
        self._answered = yes or dry_run
        self._cluster = cluster
        self._say = say
        self._named = False

    def confirm(self, deed: str) -> None:
        """Ask whether to do what DEED says; where nobody is at the terminal --yes must have been given."""
        if self._answered:
            return
        where = f" ({self._cluster()})" if self._cluster() else ""
        if not sys.stdin.isatty():
            raise Declined(
                reason=f"this would {deed}{where}; nothing was done, it takes --yes", instead="give it --yes"
            )
        import typer

        try:
            confirmed = typer.confirm(printable.lines(f"This will {deed}{where}. Go on?"), err=True)
        except typer.Abort:
            raise Interrupted from None
        if not confirmed:
            raise Declined(reason="nothing was done")

    def confirm_watched(self, deed: str) -> None:
        """Ask as `confirm` does, but only where somebody is at the terminal."""
        if sys.stdin.isatty():
            self.confirm(deed)

    def ask(self, question: str, secret: bool) -> str:
        """Return the line that answers a question: typed at the terminal, unseen when it is secret, or piped in."""
        if sys.stdin.isatty():
            if self._cluster() and not self._named:
                self._say(f"this is {self._cluster()}")
                self._named = True
            shown = printable.lines(question)
            import typer

            try:
                answer: str = typer.prompt(shown, default="", show_default=False, hide_input=secret, err=True)
            except typer.Abort:
                raise Interrupted from None
            return answer.strip()
        line = sys.stdin.readline()
        if not line:
            raise Declined(reason=f"there is no answer on standard input to: {question}")
        return line.strip()

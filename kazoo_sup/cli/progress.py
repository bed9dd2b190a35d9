"""Progress for people: count, rate and time left on standard error, on a terminal, once a second has passed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from kazoo_sup.texts import printable

if TYPE_CHECKING:
    from rich.progress import Progress, Task

_PATIENCE = 1.0


@contextmanager
def on_terminal(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Give a function that is told how many more items are done; it shows nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    started = time.monotonic()
    count = 0
    bar: Progress | None = None
    with ExitStack() as stack:

        def advance(done: int) -> None:
            nonlocal bar, count
            count += done
            if bar is None and time.monotonic() - started > _PATIENCE:
                bar = stack.enter_context(_bar())
                bar.add_task(printable.line(label), total=total)
            if bar is not None:
                bar.update(bar.task_ids[0], completed=count)

        yield advance


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "")

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)

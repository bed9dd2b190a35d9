"""The record that this run leaves in the journal, made when something is first changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.arguments.descriptions import Command
    from kazoo_sup.changes.journal.recorder import Recorder


class RunRecord:
    """Makes the run's recorder when it is first asked for, so that a run that only reads imports none of it."""

    def __init__(self, command: Command, *, wanted: bool) -> None:
        """Nothing is recorded where it is not WANTED."""
        self._command = command
        self._words: tuple[str, ...] = ()
        self._warn: Callable[[str], None] = lambda sentence: None
        self._recorder: Recorder | None = None
        self.wanted = wanted

    def begin(self, shown: Sequence[str], options: Mapping[str, object], warn: Callable[[str], None]) -> None:
        """Take in what was typed, its words without secrets, and how to tell people something.

        OPTIONS may be all that the command has; those that stand as they do when nobody sets them are left out.
        """
        unset = {each.name: each.default for each in self._command.parameters}
        given = [
            f"--{name.replace('_', '-')}" + ("" if each is True else f"={each}")
            for name, value in options.items()
            for each in (value if isinstance(value, list) else [value])
            if each not in (None, False, unset.get(name))
        ]
        self._words = (*shown, *given)
        self._warn = warn

    def __call__(self) -> Recorder:
        """Return the run's recorder."""
        if self._recorder is None:
            from kazoo_sup.changes.journal.recorder import Recorder, Told
            from kazoo_sup.changes.masking import of_words

            module, name = self._command.module, self._command.name
            told = Told(module, name, (module, name, *of_words(self._words)))
            self._recorder = Recorder(told, warn=self._warn, wanted=self.wanted)
        return self._recorder

    def end(self, code: int) -> None:
        """Record how the run ended, where anything is recorded of it."""
        if self._recorder is not None:
            self._recorder.end(code)

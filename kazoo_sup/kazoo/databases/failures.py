"""What fails of many: counted in a run that goes on without it, or told all at once before anything is saved.

`Parts` are the databases, accounts or files that a run goes over: one that fails is named, the others are done.
`Documents` are the documents among them.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, TypeVar

from kazoo_sup.changes import Report
from kazoo_sup.errors import Delivered, ExitCode, NotAuthorised, ServerUnreachable, SupError, TimedOut, Unfinished
from kazoo_sup.messages.names import encoded, plain
from kazoo_sup.results import BulkReport, Event, Items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from kazoo_sup.zone import Zone

SILENT_IN_A_ROW = 5
"""After so many parts in a row that do not answer in time, or break off, the server is taken to be gone."""


class InDatabase(SupError):
    """{database}: {reason}"""

    database: str
    reason: str


class BrokenOff(SupError):
    """{reason}; {what} done before that: {done}"""

    exit_code = ExitCode.PARTIAL
    remedy = "run the same command again: it does the rest"

    reason: str
    done: int
    what: str


def named(database: str, error: SupError) -> SupError:
    """Return an error that names the database which it is about: itself where its sentence does."""
    sentence = str(error)
    if not database or plain(database) in sentence or encoded(database) in sentence:
        return error
    return InDatabase(database=plain(database), reason=sentence)


def ends_all(error: SupError) -> bool:
    """Tell an error that every other part meets as well: there is no connection to the server at all."""
    cause = error.__cause__ if isinstance(error, Unfinished | BrokenOff) else error
    return isinstance(cause, ServerUnreachable) and cause.delivered is not Delivered.MAYBE


def check_reachable(failed: Mapping[str, SupError]) -> None:
    """Raise the error of a database that every other one meets as well, if there is one among FAILED."""
    for error in failed.values():
        if ends_all(error):
            raise error


class Attempts(Items):
    """What became of the parts of one run, which ends where the server is gone, not where one of them fails."""

    silences: ClassVar[tuple[type[SupError], ...]] = (TimedOut, ServerUnreachable)
    _silent = 0

    def add(self, error: SupError | None = None) -> None:
        """Take in a part that is done, or failed for an ERROR."""
        if not isinstance(error, self.silences):
            self._silent = 0
        super().add(error)

    def bear(self, error: SupError) -> None:
        """Raise the ERROR of a part, before `add` takes it in, where every other part meets it as well.

        It is raised as BrokenOff where parts were done before.
        """
        if isinstance(error, self.silences):
            self._silent += 1
        if ends_all(error) or self._silent >= SILENT_IN_A_ROW:
            done = self.total - self.failed
            if done and error.exit_code is not ExitCode.PARTIAL:
                raise BrokenOff(reason=str(error), done=done, what=self._of) from error
            raise error


class Parts(Attempts):
    """What became of the parts of one run, WHAT they are in the plural.

    TELL is handed each failure, its database named; without it they are reported.
    """

    silences: ClassVar[tuple[type[SupError], ...]] = (*Attempts.silences, NotAuthorised)

    def __init__(
        self, zone: Zone, what: str = "databases", *, tell: Callable[[str, SupError], None] | None = None
    ) -> None:
        """Begin with none."""
        super().__init__(what)
        self._tell = tell or (lambda name, error: zone.run.report(Report(name, "", "failed", error=error)))

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Let the run go on where what is done inside, to the database of this name, fails."""
        try:
            yield
        except SupError as error:
            self.settle(name, error)
        else:
            self.settle(name, None)

    def settle(self, name: str, error: SupError | None) -> None:
        """Take in what became of a part. Raises the error itself where the server is gone."""
        if error is None:
            self.add()
            return
        self.bear(error)
        self.add(error)
        self._tell(name, named(name, error))


Read = TypeVar("Read")


class BadFile(SupError):
    """{file}: {reason}; nothing was saved"""

    file: Path | str
    reason: str


class BadFiles(SupError):
    """{count} files are wrong and nothing was saved: {reasons}"""

    count: int
    reasons: str


def read_all(
    files: Iterable[Path], read: Callable[[Path], Read], skip: Callable[[BadFile], None] | None = None
) -> list[Read]:
    """Return what READ makes of each file. Raises BadFile for a wrong one, BadFiles for several: all are read.

    With SKIP wrong ones are left out, each handed to it.
    """
    found: list[Read] = []
    wrong: list[BadFile] = []
    for file in files:
        try:
            found.append(read(file))
        except BadFile as error:
            wrong.append(error)
    if skip is not None:
        for each in wrong:
            skip(each)
        return found
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        reasons = "; ".join(f"{each.file}: {each.reason}" for each in wrong)
        raise BadFiles(count=len(wrong), reasons=reasons)
    return found


class StepsFailed(SupError):
    """{reason}"""

    exit_code = ExitCode.PARTIAL

    reason: str


class Steps:
    """The steps of one run that do not build on each other: one that fails does not keep the next from being done."""

    def __init__(self) -> None:
        """Begin with none."""
        self._errors: list[SupError] = []

    def each(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events of one step, up to a report of parts that failed. Raises only where the server is gone."""
        try:
            for event in events:
                failure = event.failure if isinstance(event, BulkReport) else None
                if failure is not None:
                    raise failure
                yield event
        except SupError as error:
            if ends_all(error):
                raise
            self._errors.append(error)

    def end(self) -> None:
        """Raise what kept steps from being done as a whole."""
        if not self._errors:
            return
        if len(self._errors) == 1 and self._errors[0].exit_code is ExitCode.PARTIAL:
            raise self._errors[0]
        raise StepsFailed(reason="; ".join(dict.fromkeys(map(str, self._errors))))


class Documents(Items):
    """What became of the documents, or files, of one run, WHAT was done to them in the plural: "moves", "files"."""

    def leave_out(self, zone: Zone, error: BadFile) -> None:
        """Tell of a wrong file, in a run that goes on without it."""
        zone.run.warn(f"{error.file}: {error.reason}; it was left out")
        self.add(error)

    def fail(self, zone: Zone, database: str, identifier: str, error: SupError) -> None:
        """Report that a document could not be dealt with.

        Raises the error itself when it is not the document's but the server's or the user's.
        """
        if isinstance(error, NotAuthorised | TimedOut) or error.exit_code is ExitCode.USAGE:
            raise error
        zone.run.report(Report(database, identifier, "failed", error=error))
        self.add(error)

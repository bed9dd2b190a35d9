"""The way in: `sup [options] <module> <function> [args…]`.

A plain command line is read by `plain`, any other by Typer in `parsing`; which modules and functions there are comes
from the catalogue, so nothing is imported but what runs. `run` is the one place that turns a result, an error or a
signal into text and an exit code.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from kazoo_sup import concurrency
from kazoo_sup.cli import argv, catalogue, plain
from kazoo_sup.cli.options import Options
from kazoo_sup.cli.plain import Several
from kazoo_sup.cli.streams import drop_standard_output, open_standard
from kazoo_sup.errors import (
    ExitCode,
    Interrupted,
    NotDone,
    OnlyInTheNode,
    Stopped,
    SupError,
    Terminated,
    UnexpectedError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from kazoo_sup.cli.confirm_within import ConfirmWithin
    from kazoo_sup.cli.course import Course
    from kazoo_sup.cli.plain import Request
    from kazoo_sup.cli.questions import Questions
    from kazoo_sup.cli.render.output import Renderer
    from kazoo_sup.cli.run_record import RunRecord
    from kazoo_sup.cli.several import Line
    from kazoo_sup.cli.shared import Shared
    from kazoo_sup.results import Result
    from kazoo_sup.settings import Settings
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Run, Zone

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ENDINGS = (KeyboardInterrupt, Stopped, SupError)


class _Shown:
    """What shows the command that runs, once it has begun: its answer is one, whenever a signal comes."""

    by: Renderer | None = None


def _error_of(ending: BaseException) -> SupError:
    """Return the error that one of _ENDINGS stands for."""
    if isinstance(ending, Stopped):
        return ending.error
    return ending if isinstance(ending, SupError) else Interrupted()


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    sys.unraisablehook = concurrency.send_again
    code = run(sys.argv[1:])
    # Everything is closed and written by now; taking the modules apart one by one would only take time.
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def run(words: Sequence[str]) -> int:
    """Run one command line; return its exit code."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        concurrency.take(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        concurrency.take(signal.SIGHUP, _raise_terminated)
    concurrency.take(signal.SIGTERM, _raise_terminated)
    open_standard()
    try:
        code = _parse_and_run(list(words))
        with concurrency.held():
            sys.stdout.flush()
    except BrokenPipeError:
        code = ExitCode.BROKEN_PIPE  # the reader went away and nobody is left to tell
        drop_standard_output()
    except OSError as error:
        with suppress(OSError):
            print(f"sup: cannot write the answer: {error.strerror}", file=sys.stderr)
        code = ExitCode.FAILED
        drop_standard_output()
    except (KeyboardInterrupt, Stopped) as ending:  # all is told by now
        code = _error_of(ending).exit_code
    return code


def _parse_and_run(words: list[str]) -> int:
    _Shown.by = None
    try:
        words = argv.with_module(argv.as_utf_8(words))
        asked = _asked(words, Options())
        if isinstance(asked, Several):
            return _run_several(asked)
        return asked if isinstance(asked, int) else _execute(asked)
    except _ENDINGS as ending:
        return _fail(_error_of(ending), words, argv.format_in(words))


def _fail(error: SupError, words: list[str], output_format: str, line: int = 0) -> int:
    """Show the error that ended a command line, by what shows that command where it had begun; return the exit code."""
    from kazoo_sup.cli.render.output import renderer

    (_Shown.by or renderer(output_format, argv.command_in(words), [], line=line)).fail(error)
    return error.exit_code


def _run_several(asked: Several) -> int:
    """Run commands that are read one after the other."""
    from kazoo_sup.cli import several

    if wrong := several.not_for_all(asked.asked):
        raise wrong
    if asked.by_hand and sys.stdin.isatty() and sys.stdout.isatty():
        from kazoo_sup.cli import shell

        return shell.run(asked.asked, _perform_line)
    return several.run(asked, lambda line, shared: _perform_line(line, asked.asked, shared))


def _perform_line(line: Line, before: Options, shared: Shared) -> int:
    """Run the command of one line; the options BEFORE hold for it."""
    words = list(line.words)
    _Shown.by = None
    try:
        if line.error:
            raise line.error
        words = argv.with_module(argv.as_utf_8(words))
        asked = _asked(words, before)
        if isinstance(asked, Several):
            raise UsageError(reason="this cannot be asked for among other commands")
        return asked if isinstance(asked, int) else _execute(asked, shared, line.number)
    except _ENDINGS as ending:
        return _fail(_error_of(ending), words, argv.format_in(words, before.format or "text"), line.number)
    finally:
        _Shown.by = None


def _asked(words: list[str], before: Options) -> Request | Several | int:
    """Return what WORDS ask for, or the exit code where that was to tell something; the options BEFORE hold for it."""
    from kazoo_sup.cli import about

    if words in (["--version"], ["-V"]):
        return about.version(before)
    if words[:1] in (["--list"], ["list"]) and not any(word.startswith("-") for word in words[1:]):
        return about.functions(before, words[1:])
    understood = plain.understood(words, before)
    if understood:
        return understood
    argv.refuse_host(words)
    from kazoo_sup.cli import parsing

    return parsing.request(words, before)


def _execute(request: Request, shared: Shared | None = None, line: int = 0) -> int:
    """Run one command, its answer on standard output or in the file of --output; errors name its LINE, if any."""
    from kazoo_sup.cli import about

    asked = request.asked
    about.refuse_format(asked.format, f"{request.command.module} {request.command.name}")
    if not asked.output:
        return _run(request, shared, line, whole=lambda: None)
    from kazoo_sup.cli.render.output_file import OutputFile

    with OutputFile(asked.output) as file:
        return _run(request, shared, line, whole=file.end)


def _run(request: Request, shared: Shared | None, line: int, whole: Callable[[], None]) -> int:
    """Run one command, and say of a dry run that it was one; call WHOLE when its answer has been shown."""
    from kazoo_sup.cli.render.output import renderer
    from kazoo_sup.cli.run_record import RunRecord

    if request.asked.plan:
        request = request._replace(asked=request.asked._replace(dry_run=True))
    concurrency.begin()
    described, asked = request.command, request.asked
    warnings: list[str] = []
    command = f"{described.module} {described.name}"
    show = renderer(asked.format or "text", command, warnings, verbose=bool(asked.verbose), line=line)
    _Shown.by = show
    record = RunRecord(described, wanted=not asked.no_journal)
    code: int = ExitCode.FAILED
    try:
        code = _perform(request, show, warnings, record, shared, whole)
    except BrokenPipeError:
        code = ExitCode.BROKEN_PIPE
        raise
    finally:
        record.end(code)
    if asked.dry_run and not asked.quiet and not asked.plan:
        sys.stdout.flush()
        show.tell("dry run: nothing was changed")
    return code


def _perform(
    request: Request,
    show: Renderer,
    warnings: list[str],
    record: RunRecord,
    shared: Shared | None,
    whole: Callable[[], None],
) -> int:
    """Run one command and render what comes of it."""
    from kazoo_sup.cli import about
    from kazoo_sup.cli.course import Course
    from kazoo_sup.cli.patience import Deadline, Patience
    from kazoo_sup.cli.questions import Questions
    from kazoo_sup.cli.saved import Saved

    described, asked = request.command, request.asked
    held: ConfirmWithin | None = None
    questions = Questions(
        yes=bool(asked.yes), dry_run=bool(asked.dry_run), cluster=lambda: context.cluster, say=show.tell
    )
    saved = Saved()
    course = Course(asked, warnings, saved, questions, show)
    context = _Context(asked, _run_of(asked, course, questions, record, show), shared)
    record.begin(request.shown, request.options, course.warn)
    try:
        with Deadline(None if _on_node(request) else asked.timeout), Patience(show.tell, quiet=bool(asked.quiet)):
            select = about.selected(asked, course.warn)
            if asked.plan:
                from kazoo_sup.cli.planning import Planning

                course.planning = Planning(asked.plan, request, lambda: context.used)
            if asked.confirm_within and not asked.dry_run:
                held = _held(request, context, record, show.tell)
            result = course.finish(_answered(request, context, show))
            code = show.finish(select(result), maintenance=described.module.endswith("_maintenance"))
            whole()
            return code
    except _ENDINGS as ending:
        error = _error_of(ending)
    except BrokenPipeError:
        raise
    except Exception as unexpected:
        if isinstance(unexpected, OSError):
            if unexpected.errno in _FULL:
                raise  # whatever file it is, and standard output where Python does not buffer it
            sys.stdout.flush()  # where it was standard output that failed it fails again, and that is no defect
        if asked.verbose:
            raise
        error = UnexpectedError(kind=type(unexpected).__name__, reason=str(unexpected))
    finally:
        if course.planning:
            course.planning.discard()
        if held:
            held.finish()
        context.close()
        course.end()
    error = saved.told(error, course.warn)
    show.fail(error)
    return error.exit_code


def _run_of(asked: Options, course: Course, questions: Questions, record: RunRecord, show: Renderer) -> Run:
    """Return the run that was asked for, which tells how it goes by its course."""
    from kazoo_sup.cli.progress import on_terminal
    from kazoo_sup.zone import Run, Session, no_progress

    return Run(
        Session(),
        dry_run=bool(asked.dry_run),
        events=not asked.no_events,
        report=course.report,
        warn=course.warn,
        would=show.would,
        foretold=course.foretold,
        hint=show.tell if sys.stderr.isatty() and not asked.quiet else lambda sentence: None,
        confirm=course.confirm,
        confirm_watched=questions.confirm_watched,
        ask=course.ask,
        progress=no_progress if asked.quiet else on_terminal,
        config=asked.config,
        printed=show.printed,
        cookie=asked.cookie,
        journal=record,
        at_end=course.at_end,
        perform=_run_within,
        repeat=lambda zone, wanted: _repeated(zone, wanted, asked, show),
    )


def _on_node(request: Request) -> bool:
    """Return whether a command is a node's business from the first."""
    return bool(request.command.on_node or request.asked.on_nodes or request.unknown)


def _answered(request: Request, context: _Context | _Lent, show: Renderer) -> Result:
    """Run a command here, or on a node where only a node can do it."""
    from kazoo_sup.command import bind

    if _on_node(request):
        return _answered_there(request, context, show, request.unknown)
    described = request.command
    show.start(described, request.words)
    function = catalogue.function(described.module, described.name)
    try:
        result: Result = bind(function, request.words, request.options, context.given())
    except OnlyInTheNode as refusal:
        signal.setitimer(signal.ITIMER_REAL, 0)
        result = _answered_there(request, context, show, refusal)
    return result


def _run_within(zone: Zone, words: Sequence[str]) -> None:
    """Run a command as a part of another one's run; raises what keeps it from being done, and warns of the rest."""
    from kazoo_sup.cli.render.ending import reports
    from kazoo_sup.command import bind

    function = catalogue.function(words[0], words[1])
    parameters = catalogue.command(words[0], words[1]).parameters
    own = {each.flag: each.name for each in parameters if each.kind == "option"}
    arguments: list[str] = []
    options: dict[str, str | bool] = {}
    for word in words[2:]:
        name, equals, value = word.partition("=")
        if name in own:
            options[own[name]] = value if equals else True
        else:
            arguments.append(word)
    found = reports(bind(function, arguments, options, _Lent(zone).given()))
    for report in found:
        for error in report.errors:
            if error.exit_code is not ExitCode.NOT_OK:
                raise error
            zone.run.warn(str(error))  # it is done, and what has come of it is not well
    if any(report.failed for report in found):
        raise NotDone


def _repeated(zone: Zone, wanted: Document, asked: Options, show: Renderer) -> Result:
    """Run what a plan says was asked for, to its end, as a part of another run."""
    from kazoo_sup.cli.render.ending import at_once

    said = Options().overlaid(wanted["asked"])
    run = zone.run._replace(events=zone.run.events and not said.no_events)
    there = zone.with_run(run, node=said.node or "")
    described = catalogue.command(wanted["module"], wanted["name"])
    request = plain.Request(described, asked.overlaid(wanted["asked"]), wanted["words"], wanted["options"])
    return at_once(_answered(request, _Lent(there), show))


def _answered_there(request: Request, context: _Context | _Lent, show: Renderer, instead: SupError | None) -> Result:
    from kazoo_sup.cli import on_node

    described = request.command
    call = on_node.planned(described.module, described.name, request.words, request.shown, request.known.on_node)
    if isinstance(instead, OnlyInTheNode):
        call = call._replace(effect=instead.effect)
    return on_node.answer(context.zone, call, request.asked, show, instead)


def _held(request: Request, context: _Context, record: RunRecord, tell: Callable[[str], None]) -> ConfirmWithin:
    from kazoo_sup.changes.masking import of_words
    from kazoo_sup.cli.confirm_within import ConfirmWithin, seconds

    described, asked = request.command, request.asked
    span = seconds(asked.confirm_within or "")
    typed = " ".join(("sup", described.module, described.name, *of_words(request.shown)))
    return ConfirmWithin(span, context.settings(), record, asked, typed, tell)


class _Lent:
    """What a command may be handed that is a part of another one's run."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def zone(self) -> Zone:
        return self._zone

    def given(self) -> dict[str, Callable[[], object]]:
        return {"Zone": self.zone, "Run": lambda: self._zone.run, "Settings": lambda: self._zone.all_settings}


class _Context:
    """What a command may be handed: made when it is asked for, closed when the run ends."""

    def __init__(self, asked: Options, run: Run, shared: Shared | None) -> None:
        self._asked = asked
        self._run = run
        self._shared = shared
        self._node = asked.meant_node
        self._zone: Zone | None = None

    @property
    def used(self) -> Zone | None:
        """The run's zone, once there is one."""
        return self._zone

    @property
    def cluster(self) -> str:
        """Which cluster the run is about, in words; nothing while it is about none."""
        return self._zone.described if self._zone else ""

    def given(self) -> dict[str, Callable[[], object]]:
        return {"Zone": self.zone, "Settings": self.settings, "Run": lambda: self._run}

    def settings(self) -> Settings:
        from kazoo_sup import settings

        load = settings.load if self._shared is None else self._shared.settings
        found = load(config=self._asked.config, zone=self._asked.zone, node=self._node)
        for sentence in found.warnings:
            self._run.warn(sentence)
        return found

    def zone(self) -> Zone:
        from kazoo_sup.zone import Zone

        found = self.settings()
        short = bool(self._asked.use_short)
        self._zone = Zone.of(found, node=self._node, short=short, run=self._run, shared=self._shared)
        if (found.state_dir / "confirm").is_dir():
            from kazoo_sup.changes import guard

            guard.look_after(found.state_dir, self._run.warn)
        return self._zone

    def close(self) -> None:
        if self._zone:
            self._zone.close()


def _raise_terminated(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped(Terminated())

"""The way in: `sup [options] <module> <function> [args…]`.

Typer parses; which modules and functions there are comes from the catalogue, so nothing is imported but what runs.
`run` is the one place that turns an outcome, an error or a signal into text and an exit code.
"""

from __future__ import annotations

import inspect
import os
import signal
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from kazoo_sup import __version__, catalogue, options
from kazoo_sup.errors import (
    Declined,
    ExitCode,
    Interrupted,
    SupError,
    Terminated,
    TimedOut,
    UnexpectedError,
    UsageError,
    WrongArguments,
)
from kazoo_sup.options import FORMATS, Options

if TYPE_CHECKING:
    from kazoo_sup.command import Command, Parameter
    from kazoo_sup.zone import Run, Zone

# From 0.26 on Typer carries Click's classes inside itself; these are reached through one that it hands out.
_ParseError: type[Exception] = typer.BadParameter.__mro__[1]
_CONTEXT = {"help_option_names": ["-?", "-h", "--help"]}
_TYPES = {"bool": bool, "int": int, "float": float}
_LONGEST_DEADLINE = 10**8  # seconds: three years, as much as every timer takes
_OWN = "own_"  # keeps a command's own parameters apart from the options that every command takes


class _Stopped(BaseException):
    """Ends the run from a signal handler; no `except Exception` on the way takes it for a failure of its own."""

    def __init__(self, error: SupError) -> None:
        super().__init__(str(error))
        self.error = error


_ENDINGS = (KeyboardInterrupt, typer.Abort, _Stopped, SupError)


def _error_of(ending: BaseException) -> SupError:
    """Return the error that one of _ENDINGS stands for."""
    if isinstance(ending, _Stopped):
        return ending.error
    return ending if isinstance(ending, SupError) else Interrupted()


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    code = run(sys.argv[1:])
    # Everything is closed and written by now; taking the modules apart one by one would only take time.
    sys.stderr.flush()
    os._exit(code)


def run(words: Sequence[str]) -> int:
    """Run one command line; return its exit code."""
    signal.signal(signal.SIGTERM, _raise_terminated)
    _open_standard_output()
    try:
        code = _parse_and_run(list(words))
        sys.stdout.flush()
    except BrokenPipeError:
        code = ExitCode.BROKEN_PIPE  # the reader went away and nobody is left to tell
        _drop_standard_output()
    except OSError as error:
        print(f"sup: cannot write the answer: {error.strerror}", file=sys.stderr)
        code = ExitCode.FAILED
        _drop_standard_output()
    return code


def _open_standard_output() -> None:
    """See that there is one, and that it takes UTF-8 whatever the locale: JSON is nothing else."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")


def _drop_standard_output() -> None:
    """Let what is still buffered go nowhere, where it cannot fail again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parse_and_run(words: list[str]) -> int:
    try:
        code = _invoke(_as_utf_8(words))
    except typer.Exit as ending:
        return ending.exit_code
    except _ParseError as parse_error:
        error = _usage_error(parse_error)
    except _ENDINGS as ending:
        error = _error_of(ending)
    else:
        return code if isinstance(code, int) else ExitCode.OK
    from kazoo_sup.output import renderer

    renderer(_format_in(words), _command_in(words), []).fail(error)
    return error.exit_code


def _as_utf_8(words: Sequence[str]) -> list[str]:
    """Read the words as UTF-8, whatever the locale took them for; neither JSON nor an address holds anything else."""
    read = []
    for number, word in enumerate(words, 1):
        try:
            read.append(os.fsencode(word).decode("utf-8"))
        except UnicodeError:
            raise UsageError(reason=f"word {number} is not UTF-8 text") from None
    return read


def _invoke(words: list[str]) -> Any:
    """Parse and call; unlike Typer's own `main` it leaves every exception to us, a closed pipe's too."""
    root = _root()
    with root.make_context("sup", words) as ctx:
        return root.invoke(ctx)


def _execute(described: Command, asked: Options, values: dict[str, Any]) -> int:
    """Run one command and render what comes of it."""
    from kazoo_sup.command import bind
    from kazoo_sup.output import renderer, say
    from kazoo_sup.progress import on_terminal
    from kazoo_sup.zone import Run

    warnings: list[str] = []

    def warn(sentence: str) -> None:
        warnings.append(sentence)
        if not asked.quiet:
            say(sentence)

    show = renderer(
        asked.format or "text", f"{described.module} {described.name}", warnings, verbose=bool(asked.verbose)
    )
    context = _Context(
        asked,
        Run(
            dry_run=bool(asked.dry_run),
            events=not asked.no_events,
            report=show.report,
            warn=warn,
            hint=say if sys.stderr.isatty() and not asked.quiet else lambda sentence: None,
            confirm=lambda deed: _confirm(deed, asked),
            confirm_watched=lambda deed: _confirm(deed, asked) if sys.stdin.isatty() else None,
            ask=_ask,
            progress=Run().progress if asked.quiet else on_terminal,
        ),
    )
    words = _words(described, values)
    named = {each.name: values[_OWN + each.name] for each in described.parameters if each.kind == "option"}
    try:
        with _deadline(asked.timeout):
            show.start(described, words)
            function = catalogue.function(described.module, described.name)
            outcome = bind(function, words, named, context.given())
            return show.finish(outcome, maintenance=described.module.endswith("_maintenance"))
    except _ENDINGS as ending:
        error = _error_of(ending)
    except BrokenPipeError:
        raise
    except Exception as unexpected:
        if asked.verbose:
            raise
        error = UnexpectedError(kind=type(unexpected).__name__, reason=str(unexpected))
    finally:
        context.close()
    show.fail(error)
    return error.exit_code


def _confirm(deed: str, asked: Options) -> None:
    """Ask the person at the terminal; where there is none, --yes must have been given."""
    if asked.yes or asked.dry_run:
        return
    if not sys.stdin.isatty():
        raise Declined(reason=f"this would {deed}; nothing was done, it takes --yes")
    if not typer.confirm(f"This will {deed}. Go on?", err=True):
        raise Declined(reason="nothing was done")


def _ask(question: str, secret: bool) -> str:
    """Return the line that answers a question: typed at the terminal, unseen when it is secret, or piped in."""
    if sys.stdin.isatty():
        answer: str = typer.prompt(question, default="", show_default=False, hide_input=secret, err=True)
        return answer.strip()
    line = sys.stdin.readline()
    if not line:
        raise Declined(reason=f"there is no answer on standard input to: {question}")
    return line.strip()


class _Context:
    """What a command may be handed: made when it is asked for, closed when the run ends."""

    def __init__(self, asked: Options, run: Run) -> None:
        self._asked = asked
        self._run = run
        self._node = asked.node or os.environ.get("KAZOO_NODE") or "kazoo_apps"
        self._zone: Zone | None = None

    def given(self) -> dict[str, Callable[[], Any]]:
        return {"Zone": self.zone, "Settings": self.settings, "Run": lambda: self._run}

    def settings(self) -> Any:
        from kazoo_sup import settings

        found = settings.load(config=self._asked.config, zone=self._asked.zone, node=self._node)
        for sentence in found.warnings:
            self._run.hint(sentence)
        return found

    def zone(self) -> Zone:
        from kazoo_sup.zone import Zone

        self._zone = Zone(self.settings(), node=self._node, short=bool(self._asked.use_short), run=self._run)
        return self._zone

    def close(self) -> None:
        if self._zone:
            self._zone.close()


class _deadline:  # noqa: N801 - reads as a statement
    """Stop the run once SECONDS have passed; None or 0 waits for ever, as Kazoo's -t does."""

    def __init__(self, seconds: int | None) -> None:
        self._seconds = seconds or 0

    def __enter__(self) -> None:
        signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, min(self._seconds, _LONGEST_DEADLINE))

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, _signal: int, _frame: FrameType | None) -> None:
        raise _Stopped(TimedOut(seconds=self._seconds, doing=""))


def _raise_terminated(_signal: int, _frame: FrameType | None) -> None:
    raise _Stopped(Terminated())


class _Modules(TyperGroup):
    """The root: its commands are `help`, `list` and the modules of the catalogue."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        rest: list[str] = super().parse_args(ctx, ["list" if word == "--list" else word for word in args])
        return rest

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, cmd_name) or _module(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        with formatter.section("Modules"):
            formatter.write_dl(list(catalogue.modules().items()))


class _Functions(TyperGroup):
    """A module: its commands are its functions."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take two words for a name of two words: `dispatcher list` is dispatcher_list."""
        functions = catalogue.module(str(self.name)).functions
        joined = "_".join(args[:2])
        if args[0] not in functions and joined in functions:
            args = [joined, *args[2:]]
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        return _function(str(self.name), cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        functions = catalogue.module(str(self.name)).functions.values()
        with formatter.section("Functions"):
            formatter.write_dl([(f"{each.name} {each.arguments}".rstrip(), each.summary) for each in functions])


class _Function(TyperCommand):
    """A function: its usage line shows its arguments, which its help explains."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        _sup, module, name = ctx.command_path.split()
        return [str(self.options_metavar), catalogue.command(module, name).arguments]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        records = [each.get_help_record(ctx) for each in self.get_params(ctx) if each.param_type_name == "option"]
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record])


def _root() -> Any:
    app = _app(cls=_Modules, subcommand_metavar="MODULE FUNCTION [ARGS]...")

    def sup(ctx: typer.Context, **values: Any) -> None:
        if values["version"]:
            print(f"kazoo-sup {__version__}")
            raise typer.Exit
        _overlay(ctx, Options(), values)

    version = Annotated[bool, typer.Option("-V", "--version", help="Show the version.")]
    _typed(sup, [*options.parameters(), _keyword("version", version, default=False)])
    app.callback(help="Operate a Kazoo cluster: run FUNCTION of MODULE, as Kazoo's own sup does.")(sup)

    @app.command("help", help="Show the help of everything, of a module, or of a function.")
    def help_(module: str = typer.Argument(""), function: str = typer.Argument("")) -> None:
        words = [word for word in (module, function) if word]
        _invoke([*words, "--help"])

    @app.command("list", help="List the functions whose name holds PATTERN; also: sup --list [PATTERN].")
    def list_(pattern: str = typer.Argument("")) -> None:
        for each in catalogue.commands():
            if pattern in f"{each.module} {each.name}":
                print(f"{f'{each.module} {each.name} {each.arguments}'.rstrip():<72}  {each.summary}")

    return typer.main.get_command(app)


def _module(name: str) -> Any:
    app = _app(cls=_Functions, name=name, subcommand_metavar="FUNCTION [ARGS]...")

    def module(ctx: typer.Context, **values: Any) -> None:
        _overlay(ctx, ctx.obj, values)

    _typed(module, options.parameters())
    app.callback(help=catalogue.module(name).help)(module)
    return typer.main.get_command(app)


def _function(module: str, name: str) -> Any:
    described = catalogue.command(module, name)
    app = _app()

    def function(ctx: typer.Context, **values: Any) -> int:
        return _execute(described, ctx.obj.overlaid(values), values)

    _typed(function, [*map(_parameter, described.parameters), *options.parameters()])
    app.command(name, cls=_Function, help=described.help)(function)
    return typer.main.get_command(app)


def _app(**more: Any) -> typer.Typer:
    if "cls" in more:
        more["invoke_without_command"] = True
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_CONTEXT,
        **more,
    )


def _overlay(ctx: typer.Context, so_far: Options, values: dict[str, Any]) -> None:
    """Lay a level's options over those before it; a level without the word that must follow shows its help."""
    ctx.obj = so_far.overlaid(values)
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())
        raise typer.Exit(ExitCode.USAGE)


def _parameter(parameter: Parameter) -> inspect.Parameter:
    """Return a command's parameter as Typer takes it: arguments as text, options by their type."""
    name, metavar = _OWN + parameter.name, parameter.metavar
    kind: Any
    if parameter.kind == "option":
        flag = f"--{parameter.name.replace('_', '-')}"
        shown = None if parameter.type == "bool" else metavar.replace("_", "-")
        kind = Annotated[_TYPES.get(parameter.type, str), typer.Option(flag, metavar=shown)]
        return _keyword(name, kind, default=parameter.default)
    if parameter.kind == "arguments":
        return _keyword(name, Annotated[list[str] | None, typer.Argument(metavar=f"[{metavar}]...")], default=None)
    if parameter.required:
        return _keyword(name, Annotated[str, typer.Argument(metavar=metavar)])
    return _keyword(name, Annotated[str | None, typer.Argument(metavar=f"[{metavar}]")], default=None)


def _keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _typed(function: Callable[..., Any], parameters: Sequence[inspect.Parameter]) -> None:
    """Give a function that takes `ctx` and keyword values the signature from which Typer makes its parameters."""
    ctx = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    function.__signature__ = inspect.Signature([ctx, *parameters])  # type: ignore[attr-defined]
    function.__annotations__ = {each.name: each.annotation for each in (ctx, *parameters)}


def _words(described: Command, values: dict[str, Any]) -> list[str]:
    """Put the positional words together again, in order."""
    words: list[str] = []
    for parameter in described.parameters:
        typed = values[_OWN + parameter.name]
        if parameter.kind == "argument" and typed is not None:
            words.append(typed)
        elif parameter.kind == "arguments":
            words.extend(typed or ())
    return words


def _usage_error(error: Any) -> SupError:
    message = error.format_message().rstrip(".")
    reason = message[:1].lower() + message[1:]
    words = error.ctx.command_path.split() if getattr(error, "ctx", None) else []
    if len(words) == 3:  # noqa: PLR2004 - sup, module, function
        described = catalogue.command(words[1], words[2])
        return WrongArguments(command=" ".join(words[1:]), reason=reason, usage=described.usage)
    return UsageError(reason=f"{reason}; see sup --help")


def _format_in(words: Sequence[str]) -> str:
    """Find the format asked for among words that could not be parsed."""
    for before, word in zip(["", *words], words, strict=False):
        attached = next((start for start in ("--format=", "-f") if word.startswith(start)), None)
        asked = word if before in ("-f", "--format") else word.removeprefix(attached or word)
        if asked in FORMATS:
            return asked
    return "text"


def _command_in(words: Sequence[str]) -> str:
    """Find the module and function among words that could not be parsed."""
    known = next((at for at, word in enumerate(words) if word in catalogue.modules()), len(words))
    return " ".join(words[known : known + 2])

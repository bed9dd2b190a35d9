"""Any command line, read by Typer: help, options wherever and however they are written, and every mistake.

Which modules and functions there are comes from the catalogue, so nothing is imported but what runs. Nothing is run
here either: what comes out is a request, or an exit code where help or a list was all that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from kazoo_sup.cli import about, argv, builder, catalogue, help_pages, overview
from kazoo_sup.cli.options import FORMATS, Options
from kazoo_sup.cli.plain import Request, Several, any_function
from kazoo_sup.errors import ExitCode, Interrupted, SupError, UnknownFunction, UnknownModule, UsageError, WrongArguments

if TYPE_CHECKING:
    from typer import _click as click

    from kazoo_sup.arguments.descriptions import Command, Parameter
    from kazoo_sup.types import Row, Values

    _Resolved = tuple[str | None, click.Command | None, list[str]]

_SETTINGS: dict[str, Any] = {"rich_markup_mode": None, "context_settings": {"help_option_names": help_pages.NAMES}}
_MEANT = {"history": "list"}
"""The function that a module alone stands for."""


def request(words: list[str], before: Options = Options()) -> Request | Several | int:  # noqa: B008 - immutable
    """Return what WORDS ask for, or the exit code where it has been shown already.

    Their options are laid over those BEFORE.

    Raises UsageError for what cannot be understood.
    """
    try:
        found = _invoke(words, before)
    except typer.Exit as ending:
        return ending.exit_code
    except typer.Abort:
        raise Interrupted from None
    except typer.TyperException as error:
        raise _usage_error(error) from None
    return found if isinstance(found, Request | Several | int) else ExitCode.OK


def _invoke(words: list[str], before: Options) -> object:
    """Parse and call; unlike Typer's own `main` it leaves every exception to us, a closed pipe's too."""
    root = _Modules(before)
    # For help, which is shown before the options are read.
    root.output_format = argv.format_in(words, before.format or "text")
    root.calls_node = argv.names_node(words)
    with root.make_context("sup", words) as ctx:
        return root.invoke(ctx)


class _Level(help_pages.Helping, TyperGroup):
    """A level of the command line: its options are laid over those before it."""

    def __init__(
        self,
        name: str,
        parameters: Sequence[builder.TyperParameter],
        metavar: str,
        help_: str,
        commands: Sequence[TyperCommand] = (),
    ) -> None:
        super().__init__(
            name=name,
            params=list(parameters),
            commands=list(commands),
            subcommand_metavar=metavar,
            help=help_,
            invoke_without_command=True,
            **_SETTINGS,
        )

    def invoke(self, ctx: click.Context) -> object:
        def enter(**values: object) -> None:
            _overlay(ctx, self.options_before(ctx), values)

        self.callback = enter
        return super().invoke(ctx)

    def options_before(self, ctx: click.Context) -> Options:
        """Return the options of the levels before this one."""
        found: Options = ctx.obj
        return found


class _Modules(_Level):
    """The root: its commands are `help`, `list` and the modules of the catalogue."""

    output_format = "text"
    calls_node = False
    """Whether the command line says that the function is to be called on a node."""

    def __init__(self, before: Options) -> None:
        self._before = before
        super().__init__(
            "sup",
            [*builder.common(), builder.flag(("version", "-V", "--version"), "Show the version.")],
            "MODULE FUNCTION [ARGS]...",
            "Operate a Kazoo cluster: run FUNCTION of MODULE, as Kazoo's own sup does.",
            [_Help(), _List(), _FromInput(), _Shell()],
        )

    def invoke(self, ctx: click.Context) -> object:
        if ctx.params.pop("version"):
            raise typer.Exit(about.version(self._before.overlaid(ctx.params)))
        return super().invoke(ctx)

    def options_before(self, ctx: click.Context) -> Options:  # noqa: ARG002 - none stand before the root's
        return self._before

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest: list[str] = super().parse_args(ctx, argv.list_as_command(args))
        return rest

    def resolve_command(self, ctx: click.Context, args: list[str]) -> _Resolved:
        """Put in the function that a module alone stands for, and take other names of what there is for it.

        What is known by no name here is a node's business.
        """
        args = _with_meant(args)
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        if not catalogue.has(args[0], args[1] if args[1:] else "") and not self.calls_node:
            from kazoo_sup.cli import other_names

            args = argv.function_first(args)
            try:
                args = other_names.translated(args)
            except other_names.OtherName as other:
                return args[0], _OnNode(args[0], other, foreign=True), args[1:]
        if self.calls_node:
            return args[0], _OnNode(args[0], None), args[1:]
        try:
            return super().resolve_command(ctx, args)
        except UnknownModule as unknown:
            return args[0], _OnNode(args[0], unknown), args[1:]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _Functions(cmd_name)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        help_pages.write_root(formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Leave the options to `sup help options`, and the modules to `sup help topics`."""


def _with_meant(args: list[str]) -> list[str]:
    meant = _MEANT.get(args[0])
    known = {*catalogue.module(args[0]).functions, *help_pages.NAMES} if meant else set()
    if meant is None or any(word in known for word in args[1:]):
        return args
    return [args[0], meant, *args[1:]]


class _Functions(_Level):
    """A module: its commands are its functions."""

    def __init__(self, module: str) -> None:
        super().__init__(module, builder.common(), "FUNCTION [ARGS]...", catalogue.module(module).help)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> _Resolved:
        """Take two words for a name of two words: `dispatcher list` is dispatcher_list."""
        functions = catalogue.module(str(self.name)).functions
        joined = "_".join(args[:2])
        if args[0] not in functions and joined in functions:
            args = [joined, *args[2:]]
        try:
            return super().resolve_command(ctx, args)
        except UnknownFunction as unknown:
            if not _is_kazoos(str(self.name)):
                raise
            return args[0], _OnNode(str(self.name), unknown), args

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        return _Function(catalogue.command(str(self.name), cmd_name))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Show the functions alone, and where the options are."""
        help_pages.write_functions(formatter, str(self.name))


def _is_kazoos(module: str) -> bool:
    """Return whether Kazoo's nodes have a module: not where it is of our own or of third parties."""
    return module in overview.modules()[1]


class _Command(help_pages.Helping, TyperCommand):
    """What stands at the end of a line: it makes something of the options before it and of its own parameters."""

    def __init__(self, name: str, parameters: Sequence[builder.TyperParameter], help_: str) -> None:
        super().__init__(name, params=[*parameters, *builder.common()], help=help_, **_SETTINGS)

    def invoke(self, ctx: click.Context) -> object:
        return self.made(ctx, ctx.obj.overlaid(ctx.params), ctx.params)

    def made(self, ctx: click.Context, asked: Options, values: Values) -> object:
        """Return what the line asks for."""
        raise NotImplementedError


class _OnNode(_Command):
    """A call of any function of a module on a node; UNKNOWN says that there is no such one here.

    Negative numbers among its arguments are not options. The options of a FOREIGN command line, another program's, are
    nothing to complain of: UNKNOWN says what is.
    """

    def __init__(self, module: str, unknown: SupError | None, *, foreign: bool = False) -> None:
        typed = builder.words("words", "FUNCTION [ARGUMENTS]...")
        here = f"\n\nsup: {unknown}" if isinstance(unknown, UnknownModule | UnknownFunction) else ""
        super().__init__(module, [typed], f"Call FUNCTION of {module} on a running node.{here}")
        self.ignore_unknown_options = foreign
        self._module, self._unknown = module, unknown

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest: list[str] = super().parse_args(ctx, _with_numbers_kept(self, args))
        return rest

    def made(self, ctx: click.Context, asked: Options, values: Values) -> object:  # noqa: ARG002
        name, *rest = map(argv.kept, values["words"] or [""])
        if not name:
            raise self._unknown or UsageError(reason=f"a function of {self._module} is missing")
        return Request(any_function(self._module, name), asked, rest, {}, self._unknown)


class _Function(_Command):
    """A function: its usage line shows its arguments, which its help explains."""

    def __init__(self, described: Command) -> None:
        own = [builder.own(each) for each in described.parameters]
        super().__init__(described.name, own, help_pages.explained(described))
        self._described = described

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest: list[str] = super().parse_args(ctx, _with_numbers_kept(self, args))
        return rest

    def made(self, ctx: click.Context, asked: Options, values: Values) -> object:  # noqa: ARG002
        parameters = self._described.parameters
        own = {each.name: _option(each, values) for each in parameters if each.kind == "option"}
        return Request(self._described, asked, _words(self._described, values), own)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [str(self.options_metavar), self._described.arguments]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        help_pages.write_function(formatter, ctx, self.get_params(ctx))


class _Help(_Command):
    def __init__(self) -> None:
        typed = [builder.word("module", "[MODULE]"), builder.word("function", "[FUNCTION]")]
        super().__init__(
            "help", typed, "Show the help of everything, of a module, or of a function; also: topics, options."
        )

    def made(self, ctx: click.Context, asked: Options, values: Values) -> object:
        module, function = values["module"], values["function"]
        if module in help_pages.PAGES and not function and module not in catalogue.modules():
            help_pages.show_page(ctx, module)
            return None
        words = [word for word in (module, function) if word]
        return _invoke(["-f", asked.format or "text", *words, "--help"], Options())


class _List(_Command):
    def __init__(self) -> None:
        help_ = "List the functions whose name or help has all of WORDS, in capitals or not; also: sup --list [WORDS]."
        super().__init__("list", [builder.words("words", "[WORDS]...")], help_)

    def made(self, ctx: click.Context, asked: Options, values: Values) -> object:  # noqa: ARG002
        return about.functions(asked, list(values["words"] or ()))


class _FromInput(_Command):
    def __init__(self) -> None:
        stop = builder.flag(("stop_on_error", "--stop-on-error"), "End with the first command that fails.")
        super().__init__("-", [stop], overview.FROM_INPUT)

    def made(self, ctx: click.Context, asked: Options, values: Values) -> object:  # noqa: ARG002
        return Several(asked, stop_on_error=bool(values["stop_on_error"]), by_hand=False)


class _Shell(_Command):
    def __init__(self) -> None:
        super().__init__("shell", [], overview.SHELL)

    def made(self, ctx: click.Context, asked: Options, values: Values) -> object:  # noqa: ARG002
        return Several(asked, stop_on_error=False, by_hand=True)


def _with_numbers_kept(command: TyperCommand, args: list[str]) -> list[str]:
    """Mark the negative numbers among ARGS, which are not options."""
    valued = {name for each in command.params if not getattr(each, "is_flag", True) for name in each.opts}
    return argv.keep_numbers(args, valued)


def _overlay(ctx: click.Context, so_far: Options, values: Values) -> None:
    """Lay a level's options over those before it; a level without the word that must follow shows its help."""
    ctx.obj = so_far.overlaid(values)
    if ctx.invoked_subcommand is not None:
        return
    if ctx.obj.format not in help_pages.MACHINE:
        print(about.emphasised(ctx.get_help()))
        raise typer.Exit(ExitCode.USAGE)
    from kazoo_sup.results import BulkReport, Listing

    name = " ".join(ctx.command_path.split()[1:])
    if name:
        rows: Iterable[Row] = map(about.listed, catalogue.module(name).functions.values())
        columns: Sequence[str] = about.LISTED
        wanted = f"a function of {name} is missing"
    else:
        rows = ({"module": module, "help": summary} for module, summary in catalogue.modules().items())
        columns, wanted = ("module", "help"), "a module and a function are missing"
    raise typer.Exit(
        about.tell(ctx.obj, name, Listing(columns, rows, report=BulkReport(errors=[UsageError(reason=wanted)])))
    )


def _option(parameter: Parameter, values: Values) -> object:
    typed = values[builder.OWN + parameter.name]
    return (list(typed) if typed else parameter.default) if parameter.type == "tuple" else typed


def _words(described: Command, values: Values) -> list[str]:
    """Put the positional words together again, in order."""
    words: list[str] = []
    for parameter in described.parameters:
        typed = values[builder.OWN + parameter.name]
        if parameter.kind == "argument" and typed is not None:
            words.append(typed)
        elif parameter.kind == "arguments":
            words.extend(typed or ())
    return list(map(argv.kept, words))


def _usage_error(error: typer.TyperException) -> SupError:
    message = argv.kept_all(error.format_message()).rstrip(".")
    reason = message[:1].lower() + message[1:]
    wanted = getattr(error, "option_name", "").lstrip("-")
    if wanted in FORMATS:
        return UsageError(reason=f"no such option: --{wanted}; the format is asked for with -f {wanted}")
    ctx = getattr(error, "ctx", None)
    words = ctx.command_path.split() if ctx else []
    if len(words) == 3:  # noqa: PLR2004 - sup, module, function
        described = catalogue.command(words[1], words[2])
        if getattr(error, "option_name", "").startswith("-") and reason.startswith("no such option"):
            reason += "; an argument that begins with - comes after --"
        return WrongArguments(command=" ".join(words[1:]), reason=reason, usage=described.usage)
    return UsageError(reason=f"{reason}; see sup --help")

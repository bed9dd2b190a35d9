"""The help of `sup`, of its modules and functions: what stands on each page, and how it is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo_sup.cli import about, catalogue, overview
from kazoo_sup.cli.builder import OWN
from kazoo_sup.cli.examples import example
from kazoo_sup.cli.options import Options

if TYPE_CHECKING:
    from typer import _click as click
    from typer.core import TyperOption

    from kazoo_sup.arguments.descriptions import Command, Parameter

NAMES = ["-?", "-h", "--help"]
MACHINE = ("json", "yaml", "ndjson")


class Helping:
    """What has a help: text for people, or in the envelope of the format that the command line asks for."""

    def get_help_option(self, ctx: click.Context) -> TyperOption | None:
        option: TyperOption | None = super().get_help_option(ctx)  # type: ignore[misc]  # of the class that it is mixed into
        if option is not None:
            option.callback = _show_help
        return option


def write_root(formatter: click.HelpFormatter) -> None:
    """Write what there is to know about `sup` as a whole, beside its usage."""
    _write_jobs(formatter, overview.first())
    with formatter.section("To find more"):
        formatter.write_dl(list(overview.FINDING))


def write_functions(formatter: click.HelpFormatter, module: str) -> None:
    """Write the functions of a module, and where the options are."""
    with formatter.section("Functions"):
        functions = catalogue.module(module).functions.values()
        formatter.write_dl([(f"{each.name} {each.arguments}".rstrip(), each.summary) for each in functions])
    _write_every_command(formatter)


def explained(command: Command) -> str:
    """Return a function's help with what its module's says of its arguments and options.

    That is what each is, and whatever concerns those that the function does not speak of itself.
    """
    sentences = re.split(r"(?<=\.)\s+", catalogue.module(command.module).help)
    names = [_names(each) for each in command.parameters]
    unsaid = [each for each in names if not each.search(command.help)]
    undefined = [each for each in names if not re.search(rf"{each.pattern} (is|are)\b", command.help)]
    said = [
        each
        for each in sentences
        if any(name.match(each) for name in undefined) or any(name.search(each) for name in unsaid)
    ]
    if command.on_node is not None:
        said.append(_BY_NODE)
    return f"{command.help}\n\n{' '.join(said)}" if said else command.help


_BY_NODE = "A running node does it: the one that -n names, or all that --nodes fits."


def _names(parameter: Parameter) -> re.Pattern[str]:
    """Return what finds a parameter in a text: an argument as the usage has it, an option also by its name alone."""
    names = [parameter.flag, parameter.name.upper()] if parameter.kind == "option" else [parameter.metavar]
    return re.compile(rf"(?<![\w-])({'|'.join(names)})(?![\w-])")


def write_function(formatter: click.HelpFormatter, ctx: click.Context, parameters: Sequence[click.Parameter]) -> None:
    """Write a function's own arguments and options, and an example of it."""
    _sup, module, name = ctx.command_path.split()
    described = catalogue.command(module, name)
    notes = [(each.metavar, _note(each)) for each in described.parameters if each.kind == "argument"]
    if any(note for _, note in notes):
        with formatter.section("Arguments"):
            formatter.write_dl([each for each in notes if each[1]])
    own = [each for each in parameters if str(each.name).startswith(OWN)]
    records = [each.get_help_record(ctx) for each in own if each.param_type_name == "option"]
    if records:
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record])
    if shown := example(described):
        with formatter.section("Example"):
            formatter.write(f"  {shown}\n")
    _write_every_command(formatter)


def _note(argument: Parameter) -> str:
    """Return what an argument may be, and is where it is left out."""
    notes = [f"one of {', '.join(argument.choices)}"] if argument.choices else []
    if argument.default not in (None, "", "-"):
        default = str(argument.default)
        notes.append(f"[default: {default.lower() if isinstance(argument.default, bool) else default}]")
    return "  ".join(notes)


def show_page(ctx: click.Context, name: str) -> None:
    """Show one of PAGES."""
    formatter = ctx.make_formatter()
    PAGES[name](ctx, formatter)
    _show(ctx, f"help {name}", formatter.getvalue().rstrip("\n"))


def _topics(_ctx: click.Context, formatter: click.HelpFormatter) -> None:
    _write_jobs(formatter, overview.JOBS)
    own, kazoo = overview.modules()
    with formatter.section("Modules of our own"):
        formatter.write_dl(own)
    with formatter.section("Modules of Kazoo's sup"):
        formatter.write_dl([(name, catalogue.modules()[name]) for name in kazoo])


def _options(ctx: click.Context, formatter: click.HelpFormatter) -> None:
    root = ctx.find_root()
    records = [each.get_help_record(root) for each in root.command.get_params(root)]
    with formatter.section("Options, before the module or behind the function"):
        formatter.write_dl([record for record in records if record])


PAGES = {"topics": _topics, "options": _options}
"""What `sup help` shows beside modules and functions."""


def _write_jobs(formatter: click.HelpFormatter, jobs: Sequence[tuple[str, str]]) -> None:
    with formatter.section("Common jobs"):
        for job, words in jobs:
            formatter.write(f"  {job:<24}  sup {words}\n")  # whole: a command that is broken cannot be copied


def _write_every_command(formatter: click.HelpFormatter) -> None:
    formatter.write_paragraph()
    formatter.write_text(overview.EVERY_COMMAND)


def _show_help(ctx: click.Context, _option: click.Parameter, asked_for: bool) -> None:
    """Show the help of a level and end; the callback of each --help."""
    if not asked_for or ctx.resilient_parsing:
        return
    _show(ctx, " ".join([*ctx.command_path.split()[1:], "--help"]), ctx.get_help())
    ctx.exit()


def _show(ctx: click.Context, command: str, text: str) -> None:
    output_format = getattr(ctx.find_root().command, "output_format", "text")
    if output_format in MACHINE:
        from kazoo_sup.results import NO_RETURN, Answer

        about.tell(Options(format=output_format), command, Answer(NO_RETURN, lines=text.splitlines()))
    else:
        print(about.emphasised(text))

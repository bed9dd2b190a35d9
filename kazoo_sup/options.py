"""The options that every command takes, before the module or after the function."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import typer

FORMATS = ("text", "json", "yaml", "table")


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked of a run; None where nothing was said."""

    node: Annotated[
        str | None, typer.Option("-n", "--node", metavar="NODE", help="Kazoo node the command is meant for.")
    ] = None
    cookie: Annotated[
        str | None, typer.Option("-c", "--cookie", metavar="COOKIE", help="Erlang cookie; nothing here needs it.")
    ] = None
    timeout: Annotated[
        int | None, typer.Option("-t", "--timeout", help="Give up after SECONDS.", metavar="SECONDS", min=0)
    ] = None
    verbose: Annotated[bool | None, typer.Option("-v", "--verbose", help="Say what is run.")] = None
    use_short: Annotated[bool | None, typer.Option("-s", "--use_short", help="Short host name in node names.")] = None
    zone: Annotated[
        str | None, typer.Option("-z", "--zone", metavar="ZONE", help="Zone of the settings to work on.")
    ] = None
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings file to use.")] = None
    format: Annotated[
        Literal["text", "json", "yaml", "table"] | None,
        typer.Option("-f", "--format", metavar="FORMAT", help="Print text (as Kazoo), json, yaml or table."),
    ] = None
    dry_run: Annotated[bool | None, typer.Option("--dry-run", help="Show what would change, change nothing.")] = None
    yes: Annotated[bool | None, typer.Option("-y", "--yes", help="Do not ask before destructive work.")] = None
    no_events: Annotated[bool | None, typer.Option("--no-events", help="Publish no change events.")] = None
    quiet: Annotated[bool | None, typer.Option("-q", "--quiet", help="No warnings and no progress.")] = None

    def overlaid(self, values: dict[str, Any]) -> Options:
        """Return these options with what VALUES says laid over them; keys that are no options are left alone."""
        names = {field.name for field in fields(self)}
        return replace(self, **{key: each for key, each in values.items() if key in names and each is not None})


def parameters() -> list[inspect.Parameter]:
    """Return the options as parameters of a Typer function."""
    hints = get_type_hints(Options, include_extras=True)
    return [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hints[field.name])
        for field in fields(Options)
    ]


@dataclass(frozen=True, slots=True)
class Option:
    """An option as completions and the manual show it; `metavar` is empty for a flag."""

    names: tuple[str, ...]
    help: str
    metavar: str


def described() -> list[Option]:
    """Return the options that every command takes, as Typer was told of them, and its own --help."""
    found = [Option(("-?", "-h", "--help"), "Show help.", "")]
    for parameter in parameters():
        option = parameter.annotation.__metadata__[0]
        found.append(Option((option.default, *(option.param_decls or ())), option.help or "", option.metavar or ""))
    return found

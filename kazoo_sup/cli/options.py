"""The options that every command takes, before the module or after the function: one table, whoever reads it.

A plain command line is read by `plain`, any other by Typer in `parsing`; both take the options from here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.types import Values


FORMATS = ("text", "json", "yaml", "table", "csv", "ndjson", "prometheus")
FORMAT_OF = {"prometheus": "zone status"}
"""The formats that are for one command alone."""

ALONE = (
    ("--list", "List the functions whose name or help has all of the words behind it, or all functions."),
    ("--version", "Show the version."),
)
"""The options that stand without a module."""


SHORT = dict.fromkeys(("undo", "redo", "apply", "confirm"), "changes")
"""Functions that are typed without their module, and that module."""


class Option(NamedTuple):
    """An option; `metavar` is empty for a flag.

    `kind` is what its value is: "flag" (none), "text", "pattern" (text that may be empty), "count" (a whole number that
    is not negative), "file" or "format". `field` is its place in Options; --help has none.
    """

    names: tuple[str, ...]
    help: str
    metavar: str = ""
    kind: str = "flag"
    field: str = ""


class Options(NamedTuple):
    """What was asked of a run; None where nothing was said."""

    node: str | None = None
    cookie: str | None = None
    timeout: int | None = None
    verbose: bool | None = None
    use_short: bool | None = None
    zone: str | None = None
    config: Path | None = None
    format: str | None = None
    columns: str | None = None
    query: str | None = None
    output: Path | None = None
    dry_run: bool | None = None
    plan: Path | None = None
    confirm_within: str | None = None
    yes: bool | None = None
    no_events: bool | None = None
    no_journal: bool | None = None
    live: bool | None = None
    nodes: str | None = None
    erl_term_args: bool | None = None
    quiet: bool | None = None

    @property
    def meant_node(self) -> str:
        """The node that the command is meant for, with or without its host, whoever names it."""
        return self.node or os.environ.get("KAZOO_NODE") or "kazoo_apps"

    @property
    def on_nodes(self) -> bool:
        """Whether the function is to be called on a node, whatever can be done here."""
        return bool(self.live or self.erl_term_args) or self.nodes is not None

    def overlaid(self, values: Values) -> Options:
        """Return these options with what VALUES says laid over them; keys that are not options are left alone."""
        return self._replace(**{key: each for key, each in values.items() if key in self._fields and each is not None})


COMMON = (
    Option(("-n", "--node"), "Kazoo node the command is meant for.", "NODE", "text", "node"),
    Option(("-c", "--cookie"), "Erlang cookie of the node.", "COOKIE", "text", "cookie"),
    Option(("-t", "--timeout"), "Give up after SECONDS.", "SECONDS", "count", "timeout"),
    Option(("-v", "--verbose"), "Say what is run.", field="verbose"),
    Option(("-s", "--use_short"), "Short host name in node names.", field="use_short"),
    Option(("-z", "--zone"), "Zone of the settings to work on.", "ZONE", "text", "zone"),
    Option(("--config",), "Settings file to use.", "FILE", "file", "config"),
    Option(
        ("-f", "--format"), "Print text (as Kazoo), table, json, yaml, csv or ndjson.", "FORMAT", "format", "format"
    ),
    Option(("--columns",), "Show these columns of a listing: NAME,NAME.", "NAMES", "text", "columns"),
    Option(("--query",), "Show what a JMESPath expression makes of it.", "EXPRESSION", "text", "query"),
    Option(("--output",), "Write the answer to FILE, once it is whole.", "FILE", "file", "output"),
    Option(("--dry-run",), "Show what would change, change nothing.", field="dry_run"),
    Option(("--plan",), "Change nothing; write what would change to FILE, for sup apply.", "FILE", "file", "plan"),
    Option(
        ("--confirm-within",),
        "Take it back after TIME (5m) unless sup confirm comes.",
        "TIME",
        "text",
        "confirm_within",
    ),
    Option(("-y", "--yes"), "Do not ask before destructive work.", field="yes"),
    Option(("--no-events",), "Publish no change events.", field="no_events"),
    Option(("--no-journal",), "Do not record what is changed; it cannot be undone then.", field="no_journal"),
    Option(("--live",), "Call the function on the node itself, known here or not.", field="live"),
    Option(("--nodes",), "Call it on all nodes, or on those that PATTERN fits.", "PATTERN", "pattern", "nodes"),
    Option(("-e", "--erl_term_args"), "Read words for a node as Erlang terms.", field="erl_term_args"),
    Option(("-q", "--quiet"), "No warnings and no progress.", field="quiet"),
)
"""What a run can be asked, in the order in which help shows it."""


def described() -> list[Option]:
    """Return the options that every command takes, --help among them."""
    return [Option(("-?", "-h", "--help"), "Show help."), *COMMON]

"""The reference of all commands, written from the functions themselves: a page for the docs and a manual page.

`python -m kazoo_sup.cli.reference DIRECTORY` writes reference/commands.md and sup.1 there, and the tables of exit
codes, of errors and of settings into the pages that have them; a test fails when those of the repository are stale.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kazoo_sup.cli import catalogue, options, overview
from kazoo_sup.cli.error_table import error_table
from kazoo_sup.cli.settings_tables import settings_tables
from kazoo_sup.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kazoo_sup.arguments.descriptions import Command

_MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.USAGE: "wrong command, arguments or settings, or a server that cannot be reached",
    ExitCode.NOT_OK: "a `_maintenance` function answered other than `ok`, or a status shows something wrong",
    ExitCode.FAILED: "failed",
    ExitCode.TIMED_OUT: "timed out",
    ExitCode.PARTIAL: "partly done: some items failed, or a server failed on the way; the same command does the rest;"
    " or not known, since nobody was there who knows",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
    ExitCode.BROKEN_PIPE: "the reader of standard output went away",
    ExitCode.TERMINATED: "terminated (SIGTERM, or SIGHUP when the terminal goes away)",
}


def markdown() -> str:
    """Return the page of all commands."""
    parts = [
        "# Commands\n",
        "Written by `make generate` from the functions themselves. `sup --list [WORDS]` and",
        "`sup MODULE FUNCTION --help` show the same.\n",
    ]
    for name in catalogue.own_modules():
        module = catalogue.module(name)
        parts.append(f"## {name}\n\n{module.help}\n")
        for command in module.functions.values():
            parts += [f"### `{command.usage}`\n\n{command.help}\n", *_options(command)]
    return "\n".join(parts)


def _options(command: Command) -> Iterator[str]:
    own = [each for each in command.parameters if each.kind == "option"]
    if own:
        typed = (f"`{each.flag}`" if each.type == "bool" else f"`{each.flag} {each.metavar}`" for each in own)
        yield f"Options: {', '.join(typed)}\n"


def exit_codes() -> str:
    """Return the table of exit codes."""
    rows = "\n".join(f"| {int(code)} | {_MEANINGS[code]} |" for code in ExitCode)
    return f"| code | meaning |\n| ---: | --- |\n{rows}\n"


def man() -> str:
    """Return the manual page."""
    lines = [
        '.TH SUP 1 "" "kazoo-sup" "Kazoo operations"',
        ".SH NAME",
        "sup \\- operate a Kazoo telephony cluster",
        ".SH SYNOPSIS",
        ".B sup",
        "[\\fIOPTIONS\\fR] \\fIMODULE\\fR \\fIFUNCTION\\fR [\\fIARGS\\fR]...",
        ".SH OPTIONS",
        "Before the module or after the function; arguments that begin with \\- and are not numbers come after \\-\\-.",
    ]
    for option in options.described():
        names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in option.names)
        lines += [".TP", f"{names} \\fI{option.metavar}\\fR" if option.metavar else names, _escaped(option.help)]
    for name, told in options.ALONE:
        lines += [".TP", f"\\fB{_escaped(name)}\\fR", _escaped(told)]
    lines.append(".SH SEVERAL COMMANDS")
    for typed, told in (("sup -", overview.FROM_INPUT), ("sup shell", overview.SHELL)):
        lines += [".TP", f"\\fB{_escaped(typed)}\\fR", _escaped(told.replace("\n\n", " ").replace("\n", " "))]
    lines.append(".SH EXIT STATUS")
    for code in ExitCode:
        lines += [".TP", f"\\fB{int(code)}\\fR", _escaped(_MEANINGS[code].replace("`", ""))]
    for name in catalogue.own_modules():
        module = catalogue.module(name)
        lines += [f".SH {_escaped(name.upper())}", _escaped(module.summary)]
        for command in module.functions.values():
            lines += [".TP", f"\\fB{_escaped(f'{name} {command.name}')}\\fR {_escaped(command.arguments)}".rstrip()]
            lines.append(_escaped(command.summary))
    return "\n".join(lines) + "\n"


FILES = {"reference/commands.md": markdown, "sup.1": man}
TABLES = {
    ("reference/exit-codes.md", "table"): exit_codes,
    ("reference/exit-codes.md", "errors"): error_table,
    ("reference/settings.md", "table"): settings_tables,
}
"""Pages of which a part is written: what is between the comment with that name and the end of the table."""

_AFTER = "<!-- end of table -->\n"


def with_table(page: str, name: str, table: str) -> str:
    """Return a PAGE with TABLE in the place of the one that it has under NAME."""
    before, begin, rest = page.partition(f"<!-- {name} -->\n")
    _, _, after = rest.partition(_AFTER)
    return before + begin + table + _AFTER + after


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    directory = Path(sys.argv[1])
    for name, written in FILES.items():
        (directory / name).write_text(written(), encoding="utf-8")
    for (name, place), table in TABLES.items():
        page = directory / name
        page.write_text(with_table(page.read_text(encoding="utf-8"), place, table()), encoding="utf-8")

"""The reference of all commands, written from the functions themselves: a page for the docs and a manual page.

`python -m kazoo_sup.reference DIRECTORY` writes commands.md and sup.1; a test fails when those of the repository are
stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kazoo_sup import catalogue, options
from kazoo_sup.errors import ExitCode

_MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.USAGE: "wrong command, arguments or settings, or a server that cannot be reached",
    ExitCode.NOT_OK: "a `_maintenance` function answered other than `ok`, or a status shows something wrong",
    ExitCode.FAILED: "failed",
    ExitCode.TIMED_OUT: "timed out",
    ExitCode.PARTIAL: "partly done: some items failed, or a server failed on the way; the same command does the rest",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
    ExitCode.BROKEN_PIPE: "the reader of standard output went away",
    ExitCode.TERMINATED: "terminated (SIGTERM)",
}


def markdown() -> str:
    """Return the page of all commands."""
    parts = [
        "# Commands\n",
        "Written by `make generate` from the functions themselves. `sup --list [PATTERN]` and",
        "`sup MODULE FUNCTION --help` show the same.\n",
    ]
    for name in catalogue.own_modules():
        module = catalogue.module(name)
        parts.append(f"## {name}\n\n{module.help}\n")
        parts += [f"### `{command.usage}`\n\n{command.help}\n" for command in module.functions.values()]
    return "\n".join(parts)


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
        "Before the module or after the function; arguments that begin with \\- come after \\-\\-.",
    ]
    for option in options.described():
        names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in option.names)
        lines += [".TP", f"{names} \\fI{option.metavar}\\fR" if option.metavar else names, _escaped(option.help)]
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


FILES = {"commands.md": markdown, "sup.1": man}


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    for name, written in FILES.items():
        Path(sys.argv[1], name).write_text(written(), encoding="utf-8")

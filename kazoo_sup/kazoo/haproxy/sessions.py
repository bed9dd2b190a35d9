"""What `show sess` and `show errors` tell: who is connected, and what could not be understood.

Source: HAProxy management guide, "show sess" and "show errors"; proxy.c (cli_io_handler_show_errors).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kazoo_sup.changes.masking import without_secrets

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Row

SESSIONS = ("session", "source", "frontend", "backend", "server", "age", "protocol")
ERRORS = ("time", "proxy", "kind", "source", "backend", "server", "position", "line")

SESSION = r"0x[0-9a-f]+: "
"""How a line of `show sess` begins."""

TOTAL = r"Total events captured on "
"""How the answer to `show errors` begins."""

_FIELDS = {"source": "src", "frontend": "fe", "backend": "be", "server": "srv", "age": "age", "protocol": "proto"}
_FIELD = re.compile(r"(\w+)=(\S*)")
_OWN = "GLOBAL"
_EVENT = re.compile(r"\[([^\]]+)\] (?:frontend|backend) (\S+) \(#-?\d+\)\s*: (?:invalid )?(\w+)")
_FACTS = {
    "backend": re.compile(r"\bbackend (\S+) \(#"),
    "server": re.compile(r"\bserver (\S+) \(#"),
    "source": re.compile(r"\bsrc (\S+?),?(?:\s|$)"),
    "position": re.compile(r"\berror at position (\d+)"),
}
_NOBODY = ("<NONE>", "<none>", "")
_DUMPED = re.compile(r"  (\d{5,})([ +]) (.*)")


def sessions(lines: Iterable[str]) -> Iterator[Row]:
    """Yield one row for each session; those of stats sockets, ours among them, are left out."""
    for line in lines:
        session, _, rest = line.partition(": ")
        found = dict(_FIELD.findall(rest))
        if session.startswith("0x") and found.get("fe") != _OWN:
            yield {"session": session} | {column: _somebody(found.get(name, "")) for column, name in _FIELDS.items()}


def errors(lines: Iterable[str]) -> Iterator[Row]:
    """Yield one row for each captured request or response; `line` is the one with the error, without secrets.

    HAProxy keeps the last invalid request and response of each proxy. `position` is the byte where the error is.
    """
    row: Document | None = None
    dumped: list[tuple[int, str]] = []
    for line in lines:
        if found := _EVENT.match(line):
            if row:
                yield _with_line(row, dumped)
            row = dict.fromkeys(ERRORS) | {"time": found[1], "proxy": found[2], "kind": found[3]}
            dumped = []
        elif row is None:
            continue
        elif found := _DUMPED.match(line):
            if found[2] == "+" and dumped:  # a long line goes on
                dumped[-1] = (dumped[-1][0], dumped[-1][1] + found[3])
            else:
                dumped.append((int(found[1]), found[3]))
        else:
            for name, pattern in _FACTS.items():
                if row[name] is None and (fact := pattern.search(line)):
                    row[name] = int(fact[1][:18]) if name == "position" else _somebody(fact[1].rstrip(","))
    if row:
        yield _with_line(row, dumped)


def _with_line(row: Document, dumped: list[tuple[int, str]]) -> Row:
    position = row["position"] or 0
    before = [text for start, text in dumped if start <= position]
    return row | {"line": without_secrets(before[-1], "".join(before[-2:-1])) if before else None}


def _somebody(name: str) -> str | None:
    return None if name in _NOBODY else name

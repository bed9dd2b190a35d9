"""What `show sess` and `show errors` tell: who is connected, and what could not be understood.

Source: HAProxy management guide, "show sess" and "show errors"; proxy.c (cli_io_handler_show_errors).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kazoo_sup.changes.masking import without_secrets
from kazoo_sup.errors import ExitCode, SupError

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Row

SESSIONS = ("session", "source", "frontend", "backend", "server", "age", "protocol")
ERRORS = ("time", "proxy", "kind", "source", "backend", "server", "position", "line")

SESSION = r"0x[0-9a-f]+: "
"""How a line of `show sess` begins."""

TOTAL = r"Total events captured on "
"""How the answer to `show errors` begins."""

_A_SESSION = re.compile(SESSION)
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
_NONE = " : 0"
"""How the line ends that tells how much was captured, where that is nothing."""

_SHOWN = 100
_NOBODY = ("<NONE>", "<none>", "")
_DUMPED = re.compile(r"  (\d{5,})([ +]) (.*)")


class NotRead(SupError):
    """{count} of what `{command}` lists cannot be read, the first: {example!r}"""

    exit_code = ExitCode.PARTIAL

    count: int
    command: str
    example: str


class _Wrong:
    """Counts the lines of an answer that cannot be read."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._example = ""
        self.count = 0

    def note(self, line: str) -> None:
        self._example = self._example or without_secrets(line[:_SHOWN])
        self.count += 1

    def told(self) -> Iterator[NotRead]:
        if self.count:
            yield NotRead(count=self.count, command=self._command, example=self._example)


def sessions(lines: Iterable[str]) -> Iterator[Row | SupError]:
    """Yield one row for each session but those of stats sockets, as ours is; at the end NotRead of what is none."""
    wrong = _Wrong("show sess")
    for line in lines:
        session, _, rest = line.partition(": ")
        found = dict(_FIELD.findall(rest))
        if not _A_SESSION.match(line) or "fe" not in found:
            wrong.note(line)
        elif found["fe"] != _OWN:
            yield {"session": session} | {column: _somebody(found.get(name, "")) for column, name in _FIELDS.items()}
    yield from wrong.told()


def errors(lines: Iterable[str]) -> Iterator[Row | SupError]:
    """Yield one row for each captured request or response; `line` is the one with the error, without secrets.

    HAProxy keeps the last invalid request and response of each proxy. `position` is the byte where the error is. At the
    end there is NotRead where something was captured that cannot be read here.
    """
    total, read, wrong = _NONE, False, _Wrong("show errors")
    for part in _parts(lines):
        if head := _EVENT.match(part[0]):
            read = True
            yield _captured(head, part[1:])
        elif part[0].startswith("["):
            wrong.note(part[0])
        else:
            total = part[0]
    if not (read or wrong.count or total.endswith(_NONE)):
        wrong.note(total)
    yield from wrong.told()


def _parts(lines: Iterable[str]) -> Iterator[list[str]]:
    """Yield the lines of each event, and before them those that tell how many there were."""
    part: list[str] = []
    for line in lines:
        if line.startswith("[") and part:
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def _captured(head: re.Match[str], lines: Iterable[str]) -> Row:
    row: Document = dict.fromkeys(ERRORS) | {"time": head[1], "proxy": head[2], "kind": head[3]}
    dumped: list[tuple[int, str]] = []
    for line in lines:
        if found := _DUMPED.match(line):
            if found[2] == "+" and dumped:  # a long line goes on
                dumped[-1] = (dumped[-1][0], dumped[-1][1] + found[3])
            else:
                dumped.append((int(found[1]), found[3]))
        else:
            for name, pattern in _FACTS.items():
                if row[name] is None and (fact := pattern.search(line)):
                    row[name] = int(fact[1][:18]) if name == "position" else _somebody(fact[1].rstrip(","))
    return _with_line(row, dumped)


def _with_line(row: Document, dumped: list[tuple[int, str]]) -> Row:
    position = row["position"] or 0
    before = [text for start, text in dumped if start <= position]
    return row | {"line": without_secrets(before[-1], "".join(before[-2:-1])) if before else None}


def _somebody(name: str) -> str | None:
    return None if name in _NOBODY else name

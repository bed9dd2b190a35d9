"""What FreeSWITCH's API commands answer: refusals, told apart from answers, and short answers taken apart.

Most refusals begin with -ERR or -USAGE, but not all: modules have words of their own, and some say +OK before.
Source: FreeSWITCH mod_commands.c, mod_sofia.c (cmd_profile, cmd_status), conference_api.c, and the same of version 1.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_REFUSED = re.compile(r"-(ERR|USAGE)\b:?")
_WORDS = re.compile(
    r"INVALID COMMAND\b"
    r"|Invalid (Profile|Gateway|Syntax|Args)\b"
    r"|Unknown Command\b"
    r"|Failure starting \S"
    r"|Profile \S+ must be up for at least"
    r"|Conference \S+ not found"
    r"|Non-Existant ID"
    r"|Command returned no output!"
)
_GOOD = re.compile(r"\+OK|Reload XML \[")
_RELOADED = re.compile(r"\+OK \[(?!Success\])(.*)\]\s*")
_BRACKETED = re.compile(r"^\[([^\[\]]*)\]$")
_NO_REASON = "it gave no reason"
_SECONDS = {"year": 31_536_000, "day": 86_400, "hour": 3600, "minute": 60, "second": 1}
_STATUS = {
    "version": r"FreeSWITCH \(Version ([^)\n]*?)\s*\)",
    "state": r"\bis (ready|not ready)\b",
    "sessions": r"^(\d{1,9}) session\(s\) - peak",
    "peak": r"session\(s\) - peak (\d{1,9})\b",
    "max": r"^(\d{1,9}) session\(s\) max",
    "since_startup": r"^(\d{1,15}) session\(s\) since startup",
    "per_second": r"^(\d{1,9}) session\(s\) per Sec",
    "idle_cpu": r"^min idle cpu [\d.]+/([\d.]+)",
}
_COUNTS = ("sessions", "peak", "max", "since_startup", "per_second")
_HEADINGS = {
    "Profile::Gateway-Name": "gateway",
    "Ping Time": "ping",
    "IB Calls(F/T)": "calls_in",
    "OB Calls(F/T)": "calls_out",
}


class Unclear(ValueError):
    """What came is no answer to what was asked; the text says why."""


def refusal(command: str, answer: str) -> str | None:
    """Return the reason for which ANSWER refuses COMMAND, or None when it does not."""
    text = answer.strip()
    if command == "reloadxml" and (bad := _RELOADED.fullmatch(text)):
        return bad[1].strip() or _NO_REASON  # it says +OK whatever comes of it
    for line in text.splitlines():
        rest = text[text.index(line) :]
        if found := _REFUSED.match(line):
            reason = _tidy(rest[found.end() :]) or _NO_REASON
            return f"usage: {reason}" if found[1] == "USAGE" else reason
        if _WORDS.match(line):
            return _tidy(rest)
        if not _GOOD.match(line):
            break
    return None


def status(answer: str) -> dict[str, Any]:
    """Return the facts in the answer of `status`, None for those that are not there; raises Unclear."""
    matches = {name: re.search(pattern, answer, re.MULTILINE) for name, pattern in _STATUS.items()}
    found: dict[str, Any] = {name: match[1] if match else None for name, match in matches.items()}
    if not found["state"]:
        raise Unclear("it does not say whether the server is ready")
    found |= {name: int(found[name]) for name in _COUNTS if found[name] is not None}
    parts = re.findall(r"(\d{1,9}) (year|day|hour|minute|second)s?\b", answer.partition("\n")[0])
    seconds = sum(int(count) * _SECONDS[unit] for count, unit in parts) if parts else None
    found["uptime"] = None if seconds is None else _span(seconds)
    found["uptime_seconds"] = seconds
    return found


def truth(answer: str) -> bool:
    """Return what `acl` and `uuid_exists` say; raises Unclear."""
    if answer.strip() not in ("true", "false"):
        raise Unclear("it is neither true nor false")
    return answer.strip() == "true"


def table(answer: str) -> list[dict[str, str]]:
    """Return the rows between the rules of `sofia status` and `sofia status gateway`, their cells by heading.

    Raises Unclear where there are no rules.
    """
    above, rule, rest = answer.partition("\n=====")
    within, end, _ = rest.partition("\n=====")
    if not (rule and end):
        raise Unclear("it is no table")
    headings = [_HEADINGS.get(cell.strip(), cell.strip().lower()) for cell in above.split("\t")]
    cells = ((cell.strip() for cell in line.split("\t")) for line in within.split("\n")[1:] if line.strip())
    return [dict(zip(headings, row, strict=False)) for row in cells]


def fields(answer: str) -> list[dict[str, str]]:
    """Return the lines `Name<tab>value` of `sofia status profile NAME` as rows; raises Unclear when there are none."""
    pairs = [line.split("\t", 1) for line in answer.splitlines() if "\t" in line]
    if not pairs:
        raise Unclear("it has no names and values")
    return [{"name": name.strip(), "value": value.strip()} for name, value in pairs]


def lines(answers: Mapping[str, str]) -> Iterator[str]:
    """Return the lines of the answers of several servers, each after its server's name; of one server without."""
    for name, answer in answers.items():
        for line in answer.rstrip().split("\n"):
            yield f"{name}: {line}" if len(answers) > 1 else line


def _tidy(text: str) -> str:
    reason = " ".join(text.split()).rstrip("!.")
    return _BRACKETED.sub(r"\1", reason)


def _span(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days}d {hour:02}:{minute:02}:{second:02}"

"""What FreeSWITCH's API commands answer: refusals, told apart from answers, and short answers taken apart.

Most refusals begin with -ERR or -USAGE, but not all: modules have words of their own, some say +OK before, and many
only print how a command is written.
Source: FreeSWITCH mod_commands.c, mod_sofia.c (cmd_profile, cmd_status), conference_api.c (conference_api_dispatch),
of the versions 1.4 to 1.10.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from kazoo_sup.transports.net import one_line

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Row

_REFUSED = re.compile(r"-ERR(OR)?\b:?")
_USAGE = re.compile(r"-USAGE\b:?|([\w-]+ )?usage:", re.IGNORECASE)
_RULES = re.compile(r"[-=]{5,}")
_WORDS = re.compile(
    r"INVALID COMMAND\b"
    r"|Invalid ([Pp]rofile|[Gg]ateway|[Ss]yntax|[Aa]rgs)\b"
    r"|Unknown Command\b"
    r"|Conference command, not specified"
    r"|parameter missing\b"
    r"|Timer Error!"
    r"|error/\w"
    r"|!err!"
    r"|-STUN Failed!"
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
_HELP = frozenset(("help", "commands"))
"""Words of a command that asks how commands are written."""

_ECHOING = frozenset(("echo", "eval", "expand", "global_getvar", "uuid_getvar", "system", "url_decode", "url_encode"))
"""Commands that answer whatever text they are given or keep."""

WHOLE_LIMIT = 16 * 2**20
"""Characters that an answer may have which is taken apart as a whole."""

_BEGINNING = 65_536
"""Characters of an answer in which a refusal must be."""

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
    """What came is not an answer to what was asked; the text says why."""


def whole(answer: str) -> str:
    """Return an answer that is taken apart whole, which takes many times its size; raises Unclear for a long one."""
    if len(answer) > WHOLE_LIMIT:
        raise Unclear(f"it is longer than {WHOLE_LIMIT} characters")
    return answer


def refusal(command: str, answer: str) -> str | None:
    """Return the reason for which ANSWER refuses COMMAND, or None when it does not."""
    text = answer[:_BEGINNING].strip()
    if command == "reloadxml" and (bad := _RELOADED.fullmatch(text)):
        return bad[1].strip() or _NO_REASON  # it says +OK whatever comes of it
    for line in text.splitlines():
        rest = text[text.index(line) :]
        if found := _REFUSED.match(line):
            return _tidy(rest[found.end() :]) or _NO_REASON
        if _WORDS.match(line) and command.partition(" ")[0] not in _ECHOING:
            return _tidy(rest)
        if (usage := _usage(command, line, rest)) is not None:
            return f"usage: {_tidy(usage) or command}"
        if not _GOOD.match(line):
            break
    return None


def _usage(command: str, line: str, rest: str) -> str | None:
    """Return how a command is written where that is all that LINE and what follows it say; None where it is not.

    A conference's commands say it as their own name and what belongs behind it: `mute <[member_id|all]…>`.
    """
    verb, *words = command.split() or [""]
    if line.startswith("-USAGE"):
        return rest[len("-USAGE") :].lstrip(":")
    if verb in _ECHOING or not _HELP.isdisjoint(words) or verb in _HELP:
        return None
    if found := _USAGE.match(line):
        return rest[found.end() :]
    if command.strip() == "conference":
        return rest
    first, _, placeholder = line.partition(" ")
    bare = verb == "conference" and not placeholder.strip()
    return rest if first in words and (bare or placeholder.lstrip().startswith(("<", "["))) else None


def status(answer: str) -> Row:
    """Return the facts in the answer of `status`, None for those that are not there; raises Unclear."""
    matches = {name: re.search(pattern, answer, re.MULTILINE) for name, pattern in _STATUS.items()}
    found: Document = {name: match[1] if match else None for name, match in matches.items()}
    if not found["state"]:
        raise Unclear("it does not say whether the server is ready")
    found |= {name: int(found[name]) for name in _COUNTS if found[name] is not None}
    parts = re.findall(r"(\d{1,9}) (year|day|hour|minute|second)s?\b", answer.partition("\n")[0])
    seconds = sum(int(count) * _SECONDS[unit] for count, unit in parts) if parts else None
    found["uptime"] = None if seconds is None else _span(seconds)
    found["uptime_seconds"] = seconds
    return found


def standing(found: Row, paused: Mapping[str, bool | None], ending: bool | None) -> Row:
    """Return the facts of `status` with what it leaves out: which calls are not taken, and whether an end is near.

    PAUSED says of each direction whether new calls are refused, ENDING whether a shutdown waits; None is not known.
    `ready` FreeSWITCH calls itself also where it takes calls of one direction only, and while it waits for its end.
    """
    held = [direction for direction, is_paused in paused.items() if is_paused]
    unknown = [f"{direction} calls" for direction, is_paused in paused.items() if is_paused is None]
    said = [] if found["state"] == "ready" else [found["state"]]
    if held:
        said.append("paused" if len(held) == len(paused) else f"{held[0]} paused")
    if ending:
        said.append("shutdown pending")
    unknown += ["a shutdown"] if ending is None else []
    return {
        **found,
        "state": ", ".join(said) or "ready",
        "paused": held,
        "shutdown_pending": ending,
        "unknown": unknown,
    }


def truth(answer: str) -> bool:
    """Return what `acl`, `uuid_exists`, `module_exists` and `fsctl pause_check` say; raises Unclear."""
    if answer.strip() not in ("true", "false"):
        raise Unclear("it is neither true nor false")
    return answer.strip() == "true"


def table(answer: str) -> list[dict[str, str]]:
    """Return the rows between the rules of `sofia status` and `sofia status gateway`, their cells by heading.

    Raises Unclear where there are no rules.
    """
    above, rule, rest = whole(answer).partition("\n=====")
    within, end, _ = rest.partition("\n=====")
    if not (rule and end):
        raise Unclear("it is not a table")
    headings = [_HEADINGS.get(cell.strip(), cell.strip().lower()) for cell in above.split("\t")]
    cells = ((cell.strip() for cell in line.split("\t")) for line in _lines(within.partition("\n")[2]) if line.strip())
    return [dict(zip(headings, row, strict=False)) for row in cells]


def fields(answer: str) -> list[dict[str, str]]:
    """Return the lines `Name<tab>value` of `sofia status profile NAME` as rows; raises Unclear when there are none."""
    pairs = [line.split("\t", 1) for line in _lines(whole(answer)) if "\t" in line]
    if not pairs:
        raise Unclear("it has no names and values")
    return [{"name": name.strip(), "value": value.strip()} for name, value in pairs]


def lines(answers: Mapping[str, str], *, several: bool) -> Iterator[str]:
    """Return the lines of answers, each after its server's name where SEVERAL were asked, whoever answered."""
    for name, answer in answers.items():
        for line in _lines(answer.rstrip()):
            yield f"{name}: {line}" if several else line


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a text one by one: a list of them may take many times its size."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _tidy(text: str) -> str:
    return _BRACKETED.sub(r"\1", one_line(_RULES.sub(" ", text)).rstrip("!."))


def _span(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days}d {hour:02}:{minute:02}:{second:02}"

"""FreeSWITCH's API commands of several words, put together. Source: FreeSWITCH mod_commands.c, the *_SYNTAX lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kazoo_sup.changes import PASSING, Was
from kazoo_sup.errors import BadArgument, Declined
from kazoo_sup.kazoo.freeswitch import names
from kazoo_sup.kazoo.freeswitch.syntax import LONGEST, grouped, line, option, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kazoo_sup.types import Row

DIRECTIONS = ("inbound", "outbound")
_UNDEFINED = "undef"
_CUTS_OFF = re.compile(r"\b(?:un|re)load\b.*\b(?P<module>mod_event_socket|mod_commands)\b", re.IGNORECASE | re.DOTALL)
_ENDS_CALLS = re.compile(
    r"\b(hupall|shutdown(?! cancel| *_check)|crash|unload|reload)\b"
    r"|\bsofia +profile +\S+ +(stop|restart)\b"
    r"|\bconference +\S+ +(kick|hup) +(all|non_moderator)\b",
    re.IGNORECASE,
)


class CutsOff(Declined):
    """{module} is what carries the commands of sup: without it FreeSWITCH takes no other one; only its console can"""

    module: str


def refuse_to_cut_off(command: str) -> None:
    """Raise CutsOff for a command, whatever runs it, that takes away what commands come by."""
    if found := _CUTS_OFF.search(command):
        raise CutsOff(module=found["module"].lower())


def ends_calls(command: str) -> bool:
    """Return whether a command ends calls, or the server, or may."""
    return _ENDS_CALLS.search(command) is not None


def kill(channel: str, cause: str) -> str:
    """Return the order that hangs up a channel, for a cause by name where one is given."""
    return _joined("uuid_kill", channel, names.cause(option("cause", cause)))


def transfer(channel: str, extension: str, leg: str, dialplan: str, context: str) -> str:
    """Return the order that transfers a channel; LEG is "", "-bleg" for the other side, or "-both"."""
    dialplan = option("dialplan", dialplan) or ("XML" if context else "")
    return _joined("uuid_transfer", channel, leg, extension, dialplan, option("context", context))


def originate(call_url: str, destination: str, seconds: int, **options: str) -> str:
    """Return the order for a call that must be answered within so many seconds.

    OPTIONS are the dialplan, the context, and the caller's name and number, empty where FreeSWITCH shall choose.
    """
    if not 1 <= seconds <= LONGEST:
        raise BadArgument(parameter="--answer-within", reason=f"must be a number of seconds from 1 to {LONGEST}")
    where = [option(name, options.get(name, "")) for name in ("dialplan", "context")]
    names = ("caller_id_name", "caller_id_number")
    who = [quoted(option(name.replace("_", "-"), options.get(name, ""), line)) for name in names]
    words = [word or _UNDEFINED for word in (*where, *who)]
    return _joined("originate", grouped(call_url), grouped(destination), *words, str(seconds))


def shutdown(*, when_idle: bool, restart: bool) -> str:
    """Return the order that ends FreeSWITCH after its last call: it takes no new ones, or does until it is idle."""
    return _joined("fsctl shutdown", "elegant" if when_idle else "asap", "restart" if restart else "")


def take_calls(verb: str, *, inbound: bool, outbound: bool) -> str:
    """Return the order to `pause` or `resume` taking calls of one direction, or of both.

    FreeSWITCH takes a direction that it does not know for both.
    """
    return _joined("fsctl", verb, "" if inbound == outbound else "inbound" if inbound else "outbound")


def replaced(verb: str, before: Mapping[str, bool | None], *, inbound: bool, outbound: bool) -> Was:
    """Return what `pause` or `resume` replaces: nothing where all was so BEFORE, and what it changes alone."""
    given = (inbound, outbound) if inbound or outbound else (True, True)
    wanted = [each for each, is_given in zip(DIRECTIONS, given, strict=True) if is_given]
    left = verb == "pause"
    changed = {each: before.get(each) for each in wanted if before.get(each) is not left}
    if not changed:
        return PASSING
    opposite = "resume" if left else "pause"
    words = ("freeswitch", opposite, *(f"--{each}" for each in changed if len(changed) == 1))
    if None in changed.values():
        return Was(reverse=words)
    return Was(changed, words, dict.fromkeys(changed, left))


def muted(conference: str, member: str, found: Sequence[Row] | None, *, mute: bool) -> dict[str, Was]:
    """Return what muting, or letting be heard, the member or members FOUND changes, by the commands that do just that.

    Where they are not known, None, it is not told who was muted before.
    """
    verb, opposite = ("mute", "unmute") if mute else ("unmute", "mute")

    def back(who: str) -> tuple[str, ...]:
        return ("freeswitch", f"conference_{opposite}", conference, who)

    whole = f"conference {conference} {verb} {member}"
    if found is None:
        return {whole: Was(reverse=back(member))}
    changed = [each["id"] for each in found if each["muted"] is not mute]
    return {f"conference {conference} {verb} {each}": Was(not mute, back(each), mute) for each in changed} or {
        whole: PASSING
    }


def _joined(*words: str) -> str:
    return " ".join(filter(None, words))

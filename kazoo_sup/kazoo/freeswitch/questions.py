"""Questions to one FreeSWITCH that take several commands, or of which versions answer in different ways.

Source: FreeSWITCH mod_commands.c (ctl_function), mod_sofia.c (cmd_xml_status, cmd_status), of the versions 1.4 to 1.10.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kazoo_sup.errors import ExitCode, NotFound, SupError
from kazoo_sup.kazoo.freeswitch import event_sockets, gateways, listings, orders, replies
from kazoo_sup.kazoo.freeswitch.replies import Unclear
from kazoo_sup.kazoo.zone.servers import Answers
from kazoo_sup.transports.esl.failures import CommandRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kazoo_sup.kazoo.freeswitch.event_sockets import Servers
    from kazoo_sup.transports.esl import EventSocket
    from kazoo_sup.types import Row
    from kazoo_sup.zone import Zone

_LIST_NAME = re.compile(r"[\w.-]+")
_OWN_LISTS = ".auto"
_LIST = re.compile(r"<list\b[^>]*?\bname=\"([^\"<>]{1,200})\"")


class NotSaid(SupError):
    """{server} does not tell of {what}: whether it is as it should be is not known"""

    exit_code = ExitCode.PARTIAL

    server: str
    what: str


def status(connected: EventSocket) -> Row:
    """Return what `status` says, and which calls are not taken; `unknown` is what the server does not tell."""
    found = replies.status(event_sockets.told(connected, "status"))
    return replies.standing(found, _paused(connected), _truth(connected, "fsctl shutdown_check"))


def paused(zone: Zone, servers: Servers) -> Mapping[str, Mapping[str, bool | None]]:
    """Return whether calls in each direction are not taken, by the name of each server that answers; None: not told."""
    return event_sockets.converse(zone, servers, _paused).given


def _paused(connected: EventSocket) -> dict[str, bool | None]:
    return {each: _truth(connected, f"fsctl pause_check {each}") for each in orders.DIRECTIONS}


def in_conference(zone: Zone, servers: Servers, conference: str, member: str) -> Mapping[str, Sequence[Row]]:
    """Return which members of a conference a word means, by the name of each server that answers.

    Nothing is told of a word that is not a number, last, all or non_moderator.
    """
    if member.isdigit():

        def means(row: Row) -> bool:
            return bool(row["id"] == member)

    elif member.lower() in ("all", "last", "non_moderator"):

        def means(row: Row) -> bool:
            return member.lower() != "non_moderator" or "is_moderator" not in row["flags"]

    else:
        return {}
    answers = event_sockets.read(zone, servers, "conference xml_list", listings.members)
    found = {
        name: [row for row in rows if row["conference"] == conference and means(row)]
        for name, rows in answers.given.items()
    }
    if member.lower() == "last":
        return {name: sorted(rows, key=lambda row: int(row["id"]))[-1:] for name, rows in found.items()}
    return found


def every_status(zone: Zone, servers: Servers) -> Answers[list[Row]]:
    """Return the status of each server; what one does not tell is an error beside it."""
    answers = event_sockets.converse(zone, servers, lambda connected: [status(connected)])
    unknown = [error for name, rows in answers.given.items() for error in not_told(name, rows[0])]
    return Answers(answers.given, [*answers.errors, *unknown]) if unknown else answers


def gateway_rows(connected: EventSocket) -> list[Row]:
    """Return the gateways; only the XML says which are down although they need not register.

    Where it is not given, or is not such a list, their `status` is None.
    """
    try:
        return gateways.of_xml(event_sockets.told(connected, "sofia xmlstatus gateway"))
    except (CommandRefused, Unclear):
        return [{**row, "status": None} for row in replies.table(event_sockets.told(connected, "sofia status gateway"))]


def allows(connected: EventSocket, address: str, name: str) -> bool:
    """Return whether an access list lets an address in; raises NotFound where there is no such list, as far as is told.

    FreeSWITCH says false of every address then. What is configured tells the lists beside those that it makes itself.
    """
    allowed = replies.truth(event_sockets.told(connected, f"acl {address} {name}"))
    if allowed or not _LIST_NAME.fullmatch(name) or name.endswith(_OWN_LISTS):
        return allowed
    try:
        configured = event_sockets.told(connected, "xml_locate configuration configuration name acl.conf")
    except CommandRefused:
        return allowed
    lists = _LIST.findall(configured)
    if lists and name not in lists:
        raise NotFound(server=connected.name, what=f"access list {name}; it has {', '.join(sorted(set(lists)))}")
    return allowed


def check_module(zone: Zone, servers: Servers, module: str) -> None:
    """Raise NotFound for a module that none of the servers has loaded; tell which of several have not."""
    answers = event_sockets.read(zone, servers, f"module_exists {module}", replies.truth)
    without = [name for name, is_there in answers.given.items() if not is_there]
    if without and len(without) == len(answers.given):
        raise NotFound(server=f"FreeSWITCH {', '.join(without)}", what=f"module {module}")
    for name in without:
        zone.run.warn(f"FreeSWITCH {name} has no module {module}")


def not_told(server: str, found: Row) -> list[SupError]:
    """Return what to say of a status in which something is unknown."""
    return [NotSaid(server=f"FreeSWITCH {server}", what=" and ".join(found["unknown"]))] if found["unknown"] else []


def _truth(connected: EventSocket, command: str) -> bool | None:
    """Return whether something is so, None where the server has no such question or may not be asked it."""
    try:
        return replies.truth(event_sockets.told(connected, command))
    except (CommandRefused, Unclear):
        return None

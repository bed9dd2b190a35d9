"""FreeSWITCH itself, asked for what ecallmgr tells where no ecallmgr node is on the bus, and told what only it can do.

These are the servers that the zone's settings list. A server that says its host's name is freeswitch@ that, unless
ecallmgr's configuration has a node by another name of it; see switch_names.
Source: Kazoo ecallmgr_fs_channel:props_to_record/2, ecallmgr_fs_conferences:xml_to_conference/2,
ecallmgr_fs_channels:hangup_old_channels/1; FreeSWITCH mod_commands.c, conference_api.c.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.errors import ExitCode, SupError, worst
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, now
from kazoo_sup.kazoo.ecallmgr import switch_names
from kazoo_sup.kazoo.ecallmgr.switch_names import KIND
from kazoo_sup.kazoo.freeswitch import event_sockets, listings, orders, replies
from kazoo_sup.kazoo.freeswitch.syntax import word
from kazoo_sup.kazoo.zone.servers import Answers, PartlyListed, known
from kazoo_sup.transports.esl.failures import CommandRefused
from kazoo_sup.types import Document, Json, Row

if TYPE_CHECKING:
    from kazoo_sup.kazoo.bus.collect import Reach
    from kazoo_sup.kazoo.ecallmgr.switch_names import Named
    from kazoo_sup.settings import Server
    from kazoo_sup.transports.esl import EventSocket
    from kazoo_sup.zone import Zone


Told = Document

_ENDED = "No such channel"
_VARIABLE = "variable_ecallmgr_"
_FACTS: Mapping[str, tuple[str, ...]] = {
    "account_billing": (f"{_VARIABLE}Account-Billing",),
    "account_id": (f"{_VARIABLE}Account-ID",),
    "authorizing_id": (f"{_VARIABLE}Authorizing-ID",),
    "authorizing_type": (f"{_VARIABLE}Authorizing-Type",),
    "bridge_id": (f"{_VARIABLE}Bridge-ID", "Unique-ID"),
    "callee_id_name": ("Caller-Callee-ID-Name",),
    "callee_id_number": ("Caller-Callee-ID-Number",),
    "caller_id_name": ("Caller-Caller-ID-Name",),
    "caller_id_number": ("Caller-Caller-ID-Number",),
    "callflow_id": (f"{_VARIABLE}CallFlow-ID",),
    "context": ("Caller-Context",),
    "destination": ("Caller-Destination-Number",),
    "dialplan": ("Caller-Dialplan",),
    "direction": (f"{_VARIABLE}Application-Logical-Direction", "Call-Direction"),
    "fetch_id": (f"{_VARIABLE}Fetch-ID",),
    "from_tag": ("variable_sip_from_tag",),
    "interaction_id": (f"{_VARIABLE}Call-Interaction-ID",),
    "loopback_leg_name": ("variable_loopback_leg",),
    "loopback_other_leg": ("variable_other_loopback_leg_uuid",),
    "other_leg": ("Other-Leg-Unique-ID",),
    "owner_id": (f"{_VARIABLE}Owner-ID",),
    "presence_id": (f"{_VARIABLE}Channel-Presence-ID", "variable_presence_id"),
    "profile": ("variable_sofia_profile_name",),
    "realm": (f"{_VARIABLE}Realm", "variable_domain_name"),
    "reseller_billing": (f"{_VARIABLE}Reseller-Billing",),
    "reseller_id": (f"{_VARIABLE}Reseller-ID",),
    "resource_id": (f"{_VARIABLE}Resource-ID",),
    "to_tag": ("variable_sip_to_tag",),
    "username": (f"{_VARIABLE}Username", "variable_user_name"),
}
"""What Kazoo tells of a channel, and the headers of `uuid_dump` of which the first that is there says it."""

_FLAGS = {
    "talking": "Talking",
    "can_speak": "Speak",
    "can_see": "See",
    "can_hear": "Hear",
    "has_video": "Video",
    "is_moderator": "Is-Moderator",
}
_TRUTHS = {"Running": "running", "Answered": "answered", "Dynamic": "dynamic", "Locked": "locked"}


class NotHungUp(SupError):
    """{count} channels were not hung up: on no FreeSWITCH that answered, ended by themselves, or named unusably"""

    exit_code = ExitCode.PARTIAL

    count: int


def where_unheard(
    reach: Reach, unheard: Sequence[Zone], ask: Callable[[Zone], Answers[list[Told]]], what: str
) -> tuple[list[Told], list[SupError]]:
    """Return what the servers tell in those of a reach's zones where no ecallmgr node was heard, and what went wrong.

    WHAT is asked for is not known of a zone that lists no server. Raises what went wrong where it is all that came of
    the only zone.
    """
    found: list[Told] = []
    errors: list[SupError] = []
    for zone in unheard:
        try:
            if not zone.settings.freeswitch:
                raise bus.NobodyThere(app=bus.ECALLMGR, zone=zone.name, what=what)
            answers = ask(zone)
        except SupError as error:
            if len(reach.zones) == 1:
                raise
            errors.append(error)
            continue
        found += [each for told in answers.given.values() for each in told]
        errors += partly(answers)
    return found, errors


def partly(answers: Answers[object]) -> Sequence[SupError]:
    """Return what went wrong: where other servers answered, as what makes an answer partial (exit code 5)."""
    return [PartlyListed(reason=str(each)) for each in answers.errors] if answers.given else answers.errors


def channels(zone: Zone) -> Answers[list[Told]]:
    """Return what each server of the zone has in channels, as ecallmgr reports them.

    `handling_locally` says whether any ecallmgr node has handled it; `timestamp` is when the channel began.
    """

    def talk(connected: EventSocket) -> list[Told]:
        node = _node(connected, configured)
        found = []
        for row in [*_rows(connected)]:
            dump = _dump(connected, row["uuid"])
            if dump is not None:
                found.append(channel(row, dump, node))
        return found

    configured = switch_names.configured(zone)
    return event_sockets.converse(zone, _told(zone), talk)


def channel(row: Row, dump: Row, node: str) -> Told:
    """Return a row of `show channels` and the channel's `uuid_dump` in Kazoo's words, as the channel is on NODE."""
    epoch = _number(row.get("created_epoch"))
    started = epoch + GREGORIAN_EPOCH if epoch else None
    found: Told = {name: _first(dump, headers) for name, headers in _FACTS.items()}
    found |= {
        "answered": dump.get("Answer-State") == "answered",
        "channel_authorized": dump.get(f"{_VARIABLE}Channel-Authorized") == "true",
        "elapsed_s": None if started is None else max(0, now() - started),
        "handling_locally": bool(dump.get(f"{_VARIABLE}Ecallmgr-Node")),
        "is_loopback": "variable_loopback_leg" in dump,
        "node": node,
        "switch_nodename": node,
        "timestamp": started,
        "uuid": row["uuid"],
    }
    return {name: found[name] for name in sorted(found) if found[name] is not None}


def conferences(zone: Zone) -> Answers[list[Told]]:
    """Return the conferences that run on each server of the zone, with those who take part, as ecallmgr reports them.

    A conference has the account of the channel that is longest in it.
    """

    def talk(connected: EventSocket) -> list[Told]:
        node = _node(connected, configured)
        found = []
        for facts, members in listings.conferences(event_sockets.told(connected, "conference xml_list")):
            taking_part = participants(members)
            account = _account(connected, taking_part[0]["Call-ID"]) if taking_part else None
            found.append(conference(facts, taking_part, node, account))
        return found

    configured = switch_names.configured(zone)
    return event_sockets.converse(zone, _told(zone), talk)


def conference(facts: Mapping[str, str], taking_part: list[Told], node: str, account: str | None) -> Told:
    """Return what FreeSWITCH says of a conference in Kazoo's words."""
    seconds = _number(facts.get("run_time"))
    return {
        "Conference-ID": facts.get("name"),
        "UUID": facts.get("uuid"),
        "Node": node,
        "Switch-Hostname": node.partition("@")[2],
        "Account-ID": account,
        "Run-Time": seconds,
        "Start-Time": now() - seconds,
        "Participant-Count": len(taking_part),
        "Participants": taking_part,
        "Is-Local": True,
        **{name: facts.get(attribute) == "true" for name, attribute in _TRUTHS.items()},
    }


def participants(members: Iterable[Row]) -> list[Told]:
    """Return the members of a conference in Kazoo's words, who is longest in it first."""
    found = []
    for member in members:
        flags = {name: True for flag, name in _FLAGS.items() if flag in member["flags"]}
        facts = {"Member-ID": _number(member.get("id")), **flags}
        found.append({"Call-ID": member.get("uuid"), "Conference-Channel-Vars": facts})
    return sorted(found, key=lambda each: each["Conference-Channel-Vars"]["Member-ID"])


def call_status(zone: Zone, call_id: str) -> Told | None:
    """Return what ecallmgr would tell of a call that one of the zone's servers has a channel of; None when none does.

    Raises the worst error of the servers that do not answer when none of the others has it.
    """
    if not _is_word(call_id):
        return None
    answers = event_sockets.read(zone, _told(zone), f"uuid_exists {call_id}", replies.truth)
    for name, is_there in answers.given.items():
        if is_there:
            return {"Call-ID": call_id, "Status": "active", "Switch-Hostname": name, "App-Name": KIND}
    if answers.errors:
        raise worst(answers.errors)
    return None


def hang_up(zone: Zone, uuids: Collection[str]) -> tuple[int, list[SupError]]:
    """Hang channels up, wherever they are; return how many were, and what went wrong.

    One that ends by itself before its turn is no error, one that no server has is. Raises what a connection does when
    the zone has one server only.
    """
    wanted = {uuid for uuid in uuids if _is_word(uuid)}

    def talk(connected: EventSocket) -> tuple[int, int]:
        here = [row["uuid"] for row in _rows(connected) if row["uuid"] in wanted]
        ended = 0
        for uuid in here:
            kill = partial(_of_channel, connected, orders.kill(uuid, ""))
            if changes.act(zone, f"hang up {uuid}", kill) is not None:
                ended += 1
        return ended, len(here)

    answers = event_sockets.converse(zone, list(known(zone, KIND).items()), talk)
    missing = len(uuids) - sum(here for _, here in answers.given.values())
    errors = [*partly(answers), *([NotHungUp(count=missing)] if missing else [])]
    return sum(ended for ended, _ in answers.given.values()), errors


def verdicts(zone: Zone, named: Mapping[str, Named], ip: str, network_list: str) -> Answers[bool]:
    """Return, of FreeSWITCH nodes that the settings list, whether each would take traffic from an address."""
    servers = [(name, each.server) for name, each in named.items()]
    return event_sockets.read(zone, servers, f"acl {ip} {network_list}", replies.truth)


def introduced(zone: Zone, names: Iterable[str]) -> dict[str, Told]:
    """Return what FreeSWITCH nodes say of themselves as an ecallmgr advertises it; of a silent one that is told."""
    servers = [(name, each.server) for name, each in switch_names.meant(zone, list(names)).items()]
    if not servers:
        return {}
    try:
        answers = event_sockets.read(zone, servers, "status", replies.status)
    except SupError as error:
        zone.run.warn(str(error))
        return {}
    for each in answers.errors:
        zone.run.warn(str(each))
    return {
        name: {"Version": status["version"], **_startup(status["uptime_seconds"])}
        for name, status in answers.given.items()
    }


def _startup(seconds: int | None) -> Told:
    return {} if seconds is None else {"Startup": now() - seconds}


def hosts(zone: Zone, servers: Sequence[tuple[str, Server]]) -> Answers[list[str]]:
    """Return what servers call their hosts: the system's name, and that of the switch where it has one of its own."""

    def talk(connected: EventSocket) -> list[str]:
        found = []
        for command in ("hostname", "switchname"):
            try:
                found.append(event_sockets.told(connected, command).strip())
            except CommandRefused:
                continue
        return [each for each in found if each]

    return event_sockets.converse(zone, servers, talk)


def reload_acls(zone: Zone) -> Answers[str]:
    """Have every server read its ACLs again; return what each is called where that is done."""

    def talk(connected: EventSocket) -> str:
        node = _node(connected, configured)
        event_sockets.told(connected, "reloadacl")
        return node

    configured = switch_names.configured(zone)
    return event_sockets.converse(zone, _told(zone), talk)


def names(zone: Zone) -> list[str]:
    """Return what every server of the settings is called as a node; of one that does not answer, the settings' name."""
    if not known(zone, KIND):
        return []
    configured = switch_names.configured(zone)
    answers = event_sockets.converse(zone, list(known(zone, KIND).items()), lambda each: _node(each, configured))
    return [answers.given.get(name, name) for name in known(zone, KIND)]


def _told(zone: Zone) -> list[tuple[str, Server]]:
    servers = known(zone, KIND)
    zone.run.warn(f"FreeSWITCH itself is asked: {', '.join(servers)}")
    return list(servers.items())


def _node(connected: EventSocket, configured: Sequence[str]) -> str:
    """Return what ecallmgr calls a server, where a node of its configuration is this one; else by its host."""
    host = event_sockets.told(connected, "hostname").strip()
    return next((name for name in configured if switch_names.same_node(name, host)), f"freeswitch@{host}")


def _rows(connected: EventSocket) -> Iterable[Row]:
    return (row for row in event_sockets.listing(connected, "show channels") if isinstance(row.get("uuid"), str))


def _dump(connected: EventSocket, uuid: str) -> Row | None:
    """Return all about a channel, nothing where FreeSWITCH cannot be asked for it, and None when it has ended."""
    if not _is_word(uuid):
        return {"Unique-ID": uuid}
    answer = _of_channel(connected, f"uuid_dump {uuid} json")
    return None if answer is None else listings.record(answer)


def _of_channel(connected: EventSocket, command: str) -> str | None:
    """Return the answer to a command for one channel, None when that has ended meanwhile; raises CommandRefused."""
    try:
        return event_sockets.told(connected, command)
    except CommandRefused as refused:
        if _ENDED in refused.reason:
            return None
        raise


def _account(connected: EventSocket, uuid: str | None) -> str | None:
    if uuid is None or (dump := _dump(connected, uuid)) is None:
        return None
    return dump.get(f"{_VARIABLE}Account-ID")


def _is_word(uuid: str) -> bool:
    """Return whether a channel's name, which may be whatever its caller sent as Call-ID, can be part of a command."""
    try:
        word(uuid)
    except ValueError:
        return False
    return True


def _number(text: Json) -> int:
    """Return a number that FreeSWITCH gives as text, 0 for anything else."""
    return int(text) if str(text).isdecimal() else 0


def _first(dump: Row, headers: tuple[str, ...]) -> object:
    return next((dump[header] for header in headers if dump.get(header)), None)

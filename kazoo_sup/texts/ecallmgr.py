"""What Kazoo prints of ecallmgr: its tables of channels, conferences, registrations, media servers, access lists.

Source: Kazoo ecallmgr_maintenance and the ecallmgr_ modules that print, j5_channels, acdc_maintenance, frontier_utils.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, as_object, now, objects, public_fields
from kazoo_sup.kazoo.ecallmgr import acdc, authorized_calls, frontier
from kazoo_sup.kazoo.ecallmgr.acls import LIST, cidrs, is_cidr, is_ip
from kazoo_sup.kazoo.ecallmgr.channels import TABLE_FIELDS, as_text
from kazoo_sup.kazoo.ecallmgr.registrations import host_and_port, path, remaining
from kazoo_sup.terms.columns import shown, text_field
from kazoo_sup.texts.billing import field
from kazoo_sup.texts.boxes import Box, right
from kazoo_sup.transports.server import MASK, WELL_KNOWN

if TYPE_CHECKING:
    from kazoo_sup.kazoo.ecallmgr.acdc import Status
    from kazoo_sup.kazoo.ecallmgr.acls import Acl
    from kazoo_sup.kazoo.ecallmgr.channels import Channel
    from kazoo_sup.kazoo.ecallmgr.conferences import Conference
    from kazoo_sup.kazoo.ecallmgr.frontier import Access, Told
    from kazoo_sup.kazoo.ecallmgr.media_servers import MediaServer, Misconfigured
    from kazoo_sup.kazoo.ecallmgr.registrations import Registration
    from kazoo_sup.types import Fields, Json

LOCAL_AUTHZ = "authz_local_resources"
"""The setting that has calls to local resources authorized too."""

_WIDE_LABEL = 19
_NARROW_LABEL = 12
_RATE_LABEL, _RATE = 15, 7


_CHANNELS = Box((("UUID", 50), ("Node", 40), ("Direction", 9), ("Destination", 15), ("Account-ID", 32)))


def channel_table(channels: Mapping[str, Channel]) -> Iterator[str]:
    """Yield the lines of Kazoo's channel_table of channels."""
    if not channels:
        yield "No channels found!"
        return
    wanted = ([uuid, *map(channel.get, TABLE_FIELDS)] for uuid, channel in channels.items())
    yield from _CHANNELS.drawn([as_text(each) for each in cells] for cells in wanted)
    yield f"Found {len(channels)} channels"


def channel_lines(channels: Sequence[Channel]) -> Iterator[str]:
    """Yield all that is known of channels, a line each, as Kazoo prints it."""
    if not channels:
        yield "No channels found!"
        return
    for channel in channels:
        yield ""
        for key, value in channel.items():
            yield f"{text_field(key, _WIDE_LABEL)}: {as_text(value)}"
    yield ""
    yield f"Found {len(channels)} channels"


_CONFERENCES = Box((("Name", 32), ("Node", 50), ("Participants", 12), ("Uptime(sec)", 11), ("Account-ID", 32)))
_LOCAL = 5
"""How wide the last column is, which has no room beside its cells."""

_CONFERENCE_FIELDS = (
    ("Name", "Conference-ID"),
    ("Instance-ID", "UUID"),
    ("Node", "Node"),
    ("Running", "Running"),
    ("Answered", "Answered"),
    ("Dynamic", "Dynamic"),
    ("Start-Time", "Start-Time"),
    ("Switch-Hostname", "Switch-Hostname"),
    ("Switch-URL", "Switch-URL"),
    ("Switch-External-IP", "Switch-External-IP"),
    ("Account-ID", "Account-ID"),
    ("Locked", "Locked"),
    ("Is-Local", "Is-Local"),
)
"""What is shown, in Kazoo's order, with the header it comes from."""


def conference_table(conferences: Sequence[Conference]) -> Iterator[str]:
    """Yield the lines of Kazoo's conference_table of conferences."""
    if not conferences:
        yield "No conferences found!"
        return
    thin = f"{_CONFERENCES.rule()}{'-' * _LOCAL}+"
    yield thin
    yield _conference([title for title, _ in _CONFERENCES.columns], "Local")
    yield thin.replace("-", "=")
    for each in conferences:
        counts = (_integer(each.get(header)) for header in ("Participant-Count", "Run-Time"))
        yield _conference([each["Conference-ID"], each["Node"], *counts, each.get("Account-ID")], each["Is-Local"])
    yield thin
    yield f"Found {len(conferences)} conferences"


def _conference(cells: Sequence[object], is_local: object) -> str:
    return f"{_CONFERENCES.row(cells)}{text_field(is_local, _LOCAL)}|"


def conference_lines(conferences: Sequence[Conference]) -> Iterator[str]:
    """Yield what is known of conferences and of who takes part, as Kazoo prints it."""
    if not conferences:
        yield "No conferences found!"
        return
    for each in conferences:
        yield ""
        for label, header in _CONFERENCE_FIELDS:
            if each.get(header) is not None:
                yield f"{text_field(label, _WIDE_LABEL)}: {as_text(each[header])}"
        participants = objects(each.get("Participants"))
        yield f"{text_field('Participants', _WIDE_LABEL)}: {len(participants)}"
        yield from map(_participant, reversed(participants))
    yield ""
    yield f"Found {len(conferences)} conferences"


def _participant(participant: Fields) -> str:
    flags: Fields = participant.get("Conference-Channel-Vars") or {}
    member = _integer(flags.get("Member-ID", participant.get("Participant-ID")))
    said = "".join(f" {flag}" for flag, value in flags.items() if value is True)
    return f"    [{member}] {text_field(participant.get('Call-ID'), 52)}:{said}"


_REGISTRATIONS = Box((("User", 45), ("Contact", 22), ("Path", 22), ("Call-ID", 32), (" Exp", 4)))


def registration_table(registrations: Sequence[Registration]) -> Iterator[str]:
    """Yield the lines of Kazoo's registration_table of registrations."""
    if not registrations:
        yield "No registrations found!"
        return
    yield from _REGISTRATIONS.drawn(map(partial(_registration, time_now=now()), registrations))
    yield f"Found {len(registrations)} registrations"


def _registration(found: Registration, time_now: int) -> list[object]:
    user = f"{as_text(found.get('Username'))}@{as_text(found.get('Realm'))}"
    contact, call = host_and_port(as_text(found.get("Contact"))), as_text(found.get("Call-ID"))
    return [user, contact, path(found), call, remaining(found, time_now)]


def registration_lines(registrations: Sequence[Registration]) -> Iterator[str]:
    """Yield all that is known of registrations, a line each, as Kazoo prints it."""
    if not registrations:
        yield "No registrations found!"
        return
    time_now = now()
    for each in registrations:
        yield ""
        for key, value in each.items():
            text = f"{remaining(each, time_now)}/{as_text(value)}" if key == "Expires" else as_text(value)
            yield f"{text_field(key, _WIDE_LABEL)}: {text}"
    yield ""
    yield f"Found {len(registrations)} registrations"


_MEDIA_SERVERS = Box((("Node Name", 50), ("Connected", 9), ("Cookie", 32), ("Version", 20)))


def media_server_table(servers: Mapping[str, MediaServer], cookie: str) -> Iterator[str]:
    """Yield the lines of Kazoo's table of FreeSWITCH nodes (ecallmgr_fs_nodes:print_summary/1).

    The version is the one FreeSWITCH has; Kazoo shows there that of its module mod_kazoo.
    """
    if not servers:
        yield "No nodes found!"
        return
    yield from _MEDIA_SERVERS.drawn(
        (name, server.connected, _visible(cookie), server.get("Version")) for name, server in servers.items()
    )
    yield f"Found {len(servers)} nodes"


def media_server_lines(servers: Mapping[str, MediaServer], cookie: str) -> Iterator[str]:
    """Yield what is known of each FreeSWITCH node, as Kazoo prints it (ecallmgr_fs_nodes:print_details/2).

    Left out is what only an ecallmgr node itself knows: its processes, and the capabilities of FreeSWITCH.
    """
    if not servers:
        yield "No nodes found!"
        return
    for name, server in servers.items():
        interfaces = server.get("Interfaces")
        first = next(iter(interfaces.values()), None) if isinstance(interfaces, dict) else None
        profile = as_object(first)
        yield ""
        yield _media_server_field("Node", name)
        yield _media_server_field("Cookie", _visible(cookie))
        yield _media_server_field("Client", server.get("Version"))
        yield _media_server_field("Connected", server.connected)
        yield _media_server_field("Options", f"[{{cookie,{_visible(cookie)}}}]")
        yield _media_server_field("SIP URL", profile.get("URL"))
        yield _media_server_field("SIP External IP", profile.get("Ext-SIP-IP"))
    yield ""
    yield f"Found {len(servers)} nodes"


def _visible(cookie: str) -> str:
    return cookie if cookie in WELL_KNOWN else MASK


def _media_server_field(label: str, value: object) -> str:
    return f"{text_field(label, _NARROW_LABEL)}: {shown(value)}"


_CALLS = Box(
    (
        ("Account ID", 32),
        ("Calls", 5),
        ("Resource Calls", 14),
        ("Allotments", 10),
        ("Inbound Trunks", 14),
        ("Outbound Trunks", 15),
        ("Per Minute", 10),
    )
)


def authorized_call_table(found: Sequence[Channel], of: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the authorized_call_table of calls, a row for each account."""
    yield from _CALLS.head()
    for account in of:
        yield _CALLS.row((account, *authorized_calls.counts(found, account)))
        yield _CALLS.rule()


def authorized_call_lines(found: Sequence[Channel], account: str) -> Iterator[str]:
    """Yield what is known of each channel that an account pays for."""
    time_now = now()
    for each in found:
        if account not in (each.get("account_id"), each.get("reseller_id")):
            continue
        yield ""
        labelled = {
            "Call ID": each.get("uuid"),
            "Other Leg Call ID": each.get("other_leg"),
            "Direction": each.get("direction"),
            "Account ID": each.get("account_id"),
            "Account Billing": each.get("account_billing"),
            "Reseller ID": each.get("reseller_id"),
            "Reseller Billing": each.get("reseller_billing"),
            "Duration": f"{time_now - each['timestamp']}s" if isinstance(each.get("timestamp"), int) else None,
            "Answered Duration": None if each.get("answered") else "0s",
        }
        yield from (field(label, value) for label, value in labelled.items() if value is not None)
    yield ""


_ACLS = Box((("Name", 30), ("CIDR", 18), ("List", 13), ("Type", 5), ("Authorizing Type", 16), ("ID", 32)))


def acl_table(acls: Mapping[str, Acl], network_list: str | None = None) -> Iterator[str]:
    """Yield the lines of Kazoo's acl_table of entries, all or those of one list; the last one of a list comes first."""
    last_first = list(acls.items())
    last_first.reverse()
    in_order = sorted(last_first, key=lambda item: str(item[1].get(LIST)))
    return _ACLS.drawn(_acl(name, acl) for name, acl in in_order if network_list in (None, acl.get(LIST)))


def _acl(name: str, acl: Acl) -> list[object]:
    identifier = acl.get("account_id") or acl.get("authorizing_id") or ""
    kind = acl.get("authorizing_type") or "system_config"
    return [name, ",".join(cidrs(acl)), acl.get(LIST), acl.get("type"), kind, identifier]


_AGENT = (4, 35, 12, 20)


def agent_table(account: str, found: Sequence[Status]) -> Iterator[str]:
    """Yield the lines of the table of agents; none where there are no agents."""
    if found:
        yield f"Agent Statuses for {account}"
        yield _agent_line("", "Agent-ID", "Status", "Timestamp")
    for number, each in enumerate(found, 1):
        yield _agent_line(number, each.get("agent_id"), each.get("status"), _time(each.get("timestamp")))


def agent_tables(found: Mapping[str, Sequence[Status]]) -> Iterator[str]:
    """Yield the lines of the tables of several accounts."""
    for account, told in found.items():
        yield from agent_table(account, told)


def call_statistics(answers: Iterable[Fields]) -> Iterator[str]:
    """Yield what Kazoo prints of the answers (acdc_maintenance:show_call_stats/2)."""
    for answer in answers:
        told = [category for category in acdc.CATEGORIES if answer.get(category) is not None]
        for category in told:
            yield f"call stats in {category}"
            for call in objects(answer[category]):
                yield from (terms.formatted("~s: ~p", key, value) for key, value in public_fields(call).items())
        yield from ("", "") * len(told)


def _time(timestamp: Json) -> str:
    """Return Gregorian seconds as Kazoo prints them (kz_time:pretty_print_datetime/1), what is not a time as it is."""
    try:
        return datetime.fromtimestamp(timestamp - GREGORIAN_EPOCH, UTC).strftime("%Y-%m-%d_%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return shown(timestamp)


def _agent_line(*cells: object) -> str:
    return right(cells, _AGENT)


def access_lines(entity: str, found: Iterable[Access]) -> Iterator[str]:
    """Yield from where an entity may send."""
    yield f"looking for ACL records for {entity}:"
    for each in found:
        yield f"{shown(each.kind)} {each.name} use policy {shown(each.policy)} for cidrs:"
        yield from (f" {network}" for network in each.networks)


def rate_lines(found: Mapping[str, Told]) -> Iterator[str]:
    """Yield how much a device and its realm may send."""
    for kind in ("device", "realm"):
        told = found.get(kind)
        if told is None:
            continue
        yield f"{kind.capitalize()} rates for {shown(told.name)}"
        for counted, method in frontier.METHODS.items():
            minute, second = (shown(told.rates.get((counted, span))).rjust(_RATE) for span in frontier.SPANS)
            yield f"{text_field(method, _RATE_LABEL)}: {minute}/m {second}/s"


def misconfigured(wrong: Misconfigured | None) -> list[str]:
    """Return what Kazoo says where the list of FreeSWITCH nodes is not one."""
    if wrong is None:
        return []
    return [terms.formatted("fs_nodes in ~s was misconfigured(~p), using []", wrong.node, wrong.found)]


def acls_reloaded(names: Iterable[str]) -> list[str]:
    """Return the line of each FreeSWITCH node that was told to read its access lists again."""
    return [f"issued reload ACLs to {name}" for name in names]


def not_an_address(address: str) -> list[str]:
    """Return what Kazoo says of what is neither an address nor a name that resolves."""
    return [
        f"the supplied address {address} could not be processed.",
        f"  is cidr: {str(is_cidr(address)).lower()}",
        f"  is ip: {str(is_ip(address)).lower()}",
    ]


def verdicts(ip: str, accepted: Mapping[str, bool]) -> list[str]:
    """Return whether each FreeSWITCH node would take what comes from an address."""
    return [
        f"IP {ip} on node {name} would be {'accepted' if accepted[name] else 'denied'}" for name in sorted(accepted)
    ]


def authz_switched(key: str, *, on: bool) -> str:
    """Return what Kazoo says where calls, or those to local resources, are to be authorized, or no longer are."""
    whose = ("authz for local resources", "calls to local resources") if key == LOCAL_AUTHZ else ("authz", "calls")
    state, then = ("on", "will now require") if on else ("off", "will no longer require")
    return f"turned {state} {whose[0]}; {whose[1]} {then} authorization"


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0

"""FreeSWITCH by its event socket: status, channels, SIP profiles, conferences, single calls, events.

SERVER is the name of a server in the settings, what ecallmgr or it itself calls it (freeswitch@HOST), `all`, or an
address such as 192.0.2.10:8021; without it what only reads asks every server, and what changes something takes the only
one there is. Where another word may be left out before it, a single word that is a server's is the server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.arguments.freeswitch import IPAddress, Line, Member, Word, filter_of, limit_of
from kazoo_sup.command import command
from kazoo_sup.commands._freeswitch import answered, asked, calls_taken, listed, muted, ordered
from kazoo_sup.errors import BadArgument, NotFound, SupError, UsageError
from kazoo_sup.kazoo.freeswitch import endings, event_sockets, listings, orders, questions, replies
from kazoo_sup.kazoo.freeswitch import names as known_names
from kazoo_sup.kazoo.freeswitch.event_sockets import Servers
from kazoo_sup.kazoo.freeswitch.servers import before_server, chosen, meant, names
from kazoo_sup.kazoo.freeswitch.syntax import LONGEST, level
from kazoo_sup.kazoo.zone.servers import Answers
from kazoo_sup.results import NO_RETURN, Answer, Live, Result
from kazoo_sup.texts import printable
from kazoo_sup.types import Row
from kazoo_sup.zone import Zone

if TYPE_CHECKING:
    from kazoo_sup.transports.esl import EventSocket


_WHO = {"all": "everybody", "non_moderator": "everybody but moderators"}
"""Who of a conference is meant by words for several."""


@command
def status(zone: Zone, server: str | None = None) -> Result:
    """Show whether SERVER is ready, paused or about to end, since when it runs, and how many sessions it has."""
    columns = ("state", "uptime", "sessions", "peak", "max", "per_second", "idle_cpu", "version")
    return questions.every_status(zone, meant(zone, server)).listing(columns)


@command
def version(zone: Zone, server: str | None = None) -> Result:
    """Show the version of SERVER."""
    return asked(zone, server, "version", ["version"], lambda answer: [{"version": answer.strip()}])


@command
def channels(zone: Zone, server: str | None = None, *, limit: int | None = None) -> Result:
    """Show the channels of SERVER: one leg of a call each.

    --limit LIMIT is how many megabytes one server's answer may have, in place of the setting limits.megabytes. JSON and
    YAML have every field.
    """
    columns = ("uuid", "direction", "created", "callstate", "cid_num", "dest", "application", "read_codec", "ip_addr")
    return listed(zone, server, "show channels", columns, limit=limit)


@command
def calls(zone: Zone, server: str | None = None, *, limit: int | None = None) -> Result:
    """Show the calls of SERVER: both legs of what is bridged, and single legs.

    --limit LIMIT is how many megabytes one server's answer may have, in place of the setting limits.megabytes. JSON and
    YAML have every field.
    """
    columns = ("uuid", "created", "callstate", "cid_num", "dest", "b_uuid", "b_callstate", "b_cid_num", "b_dest")
    return listed(zone, server, "show calls", columns, limit=limit)


@command
def registrations(zone: Zone, server: str | None = None, *, limit: int | None = None) -> Result:
    """Show the SIP registrations at SERVER itself; in a Kazoo cluster phones register at Kamailio.

    EXPIRES is the seconds for which each still holds, expires_at in JSON and YAML when it ends.
    --limit LIMIT is how many megabytes one server's answer may have, in place of the setting limits.megabytes. JSON and
    YAML have every field.
    """
    columns = ("reg_user", "realm", "network_proto", "network_ip", "network_port", "expires", "url")
    now = time.time()
    return listed(
        zone, server, "show registrations", columns, limit=limit, shown=lambda row: listings.registration(row, now)
    )


@command
def sofia_status(zone: Zone, profile: Word | None = None, server: str | None = None) -> Result:
    """Show the SIP profiles and gateways of SERVER, or everything about one PROFILE."""
    profile, server = before_server(zone, profile, server)
    if profile is None:
        return asked(zone, server, "sofia status", ("name", "type", "data", "state"), replies.table)
    return asked(zone, server, f"sofia status profile {profile}", ("name", "value"), replies.fields)


@command
def gateways(zone: Zone, server: str | None = None) -> Result:
    """Show the SIP gateways of SERVER: their registration, whether calls go there, and failed and total calls.

    STATE is NOREG where a gateway need not register; STATUS is DOWN where it does not answer FreeSWITCH's pings, or is
    not registered as it should be.
    """
    columns = ("gateway", "data", "state", "status", "ping", "calls_in", "calls_out")
    return event_sockets.converse(zone, meant(zone, server), questions.gateway_rows).listing(columns)


@command
def profile_start(zone: Zone, profile: Word, server: str | None = None) -> Result:
    """Start the SIP PROFILE of SERVER."""
    was = changes.Was(reverse=("freeswitch", "profile_stop", profile))
    return ordered(zone, chosen(zone, server), f"sofia profile {profile} start", was=was)


@command
def profile_stop(zone: Zone, profile: Word, server: str | None = None) -> Result:
    """Stop the SIP PROFILE of SERVER, after asking: its registrations end, and its calls are disturbed."""
    servers = chosen(zone, server)
    zone.run.confirm(f"stop the SIP profile {profile} on {names(servers)}")
    was = changes.Was(reverse=("freeswitch", "profile_start", profile))
    return ordered(zone, servers, f"sofia profile {profile} stop", was=was)


@command
def profile_restart(zone: Zone, profile: Word, server: str | None = None) -> Result:
    """Restart the SIP PROFILE of SERVER, after asking: its registrations end, and its calls are disturbed."""
    servers = chosen(zone, server)
    zone.run.confirm(f"restart the SIP profile {profile} on {names(servers)}")
    return ordered(zone, servers, f"sofia profile {profile} restart")


@command
def profile_rescan(zone: Zone, profile: Word, server: str | None = None) -> Result:
    """Make the SIP PROFILE of SERVER read its new gateways."""
    return ordered(zone, chosen(zone, server), f"sofia profile {profile} rescan", was=changes.PASSING)


@command
def acl_test(zone: Zone, ip: IPAddress, list: Word, server: str | None = None) -> Result:
    """Show whether the access list LIST of SERVER lets IP in."""

    def talk(connected: EventSocket) -> Sequence[Row]:
        return [{"ip": ip, "list": list, "allowed": questions.allows(connected, ip, list)}]

    return event_sockets.converse(zone, meant(zone, server), talk).listing(("ip", "list", "allowed"))


@command
def reload_acl(zone: Zone, server: str | None = None) -> Result:
    """Make SERVER read its access lists again, and all of its configuration with them."""
    return ordered(zone, chosen(zone, server), "reloadacl", was=changes.PASSING)


@command
def reload_xml(zone: Zone, server: str | None = None) -> Result:
    """Make SERVER read its configuration again; a mistake in it is a refusal, where FreeSWITCH says +OK."""
    return ordered(zone, chosen(zone, server), "reloadxml", was=changes.PASSING)


@command
def modules_list(zone: Zone, module: Word | None = None, server: str | None = None) -> Result:
    """List what the modules of SERVER provide, or MODULE alone."""
    module, server = before_server(zone, module, server)
    if module is not None:
        questions.check_module(zone, meant(zone, server), module)
    columns = ("type", "name", "ikey", "filename")
    return listed(zone, server, "show modules", columns, wanted=lambda row: module in (None, row.get("ikey")))


@command
def modules_load(zone: Zone, module: Word, server: str | None = None) -> Result:
    """Load MODULE, such as mod_sofia, on SERVER."""
    was = changes.Was(reverse=("freeswitch", "modules_unload", module))
    return ordered(zone, chosen(zone, server), f"load {module}", was=was)


@command
def modules_unload(zone: Zone, module: Word, server: str | None = None) -> Result:
    """Unload MODULE on SERVER, after asking: what it does ends, calls too."""
    servers = chosen(zone, server)
    order = f"unload {module}"
    orders.refuse_to_cut_off(order)
    zone.run.confirm(f"unload {module} on {names(servers)}")
    return ordered(zone, servers, order, was=changes.Was(reverse=("freeswitch", "modules_load", module)))


@command
def conference_list(zone: Zone, conference: Word | None = None, server: str | None = None) -> Result:
    """List who is in the conferences of SERVER, or in CONFERENCE."""
    conference, server = before_server(zone, conference, server)
    answers = event_sockets.read(zone, meant(zone, server), "conference xml_list", listings.members)
    columns = ("conference", "id", "caller_id_name", "caller_id_number", "muted", "flags", "join_time", "uuid")
    if conference is None:
        return answers.listing(columns)
    found = [row for row in answers.rows() if row["conference"] == conference]
    if not found and not answers.errors:
        raise NotFound(server="FreeSWITCH", what=f"conference {conference}")
    return answers.listing_of(columns, found)


@command
def conference_kick(zone: Zone, conference: Word, member: Member, server: str | None = None) -> Result:
    """Kick MEMBER out of CONFERENCE: the number in the list, last, all or non_moderator, these two after asking."""
    servers = chosen(zone, server)
    if member.lower() in _WHO:
        zone.run.confirm(f"kick {_WHO[member.lower()]} out of conference {conference} on {names(servers)}")
    return ordered(zone, servers, f"conference {conference} kick {member}")


@command
def conference_mute(zone: Zone, conference: Word, member: Member, server: str | None = None) -> Result:
    """Mute MEMBER of CONFERENCE: the number in the list, last, all or non_moderator."""
    return muted(zone, conference, member, server, mute=True)


@command
def conference_unmute(zone: Zone, conference: Word, member: Member, server: str | None = None) -> Result:
    """Let MEMBER of CONFERENCE be heard again: the number in the list, last, all or non_moderator."""
    return muted(zone, conference, member, server, mute=False)


@command
def uuid_dump(zone: Zone, uuid: Word, server: str | None = None) -> Result:
    """Show everything about the channel UUID; without SERVER, on the server that has it."""
    answers = event_sockets.read(
        zone, event_sockets.holding(zone, uuid, meant(zone, server)), f"uuid_dump {uuid} json", listings.record
    )
    shown = {name: "\n".join(f"{key}: {each}" for key, each in found.items()) for name, found in answers.given.items()}
    data: object = answers.given if len(shown) != 1 else answers.given[next(iter(shown))]
    return Answer(
        NO_RETURN,
        lines=map(printable.line, replies.lines(shown, several=len(shown) > 1)),
        data=data,
        report=answers.report,
    )


@command
def uuid_kill(zone: Zone, uuid: Word, server: str | None = None, *, cause: str = "") -> Result:
    """Hang up the channel UUID; without SERVER, on the server that has it.

    --cause CAUSE is the reason given to the other side, such as USER_BUSY or its number, 17; NORMAL_CLEARING when not
    given.
    """
    order = orders.kill(uuid, cause)
    return ordered(zone, event_sockets.holding(zone, uuid, meant(zone, server)), order)


@command
def uuid_transfer(
    zone: Zone,
    uuid: Word,
    extension: Word,
    server: str | None = None,
    *,
    bleg: bool = False,
    both: bool = False,
    dialplan: str = "",
    context: str = "",
) -> Result:
    """Transfer the channel UUID to EXTENSION; without SERVER, on the server that has it.

    --bleg transfers the other side of the call in its place, --both transfers both. EXTENSION is looked up in
    --context CONTEXT of --dialplan DIALPLAN, the channel's own when not given, XML beside a CONTEXT.
    """
    if bleg and both:
        raise UsageError(reason="--bleg and --both exclude each other")
    leg = "-bleg" if bleg else "-both" if both else ""
    order = orders.transfer(uuid, extension, leg, dialplan, context)
    return ordered(zone, event_sockets.holding(zone, uuid, meant(zone, server)), order)


@command
def originate(
    zone: Zone,
    call_url: Line,
    destination: Line,
    server: str | None = None,
    *,
    dialplan: str = "",
    context: str = "",
    caller_id_name: str = "",
    caller_id_number: str = "",
    answer_within: int = 60,
) -> Result:
    """Call CALL_URL from SERVER and, once it is answered, connect it to DESTINATION: an extension or &application(…).

    It waits for the answer, --answer-within ANSWER_WITHIN seconds. The call shows --caller-id-name CALLER_ID_NAME and
    --caller-id-number CALLER_ID_NUMBER; an extension is looked up in --context CONTEXT of --dialplan DIALPLAN: default
    and XML when not given.
    """
    order = orders.originate(
        call_url,
        destination,
        answer_within,
        dialplan=dialplan,
        context=context,
        caller_id_name=caller_id_name,
        caller_id_number=caller_id_number,
    )
    # FreeSWITCH itself gives up after that time, so its answer is what is waited for.
    patience = answer_within + zone.settings.timeouts.read

    def call(servers: Servers, order: str) -> Answers[str]:
        return event_sockets.run_job(zone, servers, order, patience)

    return ordered(zone, chosen(zone, server), order, call)


@command
def pause(
    zone: Zone, server: str | None = None, *, inbound: bool = False, outbound: bool = False, wait: bool = False
) -> Result:
    """Let SERVER take no new calls, or none --inbound or --outbound; those that it has go on.

    With --wait it ends when the last of them has, or with exit code 4 after -t SECONDS, and the server stays paused.
    """
    direction = "" if inbound == outbound else "inbound" if inbound else "outbound"
    return calls_taken(
        zone,
        server,
        "pause",
        inbound=inbound,
        outbound=outbound,
        wait=partial(endings.until_quiet, zone, direction=direction) if wait else None,
    )


@command
def resume(zone: Zone, server: str | None = None, *, inbound: bool = False, outbound: bool = False) -> Result:
    """Let SERVER take new calls again, or those --inbound or --outbound, as `pause` was told."""
    return calls_taken(zone, server, "resume", inbound=inbound, outbound=outbound)


@command
def shutdown(
    zone: Zone,
    server: str | None = None,
    *,
    when_idle: bool = False,
    restart: bool = False,
    cancel: bool = False,
    wait: bool = False,
) -> Result:
    """Shut SERVER down once its calls have ended; it takes no new ones from now on. That is asked first.

    --when-idle lets it take new calls meanwhile, --restart starts it again where it is set up for that, and --cancel
    calls a shutdown that waits off. With --wait it ends when nobody answers there any more, or with --restart when
    somebody does again, or with exit code 4 after -t SECONDS, while it shuts down all the same.
    """
    if cancel and wait:
        raise BadArgument(parameter="--wait", reason="a shutdown that is called off is not waited for")
    servers = chosen(zone, server)
    if cancel:
        return ordered(zone, servers, "fsctl shutdown cancel")
    zone.run.confirm(
        f"{'restart' if restart else 'shut down'} FreeSWITCH on {names(servers)} once its calls have ended"
    )

    # In the background, because FreeSWITCH answers when its last call has ended.
    def begin(servers: Servers, order: str) -> Answers[str]:
        begun = event_sockets.start_job(zone, servers, order)
        return Answers(dict.fromkeys(begun.given, "+OK shutdown begun"), begun.errors)

    until: Callable[[Servers], Sequence[SupError]] | None = None
    if wait and restart:
        until = partial(endings.until_again, zone, before=endings.uptimes(zone, servers))
    elif wait:
        until = partial(endings.until_ended, zone)
    return ordered(zone, servers, orders.shutdown(when_idle=when_idle, restart=restart), begin, wait=until)


@command
def loglevel(zone: Zone, log_level: Word | None = None, server: str | None = None) -> Result:
    """Set the log level of SERVER, by name or number: console, alert, crit, err, warning, notice, info, debug.

    Without LOG_LEVEL it is shown.
    """
    log_level, server = before_server(zone, log_level, server)
    if log_level is None:
        return answered(event_sockets.ask(zone, meant(zone, server), "fsctl loglevel"))
    return ordered(zone, chosen(zone, server), f"fsctl loglevel {level(log_level)}")


@command
def events(
    zone: Zone,
    names: Line | None = None,
    server: str | None = None,
    *,
    filter: str = "",
    count: int = 0,
    for_: float = 0,
) -> Result:
    """Show the events NAMES of SERVER as they come, one JSON object a line, until Ctrl-C.

    NAMES have commas between them: CHANNEL_CREATE,CHANNEL_HANGUP; all events when not given. Subclasses come after
    CUSTOM: CUSTOM,sofia::register. --filter FILTER, HEADER=VALUE, shows only events with that; of several, with commas
    between them, one must fit. --count COUNT and --for FOR end it after so many events or seconds. A lost connection is
    made again.
    """
    names, server = before_server(zone, names, server)
    if count < 0 or not 0 <= for_ <= LONGEST:
        raise BadArgument(parameter="--count and --for", reason=f"must not be below 0, nor --for above {LONGEST}")
    filters = filter_of(filter)
    wanted = known_names.subscriptions(names or "")
    opened = event_sockets.open_events(zone, meant(zone, server), wanted, filters)
    for error in opened.errors if opened.given and not (count or for_) else ():
        zone.run.warn(str(error))  # the end, at which errors are told, may be far away
    shown = event_sockets.merged(opened.given, zone.run.warn, count, for_)
    return Live(shown, term=NO_RETURN, report=opened.report, watched=True)


@command
def api(zone: Zone, command: Line, server: str | None = None, *, limit: int | None = None) -> Result:
    """Have SERVER run any COMMAND of its API, one argument with blanks in it, and show the answer as it is.

    On a terminal it is asked first whether to end calls, or the server. What would unload the module that answers here
    is refused.
    --limit LIMIT is how many megabytes the answer may have, in place of the setting.
    """

    def ask(servers: Servers, order: str) -> Answers[str]:
        return event_sockets.ask(zone, servers, order, limit_of(limit))

    servers = chosen(zone, server)
    orders.refuse_to_cut_off(command)
    if orders.ends_calls(command):
        zone.run.confirm_watched(f"run {command!r} on {names(servers)}")
    return ordered(zone, servers, command, ask)

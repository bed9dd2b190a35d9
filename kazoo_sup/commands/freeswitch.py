"""FreeSWITCH by its event socket: status, channels, SIP profiles, conferences, single calls, events.

SERVER is the name of a server in the zone's settings, `all`, or an address such as 192.0.2.10:8021; without it what
only reads asks every server, and what changes something takes the only one there is. Where another word may be left
out before it, a single word that is a server's is the server.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from kazoo_sup.command import command
from kazoo_sup.commands._freeswitch import (
    KIND,
    answered,
    asked,
    before_server,
    chosen,
    filter_of,
    limit_of,
    listed,
    members,
    names,
    ordered,
)
from kazoo_sup.errors import BadArgument, UsageError
from kazoo_sup.kazoo.freeswitch import asking, listings, orders, replies
from kazoo_sup.kazoo.freeswitch.asking import Servers
from kazoo_sup.kazoo.freeswitch.words import LONGEST, IPAddress, Line, Word, level
from kazoo_sup.outcome import NO_RETURN, Outcome, Row, printable, text
from kazoo_sup.servers import Answers, choose
from kazoo_sup.zone import Zone


@command
def status(zone: Zone, server: str | None = None) -> Outcome:
    """Show whether SERVER is ready, since when, and how many sessions it has."""
    columns = ("state", "uptime", "sessions", "peak", "max", "per_second", "idle_cpu", "version")
    return asked(zone, server, "status", columns, lambda answer: [replies.status(answer)])


@command
def version(zone: Zone, server: str | None = None) -> Outcome:
    """Show the version of SERVER."""
    return asked(zone, server, "version", ["version"], lambda answer: [{"version": answer.strip()}])


@command
def channels(zone: Zone, server: str | None = None, *, limit: int = 64) -> Outcome:
    """Show the channels of SERVER: one leg of a call each.

    --limit LIMIT is how many megabytes one server's answer may have. JSON and YAML have every field.
    """
    columns = ("uuid", "direction", "created", "callstate", "cid_num", "dest", "application", "read_codec", "ip_addr")
    return listed(zone, server, "show channels", columns, limit=limit)


@command
def calls(zone: Zone, server: str | None = None, *, limit: int = 64) -> Outcome:
    """Show the calls of SERVER: both legs of what is bridged, and single legs.

    --limit LIMIT is how many megabytes one server's answer may have. JSON and YAML have every field.
    """
    columns = ("uuid", "created", "callstate", "cid_num", "dest", "b_uuid", "b_callstate", "b_cid_num", "b_dest")
    return listed(zone, server, "show calls", columns, limit=limit)


@command
def registrations(zone: Zone, server: str | None = None, *, limit: int = 64) -> Outcome:
    """Show the SIP registrations at SERVER itself; in a Kazoo cluster phones register at Kamailio.

    --limit LIMIT is how many megabytes one server's answer may have. JSON and YAML have every field.
    """
    columns = ("reg_user", "realm", "network_proto", "network_ip", "network_port", "expires", "url")
    return listed(zone, server, "show registrations", columns, limit=limit)


@command
def sofia_status(zone: Zone, profile: Word | None = None, server: str | None = None) -> Outcome:
    """Show the SIP profiles and gateways of SERVER, or everything about one PROFILE."""
    profile, server = before_server(zone, profile, server)
    if profile is None:
        return asked(zone, server, "sofia status", ("name", "type", "data", "state"), replies.table)
    return asked(zone, server, f"sofia status profile {profile}", ("name", "value"), replies.fields)


@command
def gateways(zone: Zone, server: str | None = None) -> Outcome:
    """Show the SIP gateways of SERVER, with their state and failed and total calls."""
    columns = ("gateway", "data", "state", "ping", "calls_in", "calls_out")
    return asked(zone, server, "sofia status gateway", columns, replies.table)


@command
def profile(
    zone: Zone, action: Literal["start", "stop", "restart", "rescan"], profile: Word, server: str | None = None
) -> Outcome:
    """Do ACTION (start, stop, restart, rescan) with the SIP PROFILE of SERVER; rescan reads new gateways.

    To stop and to restart a profile ends its registrations and disturbs its calls, so that is asked first.
    """
    servers = chosen(zone, server)
    if action in ("stop", "restart"):
        zone.run.confirm(f"{action} the SIP profile {profile} on {names(servers)}")
    return ordered(zone, servers, f"sofia profile {profile} {action}")


@command
def acl_test(zone: Zone, ip: IPAddress, list: Word, server: str | None = None) -> Outcome:
    """Show whether the access list LIST of SERVER lets IP in; of a list that it does not have FreeSWITCH says false."""

    def allowed(answer: str) -> Iterable[Row]:
        return [{"ip": ip, "list": list, "allowed": replies.truth(answer)}]

    return asked(zone, server, f"acl {ip} {list}", ("ip", "list", "allowed"), allowed)


@command
def reload_acl(zone: Zone, server: str | None = None) -> Outcome:
    """Make SERVER read its access lists anew, and all of its configuration with them."""
    return ordered(zone, chosen(zone, server), "reloadacl")


@command
def reload_xml(zone: Zone, server: str | None = None) -> Outcome:
    """Make SERVER read its configuration anew; a mistake in it is a refusal, where FreeSWITCH says +OK."""
    return ordered(zone, chosen(zone, server), "reloadxml")


@command
def modules(
    zone: Zone, action: Literal["list", "load", "unload"], module: Word | None = None, server: str | None = None
) -> Outcome:
    """Do ACTION with modules of SERVER: list what they provide, of MODULE alone where given, or load or unload MODULE.

    What an unloaded module does ends, calls too, so that is asked first.
    """
    if action == "list":
        module, server = before_server(zone, module, server)
        columns = ("type", "name", "ikey", "filename")
        return listed(zone, server, "show modules", columns, wanted=lambda row: module in (None, row.get("ikey")))
    if module is None:
        raise UsageError(reason=f"modules {action} needs a MODULE, such as mod_sofia")
    servers = chosen(zone, server)
    if action == "unload":
        zone.run.confirm(f"unload {module} on {names(servers)}")
    return ordered(zone, servers, f"{action} {module}")


@command
def conference(
    zone: Zone,
    action: Literal["list", "kick", "mute", "unmute"],
    conference: Word | None = None,
    member: Word | None = None,
    server: str | None = None,
) -> Outcome:
    """Do ACTION in conferences: list [CONFERENCE] [SERVER], or kick, mute, unmute CONFERENCE MEMBER [SERVER].

    MEMBER is the number in the list, last, all or non_moderator. To kick all is asked first.
    """
    if action == "list":
        if server is not None:
            raise UsageError(reason="conference list takes a CONFERENCE and a SERVER, no more")
        conference, server = before_server(zone, conference, member)
        return members(zone, conference, server)
    if conference is None or member is None:
        raise UsageError(reason=f"conference {action} needs a CONFERENCE and a MEMBER: its number, last or all")
    servers = chosen(zone, server)
    if (action, member) == ("kick", "all"):
        zone.run.confirm(f"kick everybody out of conference {conference} on {names(servers)}")
    return ordered(zone, servers, f"conference {conference} {action} {member}")


@command
def uuid_dump(zone: Zone, uuid: Word, server: str | None = None) -> Outcome:
    """Show everything about the channel UUID; without SERVER, on the server that has it."""
    answers = asking.read(zone, asking.holding(zone, uuid, server), f"uuid_dump {uuid} json", listings.record)
    shown = {name: "\n".join(f"{key}: {each}" for key, each in found.items()) for name, found in answers.given.items()}
    data: Any = answers.given if len(shown) != 1 else answers.given[next(iter(shown))]
    return text(map(printable, replies.lines(shown)), NO_RETURN, data=data, **answers.ending())


@command
def uuid_kill(zone: Zone, uuid: Word, server: str | None = None, *, cause: str = "") -> Outcome:
    """Hang up the channel UUID; without SERVER, on the server that has it.

    --cause CAUSE is the reason given to the other side, such as USER_BUSY; NORMAL_CLEARING when not given.
    """
    order = orders.kill(uuid, cause)
    return ordered(zone, asking.holding(zone, uuid, server), order)


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
) -> Outcome:
    """Transfer the channel UUID to EXTENSION; without SERVER, on the server that has it.

    --bleg transfers the other side of the call in its place, --both transfers both. EXTENSION is looked up in
    --context CONTEXT of --dialplan DIALPLAN, the channel's own when not given, XML beside a CONTEXT.
    """
    if bleg and both:
        raise UsageError(reason="--bleg and --both exclude each other")
    leg = "-bleg" if bleg else "-both" if both else ""
    order = orders.transfer(uuid, extension, leg, dialplan, context)
    return ordered(zone, asking.holding(zone, uuid, server), order)


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
) -> Outcome:
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
        return asking.run_job(zone, servers, order, patience)

    return ordered(zone, chosen(zone, server), order, call)


@command
def pause(zone: Zone, server: str | None = None, *, inbound: bool = False, outbound: bool = False) -> Outcome:
    """Let SERVER take no new calls, or none --inbound or --outbound; those that it has go on."""
    return ordered(zone, chosen(zone, server), orders.take_calls("pause", inbound=inbound, outbound=outbound))


@command
def resume(zone: Zone, server: str | None = None, *, inbound: bool = False, outbound: bool = False) -> Outcome:
    """Let SERVER take new calls again, or those --inbound or --outbound, as `pause` was told."""
    return ordered(zone, chosen(zone, server), orders.take_calls("resume", inbound=inbound, outbound=outbound))


@command
def shutdown(
    zone: Zone,
    server: str | None = None,
    *,
    when_idle: bool = False,
    restart: bool = False,
    cancel: bool = False,
) -> Outcome:
    """Shut SERVER down once its calls have ended; it takes no new ones from now on. That is asked first.

    --when-idle lets it take new calls meanwhile, --restart starts it again where it is set up for that, and --cancel
    calls a shutdown that waits off. It is not waited for.
    """
    servers = chosen(zone, server)
    if cancel:
        return ordered(zone, servers, "fsctl shutdown cancel")
    zone.run.confirm(
        f"{'restart' if restart else 'shut down'} FreeSWITCH on {names(servers)} once its calls have ended"
    )

    # In the background, because FreeSWITCH answers when its last call has ended.
    def begin(servers: Servers, order: str) -> Answers[str]:
        begun = asking.start_job(zone, servers, order)
        return Answers(dict.fromkeys(begun.given, "+OK shutdown begun"), begun.errors)

    return ordered(zone, servers, orders.shutdown(when_idle=when_idle, restart=restart), begin)


@command
def loglevel(zone: Zone, log_level: Word | None = None, server: str | None = None) -> Outcome:
    """Set the log level of SERVER, by name or number: console, alert, crit, err, warning, notice, info, debug.

    Without LOG_LEVEL it is shown.
    """
    log_level, server = before_server(zone, log_level, server)
    if log_level is None:
        return answered(asking.ask(zone, choose(zone, KIND, server), "fsctl loglevel"))
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
) -> Outcome:
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
    wanted = " ".join((names or "ALL").replace(",", " ").split())
    opened = asking.open_events(zone, choose(zone, KIND, server), wanted, filters)
    for error in opened.errors if opened.given and not (count or for_) else ():
        zone.run.warn(str(error))  # the end, at which errors are told, may be far away
    shown = asking.merged(opened.given, zone.run.warn, count, for_)
    return Outcome(text=shown, result=NO_RETURN, live=True, **opened.ending())


@command
def api(zone: Zone, command: Line, server: str | None = None, *, limit: int = 64) -> Outcome:
    """Have SERVER run any COMMAND of its API, one argument with blanks in it, and show the answer as it is.

    --limit LIMIT is how many megabytes the answer may have.
    """

    def ask(servers: Servers, order: str) -> Answers[str]:
        return asking.ask(zone, servers, order, limit_of(limit))

    return ordered(zone, chosen(zone, server), command, ask)

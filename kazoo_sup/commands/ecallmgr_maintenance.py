"""ecallmgr and its FreeSWITCH nodes: access lists, calls, conferences, registrations. Mean an ecallmgr with -n.

AS_DEFAULT true means the setting of every node, false that of this node. WAIT is how many seconds an answer may take,
--all-zones asks every zone of the settings. NODE is a FreeSWITCH node.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from kazoo_sup import changes, terms
from kazoo_sup.command import Reads, command
from kazoo_sup.errors import Declined, SupError
from kazoo_sup.kazoo import accounts, bus, collecting, system_config
from kazoo_sup.kazoo.calls import acls, channels, conferences, ecallmgr, media_servers, old_channels, registrations
from kazoo_sup.kazoo.values import is_true, to_integer
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, text, value
from kazoo_sup.servers import known
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone

_CATEGORY = "ecallmgr"
_MAX_UPTIME = "max_channel_uptime_s"
_WAIT = bus.ANSWER_SECONDS

Flag = Annotated[bool, Reads(lambda word, zone: is_true(word))]
"""true, or anything else for false, as Kazoo reads it."""


# FreeSWITCH nodes


@command
def add_fs_node(zone: Zone, fs_node: str, as_default: Flag | None = None) -> Outcome:
    """Add FS_NODE to ecallmgr's configuration; with AS_DEFAULT true for every node, false for this one only."""
    section, always, seen_by = _section(zone, as_default)
    listed, wrong = media_servers.configured(zone, seen_by)
    lines = [wrong] if wrong else []
    if fs_node not in listed:
        lines.append(f"adding {fs_node} to ecallmgr system config")
        media_servers.store(zone, lambda old: [fs_node, *old], section=section, always=always, seen_by=seen_by)
        zone.run.warn(f"an ecallmgr that runs connects to {fs_node} when it is started again")
        return text(lines, result=(Atom("error"), Atom("no_connection")))
    connected = media_servers.connected(zone, lambda names: fs_node in names)
    reason = "node_exists" if fs_node in connected else "no_connection"
    return text(lines, result=(Atom("error"), Atom(reason)))


@command
def remove_fs_node(zone: Zone, fs_node: str, as_default: Flag | None = None) -> Outcome:
    """Remove FS_NODE from ecallmgr's configuration; AS_DEFAULT is as with add_fs_node."""
    section, always, seen_by = _section(zone, as_default)
    listed, wrong = media_servers.configured(zone, seen_by)
    lines = [wrong] if wrong else []
    if fs_node in listed:
        lines.append(f"removing {fs_node} from ecallmgr system config")
        media_servers.store(
            zone, lambda old: media_servers.without(old, fs_node), section=section, always=always, seen_by=seen_by
        )
        zone.run.warn(f"an ecallmgr that runs stays connected to {fs_node} until it is stopped")
    return text(lines)


@command
def list_fs_nodes(zone: Zone) -> Outcome:
    """List the FreeSWITCH nodes that ecallmgr nodes are connected to."""
    return text(media_servers.connected(zone), result=NO_RETURN)


@command
def get_fs_nodes(zone: Zone) -> Outcome:
    """List the FreeSWITCH nodes that are configured for this node."""
    listed, wrong = media_servers.configured(zone, zone.node)
    return text([*([wrong] if wrong else []), *listed], result=NO_RETURN)


@command
def node_summary(zone: Zone) -> Outcome:
    """Show the FreeSWITCH nodes that are configured or connected."""
    servers = media_servers.everything(zone)
    return text(media_servers.summary(servers, zone.settings.cookie), result=NO_RETURN, data=_plain(servers))


@command
def node_details(zone: Zone, node_name: str | None = None) -> Outcome:
    """Show what is known of every FreeSWITCH node, or of NODE_NAME; one that is not connected is asked itself."""
    servers = media_servers.everything(zone)
    if node_name is not None:
        if node_name not in servers:
            return text(f"Node {node_name} not found!", result=NO_RETURN)
        servers = {node_name: servers[node_name]}
    media_servers.introduce(zone, servers)
    return text(media_servers.details(servers, zone.settings.cookie), result=NO_RETURN, data=_plain(servers))


# Access lists


@command
def allow_carrier(zone: Zone, name: str, ip: str | None = None, as_default: Flag = False) -> Outcome:
    """Take calls from the carrier NAME at IP (an address, CIDR or host name; else NAME is that)."""
    return _modify(zone, name, ip, as_default, acls.CARRIERS, "allow")


@command
def deny_carrier(zone: Zone, name: str, ip: str | None = None, as_default: Flag = False) -> Outcome:
    """Refuse calls from the carrier NAME at IP."""
    return _modify(zone, name, ip, as_default, acls.CARRIERS, "deny")


@command
def allow_sbc(zone: Zone, name: str, ip: str | None = None, as_default: Flag = False) -> Outcome:
    """Take what the SBC (Kamailio) NAME at IP sends."""
    return _modify(zone, name, ip, as_default, acls.SBCS, "allow")


@command
def deny_sbc(zone: Zone, name: str, ip: str | None = None, as_default: Flag = False) -> Outcome:
    """Refuse what the SBC NAME at IP sends."""
    return _modify(zone, name, ip, as_default, acls.SBCS, "deny")


@command
def remove_acl(zone: Zone, name: str, as_default: Flag | None = None) -> Outcome:
    """Remove the access list entry NAME."""
    _, _, seen_by = _section(zone, False if as_default is None else as_default)
    section, always, _ = _section(zone, as_default)
    stored = acls.configured(zone, seen_by).get(name)
    if stored is None:
        kind = acls.effective(zone, seen_by).get(name, {}).get("authorizing_type")
        if kind is not None:
            owned = f"{name} is not managed by ecallmgr. It is of type {kind}; please use the APIs to manage it."
            return text(owned, result=NO_RETURN, errors=[Declined(reason=f"{name} was not removed")])
        return _reloaded(zone, [f"no ACL named {name} found"])
    where = f"{stored.get(acls.LIST)} ACLs {name}({','.join(acls.cidrs(stored))})"
    acls.store(zone, name, None, section=section, always=always, seen_by=seen_by)
    return _reloaded(zone, [f"removing {where} from ecallmgr system config"])


@command
def acl_summary(zone: Zone, as_default: Flag = False) -> Outcome:
    """Show all access list entries that hold for this node, or for every node when AS_DEFAULT is true."""
    return _listed(zone, as_default, None)


@command
def carrier_acls(zone: Zone, as_default: Flag = False) -> Outcome:
    """Show the carriers among the access list entries."""
    return _listed(zone, as_default, acls.CARRIERS)


@command
def sbc_acls(zone: Zone, as_default: Flag = False) -> Outcome:
    """Show the SBCs among the access list entries."""
    return _listed(zone, as_default, acls.SBCS)


@command
def test_carrier_ip(zone: Zone, ip: str, node: str | None = None) -> Outcome:  # noqa: PT028 - no test of pytest's
    """Tell whether FreeSWITCH, every node or NODE, would take a carrier's call from IP."""
    return _tested(zone, ip, node, acls.CARRIERS)


@command
def test_sbc_ip(zone: Zone, ip: str, node: str | None = None) -> Outcome:  # noqa: PT028 - no test of pytest's
    """Tell whether FreeSWITCH, every node or NODE, would take what an SBC at IP sends."""
    return _tested(zone, ip, node, acls.SBCS)


@command
def reload_acls(zone: Zone) -> Outcome:
    """Make every FreeSWITCH node read its access lists anew."""
    return text(media_servers.reload_acls(zone), result=NO_RETURN)


@command
def flush_acls(zone: Zone) -> Outcome:
    """Make every node forget its copy of the configuration, the access lists with it."""
    changes.forget(zone, system_config.DATABASE)
    return value(OK)


# Channels


@command
def channel_summary(zone: Zone, node: str | None = None, *, wait: int = _WAIT, all_zones: bool = False) -> Outcome:
    """Show all channels, or those of the FreeSWITCH node NODE."""
    reach = _reach(zone, wait, all_zones)
    found, errors, unheard = channels.briefly(reach)
    more, failed = channels.of_freeswitch(reach, unheard)
    found |= channels.shortened(more)
    return text(channels.table(found, node), result=NO_RETURN, data=found, errors=[*errors, *failed])


@command
def channel_details(zone: Zone, uuid: str | None = None, *, wait: int = _WAIT, all_zones: bool = False) -> Outcome:
    """Show all that is known of every channel, or of the one with UUID."""
    found, errors = channels.fully(_reach(zone, wait, all_zones), uuid)
    return text(channels.details(found), result=NO_RETURN, data=found, errors=errors)


@command
def sync_channels(zone: Zone, node: str | None = None) -> Outcome:
    """Refused where FreeSWITCH is connected: only an ecallmgr node itself can read its channels anew."""
    ecallmgr.refuse_where_connected(zone, node, "read the channels of FreeSWITCH anew")
    return value(OK)


@command
def flush_node_channels(zone: Zone, node: str) -> Outcome:
    """Refused where NODE is connected: only an ecallmgr node itself can forget its channels."""
    ecallmgr.refuse_where_connected(zone, node, f"forget the channels of {node}")
    return value(OK)


@command
def show_channels() -> Outcome:
    """Print which functions took this one's place."""
    return text("This function is depreciated, please use channel_summary or channel_details", result=NO_RETURN)


@command
def show_calls() -> Outcome:
    """Print which functions took this one's place."""
    return show_channels()


@command
def limit_channel_uptime(zone: Zone, max_age: str, as_default: Flag = True) -> Outcome:
    """Hang up channels that are older than MAX_AGE seconds, 0 for never; AS_DEFAULT false: for this node."""
    seconds = _seconds("MAX_AGE", max_age)
    section = system_config.DEFAULT if as_default else zone.node
    system_config.set_value(zone, _CATEGORY, _MAX_UPTIME, seconds, section=section, always=as_default)
    return text(f"updating max channel uptime to {terms.pretty(max_age)} (use 0 to disable check)")


@command
def hangup_long_running_channels(
    zone: Zone, max_age: str | None = None, *, wait: int = _WAIT, all_zones: bool = False
) -> Outcome:
    """Hang up channels older than MAX_AGE seconds, else than the configured age; on a terminal that is asked first.

    It takes FreeSWITCH servers in the settings. Without MAX_AGE a configured age of 0 hangs nothing up.
    """
    configured = to_integer(system_config.get(zone, _CATEGORY, _MAX_UPTIME, 0))
    seconds = configured if max_age is None else _seconds("MAX_AGE", max_age)
    shown = terms.pretty(configured if max_age is None else max_age)
    lines = [f"hanging up channels older than {shown} seconds"]
    if max_age is None and not configured:
        zone.run.warn("the configured age is 0, which is no limit; give an age to hang channels up")
        return text([*lines, "hungup 0 channels"])
    count, errors = old_channels.hang_up(_reach(zone, wait, all_zones), seconds)
    return text([*lines, f"hungup {count} channels"], errors=errors)


# Conferences


@command
def conference_summary(zone: Zone, node: str | None = None, *, wait: int = _WAIT, all_zones: bool = False) -> Outcome:
    """Show the running conferences, all or those of the FreeSWITCH node NODE."""
    found, errors = conferences.running(_reach(zone, wait, all_zones))
    wanted = [each for each in found if node in (None, each["Node"])]
    return text(conferences.table(wanted), result=NO_RETURN, data=wanted, errors=errors)


@command
def conference_details(zone: Zone, uuid: str | None = None, *, wait: int = _WAIT, all_zones: bool = False) -> Outcome:
    """Show the running conferences and who takes part, all or the one with the instance UUID."""
    reach = _reach(zone, wait, all_zones)
    found, errors = conferences.running(reach)
    wanted = [each for each in found if uuid in (None, each.get("UUID"))]
    whole, more = conferences.with_participants(reach, wanted)
    return text(conferences.details(whole), result=NO_RETURN, data=whole, errors=[*errors, *more])


@command
def sync_conferences(zone: Zone, node: str | None = None) -> Outcome:
    """Refused where FreeSWITCH is connected: only an ecallmgr node itself can read its conferences anew."""
    ecallmgr.refuse_where_connected(zone, node, "read the conferences of FreeSWITCH anew")
    return value(OK)


@command
def flush_node_conferences(zone: Zone, node: str) -> Outcome:
    """Refused where NODE is connected: only an ecallmgr node itself can forget its conferences."""
    ecallmgr.refuse_where_connected(zone, node, f"forget the conferences of {node}")
    return value(OK)


# Registrations


@command
def registrar_summary(zone: Zone, realm: str = "all", *, wait: int = _WAIT, all_zones: bool = False) -> Outcome:
    """Show the registrations, all or those of REALM."""
    found, errors = registrations.briefly(_reach(zone, wait, all_zones), realm)
    return text(registrations.table(found), result=NO_RETURN, data=found, errors=errors)


@command
def registrar_details(
    zone: Zone, username: str = "all", realm: str | None = None, *, wait: int = _WAIT, all_zones: bool = False
) -> Outcome:
    """Show all that is known of registrations: all, those of a realm, or that of USERNAME and REALM."""
    user, of = (username, realm) if realm is not None else ecallmgr.user_and_realm(username)
    found, errors = registrations.fully(_reach(zone, wait, all_zones), of, user)
    return text(registrations.details(found), result=NO_RETURN, data=found, errors=errors)


@command
def registrar_sync(zone: Zone) -> Outcome:
    """Ask Kamailio to tell of all its registrations again."""
    bus.publish(zone, [("registration.sync", {})], mandatory=False, signed=True)
    return value(NO_RETURN)


@command
def flush_registrar(
    zone: Zone, username: str | None = None, realm: str | None = None, *, wait: int = _WAIT, all_zones: bool = False
) -> Outcome:
    """Make every node forget its registrations: all, those of a realm, or that of USERNAME and REALM."""
    errors: list[SupError] = []
    for each in _reach(zone, wait, all_zones).zones:
        if username is None:
            found, failed = registrations.realms(collecting.Reach([each], wait))
            whose: list[dict[str, Any]] = [{"Realm": name} for name in found]
            errors += failed
        else:
            user, of = (username, realm) if realm is not None else ecallmgr.user_and_realm(username)
            whose = [{"Realm": of, "Username": user}]
        ecallmgr.tell(each, [("registration.flush", headers) for headers in whose])
    return value(OK, errors=errors)


@command
def check_sync(zone: Zone, username: str, realm: str) -> Outcome:
    """Send the phone of USERNAME and REALM a NOTIFY with which it fetches its configuration."""
    bus.publish(zone, [("switch.notify", {"Username": username, "Realm": realm, "Event": "check-sync"})])
    return value(OK)


# Caches and authorization


@command
def flush_authn(zone: Zone) -> Outcome:
    """Make every node forget the SIP credentials of all accounts."""
    changes.forget(zone, *accounts.databases(zone))
    return value(OK)


@command
def flush_util(zone: Zone) -> Outcome:
    """Make every node forget the configuration and the media files it knows."""
    changes.forget(zone, system_config.DATABASE, "system_media")
    return value(OK)


@command
def enable_authz(zone: Zone) -> Outcome:
    """Have every call authorized."""
    return _switched(zone, "authz_enabled", True, "turned on authz; calls will now require authorization")


@command
def disable_authz(zone: Zone) -> Outcome:
    """Have no call authorized."""
    return _switched(zone, "authz_enabled", False, "turned off authz; calls will no longer require authorization")


@command
def enable_local_resource_authz(zone: Zone) -> Outcome:
    """Have calls to local resources authorized too."""
    told = "turned on authz for local resources; calls to local resources will now require authorization"
    return _switched(zone, "authz_local_resources", True, told)


@command
def disable_local_resource_authz(zone: Zone) -> Outcome:
    """Have calls to local resources go unauthorized."""
    told = "turned off authz for local resources; calls to local resources will no longer require authorization"
    return _switched(zone, "authz_local_resources", False, told)


def _reach(zone: Zone, wait: int, all_zones: bool) -> collecting.Reach:
    return collecting.Reach(zone.everywhere() if all_zones else [zone], wait)


def _section(zone: Zone, as_default: bool | None) -> tuple[str, bool, str]:
    """Return into which section a list goes, whether always there, and who sees the list that is changed."""
    ecallmgr.warn_of_another_node(zone)
    if as_default is None:
        return zone.node, False, zone.node
    return (system_config.DEFAULT, True, system_config.DEFAULT) if as_default else (zone.node, True, zone.node)


def _modify(zone: Zone, name: str, ip: str | None, as_default: bool, network_list: str, kind: str) -> Outcome:
    address = name if ip is None else ip
    section, always, seen_by = _section(zone, as_default)
    found = ecallmgr.addresses(address)
    if not found:
        lines = [
            f"the supplied address {address} could not be processed.",
            f"  is cidr: {str(acls.is_cidr(address)).lower()}",
            f"  is ip: {str(acls.is_ip(address)).lower()}",
        ]
        return text(lines, result=NO_RETURN, errors=[ecallmgr.BadAddress(address=address)])
    # Kazoo resolves a host name only to see whether it can, and denies it by its name.
    entry = acls.entry(network_list, kind, found[0] if kind == "allow" else address)
    lines = [f"updating {network_list} ACLs {name}({entry['cidr']}) to {kind} traffic"]
    meant = {**entry, "cidr": [acls.to_cidr(each) for each in found]}
    for doubt in acls.doubts({**acls.configured(zone, seen_by), name: meant}, about=name):
        zone.run.warn(doubt)
    acls.store(zone, name, entry, section=section, always=always, seen_by=seen_by)
    return _reloaded(zone, lines)


def _reloaded(zone: Zone, lines: Sequence[str]) -> Outcome:
    """Finish a change of the access lists, which is stored by now, by having FreeSWITCH read them anew."""
    if zone.run.dry_run:
        return text(lines, result=NO_RETURN)
    errors: list[SupError] = []
    try:
        lines = [*lines, *media_servers.reload_acls(zone)]
    except SupError as error:
        errors.append(ecallmgr.NotReloaded(reason=str(error)))
    return text(lines, result=NO_RETURN, errors=errors)


def _listed(zone: Zone, as_default: bool, network_list: str | None) -> Outcome:
    found = acls.effective(zone, system_config.DEFAULT if as_default else zone.node)
    for doubt in acls.doubts(found):
        zone.run.warn(doubt)
    lines = acls.table(found, network_list)
    shown = {name: acl for name, acl in found.items() if network_list in (None, acl.get(acls.LIST))}
    return text(lines, result=NO_RETURN, data=shown)


def _tested(zone: Zone, ip: str, node: str | None, network_list: str) -> Outcome:
    if not acls.is_ip(ip):
        raise ecallmgr.BadAddress(address=ip)
    names = [*media_servers.connected(zone)] if node is None else [node]
    from kazoo_sup.kazoo.calls import switches

    asked = switches.verdicts(zone, names or [*known(zone, switches.KIND)], ip, network_list)
    accepted = dict(asked.given)
    if unlisted := [name for name in names if name not in switches.of(zone, names)]:
        worked_out = acls.accepts(acls.effective(zone, zone.node), network_list, ip)
        accepted |= dict.fromkeys(unlisted, worked_out)
        zone.run.warn(
            f"worked out from the configured ACLs for {', '.join(unlisted)}; the settings do not list it as FreeSWITCH"
        )
    lines = [f"IP {ip} on node {name} would be {_verdict(accepted[name])}" for name in sorted(accepted)]
    return text(lines, result=NO_RETURN if node is None else OK, **asked.ending())


def _verdict(accepted: bool) -> str:
    return "accepted" if accepted else "denied"


def _switched(zone: Zone, key: str, setting: bool, told: str) -> Outcome:
    system_config.set_value(zone, _CATEGORY, key, setting, section=system_config.DEFAULT, always=True)
    return text(told)


def _seconds(parameter: str, word: str) -> int:
    from kazoo_sup.errors import BadArgument

    try:
        seconds = to_integer(word)
    except ValueError as error:
        raise BadArgument(parameter=parameter, reason=str(error)) from error
    if seconds < 0:
        raise BadArgument(parameter=parameter, reason="it must not be below 0")
    return seconds


def _plain(servers: Any) -> dict[str, Any]:
    return {name: {**server, "connected": server.connected} for name, server in servers.items()}

"""ecallmgr and its FreeSWITCH nodes: access lists, calls, conferences, registrations. Mean an ecallmgr with -n.

AS_DEFAULT true means the setting of every node, false that of this node. IP is an address, CIDR or host name; where it
is left out NAME is that. WAIT is how many seconds an answer may take, --all-zones asks every zone of the settings. NODE
is a FreeSWITCH node.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from kazoo_sup import changes, terms
from kazoo_sup.arguments.reads import Reads, Text
from kazoo_sup.command import command
from kazoo_sup.errors import Declined
from kazoo_sup.kazoo import accounts, bus
from kazoo_sup.kazoo.bus import collect
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents.shapes import INTEGER
from kazoo_sup.kazoo.documents.values import is_true, to_integer
from kazoo_sup.kazoo.ecallmgr import acls, channels, conferences, ecallmgr, media_servers, old_channels, registrations
from kazoo_sup.results import NO_RETURN, OK, Answer, BulkReport, Done, Result
from kazoo_sup.terms import Atom
from kazoo_sup.texts import ecallmgr as texts
from kazoo_sup.zone import Zone

_CATEGORY = "ecallmgr"
_MAX_UPTIME = "max_channel_uptime_s"
_WAIT = bus.ANSWER_SECONDS

Flag = Annotated[bool, Reads(lambda word, zone: is_true(word))]
"""true, or anything else for false, as Kazoo reads it."""


# FreeSWITCH nodes


@command
def add_fs_node(zone: Zone, fs_node: str, as_default: Flag | None = None) -> Result:
    """Add FS_NODE to ecallmgr's configuration; with AS_DEFAULT true for every node, false for this one only."""
    section, always, seen_by = _section(zone, as_default)
    listed, wrong = media_servers.configured(zone, seen_by)
    lines = texts.misconfigured(wrong)
    if fs_node not in listed:
        _require(zone, section, always)
        lines.append(f"adding {fs_node} to ecallmgr system config")
        media_servers.store(zone, lambda old: [fs_node, *old], section=section, always=always, seen_by=seen_by)
        zone.run.warn(f"an ecallmgr that runs connects to {fs_node} when it is started again")
        return Done((Atom("error"), Atom("no_connection")), lines)
    connected, errors = media_servers.connected(zone, lambda names: fs_node in names)
    for error in errors:
        zone.run.warn(str(error))
    reason = "node_exists" if fs_node in connected else "no_connection"
    return Answer((Atom("error"), Atom(reason)), lines=lines)


@command
def remove_fs_node(zone: Zone, fs_node: str, as_default: Flag | None = None) -> Result:
    """Remove FS_NODE from ecallmgr's configuration; AS_DEFAULT is as with add_fs_node."""
    section, always, seen_by = _section(zone, as_default)
    listed, wrong = media_servers.configured(zone, seen_by)
    lines = texts.misconfigured(wrong)
    if fs_node in listed:
        _require(zone, section, always)
        lines.append(f"removing {fs_node} from ecallmgr system config")
        media_servers.store(
            zone, lambda old: media_servers.without(old, fs_node), section=section, always=always, seen_by=seen_by
        )
        zone.run.warn(f"an ecallmgr that runs stays connected to {fs_node} until it is stopped")
    return Done(lines=lines)


@command
def list_fs_nodes(zone: Zone) -> Result:
    """List the FreeSWITCH nodes that ecallmgr nodes are connected to."""
    connected, errors = media_servers.connected(zone)
    return Answer(NO_RETURN, lines=connected, report=BulkReport(errors=errors))


@command
def get_fs_nodes(zone: Zone) -> Answer:
    """List the FreeSWITCH nodes that are configured for this node."""
    listed, wrong = media_servers.configured(zone, zone.node)
    return Answer(NO_RETURN, lines=[*texts.misconfigured(wrong), *listed])


@command
def node_summary(zone: Zone) -> Result:
    """Show the FreeSWITCH nodes that are configured or connected."""
    servers, errors = media_servers.everything(zone)
    lines = texts.media_server_table(servers, zone.settings.cookie) if servers or not errors else []
    return Answer(NO_RETURN, lines=lines, data=media_servers.as_data(servers), report=BulkReport(errors=errors))


@command
def node_details(zone: Zone, node_name: str | None = None) -> Result:
    """Show what is known of every FreeSWITCH node, or of NODE_NAME; one that is not connected is asked itself."""
    servers, errors = media_servers.everything(zone)
    if node_name is not None:
        servers = media_servers.called(zone, node_name, servers)
        if not servers:
            # Where somebody could not be asked the node may be there all the same.
            return Answer(
                NO_RETURN, lines=[] if errors else [f"Node {node_name} not found!"], report=BulkReport(errors=errors)
            )
    media_servers.introduce(zone, servers)
    lines = texts.media_server_lines(servers, zone.settings.cookie) if servers or not errors else []
    return Answer(NO_RETURN, lines=lines, data=media_servers.as_data(servers), report=BulkReport(errors=errors))


# Access lists


@command
def allow_carrier(zone: Zone, name: str, ip: Text | None = None, as_default: Flag = False) -> Result:
    """Take calls from the carrier NAME at IP."""
    return _modify(zone, name, ip, as_default, acls.CARRIERS, "allow")


@command
def deny_carrier(zone: Zone, name: str, ip: Text | None = None, as_default: Flag = False) -> Result:
    """Refuse calls from the carrier NAME at IP."""
    return _modify(zone, name, ip, as_default, acls.CARRIERS, "deny")


@command
def allow_sbc(zone: Zone, name: str, ip: Text | None = None, as_default: Flag = False) -> Result:
    """Take what the SBC (Kamailio) NAME at IP sends."""
    return _modify(zone, name, ip, as_default, acls.SBCS, "allow")


@command
def deny_sbc(zone: Zone, name: str, ip: Text | None = None, as_default: Flag = False) -> Result:
    """Refuse what the SBC NAME at IP sends."""
    return _modify(zone, name, ip, as_default, acls.SBCS, "deny")


@command
def remove_acl(zone: Zone, name: str, as_default: Flag | None = None) -> Result:
    """Remove the access list entry NAME."""
    section, always, seen_by = _section(zone, as_default)
    stored = acls.configured(zone, seen_by).get(name)
    if stored is None:
        kind = acls.effective(zone, seen_by).get(name, {}).get("authorizing_type")
        if kind is not None:
            owned = f"{name} is not managed by ecallmgr. It is of type {kind}; please use the APIs to manage it."
            return Answer(
                NO_RETURN, lines=[owned], report=BulkReport(errors=[Declined(reason=f"{name} was not removed")])
            )
        return _reloaded(zone, [f"no ACL named {name} found"], change="nothing was changed")
    _require(zone, section, always)
    where = f"{stored.get(acls.LIST)} ACLs {name}({','.join(acls.cidrs(stored))})"
    acls.store(zone, name, None, section=section, always=always, seen_by=seen_by)
    return _reloaded(zone, [f"removing {where} from ecallmgr system config"])


@command
def acl_summary(zone: Zone, as_default: Flag = False) -> Result:
    """Show all access list entries that hold for this node, or for every node when AS_DEFAULT is true."""
    return _listed(zone, as_default, None)


@command
def carrier_acls(zone: Zone, as_default: Flag = False) -> Result:
    """Show the carriers among the access list entries."""
    return _listed(zone, as_default, acls.CARRIERS)


@command
def sbc_acls(zone: Zone, as_default: Flag = False) -> Result:
    """Show the SBCs among the access list entries."""
    return _listed(zone, as_default, acls.SBCS)


@command
def test_carrier_ip(zone: Zone, ip: Text, node: str | None = None) -> Result:  # noqa: PT028 - no test of pytest's
    """Show whether FreeSWITCH, every node or NODE, would take a carrier's call from IP."""
    return _tested(zone, ip, node, acls.CARRIERS)


@command
def test_sbc_ip(zone: Zone, ip: Text, node: str | None = None) -> Result:  # noqa: PT028 - no test of pytest's
    """Show whether FreeSWITCH, every node or NODE, would take what an SBC at IP sends."""
    return _tested(zone, ip, node, acls.SBCS)


@command
def reload_acls(zone: Zone) -> Result:
    """Make every FreeSWITCH node read its access lists again; where no ecallmgr is there, those of the settings."""
    planned = Done(NO_RETURN, ["every FreeSWITCH node would be told to read its access lists again"])
    told = changes.if_made(zone, lambda: media_servers.reload_acls(zone), shown=lambda: None)
    return planned if told is None else Done(NO_RETURN, texts.acls_reloaded(told[0]), BulkReport(errors=told[1]))


@command
def flush_acls(zone: Zone) -> Done:
    """Make every node forget its copy of the configuration, the access lists with it."""
    changes.forget(zone, system_config.DATABASE)
    return Done()


# Channels


@command
def channel_summary(zone: Zone, node: str | None = None, *, wait: int = _WAIT, all_zones: bool = False) -> Result:
    """Show all channels, or those of the FreeSWITCH node NODE."""
    reach = _reach(zone, wait, all_zones)
    found, errors, unheard = channels.briefly(reach)
    more, failed = channels.of_freeswitch(reach, unheard)
    wanted = channels.on(zone, found | channels.shortened(more), node)
    return Answer(
        NO_RETURN, lines=texts.channel_table(wanted), data=wanted, report=BulkReport(errors=[*errors, *failed])
    )


@command
def channel_details(zone: Zone, uuid: str | None = None, *, wait: int = _WAIT, all_zones: bool = False) -> Result:
    """Show all that is known of every channel, or of the one with UUID."""
    found, errors = channels.fully(_reach(zone, wait, all_zones), uuid)
    return Answer(NO_RETURN, lines=texts.channel_lines(found), data=found, report=BulkReport(errors=errors))


@command
def sync_channels(zone: Zone, node: str | None = None) -> Done:
    """Have the ecallmgr node read its channels again, where FreeSWITCH, or NODE, is connected."""
    ecallmgr.refuse_where_connected(zone, node, "read the channels of FreeSWITCH again")
    return Done()


@command
def flush_node_channels(zone: Zone, node: str) -> Done:
    """Have the ecallmgr node forget the channels of NODE, where that is connected."""
    ecallmgr.refuse_where_connected(
        zone, node, f"forget the channels of {node}, and tell applications that they are gone", effect="disrupts"
    )
    return Done()


@command
def show_channels() -> Answer:
    """Print which functions took this one's place."""
    return Answer(NO_RETURN, lines=["This function is depreciated, please use channel_summary or channel_details"])


@command
def show_calls() -> Result:
    """Print which functions took this one's place."""
    return show_channels()


@command
def limit_channel_uptime(zone: Zone, max_age: str, as_default: Flag = True) -> Done:
    """Hang up channels that are older than MAX_AGE seconds, 0 for never; AS_DEFAULT false: for this node."""
    seconds = _seconds("MAX_AGE", max_age)
    section = system_config.DEFAULT if as_default else zone.node
    system_config.set_value(zone, _CATEGORY, _MAX_UPTIME, seconds, section=section, always=as_default)
    return Done(lines=[f"updating max channel uptime to {terms.pretty(max_age)} (use 0 to disable check)"])


@command
def hangup_long_running_channels(
    zone: Zone, max_age: str | None = None, *, wait: int = _WAIT, all_zones: bool = False
) -> Answer:
    """Hang up channels older than MAX_AGE seconds, else than the configured age; on a terminal that is asked first.

    It takes FreeSWITCH servers in the settings. Without MAX_AGE a configured age of 0 hangs nothing up.
    """
    configured = system_config.read(zone, _CATEGORY, _MAX_UPTIME, 0, INTEGER)
    seconds = configured if max_age is None else _seconds("MAX_AGE", max_age)
    shown = terms.pretty(configured if max_age is None else max_age)
    lines = [f"hanging up channels older than {shown} seconds"]
    if max_age is None and not configured:
        zone.run.warn("the configured age is 0, which means no limit; give an age to hang channels up")
        return Answer(lines=[*lines, "hungup 0 channels"])
    count, errors = old_channels.hang_up(_reach(zone, wait, all_zones), seconds)
    return Answer(lines=[*lines, f"hungup {count} channels"], report=BulkReport(errors=errors))


# Conferences


@command
def conference_summary(zone: Zone, node: str | None = None, *, wait: int = _WAIT, all_zones: bool = False) -> Result:
    """Show the running conferences, all or those of the FreeSWITCH node NODE."""
    found, errors = conferences.running(_reach(zone, wait, all_zones))
    wanted = conferences.on(zone, found, node)
    return Answer(NO_RETURN, lines=texts.conference_table(wanted), data=wanted, report=BulkReport(errors=errors))


@command
def conference_details(zone: Zone, uuid: str | None = None, *, wait: int = _WAIT, all_zones: bool = False) -> Result:
    """Show the running conferences and who takes part, all or the one with the instance UUID."""
    reach = _reach(zone, wait, all_zones)
    found, errors = conferences.running(reach)
    wanted = [each for each in found if uuid in (None, each.get("UUID"))]
    whole, more = conferences.with_participants(reach, wanted)
    return Answer(
        NO_RETURN, lines=texts.conference_lines(whole), data=whole, report=BulkReport(errors=[*errors, *more])
    )


@command
def sync_conferences(zone: Zone, node: str | None = None) -> Done:
    """Have the ecallmgr node read its conferences again, where FreeSWITCH, or NODE, is connected."""
    ecallmgr.refuse_where_connected(zone, node, "read the conferences of FreeSWITCH again")
    return Done()


@command
def flush_node_conferences(zone: Zone, node: str) -> Done:
    """Have the ecallmgr node forget the conferences of NODE, where that is connected."""
    ecallmgr.refuse_where_connected(zone, node, f"forget the conferences of {node}")
    return Done()


# Registrations


@command
def registrar_summary(zone: Zone, realm: str = "all", *, wait: int = _WAIT, all_zones: bool = False) -> Result:
    """Show the registrations, all or those of REALM."""
    found, errors = registrations.briefly(_reach(zone, wait, all_zones), realm)
    return Answer(NO_RETURN, lines=texts.registration_table(found), data=found, report=BulkReport(errors=errors))


@command
def registrar_details(
    zone: Zone, username: str = "all", realm: str | None = None, *, wait: int = _WAIT, all_zones: bool = False
) -> Result:
    """Show all that is known of registrations: all, those of a realm, or that of USERNAME and REALM."""
    user, of = (username, realm) if realm is not None else ecallmgr.user_and_realm(username)
    found, errors = registrations.fully(_reach(zone, wait, all_zones), of, user)
    return Answer(NO_RETURN, lines=texts.registration_lines(found), data=found, report=BulkReport(errors=errors))


@command
def registrar_sync(zone: Zone) -> Done:
    """Ask Kamailio to tell of all its registrations again."""
    bus.publish(zone, [("registration.sync", {})], signed=True)
    return Done(NO_RETURN)


@command
def flush_registrar(
    zone: Zone, username: str | None = None, realm: str | None = None, *, wait: int = _WAIT, all_zones: bool = False
) -> Done:
    """Make every node forget its registrations: all, those of a realm, or that of USERNAME and REALM."""
    user, of = (username, realm) if username is None or realm is not None else ecallmgr.user_and_realm(username)
    return Done(report=BulkReport(errors=registrations.flush(_reach(zone, wait, all_zones), of, user)))


@command
def check_sync(zone: Zone, username: str, realm: str) -> Done:
    """Send the phone of USERNAME and REALM a NOTIFY with which it fetches its configuration."""
    bus.publish(zone, [("switch.notify", {"Username": username, "Realm": realm, "Event": "check-sync"})])
    return Done()


# Caches and authorization


@command
def flush_authn(zone: Zone) -> Done:
    """Make every node forget the SIP credentials of all accounts."""
    changes.forget(zone, *accounts.databases(zone))
    return Done()


@command
def flush_util(zone: Zone) -> Done:
    """Make every node forget the configuration and the media files it knows."""
    changes.forget(zone, system_config.DATABASE, "system_media")
    return Done()


@command
def enable_authz(zone: Zone) -> Result:
    """Have every call authorized."""
    return _switched(zone, "authz_enabled", setting=True)


@command
def disable_authz(zone: Zone) -> Result:
    """Have no call authorized."""
    return _switched(zone, "authz_enabled", setting=False)


@command
def enable_local_resource_authz(zone: Zone) -> Result:
    """Have calls to local resources authorized too."""
    return _switched(zone, "authz_local_resources", setting=True)


@command
def disable_local_resource_authz(zone: Zone) -> Result:
    """Have calls to local resources go unauthorized."""
    return _switched(zone, "authz_local_resources", setting=False)


def _reach(zone: Zone, wait: int, all_zones: bool) -> collect.Reach:
    return collect.Reach(zone.everywhere() if all_zones else [zone], wait)


def _section(zone: Zone, as_default: bool | None) -> tuple[str, bool, str]:
    """Return into which section a list goes, whether always there, and who sees the list that is changed."""
    if as_default:
        return system_config.DEFAULT, True, system_config.DEFAULT
    ecallmgr.warn_of_another_node(zone)
    return zone.node, as_default is not None, zone.node


def _require(zone: Zone, section: str, always: bool) -> None:
    """Refuse to store something for a node alone that nobody knows."""
    if always and section == zone.node:
        ecallmgr.require_node(zone, "`true` as the last argument is for all")


def _modify(zone: Zone, name: str, ip: str | None, as_default: bool, network_list: str, kind: str) -> Result:
    address = name if ip is None else ip
    section, always, seen_by = _section(zone, as_default)
    found = ecallmgr.addresses(address)
    if not found:
        return Answer(
            NO_RETURN,
            lines=texts.not_an_address(address),
            report=BulkReport(errors=[ecallmgr.BadAddress(address=address)]),
        )
    _require(zone, section, always)
    # Kazoo resolves a host name only to see whether it can, and denies it by its name.
    entry = acls.entry(network_list, kind, found[0] if kind == "allow" else ecallmgr.without_port(address))
    lines = [f"updating {network_list} ACLs {name}({entry['cidr']}) to {kind} traffic"]
    meant = {**entry, "cidr": [acls.to_cidr(each) for each in found]}
    for doubt in acls.doubts({**acls.configured(zone, seen_by), name: meant}, about=name):
        zone.run.warn(doubt)
    acls.store(zone, name, entry, section=section, always=always, seen_by=seen_by)
    return _reloaded(zone, lines)


def _reloaded(zone: Zone, lines: Sequence[str], change: str = "the ACLs are saved") -> Result:
    """Finish a change of the access lists by having FreeSWITCH read them again; CHANGE is what became of it."""
    shown = Answer(NO_RETURN, lines=lines)
    return changes.if_made(zone, lambda: _read_again(zone, lines, change), shown=lambda: shown)


def _read_again(zone: Zone, lines: Sequence[str], change: str) -> Done:
    names, errors = ecallmgr.have_acls_read(zone, change)
    return Done(NO_RETURN, [*lines, *texts.acls_reloaded(names)], report=BulkReport(errors=errors))


def _listed(zone: Zone, as_default: bool, network_list: str | None) -> Result:
    found = acls.effective(zone, system_config.DEFAULT if as_default else zone.node)
    for doubt in acls.doubts(found):
        zone.run.warn(doubt)
    lines = texts.acl_table(found, network_list)
    shown = {name: acl for name, acl in found.items() if network_list in (None, acl.get(acls.LIST))}
    return Answer(NO_RETURN, lines=lines, data=shown)


def _tested(zone: Zone, ip: str, node: str | None, network_list: str) -> Result:
    if not acls.is_ip(ip):
        raise ecallmgr.BadAddress(address=ip)
    accepted, errors = media_servers.accepting(zone, ip, node, network_list)
    return Answer(
        NO_RETURN if node is None else OK, lines=texts.verdicts(ip, accepted), report=BulkReport(errors=errors)
    )


def _switched(zone: Zone, key: str, *, setting: bool) -> Result:
    system_config.set_value(zone, _CATEGORY, key, setting, section=system_config.DEFAULT, always=True)
    return Done(lines=[texts.authz_switched(key, on=setting)])


def _seconds(parameter: str, word: str) -> int:
    from kazoo_sup.errors import BadArgument

    try:
        seconds = to_integer(word)
    except ValueError as error:
        raise BadArgument(parameter=parameter, reason=str(error)) from error
    if seconds < 0:
        raise BadArgument(parameter=parameter, reason="it must not be below 0")
    return seconds

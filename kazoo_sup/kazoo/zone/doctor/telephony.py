"""Gateways of FreeSWITCH and destinations of Kamailio's dispatcher that are down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.zone.doctor.finding import Finding, good
from kazoo_sup.kazoo.zone.health import freeswitch, kamailio
from kazoo_sup.kazoo.zone.health.health import Health, State, failed
from kazoo_sup.kazoo.zone.health.probes import Probe, run_all

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.zone import Zone

CHECK = "gateways"

_NAME_THEM = "name them in the settings: sup config show tells which file is in use"
_DEEDS = {
    freeswitch.GATEWAYS: "sup freeswitch gateways {server}; ask the carrier; "
    "sup freeswitch profile rescan PROFILE {server}",
    kamailio.DISPATCHER: "sup kamailio dispatcher list {server}; look whether those answer SIP; "
    "sup kamailio dispatcher reload {server}",
    freeswitch.COMPONENT: "sup freeswitch status {server}; where it is paused, sup freeswitch resume {server}; "
    "systemctl status freeswitch there",
    kamailio.COMPONENT: "sup kamailio status {server}; systemctl status kamailio there",
}


def checks(zone: Zone, seconds: float) -> list[Probe[Finding]]:
    """Return the check of gateways and destinations, whose servers have so many SECONDS to answer."""
    return [Probe(CHECK, "", partial(_collect, zone, seconds), judge)]


def judge(found: Sequence[Health]) -> Iterator[Finding]:
    """Yield what is not well of FreeSWITCH and Kamailio."""
    troubled = [each for each in found if each.state is not State.OK]
    for each in troubled:
        server = each.name.partition(" ")[0]
        subject = f"{each.component} {each.name}"
        yield Finding(CHECK, each.state, subject, each.summary, _DEEDS[each.component].format(server=server))
    if not found:
        yield Finding(CHECK, State.UNKNOWN, "", "the settings name no FreeSWITCH and no Kamailio", _NAME_THEM)
    elif not troubled:
        yield good(CHECK, "all gateways and destinations are up")


def _collect(zone: Zone, seconds: float) -> list[Health]:
    probes = [(zone, probe) for probe in (*freeswitch.probes(zone), *kamailio.probes(zone))]
    return [health for _, health in run_all(probes, seconds, _failed)]


def _failed(probe: Probe[Health], error: SupError) -> Health:
    return failed(probe.component, probe.name, error)

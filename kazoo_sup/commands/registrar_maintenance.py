"""The registrar: which device authenticates by an address, and how many listeners there are."""

from __future__ import annotations

from kazoo_sup import terms
from kazoo_sup.arguments.values import Integer
from kazoo_sup.command import command
from kazoo_sup.kazoo.auth import auth_by_ip
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.results import Answer, BulkReport, Done, Result
from kazoo_sup.terms.columns import text_field
from kazoo_sup.zone import Zone

_LABEL = 39


@command
def device_by_ip(zone: Zone, ip: str) -> Result:
    """Print the account and the device whose calls from IP are taken without a password."""
    lines = [f"Looking up IP: {ip}"]
    found, reason = auth_by_ip.lookup(zone, ip)
    if reason is None:
        lines += [f"{text_field(key, _LABEL)}: {each}" for key, each in found.items()]
    else:
        lines.append(terms.formatted("Not found: ~p", reason))
    return Answer(lines=lines, data=found)


@command
def set_listeners(zone: Zone, count: Integer) -> Answer:
    """Set with how many listeners, COUNT, a registrar starts; one that runs keeps those it has."""
    system_config.set_value(zone, "registrar", "listeners", count, section=zone.node)
    zone.run.warn("a registrar that runs keeps its listeners until it is started again")
    return Answer(terms.OK)


@command
def register_views(zone: Zone) -> Done:
    """Register the views of an installed registrar."""
    return Done(report=BulkReport(view_registrations.register(zone, "registrar")))

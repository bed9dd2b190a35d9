"""What Kamailio is told of devices and realms: from where they may send, and how much."""

from __future__ import annotations

from kazoo_sup import terms
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import system_config
from kazoo_sup.kazoo.calls import frontier
from kazoo_sup.kazoo.documents import value_at, with_value
from kazoo_sup.kazoo.values import Integer
from kazoo_sup.outcome import Outcome, text
from kazoo_sup.terms import UNDEFINED
from kazoo_sup.zone import Zone


@command
def lookup_acls(zone: Zone, entity: str) -> Outcome:
    """Print from which addresses ENTITY, user@realm or a realm, may send."""
    return text(frontier.acls(zone, entity))


@command
def lookup_rate_limits(zone: Zone, entity: str) -> Outcome:
    """Print how much ENTITY, user@realm or a realm, may send in a minute and in a second."""
    return text(frontier.rate_lines(frontier.rates(zone, entity)))


@command
def update_system_default(zone: Zone, path: str, value: Integer) -> Outcome:
    """Set the default rate at PATH, as device.per_minute.invites, to VALUE."""
    keys = path.split(".")
    if isinstance(value_at(frontier.DEFAULTS, keys), dict) or not all(keys):
        raise BadArgument(parameter="PATH", reason=f"{path!r} is no rate, as device.per_minute.invites is")
    old = value_at(frontier.default_rates(zone), keys)

    def changed(document: dict[str, object]) -> object:
        found = system_config.lookup(document, [frontier.RATES], node=zone.node, zone=zone.name)
        return with_value(frontier.DEFAULTS if found is system_config.MISSING else found, keys, value)

    system_config.update_value(zone, frontier.CATEGORY, frontier.RATES, changed, section=zone.node)
    return text(f"Updating {path} from {terms.dumps(UNDEFINED if old is None else old)} to {value}")

"""What Kamailio is told of devices and realms: from where they may send, and how much."""

from __future__ import annotations

from kazoo_sup import terms
from kazoo_sup.arguments.values import Integer
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents import value_at, with_value
from kazoo_sup.kazoo.ecallmgr import frontier
from kazoo_sup.results import Answer, Done, Result
from kazoo_sup.terms import UNDEFINED
from kazoo_sup.texts.ecallmgr import access_lines, rate_lines
from kazoo_sup.zone import Zone


@command
def lookup_acls(zone: Zone, entity: str) -> Result:
    """Print from which addresses ENTITY, user@realm or a realm, may send."""
    return Answer(lines=access_lines(entity, frontier.acls(zone, entity)))


@command
def lookup_rate_limits(zone: Zone, entity: str) -> Result:
    """Print how much ENTITY, user@realm or a realm, may send in a minute and in a second."""
    return Answer(lines=rate_lines(frontier.rates(zone, entity)))


@command
def update_system_default(zone: Zone, path: str, value: Integer) -> Result:
    """Set the default rate at PATH, as device.per_minute.invites, to VALUE."""
    keys = path.split(".")
    if isinstance(value_at(frontier.DEFAULTS, keys), dict) or not all(keys):
        raise BadArgument(parameter="PATH", reason=f"{path!r} is not a rate, as device.per_minute.invites is")
    old = value_at(frontier.default_rates(zone), keys)

    def changed(document: dict[str, object]) -> object:
        found = system_config.lookup(document, [frontier.RATES], node=zone.node, zone=zone.name)
        return with_value(found if isinstance(found, dict) else frontier.DEFAULTS, keys, value)

    system_config.update_value(zone, frontier.CATEGORY, frontier.RATES, changed, section=zone.node)
    return Done(lines=[terms.formatted("Updating ~s from ~p to ~p", path, UNDEFINED if old is None else old, value)])

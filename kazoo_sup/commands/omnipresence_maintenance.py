"""Presence: who watches whom, lamps for voicemail, and forgetting what is known of somebody.

WAIT is how many seconds answers may take.
"""

from __future__ import annotations

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.values import Integer
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import accounts, bus
from kazoo_sup.kazoo.bus import collect
from kazoo_sup.kazoo.presence import presence
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Result
from kazoo_sup.texts.presence import subscription_table
from kazoo_sup.zone import Zone

_WAIT = bus.ANSWER_SECONDS


@command
def current_subscriptions(
    zone: Zone, realm: str | None = None, user: str | None = None, *, wait: int = _WAIT
) -> Result:
    """List the subscriptions to presence: all, those in REALM, or those to USER of it."""
    realms = presence.all_realms(zone) if realm is None else [realm]
    found, errors = presence.subscriptions(collect.Reach([zone], wait), realms, user)
    return Answer(lines=subscription_table(found), data=found, report=BulkReport(errors=errors))


@command
def count_current_subscriptions(zone: Zone, *, wait: int = _WAIT) -> Result:
    """Count the subscriptions to presence in the realms of all accounts."""
    found, errors = presence.subscriptions(collect.Reach([zone], wait), presence.all_realms(zone))
    return Answer(NO_RETURN, lines=[str(len(found))], report=BulkReport(errors=errors))


@command
def subscribe(zone: Zone, realm: str, user: str) -> Done:
    """Subscribe to the presence of USER in REALM for a second, and print the state that is told."""
    return changes.if_made(zone, lambda: _state(zone, user, realm), shown=lambda: _subscribed(zone, user, realm))


def _subscribed(zone: Zone, user: str, realm: str) -> Done:
    presence.subscribe_only(zone, user, realm)
    return Done()


def _state(zone: Zone, user: str, realm: str) -> Done:
    state = presence.state(zone, user, realm)
    if state is None:
        return Done(lines=[f"Timed out waiting for update on subscription for {user}@{realm}"])
    return Done(lines=[f"Sent subscription for {user}@{realm}, recv'd update of state {state}"])


@command
def send_mwi_update(zone: Zone, user: str, new: Integer, saved: Integer) -> Done:
    """Set the voicemail lamp of USER (user@realm) to NEW and SAVED messages."""
    told = {"To": user, "Messages-New": new, "Messages-Saved": saved}
    bus.publish(zone, [("presence.mwi_update", told)])
    return Done()


@command
def reset_subscription(zone: Zone, user: str, realm: str | None = None) -> Result:
    """Forget the presence of USER of REALM, or of USER written user@realm."""
    name, of = _user(user, realm)
    return _reset(zone, name, of)


@command
def reset_subscriber(zone: Zone, user: str, realm: str | None = None) -> Result:
    """Forget the presence that USER of REALM is part of; USER may be written user@realm."""
    return reset_subscription(zone, user, realm)


@command
def reset_account(zone: Zone, account: AccountId) -> Result:
    """Forget the presence of all users of ACCOUNT."""
    realm = (accounts.definition(zone, account) or {}).get("realm")
    if not realm:
        raise BadArgument(parameter="ACCOUNT", reason=f"account {account} has no realm")
    return _reset(zone, "*", realm)


@command
def reset_realm(zone: Zone, realm: str) -> Result:
    """Forget the presence of all users of REALM."""
    return _reset(zone, "*", realm)


@command
def reset_zone(zone: Zone, zone_: str | None = None) -> Result:
    """Forget all that the nodes of ZONE, else of this zone, know of presence."""
    return _reset(zone, zone.name if zone_ is None else zone_, "*")


@command
def reset_server(zone: Zone, server: str) -> Result:
    """Forget all that the Kamailio SERVER knows of presence."""
    return _reset(zone, server, "*")


@command
def reset_cluster(zone: Zone) -> Result:
    """Forget all that is known of presence."""
    zone.run.confirm("make the whole cluster forget the presence of everybody")
    return _reset(zone, "*", "*")


def _reset(zone: Zone, username: str, realm: str) -> Done:
    presence.reset(zone, username, realm)
    return Done()


def _user(user: str, realm: str | None) -> tuple[str, str]:
    if realm is not None:
        return user, realm
    name, at, of = user.partition("@")
    if not at:
        raise BadArgument(parameter="USER", reason=f"{user!r} is not user@realm")
    return name, of.partition("@")[0]

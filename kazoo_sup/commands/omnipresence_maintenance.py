"""Presence: who watches whom, lamps for voicemail, and forgetting what is known of somebody.

WAIT is how many seconds answers may take.
"""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import accounts, bus, collecting
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.calls import presence
from kazoo_sup.kazoo.values import Integer
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, text, value
from kazoo_sup.zone import Zone

_WAIT = bus.ANSWER_SECONDS


@command
def current_subscriptions(
    zone: Zone, realm: str | None = None, user: str | None = None, *, wait: int = _WAIT
) -> Outcome:
    """List the subscriptions to presence: all, those in REALM, or those to USER of it."""
    realms = presence.all_realms(zone) if realm is None else [realm]
    found, errors = presence.subscriptions(collecting.Reach([zone], wait), realms, user)
    return text(presence.table(found), data=found, errors=errors)


@command
def count_current_subscriptions(zone: Zone, *, wait: int = _WAIT) -> Outcome:
    """Count the subscriptions to presence in the realms of all accounts."""
    found, errors = presence.subscriptions(collecting.Reach([zone], wait), presence.all_realms(zone))
    return text(str(len(found)), result=NO_RETURN, errors=errors)


@command
def subscribe(zone: Zone, realm: str, user: str) -> Outcome:
    """Subscribe to the presence of USER in REALM for a second, and print the state that is told."""
    if zone.run.dry_run:
        presence.subscribe_only(zone, user, realm)
        return value(OK)
    state = presence.state(zone, user, realm)
    if state is None:
        return text(f"Timed out waiting for update on subscription for {user}@{realm}")
    return text(f"Sent subscription for {user}@{realm}, recv'd update of state {state}")


@command
def send_mwi_update(zone: Zone, user: str, new: Integer, saved: Integer) -> Outcome:
    """Set the voicemail lamp of USER (user@realm) to NEW and SAVED messages."""
    told = {"To": user, "Messages-New": new, "Messages-Saved": saved}
    bus.publish(zone, [("presence.mwi_update", told)])
    return value(OK)


@command
def reset_subscription(zone: Zone, user: str, realm: str | None = None) -> Outcome:
    """Forget the presence of USER of REALM, or of USER written user@realm."""
    name, of = _user(user, realm)
    return _reset(zone, name, of)


@command
def reset_subscriber(zone: Zone, user: str, realm: str | None = None) -> Outcome:
    """Forget the presence that USER of REALM is part of; USER may be written user@realm."""
    return reset_subscription(zone, user, realm)


@command
def reset_account(zone: Zone, account: AccountId) -> Outcome:
    """Forget the presence of all users of ACCOUNT."""
    realm = (accounts.definition(zone, account) or {}).get("realm")
    if not realm:
        raise BadArgument(parameter="ACCOUNT", reason=f"account {account} has no realm")
    return _reset(zone, "*", realm)


@command
def reset_realm(zone: Zone, realm: str) -> Outcome:
    """Forget the presence of all users of REALM."""
    return _reset(zone, "*", realm)


@command
def reset_zone(zone: Zone, zone_: str | None = None) -> Outcome:
    """Forget all that the nodes of ZONE, else of this zone, know of presence."""
    return _reset(zone, zone.name if zone_ is None else zone_, "*")


@command
def reset_server(zone: Zone, server: str) -> Outcome:
    """Forget all that the Kamailio SERVER knows of presence."""
    return _reset(zone, server, "*")


@command
def reset_cluster(zone: Zone) -> Outcome:
    """Forget all that is known of presence."""
    zone.run.confirm("make the whole cluster forget the presence of everybody")
    return _reset(zone, "*", "*")


def _reset(zone: Zone, username: str, realm: str) -> Outcome:
    presence.reset(zone, username, realm)
    return value(OK)


def _user(user: str, realm: str | None) -> tuple[str, str]:
    if realm is not None:
        return user, realm
    name, at, of = user.partition("@")
    if not at:
        raise BadArgument(parameter="USER", reason=f"{user!r} is not user@realm")
    return name, of.partition("@")[0]

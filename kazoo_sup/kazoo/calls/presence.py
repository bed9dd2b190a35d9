"""Who watches whom: subscriptions to presence, as omnipresence and Kamailio tell of them.

Source: Kazoo omnipresence_maintenance, kapi_presence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kazoo_sup.kazoo import bus, views
from kazoo_sup.kazoo.collecting import Collecting
from kazoo_sup.kazoo.documents import now, objects
from kazoo_sup.terms.columns import shown

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.collecting import Reach
    from kazoo_sup.zone import Zone

APPS = ("omnipresence", "kamailio")
UPDATE_SECONDS = 2.0
"""How long a subscription waits for the state (kz_amqp_worker, default_timeout)."""

_WIDTHS = (50, 50, 10, 20)

Subscription = Mapping[str, Any]


def subscriptions(
    reach: Reach, realms: Sequence[str], username: str | None = None
) -> tuple[list[Subscription], list[SupError]]:
    """Return the subscriptions in realms, or those of one user there, and what went wrong on the way."""
    requests = [("presence.search_req", {"Realm": realm, "Username": username}) for realm in realms]
    asked = Collecting(reach, requests, apps=APPS, needed=False)
    found: dict[tuple[Any, ...], Subscription] = {}
    for answer in asked:
        for each in objects(answer.get("Subscriptions")):
            facts = {str(key).lower().replace("-", "_"): value for key, value in each.items()}
            key = tuple(str(facts.get(part)) for part in ("username", "realm", "from", "event", "call_id"))
            found[key] = facts
    return list(found.values()), asked.errors


def all_realms(zone: Zone) -> list[str]:
    """Return the realms of all accounts."""
    return [str(row["key"]) for row in views.rows(zone, "accounts", "accounts", "listing_by_realm")]


def table(found: Sequence[Subscription]) -> Iterator[str]:
    """Yield the lines of Kazoo's list of subscriptions (omnipresence_maintenance:print_subscriptions/1)."""
    if not found:
        yield "No subscriptions have been found"
        return
    yield _line("Username@Realm", "From", "Expires", "Event")
    time_now = now()
    for each in found:
        expires, since = each.get("expires"), each.get("timestamp", time_now)
        left = expires - (time_now - since) if isinstance(expires, int) and isinstance(since, int) else expires
        who = f"{shown(each.get('username'))}@{shown(each.get('realm'))}"
        yield _line(who, each.get("from"), left, each.get("event"))


def state(zone: Zone, user: str, realm: str) -> str | None:
    """Subscribe to a user's presence for a second; return the state told of it, None when none was told in time.

    Kazoo listens for updates where none can arrive and always waits in vain (omnipresence_maintenance:subscribe/2).
    """
    from kazoo_sup.names import routing_word
    from kazoo_sup.transports.amqp_ask import Binding

    binding = Binding("presence", "topic", f"update.{routing_word(realm)}.*")
    update = bus.witness(zone, *_subscription(user, realm), binding, "presence.update", seconds=UPDATE_SECONDS)
    return None if update is None else str(update["State"])


def subscribe_only(zone: Zone, user: str, realm: str) -> None:
    """Subscribe without waiting for the state."""
    bus.publish(zone, [_subscription(user, realm)])


def reset(zone: Zone, username: str, realm: str) -> None:
    """Have everybody forget what is known of a user's presence; * stands for all."""
    bus.publish(zone, [("presence.reset", {"Realm": realm, "Username": username})])


def _subscription(user: str, realm: str) -> bus.Request:
    return "presence.subscription", {"User": f"sip:{user}@{realm}", "Expires": 1}


def _line(*cells: Any) -> str:
    return " " + " | ".join(shown(cell)[:width].rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True)) + " |"

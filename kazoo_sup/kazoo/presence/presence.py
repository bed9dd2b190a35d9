"""Who watches whom: subscriptions to presence, as omnipresence and Kamailio report them.

Source: Kazoo omnipresence_maintenance, kapi_presence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.bus.collect import Collector
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import objects
from kazoo_sup.types import Fields

if TYPE_CHECKING:
    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.bus.collect import Reach
    from kazoo_sup.zone import Zone

APPS = ("omnipresence", "kamailio")
UPDATE_SECONDS = 2.0
"""How long a subscription waits for the state (kz_amqp_worker, default_timeout)."""


Subscription = Fields


def subscriptions(
    reach: Reach, realms: Sequence[str], username: str | None = None
) -> tuple[list[Subscription], list[SupError]]:
    """Return the subscriptions in realms, or those of one user there, and what went wrong on the way."""
    requests = [("presence.search_req", {"Realm": realm, "Username": username}) for realm in realms]
    asked = Collector(reach, requests, apps=APPS, what="subscriptions", needed=False)
    found: dict[tuple[object, ...], Subscription] = {}
    for answer in asked:
        for each in objects(answer.get("Subscriptions")):
            facts = {str(key).lower().replace("-", "_"): value for key, value in each.items()}
            key = tuple(str(facts.get(part)) for part in ("username", "realm", "from", "event", "call_id"))
            found[key] = facts
    return list(found.values()), asked.errors


def all_realms(zone: Zone) -> list[str]:
    """Return the realms of all accounts."""
    return [str(row["key"]) for row in views.rows(zone, "accounts", "accounts", "listing_by_realm")]


def state(zone: Zone, user: str, realm: str) -> str | None:
    """Subscribe to a user's presence for a second; return the state told of it, None when none was told in time.

    Kazoo listens for updates where none can arrive and always waits in vain (omnipresence_maintenance:subscribe/2).
    """
    from kazoo_sup.messages.names import routing_word
    from kazoo_sup.transports.amqp import Binding

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

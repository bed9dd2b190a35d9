"""What Kazoo prints of subscriptions to presence. Source: Kazoo omnipresence_maintenance:print_subscriptions/1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.documents import now
from kazoo_sup.terms.columns import shown

if TYPE_CHECKING:
    from kazoo_sup.kazoo.presence.presence import Subscription

_WIDTHS = (50, 50, 10, 20)


def subscription_table(found: Sequence[Subscription]) -> Iterator[str]:
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


def _line(*cells: object) -> str:
    return " " + " | ".join(shown(cell)[:width].rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True)) + " |"

"""What Kazoo prints of webhooks.

Source: Kazoo webhooks_shared_listener:hooks_configured/0, webhooks_util:reenable/2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple

from kazoo_sup.kazoo import webhooks
from kazoo_sup.terms.columns import text_field

_WIDTHS = (45, 5, 20, 10, 32)
_HEADINGS = ("URI", "VERB", "EVENT", "RETRIES", "ACCOUNT ID")


def configured(found: Iterable[webhooks.Webhook]) -> Iterator[str]:
    """Show webhooks in a table, and how many there are."""
    count = 0
    for each in found:
        if not count:
            yield _line(_HEADINGS)
        count += 1
        yield _line(astuple(each))
    yield f"found {count} webhooks" if count else "no webhooks configured"


def lines(events: Iterable[object]) -> Iterator[str]:
    """Tell of webhooks that are enabled again."""
    for event in events:
        match event:
            case webhooks.AccountBegun(account):
                yield f"## checking account {account} for hooks to enable ##"
            case webhooks.NoWebhooks(account):
                yield f"account {account} has no webhooks configured"
            case webhooks.NoneDisabled():
                yield "no hooks to re-enable"
            case webhooks.WebhooksEnabled(_, ids):
                yield f"re-enabled {len(ids)} hooks"
                yield f"IDs: {', '.join(ids)}"


def _line(cells: tuple[object, ...]) -> str:
    return f"| {' | '.join(text_field(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True))} |"

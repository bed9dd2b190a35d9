"""Webhooks: which are configured, and enabling those again that a node has switched off after too many failures.

Source: Kazoo webhooks_util:reenable/2, webhooks_shared_listener:hooks_configured/0,1. Kazoo lists what one node has
loaded; here it is what every node loads, in the order of the accounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kazoo_sup import changes
from kazoo_sup.kazoo import accounts, views
from kazoo_sup.kazoo.values import is_true, to_integer
from kazoo_sup.terms.columns import text_field

if TYPE_CHECKING:
    from kazoo_sup.changes import Document
    from kazoo_sup.kazoo.failures import Failures
    from kazoo_sup.zone import Zone

DATABASE = "webhooks"
CATEGORY = "webhooks"
EXPIRY = "attempt_failure_expiry_ms"
FAILURES = "attempt_failure_count"
MESSAGE = "pvt_disabled_message"

_WIDTHS = (45, 5, 20, 10, 32)
_HEADINGS = ("URI", "VERB", "EVENT", "RETRIES", "ACCOUNT ID")
_VERBS = ("get", "post", "put")
_RETRIES = 3
_MOST_RETRIES = 5
_CHANNEL = "channel_"


def configured(zone: Zone, account: str | None = None) -> Iterator[str]:
    """Yield what Kazoo prints of the enabled webhooks, of all accounts or of one."""
    bounds: dict[str, Any] = {} if account is None else {"start": [account], "end": [account, {}]}
    count = 0
    for row in views.rows(zone, DATABASE, "webhooks", "webhooks_listing", include_docs=True, **bounds):
        if not row.get("doc"):
            continue
        if not count:
            yield _line(_HEADINGS)
        count += 1
        yield _line(described(row["doc"]))
    yield f"found {count} webhooks" if count else "no webhooks configured"


def described(hook: Document) -> tuple[Any, ...]:
    """Return the cells of a webhook: its URI, verb, event, retries and account."""
    verb = str(hook.get("http_verb")).lower()
    try:
        retries = to_integer(hook.get("retries", _RETRIES))
    except ValueError:
        retries = _RETRIES
    event = str(hook.get("hook") or "").lower()
    return (
        hook.get("uri"),
        verb if verb in _VERBS else _VERBS[0],
        event.upper() if event.startswith(_CHANNEL) else event,
        min(max(retries, 1), _MOST_RETRIES),
        hook.get("pvt_account_id"),
    )


def enable_of_account(zone: Zone, account: str, failures: Failures) -> Iterator[str]:
    """Enable those webhooks of an account that a node has switched off, and tell of it.

    FAILURES takes in what could not be saved.
    """
    rows = views.rows(zone, DATABASE, "webhooks", "accounts_listing", key=account, include_docs=True)
    hooks = [row["doc"] for row in rows if row.get("doc")]
    if not hooks:
        yield f"account {account} has no webhooks configured"
        return
    disabled = [hook for hook in hooks if is_auto_disabled(hook)]
    if not disabled:
        yield "no hooks to re-enable"
        return
    saved: list[str] = []
    edits = (changes.edit(DATABASE, hook, enabled) for hook in disabled)
    tally = changes.apply(zone, edits, seen=lambda report: saved.append(report.id) if not report.error else None)
    failures.include(tally)
    yield f"re-enabled {len(saved)} hooks"
    yield f"IDs: {', '.join(saved)}"


def enable_of_descendants(zone: Zone, account: str, failures: Failures) -> Iterator[str]:
    """Do what enable_of_account does for an account and all below it."""
    rows = views.rows(zone, accounts.DATABASE, "accounts", "listing_by_descendants", start=[account], end=[account, {}])
    below = [str(row["value"]["id"]) for row in rows]
    with changes.together(zone):
        for each in (account, *below):
            yield f"## checking account {each} for hooks to enable ##"
            yield from enable_of_account(zone, each, failures)


def is_auto_disabled(hook: Document) -> bool:
    """Tell a webhook that a node has switched off, not its owner (Kazoo kzd_webhook:is_auto_disabled/1)."""
    return not is_true(hook.get("enabled", True)) and hook.get(MESSAGE) is not None


def enabled(hook: Document) -> Document:
    """Return a webhook as it is enabled again; one that its owner has switched off stays as it is."""
    if not is_auto_disabled(hook):
        return hook
    return {**{key: value for key, value in hook.items() if key != MESSAGE}, "enabled": True}


def _line(cells: tuple[Any, ...]) -> str:
    return f"| {' | '.join(text_field(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True))} |"

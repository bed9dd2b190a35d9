"""Webhooks: which are configured, and enabling those again that a node has switched off after too many failures.

Source: Kazoo webhooks_util:reenable/2, webhooks_shared_listener:hooks_configured/0,1. Kazoo lists what one node has
loaded; here it is what every node loads, in the order of the accounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import masking
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents.values import is_true, to_integer
from kazoo_sup.results import BulkReport

if TYPE_CHECKING:
    from kazoo_sup.results import Event
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

DATABASE = "webhooks"
CATEGORY = "webhooks"
EXPIRY = "attempt_failure_expiry_ms"
FAILURES = "attempt_failure_count"
MESSAGE = "pvt_disabled_message"

_VERBS = ("get", "post", "put")
_RETRIES = 3
_MOST_RETRIES = 5
_CHANNEL = "channel_"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An enabled webhook, as a node reads it: its address, HTTP verb, event, tries of one event, and account."""

    uri: Json
    verb: str
    event: str
    retries: int
    account_id: Json


@dataclass(frozen=True, slots=True)
class AccountBegun:
    """The webhooks of an account, one of several, are looked at."""

    account: str


@dataclass(frozen=True, slots=True)
class NoWebhooks:
    """An account has none."""

    account: str


@dataclass(frozen=True, slots=True)
class NoneDisabled:
    """None of an account's webhooks has been switched off by a node."""

    account: str


@dataclass(frozen=True, slots=True)
class WebhooksEnabled:
    """Webhooks of an account, by their ids, that are enabled again."""

    account: str
    ids: list[str]


def configured(zone: Zone, account: str | None = None) -> Iterator[Webhook]:
    """Yield the enabled webhooks, of all accounts or of one."""
    bounds: Document = {} if account is None else {"start": [account], "end": [account, {}]}
    for row in views.rows(zone, DATABASE, "webhooks", "webhooks_listing", include_docs=True, **bounds):
        if row.get("doc"):
            yield described(row["doc"])


def described(hook: Document) -> Webhook:
    """Return a webhook as a node reads it; what is wrong there counts as Kazoo's default."""
    verb = str(hook.get("http_verb")).lower()
    try:
        retries = to_integer(hook.get("retries", _RETRIES))
    except ValueError:
        retries = _RETRIES
    event = str(hook.get("hook") or "").lower()
    return Webhook(
        masking.of_document(hook.get("uri")),
        verb if verb in _VERBS else _VERBS[0],
        event.upper() if event.startswith(_CHANNEL) else event,
        min(max(retries, 1), _MOST_RETRIES),
        hook.get("pvt_account_id"),
    )


def enable_of_account(zone: Zone, account: str) -> Iterator[Event]:
    """Enable those webhooks of an account that a node has switched off, and report them."""
    rows = views.rows(zone, DATABASE, "webhooks", "accounts_listing", key=account, include_docs=True)
    hooks = [row["doc"] for row in rows if row.get("doc")]
    if not hooks:
        yield NoWebhooks(account)
        return
    disabled = [hook for hook in hooks if is_auto_disabled(hook)]
    if not disabled:
        yield NoneDisabled(account)
        return
    saved: list[str] = []
    edits = (changes.edit(DATABASE, hook, enabled) for hook in disabled)
    tally = changes.apply(zone, edits, seen=lambda report: saved.append(report.id) if not report.error else None)
    yield WebhooksEnabled(account, saved)
    yield BulkReport(tally.counts, tally.errors, "webhooks")


def enable_of_descendants(zone: Zone, account: str) -> Iterator[Event]:
    """Do what enable_of_account does for an account and all below it."""
    rows = views.rows(zone, accounts.DATABASE, "accounts", "listing_by_descendants", start=[account], end=[account, {}])
    below = [str(row["id"]) for row in rows]
    with changes.together(zone):
        for each in (account, *below):
            yield AccountBegun(each)
            yield from enable_of_account(zone, each)


def is_auto_disabled(hook: Document) -> bool:
    """Tell a webhook that a node has switched off, not its owner (Kazoo kzd_webhook:is_auto_disabled/1)."""
    return not is_true(hook.get("enabled", True)) and hook.get(MESSAGE) is not None


def enabled(hook: Document) -> Document:
    """Return a webhook as it is enabled again; one that its owner has switched off stays as it is."""
    if not is_auto_disabled(hook):
        return hook
    return {**{key: value for key, value in hook.items() if key != MESSAGE}, "enabled": True}

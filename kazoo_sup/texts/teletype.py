"""What Kazoo prints of the templates of its e-mails. Source: Kazoo teletype_maintenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kazoo_sup.kazoo.notifications.notification_templates import (
    CustomizationsFound,
    Forced,
    RestoreBegun,
    TemplateDone,
    TemplateRestored,
)

UNREADABLE = "failed to query existing notifications: not_found"
"""The line about a database that is not there."""


def lines(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's lines for each thing that took place."""
    for event in events:
        match event:
            case CustomizationsFound(account, 0):
                yield f":: no template customization(s) found for {account}"
            case CustomizationsFound(account, count):
                yield f":: removing {count} template customization(s) from {account}"
            case Forced(account, count):
                yield ""
                yield f":: forcing {count} system default template(s) for account {account}"
            case TemplateDone(template, became):
                yield f"  {template}: {became}"
            case RestoreBegun(template, document):
                yield f"restoring to default version: {template}({document})"
            case TemplateRestored(template, name):
                yield f"  deleted {name}"
                yield f"  re-initializing template {template}"
                yield "  finished"


def after_listing(events: Iterable[object]) -> Iterator[str]:
    """Yield the lines of work with templates whose database was not there to list them."""
    yield UNREADABLE
    yield from lines(events)

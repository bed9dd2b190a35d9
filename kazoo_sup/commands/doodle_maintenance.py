"""Text messages: what doodle keeps in its cache, and sending one to try."""

from __future__ import annotations

import os

from kazoo_sup import changes
from kazoo_sup.arguments.reads import Text
from kazoo_sup.command import command
from kazoo_sup.kazoo import accounts, bus
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents.shapes import TEXT
from kazoo_sup.results import Done
from kazoo_sup.zone import Zone

_DEFAULT_FROM = "15552220001"


@command
def flush(zone: Zone) -> Done:
    """Make every node forget the accounts' documents that doodle knows."""
    changes.forget(zone, *accounts.databases(zone))
    return Done()


@command
def send_outbound_sms(zone: Zone, to: str, from_: str, msg: Text | None = None) -> Done:
    """Send the text MSG from the number FROM to TO; with two arguments, TO and MSG, from the configured test number."""
    sender, body = (from_, msg) if msg is not None else (_test_number(zone), from_)
    sent = {"Message-ID": os.urandom(16).hex(), "System-ID": zone.node, "From": sender, "To": to, "Body": body}
    bus.publish(zone, [("im.sms_outbound", sent)])
    return Done()


def _test_number(zone: Zone) -> str:
    return system_config.read(zone, "doodle", "default_test_from_number", _DEFAULT_FROM, TEXT)

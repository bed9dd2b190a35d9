"""Phone numbers as people write them."""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.kazoo.numbers import pretty
from kazoo_sup.results import Answer
from kazoo_sup.zone import Zone


@command
def pretty_print(zone: Zone, number: str) -> Answer:
    """Show NUMBER in the form that its class has for people, such as (415) 555 - 0100."""
    return Answer(pretty.shown(number, zone))

"""What Kazoo prints of dedicated IP addresses. Source: Kazoo kazoo_ips_maintenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kazoo_sup.terms.columns import text_field

if TYPE_CHECKING:
    from kazoo_sup.types import Row

_WIDTHS = (15, 10, 10, 30, 32)
_COLUMNS = {"ip": "IP", "status": "Status", "zone": "Zone", "host": "Host", "assigned_to": "Account"}


def table(addresses: Iterable[Row]) -> Iterator[str]:
    """Yield the table of addresses: where each is, and whose."""
    first = True
    for each in addresses:
        if first:
            yield _rule("-")
            yield _row(_COLUMNS)
            yield _rule("=")
        first = False
        yield _row(each)
    yield "No IPs found" if first else _rule("-")


def _rule(line: str) -> str:
    return f"+{'+'.join(line * (width + 2) for width in _WIDTHS)}+"


def _row(found: Row) -> str:
    cells = (text_field(found.get(key), width) for key, width in zip(_COLUMNS, _WIDTHS, strict=True))
    return f"| {' | '.join(cells)} |"

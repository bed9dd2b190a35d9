"""What a result prints before its term, whichever of the four it is."""

from __future__ import annotations

from kazoo_sup.errors import SupError
from kazoo_sup.results import BulkReport, Live


def lines(result):
    """The lines, errors and reports among the events left out; the work behind them is done."""
    if isinstance(result, Live):
        plain = (each for each in result.events if not isinstance(each, SupError | BulkReport))
        return list(result.tell(plain))
    return list(result.lines)


def cells(text):
    """The cells of a table drawn with |, row by row, without its head."""
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")][1:]


def told(events, tell):
    """The lines that TELL makes of events, and the counts of the reports of items among them."""
    found = list(events)
    reports = [each for each in found if isinstance(each, BulkReport) and not each.of]
    return list(tell(each for each in found if not isinstance(each, BulkReport))), sum(reports, BulkReport()).counts

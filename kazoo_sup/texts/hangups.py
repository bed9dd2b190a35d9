"""What Kazoo prints of hangups: rates and their thresholds. Source: Kazoo hangups_maintenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.kazoo.documents.values import to_float
from kazoo_sup.kazoo.ecallmgr.hangups import Refusal, category
from kazoo_sup.terms import UNDEFINED
from kazoo_sup.terms.columns import text_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kazoo_sup.kazoo.ecallmgr.hangups import Measured, Monitored

_WIDTHS = (30, 32, 10, 10, 10, 10)


def refused(refusal: Refusal, metric: str, load: str) -> str:
    """Return why a threshold was not set."""
    if refusal is Refusal.METRIC:
        return f"metric '{metric}' is invalid"
    if refusal is Refusal.LOAD:
        return terms.formatted(" load_avg '~p' is invalid", load)
    return terms.formatted("load_avg of ~p is too low", to_float(load))


def threshold_set(cause: str, metric: str, load: str) -> str:
    """Return the line of a threshold that was set."""
    return terms.formatted("set ~s for ~s to ~p", metric, category(cause), load)


def monitored(done: Iterable[Monitored]) -> Iterator[str]:
    """Yield the line of each threshold that was set or changed."""
    for each in done:
        named = (each.metric, category(each.cause), each.threshold)
        if each.before is None:
            yield terms.formatted("setting ~s for ~s to ~p", *named)
        else:
            yield terms.formatted("updating ~s for ~s to ~p from ~p", *named, each.before)


def table(found: Iterable[Measured]) -> Iterator[str]:
    """Yield the table of what meters have measured."""
    rows = [_row((*each.meter, *map(terms.json_encode, each.rates), _threshold(each))) for each in found]
    if not rows:
        yield "No data found for request"
        return
    yield _row(("Hangup Cause", "AccountId", "One", "Five", "Fifteen", "Thr. One"))
    yield from rows


def _row(cells: Iterable[str]) -> str:
    return f" {' | '.join(text_field(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True))} |"


def _threshold(found: Measured) -> str:
    """Return what Erlang's `~e` makes of a threshold."""
    if found.threshold is None:
        return UNDEFINED
    mantissa, _, exponent = f"{found.threshold:.5e}".partition("e")
    return f"{mantissa}e{int(exponent):+d}"

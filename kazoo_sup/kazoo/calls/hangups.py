"""Hangups: how often calls end for which cause, and from which rate on that is an alarm.

Source: Kazoo hangups_maintenance, hangups_config, hangups_query_listener. Rates are kept in the memory of each node
that runs hangups; here all of them are asked, and what they have measured is added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from kazoo_sup import terms
from kazoo_sup.kazoo import collecting, system_config
from kazoo_sup.kazoo.values import to_float
from kazoo_sup.terms import UNDEFINED
from kazoo_sup.terms.columns import text_field

if TYPE_CHECKING:
    from kazoo_sup.zone import Zone

CATEGORY = "hangups"
MONITORED = (
    "CALL_REJECTED",
    "MANDATORY_IE_MISSING",
    "NO_ROUTE_DESTINATION",
    "PROGRESS_TIMEOUT",
    "RECOVERY_ON_TIMER_EXPIRE",
    "WRONG_CALL_STATE",
)
METRICS = ("one", "five", "fifteen", "day", "mean")
SCALES = {"five": 5, "fifteen": 15, "day": 1440}
"""Minutes by which a rate for one minute is multiplied."""

_WIDTHS = (30, 32, 10, 10, 10, 10)
_RATES = ("one", "five", "fifteen")


class Meter(NamedTuple):
    """What is measured: one cause, of all calls or of those of one account."""

    cause: str
    account: str = ""


def category(cause: str) -> str:
    """Return the category of system_config, and of an account's own, with the thresholds of a cause."""
    return f"{CATEGORY}.{cause}"


def monitored(zone: Zone) -> list[str]:
    """Return the causes that are watched."""
    return list(system_config.get(zone, CATEGORY, "hangups_to_monitor", MONITORED))


def threshold(zone: Zone, cause: str, metric: str) -> float | None:
    """Return the threshold of a cause, where one is set."""
    try:
        return to_float(system_config.get(zone, category(cause), metric, None))
    except ValueError:
        return None


def objection(metric: str, load: str) -> str | None:
    """Return what Kazoo prints where METRIC is none or LOAD cannot be its threshold."""
    if metric not in METRICS:
        return invalid_metric(metric)
    try:
        number = to_float(load)
    except ValueError:
        return f" load_avg '{terms.dumps(load)}' is invalid"
    return None if number >= 0 else f"load_avg of {terms.dumps(number)} is too low"


def invalid_metric(metric: str) -> str:
    """Return what Kazoo prints for a metric that is none."""
    return f"metric '{metric}' is invalid"


def set_default(zone: Zone, cause: str, metric: str, found: Any) -> None:
    """Store a threshold for every node."""
    section = system_config.DEFAULT
    system_config.set_value(zone, category(cause), metric, found, section=section, always=True)


def set_line(cause: str, metric: str, load: str) -> str:
    """Return what Kazoo prints when a threshold was set."""
    return f"set {metric} for {category(cause)} to {terms.dumps(load)}"


def monitor(zone: Zone, cause: str, thresholds: Mapping[str, float]) -> Iterator[str]:
    """Store several thresholds of a cause with one change; yield what Kazoo prints for each."""
    lines = []
    for metric, number in thresholds.items():
        before = threshold(zone, cause, metric)
        said = f"{metric} for {category(cause)} to {terms.dumps(number)}"
        lines.append(f"setting {said}" if before is None else f"updating {said} from {terms.dumps(before)}")
    section = system_config.DEFAULT
    system_config.set_values(zone, category(cause), thresholds, section=section, always=True)
    yield from lines


def scaled(rate: float) -> dict[str, float]:
    """Return the thresholds that follow from one for a minute, that itself last."""
    return {**{name: minutes * rate for name, minutes in SCALES.items()}, "one": rate}


def measured(zone: Zone) -> dict[Meter, dict[str, float]]:
    """Ask every node that runs hangups what it has measured; return the rates of each meter.

    Where no such node is there, nobody is asked, and that is told.
    """
    found: dict[Meter, dict[str, float]] = {}
    questions = [("hangups.query_req", {"Hangup-Cause": "*"})]
    for answer in collecting.Collecting(collecting.Reach([zone]), questions, apps=(CATEGORY,)):
        for each in answer.get("meters") or ():
            if isinstance(each, dict) and each.get("hangup_cause"):
                rates = found.setdefault(Meter(each["hangup_cause"], each.get("account_id") or ""), {})
                for name in _RATES:
                    rates[name] = rates.get(name, 0.0) + (each.get(name) or 0.0)
    return found


def table(zone: Zone, meters: Mapping[Meter, Mapping[str, float]]) -> Iterator[str]:
    """Yield the table of these meters."""
    if not meters:
        yield "No data found for request"
        return
    yield _row(("Hangup Cause", "AccountId", "One", "Five", "Fifteen", "Thr. One"))
    for meter in sorted(meters, key=lambda each: ".".join(filter(None, each))):
        rates = [terms.json_encode(float(meters[meter].get(name, 0.0))) for name in _RATES]
        limit = threshold(zone, meter.cause, "one")
        yield _row((*meter, *rates, UNDEFINED if limit is None else _scientific(limit)))


def _row(cells: Iterable[str]) -> str:
    return f" {' | '.join(text_field(cell, width) for cell, width in zip(cells, _WIDTHS, strict=True))} |"


def _scientific(number: float) -> str:
    """Return what Erlang's `~e` makes of a number."""
    mantissa, _, exponent = f"{number:.5e}".partition("e")
    return f"{mantissa}e{int(exponent):+d}"

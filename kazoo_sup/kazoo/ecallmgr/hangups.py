"""Hangups: how often calls end for which cause, and from which rate on that is an alarm.

Source: Kazoo hangups_maintenance, hangups_config, hangups_query_listener. Rates are kept in the memory of each node
that runs hangups; here all of them are asked, and what they have measured is added up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.errors import did_you_mean
from kazoo_sup.kazoo.bus import collect
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents.shapes import TEXTS
from kazoo_sup.kazoo.documents.values import to_float
from kazoo_sup.kazoo.freeswitch.names import CAUSES

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
    return system_config.read(zone, CATEGORY, "hangups_to_monitor", list(MONITORED), TEXTS)


def doubt(zone: Zone, cause: str, watched: Collection[str]) -> None:
    """Say so, and ask who sits at the terminal, where CAUSE is neither one that calls end with nor WATCHED."""
    if cause not in CAUSES and cause not in watched:
        zone.run.warn(
            f"no call ends with {cause!r}, which is not a cause that FreeSWITCH knows{did_you_mean(cause, CAUSES)}"
        )
        zone.run.confirm_watched(f"store a threshold for {cause} all the same")


def threshold(zone: Zone, cause: str, metric: str) -> float | None:
    """Return the threshold of a cause, where one is set."""
    try:
        return to_float(system_config.get(zone, category(cause), metric, None))
    except ValueError:
        return None


class Refusal(Enum):
    """Why a threshold is not set."""

    METRIC = auto()
    """There is no such metric."""
    LOAD = auto()
    """It is not a number."""
    LOW = auto()
    """It is below 0."""


def refusal(metric: str, load: str) -> Refusal | None:
    """Return why LOAD cannot be a threshold of METRIC, None where it can."""
    if metric not in METRICS:
        return Refusal.METRIC
    try:
        return None if to_float(load) >= 0 else Refusal.LOW
    except ValueError:
        return Refusal.LOAD


def set_default(zone: Zone, cause: str, metric: str, found: object) -> None:
    """Store a threshold for every node."""
    section = system_config.DEFAULT
    system_config.set_value(zone, category(cause), metric, found, section=section, always=True)


class Monitored(NamedTuple):
    """A threshold of a cause that was set; `before` is None where there was none."""

    cause: str
    metric: str
    threshold: float
    before: float | None


def monitor(zone: Zone, cause: str, thresholds: Mapping[str, float]) -> list[Monitored]:
    """Store several thresholds of a cause with one change."""
    done = [Monitored(cause, metric, each, threshold(zone, cause, metric)) for metric, each in thresholds.items()]
    section = system_config.DEFAULT
    system_config.set_values(zone, category(cause), thresholds, section=section, always=True)
    return done


def scaled(rate: float) -> dict[str, float]:
    """Return the thresholds that follow from one for a minute, that itself last."""
    return {**{name: minutes * rate for name, minutes in SCALES.items()}, "one": rate}


def measured(zone: Zone) -> dict[Meter, dict[str, float]]:
    """Ask every node that runs hangups what it has measured; return the rates of each meter.

    Raises NobodyThere where no such node is.
    """
    found: dict[Meter, dict[str, float]] = {}
    questions = [("hangups.query_req", {"Hangup-Cause": "*"})]
    for answer in collect.Collector(collect.Reach([zone]), questions, apps=(CATEGORY,), what="rates of hangups"):
        for each in answer.get("meters") or ():
            if isinstance(each, dict) and each.get("hangup_cause"):
                rates = found.setdefault(Meter(each["hangup_cause"], each.get("account_id") or ""), {})
                for name in _RATES:
                    rates[name] = rates.get(name, 0.0) + (each.get(name) or 0.0)
    return found


class Measured(NamedTuple):
    """The rates of a meter for one, five and fifteen minutes, and from which rate for one minute on it is an alarm."""

    meter: Meter
    rates: list[float]
    threshold: float | None


def with_thresholds(zone: Zone, meters: Mapping[Meter, Mapping[str, float]]) -> Iterator[Measured]:
    """Yield what these meters have measured, by their names."""
    for meter in sorted(meters, key=lambda each: ".".join(filter(None, each))):
        rates = [float(meters[meter].get(name, 0.0)) for name in _RATES]
        yield Measured(meter, rates, threshold(zone, meter.cause, "one"))

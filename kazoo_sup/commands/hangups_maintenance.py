"""Hangups: how often calls end for which cause, and the rates from which on that is an alarm.

CAUSE is a hangup cause like WRONG_CALL_STATE, METRIC one, five, fifteen, day or mean, LOAD a rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.arguments.values import Float
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.config import account_config
from kazoo_sup.kazoo.documents.values import to_float
from kazoo_sup.kazoo.ecallmgr import hangups
from kazoo_sup.kazoo.ecallmgr.hangups import Meter
from kazoo_sup.results import Answer, Done, Result
from kazoo_sup.texts import hangups as texts
from kazoo_sup.zone import Zone

Save = Callable[[str, str, str], object]


@command
def hangups_summary(zone: Zone) -> Result:
    """Show the rates of all causes, added up over all nodes that run hangups."""
    return _summary(zone, None, lambda meter: True)


@command
def hangup_summary(zone: Zone, cause: str, account: AccountId | None = None) -> Result:
    """Show the rates of CAUSE, of all calls and of each account's, or only those of ACCOUNT."""
    cause = cause.upper()
    if account is None:
        return _summary(zone, f"checking hangup summary for {cause}", lambda meter: meter.cause == cause)
    line = f"checking hangup summary for {cause}.{account}"
    return _summary(zone, line, lambda meter: meter.account == account and cause in (meter.cause, "*"))


@command
def account_summary(zone: Zone, account: AccountId) -> Result:
    """Show the rates of all causes of the calls of ACCOUNT."""
    line = f"checking hangups summary for account {account}"
    return _summary(zone, line, lambda meter: meter.account == account)


@command
def set_metric(zone: Zone, account_or_metric: str, metric_or_load: str, load: str | None = None) -> Result:
    """Set a metric of every watched cause to LOAD.

    With two words, ACCOUNT_OR_METRIC and METRIC_OR_LOAD, they are METRIC and LOAD, for all calls; with three they are
    ACCOUNT, METRIC and LOAD, for an account's. What is not a metric or a rate is told, and nothing is set.
    """
    if load is None:
        return _set(_for_all(zone), hangups.monitored(zone), account_or_metric, metric_or_load)
    return _set(_for_account(zone, account_or_metric), hangups.monitored(zone), metric_or_load, load)


@command
def set_threshold(
    zone: Zone, account_or_cause: str, cause_or_metric: str, metric_or_load: str, load: str | None = None
) -> Result:
    """Set a metric of one cause to LOAD.

    With three words, ACCOUNT_OR_CAUSE, CAUSE_OR_METRIC and METRIC_OR_LOAD, they are CAUSE, METRIC and LOAD, for all
    calls; with four they are ACCOUNT, CAUSE, METRIC and LOAD, for an account's. What is not a metric or a rate is told,
    and nothing is set.
    """
    if load is None:
        cause, metric, load = account_or_cause, cause_or_metric, metric_or_load
        save = _for_all(zone)
    else:
        cause, metric = cause_or_metric, metric_or_load
        save = _for_account(zone, account_or_cause)
    watched = hangups.monitored(zone)
    hangups.doubt(zone, cause, watched)
    # Kazoo ends this with no newline.
    note = "" if cause in watched else f"  '{cause}' not currently monitored, adding to {', '.join(watched)}"
    return _set(save, [cause], metric, load, note)


@command
def set_monitor_threshold(zone: Zone, cause: str, name_or_threshold: str, threshold: Float | None = None) -> Result:
    """Set the thresholds of CAUSE: all of them from one for a minute, or that of one metric to THRESHOLD.

    NAME_OR_THRESHOLD is the rate for a minute, or the metric where THRESHOLD follows. Answers true (exit code 2), or
    false where that is not a metric.
    """
    hangups.doubt(zone, cause.upper(), hangups.monitored(zone))
    if threshold is None:
        rate = _rate(name_or_threshold)
        return Done(True, list(texts.monitored(hangups.monitor(zone, cause.upper(), hangups.scaled(rate)))))
    name = name_or_threshold
    if name not in hangups.METRICS:
        refused = texts.refused(hangups.Refusal.METRIC, name, "")
        lines = [refused, f"Invalid threshold name ({name}), not setting"]
        return Answer(False, lines=lines)
    return Done(True, list(texts.monitored(hangups.monitor(zone, cause.upper(), {name: threshold}))))


@command
def activate_monitors(zone: Zone, account: AccountId, threshold: Float) -> Result:
    """Set the thresholds from THRESHOLD for a minute of every watched cause that has none.

    Kazoo also starts one node's meters for them and ACCOUNT; nodes start each at the first hangup that it counts.
    """
    lines: list[str] = []
    for cause in hangups.monitored(zone):
        if hangups.threshold(zone, cause, "one") is None:
            lines += texts.monitored(hangups.monitor(zone, cause, hangups.scaled(threshold)))
    zone.run.hint(f"the meters of {account} start with the first hangup that they count")
    return Done(lines=lines)


def _summary(zone: Zone, line: str | None, wanted: Callable[[Meter], bool]) -> Answer:
    found = {meter: rates for meter, rates in hangups.measured(zone).items() if wanted(meter)}
    return Answer(lines=[*([line] if line else []), *texts.table(hangups.with_thresholds(zone, found))])


def _set(save: Save, causes: Iterable[str], metric: str, load: str, note: str = "") -> Result:
    refusal = hangups.refusal(metric, load)
    if refusal is not None:
        return Answer(lines=[texts.refused(refusal, metric, load)])
    lines = []
    for cause in causes:
        save(cause, metric, load)
        lines.append(f"{note}{texts.threshold_set(cause, metric, load)}")
    return Done(lines=lines)


def _for_all(zone: Zone) -> Save:
    return lambda cause, metric, load: hangups.set_default(zone, cause, metric, load)


def _for_account(zone: Zone, account: str) -> Save:
    try:
        identifier = accounts.find(account, zone)
    except ValueError as error:
        raise BadArgument(parameter="ACCOUNT", reason=str(error)) from error
    return lambda cause, metric, load: account_config.set_value(zone, identifier, hangups.category(cause), metric, load)


def _rate(typed: str) -> float:
    try:
        return to_float(typed)
    except ValueError as error:
        raise BadArgument(parameter="THRESHOLD", reason=str(error)) from error


ON_NODE = (
    OnNode(
        "activate_monitor",
        "ACCOUNT CAUSE",
        "Start the meter of CAUSE and ACCOUNT.",
        "the meter of {cause} for {account} is in the memory of each node that runs hangups, which starts it "
        "at the first such hangup; set_threshold sets from which rate on it is an alarm",
        "changes",
    ),
)
"""What only a running node can do."""

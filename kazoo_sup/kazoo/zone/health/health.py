"""How one component is, in one row, and how several are together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from kazoo_sup.errors import ExitCode, ServerRefused, ServerUnreachable, SupError, TimedOut

if TYPE_CHECKING:
    from kazoo_sup.types import Fields, Row

COLUMNS = ("zone", "component", "name", "state", "summary")
_SERVER_ERROR = 500

SILENT = 3.0
"""Seconds of silence from which on a server is taken for one that is down."""


class State(StrEnum):
    """How something is; what could not be found out is unknown."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    CRITICAL = "critical"


_BY_BADNESS = tuple(State)


@dataclass(frozen=True, slots=True)
class Health:
    """How one component is: its kind, its name, a short sentence for people and facts for programs."""

    component: str
    name: str
    state: State
    summary: str
    details: Fields = field(default_factory=dict)

    def row(self, zone: str) -> Row:
        """Return it as a row of a listing."""
        found = {"zone": zone, "component": self.component, "name": self.name, "state": str(self.state)}
        return {**found, "summary": self.summary, "details": dict(self.details)}


class Troubled(SupError):
    """{counted} of {total}"""

    exit_code = ExitCode.FAILED
    remedy = "{instead}"

    counted: str
    total: int
    instead: str = ""


class Warned(Troubled):
    """{counted} of {total}"""

    exit_code = ExitCode.NOT_OK


class NotKnown(Troubled):
    """{counted} of {total}"""

    exit_code = ExitCode.PARTIAL


_ERRORS = {State.CRITICAL: Troubled, State.WARNING: Warned, State.UNKNOWN: NotKnown}


def worst(states: Iterable[str]) -> State:
    """Return the worst of states; ok when there is none."""
    return max(map(State, states), key=_BY_BADNESS.index, default=State.OK)


def trouble(rows: Iterable[Row], instead: str = "") -> list[SupError]:
    """Return what to say of rows that are not all ok, with the exit code of the worst; INSTEAD tells what to do."""
    counts = Counter(State(row["state"]) for row in rows)
    found = worst(counts)
    if found is State.OK:
        return []
    counted = ", ".join(f"{counts[state]} {state}" for state in reversed(_BY_BADNESS[1:]) if counts[state])
    return [_ERRORS[found](counted=counted, total=counts.total(), instead=instead)]


def count(number: int, noun: str) -> str:
    """Return a number of things for a sentence."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def failed(component: str, name: str, error: SupError) -> Health:
    """Return how a component is that gave no answer, or not the answer of such a component.

    Whoever is not reached or says nothing is down; of whoever answers something else it is not known how it is, and
    neither of whoever had only a moment to answer: on a busy host that takes longer.
    """
    return Health(
        component, name, _state_of(error), _reason(error, name), {"error": error.identifier, "message": str(error)}
    )


def _state_of(error: SupError) -> State:
    waited = _waited(error)
    down = isinstance(error, ServerUnreachable | TimedOut) and (waited is None or waited >= SILENT)
    if isinstance(error, ServerRefused):
        down = error.status >= _SERVER_ERROR
    return State.CRITICAL if down else State.UNKNOWN


def _waited(error: SupError) -> float | None:
    """Return for how many seconds there was no answer; None where something else was wrong."""
    return error.seconds if isinstance(error, ServerUnreachable | TimedOut) else None


def _reason(error: SupError, name: str) -> str:
    """Say what is wrong without the address, which stands beside it."""
    if isinstance(error, TimedOut):
        return f"no answer within {round(error.seconds, 1):g} s"
    if isinstance(error, ServerUnreachable):
        return error.reason.removeprefix(f"{name}: ")
    return str(error)

"""Deeds that are not documents through the door: a call hung up, a server drained, a node told, a carrier's order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar, overload

from kazoo_sup.changes import recording
from kazoo_sup.errors import BadArgument, Declined, Delivered, NotAuthorised, NotFound, ServerRefused, SupError
from kazoo_sup.zone import Was

if TYPE_CHECKING:
    from kazoo_sup.types import Fields
    from kazoo_sup.zone import Run, Zone

Result = TypeVar("Result")
Shown = TypeVar("Shown")


class _Told(Protocol):
    @property
    def given(self) -> Fields:
        """The answers of the servers that gave one, by name."""

    @property
    def spared(self) -> Sequence[str]:
        """The servers of which it is certain that they did nothing."""


Told = TypeVar("Told", bound=_Told)

UNKNOWN = Was()
"""Of a deed that nothing takes back, or of which nobody asked what was there."""

PASSING = Was(reverse=())
"""Of a deed that only has something read again, or done sooner: nothing need be taken back."""

_NOT_DONE = (BadArgument, Declined, NotAuthorised, NotFound, ServerRefused)
"""Errors of a server that has not done what it was told; after any other it may have."""


@overload
def act(
    zone: Zone,
    deed: str,
    function: Callable[[], Result],
    *,
    was: Was = UNKNOWN,
    confirm: bool = False,
) -> Result | None: ...


@overload
def act(
    zone: Zone,
    deed: str,
    function: Callable[[], Result],
    *,
    was: Was = UNKNOWN,
    confirm: bool = False,
    shown: Callable[[], Shown],
) -> Result | Shown: ...


def act(
    zone: Zone,
    deed: str,
    function: Callable[[], Result],
    *,
    was: Was = UNKNOWN,
    confirm: bool = False,
    shown: Callable[[], Shown] | None = None,
) -> Result | Shown | None:
    """Do DEED by calling FUNCTION, and return what that does; under `--dry-run` only show it.

    DEED is a phrase in the imperative that names what it is done to, and holds no secret: it is shown, asked about
    where CONFIRM is set, and recorded with what WAS there before.

    A dry run says that it would do it, and returns None, or what SHOWN returns, which then says it itself.
    """
    zone.run.judge(was)
    if confirm:
        zone.run.confirm(deed)
    if zone.run.dry_run:
        zone.run.foretold(deed, was.before)
        if shown is not None:
            return shown()
        zone.run.would(deed)
        return None
    record = recording.of(zone, documents=False)
    number = record.expect_deed(deed, was)
    try:
        result = function()
    except SupError as error:
        if isinstance(error, _NOT_DONE) and error.delivered is not Delivered.MAYBE:
            record.settle({}, [number])
        raise
    record.settle({number: None})
    return result


def act_here(run: Run, deeds: str | Sequence[str], function: Callable[[], Result]) -> Result | None:
    """Do DEEDS on this host by calling FUNCTION, and return what that does; a dry run shows them, and gets None.

    Nothing of it is recorded, since nothing of a cluster is changed.
    """
    if run.dry_run:
        for deed in [deeds] if isinstance(deeds, str) else deeds:
            run.foretold(deed, None)
            run.would(deed)
        return None
    return function()


@overload
def if_made(zone: Zone, function: Callable[[], Result]) -> Result | None: ...


@overload
def if_made(zone: Zone, function: Callable[[], Result], *, shown: Callable[[], Shown]) -> Result | Shown: ...


def if_made(
    zone: Zone, function: Callable[[], Result], *, shown: Callable[[], Shown] | None = None
) -> Result | Shown | None:
    """Call FUNCTION for what goes with changes that are made; in a dry run SHOWN, if there is one. Return its result.

    That is what is read only to be stored elsewhere, a copy that is kept before, a wait, and what looks at or follows
    from what was changed. It changes nothing of the cluster itself, unless through the door.
    """
    if not zone.run.dry_run:
        return function()
    return shown() if shown else None


@contextmanager
def planned_may_be_missing(zone: Zone) -> Iterator[None]:
    """Under `--dry-run` pass over NotFound: what would have been made before is not there to be asked."""
    try:
        yield
    except NotFound:
        if not zone.run.dry_run:
            raise


def act_at(
    zone: Zone,
    deeds: Mapping[str, Mapping[str, Was]],
    function: Callable[[], Told],
    *,
    confirm: bool = False,
) -> Told | None:
    """Do deeds at several servers by calling FUNCTION once; return what that returns.

    DEEDS are by the names of servers, and for each what was there before. Those servers that are in the result's
    `given` have done theirs, those in `spared` have not; of the others nobody knows. Otherwise as `act`; a dry run
    returns None, and the caller reports it.
    """
    every = [(name, deed, was) for name, of_one in deeds.items() for deed, was in of_one.items()]
    for _name, _deed, was in every:
        zone.run.judge(was)
    if confirm and every:
        zone.run.confirm(" and ".join(deed for _name, deed, _was in every))
    if zone.run.dry_run:
        for _name, deed, was in every:
            zone.run.foretold(deed, was.before)
        return None
    record = recording.of(zone, documents=False) if every else recording.SILENT
    numbers = [(name, record.expect_deed(deed, was)) for name, deed, was in every]
    result = function()
    unsaved = [number for name, number in numbers if name in result.spared]
    record.settle({number: None for name, number in numbers if name in result.given}, unsaved)
    return result

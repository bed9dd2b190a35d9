"""The states of a number, which transition leads where, and who may make it.

Source: Kazoo knm_number_states, knm_number:allowed_creation_states/2, knm_phone_number:is_authorized/1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo.numbers.phone_number import MDN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber

AGING = "aging"
AVAILABLE = "available"
DELETED = "deleted"
DISCOVERY = "discovery"
IN_SERVICE = "in_service"
PORT_IN = "port_in"
PORT_OUT = "port_out"
RELEASED = "released"
RESERVED = "reserved"

ALL = (AGING, AVAILABLE, DELETED, DISCOVERY, IN_SERVICE, PORT_IN, PORT_OUT, RELEASED, RESERVED)

CREATION = (AGING, AVAILABLE, IN_SERVICE, PORT_IN, RESERVED)
"""What the system may create a number as."""

_CREATION_BY_ACCOUNT = (IN_SERVICE, RESERVED)
_SOURCES = {
    RESERVED: (RESERVED, DISCOVERY, AVAILABLE, IN_SERVICE),
    IN_SERVICE: (IN_SERVICE, DISCOVERY, PORT_IN, AVAILABLE, AGING, RESERVED),
    AVAILABLE: (AVAILABLE,),
    AGING: (AGING, RELEASED, AVAILABLE),
    PORT_IN: (PORT_IN,),
}
_FOR_EVERYBODY = {(AVAILABLE, IN_SERVICE), (AGING, IN_SERVICE)}
_WITHOUT_A_QUESTION = {AGING, PORT_IN}


class InvalidTransition(SupError):
    """{number}: a number that is {state} cannot become {target}"""

    number: str
    state: str
    target: str


class Forbidden(SupError):
    """{number}: account {account} may not {deed} it"""

    number: str
    account: str | None
    deed: str


class NoAccountGiven(SupError):
    """{number}: to be {target} it needs an account"""

    number: str
    target: str


@dataclass(frozen=True, slots=True)
class Authority:
    """On whose behalf a number is changed: an account's (its id), or the system's, which may do everything.

    `superduper` and `additions` are the account's pvt_superduper_admin and pvt_wnm_allow_additions; `ancestors` returns
    the tree of ids above an account.
    """

    account: str | None = None
    superduper: bool = False
    additions: bool = False
    ancestors: Callable[[str], Sequence[str]] = field(default=lambda account: ())

    @property
    def is_admin(self) -> bool:
        """Whether everything is allowed."""
        return self.account is None or self.superduper

    @property
    def creation_states(self) -> tuple[str, ...]:
        """The states in which numbers may be created."""
        if self.is_admin:
            return CREATION
        return _CREATION_BY_ACCOUNT if self.additions else ()

    def over(self, account: str | None) -> bool:
        """Whether it reaches ACCOUNT: its own, or one below it."""
        if self.is_admin:
            return True
        return account is not None and (account == self.account or self.account in self.ancestors(account))

    def of(self, number: PhoneNumber, assign_to: str | None) -> bool:
        """Whether it may change a number that is assigned to its account, or would be."""
        return self.over(number.assigned_to or assign_to)

    def by_reservation(self, number: PhoneNumber) -> bool:
        """Whether an account above has reserved the number, which those below it may put in service.

        Kazoo knm_phone_number:is_reserved_from_parent/1.
        """
        holder = number.assigned_to
        return (
            number.state == RESERVED
            and self.account is not None
            and holder is not None
            and holder in (self.account, *self.ancestors(self.account))
        )


SYSTEM = Authority()


def check_readable(number: PhoneNumber, authority: Authority, assign_to: str | None) -> None:
    """Raise Forbidden unless the number may be looked at (Kazoo knm_phone_number:handle_fetch/2)."""
    if number.state != AVAILABLE and not authority.of(number, assign_to) and not authority.by_reservation(number):
        raise Forbidden(number=number.number, account=authority.account, deed="use")


def moved(number: PhoneNumber, target: str, assign_to: str | None, authority: Authority = SYSTEM) -> PhoneNumber:
    """Return the number in state TARGET, assigned to ASSIGN_TO (an id) unless it becomes available.

    One that is so already stays as it is; Kazoo refuses to reserve it again. A number that comes from `discovery` is to
    be acquired from its carrier afterwards, see `is_acquired`. Raises InvalidTransition, Forbidden, NoAccountGiven.
    """
    state = number.state
    invalid = InvalidTransition(number=number.number, state=state or "without a state", target=target)
    if state not in _SOURCES.get(target, ()):
        raise invalid
    if number.module_name == MDN and not (target == IN_SERVICE and state == IN_SERVICE):
        raise invalid
    if target in (IN_SERVICE, RESERVED) and assign_to is None:
        raise NoAccountGiven(number=number.number, target=target)
    if state == target and assign_to == number.assigned_to:
        return number
    _check_allowed(number, target, assign_to, authority)
    if target == AVAILABLE:
        return number.changed(state=target)
    if target == RESERVED and assign_to:
        number = number.reserved_for(assign_to)
    return number.assigned(assign_to).changed(state=target)


def is_acquired(before: PhoneNumber, after: PhoneNumber) -> bool:
    """Return whether a transition takes the number from its carrier.

    Kazoo asks the carrier for a number that is reserved once more, too; it is the system's already then.
    """
    return before.state == DISCOVERY and after.state in (IN_SERVICE, RESERVED)


def _check_allowed(number: PhoneNumber, target: str, assign_to: str | None, authority: Authority) -> None:
    if (number.state, target) in _FOR_EVERYBODY or target in _WITHOUT_A_QUESTION or authority.of(number, assign_to):
        return
    if (number.state, target) == (RESERVED, IN_SERVICE) and authority.by_reservation(number):
        return
    raise Forbidden(number=number.number, account=authority.account, deed=f"make {target}")

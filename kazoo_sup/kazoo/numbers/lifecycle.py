"""What can be done to a number: each deed takes a number as it is and returns it as it shall be.

Source: Kazoo knm_numbers (create, move, reserve, release, delete, update) and knm_number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kazoo_sup.errors import SupError
from kazoo_sup.kazoo import carriers
from kazoo_sup.kazoo.documents import merged
from kazoo_sup.kazoo.numbers import phone_number, providers, states
from kazoo_sup.kazoo.numbers.phone_number import LIKE_LOCAL, LOCAL, PhoneNumber
from kazoo_sup.kazoo.numbers.providers import Rules
from kazoo_sup.kazoo.numbers.states import AGING, AVAILABLE, DELETED, IN_SERVICE, PORT_IN, RESERVED, SYSTEM, Authority

if TYPE_CHECKING:
    from kazoo_sup.types import Document

_RELEASABLE = (states.RELEASED, RESERVED, PORT_IN, IN_SERVICE)
_RELEASED = (AVAILABLE, AGING)
_CREATED_AGAIN = (AGING, AVAILABLE, PORT_IN)


class NoSuchNumber(SupError):
    """there is no number {number}"""

    number: str


class NumberExists(SupError):
    """{number} exists already: it is {state}{owner}"""

    number: str
    state: str
    owner: str


class NumberIsPorting(SupError):
    """{number} is being ported in: port request {request} of account {account}"""

    number: str
    request: str
    account: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What the zone's settings say of numbers (system_config number_manager)."""

    default_module: str = LOCAL
    port_in_module: str = LOCAL
    released_state: str = AVAILABLE
    should_age: bool = False
    should_permanently_delete: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for a number: the account it shall belong to (an id), its state, carrier module and public fields.

    None leaves each as it is, or to the settings. `overwrite` puts `public` in place of the public fields that are
    there; else it is laid over them.
    """

    account: str | None = None
    state: str | None = None
    module_name: str | None = None
    ported_in: bool | None = None
    public: Document | None = None
    overwrite: bool = True


@dataclass(frozen=True, slots=True)
class Setting:
    """Who acts, by which rules."""

    policy: Policy = field(default_factory=Policy)
    authority: Authority = SYSTEM
    rules: Callable[[str | None], Rules] = field(default=lambda account: Rules())

    def rules_of(self, number: PhoneNumber) -> Rules:
        """Return the feature rules of the account that the number is assigned to."""
        return self.rules(number.assigned_to)


Deed = Callable[[PhoneNumber | None, str, Setting], PhoneNumber]
"""A deed takes the stored number (or None), its E.164 form and the setting. It raises SupError for a number it cannot
be done to. A number in state `deleted` is to be removed."""


def create(request: Request) -> Deed:
    """Create a number, or take an aging, available or porting one (Kazoo knm_numbers:create/2).

    One that is already there like that is left alone, so that a broken-off import can be run again.
    """

    def deed(number: PhoneNumber | None, name: str, setting: Setting) -> PhoneNumber:
        state = request.state or IN_SERVICE
        ported_in = bool(request.ported_in)
        if state not in setting.authority.creation_states and state != PORT_IN and not ported_in:
            raise states.Forbidden(number=name, account=setting.authority.account, deed=f"create {state}")
        if request.account is None and state != AVAILABLE:
            raise states.NoAccountGiven(number=name, target=state)
        if number is None:
            return _saved(_created(name, state, request, setting), setting)
        if _is_as_asked(number, state, request, setting):
            return number
        if number.state not in _CREATED_AGAIN:
            owner = f" and belongs to account {number.assigned_to}" if number.assigned_to else ""
            raise NumberExists(number=name, state=number.state, owner=owner)
        states.check_readable(number, setting.authority, request.account)
        updated = _updated(number, request)
        return _saved(states.moved(updated, state, request.account, setting.authority), setting)

    return deed


def _is_as_asked(number: PhoneNumber, state: str, request: Request, setting: Setting) -> bool:
    """Return whether an earlier run has created the number so; its providers may have changed what was asked for."""
    if (number.state, number.assigned_to) != (state, None if state == AVAILABLE else request.account):
        return False
    made = _saved(_created(number.number, state, request, setting), setting)
    names = ["ported_in"]
    names += ["module_name"] if request.module_name or "carrier_name" in (request.public or {}) else []
    if request.public is not None and not _public_as_asked(number, made):
        return False
    return all(getattr(number, name) == getattr(made, name) for name in names)


def _public_as_asked(number: PhoneNumber, made: PhoneNumber) -> bool:
    """Return whether the public fields are those asked for; a service may have written an address in its own way."""
    has, asked = dict(number.public or {}), dict(made.public or {})
    if has.get("e911") and asked.get("e911") and has["e911"] == (number.features or {}).get("e911"):
        asked["e911"] = has["e911"]
    return has == asked


def _created(name: str, state: str, request: Request, setting: Setting) -> PhoneNumber:
    module = request.module_name or setting.policy.default_module
    if request.ported_in and state != PORT_IN:
        module = setting.policy.port_in_module
    elif state == PORT_IN:
        module = LOCAL
    number = phone_number.new(name, state, carriers.of_number(module))
    number = _with_public(number.changed(ported_in=bool(request.ported_in)), request)
    if state == RESERVED and request.account:
        number = number.reserved_for(request.account)
    return number if state == AVAILABLE else number.assigned(request.account)


def move(request: Request) -> Deed:
    """Put a number in service for an account (Kazoo knm_numbers:move/3)."""

    def deed(number: PhoneNumber | None, name: str, setting: Setting) -> PhoneNumber:
        known = _known(number, name, setting, request.account)
        updated = _updated(known, request)
        moved = states.moved(updated, IN_SERVICE, request.account, setting.authority)
        return _saved(moved, setting) if moved.dirty else moved

    return deed


def reserve(request: Request) -> Deed:
    """Reserve a number for an account (Kazoo knm_numbers:reserve/2)."""

    def deed(number: PhoneNumber | None, name: str, setting: Setting) -> PhoneNumber:
        known = _known(number, name, setting, request.account)
        return _saved(states.moved(_updated(known, request), RESERVED, request.account, setting.authority), setting)

    return deed


def change_state(target: str) -> Deed:
    """Bring a number into another state by a transition of the state machine (Kazoo knm_number_states)."""

    def deed(number: PhoneNumber | None, name: str, setting: Setting) -> PhoneNumber:
        known = _known(number, name, setting, None)
        return _saved(states.moved(known, target, known.assigned_to, setting.authority), setting)

    return deed


def recycle(number: PhoneNumber | None, name: str, setting: Setting) -> PhoneNumber:
    """Make an aging number available again, as Kazoo's aging task does (tasks kt_number_crawler)."""
    known = _known(number, name, setting, None)
    if known.state == AVAILABLE:
        return known
    if known.state != AGING:
        raise states.InvalidTransition(number=name, state=known.state, target=AVAILABLE)
    return known.changed(state=AVAILABLE)


def update(request: Request) -> Deed:
    """Edit a number's public fields, carrier module or application (Kazoo knm_numbers:update/3)."""

    def deed(number: PhoneNumber | None, name: str, setting: Setting) -> PhoneNumber:
        return _saved(_updated(_known(number, name, setting, None), request), setting)

    return deed


def edit(change: Callable[[PhoneNumber], PhoneNumber]) -> Deed:
    """Change a number by a function, its providers looking at it afterwards (Kazoo knm_numbers:update/2)."""

    def deed(number: PhoneNumber | None, name: str, setting: Setting) -> PhoneNumber:
        return _saved(change(_known(number, name, setting, None)), setting)

    return deed


def release(account: str | None = None) -> Deed:
    """Give a number back: to the account that reserved it before, or to nobody (Kazoo knm_numbers:release/2).

    A number given back to nobody is deleted when it is local, or when the settings say so; else it is in the settings'
    `released_state`, or ages. The carrier hears of it, see `store`. With an ACCOUNT (an id) numbers that it does not
    have are left alone: a broken-off run can then be run again without releasing a reservation beneath. One that is
    released already stays as it is, where Kazoo refuses it.
    """

    def deed(number: PhoneNumber | None, name: str, setting: Setting) -> PhoneNumber:
        known = _known(number, name, setting, None)
        if account is not None and known.assigned_to != account:
            return known
        if known.assigned_to is None and known.state in _RELEASED and known.module_name not in LIKE_LOCAL:
            return known
        if known.state not in _RELEASABLE and known.module_name != LOCAL:
            raise states.InvalidTransition(number=name, state=known.state, target=setting.policy.released_state)
        if not setting.authority.of(known, None):
            raise states.Forbidden(number=name, account=setting.authority.account, deed="release")
        return _released(providers.deleted(known, setting.rules_of(known)).without_features(), setting.policy)

    return deed


def _released(number: PhoneNumber, policy: Policy) -> PhoneNumber:
    history = number.reserve_history
    if history[1:]:
        return number.assigned(history[1]).changed(reserve_history=history[1:], state=RESERVED)
    released = number.assigned(None).changed(reserve_history=(), state=policy.released_state)
    if policy.should_permanently_delete or released.module_name in LIKE_LOCAL:
        return released.changed(state=DELETED)
    return released.changed(state=AGING) if policy.should_age and released.state == AVAILABLE else released


def delete(number: PhoneNumber | None, name: str, setting: Setting) -> PhoneNumber:
    """Remove a number whatever its state (Kazoo knm_numbers:delete/2). Only the system and its admins may."""
    if not setting.authority.is_admin:
        raise states.Forbidden(number=name, account=setting.authority.account, deed="delete")
    known = _known(number, name, setting, None)
    return providers.deleted(known, setting.rules_of(known)).changed(state=DELETED)


def is_disconnected(before: PhoneNumber, after: PhoneNumber) -> bool:
    """Return whether a release gives the number back to its carrier (Kazoo knm_numbers:should_disconnect/1)."""
    return before.assigned_to is not None and after.assigned_to is None


def _known(number: PhoneNumber | None, name: str, setting: Setting, account: str | None) -> PhoneNumber:
    if number is None:
        raise NoSuchNumber(number=name)
    states.check_readable(number, setting.authority, account)
    return number


def _saved(number: PhoneNumber, setting: Setting) -> PhoneNumber:
    return providers.saved(number, setting.rules_of(number))


def _updated(number: PhoneNumber, request: Request) -> PhoneNumber:
    if request.module_name is not None:
        number = number.carried_by(carriers.of_number(request.module_name))
    if request.ported_in is not None:
        number = number.changed(ported_in=request.ported_in)
    return _with_public(number, request)


def _with_public(number: PhoneNumber, request: Request) -> PhoneNumber:
    if request.public is not None:
        public = request.public if request.overwrite else merged(number.public or {}, request.public)
        number = number.changed(public=public)
    return number

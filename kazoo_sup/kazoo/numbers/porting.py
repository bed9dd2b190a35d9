"""Numbers on their way here: the state of their port requests beside what the carrier says of its order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from kazoo_sup.errors import ExitCode, NotFound, SupError
from kazoo_sup.kazoo.carriers import porting
from kazoo_sup.kazoo.carriers.base import CarrierError, CarrierLacks
from kazoo_sup.kazoo.carriers.porting import CANCELED, DONE, SCHEDULED, STUCK
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import GREGORIAN_EPOCH, as_object
from kazoo_sup.kazoo.documents.gregorian import moment
from kazoo_sup.kazoo.numbers.port_requests import DATABASE
from kazoo_sup.terms.values import is_integer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kazoo_sup.kazoo.carriers.porting import Porting
    from kazoo_sup.types import Document, Row
    from kazoo_sup.zone import Zone

COLUMNS = ("number", "account_id", "request", "state", "carrier", "order", "carrier_state", "due", "note")
CHECKED = ("number", "carrier", "portable", "detail")

MOST = 5_000
"""Numbers that carriers are asked about in one run."""

UNDER_WAY = ("submitted", "pending", "scheduled")
"""The states of port requests that bring a number here (Kazoo's view port_in_numbers)."""

_COMPLETED, _CANCELED = "completed", "canceled"
_DESIGN = "port_requests"


class NobodyToAsk(SupError):
    """no carrier that can be asked about porting has settings: {modules}"""

    exit_code = ExitCode.USAGE
    remedy = "sup MODULE configure sets them"

    modules: str


class NotAsked(SupError):
    """{carrier} could not be asked about {number}: {reason}"""

    exit_code = ExitCode.PARTIAL

    carrier: str
    number: str
    reason: str


class PortabilityUnknown(SupError):
    """whether {number} can be ported to {carrier} is not known{detail}"""

    exit_code = ExitCode.PARTIAL

    number: str
    carrier: str
    detail: str


class NoPortRequest(SupError):
    """there is no port request for {number}"""

    number: str


@dataclass(frozen=True, slots=True)
class _Moving:
    """A number, and the port request that brings it."""

    number: str
    request: Document


def status(zone: Zone, numbers: Sequence[str] | None, module_name: str | None) -> Iterator[Row | SupError]:
    """Yield the port requests of NUMBERS, or all that are under way, beside what carriers say of their orders.

    Asked is the carrier MODULE_NAME, or all that have settings and something to ask; one that fails is not asked again.
    Among the rows are errors: of who could not be asked, and of numbers without a port request. Raises NobodyToAsk for
    a MODULE_NAME that cannot be asked.
    """
    carriers = _carriers(zone, module_name)
    if module_name and not carriers:
        raise NobodyToAsk(modules=module_name)
    if not carriers:
        zone.run.warn(f"{NobodyToAsk(modules=', '.join(porting.MODULES))}; shown is only what is stored here")
    moving: Iterable[_Moving | SupError] = _under_way(zone) if numbers is None else _of_numbers(zone, numbers)
    down: dict[str, str] = {}
    for each in moving:
        if isinstance(each, SupError):
            yield each
            continue
        found, notes = False, []
        for name, carrier in carriers.items():
            try:
                for row in _ordered(each, name, carrier, down):
                    found = True
                    yield row
            except CarrierLacks as error:
                notes.append(str(error))
        if not found:
            note = "" if not carriers else "; ".join(notes) or f"{', '.join(carriers)}: no order for it"
            yield {**_row(each), "note": note}


def check(zone: Zone, numbers: Iterable[str], module_name: str | None) -> Iterator[Row | SupError]:
    """Yield, for each of NUMBERS and each carrier, whether it can be ported there.

    Asked is the carrier MODULE_NAME, or all that have settings and something to ask. Among the rows are errors, of
    what is not known. Raises NobodyToAsk.
    """
    carriers = _carriers(zone, module_name)
    if not carriers:
        raise NobodyToAsk(modules=module_name or ", ".join(porting.MODULES))
    asked = list(dict.fromkeys(numbers))
    for name, carrier in carriers.items():
        for first in range(0, len(asked), carrier.at_once):
            some = asked[first : first + carrier.at_once]
            try:
                answers = list(porting.check(carrier, some))
            except CarrierError as error:
                reason = error.reason or str(error)
                for number in some:
                    yield NotAsked(carrier=name, number=number, reason=reason)
                    yield {"number": number, "carrier": name, "portable": "unknown", "detail": reason}
                continue
            for answer in answers:
                portable = {True: "yes", False: "no", None: "unknown"}[answer.portable]
                if answer.portable is None:
                    detail = f": {answer.detail}" if answer.detail else ""
                    yield PortabilityUnknown(number=answer.number, carrier=name, detail=detail)
                yield {"number": answer.number, "carrier": name, "portable": portable, "detail": answer.detail}


def _carriers(zone: Zone, module_name: str | None) -> dict[str, Porting]:
    names = [module_name] if module_name else porting.MODULES
    made = {name: porting.at(zone, name) for name in names}
    return {name: carrier for name, carrier in made.items() if carrier is not None}


def _ordered(moving: _Moving, name: str, carrier: Porting, down: dict[str, str]) -> Iterator[Row | SupError]:
    """Yield a row for each order of a number; one that says why it is not known where the carrier gives no answer.

    A carrier that is DOWN is not asked again. Raises CarrierLacks.
    """
    orders, reason = [], down.get(name, "")
    if not reason:
        try:
            orders = list(carrier.orders(moving.number, moving.request))
        except CarrierLacks:
            raise
        except CarrierError as error:
            reason = error.reason or str(error)
            if not error.status:
                down[name] = reason
    if reason:
        yield NotAsked(carrier=name, number=moving.number, reason=reason)
        yield {**_row(moving), "carrier": name, "carrier_state": "unknown", "note": reason}
    for order in orders:
        row = {**_row(moving), "carrier": name, "order": order.order, "carrier_state": order.state, "due": order.due}
        yield {**row, "note": "; ".join(filter(None, (_difference(row["state"], order.meaning), order.detail)))}


def _difference(state: str, meaning: str) -> str:
    """Say what is to be done where port request and order tell different things."""
    if meaning == DONE and state != _COMPLETED:
        return "the carrier has the number: complete the port request"
    if meaning == STUCK and state in UNDER_WAY:
        return "the carrier waits for something"
    if meaning == CANCELED and state != _CANCELED:
        return "the order is canceled at the carrier"
    if meaning == SCHEDULED and state in ("submitted", "pending"):
        return "the carrier has a date: schedule the port request"
    if state == _COMPLETED and meaning != DONE:
        return "the port request is completed, the order is not"
    return ""


def _row(moving: _Moving) -> Row:
    request = moving.request
    due = request.get("transfer_date")
    seconds = due if is_integer(due) and due > GREGORIAN_EPOCH else None
    return {
        "number": moving.number,
        "account_id": request.get("pvt_account_id"),
        "request": request.get("_id"),
        "state": str(request.get("pvt_port_state") or "unconfirmed"),
        "carrier": "",
        "order": "",
        "carrier_state": "",
        "due": moment(seconds).date().isoformat() if seconds else "",
        "note": "",
    }


def _under_way(zone: Zone) -> Iterator[_Moving]:
    try:
        for row in views.rows(zone, DATABASE, _DESIGN, "port_in_numbers", include_docs=True):
            if row.get("doc"):
                yield _Moving(row["key"], row["doc"])
    except NotFound:
        return


def _of_numbers(zone: Zone, numbers: Sequence[str]) -> Iterator[_Moving | SupError]:
    """Yield the requests of numbers, those that are under way before others that hold them; then who has none."""
    wanted = dict.fromkeys(numbers)
    missing = dict(wanted)
    try:
        active = views.rows(zone, DATABASE, _DESIGN, "port_in_numbers", keys=list(wanted), include_docs=True)
        for row in active:
            if row.get("doc"):
                missing.pop(row["key"], None)
                yield _Moving(row["key"], row["doc"])
        if missing:
            yield from _elsewhere(zone, missing)
    except NotFound:
        pass
    yield from (NoPortRequest(number=number) for number in missing)


def _elsewhere(zone: Zone, missing: dict[str, None]) -> Iterator[_Moving]:
    """Yield requests in other states that hold numbers, which are no longer missing then."""
    found = set()
    for row in views.rows(zone, DATABASE, _DESIGN, "listing_by_state", include_docs=True):
        request = row.get("doc") or {}
        held = chain(as_object(request.get("numbers")), as_object(request.get("pvt_ported_numbers")))
        for number in dict.fromkeys(held):
            if number in missing:
                found.add(number)
                yield _Moving(number, request)
    for number in found:
        missing.pop(number)

"""What a deed makes of many numbers, found out before anything is changed: read in bulk, done to each.

The next batch is planned while the one before it is carried out: CouchDB is asked, and Python busy, while another
request is waited for. The batches are carried out in their order all the same, and one with a number of the batch
before it is planned once that is done: its deed is done to what the first left.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

from kazoo_sup.concurrency import ahead
from kazoo_sup.errors import NotFound, SupError
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import check_reachable
from kazoo_sup.kazoo.numbers import phone_number, port_requests, states
from kazoo_sup.kazoo.numbers.lifecycle import NoSuchNumber, NumberIsPorting
from kazoo_sup.messages.names import number_database, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from kazoo_sup.kazoo.numbers.lifecycle import Deed, Setting
    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.kazoo.numbers.targets import Target
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone

BATCH = 1000


class NotANumber(SupError):
    """{reason}"""

    reason: str


class NotReached(SupError):
    """{number}: {reason}"""

    number: str
    reason: str


@dataclass(slots=True)
class Planned:
    """One number of a batch: as it was read, as it shall be, and what its carrier did about it."""

    target: Target
    deed: Deed
    stored: Document | None
    before: PhoneNumber | None
    after: PhoneNumber
    carrier_data: Document | None = None
    number: str = field(init=False)
    database: str = field(init=False)

    def __post_init__(self) -> None:
        """Look up where the number is."""
        self.number = self.target.number
        self.database = number_database(self.number) or ""

    @property
    def is_removed(self) -> bool:
        """Whether nothing shall be left of it."""
        return self.after.state == states.DELETED

    def document(self) -> Document | None:
        """The document as it shall be stored, the stored one where nothing changes, None for a number to remove."""
        if self.is_removed:
            return None
        return self.stored if self.stored is not None and not self.after.dirty else self.after.document()


@dataclass(slots=True)
class Plan:
    """What is to be done of a batch of SIZE targets.

    `settled` are those of which nothing is to be done, in the order in which they are told: why they are refused, or
    None for a number that is deleted already where that is as good.
    """

    size: int
    numbers: list[Planned] = field(default_factory=list)
    settled: list[tuple[Target, SupError | None]] = field(default_factory=list)


def read(zone: Zone, numbers: Sequence[str], failed: dict[str, SupError] | None = None) -> dict[str, Document]:
    """Return the stored documents of these E.164 numbers by number; without those that are not there.

    FAILED takes in, by number, why those cannot be read whose database fails; without it that is raised.
    """
    databases: dict[str, list[str]] = defaultdict(list)
    for number in numbers:
        database = number_database(number)
        if database:
            databases[plain(database)].append(number)
    found: dict[str, Document] = {}
    errors: dict[str, SupError] = {}
    for documents in zone.couchdb.get_from_many(databases, None if failed is None else errors).values():
        found |= documents
    check_reachable(errors)
    if failed is not None:
        for database, error in errors.items():
            failed.update((each, NotReached(number=each, reason=str(error))) for each in databases[database])
    return found


class Planner:
    """Plans what a deed does to numbers; it may be asked from several threads."""

    def __init__(
        self, zone: Zone, deed: Callable[[Target], Deed], setting: Setting, *, gone_is_done: bool = False
    ) -> None:
        """Plan with what DEED returns for each target; it may raise a SupError.

        GONE_IS_DONE: a number that was there and is deleted needs nothing done.
        """
        self._zone = zone
        self._deed = deed
        self._setting = setting
        self._gone_is_done = gone_is_done

    def plans(self, targets: Iterable[Target]) -> Generator[Plan]:
        """Yield the plans of the targets, some at a time, in their order; each is to be carried out before the next.

        Raises what reading raises, and what TARGETS raise once those before are carried out.
        """
        problems: list[Exception] = []
        batches = _until_it_fails(_batched(targets), problems)
        begun = list(islice(batches, 2))
        if len(begun) < 2:  # noqa: PLR2004 - there is nothing to plan ahead
            yield from map(self._plan, begun)
        else:
            for batch, plan in ahead(self._early, _with_previous(chain(begun, batches)), workers=1):
                yield plan or self._plan(batch)
        if problems:
            raise problems[0]

    def read(self, document: Document | None) -> PhoneNumber | None:
        """Return the number that a stored document holds, None for none."""
        return None if document is None else phone_number.read(document, self._setting.policy.default_module)

    def _early(self, batches: tuple[Sequence[Target], Sequence[Target]]) -> tuple[Sequence[Target], Plan | None]:
        """Return a batch and its plan; none where that depends on the batch before."""
        previous, batch = batches
        depends = not _numbers(previous).isdisjoint(_numbers(batch))
        return batch, None if depends else self._plan(batch)

    def _plan(self, batch: Sequence[Target]) -> Plan:
        """Plan a batch in which each number occurs once."""
        plan = Plan(len(batch))
        unread: dict[str, SupError] = {}
        stored = read(self._zone, [target.number for target in batch if not target.wrong], unread)
        readable = []
        for target in batch:
            if target.number in unread and not target.wrong:
                plan.settled.append((target, unread[target.number]))
            else:
                readable.append(target)
        missing: list[Target] = []
        for target in readable:
            try:
                plan.numbers.append(self._planned(target, stored.get(target.number)))
            except NoSuchNumber as error:
                if self._gone_is_done:
                    missing.append(target)
                else:
                    plan.settled.append((target, error))
            except SupError as error:
                plan.settled.append((target, error))
        self._look_for_missing(plan, missing)
        self._leave_porting(plan)
        return plan

    def _planned(self, target: Target, document: Document | None) -> Planned:
        if target.wrong:
            raise NotANumber(reason=target.wrong)
        chosen = self._deed(target)
        before = self.read(document)
        return Planned(target, chosen, document, before, chosen(before, target.number, self._setting))

    def _look_for_missing(self, plan: Plan, missing: Sequence[Target]) -> None:
        """Settle the missing numbers: those that were there are done, the others are refused."""
        databases: dict[str, list[str]] = defaultdict(list)
        for target in missing:
            databases[number_database(target.number) or ""].append(target.number)
        gone = {
            each for name, numbers in databases.items() for each in self._zone.couchdb.deleted(plain(name), numbers)
        }
        plan.settled += [
            (target, None if target.number in gone else NoSuchNumber(number=target.number)) for target in missing
        ]

    def _leave_porting(self, plan: Plan) -> None:
        """Refuse to create what is being ported in (Kazoo knm_number:ensure_number_is_not_porting/2)."""
        new = [each.number for each in plan.numbers if each.before is None and not each.after.ported_in]
        porting = _porting(self._zone, new) if new else {}
        if not porting:
            return
        for each in plan.numbers:
            if each.number in porting:
                plan.settled.append((each.target, NumberIsPorting(number=each.number, **porting[each.number])))
        plan.numbers = [each for each in plan.numbers if each.number not in porting]


def _batched(targets: Iterable[Target]) -> Iterator[list[Target]]:
    """Gather targets into batches in which no number occurs twice: the second deed is done to what the first left."""
    batch: list[Target] = []
    numbers: set[str] = set()
    for target in targets:
        if len(batch) >= BATCH or (target.number in numbers and not target.wrong):
            yield batch
            batch, numbers = [], set()
        batch.append(target)
        numbers.add(target.number)
    if batch:
        yield batch


def _until_it_fails(batches: Iterator[list[Target]], problems: list[Exception]) -> Iterator[list[Target]]:
    """Yield batches, which are asked for before their turn; what they raise waits in PROBLEMS."""
    try:
        yield from batches
    except Exception as problem:  # noqa: BLE001 - raised in its turn
        problems.append(problem)


def _with_previous(batches: Iterable[list[Target]]) -> Iterator[tuple[list[Target], list[Target]]]:
    previous: list[Target] = []
    for batch in batches:
        yield previous, batch
        previous = batch


def _numbers(batch: Sequence[Target]) -> set[str]:
    return {target.number for target in batch if not target.wrong}


def _porting(zone: Zone, numbers: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the port request, and its account, that brings each of the numbers here (Kazoo knm_port_request:get/1)."""
    try:
        rows = list(views.rows(zone, port_requests.DATABASE, "port_requests", "port_in_numbers", keys=numbers))
    except NotFound:
        return {}
    return {row["key"]: {"request": row["id"], "account": row["value"]} for row in rows}

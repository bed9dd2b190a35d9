"""Doing a deed to many numbers: read in bulk, done to each, saved in the numbers' databases and their accounts' copies.

In constant memory, a batch after the other. A number that cannot be changed is reported and does not stop the others.
Of a batch the copies are saved first, then the numbers, then again the copies of numbers that were not stored as
planned. So what a failing server leaves half done the same run completes: the number itself is still as it was. A
number that needs no change gets its copy mended, too.

Source: Kazoo knm_phone_number:save/1, delete/1, which saves and copies one number after the other.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report, Tally
from kazoo_sup.errors import SettingsError, SupError
from kazoo_sup.kazoo import carriers
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.databases.failures import check_reachable, ends_all
from kazoo_sup.kazoo.documents import without_revision
from kazoo_sup.kazoo.numbers import feature_services, lifecycle, number_notices, phone_number, states
from kazoo_sup.kazoo.numbers.feature_services.telling import address_of, with_address
from kazoo_sup.kazoo.numbers.planning import NotReached, Plan, Planned, Planner
from kazoo_sup.messages.names import account_database, number_database, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kazoo_sup.kazoo.numbers.lifecycle import Deed, Setting
    from kazoo_sup.kazoo.numbers.number_notices import Notice
    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.kazoo.numbers.targets import Target
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Zone


class InLine(SupError):
    """line {line}: {reason}"""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who takes in what becomes of the targets of a run.

    told: is handed every target, with its error or None; without it one that fails is reported so, with its line
    touched: takes in the accounts (ids) of numbers that were changed, or were as asked: their services count them
    gone_is_done: a number that was there and is deleted counts as unchanged; a run that deletes can be made again
    """

    told: Callable[[Target, SupError | None], None] | None = None
    touched: set[str] = field(default_factory=set)
    gone_is_done: bool = False


def perform(
    zone: Zone,
    targets: Iterable[Target],
    deed: Callable[[Target], Deed],
    setting: Setting,
    *,
    total: int | None = None,
    label: str,
    outcome: Outcome | None = None,
) -> Tally:
    """Do to every target what DEED returns for it; return the tally of all documents, those of the copies included.

    DEED may raise a SupError for a target. Raises what the door raises.
    """
    outcome = outcome or Outcome()
    planner = Planner(zone, deed, setting, gone_is_done=outcome.gone_is_done)
    work = _Work(zone, planner, setting, outcome)
    with (
        zone.run.progress(label, total) as advance,
        changes.together(zone),
        closing(planner.plans(targets)) as plans,
    ):
        for plan in plans:
            work.do(plan)
            advance(plan.size)
    return work.tally


class _Work:
    def __init__(self, zone: Zone, planner: Planner, setting: Setting, outcome: Outcome) -> None:
        self.tally = Tally()
        self._touched = outcome.touched
        self._told = outcome.told
        self._zone = zone
        self._planner = planner
        self._setting = setting
        self._databases: dict[str, bool] = {}
        self._notices: list[tuple[PhoneNumber, Notice]] = []
        self._down: dict[str, str] = {}

    def do(self, plan: Plan) -> None:
        """Carry out the plan of a batch in which each number occurs once."""
        for target, error in plan.settled:
            if error is None:
                self._leave(target)
            else:
                self._refuse(target, error)
        settled = [done for done in plan.numbers if self._settled(done)]
        documents = {done.number: done.document() for done in settled}
        shall_be = {number: _body(document) for number, document in documents.items()}
        uncopied = self._copy(settled, shall_be)
        settled = [done for done in settled if done.number not in uncopied]
        is_now = self._save(settled, documents)
        self._publish_notices()
        self._copy([done for done in settled if not changes.same(shall_be[done.number], is_now[done.number])], is_now)

    def _settled(self, done: Planned) -> bool:
        """Have the number's carrier and the services of its features do what has to be; False when one refused.

        Features are switched on once the carrier has given the number, and off before it takes it back.
        """
        if done.before is not None and states.is_acquired(done.before, done.after):
            return self._settled_with_carrier(done, acquired=True) and self._features_settled(done, acquired=True)
        if not self._features_settled(done):
            return False
        if done.before is None or not lifecycle.is_disconnected(done.before, done.after):
            return True
        return self._settled_with_carrier(done, acquired=False)

    def _features_settled(self, done: Planned, *, acquired: bool = False) -> bool:
        """Tell the services of its features; what is acquired is stored all the same when one refuses, without them."""
        try:
            after = feature_services.settled(self._zone, done.before, done.after, self._setting, self._down)
        except SupError as error:
            self._refuse(done.target, error)
            if not acquired:
                return False
            done.deed = _without_services(done.deed)
            done.after = feature_services.without(done.before, done.after)
            return True
        if not changes.same(after.carrier_data or {}, done.after.carrier_data or {}):
            done.carrier_data = after.carrier_data or {}
        if not changes.same(after.features or {}, done.after.features or {}):
            done.deed = _as_told(done.deed, done.after, after)
        done.after = after
        return True

    def _settled_with_carrier(self, done: Planned, *, acquired: bool) -> bool:
        """Acquire from, or give back to, the number's carrier; False when it refused."""
        return changes.if_made(self._zone, lambda: self._asked_carrier(done, acquired=acquired), shown=lambda: True)

    def _asked_carrier(self, done: Planned, *, acquired: bool) -> bool:
        after = done.after
        document = after.document()
        try:
            carrier = carriers.of(self._zone, after.module_name)
            changed = carrier.acquire(document) if acquired else carrier.disconnect(document)
        except SupError as error:
            self._refuse(done.target, error)
            return False
        if not changes.same(changed, document):
            done.carrier_data = changed.get("pvt_carrier_data") or {}
            done.after = replace(phone_number.read(changed), dirty=True)
        return True

    def _publish_notices(self) -> None:
        saved, self._notices = self._notices, []
        number_notices.publish(self._zone, saved, self._setting.authority.account)

    def _save(self, batch: Sequence[Planned], documents: Mapping[str, Document | None]) -> dict[str, Document | None]:
        """Save the numbers of a batch as these documents; return by number what is stored now, without revisions."""
        failed: dict[str, SupError] = {}
        for database in dict.fromkeys(done.database for done in batch if not done.is_removed):
            self._tried(partial(self._ensure, database), database, failed)
        for done in batch:
            if done.database in failed:
                self._refuse(done.target, NotReached(number=done.number, reason=str(failed[done.database])))
        waiting = {done.number: done for done in batch if done.database not in failed}
        is_now = {done.number: _body(done.stored) for done in batch}

        def seen(report: Report) -> None:
            done = waiting.get(report.id)
            if done is None:
                return
            if self._told:
                self._told(done.target, report.error)
            if report.action != "failed":
                self._touched.update(_holders(done, report.after))
            if report.action in ("created", "edited", "deleted"):
                self._notices += [(done.after, notice) for notice in number_notices.of(done.before, done.after)]
            left = done.stored if report.action == "failed" else report.after
            is_now[done.number] = None if report.action == "deleted" else _body(left)

        unsaved = self._apply((self._change(done, documents[done.number]) for done in waiting.values()), seen)
        for number, error in unsaved.items():
            self._refuse(waiting[number].target, error)
        return is_now

    def _change(self, done: Planned, document: Document | None) -> Change:
        def again(found: Document | None) -> Document:
            """Do the deed to what somebody else has stored meanwhile; the carrier is not asked a second time."""
            done.stored = found
            done.after = done.deed(self._planner.read(found), done.number, self._setting)
            if done.carrier_data is not None:
                done.after = done.after.changed(carrier_data=done.carrier_data)
            return done.document() or _deleted(found)

        return Change(done.database, document, done.stored, again)

    def _copy(self, batch: Sequence[Planned], documents: Mapping[str, Document | None]) -> set[str]:
        """Bring the copies in the accounts' databases into line with these documents of the numbers.

        The account that a number is assigned to gets it, the one it was assigned to before loses it. Returns the
        numbers that were refused since an account's database fails. Source: Kazoo knm_phone_number:assign/1,
        unassign_from_prev/1.
        """
        wanted: dict[str, dict[str, Document | None]] = defaultdict(dict)
        for done in batch:
            document = documents[done.number]
            owner = (document or {}).get("pvt_assigned_to")
            for account in _holders(done, document):
                wanted[account_database(account)][done.number] = document if account == owner else None
        failed: dict[str, SupError] = {}
        there = {each: wanted[each] for each in wanted if self._tried(partial(self._exists, each), each, failed)}
        pending = list(self._copies(there, failed))
        uncopied: dict[str, SupError] = {
            number: NotReached(number=number, reason=str(error))
            for database, error in failed.items()
            for number in wanted[database]
        }
        uncopied |= self._apply(change for change in pending if change.id not in uncopied)
        for done in batch:
            if done.number in uncopied:
                self._refuse(done.target, uncopied[done.number])
        return set(uncopied)

    def _copies(
        self, wanted: Mapping[str, Mapping[str, Document | None]], failed: dict[str, SupError]
    ) -> Iterator[Change]:
        unread: dict[str, SupError] = {}
        stored = self._zone.couchdb.get_from_many(
            {plain(database): list(documents) for database, documents in wanted.items()}, unread
        )
        check_reachable(unread)
        failed.update((database, unread[plain(database)]) for database in wanted if plain(database) in unread)
        for database, documents in wanted.items():
            if database in failed:
                continue
            for number, document in documents.items():
                found = stored[plain(database)].get(number)
                if changes.same(document, _body(found)):
                    continue
                yield Change(database, document, found, _deleted if document is None else partial(_copied, document))

    def _tried(self, work: Callable[[], bool | None], database: str, failed: dict[str, SupError]) -> bool | None:
        """Return what WORK does; where the database fails that is put into FAILED."""
        try:
            return work()
        except SupError as error:
            if ends_all(error):
                raise
            failed[database] = error
            return None

    def _apply(self, pending: Iterable[Change], seen: Callable[[Report], None] | None = None) -> dict[str, SupError]:
        """Make changes; return by number why those were not made whose database failed."""
        waiting: dict[tuple[str, str], None] = {}

        def noted() -> Iterator[Change]:
            for change in pending:
                waiting[change.database, change.id] = None
                yield change

        def told(report: Report) -> None:
            waiting.pop((report.database, report.id), None)
            self.tally.add(report)
            if seen:
                seen(report)

        try:
            changes.apply(self._zone, noted(), seen=told)
        except SupError as error:
            if ends_all(error) or isinstance(error, SettingsError):
                raise
            return {number: NotReached(number=number, reason=str(error)) for _database, number in waiting}
        return {}

    def _exists(self, database: str) -> bool:
        if database not in self._databases:
            self._databases[database] = self._zone.couchdb.exists(plain(database))
        return self._databases[database]

    def _ensure(self, database: str) -> None:
        if not self._databases.get(database):
            views.ensure_database(self._zone, database)
            self._databases[database] = True

    def _leave(self, target: Target) -> None:
        """Count a number as unchanged that was to go and is gone."""
        report = Report(number_database(target.number) or "", target.number, "unchanged")
        self.tally.add(report)
        self._zone.run.report(report)
        if self._told:
            self._told(target, None)

    def _refuse(self, target: Target, error: SupError) -> None:
        if target.line is not None:
            error = InLine(line=target.line, reason=str(error))
        report = Report(number_database(target.number) or "numbers", target.number, "failed", error=error)
        self.tally.add(report)
        if self._told:
            self._told(target, error)
        else:
            self._zone.run.report(report)


def _without_services(deed: Deed) -> Deed:
    """Return a deed that leaves the features as they are which a service would have to hear of."""

    def kept(number: PhoneNumber | None, name: str, setting: Setting) -> PhoneNumber:
        return feature_services.without(number, deed(number, name, setting))

    return kept


def _as_told(deed: Deed, asked: PhoneNumber, told: PhoneNumber) -> Deed:
    """Return a deed whose address is as its service has it, where it asks for the one that the service was told."""

    def kept(number: PhoneNumber | None, name: str, setting: Setting) -> PhoneNumber:
        after, address = deed(number, name, setting), address_of(told)
        return with_address(after, address) if address and address_of(after) == address_of(asked) else after

    return kept


def _body(document: Document | None) -> Document | None:
    return None if document is None else without_revision(document)


def _holders(done: Planned, document: Document | None) -> list[str]:
    """Return the accounts that have, had, or may have kept a copy of the number."""
    found = {(document or {}).get(key) for key in ("pvt_assigned_to", "pvt_previously_assigned_to")}
    for number in (done.before, done.after):
        if number is not None:
            found |= {number.assigned_to, number.previously_assigned_to}
    return sorted(filter(None, found))


def _copied(document: Document, _found: Document | None) -> Document:
    return document


def _deleted(found: Document | None) -> Document:
    return {"_id": (found or {})["_id"], "_deleted": True}

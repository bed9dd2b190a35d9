"""Doing a deed to many numbers: read in bulk, done to each, saved in the numbers' databases and their accounts' copies.

In constant memory, a batch after the other. A number that cannot be changed is reported and does not stop the others.
Of a batch the copies are saved first, then the numbers, then again the copies of numbers that were not stored as
planned. So what a failing server leaves half done the same run completes: the number itself is still as it was. A
number that needs no change gets its copy mended, too.

Source: Kazoo knm_phone_number:save/1, delete/1, which saves and copies one number after the other.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import Change, Report, Tally
from kazoo_sup.errors import NotFound, SupError
from kazoo_sup.kazoo import carriers, views
from kazoo_sup.kazoo.documents import Document, without_revision
from kazoo_sup.kazoo.numbers import lifecycle, phone_number, states
from kazoo_sup.kazoo.numbers.lifecycle import Deed, NumberIsPorting, Setting
from kazoo_sup.names import account_database, number_database, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kazoo_sup.kazoo.numbers.phone_number import PhoneNumber
    from kazoo_sup.kazoo.numbers.targets import Target
    from kazoo_sup.zone import Zone

BATCH = 1000

_PORT_REQUESTS = "port_requests"


class InLine(SupError):
    """line {line}: {reason}"""


class NotANumber(SupError):
    """{reason}"""


@dataclass(slots=True)
class _Done:
    """One number of a batch: as it was read, as it shall be, and what its carrier did about it."""

    target: Target
    deed: Deed
    stored: Document | None
    before: PhoneNumber | None
    after: PhoneNumber
    carrier_data: Document | None = None

    @property
    def number(self) -> str:
        return self.target.number

    @property
    def database(self) -> str:
        return number_database(self.number) or ""

    def document(self) -> Document | None:
        """The document as it shall be stored, the stored one where nothing changes, None for a number to remove."""
        if self.after.state == states.DELETED:
            return None
        return self.stored if self.stored is not None and not self.after.dirty else self.after.document()


def read(zone: Zone, numbers: Sequence[str]) -> dict[str, Document]:
    """Return the stored documents of these E.164 numbers by number; without those that are not there."""
    databases: dict[str, list[str]] = defaultdict(list)
    for number in numbers:
        database = number_database(number)
        if database:
            databases[plain(database)].append(number)
    found: dict[str, Document] = {}
    for documents in zone.couchdb.get_from_many(databases).values():
        found |= documents
    return found


def perform(
    zone: Zone,
    targets: Iterable[Target],
    deed: Callable[[Target], Deed],
    setting: Setting,
    *,
    total: int | None = None,
    label: str,
    told: Callable[[Target, SupError | None], None] | None = None,
    touched: set[str] | None = None,
) -> Tally:
    """Do to every target what DEED returns for it; return the tally of all documents, those of the copies included.

    TOUCHED takes in the accounts (ids) of numbers that were changed: what their services count changes with them.
    A target that fails is reported as failed, with its line; where TOLD is given it is handed every target instead,
    with its error or None. DEED may raise a SupError for a target. Raises what the door raises.
    """
    work = _Work(zone, setting, told, set() if touched is None else touched)
    with zone.run.progress(label, total) as advance, changes.together(zone):
        for batch in _batched(targets):
            work.do(batch, deed)
            advance(len(batch))
    return work.tally


class _Work:
    def __init__(
        self,
        zone: Zone,
        setting: Setting,
        told: Callable[[Target, SupError | None], None] | None,
        touched: set[str],
    ) -> None:
        self.tally = Tally()
        self._touched = touched
        self._told = told
        self._zone = zone
        self._setting = setting
        self._databases: dict[str, bool] = {}

    def do(self, batch: Sequence[Target], deed: Callable[[Target], Deed]) -> None:
        """Do the deed to a batch in which each number stands once."""
        stored = read(self._zone, [target.number for target in batch if not target.wrong])
        planned = [done for target in batch if (done := self._planned(target, deed, stored.get(target.number)))]
        planned = self._without_porting(planned)
        settled = [done for done in planned if self._settled_with_carrier(done)]
        shall_be = {done.number: _body(done.document()) for done in settled}
        self._copy(settled, shall_be)
        is_now = self._save(settled)
        self._copy([done for done in settled if not changes.same(shall_be[done.number], is_now[done.number])], is_now)

    def _planned(self, target: Target, deed: Callable[[Target], Deed], document: Document | None) -> _Done | None:
        try:
            if target.wrong:
                raise NotANumber(reason=target.wrong)
            chosen = deed(target)
            before = self._read(document)
            return _Done(target, chosen, document, before, chosen(before, target.number, self._setting))
        except SupError as error:
            self._refuse(target, error)
            return None

    def _read(self, document: Document | None) -> PhoneNumber | None:
        return None if document is None else phone_number.read(document, self._setting.policy.default_module)

    def _without_porting(self, planned: list[_Done]) -> list[_Done]:
        """Refuse to create what is being ported in (Kazoo knm_number:ensure_number_is_not_porting/2)."""
        new = [done.number for done in planned if done.before is None and not done.after.ported_in]
        porting = _porting(self._zone, new) if new else {}
        for done in planned:
            if done.number in porting:
                self._refuse(done.target, NumberIsPorting(number=done.number, **porting[done.number]))
        return [done for done in planned if done.number not in porting]

    def _settled_with_carrier(self, done: _Done) -> bool:
        """Acquire from, or give back to, the number's carrier what has to be; False when it refused."""
        before, after = done.before, done.after
        if before is None or self._zone.run.dry_run:
            return True
        acquired, given_back = states.is_acquired(before, after), lifecycle.is_disconnected(before, after)
        if not acquired and not given_back:
            return True
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

    def _save(self, batch: Sequence[_Done]) -> dict[str, Document | None]:
        """Save the numbers of a batch; return by number what is stored now, without revisions."""
        for database in dict.fromkeys(done.database for done in batch if done.document() is not None):
            self._ensure(database)
        waiting = {done.number: done for done in batch}
        is_now = {done.number: _body(done.stored) for done in batch}

        def seen(report: Report) -> None:
            done = waiting.get(report.id)
            if done is None:
                return
            if self._told:
                self._told(done.target, report.error)
            if report.action in ("created", "edited", "deleted"):
                self._touched.update(_holders(done, report.after))
            left = done.stored if report.action == "failed" else report.after
            is_now[done.number] = None if report.action == "deleted" else _body(left)

        self._apply((self._change(done) for done in batch), seen)
        return is_now

    def _change(self, done: _Done) -> Change:
        def again(found: Document | None) -> Document:
            """Do the deed to what somebody else has stored meanwhile; the carrier is not asked a second time."""
            done.stored = found
            done.after = done.deed(self._read(found), done.number, self._setting)
            if done.carrier_data is not None:
                done.after = done.after.changed(carrier_data=done.carrier_data)
            return done.document() or _deleted(found)

        return Change(done.database, done.document(), done.stored, again)

    def _copy(self, batch: Sequence[_Done], documents: Mapping[str, Document | None]) -> None:
        """Bring the copies in the accounts' databases into line with these documents of the numbers.

        The account that a number is assigned to gets it, the one it was assigned to before loses it. Source: Kazoo
        knm_phone_number:assign/1, unassign_from_prev/1.
        """
        wanted: dict[str, dict[str, Document | None]] = defaultdict(dict)
        for done in batch:
            document = documents[done.number]
            owner = (document or {}).get("pvt_assigned_to")
            for account in _holders(done, document):
                wanted[account_database(account)][done.number] = document if account == owner else None
        self._apply(self._copies({database: wanted[database] for database in wanted if self._exists(database)}))

    def _copies(self, wanted: Mapping[str, Mapping[str, Document | None]]) -> Iterator[Change]:
        stored = self._zone.couchdb.get_from_many(
            {plain(database): list(documents) for database, documents in wanted.items()}
        )
        for database, documents in wanted.items():
            for number, document in documents.items():
                found = stored[plain(database)].get(number)
                if changes.same(document, _body(found)):
                    continue
                yield Change(database, document, found, _deleted if document is None else partial(_copied, document))

    def _apply(self, pending: Iterable[Change], seen: Callable[[Report], None] | None = None) -> None:
        self.tally.include(changes.apply(self._zone, pending, seen=seen))

    def _exists(self, database: str) -> bool:
        if database not in self._databases:
            self._databases[database] = self._zone.couchdb.exists(plain(database))
        return self._databases[database]

    def _ensure(self, database: str) -> None:
        if not self._databases.get(database):
            views.ensure_database(self._zone, database)
            self._databases[database] = True

    def _refuse(self, target: Target, error: SupError) -> None:
        if target.line is not None:
            error = InLine(line=target.line, reason=str(error))
        report = Report(number_database(target.number) or "numbers", target.number, "failed", error=error)
        self.tally.add(report)
        if self._told:
            self._told(target, error)
        else:
            self._zone.run.report(report)


def _batched(targets: Iterable[Target]) -> Iterator[list[Target]]:
    """Gather targets into batches in which no number stands twice: the second deed is done to what the first left."""
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


def _body(document: Document | None) -> Document | None:
    return None if document is None else without_revision(document)


def _holders(done: _Done, document: Document | None) -> list[str]:
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


def _porting(zone: Zone, numbers: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the port request, and its account, that brings each of the numbers here (Kazoo knm_port_request:get/1)."""
    try:
        rows = list(views.rows(zone, _PORT_REQUESTS, "port_requests", "port_in_numbers", keys=numbers))
    except NotFound:
        return {}
    return {row["key"]: {"request": row["id"], "account": row["value"]} for row in rows}

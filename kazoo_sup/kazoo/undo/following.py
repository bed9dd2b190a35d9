"""What goes with a walk: what it says of itself, what it cannot take back, and what is recounted after it."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.changes import recording, same
from kazoo_sup.kazoo.billing import services, services_reconcile
from kazoo_sup.kazoo.ecallmgr import ecallmgr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kazoo_sup.changes import Report
    from kazoo_sup.errors import SupError
    from kazoo_sup.kazoo.undo.chain import Walk
    from kazoo_sup.types import Document, Json
    from kazoo_sup.zone import Zone

_ACLS = "system_config", "ecallmgr"
"""Where access lists are: FreeSWITCH has them read again."""


def lasting(walk: Walk) -> list[str]:
    """Return, in words, what the walk cannot take back."""
    found: Counter[str] = Counter()
    incomplete = []
    for record in walk.records:
        summary = record.summary
        if record.run not in walk.earlier:
            # What an undo deletes was empty: to make that again is no loss.
            found.update({why: count for why, count in summary.lasting.items() if walk.direction == "undo"})
        if summary.incomplete:
            incomplete.append(summary.incomplete)
    return [*(f"{why} ({count} times)" if count > 1 else why for why, count in found.items()), *incomplete]


@contextmanager
def recorded(zone: Zone, walk: Walk) -> Iterator[Callable[[bool], None]]:
    """Have the run say in its record what it is about; what is given is called when it came through all of it.

    It is told whether something was left alone.

    So a walk that changes nothing is recorded as well, and the next one goes on to the next run.
    """
    recorder = recording.recorder_of(zone)
    if recorder is None:
        yield lambda _left: None
        return
    recorder.about = walk.said
    recorder.unfinished = True
    recording.of(zone, documents=bool(walk.about.cluster))

    def came_through(left: bool) -> None:
        recorder.unfinished = False
        recorder.left = left

    yield came_through


class Following:
    """What has to follow the changes of documents: services recounted, access lists read again."""

    def __init__(self, zone: Zone) -> None:
        """Nothing has changed yet."""
        self._zone = zone
        self._acls = False
        self.accounts: set[str] = set()
        """The ids of accounts whose services are to be counted."""

    def note(self, report: Report) -> None:
        """Take in what became of a change."""
        if report.action not in ("created", "edited", "deleted"):
            return
        self.number(report.database, report.id, (report.before, report.after))
        if (report.database, report.id) == _ACLS:
            self._acls = self._acls or not same(_acls_of(report.before), _acls_of(report.after))

    def number(self, database: str, identifier: str, documents: Iterable[Document | None]) -> None:
        """Take in the accounts that these documents, of before and after, are about."""
        if database == services.DATABASE and not identifier.startswith("_"):
            self.accounts.add(identifier)
        for document in documents:
            if document is not None and document.get("pvt_type") == "number":
                for holder in (document.get("pvt_assigned_to"), document.get("pvt_previously_assigned_to")):
                    if isinstance(holder, str):
                        self.accounts.add(holder)

    def finish(self) -> Sequence[SupError]:
        """Do what follows; return what of it failed."""
        return changes.if_made(self._zone, self._do, shown=list)

    def _do(self) -> Sequence[SupError]:
        uncounted = services_reconcile.reconcile_each(self._zone, self.accounts, known=True)
        return [*uncounted, *(ecallmgr.have_acls_read(self._zone)[1] if self._acls else ())]


def _acls_of(document: Document | None) -> list[Json]:
    """Return the access lists of every section of a document of settings."""
    return [section.get("acls") for section in (document or {}).values() if isinstance(section, dict)]

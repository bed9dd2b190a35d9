"""Between the door and the journal: what is recorded of a batch before it leaves, and of its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kazoo_sup.changes import attachment_copies, outboxes
from kazoo_sup.changes.journal import DIRECTORY

if TYPE_CHECKING:
    from kazoo_sup.changes.change import Change, Report
    from kazoo_sup.changes.journal.recorder import Recorder
    from kazoo_sup.transports.couchdb import SaveResult
    from kazoo_sup.types import Document
    from kazoo_sup.zone import Was, Zone


def of(zone: Zone, *, documents: bool = True) -> Recording:
    """Return what records the run's changes in a zone; those of DOCUMENTS belong to a cluster, which is asked for.

    Raises NotRecorded where a record is required and cannot be made.
    """
    recorder = recorder_of(zone)
    if recorder is None:
        return SILENT
    begun = recorder.begin(
        zone.state_dir / DIRECTORY,
        zone.journaling,
        zone=zone.name,
        host=zone.host,
        cluster=(lambda: outboxes.cluster(zone)) if documents else None,
    )
    return Recording(zone, recorder) if begun else SILENT


def recorder_of(zone: Zone) -> Recorder | None:
    """Return the recorder of the run; None where nothing is recorded of it."""
    if zone.run.journal is None or zone.run.dry_run:
        return None
    from kazoo_sup.changes.journal.recorder import Recorder

    recorder = zone.run.journal()
    assert isinstance(recorder, Recorder)
    return recorder


class Recording:
    """The record of the run, for changes in one zone; without a recorder it says nothing."""

    def __init__(self, zone: Zone | None = None, recorder: Recorder | None = None) -> None:
        """Begin nothing yet."""
        self._zone = zone
        self._recorder = recorder

    def expect(self, batch: Sequence[Change]) -> int:
        """Record a batch that is about to be saved, with the attachments it removes; return its first number."""
        if self._recorder is None or self._zone is None:
            return 0
        files = attachment_copies.of(self._zone, batch)
        return self._recorder.changes(self._zone.name, batch, files).first

    def expect_restored(self, database: str, documents: Sequence[Document]) -> int:
        """Record revisions that are about to come back from a backup; return the first number."""
        if self._recorder is None or self._zone is None:
            return 0
        return self._recorder.restored(self._zone.name, database, documents).first

    def expect_database(self, database: str, act: str) -> int:
        """Record a database that is about to be created or deleted; return its number."""
        if self._recorder is None or self._zone is None:
            return 0
        return self._recorder.database(self._zone.name, database, act).first

    def expect_deed(self, deed: str, was: Was) -> int:
        """Record a deed that is about to be done; return its number."""
        if self._recorder is None or self._zone is None:
            return 0
        return self._recorder.deed(self._zone.name, deed, was).first

    def saved(self, first: int, reports: Sequence[Report | None], results: Sequence[SaveResult]) -> None:
        """Record what became of a batch that begins with number FIRST: reports and results in their places."""
        if self._recorder is None or not first:
            return
        done: dict[int, str | None] = {}
        not_done = []
        for place, (report, result) in enumerate(zip(reports, results, strict=True)):
            if report is None or result.is_open:
                continue
            if report.action in ("created", "edited", "deleted"):
                done[first + place] = (report.after or {}).get("_rev")
            else:
                not_done.append(first + place)
        self._recorder.settle(done, not_done)

    def settle(self, saved: Mapping[int, str | None], unsaved: Sequence[int] = ()) -> None:
        """Record what became of single changes, by number."""
        if self._recorder is not None:
            self._recorder.settle(saved, unsaved)


SILENT = Recording()

"""The journal on a disk that is really full: a small file system of its own, or a limit that the kernel sets."""

from __future__ import annotations

import os
import random
import resource
import subprocess
from contextlib import contextmanager

import pytest

from helpers.memory_zone import MemoryZone
from kazoo_sup import changes
from kazoo_sup.changes import Change
from kazoo_sup.changes.journal import Journal
from kazoo_sup.changes.journal.recorder import NotRecorded, Recorder, Told
from kazoo_sup.errors import Unfinished
from kazoo_sup.settings import Journaling

KILOBYTES = 256
DOCUMENTS = 3000


@contextmanager
def small_file_system(directory):
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={KILOBYTES}k,mode=0700", "none", str(directory)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root only")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


@contextmanager
def largest_file(_directory):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (KILOBYTES * 1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(params=[small_file_system, largest_file])
def zone(request, tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with request.param(state):
        made = MemoryZone(state)
        made.couchdb.create("db")
        yield made


def save(zone, **journal):
    """Save documents that cannot be packed small, as a run of its own; return its id, and what ended it."""
    recorder = Recorder(Told("db", "work", ("db", "work")), warn=zone.warnings.append)
    zone.rerun(journal=lambda: recorder)
    zone.all_settings = zone.all_settings._replace(journal=Journaling(**journal))
    chance = random.Random(7)
    documents = ({"_id": f"{place:05}", "x": chance.randbytes(100).hex()} for place in range(DOCUMENTS))
    problem = None
    try:
        changes.apply(zone, (Change("db", document, None) for document in documents))
    except Unfinished as error:
        problem = error
    run = recorder.run
    recorder.end(0 if problem is None else 2)
    return run, problem


def recorded(zone, run):
    """Return the ids that the record of a run holds, those that were saved."""
    return {
        entry.id for entry in Journal(zone.state_dir / "journal").find(run).newest_first() if entry.state != "unsaved"
    }


def test_the_run_goes_on_and_what_was_recorded_before_can_be_read(zone):
    run, problem = save(zone)
    assert problem is None
    assert len(zone.couchdb.all("db")) == DOCUMENTS
    [warning] = zone.warnings
    assert "what this run changes from here on is not recorded and cannot be undone" in warning
    assert any(reason in warning for reason in (os.strerror(28), os.strerror(27)))
    kept = recorded(zone, run)
    assert 0 < len(kept) < DOCUMENTS
    assert kept == {f"{place:05}" for place in range(len(kept))}


def test_where_a_record_is_required_nothing_is_saved_that_is_not_recorded(zone):
    run, problem = save(zone, mode="required")
    assert isinstance(problem.__cause__, NotRecorded)
    assert "a record is required" in str(problem)
    stored = set(zone.couchdb.all("db"))
    assert 0 < len(stored) < DOCUMENTS
    assert stored <= recorded(zone, run)

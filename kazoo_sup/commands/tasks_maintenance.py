"""Kazoo's background tasks, and the compaction of its databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from kazoo_sup import terms
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument, NotFound, SupError
from kazoo_sup.kazoo import bus, view_registrations
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.couchdb import databases
from kazoo_sup.kazoo.in_the_node import refused
from kazoo_sup.kazoo.tasks import compaction_jobs, task_documents
from kazoo_sup.kazoo.tasks import tasks as background
from kazoo_sup.kazoo.upkeep import soft_deletes
from kazoo_sup.names import plain
from kazoo_sup.outcome import NO_RETURN, Outcome, text, worked
from kazoo_sup.zone import Zone

APPLICATION = "tasks"

Compaction = Literal["status", "history", "compact_db", "compact_node"]


@command
def help_(zone: Zone, category: str | None = None, action: str | None = None) -> Outcome:
    """Show what tasks a node can do, those of CATEGORY, or what ACTION of it takes; a tasks node is asked."""
    found = background.help_on(zone, category, action)
    if found or category is None:
        return _json(found)
    return text(f"ERROR: {'unknown_category' if action is None else 'unknown_category_action'}", NO_RETURN)


@command
def tasks(zone: Zone, account: AccountId | None = None) -> Outcome:
    """Show all tasks, or those of ACCOUNT from the newest on, as a JSON list."""
    return _json(background.every(zone, account))


@command
def task(zone: Zone, task_id: str) -> Outcome:
    """Show the task TASK_ID as JSON."""
    document = background.read(zone, task_id)
    return text("ERROR: not_found", NO_RETURN) if document is None else _json(task_documents.public(document))


@command
def task_input(zone: Zone, task_id: str) -> Outcome:
    """Print the CSV that the task TASK_ID reads."""
    return _csv(zone, task_id, task_documents.INPUT)


@command
def task_output(zone: Zone, task_id: str) -> Outcome:
    """Print the CSV that the task TASK_ID has written."""
    return _csv(zone, task_id, task_documents.OUTPUT)


@command
def add(
    zone: Zone,
    auth_account: AccountId,
    account: AccountId,
    category: str,
    action: str,
    csv_file: Path | None = None,
    *,
    start: bool = False,
) -> Outcome:
    """Store a task of AUTH_ACCOUNT for ACCOUNT: ACTION of CATEGORY, with the rows of CSV_FILE where it takes any.

    A tasks node is asked which columns the action takes, and the CSV is checked before anything is stored. With --start
    the node is asked to start it, and it is followed to its end.
    """
    line, document, refusal = background.add(zone, auth_account, account, category, action, csv_file)
    if refusal is not None:
        return text(line, NO_RETURN, errors=[refusal])
    if not start or document is None or zone.run.dry_run:
        return text(line, NO_RETURN)
    return _started(zone, document["_id"], watch=True, before=[line])


@command
def start_(zone: Zone, task_id: str, *, watch: bool = False) -> Outcome:
    """Have a tasks node start the task TASK_ID; with --watch it is followed to its end."""
    if zone.run.dry_run:
        return _planned(zone, "start", task_id)
    return _started(zone, task_id, watch=watch)


@command
def remove(zone: Zone, task_id: str) -> Outcome:
    """Have a tasks node delete the task TASK_ID, unless it runs."""
    if zone.run.dry_run:
        return _planned(zone, "remove", task_id)
    try:
        return _json(background.ordered(zone, "remove", task_id))
    except background.TaskRefused as refusal:
        return _refused(refusal)


@command
def restart(task_id: str) -> Outcome:
    """Refused: no message of the bus asks a node to run TASK_ID again once it has ended; add it anew in its place."""
    instead = f"store it again with `sup tasks_maintenance add`; `task_input {task_id}` shows its CSV"
    raise refused("run a finished task again", instead)


@command
def cleanup_soft_deletes(zone: Zone, account: str) -> Outcome:
    """Delete for good what is marked as deleted in ACCOUNT, which may be any database, if it is one to be cleaned.

    Which those are stands in cleanup_dbs of system_config/tasks.cleanup. There are no change events, as in Kazoo.
    """
    return Outcome(NO_RETURN, counts=soft_deletes.cleanup(zone, account))


@command
def start_cleanup_pass() -> Outcome:
    """Refused: a node goes over all databases by itself."""
    instead = "`sup tasks_maintenance cleanup_soft_deletes DATABASE` cleans one, `sup couchdb compact` compacts"
    raise refused("have its triggers go over all databases", instead)


@command
def compaction(
    zone: Zone, subcommand: Literal["status", "history", "compact_db", "compact_node"], target: str = ""
) -> Outcome:
    """Compact the database TARGET (compact_db) or all those on a node (compact_node), or show the history of it.

    Those are the values of SUBCOMMAND. history shows this month's compactions, those of the month TARGET (YYYYMM), or
    the one that TARGET names. status is refused: what a tasks node compacts at this moment is known to it alone.
    """
    if subcommand == "status":
        raise refused("tell what it compacts at this moment", "`sup couchdb tasks` shows what CouchDB compacts")
    if subcommand == "history":
        found = compaction_jobs.month(target) if target else compaction_jobs.this_month()
        lines = compaction_jobs.history(zone, *found) if found else compaction_jobs.job(zone, target)
        return text(lines, NO_RETURN)
    if not target:
        raise BadArgument(parameter="TARGET", reason=f"{subcommand} takes what is to be compacted")
    if subcommand == "compact_node":
        names = compaction_jobs.on_node(zone, target)
        return worked(zone.run, compaction_jobs.compact(zone, subcommand, names, target))
    name = databases.existing(zone, plain(soft_deletes.database_of(target)))
    return worked(zone.run, compaction_jobs.compact(zone, subcommand, [name]))


@command
def register_views(zone: Zone) -> Outcome:
    """Register the views of the tasks application from an installed Kazoo."""
    return Outcome(counts=view_registrations.register(zone, APPLICATION))


def _json(found: Any) -> Outcome:
    return text(terms.json_encode(found), NO_RETURN, data=found)


def _csv(zone: Zone, task_id: str, name: str) -> Outcome:
    try:
        return text(background.attachment(zone, task_id, name), NO_RETURN)
    except NotFound:
        return text("ERROR: not_found", NO_RETURN)


def _started(zone: Zone, task_id: str, *, watch: bool, before: list[str] | None = None) -> Outcome:
    try:
        started = background.ordered(zone, "start", task_id)
    except background.TaskRefused as refusal:
        return _refused(refusal, before)

    def lines() -> Iterator[str]:
        yield from before or ()
        yield terms.json_encode(started)
        if watch:
            yield from background.followed(zone, task_id)

    return text(lines(), NO_RETURN, live=watch)


def _refused(refusal: SupError, before: list[str] | None = None) -> Outcome:
    return text([*(before or ()), f"ERROR: {refusal.facts['reason']}"], NO_RETURN, errors=[refusal])


def _planned(zone: Zone, deed: str, task_id: str) -> Outcome:
    bus.publish(zone, [(f"tasks.{deed}_req", {"Task-ID": task_id})])
    return Outcome(NO_RETURN)

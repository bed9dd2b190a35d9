"""Kazoo's background tasks, and the compaction of its databases."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Literal

from kazoo_sup import changes, terms
from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.descriptions import OnNode
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument, NotFound
from kazoo_sup.kazoo.couchdb import databases
from kazoo_sup.kazoo.databases import view_registrations
from kazoo_sup.kazoo.live.refusals import only_there, refused
from kazoo_sup.kazoo.migrations import soft_deletes
from kazoo_sup.kazoo.tasks import compaction_jobs, task_documents
from kazoo_sup.kazoo.tasks import tasks as background
from kazoo_sup.kazoo.tasks.task_csv import BadCsv
from kazoo_sup.messages.names import plain
from kazoo_sup.results import NO_RETURN, Answer, BulkReport, Done, Live, Result
from kazoo_sup.texts import tasks as texts
from kazoo_sup.zone import Zone

APPLICATION = "tasks"

Compaction = Literal["status", "history", "compact_db", "compact_node"]


@command
def help_(zone: Zone, category: str | None = None, action: str | None = None) -> Result:
    """Show what tasks a node can do, those of CATEGORY, or what ACTION of it takes; a tasks node is asked."""
    found = background.help_on(zone, category, action)
    if found or category is None:
        return _json(found)
    return Answer(NO_RETURN, lines=[f"ERROR: {'unknown_category' if action is None else 'unknown_category_action'}"])


@command
def tasks(zone: Zone, account: AccountId | None = None) -> Result:
    """Show all tasks, or those of ACCOUNT from the newest on, as a JSON list."""
    return _json(background.every(zone, account))


@command
def task(zone: Zone, task_id: str) -> Result:
    """Show the task TASK_ID as JSON."""
    document = background.read(zone, task_id)
    return Answer(NO_RETURN, lines=["ERROR: not_found"]) if document is None else _json(task_documents.public(document))


@command
def task_input(zone: Zone, task_id: str) -> Result:
    """Print the CSV that the task TASK_ID reads."""
    return _csv(zone, task_id, task_documents.INPUT)


@command
def task_output(zone: Zone, task_id: str) -> Result:
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
) -> Result:
    """Store a task of AUTH_ACCOUNT for ACCOUNT: ACTION of CATEGORY, with the rows of CSV_FILE where it takes any.

    A tasks node is asked which columns the action takes, and the CSV is checked before anything is stored. With --start
    the node is asked to start it, and it is followed to its end.
    """
    try:
        stored, document = background.add(zone, auth_account, account, category, action, csv_file)
    except (BadCsv, background.TaskRefused) as refusal:
        return Done(NO_RETURN, [texts.not_stored(refusal)], BulkReport(errors=[refusal]))
    done = Done(NO_RETURN, list(texts.lines([stored])), data=document)
    if not start:
        return done
    task = document["_id"]
    return changes.if_made(zone, lambda: _started(zone, task, watch=True, before=[stored]), shown=lambda: done)


@command
def start_(zone: Zone, task_id: str, *, watch: bool = False) -> Result:
    """Have a tasks node start the task TASK_ID; with --watch it is followed to its end."""
    return _started(zone, task_id, watch=watch)


@command
def remove(zone: Zone, task_id: str) -> Result:
    """Have a tasks node delete the task TASK_ID, unless it runs."""
    try:
        removed = background.ordered(zone, "remove", task_id)
    except background.TaskRefused as refusal:
        return _refused(refusal)
    return Done(NO_RETURN) if removed is None else _json(removed)


@command
def cleanup_soft_deletes(zone: Zone, account: str) -> Done:
    """Delete for good what is marked as deleted in ACCOUNT, which may be any database, if it is one to be cleaned.

    Which those are is in cleanup_dbs of system_config/tasks.cleanup. There are no change events, as in Kazoo.
    """
    return Done(NO_RETURN, report=BulkReport(soft_deletes.cleanup(zone, account)))


@command
def compaction(
    zone: Zone, subcommand: Literal["status", "history", "compact_db", "compact_node"], target: str = ""
) -> Result:
    """Compact the database TARGET (compact_db) or all those on a node (compact_node), or show the history of it.

    Those are the values of SUBCOMMAND. history shows this month's compactions, those of the month TARGET (YYYYMM), or
    the one that TARGET names. status is what a tasks node compacts at this moment, which it tells itself.
    """
    if subcommand == "status":
        raise refused(
            "tell what it compacts at this moment",
            "`sup couchdb active_tasks` shows what CouchDB compacts",
            effect="reads",
        )
    if subcommand == "history":
        found = compaction_jobs.month(target) if target else compaction_jobs.this_month()
        if found:
            return Answer(NO_RETURN, lines=texts.history(compaction_jobs.history(zone, *found)))
        return Answer(NO_RETURN, lines=texts.job(target, compaction_jobs.job(zone, target)))
    if not target:
        raise BadArgument(parameter="TARGET", reason=f"{subcommand} takes what is to be compacted")
    if subcommand == "compact_node":
        names = compaction_jobs.on_node(zone, target)
        return Live(compaction_jobs.compact(zone, subcommand, names, target), texts.lines)
    name = databases.existing(zone, plain(soft_deletes.database_of(target)))
    return Live(compaction_jobs.compact(zone, subcommand, [name]), texts.lines)


@command
def register_views(zone: Zone) -> Done:
    """Register the views of the tasks application from an installed Kazoo."""
    return Done(report=BulkReport(view_registrations.register(zone, APPLICATION)))


def _json(found: object) -> Result:
    return Answer(NO_RETURN, found, [terms.json_encode(found)])


def _csv(zone: Zone, task_id: str, name: str) -> Result:
    try:
        return Answer(NO_RETURN, lines=background.attachment(zone, task_id, name))
    except NotFound:
        return Answer(NO_RETURN, lines=["ERROR: not_found"])


def _started(zone: Zone, task_id: str, *, watch: bool, before: Sequence[background.TaskStored] = ()) -> Result:
    try:
        answer = background.ordered(zone, "start", task_id)
    except background.TaskRefused as refusal:
        return _refused(refusal, before)
    if answer is None:
        return Done(NO_RETURN)
    events: list[background.TaskStored | background.TaskStarted] = [*before, background.TaskStarted(answer)]
    if watch:
        return Live(chain(events, background.followed(zone, task_id)), texts.lines, NO_RETURN, watched=True)
    return Answer(NO_RETURN, lines=list(texts.lines(events)))


def _refused(refusal: background.TaskRefused, before: Sequence[background.TaskStored] = ()) -> Answer:
    lines = [*texts.lines(before), f"ERROR: {refusal.reason}"]
    return Answer(NO_RETURN, lines=lines, report=BulkReport(errors=[refusal]))


ON_NODE = (
    OnNode(
        "restart",
        "TASK_ID",
        "Have the node run the finished task TASK_ID again.",
        only_there(
            "run a finished task again",
            "store it again with `sup tasks_maintenance add`; `task_input {task_id}` shows its CSV",
        ),
        "changes",
    ),
    OnNode(
        "start_cleanup_pass",
        "",
        "Have the node's triggers go over all databases.",
        only_there(
            "have its triggers go over all databases",
            "`sup tasks_maintenance cleanup_soft_deletes DATABASE` cleans one, `sup couchdb compact` compacts",
        ),
        "changes",
    ),
)
"""What only a running node can do."""

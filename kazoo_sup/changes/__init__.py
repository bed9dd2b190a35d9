"""The one door for writes: every document that `sup` creates, edits or deletes goes through here.

`update`, `create` and `delete` take one document, `apply` a stream of changes. In constant memory, however many there
are, the door shows them and stops there under `--dry-run`; writes them down in the journal with what was there before;
saves in bulk and in parallel; reads again and re-applies what somebody else changed in between; publishes for each the
event that makes every node forget its copy, and keeps in the outbox what the broker does not take; reports one result
per change.

What is not a document (a channel hung up, a server drained, a node told) goes through `act`, which does the same for a
deed in words. Nobody else asks whether this is a dry run.
"""

from kazoo_sup.changes.acting import PASSING, UNKNOWN, act, act_at, act_here, if_made, planned_may_be_missing
from kazoo_sup.changes.attaching import File, attach
from kazoo_sup.changes.change import Change, Report, Tally, creation, edit, rebuild, removal, same, saved_anyway
from kazoo_sup.changes.databases import NotTold, create_database, delete_database, forget, together
from kazoo_sup.changes.reports import tell
from kazoo_sup.changes.saving import apply
from kazoo_sup.changes.single import create, delete, update
from kazoo_sup.zone import Was

__all__ = [
    "PASSING",
    "UNKNOWN",
    "Change",
    "File",
    "NotTold",
    "Report",
    "Tally",
    "Was",
    "act",
    "act_at",
    "act_here",
    "apply",
    "attach",
    "create",
    "create_database",
    "creation",
    "delete",
    "delete_database",
    "edit",
    "forget",
    "if_made",
    "planned_may_be_missing",
    "rebuild",
    "removal",
    "same",
    "saved_anyway",
    "tell",
    "together",
    "update",
]

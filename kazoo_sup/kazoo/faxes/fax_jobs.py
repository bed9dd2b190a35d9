"""Faxes that wait to be sent or are being sent, as Kazoo lists them, and their states.

Source: Kazoo fax_maintenance:account_jobs/2, faxbox_jobs/2, pending_jobs/0, active_jobs/0, update_job/2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.documents import now
from kazoo_sup.types import Document, Fields

if TYPE_CHECKING:
    from typing import Unpack

    from kazoo_sup.transports.couchdb.view_query import ViewQuery
    from kazoo_sup.zone import Zone

DATABASE = "faxes"
PENDING = "pending"
STATE = "pvt_job_status"

Job = Fields
"""A job as the views of faxes have it: id, status, modified (Gregorian seconds), account_id, faxbox_id, from, to, …"""


def of_account(zone: Zone, account: str, state: str) -> Iterator[Job]:
    """Yield an account's jobs in a state."""
    return _jobs(zone, "list_by_account_state", start=[account, state], end=[account, state, {}])


def of_faxbox(zone: Zone, faxbox: str, state: str) -> Iterator[Job]:
    """Yield a faxbox's jobs in a state."""
    return _jobs(zone, "list_by_faxbox_state", start=[faxbox, state], end=[faxbox, state, {}])


def pending(zone: Zone) -> Iterator[Job]:
    """Yield the jobs that wait to be sent."""
    return _jobs(zone, "jobs")


def active(zone: Zone) -> Iterator[Job]:
    """Yield the jobs that are being sent, each with the node that does it."""
    return _jobs(zone, "processing_by_node")


def set_state(zone: Zone, job: Document, state: str) -> None:
    """Give a job, as it was read, another state. Raises what the door raises."""
    change = changes.edit(
        DATABASE,
        job,
        lambda found: found if found.get(STATE) == state else {**found, STATE: state, "pvt_modified": now()},
    )
    changes.apply(zone, [change]).check()


def _jobs(zone: Zone, view: str, **bounds: Unpack[ViewQuery]) -> Iterator[Job]:
    return (views.object_of(row) for row in views.rows(zone, DATABASE, "faxes", view, **bounds))

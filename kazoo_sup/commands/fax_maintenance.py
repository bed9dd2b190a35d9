"""Faxes: the jobs that wait or are being sent, and moving faxes to the databases of their months."""

from __future__ import annotations

from pathlib import Path

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import AccountId, Start
from kazoo_sup.arguments.values import Integer
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument, NotFound
from kazoo_sup.kazoo import accounts
from kazoo_sup.kazoo.databases import views
from kazoo_sup.kazoo.faxes import fax_jobs
from kazoo_sup.kazoo.faxes.fax_migration import BATCH, OVERRIDE, migrate_account, migrate_all, migrate_outbound
from kazoo_sup.messages.names import account_database
from kazoo_sup.results import NO_RETURN, Answer, Done, Live
from kazoo_sup.terms import Atom
from kazoo_sup.texts import faxes
from kazoo_sup.zone import Zone

_ERROR = Atom("error")


@command
def account_jobs(zone: Zone, account: AccountId, state: str = fax_jobs.PENDING) -> Live:
    """List the jobs of ACCOUNT that are in STATE."""
    return Live(fax_jobs.of_account(zone, account, state), faxes.in_state, NO_RETURN, watched=True)


@command
def faxbox_jobs(zone: Zone, faxbox_id: str, state: str = fax_jobs.PENDING) -> Live:
    """List the jobs of the faxbox FAXBOX_ID that are in STATE."""
    return Live(fax_jobs.of_faxbox(zone, faxbox_id, state), faxes.in_state, NO_RETURN, watched=True)


@command
def pending_jobs(zone: Zone) -> Live:
    """List the jobs that wait to be sent."""
    return Live(fax_jobs.pending(zone), faxes.pending, NO_RETURN, watched=True)


@command
def active_jobs(zone: Zone) -> Live:
    """List the jobs that are being sent, with the node that does it."""
    return Live(fax_jobs.active(zone), faxes.active, NO_RETURN, watched=True)


@command
def restart_job(zone: Zone, job_id: str) -> Done:
    """Let the job JOB_ID wait to be sent again."""
    job = zone.couchdb.get(fax_jobs.DATABASE, job_id)
    if job is None:
        raise NotFound(server="CouchDB", what=f"fax job {job_id}")
    fax_jobs.set_state(zone, job, fax_jobs.PENDING)
    return Done(NO_RETURN)


@command
def update_job(zone: Zone, job_id: str, state: str) -> Answer | Done:
    """Give the job JOB_ID the state STATE; one that is missing or in it already answers an error (exit code 2)."""
    job = zone.couchdb.get(fax_jobs.DATABASE, job_id)
    if job is None:
        return Answer((_ERROR, Atom("not_found")))
    if job.get(fax_jobs.STATE) == state:
        return Answer((_ERROR, Atom("job_not_already_in_state")))
    fax_jobs.set_state(zone, job, state)
    return Done()


@command
def migrate(zone: Zone, account: str | None = None, option: str | None = None, *, from_: Start = None) -> Live:
    """Move the faxes of ACCOUNT, or of all accounts and then outbound ones, to the databases of their months.

    The word override_existing_documents, as OPTION or in ACCOUNT's place for all accounts, replaces faxes that are
    there already, and puts them into the outbox. Accounts are taken from the last to the first; --from ACCOUNT begins
    with that one.
    """
    override = OVERRIDE in (account, option)
    if account is None or account == OVERRIDE:
        return Live(migrate_all(zone, override=override, outbound=account is None, start=from_), faxes.lines)
    try:
        database = account_database(accounts.find(account, zone))
    except ValueError as error:
        raise BadArgument(parameter="ACCOUNT", reason=str(error)) from None
    return Live(migrate_account(zone, database, override=override), faxes.lines)


@command
def migrate_outbound_faxes(zone: Zone, batch_size: Integer = BATCH) -> Live:
    """Move outbound faxes that were sent or have failed to the databases of their months, BATCH_SIZE read at once."""
    if batch_size < 1:
        raise BadArgument(parameter="BATCH_SIZE", reason=f"{batch_size} is below 1")
    return Live(migrate_outbound(zone, batch_size), faxes.lines)


@command
def load_smtp_attachment(zone: Zone, doc_id: str, filename: Path) -> Done:
    """Attach the file FILENAME to the outbound fax DOC_ID, with what is made of it to be sent.

    The programs that convert it are those of this host; see `sup kazoo_convert_maintenance versions_in_use`.
    """
    from kazoo_sup.kazoo.faxes import fax_attachments

    job = zone.couchdb.get(fax_jobs.DATABASE, doc_id)
    if job is None:
        raise NotFound(server="CouchDB", what=f"fax {doc_id}")
    try:
        fax_attachments.attach(zone, job, filename)
    except OSError as error:
        raise BadArgument(parameter="FILENAME", reason=f"{error.filename}: {error.strerror}") from None
    return Done(lines=[f"attachment {filename} for docid {doc_id} recovered"])


@command
def refresh_views(zone: Zone) -> Done:
    """Bring the views of the database of faxes up to date."""
    views.ensure_database(zone, fax_jobs.DATABASE)
    views.refresh(zone, fax_jobs.DATABASE)
    return Done()


@command
def flush(zone: Zone) -> Done:
    """Make every node forget what it has cached of the database of faxes; Kazoo's flushes the cache of one node."""
    changes.forget(zone, fax_jobs.DATABASE)
    return Done()

"""Faxes: the jobs that wait or are being sent, and moving faxes to the databases of their months."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from kazoo_sup import changes
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument, NotFound
from kazoo_sup.kazoo import accounts, every_account, views
from kazoo_sup.kazoo.accounts import AccountId
from kazoo_sup.kazoo.every_account import PartlyDone, Work
from kazoo_sup.kazoo.faxes import fax_jobs
from kazoo_sup.kazoo.faxes.fax_migration import BATCH, OVERRIDE, Migration
from kazoo_sup.kazoo.values import Integer
from kazoo_sup.names import account_database
from kazoo_sup.outcome import NO_RETURN, OK, Outcome, text, value, worked
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone

_ERROR = Atom("error")


@command
def account_jobs(zone: Zone, account: AccountId, state: str = fax_jobs.PENDING) -> Outcome:
    """List the jobs of ACCOUNT that are in STATE."""
    return text(fax_jobs.of_account(zone, account, state), NO_RETURN)


@command
def faxbox_jobs(zone: Zone, faxbox_id: str, state: str = fax_jobs.PENDING) -> Outcome:
    """List the jobs of the faxbox FAXBOX_ID that are in STATE."""
    return text(fax_jobs.of_faxbox(zone, faxbox_id, state), NO_RETURN)


@command
def pending_jobs(zone: Zone) -> Outcome:
    """List the jobs that wait to be sent."""
    return text(fax_jobs.pending(zone), NO_RETURN)


@command
def active_jobs(zone: Zone) -> Outcome:
    """List the jobs that are being sent, with the node that does it."""
    return text(fax_jobs.active(zone), NO_RETURN)


@command
def restart_job(zone: Zone, job_id: str) -> Outcome:
    """Let the job JOB_ID wait to be sent again."""
    job = zone.couchdb.get(fax_jobs.DATABASE, job_id)
    if job is None:
        raise NotFound(server="CouchDB", what=f"fax job {job_id}")
    fax_jobs.set_state(zone, job, fax_jobs.PENDING)
    return value(NO_RETURN)


@command
def update_job(zone: Zone, job_id: str, state: str) -> Outcome:
    """Give the job JOB_ID the state STATE; one that is missing or in it already answers an error (exit code 2)."""
    job = zone.couchdb.get(fax_jobs.DATABASE, job_id)
    if job is None:
        return value((_ERROR, Atom("not_found")))
    if job.get(fax_jobs.STATE) == state:
        return value((_ERROR, Atom("job_not_already_in_state")))
    fax_jobs.set_state(zone, job, state)
    return value(OK)


@command
def migrate(
    zone: Zone, account: str | None = None, option: str | None = None, *, from_: every_account.Start = None
) -> Outcome:
    """Move the faxes of ACCOUNT, or of all accounts and then outbound ones, to the databases of their months.

    The word override_existing_documents, as OPTION or in ACCOUNT's place for all accounts, replaces faxes that are
    there already, and puts them into the outbox. Accounts are taken from the last to the first; --from ACCOUNT begins
    with that one.
    """
    migration = Migration(override=OVERRIDE in (account, option))
    lines: Iterable[str]
    if account is None or account == OVERRIDE:
        lines = _all(zone, migration, from_, outbound=account is None)
    else:
        try:
            database = account_database(accounts.find(account, zone))
        except ValueError as error:
            raise BadArgument(parameter="ACCOUNT", reason=str(error)) from None
        lines = migration.account(zone, database)
    return worked(zone.run, _to_its_end(lines, migration))


@command
def migrate_outbound_faxes(zone: Zone, batch_size: Integer = BATCH) -> Outcome:
    """Move outbound faxes that were sent or have failed to the databases of their months, BATCH_SIZE read at once."""
    if batch_size < 1:
        raise BadArgument(parameter="BATCH_SIZE", reason=f"{batch_size} is below 1")
    migration = Migration()
    return worked(zone.run, _to_its_end(migration.outbound(zone, batch_size), migration))


@command
def load_smtp_attachment(zone: Zone, doc_id: str, filename: Path) -> Outcome:
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
    return worked(zone.run, [f"attachment {filename} for docid {doc_id} recovered"])


@command
def refresh_views(zone: Zone) -> Outcome:
    """Bring the views of the database of faxes up to date."""
    views.ensure_database(zone, fax_jobs.DATABASE)
    views.refresh(zone, fax_jobs.DATABASE)
    return Outcome()


@command
def flush(zone: Zone) -> Outcome:
    """Make every node forget what it has cached of the database of faxes; Kazoo's flushes the cache of one node."""
    changes.forget(zone, fax_jobs.DATABASE)
    return Outcome()


def _to_its_end(lines: Iterable[str], migration: Migration) -> Iterator[str]:
    yield from lines
    migration.failures.end()


def _all(zone: Zone, migration: Migration, start: str | None, *, outbound: bool) -> Iterator[str]:
    databases = every_account.accounts(zone, start, backwards=True)
    work = Work(zone, databases, migration.account, label="migrating faxes")
    for done in work:
        yield f"migrating faxes in database ({done.total - done.left + 1}/{done.total}) '{done.database}'"
        yield from done.found or ()
    if outbound:
        yield from migration.outbound(zone)
    if work.failed:
        raise PartlyDone(failed=work.failed, total=work.total)

"""Applications that use Google's services for accounts, as cloud printing: the provider and the applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.secrets import Secret, password
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument, Declined
from kazoo_sup.kazoo.auth import auth_apps
from kazoo_sup.kazoo.databases import shipped_documents, views
from kazoo_sup.results import OK, Answer, BulkReport, Done
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION = "kazoo_oauth"
PROVIDER = "google"
REGISTERED = (Atom("error"), "already registered")


@command
def register_oauth_app(
    zone: Zone, account_id: AccountId, oauth_id: str, email: str, secret: Secret, provider: str
) -> Answer:
    """Store the application OAUTH_ID of ACCOUNT and EMAIL at PROVIDER, and answer it (exit code 2, as in Kazoo).

    SECRET - is taken from SUP_PASSWORD, or asked for.
    """
    document = auth_apps.new(oauth_id, account_id, password(zone.run, secret), email=email, oauth_provider=provider)
    stored = auth_apps.register(zone, auth_apps.OAUTH, document)
    return Answer(REGISTERED if stored is None else (OK, stored))


@command
def register_common_providers(zone: Zone) -> Done:
    """Bring the provider google, which comes with an installed Kazoo, into the database oauth."""
    found = _provider(zone)
    return Done(report=BulkReport(changes.apply(zone, shipped_documents.updates(zone, auth_apps.OAUTH, found)).counts))


@command
def refresh(zone: Zone, db: str = auth_apps.OAUTH) -> Done:
    """Create the database oauth, which alone DB may be, where it is missing, and register the provider google."""
    if db != auth_apps.OAUTH:
        raise BadArgument(parameter="DB", reason=f"it is {auth_apps.OAUTH} alone that is refreshed here")
    found = _provider(zone)
    views.ensure_database(zone, auth_apps.OAUTH)
    return Done(report=BulkReport(changes.apply(zone, shipped_documents.updates(zone, auth_apps.OAUTH, found)).counts))


def _provider(zone: Zone) -> list[Path]:
    """Return the file of the provider, or nothing where it is stored already. Raises Declined without either."""
    found = shipped_documents.files(APPLICATION, f"{PROVIDER}.json")
    if not found and zone.couchdb.get(auth_apps.OAUTH, PROVIDER) is None:
        raise Declined(reason=f"no {APPLICATION} is installed here: there is no provider to register")
    if not found:
        zone.run.hint(f"no {APPLICATION} is installed here: the provider stays as it is")
    return found

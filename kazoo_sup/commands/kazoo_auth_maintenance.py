"""Logging in through other services: their definitions, the applications registered there, and the keys."""

from __future__ import annotations

from pathlib import Path

from kazoo_sup import changes
from kazoo_sup.arguments.accounts import AccountId
from kazoo_sup.arguments.secrets import Secret, password
from kazoo_sup.command import command
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.auth import auth_apps, private_keys
from kazoo_sup.kazoo.databases import shipped_documents, view_registrations, views
from kazoo_sup.results import OK, Answer, BulkReport, Done
from kazoo_sup.terms import Atom
from kazoo_sup.zone import Zone

APPLICATION = "kazoo_auth"
REGISTERED = (Atom("error"), "already registered")


@command
def register_auth_app(zone: Zone, account_id: AccountId, oauth_id: str, secret: Secret, provider: str) -> Answer:
    """Store the application OAUTH_ID of ACCOUNT at PROVIDER, and answer it (exit code 2, as in Kazoo).

    SECRET - is taken from SUP_PASSWORD, or asked for.
    """
    document = auth_apps.new(oauth_id, account_id, password(zone.run, secret), auth_provider=provider)
    stored = auth_apps.register(zone, auth_apps.AUTH, document)
    return Answer(REGISTERED if stored is None else (OK, stored))


@command
def register_auth_app_key(zone: Zone, app_id: str, pem_file: Path) -> Answer:
    """Store the RSA private key in PEM_FILE for the application APP_ID, and answer it (exit code 2, as in Kazoo)."""
    try:
        text = pem_file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadArgument(parameter="PEM_FILE", reason=f"{pem_file}: {error.strerror}") from error
    return Answer((OK, auth_apps.register_key(zone, app_id, private_keys.read(text, str(pem_file)))))


@command
def register_common_providers(zone: Zone) -> Done:
    """Bring the providers that come with an installed Kazoo into system_auth."""
    found = shipped_documents.files(APPLICATION, "providers/*.json")
    if not found:
        zone.run.warn(f"no {APPLICATION} is installed here: there are no providers to register")
        return Done()
    return Done(report=BulkReport(changes.apply(zone, shipped_documents.updates(zone, auth_apps.AUTH, found)).counts))


@command
def refresh(zone: Zone) -> Done:
    """Create system_auth where it is missing, and refresh its views."""
    views.ensure_database(zone, auth_apps.AUTH)
    views.refresh(zone, auth_apps.AUTH)
    return Done()


@command
def register_views(zone: Zone) -> Done:
    """Register the views of kazoo_auth from an installed Kazoo."""
    return Done(report=BulkReport(view_registrations.register(zone, APPLICATION)))


@command
def flush(zone: Zone) -> Done:
    """Make every node forget the profiles, keys and tokens that it has cached."""
    changes.forget(zone, auth_apps.AUTH)
    return Done()


@command
def ensure_secret(zone: Zone) -> Done:
    """Make a random secret that users' tokens are signed with, unless there is one."""
    auth_apps.ensure_secret(zone)
    return Done()

"""The settings that environment variables give."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from kazoo_sup.errors import SettingsError
from kazoo_sup.settings import journaling, servers
from kazoo_sup.settings.servers import COUCHDB
from kazoo_sup.settings.sources import DEFAULT, Found, Key, days, expanded, megabytes, port, seconds, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from kazoo_sup.transports.server import Reader, Server

Value = TypeVar("Value")

COUCHDB_VARIABLES = ("SUP_COUCHDB_URL", "SUP_COUCHDB_USER", "SUP_COUCHDB_PASSWORD", "SUP_COUCHDB_PASSWORD_FILE")
GLOBAL: Mapping[str, tuple[Key, Callable[[str], object]]] = {
    "SUP_HOST": (("host",), str),
    "SUP_STATE_DIR": (("state_dir",), expanded),
    "SUP_JOURNAL": (("journal", "mode"), journaling.mode),
    "SUP_JOURNAL_DAYS": (("journal", "days"), days),
    "SUP_JOURNAL_MEGABYTES": (("journal", "megabytes"), megabytes),
    "SUP_JOURNAL_RUN_MEGABYTES": (("journal", "run_megabytes"), megabytes),
}
ZONE: Mapping[str, tuple[tuple[Key, ...], Callable[[str], object]]] = {
    "SUP_SCHEMAS_DIR": ((("schemas_dir",),), expanded),
    "SUP_CA_FILE": ((("couchdb_tls", "ca_file"), ("amqp_tls", "ca_file")), expanded),
    "SUP_CERT_FILE": ((("couchdb_tls", "cert_file"), ("amqp_tls", "cert_file")), expanded),
    "SUP_KEY_FILE": ((("couchdb_tls", "key_file"), ("amqp_tls", "key_file")), expanded),
    "SUP_TLS_VERIFY": ((("couchdb_tls", "verify"), ("amqp_tls", "verify")), truth),
    "SUP_CONNECT_TIMEOUT": ((("timeouts", "connect"),), seconds),
    "SUP_READ_TIMEOUT": ((("timeouts", "read"),), seconds),
    "SUP_NODES_TIMEOUT": ((("timeouts", "nodes"),), seconds),
    "SUP_LIMIT_MEGABYTES": ((("limits", "megabytes"),), megabytes),
    "SUP_LIMIT_SECONDS": ((("limits", "seconds"),), seconds),
    "ERL_EPMD_PORT": ((("epmd_port",),), port),
    "KAZOO_COOKIE": ((("cookie",),), str),
}
YIELDING = ("KAZOO_COOKIE",)
"""Those that count only where no file has the setting, as for Kazoo's sup (sup.erl:get_cookie/2)."""


def names_servers(environ: Mapping[str, str]) -> bool:
    """Whether ENVIRON says which servers to use, if only that there is no broker."""
    return bool(environ.get("SUP_COUCHDB_URL")) or "SUP_AMQP_URL" in environ


def settings(environ: Mapping[str, str], zone: str, below: Mapping[Key, Found]) -> dict[Key, Found]:
    """Return what ENVIRON sets; its connection settings are for ZONE, and BELOW are the settings it is laid over.

    Raises SettingsError naming the variable that cannot be used.
    """
    found: dict[Key, Found] = {}
    for name, (key, convert) in GLOBAL.items():
        if environ.get(name):
            found[key] = _converted(environ, name, convert), _origin(name)
    for name, (keys, convert) in ZONE.items():
        if environ.get(name):
            value = _converted(environ, name, convert)
            named = [("zones", zone, *key) for key in keys]
            found |= {key: (value, _origin(name)) for key in named if name not in YIELDING or key not in below}
    couchdb = ("zones", zone, "couchdb")
    if any(environ.get(name) for name in COUCHDB_VARIABLES):
        found[couchdb] = _couchdb(environ, *below.get(couchdb, (COUCHDB, DEFAULT)))
    if "SUP_AMQP_URL" in environ:
        brokers = _servers(environ, "SUP_AMQP_URL", ("amqp", "amqps"))
        found["zones", zone, "amqp"] = brokers, _origin("SUP_AMQP_URL")
    if environ.get("SUP_RABBITMQ_API"):
        api = _converted(environ, "SUP_RABBITMQ_API", lambda text: servers.parse(text, ("http", "https")))
        found["zones", zone, "rabbitmq_api"] = api, _origin("SUP_RABBITMQ_API")
    return found


def _couchdb(environ: Mapping[str, str], coordinators: tuple[Server, ...], origin: str) -> Found:
    given = [name for name in COUCHDB_VARIABLES if environ.get(name)]
    source = _origin(", ".join(given))
    if "SUP_COUCHDB_URL" in given:
        coordinators = _servers(environ, "SUP_COUCHDB_URL", ("http", "https"))
    else:
        source = f"{origin}, {source}"
    password: str | Reader | None = environ.get("SUP_COUCHDB_PASSWORD") or None
    if environ.get("SUP_COUCHDB_PASSWORD_FILE"):
        if password:
            raise SettingsError(source=source, reason="a password and a password file are both given; give one")
        path = expanded(environ["SUP_COUCHDB_PASSWORD_FILE"])
        password = servers.from_file(path, _origin("SUP_COUCHDB_PASSWORD_FILE"))
    coordinators = tuple(
        each.with_credentials(environ.get("SUP_COUCHDB_USER") or None, password) for each in coordinators
    )
    if any(each.has_password and not each.username for each in coordinators):
        raise SettingsError(source=source, reason="there is a password but no user name; set SUP_COUCHDB_USER")
    return coordinators, source


def _servers(environ: Mapping[str, str], name: str, schemes: Collection[str]) -> tuple[Server, ...]:
    """Several URLs stand between commas; a comma in a password is written %2C."""
    texts = [text for text in environ[name].split(",") if text.strip()]
    return tuple(_converted({name: text}, name, lambda text: servers.parse(text, schemes)) for text in texts)


def _converted(environ: Mapping[str, str], name: str, convert: Callable[[str], Value]) -> Value:
    try:
        return convert(environ[name])
    except ValueError as error:
        raise SettingsError(source=_origin(name), reason=str(error)) from None


def _origin(name: str) -> str:
    return f"environment {name}"

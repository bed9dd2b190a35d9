"""Where a run's settings come from: built-in defaults, a file, the environment, the command line; the later one wins.

The file is the first one there of
1. the one that was named (`--config`, SUP_CONFIG), which must exist; a name that ends in .ini is read as a config.ini,
2. $XDG_CONFIG_HOME/kazoo-sup/sup.yaml (~/.config/kazoo-sup/sup.yaml),
3. /etc/kazoo-sup/sup.yaml, unless it holds nothing but comments, then /etc/kazoo/sup.yaml,
4. Kazoo's own config.ini: the one KAZOO_CONFIG names, else /etc/kazoo/config.ini, else /etc/kazoo/core/config.ini,
5. $XDG_CONFIG_HOME/kazoo-sup/lab.yaml, which `sup lab` writes, unless the environment names servers. With another file
   in use, its zone `lab` is there for who asks for it by name.

The connection settings of the environment describe one zone: the one that SUP_ZONE names, else the file's own default.
`--zone` chooses another one as the file has it, so that a URL exported for one cluster is never taken for the other.
SUP_COUCHDB_URL and SUP_AMQP_URL replace the servers of the file with their credentials; the user name and the password
for CouchDB can be given apart from them. KAZOO_COOKIE counts where the file has no cookie. An empty SUP_AMQP_URL
means that there is no broker; any other empty variable is as good as none.

Nothing here connects, asks a name server or runs a program: passwords that are kept elsewhere are read by
`Server.password` when somebody connects.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from kazoo_sup.concurrency import held
from kazoo_sup.errors import SettingsError, did_you_mean
from kazoo_sup.settings import environment, sources
from kazoo_sup.settings.journaling import Journaling
from kazoo_sup.settings.resources import config_directory, read_config
from kazoo_sup.settings.servers import BROKERS, COUCHDB
from kazoo_sup.settings.sources import DEFAULT, Found, Key, Source, expanded
from kazoo_sup.transports.limits import Limits
from kazoo_sup.transports.net import Tls
from kazoo_sup.transports.server import MASK, Server

LOCAL = "local"
LAB = "lab"
PACKAGE_FILE = Path("/etc/kazoo-sup/sup.yaml")
SYSTEM_FILE = Path("/etc/kazoo/sup.yaml")
KAZOO_FILES = (Path("/etc/kazoo/config.ini"), Path("/etc/kazoo/core/config.ini"))
STATE_WITHOUT_HOME = Path("/var/lib/kazoo-sup")


class Timeouts(NamedTuple):
    """Seconds to wait for a connection, for an answer, and for the nodes of the cluster to be heard.

    An answer may take as long as a view that CouchDB must first build. A node that lives advertises itself every 5 to
    15 seconds (Kazoo kz_nodes.erl, HEARTBEAT): who listens for less takes nodes for silent that are not.
    """

    connect: float = 5.0
    read: float = 60.0
    nodes: float = 16.0


class ZoneSettings(NamedTuple):
    """The servers of one Kazoo zone and how to speak to them.

    `couchdb` are coordinators of one cluster, and `brokers` the zone's RabbitMQ brokers, each in the order in which to
    try them. FreeSWITCH (`esl://host:port`), Kamailio (`http://host:port/RPC`, `unix:/path`, `udp://host:port`,
    `fifo:/path`, `binrpc:/path`, `binrpc://host:port`) and HAProxy (`unix:/path`, `tcp://host:port`) servers go by the
    names they were given, and so do RabbitMQ's management APIs, Crossbars (`http://host:port/v2`) and Monster UIs where
    there are several. Erlang nodes are found through the port mapper at `epmd_port`, or behind the `erlang_tunnels`
    (host and port) that their names have; where their distribution is encrypted, `erlang_tls` says how to trust them
    and be trusted. `node_shell` allows `sup node shell`. `locked` is lock_system_config of config.ini: system_config
    must not be written then (Kazoo kapps_config:is_locked/0).
    """

    name: str = LOCAL
    couchdb: tuple[Server, ...] = COUCHDB
    couchdb_tls: Tls = Tls()
    brokers: tuple[Server, ...] = BROKERS
    amqp_tls: Tls = Tls()
    rabbitmq_api: Server | Mapping[str, Server] | None = None
    freeswitch: Mapping[str, Server] = {}
    kamailio: Mapping[str, Server] = {}
    haproxy: Mapping[str, Server] = {}
    crossbar: Server | Mapping[str, Server] | None = None
    monster_ui: Server | Mapping[str, Server] | None = None
    kazoo_nodes: tuple[str, ...] = ()
    cookie: str = "change_me"
    epmd_port: int = 4369
    erlang_tls: Tls | None = None
    erlang_tunnels: Mapping[str, tuple[str, int]] = {}
    node_shell: bool = False
    schemas_dir: Path | None = None
    timeouts: Timeouts = Timeouts()
    limits: Limits = Limits()
    locked: bool = False

    def __repr__(self) -> str:
        """Leave the cookie out."""
        shown = (f"{name}={value!r}" for name, value in self._asdict().items() if name != "cookie")
        return f"ZoneSettings({', '.join(shown)})"

    @property
    def amqp(self) -> tuple[str, ...]:
        """The brokers' URIs with their credentials; reads passwords that are kept elsewhere."""
        return tuple(broker.uri for broker in self.brokers)


class Settings(NamedTuple):
    """Every zone, the one to work on, and what belongs to no zone.

    `active` is empty where there are several zones and nothing says which is meant; `chosen` tells that the command
    line or SUP_ZONE named it.
    `host` is this host's name as Erlang's net_adm:localhost/0 starts from it: the one the kernel has. Where that is the
    short one and nodes go by the full one, a `host` line of config.ini, SUP_HOST or the setting `host` gives it.
    `origins` says where each setting of `describe` came from.
    """

    zones: Mapping[str, ZoneSettings]
    active: str
    state_dir: Path
    host: str
    origins: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    chosen: bool = False
    journal: Journaling = Journaling()

    def zone(self, name: str | None = None) -> ZoneSettings:
        """Return the zone named NAME, or the active one.

        Raises SettingsError when there is none of that name, or several and nothing says which is meant.
        """
        if not (name or self.active):
            raise _several(self.zones)
        if (found := self.zones.get(name or self.active)) is None:
            raise _no_zone(str(name), self.zones, "zone")
        return found


def load(
    *,
    config: Path | None = None,
    zone: str | None = None,
    environ: Mapping[str, str] = os.environ,
    node: str = "kazoo_apps",
) -> Settings:
    """Return the settings of a run; SettingsError with every problem of a file.

    CONFIG and ZONE are what the command line says, and NODE the name of the Kazoo node that the run is meant for, with
    or without @host: config.ini has a section for it.
    """
    file = file_in_use(config, environ)
    source = _read(file, environ, node) if file else Source()
    _raise_all(source)
    values = source.values
    if not source.zones:
        name = environ.get("SUP_ZONE") or environ.get("KAZOO_ZONE") or LOCAL
        values["zones", name] = name, "environment" if name != LOCAL else DEFAULT
    default, origin = _default_zone(source, environ)
    if LAB in {zone, default} and LAB not in source.zones:
        _add_lab(source, environ, node)
    if zone:
        active, origin = zone, "--zone"
    elif default:
        active = default
    else:
        active, origin = "", DEFAULT
    if active and active not in source.zones:
        raise _no_zone(active, source.zones, origin)
    added = environment.settings(environ, default or active, values)
    if not active and any(key[:2] == ("zones", active) for key in added):
        raise _several(source.zones)  # whose servers does the environment name?
    values |= added
    values["zone",] = active, origin
    values.setdefault(("host",), (_host(environ), "this machine"))
    values.setdefault(("state_dir",), (_state_dir(environ), DEFAULT))
    chosen = bool(zone or environ.get("SUP_ZONE"))
    return Settings(
        zones={name: _zone_settings(name, values) for name in source.zones},
        active=active,
        state_dir=values["state_dir",][0],
        host=values["host",][0],
        origins={".".join(key): found for key, (_, found) in values.items()},
        warnings=(*([source.homeless] if source.homeless and not chosen else []), *source.warnings),
        chosen=chosen,
        journal=Journaling(**{key[1]: value for key, (value, _) in values.items() if key[0] == "journal"}),
    )


def state_directory(*, config: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return where what `sup` keeps is, as far as the settings can be read: also with those that `load` refuses."""
    if environ.get("SUP_STATE_DIR"):
        return expanded(environ["SUP_STATE_DIR"])
    found: Path | None = None
    with suppress(SettingsError):
        file = file_in_use(config, environ)
        found = _read(file, environ, "kazoo_apps").values.get(("state_dir",), (None, ""))[0] if file else None
    return found or _state_dir(environ)


def check(path: Path, *, environ: Mapping[str, str] = os.environ) -> list[SettingsError]:
    """Return every problem of the settings file at PATH, also the files it names that do not exist.

    A secret that others can read is one, too.
    """
    source = _read(path, environ, "kazoo_apps")
    missing = [
        SettingsError(source=where, reason=f"{name} names {file}, which does not exist")
        for where, name, file in source.files
        if not sources.exists(file)
    ]
    exposed = [SettingsError(source=file, reason=reason) for file, reason in source.exposures(path)]
    return [*source.problems, *missing, *exposed]


def describe(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and origin of every setting; secrets show as ****, and no password command is run."""
    shown: list[tuple[str, object]] = [
        ("zone", settings.active),
        ("host", settings.host),
        ("state_dir", settings.state_dir),
        *((f"journal.{name}", value) for name, value in settings.journal._asdict().items()),
    ]
    for zone in settings.zones.values():
        start = f"zones.{zone.name}"
        shown += [(f"{start}.{name}", value) for name, value in _shown(zone)]
    for name, value in shown:
        yield name, _text(value), settings.origins.get(name, DEFAULT)


def example() -> str:
    """Return the text of a settings file that names and explains every setting.

    It leads editors to the schema where that is installed, for the file may come to stand anywhere.
    """
    text = read_config("sup.example.yaml")
    return text.replace("$schema=", f"$schema={config_directory()}/", 1)


def own_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the user's own settings file is looked for."""
    return (_directory(environ, "XDG_CONFIG_HOME", ".config") or SYSTEM_FILE.parent) / "sup.yaml"


def file_in_use(config: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the file that `load` reads, or None when none is there."""
    if named := config or environ.get("SUP_CONFIG"):
        return expanded(str(named))
    home = _directory(environ, "XDG_CONFIG_HOME", ".config")
    for path in (home / "sup.yaml" if home else None, PACKAGE_FILE, SYSTEM_FILE):
        if path and sources.exists(path) and not (path == PACKAGE_FILE and _says_nothing(path)):
            return path
    if environ.get("KAZOO_CONFIG"):
        return Path(environ["KAZOO_CONFIG"])
    for path in KAZOO_FILES:
        if sources.exists(path):
            return path
    lab = home / "lab.yaml" if home and not environment.names_servers(environ) else None
    return lab if lab and sources.exists(lab) else None


def _says_nothing(path: Path) -> bool:
    """Return whether a file is as the package brings it: comments alone. What cannot be read says something."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return False
    return all(not line.strip() or line.lstrip().startswith(b"#") for line in lines)


def _read(path: Path, environ: Mapping[str, str], node: str) -> Source:
    if path.suffix == ".ini" or path == Path(environ.get("KAZOO_CONFIG") or "/"):
        from kazoo_sup.settings import kazoo_ini

        return kazoo_ini.settings(path, host=_host(environ), node=node.partition("@")[0], environ=environ)
    with held():  # PyYAML whose import was broken off cannot be imported again, and -f yaml would need it to say so
        from kazoo_sup.settings import sup_yaml

    return sup_yaml.settings(path, environ=environ)


def _add_lab(source: Source, environ: Mapping[str, str], node: str) -> None:
    home = _directory(environ, "XDG_CONFIG_HOME", ".config")
    if not home or not sources.exists(home / "lab.yaml"):
        return
    lab = _read(home / "lab.yaml", environ, node)
    _raise_all(lab)
    source.warnings += lab.warnings
    source.values |= {key: found for key, found in lab.values.items() if key[:2] == ("zones", LAB)}


def _raise_all(source: Source) -> None:
    if not source.problems:
        return
    first, *others = source.problems
    if not others:
        raise first
    reason = "; ".join([first.reason, *map(str, others)])
    raise SettingsError(source=first.source, reason=reason)


def _default_zone(source: Source, environ: Mapping[str, str]) -> tuple[str | None, str]:
    if name := environ.get("SUP_ZONE"):
        return name, "environment SUP_ZONE"
    if ("zone",) in source.values:
        return source.values["zone",]
    return (source.zones[0], source.values["zones", source.zones[0]][1]) if len(source.zones) == 1 else (None, "")


def _several(known: Collection[str]) -> SettingsError:
    reason = f"there are several zones ({', '.join(known)}); name one with -z, SUP_ZONE or the setting zone"
    return SettingsError(source="zone", reason=reason)


def _no_zone(name: str, known: Collection[str], origin: str) -> SettingsError:
    near = did_you_mean(name, known) or f"; there is {', '.join(known)}"
    return SettingsError(source=origin, reason=f"there is no zone {name!r}{near}")


def _host(environ: Mapping[str, str]) -> str:
    return environ.get("SUP_HOST") or os.uname().nodename


def _state_dir(environ: Mapping[str, str]) -> Path:
    """The user's own, for root too; a service without a home has the system's."""
    return _directory(environ, "XDG_STATE_HOME", ".local/state") or STATE_WITHOUT_HOME


def _directory(environ: Mapping[str, str], variable: str, below_home: str) -> Path | None:
    """Our directory in the one that VARIABLE names, unless that is relative (XDG Base Directory Specification)."""
    if (given := environ.get(variable, "")).startswith("/"):
        return Path(given) / "kazoo-sup"
    return Path(environ["HOME"]) / below_home / "kazoo-sup" if environ.get("HOME") else None


def _zone_settings(name: str, values: Mapping[Key, Found]) -> ZoneSettings:
    given: dict[str, Any] = {}
    for key, (value, _) in values.items():
        match key:
            case ("zones", zone, setting) if zone == name:
                given["brokers" if setting == "amqp" else setting] = value
            case ("zones", zone, group, setting) if zone == name:
                given.setdefault(group, {})[setting] = value
    for group, kind in ("couchdb_tls", Tls), ("amqp_tls", Tls), ("timeouts", Timeouts), ("limits", Limits):
        given[group] = kind(**given.get(group, {}))
    if "erlang_tls" in given:
        given["erlang_tls"] = Tls(**given["erlang_tls"])
    return ZoneSettings(name=name, **given)


def _shown(zone: ZoneSettings) -> Iterator[tuple[str, object]]:
    for name, value in zone._asdict().items():
        if name == "name":
            continue
        if name == "cookie":
            yield name, MASK
        elif isinstance(value, Tls | Timeouts | Limits):
            yield from ((f"{name}.{inner}", each) for inner, each in value._asdict().items())
        elif isinstance(value, Mapping):
            yield from ((f"{name}.{called}", server) for called, server in value.items())
        else:
            yield "amqp" if name == "brokers" else name, value


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case Server():
            return value.masked
        case (str(host), int(port)):
            return f"{host}:{port}"
        case tuple():
            return ", ".join(map(_text, value))
    return str(value)

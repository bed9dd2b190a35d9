"""Kazoo's own config.ini, read as a Kazoo 4.3 node reads it.

The syntax is that of the INI parser Kazoo uses (`zucchini`): sections and keys repeat, and `;` starts a comment except
in double quotes, which go from the first to the last one of a line. What that parser refuses but can mean only one
thing is read all the same: empty values, `=` and `[` in values, lines that begin with `#`, CRLF, a byte order mark.
Which of the sections that have the same name count is kz_config's business; `Node` does as it does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazoo_sup.errors import SettingsError
from kazoo_sup.settings import servers, sources
from kazoo_sup.settings.sources import DEFAULT, Found, Key, Source
from kazoo_sup.transports.server import WELL_KNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PASSWORD = re.compile(r"://[^:/@\s]*:([^@/\s]*)@")

LOCAL = "local"
"""The zone of a node that is told no other (Kazoo kz_config:zone/0)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value` line."""

    key: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Section:
    """One [section] with its lines in order."""

    name: str
    entries: tuple[Entry, ...]

    def first(self, *keys: str) -> str | None:
        """Return the first value of the first of KEYS that is there."""
        return next((entry.value for key in keys for entry in self.entries if entry.key == key), None)


def settings(path: Path, *, host: str, node: str, environ: Mapping[str, str]) -> Source:
    """Return the settings that the file at PATH has for the Kazoo node named NODE on HOST.

    The node's own zone is the active one: KAZOO_ZONE, or `zone` of the node's section that has the `host` line of this
    host (without a `host` line Kazoo 4.3 ignores it, kz_config:is_local_section/1), or "local". It and every other zone
    that the file names become zones, read as a node in that zone reads the file, all with the same CouchDB.
    """
    source = Source()
    try:
        sections = parse(sources.read(path), str(path))
        full = full_host(sections, host, str(path))
    except SettingsError as error:
        source.problems.append(error)
        return source
    if full != host:
        source.values["host",] = full, f"{path} (host of a section)"
    if zone := environ.get("KAZOO_ZONE"):
        source.values["zone",] = zone, "environment KAZOO_ZONE"
    elif zone := Node(sections, full, LOCAL).value(node, "zone"):
        source.values["zone",] = zone, f"{path} [{node}]"
    else:
        zone = LOCAL
        source.values["zone",] = zone, DEFAULT
    own = Node(sections, full, zone)
    couchdb = _couchdb(own, path, source)
    for name in dict.fromkeys([zone, *own.zones()]):
        found = {(): (name, str(path))} | couchdb | _of_zone(Node(sections, full, name), node, path, source)
        source.values |= {("zones", name, *key): value for key, value in found.items()}
    if own.zones() and zone not in own.zones():
        source.homeless = (
            f"{path} has the zones {', '.join(own.zones())} but not {zone}, the zone of this host; "
            "choose one with -z or KAZOO_ZONE"
        )
    source.more_secrets = any(_is_secret(entry) for section in sections for entry in section.entries)
    source.warnings += [f"{file} {reason}" for file, reason in source.exposures(path)]
    return source


class Node:
    """The file as a node in one zone on one host sees it."""

    def __init__(self, sections: Sequence[Section], host: str, zone: str) -> None:
        """Take every section of the file; HOST is the node's full host name."""
        self._sections = sections
        self._host = host
        self._zone = zone

    def sections(self, name: str, zone_key: str | None = "zone") -> list[Section]:
        """Return the sections of NAME that count: this host's first one, or this zone's, or those for all.

        ZONE_KEY is the key by which a section is kept to a zone (kz_config:format_sections/3, local_sections/2).
        """
        zonal, general = [], []
        for section in self._sections:
            if section.name != name:
                continue
            host, zone = section.first("host"), section.first(zone_key) if zone_key else None
            if host is not None:
                if host == self._host:
                    return [section]
            elif zone is None:
                general.append(section)
            elif zone == self._zone:
                zonal.append(section)
        return zonal or general

    def entries(self, section: str, key: str) -> list[Entry]:
        """Return every line of KEY in the sections that count (kz_config:get/2)."""
        return [entry for each in self.sections(section) for entry in each.entries if entry.key == key]

    def value(self, section: str, key: str) -> str | None:
        """Return the value of KEY, the last one when it repeats (where a Kazoo node stops with an error)."""
        found = self.entries(section, key)
        return found[-1].value if found else None

    def database(self) -> tuple[str, dict[str, Entry]]:
        """Return the name and the lines of the section about CouchDB (kz_dataconfig:connection/0).

        Only the last section without host and zone counts, and only when none is kept to this host or this zone.
        `connect_options` names a section with options for sockets (keepalive, inet6); there is nothing in it for us.
        """
        name = self.value("data", "config") or "bigcouch"
        found = [each for each in self.sections(name) if each.first("host", "zone") is None]
        return name, {entry.key: entry for entry in found[-1].entries} if found else {}

    def brokers(self) -> tuple[str, list[Entry]]:
        """Return the section name and the lines with the broker URIs of this zone (kz_amqp_bootstrap:get_config/0).

        Inside Kazoo every node calls its own zone "local", so the brokers of a zone that is named so are its own too.
        """
        name, found = self._zone_sections()
        own = [each for each in found if each.first("name", "zone") in {self._zone, LOCAL}]
        lines = [entry for each in own for entry in each.entries if entry.key in {"amqp_uri", "uri"}]
        return (name, lines) if lines else ("amqp", self.entries("amqp", "uri"))

    def zones(self) -> list[str]:
        """Return the names of the zones that the file has brokers for, in its order."""
        named = (each.first("name", "zone") for each in self._zone_sections()[1])
        return list(dict.fromkeys(name for name in named if name))

    def _zone_sections(self) -> tuple[str, list[Section]]:
        """Kazoo kz_amqp_connections:configured_brokers/0."""
        found = self.sections("zone", zone_key=None)
        return ("zone", found) if found else ("amqp", self.sections("amqp", zone_key=None))


def parse(content: bytes, source: str) -> list[Section]:
    """Return the sections of a config.ini in order; SettingsError names SOURCE and the line that is not understood."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    sections: list[tuple[str, list[Entry]]] = []
    for number, whole in enumerate(text.split("\n"), 1):
        line = whole.strip()
        where = f"{source}:{number}"
        if line.startswith("["):
            name, closed, line = line[1:].partition("]")
            if not closed or not name.strip():
                raise SettingsError(source=where, reason="a section needs a name between [ and ]")
            sections.append((name.strip(), []))
            line = line.strip()
        if not line or line[0] in ";#":
            continue
        key, equals, value = line.partition("=")
        if not equals or ";" in key:
            raise SettingsError(source=where, reason="is neither [section] nor key = value nor ; comment")
        if not sections:
            raise SettingsError(source=where, reason=f"{key.strip()!r} stands before the first [section]")
        sections[-1][1].append(Entry(key.strip(), _value(value.strip(), where), number))
    return [Section(name, tuple(entries)) for name, entries in sections]


def full_host(sections: Sequence[Section], host: str, source: str) -> str:
    """Return the full name of HOST as the file's `host` lines know it.

    Kazoo compares them with the name that the resolver gives for its host (kz_network_utils:get_hostname/0), which is
    the full one as a rule. Here no resolver is asked: a short name stands for the one full name that begins with it.
    """
    known = dict.fromkeys(each for section in sections if (each := section.first("host")))
    if host in known or "." in host:
        return host
    fitting = [each for each in known if _unqualified(each) == host]
    if len(fitting) > 1:
        reason = f"has sections for {' and '.join(fitting)}, and this host is only known as {host}; set SUP_HOST"
        raise SettingsError(source=source, reason=reason)
    return fitting[0] if fitting else host


def _is_secret(entry: Entry) -> bool:
    if entry.key in ("cookie", "password"):
        return bool(entry.value) and entry.value not in WELL_KNOWN
    found = _PASSWORD.search(entry.value)
    return found is not None and found[1] not in WELL_KNOWN


def _value(text: str, where: str) -> str:
    if not text.startswith('"'):
        return text.partition(";")[0].rstrip()
    end = text.rindex('"')
    rest = text[end + 1 :].lstrip()
    if end == 0 or (rest and rest[0] != ";"):
        raise SettingsError(source=where, reason="the quoted value does not end with a quote")
    return text[1:end]


def _couchdb(own: Node, path: Path, source: Source) -> dict[Key, Found]:
    name, entries = own.database()
    origin = f"{path} [{name}]"
    options = {key: entry.value for key, entry in entries.items()}
    if (driver := options.get("driver", "kazoo_couch")) != "kazoo_couch":
        source.problem(origin, f"keeps Kazoo's data with the driver {driver}, not in CouchDB")
    if not options:
        return {}
    address, port = options.get("ip") or "127.0.0.1", options.get("port") or "5984"
    # Kazoo's client takes TLS for granted on port 443 (couchbeam:server_connection/4).
    scheme = "https" if port == "443" or options.get("is_ssl") == "true" else "http"
    try:
        server = servers.parse(f"{scheme}://{f'[{address}]' if ':' in address else address}:{port}", {scheme})
    except ValueError:
        source.problem(origin, f"ip {address!r} and port {port!r} are not the address of a server")
        return {}
    # Neither is percent-decoded there, and without a user name there is no authentication (kz_couch_util:connect/1).
    if username := options.get("username"):
        server = server.with_credentials(username, options.get("password", ""))
    found: dict[Key, Found] = {("couchdb",): ((server,), origin)}
    for key, option in ("connect", "connect_timeout"), ("read", "recv_timeout"):
        if (milliseconds := options.get(option, "")).isdecimal() and int(milliseconds):
            found["timeouts", key] = int(milliseconds) / 1000, origin
    return found


def _of_zone(view: Node, node: str, path: Path, source: Source) -> dict[Key, Found]:
    found: dict[Key, Found] = {}
    name, lines = view.brokers()
    brokers = {}
    for entry in lines:
        try:
            brokers[entry.value] = servers.parse(entry.value, ("amqp", "amqps"))
        except ValueError as error:
            source.problem(f"{path}:{entry.line}", f"{entry.key} {error}")
    if brokers:
        # A node publishes to the first of its zone's brokers in this order (kz_amqp_connections:primary_broker/0).
        found["amqp",] = tuple(brokers[uri] for uri in sorted(brokers)), f"{path} [{name}]"
    if cookie := view.value(node, "cookie"):
        found["cookie",] = cookie, f"{path} [{node}]"
    if any(entry.value == "true" for entry in view.entries("kazoo_apps", "lock_system_config")):
        found["locked",] = True, f"{path} [kazoo_apps]"
    return found


def _unqualified(host: str) -> str:
    return host.partition(".")[0]

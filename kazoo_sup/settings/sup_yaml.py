"""The settings file sup.yaml: what is read from it, and every problem it has, with its line.

Which keys there are, and of what kind each is, is taken from the schema of the file; how a kind is read is said here.
This module imports PyYAML and is imported only when there is such a file. Text is taken as it is written: a
password of 0123 or a user named `no` needs no quotes, for it is known here what must be text and what a number.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import yaml

from kazoo_sup.errors import SettingsError, did_you_mean
from kazoo_sup.settings import journaling, schema, servers, sources
from kazoo_sup.settings.sources import Source
from kazoo_sup.settings.yaml_marks import TAG, Place, Reading, WrongError, compose
from kazoo_sup.transports.server import Server

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.transports.server import Reader

Value = TypeVar("Value")


def settings(path: Path, *, environ: Mapping[str, str]) -> Source:
    """Return the settings in the file at PATH and all its problems; ENVIRON is where `password_env` looks."""
    source = Source()
    try:
        root = compose(sources.read(path), path)
    except SettingsError as error:
        source.problems.append(error)
        return source
    if root is not None:
        top = Place(root, (), 1, Reading(path, environ, source))
        if not top.is_empty:
            _whole()(top)
    active, origin = source.values.get(("zone",), (None, ""))
    if active and source.zones and active not in source.zones:
        source.problem(origin, f"zone: there is no zone {active!r}{did_you_mean(active, source.zones)}")
    source.warnings += [f"{file} {reason}" for file, reason in source.exposures(path)]
    return source


Taker = Callable[[Place], None]
"""Takes what is at a place into the source, or notes what is wrong with it."""


def _group(known: Mapping[str, Taker]) -> Taker:
    def take(place: Place) -> None:
        for name, inner in place.inside().items():
            if name in known:
                known[name](inner)
            else:
                inner.unknown(known)

    return take


def _named(taker: Taker) -> Taker:
    def take(place: Place) -> None:
        for inner in place.inside().values():
            taker(inner)

    return take


def _value(convert: Callable[[Place], Value]) -> Taker:
    def take(place: Place) -> None:
        with place.noting():
            place.keep(convert(place))

    return take


def _text(place: Place) -> str:
    if not isinstance(place.node, yaml.ScalarNode):
        raise WrongError("must be text")
    if place.is_empty or not place.node.value:
        raise WrongError("is empty")
    if not place.node.tag.startswith(TAG):
        raise WrongError("must be text; what begins with ! needs quotes")
    return str(place.node.value)


def _plainly(convert: Callable[[str], Value]) -> Taker:
    """Take text that CONVERT understands or refuses with a ValueError."""

    def understand(place: Place) -> Value:
        try:
            return convert(_text(place))
        except ValueError as error:
            raise WrongError(str(error)) from None

    return _value(understand)


def _path(place: Place) -> Path:
    return place.reading.path.parent / sources.expanded(_text(place))


def _existing(place: Place) -> Path:
    path = _path(place)
    place.reading.source.files.append((place.where, ".".join(place.key), path))
    return path


def _nodes(place: Place) -> tuple[str, ...]:
    names = []
    for each in place.each():
        with each.noting():
            names.append(_text(each))
            if not all(names[-1].partition("@")):
                raise WrongError("must be name@host")
    return tuple(names)


def _some_servers(*schemes: str, least: int = 1) -> Taker:
    return _value(lambda place: _servers(place, schemes, least))


def _one_server(*schemes: str) -> Taker:
    return _value(lambda place: _servers(place, schemes, least=1, most=1)[0])


def _several_ways(*schemes: str) -> Taker:
    """Take one server that may have several addresses, which are tried in turn."""

    def together(place: Place) -> Server:
        first, *others = _servers(place, schemes, least=1)
        return Server(first.url, others=tuple(others)).with_credentials(*first.credentials)

    return _value(together)


def _one_or_named(*schemes: str) -> Taker:
    """Take one server, or a mapping of names to servers: one that has none of the keys of a server."""
    one = _one_server(*schemes)
    several = _named(one)

    def take(place: Place) -> None:
        named = place.is_mapping and not any(name in _fields() for name in place.inside())
        (several if named else one)(place)

    return take


def _servers(place: Place, schemes: Sequence[str], least: int, most: int | None = None) -> tuple[Server, ...]:
    """Read a URL, a list of them, or a mapping of `url` (either of these) and the credentials for all of them."""
    username: str | None = None
    password: str | Reader | None = None
    urls = place
    if place.is_mapping:
        fields = place.inside()
        for name, inner in fields.items():
            if name not in _fields():
                inner.unknown(_fields())
        if "url" not in fields:
            raise WrongError("has no url")
        urls = fields["url"]
        username = _text(fields["username"]) if "username" in fields else None
        password = _password(fields)
    texts = [_text(each) for each in urls.each()]
    if len(texts) < least:
        raise WrongError("must have a URL")
    if most and len(texts) > most:
        raise WrongError("must be one URL")
    return tuple(_server(text, schemes, username, password) for text in texts)


def _server(text: str, schemes: Sequence[str], username: str | None, password: str | Reader | None) -> Server:
    try:
        server = servers.parse(text, schemes)
    except ValueError as error:
        raise WrongError(str(error)) from None
    if username and server.username:
        raise WrongError("has a user name both in its URL and beside it; give one")
    if password and server.has_password:
        raise WrongError("has a password both in its URL and beside it; give one")
    server = server.with_credentials(username, password)
    # Of all these protocols only FreeSWITCH's event socket knows passwords without users.
    if server.has_password and not server.username and "esl" not in schemes:
        raise WrongError("has a password but no user name")
    return server


def _password(fields: Mapping[str, Place]) -> str | Reader | None:
    given = [name for name in _fields() if name.startswith("password") and name in fields]
    if len(given) > 1:
        raise WrongError(f"has {' and '.join(given)}; give exactly one of them")
    if not given:
        return None
    place = fields[given[0]]
    with _naming(given[0]):
        if given[0] == "password":
            return _text(place)
        if given[0] == "password_file":
            return servers.from_file(_existing(place), place.where)
        if given[0] == "password_env":
            return servers.from_variable(_text(place), place.reading.environ, place.where)
        return servers.from_command(_command(place), place.where)


def _command(place: Place) -> list[str]:
    if isinstance(place.node, yaml.SequenceNode):
        words = [_text(each) for each in place.each()]
    else:
        try:
            words = shlex.split(_text(place))
        except ValueError:
            raise WrongError("has a quote that is not closed") from None
    if not words:
        raise WrongError("is empty")
    return words


@contextmanager
def _naming(field: str) -> Iterator[None]:
    """Let what is found wrong inside begin with the name of the FIELD."""
    try:
        yield
    except WrongError as wrong:
        raise WrongError(f"has a {field} that {wrong}") from None


def _zone(settings: Taker) -> Taker:
    """Take a zone, which exists also where it sets nothing."""

    def take(place: Place) -> None:
        place.keep(place.key[-1])
        if not place.is_empty:
            settings(place)

    return take


_mode = _plainly(journaling.mode)


def _journal(settings: Taker) -> Taker:
    """Take a mode alone, or a mapping."""

    def take(place: Place) -> None:
        if place.is_mapping or place.is_empty:
            settings(place)
        else:
            _mode(Place(place.node, (*place.key, "mode"), place.line, place.reading))

    return take


_KINDS: Mapping[str, Taker] = {
    "text": _value(_text),
    "path": _value(_path),
    "file": _value(_existing),
    "seconds": _plainly(sources.seconds),
    "megabytes": _plainly(sources.megabytes),
    "days": _plainly(sources.days),
    "port": _plainly(sources.port),
    "truth": _plainly(sources.truth),
    "journal_mode": _mode,
    "node_names": _value(_nodes),
    "address": _plainly(sources.place),
    "coordinators": _some_servers("http", "https"),
    "brokers": _some_servers("amqp", "amqps", least=0),
    "http_server": _one_server("http", "https"),
    "http_servers": _one_or_named("http", "https"),
    "event_socket": _one_server("esl"),
    "kamailio_server": _several_ways(*servers.KAMAILIO),
    "stats_socket": _one_server("unix", "tcp"),
}
"""How a value of each definition of the schema is read."""


@cache
def _fields() -> tuple[str, ...]:
    """The keys of a server that is written as a mapping."""
    return tuple(schema.definition("credentials")["properties"])


@cache
def _whole() -> Taker:
    return _taker(schema.schema())


def _taker(described: schema.Schema) -> Taker:
    """Return what takes the settings that a part of the schema describes."""
    name, found = schema.kind(described)
    if name in _KINDS:
        return _KINDS[name]
    if name == "journal":
        return _journal(_taker(found["anyOf"][1]))
    if "properties" in found:
        group = _group({key: _taker(each) for key, each in found["properties"].items()})
        return _zone(group) if name == "zone" else group
    return _named(_taker(found["additionalProperties"]))

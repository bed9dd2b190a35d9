"""A server, how its credentials are taken out of its URL, and where its password is read from."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from kazoo_sup.errors import SettingsError
from kazoo_sup.transports.server import Reader, Server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


COMMAND_TIMEOUT = 10.0
"""Seconds that a password command may take."""


KAMAILIO = ("http", "https", "unix", "udp", "fifo", "binrpc")
"""The schemes of Kamailio servers: JSON-RPC over HTTP, over datagrams and over the FIFO, BINRPC over a ctl socket."""

_PATHS = frozenset({"unix", "fifo"})
_PATHS_OR_HOSTS = frozenset({"binrpc"})


COUCHDB = (Server("http://127.0.0.1:5984"),)
BROKERS = (Server("amqp://127.0.0.1:5672", "guest", "guest"),)
"""Where CouchDB and RabbitMQ are when nothing else is said (Kazoo kazoo_config.hrl, ?SECTION_DEFAULTS)."""


def parse(text: str, schemes: Collection[str]) -> Server:
    """Return the server that the URL in TEXT names; user name and password in it are percent-decoded.

    Raises ValueError with a reason in which nothing of the URL's content stands.
    """
    try:
        parts = urlsplit(text.strip())
        scheme, hostname = parts.scheme, parts.hostname
        unclear = parts.port == 0
    except ValueError:
        scheme, hostname, unclear = text.strip().partition(":")[0].lower(), "", True
    if scheme not in schemes:
        bare = _PATHS | _PATHS_OR_HOSTS
        expected = " or ".join(f"{each}:" + ("" if each in bare else "//") for each in schemes)
        raise ValueError(f"must be a URL that begins with {expected}")
    if scheme in _PATHS or (scheme in _PATHS_OR_HOSTS and not parts.netloc):
        if unclear or parts.netloc or not parts.path.startswith("/"):
            raise ValueError(f"must be {scheme}: and the full path of a file")
        return Server(f"{scheme}:{parts.path}")
    # A bare "/", "#" or "?" in a password ends the host part early, and what follows would be taken for a path.
    if unclear or not hostname or "@" in parts.path + parts.query + parts.fragment:
        raise ValueError(
            "must be a URL with a host and, after a colon, a port from 1 to 65535; "
            "in a user name or password write / as %2F, @ as %40, : as %3A, # as %23, ? as %3F and % as %25"
        )
    if parts.fragment or (parts.query and not scheme.startswith("amqp")):
        raise ValueError("must be a URL without ? and # parts")
    credentials, _, address = parts.netloc.rpartition("@")
    username, colon, password = credentials.partition(":")
    path = parts.path if scheme.startswith("amqp") else parts.path.rstrip("/")
    if scheme == "udp" and parts.port is None:
        raise ValueError("must be udp:// with a host and, after a colon, a port from 1 to 65535")
    url = f"{scheme}://{address}{path}" + (f"?{parts.query}" if parts.query else "")
    return Server(url, unquote(username) or None, unquote(password) if colon else None)


def from_file(path: Path, source: str) -> Reader:
    """Return a reader of the first line of the file at PATH; SOURCE is where the settings name that file."""

    @cache
    def read() -> str:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise SettingsError(source=source, reason=f"the password file {path} does not exist") from None
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SettingsError(source=source, reason=f"cannot read the password file {path}: {reason}") from None
        return _first_line(text, source, f"the password file {path}")

    return read


def from_variable(name: str, environ: Mapping[str, str], source: str) -> Reader:
    """Return a reader of the environment variable NAME; SOURCE is where the settings name it."""

    def read() -> str:
        if not environ.get(name):
            raise SettingsError(source=source, reason=f"the environment variable {name} is not set")
        return environ[name]

    return read


def from_command(words: Sequence[str], source: str) -> Reader:
    """Return a reader of the first line that the program WORDS prints; it is run without a shell.

    Its standard input is empty, so that it takes nothing from a `sup` that reads lines, and its standard error is
    dropped, because it may show what it was asked for. A program that asks for a passphrase does so on its terminal.
    """

    @cache
    def read() -> str:
        import subprocess

        program = words[0]
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            reason = f"the password command {program} gave no answer within {COMMAND_TIMEOUT:g} s"
            raise SettingsError(source=source, reason=reason) from None
        except OSError as error:
            reason = f"cannot run the password command {program}: {error.strerror}"
            raise SettingsError(source=source, reason=reason) from None
        if done.returncode:
            reason = f"the password command {program} failed with exit code {done.returncode}"
            raise SettingsError(source=source, reason=reason)
        return _first_line(done.stdout.decode(errors="surrogateescape"), source, f"the password command {program}")

    return read


def _first_line(text: str, source: str, what: str) -> str:
    line = text.partition("\n")[0].rstrip("\r")
    if not line:
        raise SettingsError(source=source, reason=f"{what} gave an empty first line")
    return line

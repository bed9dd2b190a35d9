"""A server, how its credentials are taken out of its URL, and where its password is read from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from kazoo_sup.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Reader = Callable[[], str]

COMMAND_TIMEOUT = 10.0
"""Seconds that a password command may take."""

MASK = "****"
WELL_KNOWN = frozenset({"guest", "change_me", "monster", "ClueCon"})
"""Passwords and cookies that the servers ship with: whoever reads them in a file has learnt nothing."""

KAMAILIO = ("http", "https", "unix", "udp", "fifo", "binrpc")
"""The schemes of Kamailio servers: JSON-RPC over HTTP, over datagrams and over the FIFO, BINRPC over a ctl socket."""

_PATHS = frozenset({"unix", "fifo"})
_PATHS_OR_HOSTS = frozenset({"binrpc"})


@dataclass(frozen=True, slots=True, init=False)
class Server:
    """One server: a URL without credentials, and the credentials beside it.

    A password kept elsewhere (file, variable, command) is read when `password` is first asked for, and once.
    """

    url: str
    username: str | None
    _password: str | Reader | None = field(repr=False)

    def __init__(self, url: str, username: str | None = None, password: str | Reader | None = None) -> None:
        """Take a URL without credentials; PASSWORD is the password itself, or a function that reads it."""
        object.__setattr__(self, "url", url)
        object.__setattr__(self, "username", username)
        object.__setattr__(self, "_password", password)

    @property
    def password(self) -> str | None:
        """The password; SettingsError when the place it is kept in does not give it."""
        return self._password() if callable(self._password) else self._password

    @property
    def has_password(self) -> bool:
        """Whether there is a password, without reading it."""
        return self._password is not None

    @property
    def holds_secret(self) -> bool:
        """Whether the password stood in the settings themselves and is not one that everybody knows."""
        return isinstance(self._password, str) and self._password not in WELL_KNOWN

    @property
    def uri(self) -> str:
        """The URL with the credentials in it, percent-encoded (RFC 3986, 3.2.1)."""
        return _compose(self.url, self.username, None if self.password is None else quote(self.password, safe=""))

    @property
    def masked(self) -> str:
        """The URI for people to see, with **** for the password, which is not read."""
        return _compose(self.url, self.username, MASK if self.has_password else None)

    def with_credentials(self, username: str | None, password: str | Reader | None) -> Server:
        """Return this server with USERNAME and PASSWORD in place of its own, each where it is not None."""
        return Server(
            self.url,
            self.username if username is None else username,
            self._password if password is None else password,
        )


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
            text = path.read_text(encoding="utf-8")
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


def _compose(url: str, username: str | None, password: str | None) -> str:
    if username is None and password is None:
        return url
    scheme, _, rest = url.partition("://")
    credentials = quote(username or "", safe="") + ("" if password is None else f":{password}")
    return f"{scheme}://{credentials}@{rest}"

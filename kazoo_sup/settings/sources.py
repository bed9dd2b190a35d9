"""What a source of settings hands over, and how a file of settings is opened."""

from __future__ import annotations

import math
import os
from pathlib import Path

from kazoo_sup.errors import SettingsError
from kazoo_sup.transports.server import WELL_KNOWN, Server
from kazoo_sup.types import Json

Key = tuple[str, ...]
"""A setting's place: ("state_dir",) or ("zones", "east", "timeouts", "read")."""

Found = tuple[Json, str]
"""A setting's value and where it came from, for people."""

DEFAULT = "built-in default"
_PORTS = 65_536
LONGEST = 10**8
"""Seconds: three years, as much as every timer takes."""
SPAN = f"must be a number of seconds above 0, and not above {LONGEST}"
_SECRET = ("password_file", "key_file")


class Source:
    """Settings by place, each with its value and with where it came from, and what is wrong with the source.

    A zone that exists is in `values` as ("zones", NAME) too, whether or not it sets anything.
    """

    def __init__(self) -> None:
        """Nothing is set yet."""
        self.values: dict[Key, Found] = {}
        self.problems: list[SettingsError] = []
        self.warnings: list[str] = []
        self.homeless = ""
        """What is to be said where the zone is left to the source, which has zones and none for this host."""
        self.files: list[tuple[str, str, Path]] = []
        """Files that must exist once the settings are used: where they are named, as what, and their path."""
        self.more_secrets = False
        """Whether there are secrets besides those of `values`: for other hosts and zones."""

    @property
    def zones(self) -> list[str]:
        """The names of the zones, in the order of the source."""
        return [key[1] for key in self.values if key[0] == "zones" and len(key) == len(("zones", "name"))]

    @property
    def holds_secret(self) -> bool:
        """Whether a password or a cookie that is not the one everybody knows is in the source itself."""
        if self.more_secrets:
            return True
        for key, (value, _) in self.values.items():
            if key[-1] == "cookie" and value not in WELL_KNOWN:
                return True
            several = value if isinstance(value, tuple) else (value,)
            if any(isinstance(each, Server) and each.holds_secret for each in several):
                return True
        return False

    def exposures(self, path: Path) -> list[tuple[Path, str]]:
        """Return the files with a secret that others can read, and what is wrong: the source, at PATH, and its own."""
        secret = [path] if self.holds_secret else []
        secret += [file for _, name, file in self.files if name.endswith(_SECRET) and exists(file)]
        return [(file, reason) for file in secret if (reason := exposed(file))]

    def problem(self, source: str, reason: str) -> None:
        """Note that at SOURCE something is wrong."""
        self.problems.append(SettingsError(source=source, reason=reason))


def read(path: Path) -> bytes:
    """Return the content of the file at PATH; SettingsError when it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise SettingsError(source=path, reason="does not exist") from None
    except PermissionError:
        raise SettingsError(source=path, reason=f"cannot be read by this user{_ownership(path)}") from None
    except OSError as error:
        raise SettingsError(source=path, reason=f"cannot be read: {error.strerror}") from None


def exists(path: Path) -> bool:
    """Whether there is something at PATH; true as well where this user may not look, so that reading it says so."""
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def exposed(path: Path) -> str | None:
    """Return what is wrong with the file at PATH, which holds a secret, when too many may read it; else None.

    The group of a file that root owns was chosen for it: operators, or Kazoo itself. Anybody else's is no better than
    the world.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    bits = 0o077 if status.st_uid else 0o007
    mode = status.st_mode & 0o777
    if not mode & bits:
        return None
    return f"holds a secret and others can read it (mode {mode:04o}); chmod {mode & ~bits:04o} it"


def expanded(text: str) -> Path:
    """Return the path in TEXT, with the home directory for a leading ~ where there is one."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises where there is none


def seconds(text: str) -> float:
    """Return the seconds in TEXT; ValueError says what they must be."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not is_span(number):
        raise ValueError(SPAN)
    return number


def is_span(number: float) -> bool:
    """Return whether so many seconds can be waited for; NaN cannot."""
    return 0 < number <= LONGEST


def megabytes(text: str) -> float:
    """Return the megabytes in TEXT; ValueError says what they must be."""
    try:
        return seconds(text)
    except ValueError:
        raise ValueError("must be a number of megabytes above 0") from None


def days(text: str) -> float:
    """Return the days in TEXT; ValueError says what they must be."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number <= 36_500:  # noqa: PLR2004 - a hundred years; NaN is not a number of days either
        raise ValueError("must be a number of days above 0, and not above 36500")
    return number


def port(text: str) -> int:
    """Return the port in TEXT; ValueError says what it must be."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < _PORTS):
        raise ValueError("must be a port, a number from 1 to 65535")
    return int(text)


def place(text: str) -> tuple[str, int]:
    """Return the host and the port in TEXT, which is HOST:PORT; ValueError says what it must be."""
    host, colon, number = text.rpartition(":")
    if not (colon and host.strip("[]")):
        raise ValueError("must be HOST:PORT")
    return host.strip("[]"), port(number)


def truth(text: str) -> bool:
    """Return what TEXT says, by the words of YAML 1.1; ValueError says what it must be."""
    if text.lower() in {"true", "yes", "on"}:
        return True
    if text.lower() in {"false", "no", "off"}:
        return False
    raise ValueError("must be true or false")


def _ownership(path: Path) -> str:
    import pwd

    try:
        status = path.stat()
        owner = pwd.getpwuid(status.st_uid).pw_name
    except (OSError, KeyError):
        return ""
    return f" (it belongs to {owner}, mode {status.st_mode & 0o777:04o})"

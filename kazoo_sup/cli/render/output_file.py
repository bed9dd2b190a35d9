"""--output: the answer goes into a file, which changes only when the answer is whole.

It is written beside the file and then takes its place, so that nobody ever reads half of it: a collector of metrics, a
web server, a script. What is not a regular file (a device, a pipe) is written to as it is.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, Self

from kazoo_sup.cli.options import FORMATS
from kazoo_sup.cli.streams import NO_CHARACTERS
from kazoo_sup.errors import UsageError

if TYPE_CHECKING:
    from typing import TextIO

_NEW = 0o666


class Unwritable(UsageError):
    """cannot write {file}: {reason}"""

    file: Path | str
    reason: str


class OutputFile:
    """Stands for standard output while it is entered."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._named = path.expanduser()
        self._path = Path(os.path.realpath(self._named))
        self._own: Path | None = None
        self._stream: TextIO | None = None
        self._before = sys.stdout
        self._whole = False

    def __enter__(self) -> Self:
        """Open what takes the answer. Raises Unwritable."""
        if str(self._named) in FORMATS:
            reason = f"--output names a file; -f {self._named} is the format, and a file needs another name"
            raise Unwritable(file=self._named, reason=reason)
        try:
            self._stream = self._opened()
        except OSError as error:
            raise Unwritable(file=self._path, reason=error.strerror or str(error)) from error
        self._before, sys.stdout = sys.stdout, self._stream
        return self

    def __exit__(self, *_: object) -> None:
        """Put a whole answer in the file's place, and take a part of one away. Raises OSError."""
        sys.stdout = self._before
        assert self._stream is not None
        try:
            self._stream.flush()
            if self._own and self._whole:
                os.fsync(self._stream.fileno())
                self._own.replace(self._path)
                self._own = None
        finally:
            with suppress(OSError):
                self._stream.close()
            if self._own:
                self._own.unlink(missing_ok=True)

    def end(self) -> None:
        """Note that the answer has been written to its end; without that the file stays as it is."""
        self._whole = True

    def _opened(self) -> TextIO:
        # Where everybody may write a link may be anybody's, and lead to any file.
        if self._named.is_symlink() and self._named.parent.stat().st_mode & stat.S_IWOTH:
            raise Unwritable(file=self._named, reason="it is a link in a directory in which everybody may write")
        mode = self._mode()
        if mode is not None and not stat.S_ISREG(mode):
            return self._path.open("w", encoding="utf-8", errors=NO_CHARACTERS)
        descriptor, name = mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        self._own = Path(name)
        if mode is None:
            mask = os.umask(0)
            os.umask(mask)
            mode = _NEW & ~mask
        os.fchmod(descriptor, stat.S_IMODE(mode))
        return open(descriptor, "w", encoding="utf-8", errors=NO_CHARACTERS)  # noqa: PTH123 - closed by __exit__

    def _mode(self) -> int | None:
        """Return the mode of what is there."""
        try:
            return self._path.stat().st_mode
        except FileNotFoundError:
            return None

"""Files and directories of ours: readable by nobody else, and never what another user has put in their place.

A directory is made with mode 0700, or is there already and belongs to us or to root, as do those above it. A file is
newly made, under a name that nobody has, or is opened without following a link and only when it is ours. What is not so
raises OSError with a `strerror` that says why.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_OVERFLOW = 65_534
"""Whom the kernel names as the owner of what belongs to users outside of a container: there is nothing to learn."""


def directory(path: Path) -> Path:
    """Make the directory PATH, with those above it that are missing, or see that the one there is ours; return it."""
    path = path.absolute()
    missing = []
    there = path
    while not _exists(there):
        missing.append(there)
        there = there.parent
    check(there)
    for each in reversed(missing):
        try:
            each.mkdir(mode=0o700)
        except FileExistsError:
            check(each)  # another run, or another user, was faster
    return path


def check(path: Path) -> None:
    """See that nobody but us and root decides what is in the directory PATH."""
    if not path.is_dir():
        raise _refused(errno.ENOTDIR, "it is not a directory", path)
    for start in {path.absolute(), path.resolve()}:
        for each in (start, *start.parents):
            found = each.lstat()
            if found.st_uid == _OVERFLOW != os.geteuid():
                break
            if not _is_trusted(found.st_uid):
                raise _refused(errno.EPERM, "it belongs to another user", each)
            # With the sticky bit nobody replaces what is another's.
            if not stat.S_ISLNK(found.st_mode) and found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
                raise _refused(errno.EPERM, "everybody may write in it", each)


def fresh_directory(parent: Path, prefix: str) -> Path:
    """Make a directory in PARENT, which may be everybody's, whose name begins with PREFIX and cannot be foretold."""
    import tempfile

    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))


def create(path: Path) -> TextIO:
    """Open a new text file for writing; FileExistsError when there is anything of that name, a link too."""
    return os.fdopen(_new(path), "w", encoding="utf-8")


def nowhere() -> TextIO:
    """Open a text file for writing that keeps nothing, for a run that only shows what it would do."""
    return Path(os.devnull).open("w", encoding="utf-8")


def create_unbuffered(path: Path) -> FileIO:
    """Open a new file for writing as `create` does, in which every write stands at once."""
    return FileIO(_new(path), "wb")


def append(path: Path) -> BinaryIO:
    """Open a file for writing at its end, as it is or new."""
    file = reopen(path)
    file.seek(0, os.SEEK_END)
    return file


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)


def reopen(path: Path, *, buffering: int = -1) -> BinaryIO:
    """Open a file for reading and writing, as it is or new."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        check_file(os.fstat(descriptor), path)
        return os.fdopen(descriptor, "r+b", buffering=buffering)
    except BaseException:
        os.close(descriptor)
        raise


def sync(directory: Path) -> None:
    """See that the names in a directory outlive a crash."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hold(file: IO[Any] | FileIO, *, shared: bool = False) -> bool:
    """Hold a file until it is closed, alone or SHARED with others; False where another one holds it against that."""
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_ours(path: Path) -> bool:
    """Return whether PATH is a file, and no link, that we or root made."""
    try:
        check_file(path.lstat(), path)
    except OSError:
        return False
    return True


def check_file(found: os.stat_result, path: Path) -> None:
    """See that a file is one, has one name only, and belongs to us or to root."""
    if not stat.S_ISREG(found.st_mode):
        raise _refused(errno.EPERM, "it is not a file", path)
    if not _is_trusted(found.st_uid):
        raise _refused(errno.EPERM, "it belongs to another user", path)
    if found.st_nlink > 1:
        raise _refused(errno.EPERM, "it has another name elsewhere", path)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that takes the place of PATH, whatever is there, at the end of the block; then it is on the disk."""
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        with suppress(OSError):  # who may not read the directory, or whose file system knows no such thing
            sync(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _exists(path: Path) -> bool:
    """Return whether there is anything of that name, if only a link to nowhere."""
    return os.path.lexists(path)


def _is_trusted(owner: int) -> bool:
    """Root, us, and who became root with sudo, whose directories the environment still names."""
    return str(owner) in {"0", str(os.geteuid()), os.environ.get("SUDO_UID") if os.geteuid() == 0 else None}


def _refused(number: int, reason: str, path: Path) -> OSError:
    return OSError(number, reason, str(path))

"""Which node a call goes to, and the cookie for it.

Source: Kazoo sup.erl:get_target/2, get_cookie/2. Otherwise than there, a node may be on another host (`-n name@host`,
or the one that the settings name), a cookie that is given with -c always counts, and where no settings have one, the
files are looked at in which Erlang keeps it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

VM_ARGS = (Path("/etc/kazoo/core/vm.args"), Path("/etc/kazoo/vm.args"))
"""Where Kazoo's packages put the arguments of its nodes."""

DEFAULT_COOKIE = "change_me"
_SET_COOKIE = re.compile(r"^\s*-setcookie\s+'?([^'\s]+)'?\s*$", re.MULTILINE)


class SeveralNodes(UsageError):
    """there are several nodes named {name}: {nodes}; -n NAME@HOST says which is meant"""

    remedy = "say with -n NAME@HOST which is meant"

    name: str
    nodes: str


class Cookie(NamedTuple):
    """A cookie, and for people where it comes from; `file` is Erlang's own for it, where it is from there."""

    text: str
    source: str
    file: Path | None = None


def node_named(name: str, *, host: str, known: Sequence[str]) -> str:
    """Return the full name of the node NAME, which may have its host already.

    It is the one of KNOWN nodes with this name, that on this HOST first; where none is known, it is on this host.
    Raises SeveralNodes.
    """
    if "@" in name:
        return name
    here = f"{name}@{host}"
    namesakes = [each for each in known if each.partition("@")[0] == name]
    if here in namesakes or not namesakes:
        return here
    if len(namesakes) > 1:
        raise SeveralNodes(name=name, nodes=", ".join(namesakes))
    return namesakes[0]


def cookie(given: str | None, settings: Cookie | None, environ: Mapping[str, str]) -> Cookie:
    """Return the cookie to use: what -c gave, what the settings have, what Erlang's files have, or Kazoo's own default.

    SETTINGS is None where no settings have one.
    """
    if given:
        return Cookie(given, "-c")
    return settings or _in_files(environ) or Cookie(DEFAULT_COOKIE, "Kazoo's default")


def _in_files(environ: Mapping[str, str]) -> Cookie | None:
    for path in VM_ARGS:
        if found := _SET_COOKIE.search(_text(path)):
            return Cookie(found[1], str(path))
    homes = [Path(environ["HOME"])] if environ.get("HOME") else []
    for path in (home / ".erlang.cookie" for home in homes):
        if text := _text(path).strip():
            return Cookie(text, str(path), path)
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def matching(pattern: str, nodes: Iterable[str]) -> list[str]:
    """Return the nodes that PATTERN means, sorted: `all`, or a shell's pattern of their names, with or without host."""
    from fnmatch import fnmatchcase

    wanted = "*" if pattern == "all" else pattern
    return sorted(each for each in nodes if fnmatchcase(each, wanted) or fnmatchcase(each.partition("@")[0], wanted))

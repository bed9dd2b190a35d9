"""The nodes of a YAML file with the settings they stand for, so that whatever is wrong can be told with its line.

This module imports PyYAML.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from kazoo_sup.errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from kazoo_sup.settings.sources import Key, Source

TAG = "tag:yaml.org,2002:"

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGES = 8
"""How many merges (`<<`) may be inside one another."""


def compose(content: bytes, path: Path) -> yaml.Node | None:
    """Return the root node of the document in CONTENT, None when it has none; SettingsError names PATH and line."""
    try:
        return yaml.compose(content, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else path
        # What is quoted there comes from the file, and may be a part of a password.
        said = ", ".join(filter(None, (error.context, error.problem)))
        problem = re.sub(r"""(['"])[^<'"][^'"]+\1""", "…", said)
        raise SettingsError(source=where, reason=f"is not YAML: {problem}") from None
    except yaml.YAMLError:
        raise SettingsError(source=path, reason="is not YAML: it has a character that YAML forbids") from None


@dataclass(frozen=True, slots=True)
class Reading:
    """The file that is read, the environment it may speak of, and where to put what it says."""

    path: Path
    environ: Mapping[str, str]
    source: Source


class WrongError(Exception):
    """What is wrong with a value; it never leaves this module."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the file, the setting that it gives, and the line of that setting."""

    node: yaml.Node
    key: Key
    line: int
    reading: Reading

    @property
    def where(self) -> str:
        return f"{self.reading.path}:{self.line}"

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_empty(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == f"{TAG}null"

    def problem(self, reason: str) -> None:
        self.reading.source.problem(self.where, f"{'.'.join(self.key) or 'the file'} {reason}")

    def unknown(self, known: Collection[str]) -> None:
        reason = f"there is no setting {'.'.join(self.key)!r}{did_you_mean(self.key[-1], known)}"
        self.reading.source.problem(self.where, reason)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Turn what is found wrong inside into a problem of this place."""
        try:
            yield
        except WrongError as wrong:
            self.problem(str(wrong))

    def keep(self, value: object) -> None:
        self.reading.source.values[self.key] = value, self.where

    def inside(self) -> dict[str, Place]:
        """Return the places in a mapping by name; empty, and a problem noted, when this is not a mapping."""
        if not self.is_mapping:
            self.problem("is empty" if self.is_empty else "must be lines of name: value, indented")
            return {}
        return {
            name: Place(node, (*self.key, name), line, self.reading)
            for name, (node, line) in self._pairs(self.node, _MERGES).items()
        }

    def each(self) -> list[Place]:
        """Return the places in a list, or just this one when it is not one."""
        if not isinstance(self.node, yaml.SequenceNode):
            return [self]
        return [Place(node, self.key, _line(node), self.reading) for node in self.node.value]

    def _pairs(self, mapping: yaml.Node, merges: int) -> dict[str, tuple[yaml.Node, int]]:
        own: dict[str, tuple[yaml.Node, int]] = {}
        merged: dict[str, tuple[yaml.Node, int]] = {}
        for key, node in mapping.value:
            if key.tag == f"{TAG}merge":
                for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
                    if merges and isinstance(each, yaml.MappingNode):
                        merged = self._pairs(each, merges - 1) | merged
                    else:
                        self.problem("merges (<<) what is not a mapping, or is too deep")
            elif not isinstance(key, yaml.ScalarNode):
                self.problem("has a name that is not text")
            elif key.value in own:
                reason = f"is given twice, on line {own[key.value][1]} and here"
                Place(node, (*self.key, key.value), _line(key), self.reading).problem(reason)
            else:
                own[key.value] = node, _line(key)
        return merged | own


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1

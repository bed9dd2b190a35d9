"""Which numbers a command is for: one, a range, a CSV file, or standard input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Target:
    """A number to do something to, or what is wrong with it; `line` counts from 1 where it is in a file.

    `fields` are the other columns of its line.
    """

    number: str
    line: int | None = None
    fields: dict[str, str] = field(default_factory=dict)
    wrong: str | None = None


class Targets:
    """Numbers to be gone through once; `total` is how many they are, where that is known.

    `is_range` tells that only the first and the last one were typed. `repeated` yields those whose number is there
    more than once.
    """

    def __init__(
        self,
        targets: Iterable[Target],
        total: int | None,
        *,
        is_range: bool = False,
        repeated: Callable[[], Iterable[Target]] = tuple,
        close: Callable[[], object] = lambda: None,
    ) -> None:
        """Take the targets and their count; CLOSE is for who does not go through them."""
        self._targets = targets
        self.total = total
        self.is_range = is_range
        self.repeated = repeated
        self.close = close

    def __iter__(self) -> Iterator[Target]:
        """Go through them."""
        return iter(self._targets)

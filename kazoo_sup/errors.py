"""Every error that reaches the user is a class here: its docstring is the message, its name the stable id.

`cli.main` is the one place that turns an error into a sentence, an envelope and an exit code.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, ClassVar


class ExitCode(IntEnum):
    """What `sup` exits with; 0 to 4 as Kazoo's own `sup` does (core/sup/src/sup.erl:main/2)."""

    OK = 0
    USAGE = 1
    NOT_OK = 2
    FAILED = 3
    TIMED_OUT = 4
    PARTIAL = 5
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


class SupError(Exception):
    """{reason}"""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, **facts: Any) -> None:
        """Keep the facts that the class's message template names."""
        self.facts = facts
        super().__init__((type(self).__doc__ or "").format_map(facts))

    @property
    def id(self) -> str:
        """The stable identifier of this error in machine-readable output."""
        return type(self).__name__


class UsageError(SupError):
    """{reason}"""

    exit_code = ExitCode.USAGE


class UnknownModule(UsageError):
    """there is no module {module!r}{hint}"""


class UnknownFunction(UsageError):
    """module {module} has no function {function!r}{hint}"""


class WrongArguments(UsageError):
    """{command}: {reason}; usage: {usage}"""


class BadArgument(UsageError):
    """{parameter}: {reason}"""


class SettingsError(UsageError):
    """{source}: {reason}"""


class ServerUnreachable(UsageError):
    """cannot reach {server} at {address}: {reason}"""


class NotAuthorised(SupError):
    """{server} at {address} refused the credentials{reason}"""


class ServerRefused(SupError):
    """{server} answered {status} to {request}: {reason}"""


class NotFound(SupError):
    """{server} has no {what}"""


class TimedOut(SupError):
    """timed out after {seconds:g} s{doing}"""

    exit_code = ExitCode.TIMED_OUT


class Declined(SupError):
    """{reason}"""


class Interrupted(SupError):
    """interrupted"""

    exit_code = ExitCode.INTERRUPTED


class Terminated(SupError):
    """terminated"""

    exit_code = ExitCode.TERMINATED


class Conflict(SupError):
    """{database}/{id}: {reason}"""


class SaveRefused(SupError):
    """{database}/{id} was not saved: {reason}"""


class Unfinished(SupError):
    """{reason}; {saved} documents were saved before that, the same command does the rest"""

    exit_code = ExitCode.PARTIAL


class UnexpectedError(SupError):
    """this is a defect of kazoo-sup: {kind}: {reason}; -v shows where"""


class BadValue(SupError):
    """{what}: {reason}"""

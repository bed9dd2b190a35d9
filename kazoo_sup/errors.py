"""Every error that reaches the user is a class here: its docstring is the message, its name the stable id.

`cli.main` is the one place that turns an error into a sentence, an envelope and an exit code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, ClassVar, Self, dataclass_transform

if TYPE_CHECKING:
    from pathlib import Path


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


class Delivered(Enum):
    """Whether the request behind an error reached the server, and so whether it may have taken effect there."""

    NO = "no"
    """Nothing of it did."""
    MAYBE = "maybe"
    """It may have taken effect all the same: only its answer is missing, or cannot be read."""
    YES = "yes"
    """It did, and the error is what the server answered; nobody doubts what became of it."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the words that end a sentence about an unknown NAME: `; did you mean a or b?` of KNOWN, or nothing."""
    from difflib import get_close_matches

    typed = name.lower().replace("-", "_")
    names = list(known)
    near = get_close_matches(typed, names, n=3) or get_close_matches(name, names, n=3)
    near = near or [each for each in names if typed and typed in each][:3]
    return f"; did you mean {' or '.join(near)}?" if near else ""


@dataclass_transform(kw_only_default=True, eq_default=False)
class SupError(Exception):
    """{reason}"""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED
    remedy: ClassVar[str] = ""
    """What can be done about it, a template as the sentence is; empty where nothing is known that helps."""
    identifier: ClassVar[str] = "SupError"
    """The stable id in machine-readable output: the name of the class, and no other class has it."""
    declared: ClassVar[dict[str, bool]] = {"reason": False, "delivered": False}
    """The names of the attributes that the class and its bases declare, and whether they are needed."""
    reason: str = ""
    """Why, where the sentence of the class tells it."""
    delivered: Delivered = Delivered.YES
    """Of the request that it is about; an error that is about none leaves it as it is."""

    def __init_subclass__(cls) -> None:
        """Give the class its id, and note what it and its bases declare; one of a module's own has that of its base."""
        if not cls.__name__.startswith("_"):
            cls.identifier = cls.__name__
        cls.declared = {}
        for each in reversed(cls.__mro__):
            own = each.__annotations__ if issubclass(each, SupError) else {}
            cls.declared |= {name: name not in vars(each) for name, kind in own.items() if "ClassVar" not in str(kind)}

    def __init__(self, **attributes: object) -> None:
        """Take what the class declares, as a dataclass does; type checkers know it as parameters (PEP 681).

        Raises TypeError for what the class does not declare, and where something without a default is missing.
        """
        declared = self.declared
        missing = [name for name, needed in declared.items() if needed and name not in attributes]
        unknown = [name for name in attributes if name not in declared]
        if missing or unknown:
            raise TypeError(f"{type(self).__name__}: missing {missing}, unknown {unknown}")
        vars(self).update(attributes)
        self._given = attributes
        sentence = type(self).__doc__ or ""
        super().__init__(sentence.format_map({name: getattr(self, name) for name in declared}))

    @property
    def attributes(self) -> dict[str, object]:
        """What was given for this error, by name; what became of its request is said by `delivered` alone."""
        return {name: value for name, value in self._given.items() if name != "delivered"}

    def replaced(self, **attributes: object) -> Self:
        """Return the same error with other attributes."""
        return type(self)(**{**self._given, **attributes})

    @property
    def fix(self) -> str:
        """What to do about it."""
        return self.remedy.format_map({name: getattr(self, name) for name in self.declared})


def worst(errors: Sequence[SupError]) -> SupError:
    """Return which of several errors a run ends with where nobody who was asked did, or knew, anything.

    That is the one with the highest exit code, the first of those: who comes first decides nothing.
    """
    return max(errors, key=lambda each: each.exit_code)


class UsageError(SupError):
    """{reason}"""

    exit_code = ExitCode.USAGE

    reason: str = ""


class UnknownModule(UsageError):
    """there is no module {module!r}{hint}"""

    remedy = "sup --list WORDS finds functions by their name or help; sup help topics lists what there is"

    module: str
    hint: str


class UnknownFunction(UsageError):
    """module {module} has no function {function!r}{hint}"""

    remedy = "sup {module} lists the functions of the module"

    module: str
    function: str
    hint: str


class WrongArguments(UsageError):
    """{command}: {reason}; usage: {usage}"""

    remedy = "sup help {command} explains the arguments"

    command: str
    reason: str
    usage: str


class BadArgument(UsageError):
    """{parameter}: {reason}"""

    parameter: str
    reason: str


class SettingsError(UsageError):
    """{source}: {reason}"""

    remedy = "sup config check names all that is wrong with the file; sup config show tells what is in force"

    source: Path | str
    reason: str


class TransportError(SupError):
    """{reason}"""

    delivered: Delivered = Delivered.YES


class ServerUnreachable(TransportError, UsageError):
    """cannot reach {server} at {address}: {reason}"""

    remedy = "see that it runs and can be reached from here; sup config show tells where its address comes from"

    server: str
    address: str
    reason: str
    seconds: float | None = None
    """How long was waited for it, where that is why."""
    delivered: Delivered = Delivered.NO


class NotAuthorised(TransportError):
    """{server} at {address} refused the credentials{reason}"""

    remedy = "correct the user name and password; sup config show tells where they come from"

    server: str
    address: str
    reason: str
    status: int | None = None
    content: bytes = b""
    code: str | None = None


class ServerRefused(TransportError):
    """{server} answered {status} to {request}: {reason}"""

    server: str
    status: int
    request: str
    reason: str
    content: bytes = b""
    """The body of the answer, as far as it was read."""
    code: str | None = None
    """The server's own word for it, where its protocol has one."""


class NotFound(TransportError):
    """{server} has no {what}"""

    server: str
    what: str


class TimedOut(TransportError):
    """timed out after {seconds:g} s{doing}"""

    exit_code = ExitCode.TIMED_OUT
    remedy = "allow more time: with -t for the whole run, with the setting timeouts.read for an answer"

    seconds: float
    doing: str
    """Ends the sentence: " waiting for …"."""
    delivered: Delivered = Delivered.MAYBE


class Declined(SupError):
    """{reason}"""

    remedy = "{instead}"

    reason: str = ""
    instead: str = ""
    """What to do about it, where that is known."""


class OnlyInTheNode(Declined):
    """{reason}{looked}"""

    reason: str
    looked: str = ""
    """How a node was looked for."""
    effect: str = "changes"
    """What the function does to the node (see OnNode)."""


class NotDone(SupError):
    """it was not done"""


class Interrupted(SupError):
    """interrupted"""

    exit_code = ExitCode.INTERRUPTED


class Terminated(SupError):
    """terminated"""

    exit_code = ExitCode.TERMINATED


class Conflict(SupError):
    """{database}/{id}: {reason}"""

    remedy = "run the same command again"

    database: str
    id: str
    reason: str


class SaveRefused(SupError):
    """{database}/{id} was not saved: {reason}"""

    database: str
    id: str
    reason: str


class SaveUnknown(SaveRefused):
    """{database}/{id}: it is not known whether it was saved: {reason}"""


class Unfinished(SupError):
    """{reason}; {saved} documents were saved before that, the same command does the rest"""

    exit_code = ExitCode.PARTIAL
    remedy = "run the same command again: it does the rest"

    reason: str
    saved: int


class UnexpectedError(SupError):
    """this is a defect of kazoo-sup: {kind}: {reason}; -v shows where"""

    remedy = "run it again with -v, and report what that shows"

    kind: str
    reason: str


class BadValue(SupError):
    """{what}: {reason}"""

    what: str
    reason: str


class Stopped(BaseException):
    """Ends the run from a signal handler with ERROR; no `except Exception` takes it for a failure of its own."""

    def __init__(self, error: SupError) -> None:
        """Take what ends the run."""
        super().__init__(str(error))
        self.error = error

"""The way in to running nodes: a function is called on one or on many, and what it prints and returns is shown.

What cannot be done without a node is refused where none can be reached, with how it was looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from kazoo_sup.cli.other_names import OtherName
from kazoo_sup.errors import (
    Delivered,
    ExitCode,
    Interrupted,
    OnlyInTheNode,
    Stopped,
    SupError,
    UnknownFunction,
    UnknownModule,
)
from kazoo_sup.kazoo.live import effects, reach, terminal
from kazoo_sup.kazoo.live.call import MFA, WRITTEN, FailedOnNode, Result, UnknownOnNode, as_json, call
from kazoo_sup.results import NO_RETURN, Answer, Listing, partly
from kazoo_sup.terms import UNDEFINED
from kazoo_sup.terms.values import LONGEST_ATOM
from kazoo_sup.transports.server import MASK, masked

if TYPE_CHECKING:
    from kazoo_sup.arguments.descriptions import OnNode
    from kazoo_sup.cli.options import Options
    from kazoo_sup.cli.render.output import Renderer
    from kazoo_sup.kazoo.live.target import Cookie
    from kazoo_sup.transports.erlang.connection import Node
    from kazoo_sup.types import Row
    from kazoo_sup.zone import Zone

_COLUMNS = ("node", "result", "text")
_OF_DATA = ("json", "yaml", "ndjson")
"""The formats that show any answer as data."""

Unreached = Callable[[SupError], SupError]


_REACHABLE = "see that a node can be reached from here: -n or the setting kazoo_nodes names it, cookie lets sup in"


class Call(NamedTuple):
    """A function to be called on a node with words of a command line; `shown` are the words without secrets.

    What `entry` of its module's table says counts; without one nobody knows what it does.
    """

    module: str
    function: str
    words: Sequence[str]
    shown: Sequence[str]
    entry: OnNode | None = None
    effect: str = effects.CHANGES
    in_text: bool = True
    """Whether the text of the result is wanted, which no machine format shows."""

    @property
    def written(self) -> str:
        """The call as it may be shown: also what only seems to be a secret is masked."""
        from kazoo_sup.changes.masking import of_words

        return f"{self.module}:{self.function}({', '.join(of_words(self.shown))})"

    @property
    def secrets(self) -> list[str]:
        """The words that may not be shown: a node that fails quotes what it was called with."""
        from kazoo_sup.changes.masking import of_words

        return [word for word, shown in zip(self.words, of_words(self.shown), strict=True) if word != shown]

    @property
    def deed(self) -> str:
        """What is done, in words."""
        return f"call {self.written}"

    def refusal(self, node: str) -> str:
        """Return the sentence that refuses it without a node; nothing where none is known."""
        if self.entry is None:
            return ""
        names = [word.strip("[]").lower() for word in self.entry.parameters.split()]
        given = dict(zip(names, self.shown, strict=False))
        return self.entry.refusal.format_map({"node": node} | dict.fromkeys(names, "") | given)


def planned(module: str, function: str, words: Sequence[str], shown: Sequence[str], entry: OnNode | None) -> Call:
    """Return the call of a function as its module's table describes it."""
    return Call(module, function, words, shown, entry, entry.effect if entry else effects.of(module, function))


def answer(
    zone: Callable[[], Zone], what: Call, asked: Options, show: Renderer, instead: SupError | None = None
) -> Answer | Listing:
    """Call a function on the node, or on all that --nodes means, and return what it answers.

    Where no node can be reached INSTEAD is raised, if it is given, with how it was looked for; so is the refusal of a
    function that only a node can do.
    """
    if what.entry and what.entry.forbidden:
        raise OnlyInTheNode(reason=what.refusal("a node"))
    if max(len(what.module), len(what.function)) > LONGEST_ATOM:
        raise instead or UnknownOnNode(hint="")
    given = _terms(what.words) if asked.erl_term_args else list(what.words)
    what = what._replace(in_text=_in_text(asked) or bool(what.entry and what.entry.stays))
    try:
        there = zone()
    except SupError:
        if instead is not None:
            raise instead from None
        raise
    seconds = asked.timeout or None
    cookie = reach.cookie(there, asked.cookie)
    if asked.nodes is not None:
        return _everywhere(there, what, given, cookie, asked.nodes, seconds, listed=_is_listed(asked))
    node = reach.connection(there, reach.node_meant(there), cookie)
    unreached = _unreached(what, node.name, instead)
    with _connected(node, unreached):
        if not there.run.dry_run:
            with node.attended(show.printed):
                _ask(there, what, node.name)
        if asked.verbose and asked.format in (None, "text", "table"):
            show.printed(f"Connected to service {node.name} with cookie {MASK}\n")
            show.printed(f"Running {what.written}\n")
        with terminal.restored():
            try:
                ready = _ready(node, given, show.printed)
                found = _done(there, what, node, ready, seconds, show)
            except UnknownOnNode:
                raise UnknownOnNode(hint=f"; {instead}" if instead else "") from None
            if found is None:
                return Answer(NO_RETURN)
            if what.entry and what.entry.stays:
                return _lingering(node, found, seconds, there, show)
    return _answer(found)


def _terms(words: Sequence[str]) -> list[object]:
    from kazoo_sup.kazoo.live import arguments

    return arguments.terms(words)


def _ready(node: Node, given: Sequence[object], printed: Callable[[str], None]) -> Sequence[object]:
    """Return arguments with those made that only the node can make."""
    if all(type(each) is str for each in given):
        return given
    from kazoo_sup.kazoo.live import arguments

    there = arguments.OnNode(node, printed)
    return [arguments.resolved(each, there) for each in given]


def _is_listed(asked: Options) -> bool:
    """Return whether nodes are rows of a listing, not sections of a text."""
    return bool(asked.columns or asked.query) or asked.format not in (None, "text")


def _in_text(asked: Options) -> bool:
    """Return whether results are shown in the text that their node makes of them, not as data."""
    if asked.nodes is not None:
        return not _is_listed(asked)
    return not asked.query and asked.format not in _OF_DATA


def _unreached(what: Call, node: str, instead: SupError | None) -> Unreached:
    """Return what makes the error of a call for which there was no node."""

    def error(reason: SupError) -> SupError:
        looked = f"; looked for {node}: {reason}"
        if isinstance(instead, OnlyInTheNode):
            return instead.replaced(looked=f"{instead.looked}{looked}", instead=_REACHABLE)
        if isinstance(instead, UnknownModule | UnknownFunction):
            return instead.replaced(hint=f"{instead.hint}{looked}")
        if isinstance(instead, OtherName):
            return instead.replaced(instead=f"{instead.instead}{looked}")
        if what.entry is not None:
            return OnlyInTheNode(reason=what.refusal(node), looked=looked, instead=_REACHABLE)
        return reason

    return error


@contextmanager
def _connected(node: Node, unreached: Unreached) -> Iterator[None]:
    from kazoo_sup.transports.erlang.failures import NodeNotRegistered, NodeUnreachable, NoPortMapper

    try:
        node.connect()
    except (NoPortMapper, NodeNotRegistered, NodeUnreachable) as error:
        raise unreached(error) from None
    try:
        yield
    finally:
        node.close()


def _ask(zone: Zone, what: Call, where: str) -> None:
    """Ask whether to go on: nobody is asked about what only tells something."""
    if what.effect == effects.DISRUPTS:
        zone.run.confirm_watched(f"{what.deed} on {where}")
    elif what.effect == effects.HALTS:
        zone.run.confirm(f"{what.deed} on {where}")


def _call(
    node: Node,
    what: Call,
    given: Sequence[object],
    seconds: float | None,
    printed: Callable[[str], None],
    ask: Callable[[str, bool], str | None],
) -> Result:
    stays = bool(what.entry and what.entry.stays)
    wanted = MFA(what.module, what.function, given, stays)
    try:
        return call(node, wanted, seconds=seconds, show=printed, ask=ask, in_text=what.in_text)
    except FailedOnNode as failed:
        raise failed.replaced(reason=masked(failed.reason, what.secrets)) from None


def _done(
    zone: Zone, what: Call, node: Node, given: Sequence[object], seconds: float | None, show: Renderer
) -> Result | None:
    """Call a function; what may change something goes through the door, which does not call it in a dry run."""

    def function() -> Result:
        return _call(node, what, given, seconds, show.printed, terminal.answers(show.printed))

    if what.effect == effects.READS:
        return function()
    from kazoo_sup.changes.acting import act

    return act(zone, f"{what.deed} on {node.name}", function)


def _answer(found: Result) -> Answer:
    if not found.is_shown:
        return Answer(NO_RETURN, code=found.code)
    data = as_json(found.term)
    return Answer(UNDEFINED if data is None else WRITTEN, data, shown=found.text or None, code=found.code)


def _lingering(node: Node, found: Result, seconds: float | None, zone: Zone, show: Renderer) -> Answer | Listing:
    """Show what is printed after the function has returned, until somebody or -t ends it."""
    if found.text:
        show.printed(f"{found.text}\n")
    zone.run.hint(f"what {node.name} prints is shown until Ctrl-C")
    node.linger(show.printed, seconds)
    return Answer(NO_RETURN, code=found.code)


class FailedThere(SupError):
    """{told}"""

    node: str
    reason: str
    told: str
    delivered: Delivered = Delivered.YES


class NotReachedThere(FailedThere):
    """{told}"""

    exit_code = ExitCode.USAGE


class TimedOutThere(FailedThere):
    """{told}"""

    exit_code = ExitCode.TIMED_OUT


class InterruptedThere(FailedThere):
    """{told}"""

    exit_code = ExitCode.INTERRUPTED


class TerminatedThere(FailedThere):
    """{told}"""

    exit_code = ExitCode.TERMINATED


class _Section(NamedTuple):
    """What came of a call on one node."""

    printed: str
    result: Result


class _Come(NamedTuple):
    """What came of a call on many nodes, by the node's name."""

    found: dict[str, _Section | SupError]

    @property
    def given(self) -> dict[str, _Section]:
        """What came of it where the function was called."""
        return {name: each for name, each in self.found.items() if isinstance(each, _Section)}

    @property
    def spared(self) -> list[str]:
        """The nodes on which the function was certainly not called."""
        return [name for name, each in self.found.items() if getattr(each, "delivered", None) is Delivered.NO]


def _everywhere(
    zone: Zone,
    what: Call,
    given: Sequence[object],
    cookie: Cookie,
    pattern: str,
    seconds: float | None,
    *,
    listed: bool,
) -> Answer | Listing:
    """Call a function on many nodes at once, and return a section, or a row, for each."""
    from kazoo_sup.kazoo.zone.servers import ask_all
    from kazoo_sup.settings.sources import LONGEST

    names = reach.nodes_meant(zone, pattern)
    if what.effect != effects.READS and zone.run.dry_run:
        deed = f"{what.deed} on {', '.join(names)}"
        zone.run.foretold(deed, None)
        zone.run.would(deed)
        return Answer(NO_RETURN)
    _ask(zone, what, ", ".join(names))

    def one(_name: str, node: Node) -> _Section:
        pieces: list[str] = []
        with node:
            ready = _ready(node, given, pieces.append)
            result = _call(node, what, ready, seconds, pieces.append, lambda _prompt, _secret: None)
        return _Section("".join(pieces), result)

    nodes = [(name, reach.connection(zone, name, cookie)) for name in names]
    come: dict[str, _Section | SupError] = {}

    def function() -> _Come:
        cut: SupError | None = None
        try:
            for name, found in ask_all(nodes, one, LONGEST):
                come[name] = _failed(name, found) if isinstance(found, SupError) else found
        except KeyboardInterrupt:
            cut = Interrupted(delivered=Delivered.MAYBE)
        except Stopped as stopped:
            cut = stopped.error
        # What came of it on the others is not lost with those that nobody waits for any more.
        return _Come({name: come.get(name) or _failed(name, cut or Interrupted()) for name in names})

    if what.effect == effects.READS:
        return _together(function(), listed=listed)
    from kazoo_sup.changes.acting import UNKNOWN, act_at

    done = act_at(zone, {name: {f"{what.deed} on {name}": UNKNOWN} for name in names}, function)
    return Answer(NO_RETURN) if done is None else _together(done, listed=listed)


def _failed(node: str, error: SupError) -> FailedThere:
    """Return an error with the node that it is of; it exits as that would."""
    told = str(error) if node in str(error) else f"{node}: {error}"
    kind = _KINDS.get(error.exit_code, FailedThere)
    return kind(node=node, reason=str(error), told=told, delivered=error.delivered)


_KINDS = {
    ExitCode.USAGE: NotReachedThere,
    ExitCode.TIMED_OUT: TimedOutThere,
    ExitCode.INTERRUPTED: InterruptedThere,
    ExitCode.TERMINATED: TerminatedThere,
}


def _together(come: _Come, *, listed: bool) -> Answer | Listing:
    sections = come.given
    errors = [each for each in come.found.values() if isinstance(each, SupError)]
    report = partly(len(sections), errors)
    codes = {each.result.code for each in sections.values()}
    code = next(iter(codes)) if len(codes) == 1 else ExitCode.NOT_OK
    if listed:
        return Listing(_COLUMNS, [_row(name, each) for name, each in sections.items()], report=report, code=code)
    lines = [line for name, each in sections.items() for line in _lines(name, each)]
    return Answer(NO_RETURN, lines=lines, report=report, code=code)


def _row(name: str, section: _Section) -> Row:
    result = section.result
    value = as_json(result.term) if result.is_shown else None
    return {"node": name, "result": value, "text": section.printed, "exit_code": int(result.code)}


def _lines(name: str, section: _Section) -> Iterator[str]:
    yield f"{name}:"
    text = section.printed + section.result.text
    if text:
        yield text.removesuffix("\n")

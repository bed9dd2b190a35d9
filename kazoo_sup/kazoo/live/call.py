"""Calling a function on a running node as Kazoo's sup does, and what its result means.

The call goes through the node's own `sup:in_kazoo/4`, which sets the call id, logs the call and its result at the level
notice, and has kapps_config read keys with dots as paths: the log that operators know has it as ever.
Source: Kazoo sup.erl (main/2, in_kazoo/4), Erlang/OTP rpc.erl.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

from kazoo_sup.errors import ExitCode, SupError
from kazoo_sup.results import NO_RETURN
from kazoo_sup.terms.shapes import Bits, Export, Fun, Improper, Map, Pid, Port, Reference
from kazoo_sup.terms.values import OK, Atom, Charlist

if TYPE_CHECKING:
    from kazoo_sup.transports.erlang.connection import Ask, Node, Show
    from kazoo_sup.types import Foreign

_UTF_8 = re.compile(
    "[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    "|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
WRITTEN = Atom("answered")
"""Stands for a result of which the text is shown, which the node has written itself."""

_LARGE = 1 << 18
"""How many octets make a large value."""

_PAIR_HEAD = bytes((131, 104, 2))
"""How the external form of a pair begins, such as that of what failed: {badrpc, Reason}."""

_WHOLE = 10**18
"""More characters than any text has (sup.erl's MAX_CHARS is not a number that fits into a machine word)."""


class UnknownOnNode(SupError):
    """Invalid command or wrong number of arguments, please try again{hint}"""

    exit_code = ExitCode.USAGE

    hint: str


class FailedOnNode(SupError):
    """Command failed: {reason}"""

    reason: str


class NoSupOnNode(SupError):
    """{node} has no module sup through which to call its functions: it is not a node of Kazoo"""

    node: str


class GaveUpOnNode(SupError):
    """Command failed: timeout"""


class CrashedInTime(SupError):
    """Command failed: timeout"""

    exit_code = ExitCode.TIMED_OUT


class Result(NamedTuple):
    """What a function returned.

    term: the value
    text: the value as the node itself prints it, whole and on one line; empty where it is not shown, or not wanted
    code: what sup exits with
    """

    term: object
    text: str
    code: int

    @property
    def is_shown(self) -> bool:
        """Whether the value is to be seen: `no_return` is not."""
        return not (self.term == NO_RETURN or _is_no_return(self.term))


class MFA(NamedTuple):
    """A function of a node's and what it is called with; text is a binary.

    Where what it starts goes on only for as long as its caller lives (Kazoo acdc_queue_manager_diag.erl:init/1), one
    that `stays` is called by a process that lives until the connection ends.
    """

    module: str
    function: str
    arguments: Sequence[object]
    stays: bool = False


def call(node: Node, wanted: MFA, *, seconds: float | None, show: Show, ask: Ask, in_text: bool = True) -> Result:
    """Call a function, show what it prints, and return its result, with its text where that is wanted (IN_TEXT).

    Raises UnknownOnNode for a function that is not there, with so many arguments, FailedOnNode where it failed,
    GaveUpOnNode after SECONDS, CrashedInTime where it failed for lack of time itself, and what Node.call raises.
    """
    from kazoo_sup.errors import TimedOut
    from kazoo_sup.transports.erlang.external import BadExternal, decode, encode
    from kazoo_sup.transports.erlang.failures import NotANode

    module, function, arguments, stays = wanted
    called = (Atom(module), Atom(function), list(arguments))
    try:
        if stays:
            called = (Atom("erl_eval"), Atom("exprs"), _kept(node, called, show))
        encoded = node.call("sup", "in_kazoo", [Atom(node.own_name), *called], seconds=seconds, show=show, ask=ask)
    except TimedOut:
        raise GaveUpOnNode from None
    try:
        term = WRITTEN if in_text and _is_large_value(encoded) else decode(encoded)
    except BadExternal as bad:
        raise NotANode(node=node.name, address=node.name, reason=str(bad)) from None
    if stays and isinstance(term, tuple) and term[0] == "value":
        term = ("badrpc", term[1]) if _is_exit(term[1]) else term[1]
        encoded = encode(term)
    _raise_failure(node, module, function, term, show)
    found = Result(term, "", _code(module, term))
    return found._replace(text=printed(node, encoded, show)) if in_text and found.is_shown else found


_CALLED_BY_ONE_THAT_STAYS = """
    Self = self(),
    Caller = spawn(fun() ->
        erlang:monitor_node(node(group_leader()), true),
        Self ! {self(), catch apply(M, F, A)},
        receive {nodedown, _} -> ok end
    end),
    receive {Caller, R} -> R end.
"""


def _kept(node: Node, called: tuple[Atom, Atom, list[object]], show: Show) -> list[object]:
    """Return the arguments for erl_eval:exprs/2 that have a process call a function, and stay."""
    forms = _parsed(node, _CALLED_BY_ONE_THAT_STAYS, show)
    module, function, arguments = called
    return [forms, [(Atom("A"), arguments), (Atom("F"), function), (Atom("M"), module)]]


def _parsed(node: Node, text: str, show: Show) -> object:
    """Return the abstract form of expressions."""
    from kazoo_sup.transports.erlang.external import decode

    _ok, tokens, _end = decode(node.call("erl_scan", "string", [Charlist(text)], show=show))
    _ok, forms = decode(node.call("erl_parse", "parse_exprs", [tokens], show=show))
    return forms


def _is_large_value(encoded: bytes) -> bool:
    """Return whether a result is so large that it is not read for its text, and nothing that failed."""
    return len(encoded) >= _LARGE and not encoded.startswith(_PAIR_HEAD)


def _is_exit(term: object) -> bool:
    return isinstance(term, tuple) and len(term) == 2 and term[0] == "EXIT"  # noqa: PLR2004 - {'EXIT', Reason}


def printed(node: Node, encoded: bytes, show: Show) -> str:
    """Return the text of a term, as the node's own io_lib prints it on one line. ENCODED has its version octet.

    SHOW takes what processes that were started before print meanwhile.
    """
    from kazoo_sup.transports.erlang.external import Encoded, decode, encode_part
    from kazoo_sup.transports.erlang.leader import text_of

    value = Encoded(encoded[1:])
    if len(encoded) < _LARGE:
        arguments = encode_part([value, 1, _WHOLE, -1])
        return in_utf_8(text_of(decode(node.call("io_lib", "print", arguments, show=show))))
    forms = _parsed(node, _PRINTED, show)
    _evaluated, function, _bindings = decode(node.call("erl_eval", "exprs", [forms, []], show=show))
    text = node.call("erlang", "apply", encode_part([function, [value]]), show=show)
    return in_utf_8(text_of(decode(text)))


_PRINTED = f"fun(Term) -> unicode:characters_to_binary(io_lib:print(Term, 1, {_WHOLE}, -1)) end."
"""Text is a list of characters, of two octets each; in a binary it is half as large."""


def in_utf_8(text: str) -> str:
    """Return what io_lib prints with the UTF-8 in it as the characters that it means.

    There a binary of UTF-8 is octets, each printed as the character of Latin-1 that it would be.
    """
    try:
        return _UTF_8.sub(lambda found: found[0].encode("latin-1").decode(), text)
    except UnicodeError:
        return text


def _raise_failure(node: Node, module: str, function: str, term: object, show: Show) -> None:
    match term:
        case ("badrpc", ("EXIT", ("undef", [("sup", "in_kazoo", *_), *_]))):
            raise NoSupOnNode(node=node.name)
        case ("badrpc", ("EXIT", ("undef", _))):
            raise UnknownOnNode(hint="")
        case ("badrpc", ("EXIT", ("timeout_value", [(str() as module_, str() as function_, *_), *_]))) if (
            module_,
            function_,
        ) == (module, function):
            raise CrashedInTime
        case ("badrpc", reason):
            from kazoo_sup.transports.erlang.external import encode

            raise FailedOnNode(reason=printed(node, encode(reason), show))


def _is_no_return(term: object) -> TypeGuard[tuple[str, int]]:
    return isinstance(term, tuple) and len(term) == 2 and term[0] == NO_RETURN and type(term[1]) is int  # noqa: PLR2004


def _code(module: str, term: object) -> int:
    if _is_no_return(term):
        return term[1] & 0xFF
    if term in (OK, NO_RETURN) or not module.endswith("_maintenance"):
        return ExitCode.OK
    return ExitCode.NOT_OK


def as_json(term: Foreign) -> object:
    """Return a term as JSON has it.

    Objects of jiffy, maps and lists of pairs whose keys are all names are objects; other tuples are lists; what only
    Erlang has is its text: a pid `<0.1.0>`, a reference, a port, a fun.
    """
    match term:
        case bool() | None | int() | float():
            return term
        case Atom():
            return None if term == "undefined" else str(term)
        case str():
            return str(term)
        case bytes():
            return term.decode("latin-1")
        case ([*pairs],) if isinstance(term, tuple) and all(map(_is_member, pairs)):
            return {str(key): as_json(value) for key, value in pairs}
        case list():
            if term and all(map(_is_property, term)) and len({pair[0] for pair in term}) == len(term):
                return {str(key): as_json(value) for key, value in term}
            return [as_json(each) for each in term]
        case tuple():
            return [as_json(each) for each in term]
        case Map(pairs):
            if all(isinstance(key, str) for key, _value in pairs):
                return {str(key): as_json(value) for key, value in pairs}
            return [[as_json(key), as_json(value)] for key, value in pairs]
        case Improper(items, tail):
            return [*map(as_json, items), as_json(tail)]
    return _opaque(term)


def _is_member(pair: object) -> bool:
    return isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)  # noqa: PLR2004 - a pair has two


def _is_property(pair: Foreign) -> bool:
    return _is_member(pair) and not isinstance(pair[0], Charlist)


def _opaque(term: object) -> str:
    match term:
        case Pid():
            return f"<{term.node}.{term.number}.{term.serial}>"
        case Port():
            return f"#Port<{term.node}.{term.number}>"
        case Reference():
            return f"#Ref<{term.node}.{'.'.join(map(str, reversed(term.words)))}>"
        case Export():
            return f"fun {term.module}:{term.function}/{term.arity}"
        case Fun():
            return f"#Fun<{term.module}>"
        case Bits():
            *octets, last = term.data
            return f"<<{','.join([*map(str, octets), f'{last >> (8 - term.last)}:{term.last}'])}>>"
    return str(term)

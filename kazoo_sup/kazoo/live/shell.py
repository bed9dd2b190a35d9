"""A shell on a node: expressions are parsed and evaluated there, one at a time, and variables keep their values.

Source: Erlang/OTP stdlib erl_scan.erl, erl_parse.erl, erl_eval.erl.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from kazoo_sup.errors import Declined, SupError
from kazoo_sup.kazoo.live import terminal
from kazoo_sup.kazoo.live.call import printed
from kazoo_sup.settings import own_files
from kazoo_sup.terms.values import OK, Atom, Charlist

if TYPE_CHECKING:
    from pathlib import Path

    from kazoo_sup.transports.erlang.connection import Node, Show
    from kazoo_sup.types import Foreign
    from kazoo_sup.zone import Zone

_HISTORY = "node_shell"
_KEPT = 1000
_LEAVES = re.compile(r"\s*(q|exit|quit)\s*(\(\s*\))?\s*\.?\s*")
_ENDS_THE_NODE = re.compile(r"\b(halt|init\s*:\s*(stop|restart|reboot)|q)\s*\(")
_CALLED = re.compile(r"(?:([a-z]\w*):)?(\w*)$")


class BadErlang(SupError):
    """{reason}"""

    reason: str


class Session:
    """The variables of a shell, and the way to its node."""

    def __init__(self, node: Node, show: Callable[[str], None], ask: Callable[[str, bool], str | None]) -> None:
        """SHOW takes what is printed, ASK answers what is asked for."""
        self._node = node
        self._show = show
        self._answer = ask
        self.asks = False
        """Whether an expression waits for input, which somebody has begun to read."""
        self._bindings: object = []
        self._modules: dict[str, list[str]] = {}

    def evaluate(self, text: str) -> str:
        """Evaluate expressions up to their dot; return the value of the last as the node writes it.

        Raises BadErlang, and what Node.call raises.
        """
        tokens = self._of(self._plainly("erl_scan", "string", [Charlist(text)]), "erl_scan")
        forms = self._of(self._plainly("erl_parse", "parse_exprs", [tokens]), "erl_parse")
        own = Atom(self._node.own_name)
        call = [own, Atom("erl_eval"), Atom("exprs"), [forms, self._bindings]]
        answer = self._node.call("sup", "in_kazoo", call, show=self._show, ask=self._ask)
        value, bindings = self._value(answer)
        self._bindings = bindings
        return self._printed(value)

    def _printed(self, value: bytes) -> str:
        return printed(self._node, value, self._show)

    def _ask(self, prompt: str, secret: bool) -> str | None:
        self.asks = True
        text = self._answer(prompt, secret)
        self.asks = False
        return text

    def _value(self, answer: bytes) -> tuple[bytes, object]:
        from kazoo_sup.transports.erlang.external import decode, encode

        match decode(answer):
            case ("value", value, bindings):
                return encode(value), bindings
            case ("badrpc", ("EXIT", (reason, _stack))):
                raise BadErlang(reason=f"** {self._printed(encode(reason))}")
            case ("badrpc", reason):
                raise BadErlang(reason=f"** {self._printed(encode(reason))}")
            case thrown:
                raise BadErlang(reason=f"** thrown: {self._printed(encode(thrown))}")

    def _plainly(self, module: str, function: str, arguments: list[object]) -> object:
        from kazoo_sup.transports.erlang.external import decode

        return decode(self._node.call(module, function, arguments, show=self._show))

    def _of(self, answer: Foreign, module: str) -> object:
        """Return what erl_scan or erl_parse has found, or raise what it has against the text."""
        from kazoo_sup.transports.erlang.leader import text_of

        if answer[0] == OK:
            return answer[1]
        _line, by, what = answer[1]
        told = self._plainly(str(by), "format_error", [what])
        raise BadErlang(reason=f"** {text_of(told)}" if not isinstance(told, tuple) else f"** {module}: {what}")

    def completions(self, line: str) -> list[str]:
        """Return what may stand in place of a line's last word: modules, or functions of the one before a colon."""
        found = _CALLED.search(line)
        module, begun = (found[1], found[2]) if found else (None, "")
        if module:
            return [f"{module}:{name}(" for name in self._functions(module) if name.startswith(begun)]
        return [f"{name}:" for name in self._functions("") if name.startswith(begun)]

    def _functions(self, module: str) -> list[str]:
        """Return the names of a module's functions; without a name those of all modules."""
        if module not in self._modules:
            if module:
                found = self._plainly(module, "module_info", [Atom("exports")])
            else:
                found = self._plainly("code", "all_available", [])
                if not isinstance(found, list):
                    found = self._plainly("code", "all_loaded", [])
            names = {str(each[0]) for each in found} if isinstance(found, list) else set()
            self._modules[module] = sorted(names)
        return self._modules[module]


def run(zone: Zone, node: Node) -> None:
    """Read expressions from the terminal, or from standard input up to the first that fails, and evaluate each."""
    show = zone.run.printed
    session = Session(node, show, terminal.answers(show))
    typed = sys.stdin.isatty()
    with _editing(zone.state_dir / _HISTORY, session) if typed else nullcontext(_forget) as remember:
        for text in _expressions(node, show, remember, typed=typed):
            if _LEAVES.fullmatch(text):
                return
            try:
                if _ENDS_THE_NODE.search(text):
                    with node.attended(show):
                        zone.run.confirm(f"end {node.name} itself")
                show(f"{session.evaluate(text)}\n")
            except (BadErlang, Declined) as bad:
                if not typed:
                    raise
                show(f"{bad}\n")
            except KeyboardInterrupt:
                if not typed or session.asks:
                    raise
                show("\n** interrupted: what was begun goes on there, and is not waited for\n")
                node.close()
                node.connect()


def _forget(_line: str) -> None:
    """Keep nothing of what no person types."""


def _expressions(node: Node, show: Show, remember: Callable[[str], None], *, typed: bool) -> Iterator[str]:
    """Yield what is typed, dot by dot; REMEMBER takes each line."""
    begun = ""
    while True:
        try:
            with node.attended(show):
                line = input(f"{node.name}> " if not begun else "  ") if typed else _next_line()
        except EOFError:
            if begun.strip():
                yield f"{begun}."
            return
        except KeyboardInterrupt:
            begun = ""
            sys.stdout.write("\n")
            continue
        remember(line)
        begun += f"{line}\n"
        if line.rstrip().endswith(".") or _LEAVES.fullmatch(begun):
            yield begun
            begun = ""
        elif not begun.strip():
            begun = ""


def _next_line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")


@contextmanager
def _editing(file: Path, session: Session) -> Iterator[Callable[[str], None]]:
    """Have lines edited and completed; hand out what keeps one for the next time.

    An answer to a question is none of them, and may be what nobody shall see.
    """
    try:
        import readline
    except ImportError:
        yield _forget
        return
    lines = _kept(file)
    for line in lines:
        readline.add_history(line)
    readline.set_auto_history(False)
    readline.set_completer_delims(" \t\n()[]{},;=<>|+-*/")
    readline.parse_and_bind("tab: complete")

    def complete(text: str, state: int) -> str | None:
        with suppress(SupError):
            found = session.completions(text)
            return found[state] if state < len(found) else None
        return None

    def remember(line: str) -> None:
        if line and lines[-1:] != [line]:
            readline.add_history(line)
            lines.append(line)

    readline.set_completer(complete)
    try:
        yield remember
    finally:
        readline.set_completer(None)
        _keep(file, lines[-_KEPT:])


def _kept(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines() if own_files.is_ours(file) else []
    except OSError:
        return []


def _keep(file: Path, lines: list[str]) -> None:
    with suppress(OSError):
        own_files.directory(file.parent)
        with own_files.replacing(file) as stream:
            stream.write("".join(f"{line}\n" for line in lines).encode())

"""What there is to know about a sup function and its parameters without importing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Parameter(NamedTuple):
    """One parameter that the user types; `kind` is "argument", "arguments" (any number) or "option".

    An option of `type` tuple may be given several times.
    """

    name: str
    kind: str
    type: str
    metavar: str
    default: object = None
    required: bool = True
    choices: tuple[str, ...] = ()
    secret: bool = False
    file: bool = False

    @property
    def flag(self) -> str:
        """How an option is typed: `--all-zones`."""
        return f"--{self.name.replace('_', '-')}"


class OnNode(NamedTuple):
    """A function that only a running node can do: it is called there, and refused where no node can be reached.

    A module's table ON_NODE has its own. `parameters` are as a usage line shows them: `BROKER [ZONE]`. `refusal` is
    the sentence that refuses, with parameters by name and the node as `node`: `only a running node can drop {broker}`.
    What it does to the node is its `effect`: it "reads", it "changes" something, it "disrupts" work (somebody at the
    terminal is asked), or it "halts" the node (which takes a yes from everybody). With `stays` it goes on printing
    after it has returned. What is `forbidden` is not called on any node.
    """

    name: str
    parameters: str
    help: str
    refusal: str
    effect: str = "reads"
    stays: bool = False
    forbidden: bool = False


class Command(NamedTuple):
    """What there is to know about one sup function without calling it; `on_node` is of those that a node must do."""

    module: str
    name: str
    help: str
    parameters: tuple[Parameter, ...]
    on_node: OnNode | None = None

    @property
    def summary(self) -> str:
        """The first line of the help."""
        return self.help.partition("\n")[0]

    @property
    def arguments(self) -> str:
        """The positional parameters as a usage line shows them: `CATEGORY KEY [DEFAULT]`."""
        words = []
        for parameter in self.parameters:
            if parameter.kind == "arguments":
                words.append(f"[{parameter.metavar}]…")
            elif parameter.kind == "argument":
                words.append(parameter.metavar if parameter.required else f"[{parameter.metavar}]")
        return " ".join(words)

    def shown(self, words: Sequence[str]) -> list[str]:
        """Return the positional words as they may be shown, without what is secret."""
        secret = [each.secret for each in self.parameters if each.kind != "option"]
        return ["****" if place < len(secret) and secret[place] else word for place, word in enumerate(words)]

    @property
    def usage(self) -> str:
        """How the command is typed."""
        return f"sup {self.module} {self.name} {self.arguments}".rstrip()

"""The menu in which somebody puts together the metaflows that hold where nothing else is set.

A metaflow is what happens when a caller presses digits during a call. Source: Kazoo konami_maintenance, and the
builders of konami_break, _hangup, _hold, _play, _record_call, _resume and _transfer.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from kazoo_sup.kazoo.config import expressions
from kazoo_sup.kazoo.documents import value_at, with_value
from kazoo_sup.results import Event
from kazoo_sup.types import Json

if TYPE_CHECKING:
    from kazoo_sup.types import Document

CATEGORY, KEY = "metaflows", "default_metaflow"
BINDING_DIGIT, DIGIT_TIMEOUT = "*", 800
NUMBERS = ("break", "hangup", "hold", "play", "record_call", "resume", "transfer")
PATTERNS = ("transfer",)


class Question(Enum):
    """What somebody is asked; what is asked of a module is so for the metaflow that leads to it."""

    ACTION = auto()
    DIGIT = auto()
    TIMEOUT = auto()
    BUILDER = auto()
    NUMBER = auto()
    EXPRESSION = auto()
    EXISTING = auto()
    HOLD_MUSIC = auto()
    MEDIA = auto()
    LEG = auto()
    RECORDING = auto()
    RECORDING_LIMIT = auto()
    RECORDING_FORMAT = auto()
    RECORDING_URL = auto()
    TARGET = auto()
    TAKEBACK = auto()
    TRANSFER_MUSIC = auto()


@dataclass(frozen=True, slots=True)
class MenuBegun:
    """Somebody chooses what to do next."""


@dataclass(frozen=True, slots=True)
class MetaflowShown:
    """The metaflow as it is put together so far: digits by what they do, expressions too."""

    digit: str
    timeout: int
    numbers: Document
    patterns: Document


@dataclass(frozen=True, slots=True)
class MetaflowSaved:
    """The metaflow was stored."""


@dataclass(frozen=True, slots=True)
class BuildersBegun:
    """Somebody chooses one of these modules for a number (`key` is numbers) or an expression (patterns)."""

    key: str
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BuilderBegun:
    """The metaflow of a number or an expression, by `key`, that leads to a module is put together."""

    key: str
    module: str


@dataclass(frozen=True, slots=True)
class BuilderEnded:
    """All that numbers or expressions, by `key`, lead to now."""

    key: str
    metaflows: Document


@dataclass(frozen=True, slots=True)
class ExistingFound:
    """The number or the expression, by `key`, has a metaflow already."""

    key: str
    metaflow: Json


@dataclass(frozen=True, slots=True)
class ChoiceUnknown:
    """The answer to a question is none of what there is to choose from."""

    question: Question


@dataclass(frozen=True, slots=True)
class NotANumber:
    """The answer is to be a whole number."""

    answer: str


@dataclass(frozen=True, slots=True)
class BadExpression:
    """The expression cannot be compiled."""

    reason: str


@dataclass(frozen=True, slots=True)
class MusicExplained:
    """Somebody wants to know how music is named."""


Told = Generator[Event, None, Json]
"""What takes place while something is asked, and at last what was answered."""


class Builder:
    """One run of the menu: ASK answers a question about a module, SAVE stores what was put together."""

    def __init__(
        self,
        metaflow: Document,
        ask: Callable[[Question, str], str],
        save: Callable[[Document], object],
        *,
        digit: str,
        timeout: int,
    ) -> None:
        """Begin with METAFLOW; DIGIT and TIMEOUT are what the zone has where it says nothing."""
        self._metaflow = metaflow
        self._ask = ask
        self._save = save
        self._digit = digit
        self._timeout = timeout

    def run(self) -> Iterator[Event]:
        """Yield what takes place until somebody chooses to exit."""
        yield self._shown()
        while True:
            yield MenuBegun()
            choice = self._ask(Question.ACTION, "")
            if choice == "1":
                self._set(["binding_digit"], self._ask(Question.DIGIT, ""))
            elif choice == "2":
                self._set(["digit_timeout_ms"], (yield from self._number(Question.TIMEOUT)))
            elif choice == "3":
                yield from self._builders("numbers", NUMBERS)
            elif choice == "4":
                yield from self._builders("patterns", PATTERNS)
            elif choice == "5":
                yield self._shown()
            elif choice == "6":
                self._save(self._metaflow)
                yield MetaflowSaved()
                yield self._shown()
            elif choice == "7":
                return
            else:
                yield ChoiceUnknown(Question.ACTION)

    def _builders(self, key: str, modules: tuple[str, ...]) -> Told:
        while True:
            yield BuildersBegun(key, modules)
            choice = self._ask(Question.BUILDER, "")
            if choice == "0":
                return
            if choice.isdecimal() and int(choice) <= len(modules):
                yield from self._add(key, modules[int(choice) - 1])
                yield BuilderEnded(key, self._metaflow.get(key) or {})
            else:
                yield ChoiceUnknown(Question.BUILDER)

    def _add(self, key: str, module: str) -> Told:
        yield BuilderBegun(key, module)
        if key == "numbers":
            trigger = str((yield from self._number(Question.NUMBER, module)))
        else:
            trigger = yield from self._expression(module)
        yield from self._edit([key, trigger], module)

    def _expression(self, module: str) -> Told:
        while True:
            expression = self._ask(Question.EXPRESSION, module)
            try:
                expressions.read(expression, "patterns")
            except expressions.BadExpression as error:
                yield BadExpression(error.reason)
            else:
                return expression

    def _edit(self, path: list[str], module: str) -> Told:
        """Put together, edit or delete the metaflow at PATH."""
        existing = value_at(self._metaflow, path)
        while existing is not None:
            yield ExistingFound(path[0], existing)
            choice = self._ask(Question.EXISTING, module)
            if choice == "d":
                self._set(path, None)
                return
            if choice == "e":
                break
            yield ChoiceUnknown(Question.EXISTING)
        data = yield from self._data(module, asks_target=path[0] == "numbers")
        self._set(path, {**(existing or {}), "module": module, "data": data})

    def _data(self, module: str, *, asks_target: bool) -> Told:
        if module == "hold":
            return _present({"moh": (yield from self._music(Question.HOLD_MUSIC))})
        if module == "play":
            media = self._ask(Question.MEDIA, module)
            return {"id": media, "leg": self._ask(Question.LEG, module)}
        if module == "record_call":
            action = self._ask(Question.RECORDING, module)
            limit = yield from self._number(Question.RECORDING_LIMIT)
            kind = self._ask(Question.RECORDING_FORMAT, module)[:3]
            url = self._ask(Question.RECORDING_URL, module)
            return {"action": action, "time_limit": limit, "format": kind, "url": url}
        if module == "transfer":
            target = self._ask(Question.TARGET, module) if asks_target else None
            takeback = self._ask(Question.TAKEBACK, module)
            music = yield from self._music(Question.TRANSFER_MUSIC)
            return _present({"target": target, "takeback_dtmf": None if takeback == "n" else takeback, "moh": music})
        return {}

    def _music(self, question: Question) -> Told:
        while (answer := self._ask(question, "")) == "h":
            yield MusicExplained()
        return None if answer == "n" else answer

    def _number(self, question: Question, module: str = "") -> Told:
        while not (answer := self._ask(question, module)).isdecimal():
            yield NotANumber(answer)
        return int(answer)

    def _set(self, path: list[str], found: object) -> None:
        self._metaflow = with_value(self._metaflow, path, found)

    def _shown(self) -> MetaflowShown:
        found = self._metaflow
        return MetaflowShown(
            found.get("binding_digit", self._digit),
            found.get("digit_timeout_ms", self._timeout),
            found.get("numbers") or {},
            found.get("patterns") or {},
        )


def _present(data: Document) -> Document:
    return {key: each for key, each in data.items() if each is not None}

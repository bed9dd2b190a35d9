"""The menu in which somebody puts together the metaflows that hold where nothing else is set.

A metaflow is what happens when a caller presses digits during a call. Source: Kazoo konami_maintenance, and the
builders of konami_break, _hangup, _hold, _play, _record_call, _resume and _transfer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from typing import Any

from kazoo_sup import terms
from kazoo_sup.kazoo.documents import Document, value_at, with_value

CATEGORY, KEY = "metaflows", "default_metaflow"
BINDING_DIGIT, DIGIT_TIMEOUT = "*", 800
NUMBERS = ("break", "hangup", "hold", "play", "record_call", "resume", "transfer")
PATTERNS = ("transfer",)
_MENU = (
    "1. Change Binding Digit",
    "2. Change Digit Timeout",
    "3. Change Numbers",
    "4. Change Patterns",
    "5. Show Current Defaults",
    "6. Save",
    "7. Exit",
    "",
)
_HELP = (
    "To set a system_media file as MOH, enter: /system_media/{MEDIA_ID}",
    "To set an account's media file as MOH, enter: /{ACCOUNT_ID}/{MEDIA_ID}",
    "To set an third-party HTTP url, enter: http://other.server.com/moh.mp3",
    "",
)

Told = Generator[str, None, Any]


class Builder:
    """One run of the menu: ASK answers a question, SAVE stores what was put together."""

    def __init__(
        self,
        metaflow: Document,
        ask: Callable[[str], str],
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

    def run(self) -> Iterator[str]:
        """Yield what Kazoo prints, line by line, until somebody chooses to exit."""
        yield from self._intro()
        while True:
            yield from _MENU
            choice = self._ask("Which action:")
            if choice == "1":
                self._set(["binding_digit"], self._ask("New binding digit:"))
            elif choice == "2":
                self._set(["digit_timeout_ms"], (yield from self._number("New digit timeout (ms):")))
            elif choice == "3":
                yield from self._builders("numbers", NUMBERS, self._add_number)
            elif choice == "4":
                yield from self._builders("patterns", PATTERNS, self._add_pattern)
            elif choice == "5":
                yield from self._intro()
            elif choice == "6":
                self._save(self._metaflow)
                yield from ("Defaults successfully saved!", "")
                yield from self._intro()
            elif choice == "7":
                return
            else:
                yield from ("Action not recognized!", "")

    def _intro(self) -> Iterator[str]:
        yield "The current default metaflow:"
        yield f"  Binding Digit: {self._metaflow.get('binding_digit', self._digit)}"
        yield f"  Digit Timeout(ms): {self._metaflow.get('digit_timeout_ms', self._timeout)}"
        yield f"  Numbers: {self._shown('numbers')}"
        yield f"  Patterns: {self._shown('patterns')}"
        yield ""

    def _builders(self, key: str, modules: tuple[str, ...], add: Callable[[str], Told]) -> Told:
        while True:
            yield f"{key.capitalize()} Builders:"
            yield from (f"  {place}. {module.capitalize()}" for place, module in enumerate(modules, start=1))
            yield from ("  0. Return to Menu", "")
            choice = self._ask("Which builder to add:")
            if choice == "0":
                return
            if choice.isdecimal() and int(choice) <= len(modules):
                yield from add(modules[int(choice) - 1])
                yield from (f"  {key.capitalize()}: {self._shown(key)}", "")
            else:
                yield "invalid option selected"

    def _add_number(self, module: str) -> Told:
        if module == "transfer":
            yield "Let's add a transfer metaflow to a specific extension/DID"
        else:
            yield f"Let's configure a '{module}' metaflow"
        first = "First, what" if module == "transfer" else "What"
        number = yield from self._number(f"{first} number should invoke '{module}'?")
        yield from self._edit(["numbers", str(number)], "Number", module)

    def _add_pattern(self, module: str) -> Told:
        yield f"Let's add a {module} metaflow using a regex to capture the extension/DID"
        while True:
            expression = self._ask(f"First, what regex should invoke the '{module}'?")
            try:
                re.compile(expression)
            except re.error as error:
                yield f"We were unable to compile the regex supplied: {error}"
            else:
                break
        yield from self._edit(["patterns", expression], "Pattern", module)

    def _edit(self, path: list[str], what: str, module: str) -> Told:
        """Put together, edit or delete the metaflow at PATH."""
        existing = value_at(self._metaflow, path)
        while existing is not None:
            yield f"  Existing config for this {what.lower()}: {terms.json_encode(existing)}"
            yield from (f"  e. Edit {what}", f"  d. Delete {what}")
            choice = self._ask("What would you like to do:")
            if choice == "d":
                self._set(path, None)
                return
            if choice == "e":
                break
            yield "invalid selection"
        data = yield from self._data(module, asks_target=what == "Number")
        self._set(path, {**(existing or {}), "module": module, "data": data})

    def _data(self, module: str, *, asks_target: bool) -> Told:
        if module == "hold":
            music = yield from self._music(
                "Any custom music on hold to play ('n' to leave as default MOH, 'h' for help)?"
            )
            return _present({"moh": music})
        if module == "play":
            media = self._ask("What media file would you like to play?")
            return {"id": media, "leg": self._ask("On what leg of the call ('self', 'peer', or 'both')?")}
        if module == "record_call":
            action = self._ask("What action: 'start' or 'stop':")
            limit = yield from self._number("How many seconds to limit the recording to:")
            kind = self._ask("What format would you like the recording? ('wav' or 'mp3'):")[:3]
            url = self._ask("What URL to send the recording to at the end:")
            return {"action": action, "time_limit": limit, "format": kind, "url": url}
        if module == "transfer":
            target = self._ask("What is the target extension/DID to transfer to?") if asks_target else None
            takeback = self._ask("What is the takeback DTMF ('n' to use the default)?")
            music = yield from self._music("Any custom music-on-hold ('n' for none, 'h' for help')?")
            return _present({"target": target, "takeback_dtmf": None if takeback == "n" else takeback, "moh": music})
        return {}

    def _music(self, question: str) -> Told:
        while (answer := self._ask(question)) == "h":
            yield from _HELP
        return None if answer == "n" else answer

    def _number(self, question: str) -> Told:
        while not (answer := self._ask(question)).isdecimal():
            yield f"{answer!r} is not a whole number"
        return int(answer)

    def _set(self, path: list[str], found: Any) -> None:
        self._metaflow = with_value(self._metaflow, path, found)

    def _shown(self, key: str) -> str:
        return terms.json_encode(self._metaflow.get(key) or {})


def _present(data: Document) -> Document:
    return {key: each for key, each in data.items() if each is not None}

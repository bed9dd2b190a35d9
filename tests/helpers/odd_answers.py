"""A server for tests that answers with JSON of shapes that nobody expects: the same seed gives the same answers."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from helpers.couchdb_server import CouchDBServer
from helpers.fault_server import Answer, FaultServer, Request

GARBAGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, 10**40, "", "x", "nan", "\u202e\x1b[31m", "9" * 200),
    *([], {}, [None], [[]], [{}], ["x"], [1], {"": None}, {"x": 1}, {"name": {}}, {"rows": {}}, [[1, 2]], {"error": 1}),
)
"""What stands in the place of something else."""


def garbled(value: Any, dice: random.Random, *, whole: tuple[str, ...] = ()) -> Any:
    """Return VALUE with one or a few of its parts replaced, left out or turned into something else.

    What is below a key of WHOLE stays as it is.
    """
    if dice.random() < 0.1:
        return dice.choice(GARBAGE)
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        value = _changed(value, dice, whole)
    return value


def _changed(value: Any, dice: random.Random, whole: tuple[str, ...]) -> Any:
    if not isinstance(value, list | dict) or not value:
        return dice.choice(GARBAGE)
    if isinstance(value, list):
        place = dice.randrange(len(value))
        changed = dice.choice(GARBAGE) if dice.random() < 0.3 else _changed(value[place], dice, whole)
        return [*value[:place], changed, *value[place + 1 :]]
    key = dice.choice(sorted(value))
    if key in whole:
        return value
    kept = {name: each for name, each in value.items() if name != key}
    if dice.random() < 0.3:
        return kept
    return {**kept, key: dice.choice(GARBAGE) if dice.random() < 0.5 else _changed(value[key], dice, whole)}


class OddCouch(CouchDBServer):
    """A CouchDB whose answers are garbled; documents are not, they are a matter of their own."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice = random.Random(seed)

    def respond(self, request: Request) -> Answer:
        answer = super().respond(request)
        try:
            value = json.loads(answer.body)
        except ValueError:
            return answer
        if self.dice.random() < 0.3:  # so that what follows is asked for, too
            return answer
        body = json.dumps(garbled(value, self.dice, whole=("doc",))).encode()
        return Answer(answer.status if self.dice.random() < 0.9 else 200, body, answer.headers)


class OddJson(FaultServer):
    """A server that garbles what `answers` gives for a path, the longest that it ends with; else it sends garbage."""

    def __init__(self, seed: int, answers: dict[str, Any]) -> None:
        super().__init__()
        self.dice, self.answers = random.Random(seed), answers

    def respond(self, request: Request) -> Answer:
        path = request.path.partition("?")[0]
        fitting = [each for each in self.answers if path.endswith(each)]
        value = self.answers[max(fitting, key=len)] if fitting else self.dice.choice(GARBAGE)
        if self.dice.random() < 0.7:
            value = garbled(value, self.dice)
        return Answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})


def odd_xml(text: str, dice: random.Random) -> str:
    """Return XML of which elements are missing, empty, called otherwise, cut off, or hold something else."""
    for _ in range(dice.choice((1, 1, 2, 4))):
        names = re.findall(r"<(\w+)>", text)
        match dice.randrange(5) if names else 4:
            case 0:
                name = dice.choice(names)
                text = re.sub(rf"<{name}>.*?</{name}>", dice.choice(("", f"<{name}/>")), text, count=1, flags=re.DOTALL)
            case 1:
                text = re.sub(rf"(</?){dice.choice(names)}\b", r"\1other", text)
            case 2:
                text = text[: dice.randrange(len(text) + 1)]
            case _:
                parts = re.split(r"(<[^>]*>)", text)
                place = dice.randrange(0, len(parts), 2)
                parts[place] = dice.choice(("", "x", "9" * 200, "nan", "-1"))
                text = "".join(parts)
    return text


def odd_lines(text: str, dice: random.Random) -> str:
    """Return lines of which some words or fields are missing, are too many, or are something else."""
    if dice.random() < 0.1:
        return dice.choice(("", "\n", "x\n\n", "{}\n\n", "\x00\x7f\n\n", "Unknown command\n\n", "# a,b\n1\n\n"))
    for _ in range(dice.choice((1, 2, 4))):
        lines = text.split("\n")
        place = dice.randrange(len(lines))
        separator = dice.choice(",: =")
        words = lines[place].split(separator)
        word = dice.randrange(len(words))
        match dice.randrange(5):
            case 0:
                del words[word]
            case 1:
                words.append("x")
            case 2:
                words = []
            case _:
                words[word] = dice.choice(("", "x", "-1", "9" * 200, "nan", "1e999", "%s", "[", "\u0661"))
        text = "\n".join([*lines[:place], separator.join(words), *lines[place + 1 :]])
    return text

"""Hostile words for every function: whatever is typed ends in an answer or one sentence, never in a defect of ours."""

from __future__ import annotations

import io
import os
import random
import signal
import sys
import tempfile

import pytest

from kazoo_sup.cli import app, catalogue

pytestmark = pytest.mark.integration

LINES = int(os.environ.get("SUP_FUZZED_LINES", "2"))
"""How many lines are tried of each function."""

ACCOUNT = "lab.example.com"
PLAIN = ["a", "true", "false", "default", "accounts", "system_config", "number_manager", ACCOUNT, "+14155550100", "5"]
HOSTILE = [
    "",
    " ",
    "-",
    ".",
    "x" * 5000,
    "dir/" * 1500,
    "é" * 300,
    "9" * 200,
    "9" * 5000,
    f"-{'9' * 200}",
    "1e999",
    "-1e999",
    "NaN",
    "-Infinity",
    "0x10",
    "1_000",
    "١٢٣",
    "²",
    "0",
    "-1",
    "99999999999999999999",
    "202613",
    "000000",
    "null",
    "undefined",
    "[]",
    "{}",
    "[1,2",
    '"text"',
    "[" * 100_000,
    '{"a":' * 50_000,
    '{"a": "\\ud800"}',
    '"\\u0000"',
    "\\ud800",
    '{"_id": 5, "id": null}',
    '[{"a": [null, 1.5, "x"]}]',
    f"[{'9' * 5000}]",
    "[1e999]",
    "(",
    "(?<a",
    "*",
    "**",
    "%",
    "%ff",
    "%00",
    "a%2Fb",
    "_design/x",
    "_all_dbs",
    "http://[::1",
    "http://h:99999/",
    "http://:0",
    "://",
    "a@b@c",
    "@",
    "@no/such/file",
    "no/such/file",
    "no-such-file.csv",
    "no/such.json",
    "~nobody-has-this-name/x",
    "KEY=",
    "=value",
    "=",
    "a.b..c.",
    "..",
    "'\"`$(x)",
    "line\nbreak\ttab",
    "\x1b[31mred\x07",
    "\u202e\u200b\ufeff",
    "\U0010ffff",
    "f" * 32,
    "f" * 31,
    f"{'f' * 32}-202613",
    "account%2Fff%2Fff%2F" + "f" * 28,
    "192.0.2.1",
    "192.0.2.1/33",
    "::1/129",
    "1.2.3",
    "node@host@host",
    "+" + "1" * 300,
    "+1..+2",
    "+14155550100..+14155550000",
    "{" + "}" * 10,
    '<<"erlang">>',
    "#Fun<a>",
    "[{a,b}]",
    "$",
    "\\",
    "2026-11-29",
    "0001-01-01",
    "9999-99-99",
]
LEFT_OUT = {"lab start", "lab stop", "config init"}
"""What acts on this machine and not on the zone."""


def lines(described, chance):
    """Yield the words of some lines for a function: all that must be there, and some of what may."""
    for _ in range(LINES):
        words = []
        for each in described.parameters:
            if each.kind == "option":
                continue
            if not each.required and chance.random() < 0.3:
                break
            words += [typed(each, chance) for _ in range(chance.randint(1, 3) if each.kind == "arguments" else 1)]
        options = []
        for each in described.parameters:
            if each.kind == "option" and chance.random() < 0.3:
                flag = f"--{each.name.replace('_', '-')}"
                if each.name == "watch":
                    continue
                options.append(flag if each.type == "bool" else f"{flag}={typed(each, chance)}")
        yield [*options, "--", *words]


def typed(parameter, chance):
    if parameter.choices and chance.random() < 0.8:
        return chance.choice(parameter.choices)
    return chance.choice(HOSTILE if chance.random() < 0.7 else PLAIN)


MODULES = list(catalogue.own_modules())
PARTS = 10


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_is_typed_is_a_defect(part, cluster, environment, tmp_path, monkeypatch, capfd):
    for name in [name for name in os.environ if name.startswith(("SUP_", "KAZOO_"))]:
        monkeypatch.delenv(name)
    for name, value in {**environment, "SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": ""}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", None)  # it is looked up anew in the environment
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    chance = random.Random(f"{part} {os.environ.get('SUP_FUZZED_SEED', '')}")
    before = {each: signal.getsignal(each) for each in (signal.SIGHUP, signal.SIGTERM)}
    defects = []
    functions = [each for name in MODULES[part::PARTS] for each in catalogue.module(name).functions.values()]
    for described in functions:
        if f"{described.module} {described.name}" in LEFT_OUT:
            continue
        for words in lines(described, chance):
            monkeypatch.setattr(sys, "stdin", io.StringIO("a\nb\n"))
            line = ["-t", "5", "--yes", described.module, described.name, *words]
            try:
                code = app.run(line)
            except BaseException as error:  # noqa: BLE001 - anything that comes out is one
                code = repr(error)
            told = "".join(capfd.readouterr())
            if not isinstance(code, int) or "defect of kazoo-sup" in told or "Traceback" in told:
                at = told.find("defect of kazoo-sup")
                defects.append(([word[:60] for word in line], code, told[max(0, at) : at + 300]))
    for each, handler in before.items():
        signal.signal(each, handler)
    assert not defects

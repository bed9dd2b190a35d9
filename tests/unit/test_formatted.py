"""Lines with terms in them, as Erlang's io:format makes them: `~p` breaks a term at the column where it begins."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from kazoo_sup import terms
from kazoo_sup.terms import Atom

NUMBERS = [f"+1415555{number:04}" for number in range(12)]
LINES = [
    ("x: ~p", [["one", "two"]]),
    ("setting for all of them: ~p", [NUMBERS]),
    (">>>>> ~p => '~p' : ~s", [["default", "carrier_modules"], NUMBERS, "wrong"]),
    ("~p ~p ~p", [NUMBERS[:4], NUMBERS[:5], NUMBERS]),
    ("Classifier ~p:\t\t action ~p", ["did_us", NUMBERS]),
    ("\t~s: ~p", ["key", {"name": "x" * 40, "other": NUMBERS[:3], "more": "y" * 30}]),
    ("first\nsecond ~p", [{"name": "x" * 40, "other": NUMBERS[:3], "more": "y" * 30}]),
    ("failed: ~p", [(Atom("error"), [("reason " * 9).strip(), "z" * 50, Atom("not_found")])]),
    ("~s has ~p", ["a~p~s", Atom("undefined")]),
]
SPELLED = {str: lambda term: f'<<"{term}">>', Atom: str}


def spelled(term):
    if isinstance(term, dict):
        return "{[" + ",".join(f"{{{spelled(key)},{spelled(each)}}}" for key, each in term.items()) + "]}"
    if isinstance(term, list | tuple):
        opening, closing = "[]" if isinstance(term, list) else "{}"
        return opening + ",".join(map(spelled, term)) + closing
    return SPELLED[type(term)](term)


def test_a_term_is_broken_at_the_column_where_it_begins():
    first, *others = terms.formatted("  numbers: ~p", NUMBERS).split("\n")
    assert first.startswith('  numbers: [<<"+14155550000">>,')
    assert others
    assert all(each.startswith(" " * 12 + '<<"+1415') for each in others)


def test_texts_stand_as_they_are_and_short_terms_on_the_line():
    assert terms.formatted("~s is ~p, ~p", "a~p", "b", Atom("c")) == 'a~p is <<"b">>, c'


@pytest.mark.skipif(shutil.which("escript") is None, reason="there is no Erlang here to compare with")
def test_erlang_writes_the_same(tmp_path):
    calls = [
        f'io:format("{template}~n", [{",".join(map(spelled, values))}])'.replace("\t", "\\t").replace("\nsec", "\\nsec")
        for template, values in LINES
    ]
    program = tmp_path / "lines.escript"
    program.write_text("#!/usr/bin/env escript\nmain(_) ->\n    " + ",\n    ".join(calls) + ".\n")
    done = subprocess.run(["escript", str(program)], capture_output=True, text=True, check=True, timeout=600)
    assert done.stdout == "".join(terms.formatted(template, *values) + "\n" for template, values in LINES)

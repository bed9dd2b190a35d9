"""kazoo_sup.terms against Erlang itself."""

from __future__ import annotations

import base64
import shutil
import struct
import subprocess
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kazoo_sup import terms
from kazoo_sup.terms import Atom, Charlist

pytestmark = pytest.mark.integration

# Reads {Width, Column, Term} a line; answers what sup prints of Term and what ~p makes of it behind Column - 1 letters,
# each as base64 of the Latin-1 characters that Erlang writes.
PRINTER = r"""#!/usr/bin/env escript
main(_) -> answer(io:get_line("")).

answer(eof) -> ok;
answer(Line) ->
    {ok, Tokens, _} = erl_scan:string(Line),
    {ok, {Width, Column, Term}} = erl_parse:parse_term(Tokens),
    Before = lists:duplicate(Column - 1, $x),
    Printed = io_lib:print(Term, 1, round(math:pow(2012, 80)), -1),
    Pretty = lists:flatten(io_lib:format(Before ++ "~" ++ integer_to_list(Width) ++ "p", [Term])),
    io:format("~s ~s~n", [encode(Printed), encode(lists:nthtail(Column - 1, Pretty))]),
    answer(io:get_line("")).

encode(Chars) -> base64:encode(unicode:characters_to_binary(Chars, latin1, latin1)).
"""
GIVE_UP_SECONDS = 300


class Erlang:
    """One Erlang process that prints terms."""

    def __init__(self, process: subprocess.Popen[str]):
        self.process = process

    def prints(self, term, width: int = 80, column: int = 1, encoding: str = "utf-8") -> tuple[str, str]:
        self.process.stdin.write(f"{{{width},{column},{spelled(term)}}}.\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "Erlang has stopped"
        one_line, pretty = (base64.b64decode(word).decode(encoding) for word in answer.split(" "))
        return one_line, pretty


@pytest.fixture(scope="module")
def erlang(tmp_path_factory):
    if not shutil.which("escript"):
        pytest.fail("there is no escript on this machine: apt-get install erlang-nox")
    script = tmp_path_factory.mktemp("erlang") / "printer.escript"
    script.write_text(PRINTER)
    with subprocess.Popen(
        ["escript", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="ascii"
    ) as process:
        guard = threading.Timer(GIVE_UP_SECONDS, process.kill)
        guard.start()
        try:
            yield Erlang(process)
        finally:
            guard.cancel()
            process.kill()


def spelled(term) -> str:
    """Write a term as Erlang source, all of it in numbers so that nothing depends on what is tested."""
    match term:
        case Atom():
            return "'" + "".join(f"\\x{{{ord(char):x}}}" for char in term) + "'"
        case Charlist():
            return f"[{','.join(str(ord(char)) for char in term)}]"
        case str():
            return spelled(term.encode())
        case bytes():
            return f"<<{','.join(map(str, term))}>>"
        case bool():
            return str(term).lower()
        case None:
            return "null"
        case int():
            return str(term)
        case float():
            return f"{term:.17e}"
        case list():
            return f"[{','.join(map(spelled, term))}]"
        case tuple():
            return f"{{{','.join(map(spelled, term))}}}"
        case dict():
            return spelled(([*term.items()],))
    raise AssertionError(term)


any_float = st.builds(lambda bits: struct.unpack("<d", bits)[0], st.binary(min_size=8, max_size=8)).filter(
    lambda number: number - number == 0
)
ascii_text = st.text(st.characters(max_codepoint=127))
atoms = st.one_of(
    st.sampled_from(
        ["ok", "error", "undefined", "kz_services", "kazoo_apps@vm", "fs@a.example.com", "end", "maybe", ""]
    ),
    ascii_text,
    st.text(st.characters(codec="utf-8", min_codepoint=256)),
).map(lambda name: Atom(name[:255]))
scalars = st.one_of(
    st.sampled_from([True, False, None, 0, 1, 63962711555]),
    # Numbers that in a list are Latin-1 text have a test of their own.
    st.integers().filter(lambda number: number not in range(160, 256)),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
    st.text(st.characters(max_codepoint=255)),
    st.text().map(str.encode),
    # Never text: where Erlang writes Latin-1 that is no UTF-8, this package writes numbers.
    st.binary(max_size=60).map(lambda content: content + b"\0"),
    atoms,
    ascii_text.map(Charlist),
    st.text(st.characters(codec="utf-8", min_codepoint=256), max_size=5).map(Charlist),
)


def containers(inner):
    return st.one_of(
        st.lists(inner, max_size=8),
        st.lists(inner, max_size=5).map(tuple),
        st.builds(lambda tag, rest: (tag, *rest), atoms, st.lists(inner, max_size=4)),
        st.lists(st.tuples(atoms, inner), max_size=5),
        st.dictionaries(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20), inner, max_size=6),
    )


nested = st.recursive(scalars, containers, max_leaves=40)
thorough = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@thorough
@given(nested)
def test_terms_are_printed_as_erlang_prints_them(erlang, term):
    assert (terms.dumps(term), terms.pretty(term)) == erlang.prints(term)


@thorough
@given(nested, st.integers(20, 120), st.integers(1, 60))
def test_any_width_and_column_is_laid_out_as_in_erlang(erlang, term, width, column):
    assert terms.pretty(term, width=width, column=column) == erlang.prints(term, width, column)[1]


@thorough
@given(any_float)
def test_floats_have_erlangs_form(erlang, number):
    assert terms.dumps(number) == erlang.prints(number)[0]


@thorough
@given(st.builds(lambda digits, shift: digits * 10.0**shift, st.integers(-9999, 9999), st.integers(-12, 25)))
def test_short_floats_have_erlangs_form(erlang, number):
    assert terms.dumps(number) == erlang.prints(number)[0]


@pytest.mark.parametrize("kind", [Atom, Charlist])
def test_latin1_characters_of_atoms_and_strings_are_those_erlang_writes(erlang, kind):
    for code in range(256):
        for text in (chr(code), f"a{chr(code)}b"):
            assert terms.dumps(kind(text)) == erlang.prints(kind(text), encoding="latin-1")[0]


@thorough
@given(nested)
def test_what_erlang_prints_is_read(erlang, term):
    printed, laid_out = erlang.prints(term)
    assert terms.dumps(terms.loads(printed)) == printed
    assert terms.dumps(terms.loads(laid_out)) == printed

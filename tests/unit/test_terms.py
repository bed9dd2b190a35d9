"""kazoo_sup.terms; that it does as Erlang does is in tests/integration/test_terms_erlang.py."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazoo_sup import terms
from kazoo_sup.terms import OK, UNDEFINED, Atom, BadTerm, Charlist

ACCOUNT = "0123456789abcdef0123456789abcdef"


def shape(term):
    """Give the term with the types of its parts, as an atom, a string and a binary may be equal."""
    if isinstance(term, list | tuple):
        return type(term), [shape(item) for item in term]
    return type(term), repr(term)


class TestOneLine:
    @pytest.mark.parametrize(
        ("term", "text"),
        [
            (OK, "ok"),
            ((OK, ACCOUNT), f'{{ok,<<"{ACCOUNT}">>}}'),
            ((Atom("error"), Atom("no_connection")), "{error,no_connection}"),
            ([True, False, None, UNDEFINED], "[true,false,null,undefined]"),
            ([], "[]"),
            ((), "{}"),
            ([[]], "[[]]"),
            (63962711555, "63962711555"),
            (-(10**30), "-1000000000000000000000000000000"),
        ],
    )
    def test_results_are_printed_as_sup_prints_them(self, term, text):
        assert terms.dumps(term) == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ({}, "{[]}"),
            ({"a": {}}, '{[{<<"a">>,{[]}}]}'),
            ({"a": [1, None], "b": "c"}, '{[{<<"a">>,[1,null]},{<<"b">>,<<"c">>}]}'),
        ],
    )
    def test_objects_are_those_of_jiffy(self, value, text):
        assert terms.dumps(value) == text

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("kazoo_apps@vm", "kazoo_apps@vm"),
            ("kazoo_apps@kazoo.example.com", "'kazoo_apps@kazoo.example.com'"),
            ("Foo", "'Foo'"),
            ("_id", "'_id'"),
            ("9", "'9'"),
            ("", "''"),
            ("end", "'end'"),
            ("and", "'and'"),
            ("maybe", "maybe"),
            ("a b", "'a b'"),
            ("it's\\\n", r"'it\'s\\\n'"),
            ("\x01\x7f\x80", r"'\001\d\200'"),
            ("élan", "élan"),
            ("日", r"'\x{65E5}'"),
        ],
    )
    def test_atoms_are_quoted_where_erlang_quotes_them(self, name, text):
        assert terms.dumps(Atom(name)) == text

    @pytest.mark.parametrize(
        ("content", "text"),
        [
            ("", "<<>>"),
            ('"\\/', r'<<"\"\\/">>'),
            ("\b\t\n\v\f\r\x1b", r'<<"\b\t\n\v\f\r\e">>'),
            ("\0", "<<0>>"),
            ("a\x7f", "<<97,127>>"),
            ("Café", '<<"Café">>'),
            ("À", "<<195,128>>"),
            ("€", "<<226,130,172>>"),
            (b"ok", '<<"ok">>'),
            ("Café".encode(), '<<"Café">>'),
            (b"\xe9", "<<233>>"),
            (b"\1\2\xff", "<<1,2,255>>"),
            ("\udce9", "<<233>>"),
            ("\ud800", "<<237,160,128>>"),
        ],
    )
    def test_binaries_are_text_where_all_their_bytes_are_printable(self, content, text):
        assert terms.dumps(content) == text

    @pytest.mark.parametrize(
        ("items", "text"),
        [
            ([97, 98], '"ab"'),
            ([97, True], "[97,true]"),
            ([97, 0], "[97,0]"),
            ([97, 256], "[97,256]"),
            (Charlist('a"b'), r'"a\"b"'),
            (Charlist(""), "[]"),
            (Charlist("a\0"), "[97,0]"),
            (Charlist("€"), "[8364]"),
        ],
    )
    def test_lists_of_printable_characters_are_strings(self, items, text):
        assert terms.dumps(items) == text

    @pytest.mark.parametrize(
        ("number", "text"),
        [
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (-0.0, "-0.0"),
            (100.0, "100.0"),
            (1000.0, "1.0e3"),
            (1234560.0, "1234560.0"),
            (0.0001, "0.0001"),
            (0.00012, "1.2e-4"),
            (0.00001, "1.0e-5"),
            (9007199254740991.0, "9007199254740991.0"),
            (9007199254740992.0, "9.007199254740992e15"),
            (1e22, "1.0e22"),
            (5e-324, "5.0e-324"),
        ],
    )
    def test_floats_have_the_shorter_form(self, number, text):
        assert terms.dumps(number) == text

    @pytest.mark.parametrize("number", [float("nan"), float("inf")])
    def test_floats_unknown_to_erlang_are_refused(self, number):
        with pytest.raises(ValueError, match="Erlang has no float"):
            terms.dumps([number])

    @pytest.mark.parametrize("value", [{1, 2}, object(), 1j])
    def test_other_python_values_are_refused(self, value):
        with pytest.raises(TypeError, match="is not an Erlang term"):
            terms.dumps([value])

    def test_nesting_has_no_limit(self):
        term: list = []
        for _ in range(5000):
            term = [term]
        assert terms.dumps(term) == "[" * 5001 + "]" * 5001
        assert terms.dumps(terms.loads("[" * 5001 + "]" * 5001)) == "[" * 5001 + "]" * 5001


class TestLayout:
    @pytest.mark.parametrize(
        ("term", "text"),
        [
            (OK, "ok"),
            ((OK, ACCOUNT), f'{{ok,<<"{ACCOUNT}">>}}'),
            (
                ["tollfree_us", "toll_us", "emergency", "caribbean", "did_us", "international"],
                '[<<"tollfree_us">>,<<"toll_us">>,<<"emergency">>,<<"caribbean">>,<<"did_us">>,\n <<"international">>]',
            ),
            (
                [("name", "Example Ltd"), ("realm", "sip.example.com"), ("enabled", True)],
                '[{<<"name">>,<<"Example Ltd">>},\n {<<"realm">>,<<"sip.example.com">>},\n {<<"enabled">>,true}]',
            ),
            (
                (OK, {"_id": ACCOUNT, "numbers": ["+14155550100", "+14155550101", "+14155550102"]}),
                (
                    f'{{ok,{{[{{<<"_id">>,<<"{ACCOUNT}">>}},\n'
                    '      {<<"numbers">>,\n'
                    '       [<<"+14155550100">>,<<"+14155550101">>,<<"+14155550102">>]}]}}'
                ),
            ),
            (
                (Atom("a_record_with_a_long_name"), ACCOUNT, UNDEFINED, [], {"quantity": 1}),
                (
                    f'{{a_record_with_a_long_name,<<"{ACCOUNT}">>,undefined,\n'
                    f"{' ' * 27}[],\n"
                    f'{" " * 27}{{[{{<<"quantity">>,1}}]}}}}'
                ),
            ),
            (
                (
                    Atom("error"),
                    (
                        Atom("failed_to_start_child"),
                        Atom("some_supervisor_of_something"),
                        (Atom("already_started"), (Atom("the_name_of_another_thing"), "xyz")),
                    ),
                ),
                (
                    "{error,\n"
                    "    {failed_to_start_child,some_supervisor_of_something,\n"
                    '        {already_started,{the_name_of_another_thing,<<"xyz">>}}}}'
                ),
            ),
            (
                (OK, bytes(50)),
                f"{{ok,<<{'0,' * 36}\n      {'0,' * 13}0>>}}",
            ),
            (
                (Atom("error"), "a text longer than what is left of the line is not broken " * 2),
                '{error,<<"' + "a text longer than what is left of the line is not broken " * 2 + '">>}',
            ),
        ],
    )
    def test_long_terms_are_broken_as_erlang_breaks_them(self, term, text):
        assert terms.pretty(term) == text

    def test_text_before_the_term_moves_it_to_the_right(self):
        assert terms.pretty(["+14155550100"] * 4, column=len("numbers: ") + 1) == (
            '[<<"+14155550100">>,<<"+14155550100">>,<<"+14155550100">>,\n          <<"+14155550100">>]'
        )

    def test_lines_are_as_long_as_asked_for(self):
        assert terms.pretty([1000] * 5, width=20) == "[1000,1000,1000,\n 1000,1000]"


class TestReading:
    @pytest.mark.parametrize(
        ("text", "term"),
        [
            ("ok", OK),
            (" ok . ", OK),
            ("kazoo_apps@vm", Atom("kazoo_apps@vm")),
            (r"'it\'s'", Atom("it's")),
            ("''", Atom("")),
            ("[true,'false',null,undefined]", [True, False, None, UNDEFINED]),
            ("[1,-2,+3,1_000,16#ff,-2#101,$a,$\\n,$\\x{41},$ ]", [1, -2, 3, 1000, 255, -5, 97, 10, 65, 32]),
            ("[1.5,-1.0e-5,1.0E+22,1_0.5]", [1.5, -1e-5, 1e22, 10.5]),
            ('"a\\"b\\s\\101\\x41\\x{20ac}\\^A\\q"', Charlist('a"b AA€\x01q')),
            ('""', Charlist("")),
            ("<<>>", ""),
            ('<<"Café">>', "Café"),
            ('<<"Café"/utf8>>', "Café"),
            (r'<<"Caf\x{e9}"/utf8>>', "Café"),
            (r'<<"Caf\303\251">>', "Café"),
            (r'<<"\xe9">>', b"\xe9"),
            ("<<226,130,172>>", "€"),
            ('<<1, "a" , $b, 255>>', b"\1ab\xff"),
            ("{}", ()),
            ("{ok,[],{a,[{b}]}}", (OK, [], (Atom("a"), [(Atom("b"),)]))),
            ('{[{<<"a">>,{[]}}]}', ([("a", ([],))],)),
            ("% a comment\n[ 1 % and another\n]", [1]),
        ],
    )
    def test_literals_are_read(self, text, term):
        assert shape(terms.loads(text)) == shape(term)

    def test_maps_become_dicts(self):
        assert terms.loads("#{}") == {}
        assert terms.loads('#{a => 1, <<"b">> => #{c => [2]}}') == {"a": 1, "b": {"c": [2]}}

    @pytest.mark.parametrize(
        ("text", "position", "reason"),
        [
            ("", 0, "expected a term, found the end"),
            ("[a,b", 4, "expected ',' or ']', found the end"),
            ("[a,]", 3, "expected a term, found ']'"),
            ("[a|b]", 2, "expected a term, found '|'"),
            ("{a]", 2, "expected ',' or '}', found ']'"),
            ("a b", 2, "expected nothing more, found 'b'"),
            ("1e5", 1, "expected nothing more, found 'e'"),
            ("Variable", 0, "expected a term, found 'V'"),
            ("#{a => 1, b}", 11, "expected '=>', found '}'"),
            ("#{a => 1, a => 2}", 0, "a key occurs twice in a map"),
            ("#{[] => 1}", 0, "a list or a map is the key of a map"),
            ("[and]", 1, "and is a reserved word, as an atom 'and'"),
            ("{a,'b}", 3, "there is no closing quote for the one"),
            ('"\\', 0, "there is no closing quote for the one"),
            ("<<1,2", 5, "expected ',' or '>>', found the end"),
            ("<<1,>>", 4, "expected a string or a byte, found '>'"),
            ("<<256>>", 2, "a byte is a number from 0 to 255"),
            ("<<1.5>>", 2, "a byte is a number from 0 to 255"),
            ('<<"a"/utf16>>', 5, "expected a term, found '/'"),
            ('<<"\\x{d800}"/utf8>>', 2, "a character is not a Unicode scalar value"),
            ('"\\xg"', 0, "there is no such character as the escape sequence means"),
            ('"\\x{110000}"', 0, "there is no such character as the escape sequence means"),
            ("16#fg", 0, "a number is malformed or too large"),
            ("0#0", 0, "a number is malformed or too large"),
            ("37#1", 0, "a number is malformed or too large"),
            ("1.0e999", 0, "a number is malformed or too large"),
            ("9" * 5000, 0, "a number is malformed or too large"),
        ],
    )
    def test_what_is_no_literal_is_refused(self, text, position, reason):
        with pytest.raises(BadTerm) as refusal:
            terms.loads(text)
        assert (refusal.value.position, refusal.value.reason) == (position, reason)
        assert str(refusal.value) == f"{reason} at character {position + 1}"

    def test_no_more_than_a_character_of_the_text_is_in_a_message(self):
        with pytest.raises(BadTerm) as refusal:
            terms.loads("{password s3cret}")
        assert "s3" not in str(refusal.value)


names = st.text(st.characters(codec="utf-8")).filter(lambda name: name not in {"true", "false", "null"}).map(Atom)
readable = st.recursive(
    st.one_of(
        st.booleans(),
        st.none(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
        st.binary().map(lambda content: content + b"\xff"),
        names,
        st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1).map(Charlist),
    ),
    lambda inner: st.one_of(
        st.lists(inner).filter(lambda items: not terms.dumps(items).startswith('"')), st.lists(inner).map(tuple)
    ),
)


@given(readable)
def test_what_is_written_is_read_back(term):
    assert shape(terms.loads(terms.dumps(term))) == shape(term)


@given(readable, st.integers(1, 120), st.integers(1, 120))
def test_what_is_laid_out_is_read_back(term, width, column):
    assert shape(terms.loads(terms.pretty(term, width=width, column=column))) == shape(term)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values)
def test_json_survives_the_way_through_erlang(value):
    printed = terms.dumps(value)
    assert terms.dumps(terms.from_json(value)) == printed
    assert terms.to_json(terms.from_json(value)) == value


@given(json_values)
def test_json_text_means_the_value(value):
    assert json.loads(terms.json_encode(value)) == value
    assert json.loads(terms.json_pretty(value)) == value


class TestJsonValues:
    @pytest.mark.parametrize(
        ("term", "value"),
        [
            (([("a", ([],))],), {"a": {}}),
            (
                [(Atom("a"), 1), (Charlist("b"), [Atom("c")]), (b"d", b"e"), (5, None)],
                {"a": 1, "b": ["c"], "d": "e", "5": None},
            ),
            ({Atom("a"): {"b": Charlist("c")}}, {"a": {"b": "c"}}),
            ([(Atom("gone"), UNDEFINED), (Atom("kept"), Atom("null"))], {"kept": None}),
            ([UNDEFINED, Atom("true"), Atom("false")], [None, True, False]),
            ([], []),
            ([97, 98], [97, 98]),
        ],
    )
    def test_terms_become_json_values(self, term, value):
        assert shape(terms.to_json(term)) == shape(value)

    @pytest.mark.parametrize(
        ("term", "reason"),
        [
            ((OK, 1), "a tuple of 2 has no form in JSON"),
            ([("a", 1), Atom("b")], "a tuple of 2 has no form in JSON"),
            (([1],), "a tuple of 1 has no form in JSON"),
            ([("a", 1), (Atom("a"), 2)], "the key 'a' occurs twice"),
            ([((), 1)], "a key is neither a binary nor an atom"),
            (b"\xff", "a binary is not UTF-8"),
        ],
    )
    def test_what_json_has_no_form_for_is_refused(self, term, reason):
        with pytest.raises(ValueError, match=f"^{reason}$"):
            terms.to_json(term)

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ('{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
            ("[]", []),
            ('{[{<<"a">>,[b,"c",1.5]}]}', {"a": ["b", "c", 1.5]}),
            ('[{a,1},{<<"b">>,[{c,true}]}].', {"a": 1, "b": {"c": True}}),
            ("[knm_local,knm_managed]", ["knm_local", "knm_managed"]),
            ('#{a => <<"b">>}', {"a": "b"}),
        ],
    )
    def test_parameters_are_json_or_erlang(self, text, value):
        assert shape(terms.read_value(text)) == shape(value)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            (
                '{"a":1,"a":2}',
                (
                    "neither JSON (the key 'a' occurs twice) nor an Erlang term"
                    " (expected a term, found ':' at character 5)"
                ),
            ),
            (
                "[NaN]",
                (
                    "neither JSON (NaN is not a JSON number) nor an Erlang term"
                    " (expected a term, found 'N' at character 2)"
                ),
            ),
            (
                "[1e999]",
                (
                    "neither JSON (a number is beyond the largest float) nor an Erlang term"
                    " (expected ',' or ']', found 'e' at character 3)"
                ),
            ),
            (
                "]",
                (
                    "neither JSON (expecting value at character 1) nor an Erlang term"
                    " (expected a term, found ']' at character 1)"
                ),
            ),
            (
                "[" * 99_999,
                (
                    "neither JSON (it is nested too deeply) nor an Erlang term"
                    " (expected a term, found the end at character 100000)"
                ),
            ),
        ],
    )
    def test_what_is_neither_is_refused_with_both_reasons(self, text, sentence):
        with pytest.raises(ValueError) as refusal:
            terms.read_value(text)
        assert str(refusal.value) == sentence

    def test_erlang_terms_nested_too_deeply_are_refused(self):
        with pytest.raises(ValueError, match="it is nested too deeply"):
            terms.to_json(terms.loads("{[{a," * 5000 + "1" + "}]}" * 5000))


class TestJsonText:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ({"a": [1, None, True], "b": {}, "c": []}, '{"a":[1,null,true],"b":{},"c":[]}'),
            ('é€/"\\', '"é€/\\"\\\\"'),
            ("\b\t\n\f\r\x00\x1f\x7f", '"\\b\\t\\n\\f\\r\\u0000\\u001F\x7f"'),
            (OK, '"ok"'),
            (10**30, "1000000000000000000000000000000"),
            ([1.0, -1.5, -0.0], "[1.0,-1.5,0.0]"),
            ([1e20, 1e21, 1.5e22], "[100000000000000000000.0,1e+21,1.5e+22]"),
            ([0.000001, 1e-7, 1.5e-7], "[0.000001,1e-7,1.5e-7]"),
        ],
    )
    def test_compact_json_is_that_of_jiffy(self, value, text):
        assert terms.json_encode(value) == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("a", '"a"'),
            (
                {"a": 1, "b": [True, {"c": "d"}]},
                '{\n  "a" : 1,\n  "b" : [\n    true,\n    {\n      "c" : "d"\n    }\n  ]\n}',
            ),
            ({}, "{\n  \n}"),
            ([[]], "[\n  [\n    \n  ]\n]"),
        ],
    )
    def test_indented_json_is_that_of_jiffy(self, value, text):
        assert terms.json_pretty(value) == text

    @pytest.mark.parametrize("value", [(1, 2), b"a", {1: 2}])
    def test_values_without_json_text_are_refused(self, value):
        with pytest.raises(TypeError, match="is not a JSON"):
            terms.json_encode(value)

    @pytest.mark.parametrize("number", [float("nan"), float("-inf")])
    def test_numbers_unknown_to_json_are_refused(self, number):
        with pytest.raises(ValueError, match="JSON has no number"):
            terms.json_encode([number])

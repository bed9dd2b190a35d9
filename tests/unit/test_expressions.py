"""Expressions of documents, which are PCRE as Erlang's `re` has it."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64decode

import pytest

from kazoo_sup.arguments import targets
from kazoo_sup.kazoo.callflows import metaflows
from kazoo_sup.kazoo.config import expressions
from kazoo_sup.kazoo.config.expressions import BadExpression
from kazoo_sup.kazoo.config.schema_validation import faults
from kazoo_sup.kazoo.config.schemas import UnknownSchema
from kazoo_sup.kazoo.numbers import classification, e164
from kazoo_sup.texts import konami

SAME_AS_ERLANG = [
    (r"^0(?<rest>\d{9})$", "0412345678"),
    (r"^0(?P<rest>\d{9})$", "0412345678"),
    (r"^0(?'rest'\d{9})$", "0412345678"),
    (r"^0([[:digit:]]{4})[[:digit:]]*$", "0412345678"),
    (r"^0(?|(5\d+)|(4\d+))$", "0412345678"),
    (r"\A0(\d+)\z", "0412345678"),
    (r"\A0(\d+)\z", "0412345678\n"),
    (r"\A0(\d+)\Z", "0412345678\n"),
    (r"^0(\d+)$", "0412345678\n"),
    (r"^a\hb$", "a\tb"),
    (r"^\+49(?i)ABC$", "+49abc"),
    (r"^(?i:ABC)d$", "abcD"),
    (r"^\x{2b}(\d++)", "+49123"),
    (r"^\x2B(\d+)", "+49123"),
    (r"^\o{53}(\d+)", "+49123"),
    (r"^(\d{,3})$", "1{,3}"),
    (r"^1{,3}$", "1{,3}"),
    (r"^1{1, 3}$", "1{1, 3}"),
    (r"^1{1, 3}$", "11"),
    (r"^{1}$", "{1}"),
    (r"^[\d-.]+$", "1-2.3"),
    (r"^[[:digit:]-.]+$", "1-2.3"),
    (r"^\y\j$", "yj"),
    (r"^\C\C$", "é"),
    (r"^.$", "é"),
    (r"^..$", "é"),
    (r"^\d$", "٣"),
    (r"^\Q1+1\E$", "1+1"),
    (r"^(?#a remark{,3})1$", "1"),
    (r"^(a)?(b)?(c)?$", "b"),
    (r"^(a)?(b)?(c)?$", ""),
    (r"^(1|(2))+$", "21"),
    (r"^(?>1+)1$", "111"),
    (r"^(?<a>1)\g{a}\k<a>$", "111"),
    (r"^(a+)+$", "a" * 40 + "b"),
    (r"(?x) ^ 1 \d # a remark", "12"),
    (r"^1\K2$", "12"),
    (r"^+62(\d+)$", "6212345678"),
    (r"(", "1"),
    (r"[a-\d]", "1"),
    (r"\u0031", "1"),
    (r"(?^i:A)", "a"),
    (r"(?n)(1)", "1"),
    (r"(?<a>1)(?<a>2)", "12"),
    (r"[[:nothing:]]", "1"),
    (r"1\\"[:-1], "1"),
    ("", "1"),
]
REFUSED = object()


def read(expression, text):
    try:
        return expressions.search(expression, text, "somewhere")
    except BadExpression:
        return REFUSED


@pytest.mark.parametrize(
    ("expression", "text", "captured"),
    [
        (r"^0(?<rest>\d{4})$", "04123", ["04123", "4123"]),
        (r"^0(?|(5\d+)|(4\d+))$", "04123", ["04123", "4123"]),
        (r"^0([[:digit:]]+)$", "04123", ["04123", "4123"]),
        (r"\A0\h*(\d+)\z", "0 4123", ["0 4123", "4123"]),
        (r"\A(\d+)\z", "04123\n", None),
        (r"^(\d+)$", "04123\n", ["04123", "04123"]),
        (r"^a(?i)BC$", "abc", ["abc"]),
        (r"^(a)?(b)(c)?$", "b", ["b", "", "b"]),
        (r"^\x{2b}(\d+)$", "+49", ["+49", "49"]),
        (r"^1{,3}$", "111", None),
        (r"^[\w-.]+$", "a-b.c", ["a-b.c"]),
        (r"^..$", "é", ["é"]),
        (r"^(a+)+$", "a" * 60 + "b", None),
    ],
)
def test_an_expression_means_what_it_means_to_kazoo(expression, text, captured):
    assert read(expression, text) == captured


@pytest.mark.skipif(shutil.which("escript") is None, reason="there is no Erlang here to compare with")
def test_erlang_reads_the_same(tmp_path):
    program = tmp_path / "compare.escript"
    program.write_text(
        "#!/usr/bin/env escript\n"
        "main(Words) -> answer([unicode:characters_to_binary(Word) || Word <- Words]).\n"
        "answer([]) -> ok;\n"
        "answer([Expression, Text | Rest]) ->\n"
        "    case catch re:run(Text, Expression, [{capture, all, binary}]) of\n"
        '        nomatch -> io:put_chars("none\\n");\n'
        "        {match, Found} -> io:put_chars([lists:join($,, [base64:encode(F) || F <- Found]), $\\n]);\n"
        '        _ -> io:put_chars("refused\\n")\n'
        "    end,\n"
        "    answer(Rest).\n"
    )
    words = [word for pair in SAME_AS_ERLANG for word in pair]
    done = subprocess.run(["escript", str(program), *words], capture_output=True, text=True, check=True, timeout=600)
    said = done.stdout.split("\n")[:-1]
    assert len(said) == len(SAME_AS_ERLANG)
    for (expression, text), answer in zip(SAME_AS_ERLANG, said, strict=True):
        ours = read(expression, text)
        if answer in ("refused", "none"):
            assert ours is (REFUSED if answer == "refused" else None), expression
        else:
            assert ours == [b64decode(each).decode() for each in answer.split(",")], expression


@pytest.mark.parametrize("expression", ["^+62", "(", "[", r"\u0041", "(?<n>", 7, None, ["^1"], {}])
def test_what_is_no_expression_is_told_with_its_place(expression):
    with pytest.raises(BadExpression, match="^number_manager e164_converters: .* is not an expression: ") as caught:
        expressions.read(expression, "number_manager e164_converters")
    assert caught.value.exit_code == 1


def configure(zone, **settings):
    zone.couchdb.put("system_config", {"_id": "number_manager", "default": settings})
    zone.rerun()


class TestReaders:
    """Each that takes expressions from documents."""

    def test_converters(self, zone):
        configure(zone, e164_converters={r"^0(?<rest>[[:digit:]]{9})\z": {"prefix": "+61"}})
        assert e164.converted("0412345678", zone) == "+61412345678"

    def test_a_bad_converter_is_named_once_it_is_come_to(self, zone):
        configure(zone, e164_converters={r"^0(\d{8,12})$": {"prefix": "+62"}, r"^+62(\d+)$": {"prefix": "+62"}})
        assert e164.converted("0812345678", zone) == "+62812345678"
        with pytest.raises(BadExpression, match=r"number_manager e164_converters: '\^\+62.*' is not an expression"):
            e164.converted("62812345678", zone)

    def test_lines_of_a_file_that_no_good_converter_takes_are_wrong_each(self, zone, tmp_path):
        configure(zone, e164_converters={r"^0(\d{8,12})$": {"prefix": "+62"}, r"^+62(\d+)$": {"prefix": "+62"}})
        path = tmp_path / "numbers.csv"
        path.write_text("0812345678\n62812345678\n0812345679\n")
        found = list(targets.read(str(path), zone))
        assert [each.number for each in found if each.wrong is None] == ["+62812345678", "+62812345679"]
        assert ["is not an expression" in each.wrong for each in found if each.wrong] == [True]

    def test_converters_that_are_no_object_are_as_good_as_none(self, zone):
        configure(zone, e164_converters=["x"])
        assert e164.converted("4155550100", zone) == "+14155550100"
        configure(zone, e164_converters={r"^0(\d+)$": "x"})
        assert e164.converted("0415", zone) == "415"

    def test_the_dial_plan_of_an_account(self, zone):
        account = "1" * 32
        database = f"account/11/11/{'1' * 28}"
        plan = {r"^(?|(555\d{4})|9(\d{7}))$": {"prefix": "415"}, "(": {"prefix": "1"}}
        zone.couchdb.put(database, {"_id": account, "pvt_type": "account", "dial_plan": plan})
        assert e164.for_account("95550100", account, zone) == "+14155550100"
        with pytest.raises(BadExpression, match=f"dial_plan of account {account}"):
            e164.for_account("1", account, zone)

    def test_what_is_reconcilable(self, zone):
        configure(zone, reconcile_regex=r"\A\+(?<number>[[:digit:]]+)\z")
        assert e164.is_reconcilable("+1", zone)
        configure(zone, reconcile_regex="(")
        with pytest.raises(BadExpression, match="number_manager reconcile_regex"):
            e164.is_reconcilable("+1", zone)

    def test_classifiers(self):
        classes = {"a": {"regex": r"^\+(?<cc>49)\d+\z"}, "b": {"regex": "["}, "none": {}}
        assert classification.classify("+4930", classes) == "a"
        with pytest.raises(BadExpression, match=r"number_manager classifiers\.b\.regex"):
            classification.classify("+1", classes)
        assert classification.classify("+1", {"none": {}}) is None

    def test_metaflows(self):
        given = iter(["4", "1", "(", r"^(?<to>\d+)\z", "n", "n", "0", "6", "7"])
        saved = []
        builder = metaflows.Builder({}, lambda _question, _module: next(given), saved.append, digit="*", timeout=1)
        lines = list(konami.of_menu(builder.run(), ""))
        assert [line for line in lines if line.startswith("We were unable to compile")]
        assert list(saved[-1]["patterns"]) == [r"^(?<to>\d+)\z"]


class TestSchemas:
    def check(self, schema, document):
        def load(name):
            raise UnknownSchema(schema=name)

        return faults(schema, document, load)

    def test_a_pattern_is_read_as_kazoo_reads_it(self):
        schema = {"properties": {"a": {"type": "string", "pattern": r"\A[[:alpha:]]+(?<x>\d)\z"}}}
        assert self.check(schema, {"a": "abc1"}) == []
        (fault,) = self.check(schema, {"a": "abc"})
        assert (fault.keyword, fault.target) == ("pattern", r"\A[[:alpha:]]+(?<x>\d)\z")

    def test_names_of_properties_too(self):
        schema = {"patternProperties": {"^[[:alnum:]_]+$": {"type": "string"}}, "additionalProperties": False}
        assert self.check(schema, {"a_1": "x"}) == []
        assert [(each.path, each.keyword) for each in self.check(schema, {"a_1": 1})] == [(("a_1",), "type")]
        assert [each.keyword for each in self.check(schema, {"a-1": "x"})] == ["additionalProperties"]

    def test_one_that_is_none_is_named(self):
        with pytest.raises(BadExpression, match=r"a pattern of the schema: '\('"):
            self.check({"properties": {"a": {"pattern": "("}}}, {"a": "x"})

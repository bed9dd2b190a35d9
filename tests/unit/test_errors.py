"""Every error that the program knows: what its class declares, and that its id is nobody else's."""

import re
import string
from collections import Counter

import pytest

from kazoo_sup.cli.error_table import error_table, kinds
from kazoo_sup.errors import (
    BadArgument,
    Conflict,
    Declined,
    Delivered,
    ExitCode,
    ServerUnreachable,
    UnknownFunction,
    UsageError,
)
from kazoo_sup.kazoo.zone.health import health

KINDS = kinds()
NAMES = [f"{kind.__module__}.{kind.__name__}" for kind in KINDS]


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_an_id_is_one_error_s_only():
    assert len(KINDS) > 200
    counted = Counter(kind.identifier for kind in KINDS)
    assert [name for name, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
class TestKind:
    def test_its_sentence_and_its_fix_tell_only_what_it_declares(self, kind):
        assert kind.__doc__
        assert "\n" not in kind.__doc__
        assert fields(kind.__doc__ + kind.remedy) <= set(kind.declared)

    def test_its_exit_code_is_one_of_the_contract(self, kind):
        assert isinstance(kind.exit_code, ExitCode)
        assert kind.exit_code is not ExitCode.OK

    def test_its_id_is_a_name(self, kind):
        assert kind.identifier == kind.__name__


ADVICE = re.compile(
    r"[;:`] ?sup |see sup|pip install|the same command|make a new plan|name (one|their)|[a-z]+ it again|say which"
    r"|--[a-z]+ stores|-n NAME|-c gives|-z or|leave it out|without quotes|plugin|\(stats socket|the tag monitoring"
    r"|use knm_|wait for it"
)
"""How a sentence goes that says what to do, and not only what is wrong."""


def test_what_a_sentence_says_is_to_be_done_is_its_fix_too():
    advising = [kind for kind in KINDS if ADVICE.search(kind.__doc__)]
    assert len(advising) > 30
    assert [kind.identifier for kind in advising if not kind.remedy] == []


def test_what_is_known_of_one_error_alone_is_its_fix():
    assert Declined(reason="nothing was done").fix == ""
    assert Declined(reason="this would delete it", instead="--yes").fix == "--yes"
    [error] = health.trouble([{"state": "warning"}], "sup zone doctor")
    assert error.fix == "sup zone doctor"


def test_the_table_has_a_line_for_each():
    lines = error_table().splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == [kind.identifier for kind in KINDS]
    assert (
        "| `UnknownFunction` | 1 | module {module} has no function {function}{hint} |"
        " sup {module} lists the functions of the module |"
    ) in lines


class TestAttributes:
    def test_what_is_declared_is_an_attribute(self):
        error = Conflict(database="db", id="doc", reason="somebody else")
        assert (error.database, error.id, error.reason) == ("db", "doc", "somebody else")
        assert error.attributes == {"database": "db", "id": "doc", "reason": "somebody else"}
        assert str(error) == "db/doc: somebody else"

    @pytest.mark.parametrize(
        "given",
        [
            {"parameter": "A"},
            {"parameter": "A", "reason": "b", "more": 1},
            {},
        ],
    )
    def test_what_is_missing_or_unknown_is_refused(self, given):
        with pytest.raises(TypeError, match="BadArgument: missing"):
            BadArgument(**given)

    def test_a_default_need_not_be_given_and_is_no_attribute_then(self):
        error = UsageError()
        assert (error.reason, error.attributes, str(error)) == ("", {}, "")

    def test_what_became_of_the_request_is_no_attribute(self):
        error = ServerUnreachable(server="s", address="a", reason="r", delivered=Delivered.MAYBE)
        assert error.delivered is Delivered.MAYBE
        assert error.attributes == {"server": "s", "address": "a", "reason": "r"}

    def test_a_subclass_may_declare_anew_what_its_base_needs(self):
        from kazoo_sup.kazoo.bus import NoAnswer

        assert str(NoAnswer(what="ping", seconds=2)) == "no answer to ping within 2 s"

    def test_the_same_with_another_attribute(self):
        error = UnknownFunction(module="m", function="f", hint="").replaced(hint="; did you mean g?")
        assert str(error) == "module m has no function 'f'; did you mean g?"
        assert error.fix == "sup m lists the functions of the module"
        assert type(error) is UnknownFunction

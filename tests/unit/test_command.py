from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from kazoo_sup.command import Parameter, Reads, bind, command, describe
from kazoo_sup.errors import BadArgument, SupError
from kazoo_sup.kazoo.values import Json, Setting


class Zone:
    """Stands for the zone that is handed in."""


def doubled(text: str, zone: Any) -> str:
    assert isinstance(zone, Zone)
    if text == "no":
        raise ValueError("no is not allowed")
    return text * 2


def unreachable(_text: str, _zone: Any) -> str:
    raise SupError(reason="the server is down")


@command
def sample(
    zone: Zone,
    name: Annotated[str, Reads(doubled, "NAMES")],
    count: int,
    flag: bool = True,
    kind: Literal["a", "b"] = "a",
    *more: float,
    path: str = "x",
) -> tuple[Any, ...]:
    """Do something.

    And more of it.
    """
    return (type(zone).__name__, name, count, flag, kind, more, path)


def called(*words: str, **options: Any) -> Any:
    return bind(sample, words, options, {"Zone": Zone})


def test_a_function_describes_itself():
    described = describe("module", sample)
    assert (described.module, described.name, described.summary) == ("module", "sample", "Do something.")
    assert described.usage == "sup module sample NAMES COUNT [FLAG] [KIND] [MORE]…"
    assert described.parameters[3] == Parameter(
        name="kind", kind="argument", type="Literal", metavar="KIND", default="a", required=False, choices=("a", "b")
    )
    assert [(each.name, each.kind) for each in described.parameters][-2:] == [("more", "arguments"), ("path", "option")]


def test_words_are_read_by_type_and_defaults_are_arities():
    assert called("ab", "3") == ("Zone", "abab", 3, True, "a", (), "x")
    assert called("ab", "-3", "false", "b", "1", "2.5", path="y") == ("Zone", "abab", -3, False, "b", (1.0, 2.5), "y")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no", "1"], "NAME: no is not allowed"),
        (["a", "x"], "COUNT: 'x' is not a whole number"),
        (["a", "1_000"], "COUNT: '1_000' is not a whole number"),
        (["a", " 1"], "COUNT: ' 1' is not a whole number"),
        (["a", "1", "yes"], "FLAG: 'yes' is neither true nor false"),
        (["a", "1", "true", "c"], "KIND: 'c' is none of a, b"),
        (["a", "1", "true", "a", "nan"], "MORE: 'nan' is not a number"),
    ],
)
def test_a_word_that_cannot_be_read_names_its_parameter(words, message):
    with pytest.raises(BadArgument) as error:
        called(*words)
    assert str(error.value) == message


def test_an_error_of_a_reader_s_own_is_passed_on():
    @command
    def asks(what: Annotated[str, Reads(unreachable)]) -> str:
        return what

    with pytest.raises(SupError, match="the server is down"):
        bind(asks, ["x"], {}, {})


def test_what_is_not_asked_for_is_not_made():
    @command
    def plain(file: Path | None = None) -> Any:
        return file

    assert bind(plain, [], {}, {"Zone": lambda: pytest.fail("made")}) is None
    assert bind(plain, ["~/x"], {}, {}) == Path.home() / "x"


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("text", "text"),
        ("42", "42"),
        ("true", "true"),
        ('["a","b"]', ["a", "b"]),
        ('{"a":1}', {"a": 1}),
        ("[not json", "[not json"),
        ('"quoted"', '"quoted"'),
    ],
)
def test_a_setting_is_text_unless_it_is_a_json_list_or_object(word, read):
    @command
    def stores(setting: Setting) -> Any:
        return setting

    assert bind(stores, [word], {}, {}) == read


@pytest.mark.parametrize(
    ("word", "read"), [("42", 42), ("null", None), ('{"a":[1.5]}', {"a": [1.5]}), ('[<<"a">>,b]', ["a", "b"])]
)
def test_json_may_be_an_erlang_literal(word, read):
    @command
    def stores(json: Json) -> Any:
        return json

    assert bind(stores, [word], {}, {}) == read


def test_what_is_neither_is_refused():
    @command
    def stores(json: Json) -> Any:
        return json

    with pytest.raises(BadArgument, match="^JSON: "):
        bind(stores, ["{broken"], {}, {})

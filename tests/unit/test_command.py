from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from kazoo_sup.arguments.descriptions import Command, Parameter
from kazoo_sup.arguments.reads import Reads, Text, named
from kazoo_sup.command import bind, command, describe, is_command
from kazoo_sup.commands import number
from kazoo_sup.errors import BadArgument, ExitCode, NotFound
from kazoo_sup.results import Answer, Done
from kazoo_sup.settings import Settings
from kazoo_sup.zone import Run, Zone

HERE = sys.modules[__name__]


def read_upper(text: str, zone: Any) -> str:
    """Read letters; the zone is what the reader was given."""
    if not text.isalpha():
        raise ValueError(f"{text!r} holds more than letters")
    return f"{text.upper()} in {zone}"


def read_from_a_server(text: str, _zone: Any) -> str:
    raise NotFound(server="CouchDB", what=text)


Letters = Annotated[str, Reads(read_upper, "LETTERS")]
Unnamed = Annotated[str, Reads(read_upper)]
Served = Annotated[str, Reads(read_from_a_server)]


def call(function, *words, options=None, given=None):
    return bind(function, words, options or {}, given or {})


def reads(annotation, word):
    """Return what a parameter of that type makes of a word."""

    def function(argument):
        return argument

    function.__annotations__ = {"argument": annotation}
    return call(function, word)


class TestReading:
    @pytest.mark.parametrize(
        ("annotation", "word", "value"),
        [
            (str, "any thing", "any thing"),
            (Text, "", ""),
            (Text | None, "", ""),
            (str, "007", "007"),
            (str | None, "x", "x"),
            (int, "42", 42),
            (int, "-42", -42),
            (int, "+42", 42),
            (int, "007", 7),
            (int | None, "42", 42),
            (float, "2.5", 2.5),
            (float, "-3", -3.0),
            (float, "1e3", 1000.0),
            (bool, "true", True),
            (bool, "false", False),
            (Path, "a/b.json", Path("a/b.json")),
            (Path | None, "x", Path("x")),
            (Literal["json", "yaml"], "yaml", "yaml"),
            (Letters, "abc", "ABC in None"),
            (Letters | None, "abc", "ABC in None"),
        ],
    )
    def test_a_word_becomes_a_value_of_the_parameters_type(self, annotation, word, value):
        found = reads(annotation, word)
        assert found == value
        assert type(found) is type(value)

    def test_a_path_may_begin_at_home(self, monkeypatch):
        monkeypatch.setenv("HOME", "/home/operator")
        assert reads(Path, "~/x") == Path("/home/operator/x")

    @pytest.mark.parametrize(
        ("annotation", "word", "reason"),
        [
            (str, "", "it is empty"),
            (str | None, "", "it is empty"),
            (str, " \t", "it is blank"),
            (Path, "", "it is empty"),
            (Annotated[str, Reads(named, "NAME")], " ", "it is blank"),
            (Annotated[str, Reads(named, "NAME")], "", "it is empty"),
            (int, "", "'' is not a whole number"),
            (int, "4.2", "'4.2' is not a whole number"),
            (int, "1_000", "'1_000' is not a whole number"),
            (int, " 1", "' 1' is not a whole number"),
            (int, "--1", "'--1' is not a whole number"),
            (int, "٤٢", "'٤٢' is not a whole number"),
            (int | None, "x", "'x' is not a whole number"),
            (float, "x", "'x' is not a number"),
            (float, "nan", "'nan' is not a number"),
            (float, "inf", "'inf' is not a number"),
            (float, "-Infinity", "'-Infinity' is not a number"),
            (float, "1e999", "'1e999' is not a number"),
            (bool, "yes", "'yes' is neither true nor false"),
            (bool, "True", "'True' is neither true nor false"),
            (Literal["json", "yaml"], "xml", "'xml' is none of json, yaml"),
            (Letters, "a1", "'a1' holds more than letters"),
        ],
    )
    def test_a_word_that_cannot_be_read_is_refused_with_the_parameters_name_and_the_reason(
        self, annotation, word, reason
    ):
        with pytest.raises(BadArgument) as refused:
            reads(annotation, word)
        assert str(refused.value) == f"ARGUMENT: {reason}"
        assert refused.value.exit_code is ExitCode.USAGE

    def test_an_error_of_the_project_passes_through_a_reader(self):
        with pytest.raises(NotFound):
            reads(Served, "x")

    def test_a_trailing_underscore_is_no_part_of_the_name(self):
        def function(id_: int):
            return id_

        with pytest.raises(BadArgument, match="^ID: "):
            call(function, "x")


class TestBinding:
    def test_defaults_are_arities(self):
        def function(category: str, key: str | None = None, times: int = 1):
            return category, key, times

        assert call(function, "a") == ("a", None, 1)
        assert call(function, "a", "b") == ("a", "b", 1)
        assert call(function, "a", "b", "3") == ("a", "b", 3)

    def test_a_variadic_takes_all_that_is_left(self):
        def function(first: str, *numbers: int):
            return first, numbers

        assert call(function, "a") == ("a", ())
        assert call(function, "a", "1", "2") == ("a", (1, 2))
        with pytest.raises(BadArgument, match="^NUMBERS: 'x'"):
            call(function, "a", "1", "x")

    def test_an_option_may_be_named_like_a_word_of_python(self):
        def function(*, as_: str = "", from_: str = "") -> Answer:
            return as_, from_

        assert call(function, options={"as": "x", "from": "y"}) == ("x", "y")

    def test_keyword_only_values_come_as_options(self):
        def function(name: str, *, limit: int = 10):
            return name, limit

        assert call(function, "a") == ("a", 10)
        assert call(function, "a", options={"limit": 3}) == ("a", 3)

    def test_an_options_trailing_underscore_is_no_part_of_its_name_either(self):
        def follow(*, for_: int = 0, count: int = 0) -> tuple[int, int]:
            return for_, count

        assert call(follow, options={"for": 3}) == (3, 0)

    def test_zone_settings_and_run_are_handed_in_wherever_they_stand(self):
        def function(run: Run, name: str, settings: Settings, zone: Zone):
            return run, name, settings, zone

        given = {"Zone": lambda: "the zone", "Settings": lambda: "the settings", "Run": lambda: "the run"}
        assert call(function, "a", given=given) == ("the run", "a", "the settings", "the zone")

    def test_what_no_parameter_asks_for_is_not_made(self):
        def function(run: Run):
            return run

        assert call(function, given={"Run": lambda: "the run"}) == "the run"

    def test_readers_are_given_the_very_zone_that_the_function_gets(self):
        made = []

        def zone():
            made.append(f"zone {len(made)}")
            return made[-1]

        def function(name: Letters, zone: Zone, other: Letters = ""):
            return name, zone, other

        assert call(function, "a", "b", given={"Zone": zone}) == ("A in zone 0", "zone 0", "B in zone 0")
        assert made == ["zone 0"]


@command
def list_(
    zone: Zone,
    letters: Letters,
    unnamed: Unnamed,
    kind: Literal["a", "b"] = "a",
    from_: int | None = None,
    *names: str,
    limit: int = 10,
    dry: bool = False,
) -> Answer:
    """List LETTERS.

    In more words.
    """
    return Answer(data=[zone, letters, unnamed, kind, from_, names, limit, dry])


def unmarked() -> Answer:
    return Done()


class TestDescribing:
    def test_everything_is_read_from_signature_and_docstring(self):
        assert describe("test_command", list_) == Command(
            module="test_command",
            name="list",
            help="List LETTERS.\n\nIn more words.",
            parameters=(
                Parameter("letters", "argument", "text", "LETTERS"),
                Parameter("unnamed", "argument", "text", "UNNAMED"),
                Parameter("kind", "argument", "Literal", "KIND", default="a", required=False, choices=("a", "b")),
                Parameter("from", "argument", "int", "FROM", required=False),
                Parameter("names", "arguments", "str", "NAMES", required=False),
                Parameter("limit", "option", "int", "LIMIT", default=10, required=False),
                Parameter("dry", "option", "bool", "DRY", default=False, required=False),
            ),
        )

    def test_usage_shows_what_must_and_what_may_be_typed(self):
        described = describe("test_command", list_)
        assert described.usage == "sup test_command list LETTERS UNNAMED [KIND] [FROM] [NAMES]…"
        assert described.summary == "List LETTERS."

    def test_only_marked_functions_are_commands(self):
        assert is_command(list_)
        assert not any(map(is_command, (unmarked, HERE, None, Done)))

    def test_a_marked_function_stays_a_function(self):
        assert call(list_, "a", "b", given={"Zone": lambda: 1}).data == [
            1,
            "A in 1",
            "B in 1",
            "a",
            None,
            (),
            10,
            False,
        ]


@pytest.mark.parametrize("word", ["nope", "1415", "+1415x", "", "+\u0661"])
def test_numbers_that_begin_like_no_stored_one_are_not_searched(word):
    with pytest.raises(BadArgument, match=r"PREFIX: '.*' is not how stored numbers begin"):
        bind(number.search, [word], {}, {"Zone": lambda: None})


def test_a_function_in_a_decorator_is_read_by_its_own_parameters():
    def work(number: int, *names: str, loud: bool = False) -> tuple[object, ...]:
        return number, names, loud

    @functools.wraps(work)
    def decorated(*words, **options):
        return work(*words, **options)

    assert bind(decorated, ["7", "a", "b"], {"loud": True}, {}) == (7, ("a", "b"), True)

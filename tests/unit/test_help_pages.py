"""The help of a function: its own arguments and an example on one screen, and colours where a terminal shows them."""

from __future__ import annotations

import functools
import re
import shlex
import sys

import pytest

from helpers.account_zone import ACCOUNT, OTHER, account_zone
from kazoo_sup.cli import about, app, catalogue, help_pages, parsing
from kazoo_sup.cli.examples import example
from kazoo_sup.command import bind
from kazoo_sup.errors import BadArgument
from kazoo_sup.kazoo.numbers.targets import Targets

COMMANDS = list(catalogue.commands())


def shown(capsys, *words):
    parsing.request([*words, "--help"])
    return capsys.readouterr().out


def test_an_example_is_a_command_line_of_that_function():
    shown = {f"{each.module} {each.name}": example(each) for each in COMMANDS}
    for name, line in shown.items():
        if line:
            understood = parsing.request(shlex.split(line)[1:])
            assert f"{understood.command.module} {understood.command.name}" == name


def test_every_function_that_has_to_be_given_something_has_an_example():
    asking = [each for each in COMMANDS if any(one.required for one in each.parameters if one.kind != "option")]
    assert asking
    assert [f"{each.module} {each.name}" for each in asking if not example(each)] == []


def test_every_argument_and_option_of_a_function_is_explained(capsys):
    for command in COMMANDS:
        text = help_pages.explained(command)
        for each in command.parameters:
            names = (each.flag, each.name.upper()) if each.kind == "option" else (each.metavar,)
            said = each.choices or any(re.search(rf"(?<![\w-]){name}(?![\w-])", text) for name in names)
            assert said, f"{command.module} {command.name} {each.name}"


def test_what_a_module_says_of_an_option_stands_in_the_help_of_its_functions(capsys):
    text = shown(capsys, "ecallmgr_maintenance", "channel_summary")
    assert "how many seconds an answer may take" in text
    assert "AS_DEFAULT" not in text
    assert "AS_DEFAULT true means" in shown(capsys, "ecallmgr_maintenance", "sbc_acls")


def test_what_an_argument_is_stands_in_the_help_of_its_functions_once(capsys):
    assert "NUMBERS are one number, a range FIRST..LAST, a CSV file" in " ".join(
        shown(capsys, "number", "show").split()
    )
    told = " ".join(shown(capsys, "kapps_maintenance", "rebuild_db").split())
    assert told.count("PAUSE is") == 1
    assert "after each database" not in told  # as PAUSE is in other functions of the module


def test_what_holds_where_an_argument_is_left_out_is_told(capsys):
    assert "STATE  [default: pending]" in shown(capsys, "fax_maintenance", "account_jobs")
    assert "AS_DEFAULT  [default: false]" in shown(capsys, "ecallmgr_maintenance", "allow_sbc")
    assert "default" not in shown(capsys, "freeswitch", "version")


def test_what_only_a_node_can_do_says_which_node_does_it(capsys):
    assert "the one that -n names" in shown(capsys, "kazoo_maintenance", "top_mem_consumers")


def test_of_two_arguments_of_a_kind_the_usage_tells_which_is_which():
    for command in COMMANDS:
        typed = [each.metavar for each in command.parameters if each.kind != "option"]
        assert len(typed) == len(set(typed)), command.usage
    assert catalogue.command("crossbar_maintenance", "move_account").arguments == "ACCOUNT TO_ACCOUNT"


@pytest.fixture
def acme(tmp_path, monkeypatch):
    """A zone that has what the examples name, in a directory that has their files."""
    zone = account_zone(tmp_path / "state")
    for account, realm in ((ACCOUNT, "acme.example.com"), (OTHER, "reseller.example.com")):
        zone.couchdb.put("accounts", {"_id": account, "pvt_type": "account", "name": realm, "realm": realm})
    (tmp_path / "numbers.csv").write_text("e164\n+14155550100\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUP_PASSWORD", "a secret")
    return zone


def _kept(*words, **_options):
    """Return the words that were read, in place of a function; of a file all its lines."""
    return [list(each) if isinstance(each, Targets) else each for each in words]


@pytest.mark.parametrize("module", sorted({each.module for each in COMMANDS if example(each)}))
def test_an_example_has_words_that_its_function_can_read(acme, module):
    for each in COMMANDS:
        if each.module != module or each.on_node or not example(each):
            continue
        asked = parsing.request(shlex.split(example(each))[1:])
        function = catalogue.function(each.module, each.name)
        read = functools.wraps(function)(_kept)
        given = {"Zone": lambda: acme, "Settings": lambda: acme.all_settings, "Run": lambda: acme.run}
        assert bind(read, asked.words, asked.options, given), example(each)


def test_the_checks_see_words_that_cannot_be_read(acme):
    function = catalogue.function("kazoo_number_manager_maintenance", "generate_numbers")
    read = functools.wraps(function)(_kept)
    with pytest.raises(BadArgument):
        bind(read, ["managed", "acme.example.com", "released_state", "5"], {}, {"Zone": lambda: acme})


def test_no_example_has_a_secret_on_the_command_line():
    for each in COMMANDS:
        if any(one.secret for one in each.parameters) and example(each):
            words = parsing.request(shlex.split(example(each))[1:]).words
            shown = each.shown(words)
            assert all(word in (covered, "-") for covered, word in zip(shown, words, strict=True)), example(each)


def test_a_function_s_help_has_its_own_options_an_example_and_one_line_for_the_others(capsys):
    text = shown(capsys, "haproxy", "drain")
    assert "Example:\n  sup haproxy drain couchdb couchdb1\n" in text
    assert "--timeout" not in text
    assert text.count("sup help options") == 1


def test_choices_are_told(capsys):
    command = next(each for each in COMMANDS if any(one.choices for one in each.parameters if one.kind == "argument"))
    text = shown(capsys, command.module, command.name)
    assert "one of" in text


def test_who_looks_for_a_function_that_there_is_not_is_told_so(capsys):
    assert app.run(["--list", "drain", "elephants"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "sup: no function has drain and elephants in its name or help\n")


def test_most_helps_fit_a_screen(capsys):
    some = COMMANDS[::15]
    high = [each.name for each in some if len(shown(capsys, each.module, each.name).splitlines()) > 24]
    assert len(high) <= len(some) / 10


class TestColours:
    @pytest.fixture
    def terminal(self, monkeypatch):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)

    def test_heads_and_commands_stand_out(self, terminal):
        text = about.emphasised("Usage: sup x\n\nCommon jobs:\n  see it  sup zone status\n")
        assert "\033[1mCommon jobs:\033[0m" in text
        assert "\033[36msup zone status\033[0m" in text

    @pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
    def test_nobody_who_wants_none_gets_them(self, terminal, monkeypatch, variable, value):
        monkeypatch.setenv(variable, value)
        assert "\033" not in about.emphasised("Jobs:\n")

    def test_a_pipe_gets_none(self, monkeypatch):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
        assert "\033" not in about.emphasised("Jobs:\n")


def test_the_help_of_a_module_that_is_not_here_says_so_and_what_comes_near(capsys):
    parsing.request(["help", "zoen"])
    assert "there is no module 'zoen'; did you mean zone?" in capsys.readouterr().out
    parsing.request(["help", "zone"])
    assert "there is no module" not in capsys.readouterr().out

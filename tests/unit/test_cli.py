"""The way in, with words that no server is needed for; what servers answer is tried in tests/integration."""

from __future__ import annotations

import json
import signal

import pytest
import yaml

from kazoo_sup.cli import app


class TestErrorsInTheFormatAskedFor:
    @pytest.mark.parametrize("option", [["-f", "json"], ["--format", "json"], ["--format=json"], ["-fjson"]])
    @pytest.mark.parametrize(
        "words",
        [
            ["nosuch", "get"],
            ["kapps_config", "gett"],
            ["kapps_config", "get"],
            ["kapps_config", "get", "a", "b", "-t", "x"],
        ],
        ids=["module", "function", "argument", "option"],
    )
    def test_wherever_the_option_stands(self, nowhere, option, words):
        for line in ([*option, *words], [words[0], *option, *words[1:]]):
            done = nowhere(*line)
            envelope = json.loads(done.stdout)
            assert (done.code, envelope["exit_code"], envelope["status"]) == (1, 1, "error")
            assert done.stderr == f"sup: {envelope['errors'][0]['message']}\n"

    def test_in_yaml_too(self, nowhere):
        done = nowhere("-f", "yaml", "kapps_config", "get")
        envelope = yaml.safe_load(done.stdout)
        assert (envelope["command"], envelope["errors"][0]["id"]) == ("kapps_config get", "WrongArguments")

    def test_a_format_that_is_none_is_told_in_text(self, nowhere):
        done = nowhere("-f", "xml", "kapps_config", "gett")
        assert (done.code, done.stdout) == (1, "")
        assert "xml" in done.stderr

    def test_what_comes_after_two_dashes_is_no_option(self, nowhere):
        done = nowhere("kapps_config", "get", "--", "-f", "json")
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr == "sup: cannot reach CouchDB at 127.0.0.1:1: connection refused\n"

    @pytest.mark.parametrize("output_format", ["json", "table"])
    def test_a_server_that_is_not_there(self, nowhere, output_format):
        done = nowhere("-f", output_format, "kapps_config", "get", "a", "b")
        assert done.code == 1
        assert done.stderr == "sup: cannot reach CouchDB at 127.0.0.1:1: connection refused\n"
        if output_format == "json":
            envelope = json.loads(done.stdout)
            assert envelope["errors"][0]["id"] == "ServerUnreachable"
            assert envelope["errors"][0]["facts"]["address"] == "127.0.0.1:1"
        else:
            assert done.stdout == ""


class TestHelp:
    @pytest.mark.parametrize("option", ["--help", "-h", "-?"])
    @pytest.mark.parametrize("words", [[], ["outbox"], ["outbox", "flush"]])
    def test_every_level_has_it(self, nowhere, words, option):
        done = nowhere(*words, option)
        assert (done.code, done.stderr) == (0, "")
        assert done.stdout.startswith("Usage: sup")
        assert "--dry-run" in done.stdout

    def test_a_function_s_shows_its_arguments_its_text_and_no_argument_twice(self, nowhere):
        shown = nowhere("kapps_config", "set_node", "--help").stdout
        assert "sup kapps_config set_node [OPTIONS] CATEGORY KEY SETTING NODE\n" in shown
        assert "Set KEY of CATEGORY to SETTING in the section of NODE" in shown
        assert "Arguments" not in shown

    def test_a_list_shows_first_what_has_the_word_in_its_name(self, nowhere):
        everything = nowhere("--list").stdout.splitlines()
        some = nowhere("--list", "set_d").stdout.splitlines()
        named = [line for line in everything if "set_d" in line.partition("  ")[0]]
        assert some[: len(named)] == named
        assert len(everything) > 50
        assert nowhere("list", "set_d").stdout.splitlines() == some
        told = "sup: no function has nosuchthing in its name or help\n"
        assert nowhere("--list", "nosuchthing") == (0, "", told)

    def test_the_version_is_the_package_s(self, nowhere):
        from importlib.metadata import version

        assert nowhere("--version").stdout == nowhere("-V").stdout == f"kazoo-sup {version('kazoo-sup')}\n"


class TestNamesOfTwoWords:
    def test_they_may_be_typed_as_two(self, nowhere):
        for words in (["dispatcher_list"], ["dispatcher", "list"]):
            done = nowhere("kamailio", *words, "binrpc:/nowhere")
            assert done.code == 1
            assert done.stderr == "sup: cannot reach Kamailio at binrpc:/nowhere: no such file or directory\n"
        assert nowhere("kamailio", "dispatcher", "list", "--help").stdout.startswith(
            "Usage: sup kamailio dispatcher_list"
        )

    @pytest.mark.parametrize("words", [["dispatcher"], ["dispatcher", "nope"], ["dispatcher", "-f", "text"]])
    def test_one_word_of_two_is_none(self, nowhere, words):
        done = nowhere("kamailio", *words)
        assert done.code == 1
        assert "did you mean dispatcher_" in done.stderr

    def test_a_name_that_is_there_goes_first(self, nowhere):
        done = nowhere("kapps_config", "set", "default")
        assert "kapps_config set:" in done.stderr


class TestOddWords:
    @pytest.mark.parametrize(
        "words", [[""], ["", ""], ["kapps_config", ""], ["kapps_config", "help"], ["help", "a", "b", "c"]]
    )
    def test_they_are_told_in_one_line(self, nowhere, words):
        done = nowhere(*words)
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.startswith("sup: ")
        assert done.stderr.count("\n") == 1

    def test_a_deadline_of_ages(self, nowhere):
        done = nowhere("-t", "99999999999999", "config", "show")
        assert done.code in (0, 1)
        assert "defect" not in done.stderr

    def test_an_argument_that_is_not_utf_8(self, nowhere):
        done = nowhere("kapps_config", "get", b"\xff", "key")
        assert done.code in (1, 3)
        assert "defect" not in done.stderr

    def test_no_deadline_is_none(self, nowhere):
        assert nowhere("-t", "0", "config", "show").code == 0

    def test_the_settings_file_that_is_named_is_used(self, sup, tmp_path):
        file = tmp_path / "sup.yaml"
        file.write_text('zones: {north: {couchdb: "http://127.0.0.1:2"}, south: {couchdb: "http://127.0.0.1:3"}}\n')

        def zone(*words, **env):
            rows = json.loads(sup("-f", "json", *words, env=env).stdout)["rows"]
            return next(row["value"] for row in rows if row["setting"] == "zone")

        assert zone("--config", str(file), "-z", "north", "config", "show") == "north"
        assert zone("-z", "north", "config", "show", "--config", str(file), "-z", "south") == "south"
        assert zone("config", "show", SUP_CONFIG=str(file), SUP_ZONE="south") == "south"


def test_nohup_keeps_hang_ups_away():
    before = {each: signal.getsignal(each) for each in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        app.run(["--version"])
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@pytest.mark.parametrize(
    "words", [["--json", "kapps_config", "get", "a", "b"], ["kapps_config", "get", "a", "b", "--json"]]
)
def test_a_format_that_is_taken_for_an_option_is_told_how_it_is_asked_for(nowhere, words):
    done = nowhere(*words)
    assert (done.code, done.stderr) == (1, "sup: no such option: --json; the format is asked for with -f json\n")

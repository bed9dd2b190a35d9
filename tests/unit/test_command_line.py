"""The command line as operators and old guides type it: hosts, negative numbers, searching, help, closed streams."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import yaml

from helpers.real_servers import SUP
from kazoo_sup.cli import argv, catalogue, options, overview

HELP = 0, True, ""


class TestHostOption:
    @pytest.mark.parametrize(
        "line",
        [
            "-h node7.example.net -c biscuit kapps_config set some_app some_key some_value",
            "-c biscuit -h node7.example.net kapps_config flush",
            "-h node7.example.net -n ecallmgr -c biscuit ecallmgr_maintenance flush_acls",
            "-h node7.example.net whapps_controller restart_app media_mgr",
            "-h node7.example.net kapps_controller",
            "-? node7.example.net kapps_config flush",
            "-hnode7.example.net kapps_config flush",
            "--host node7.example.net kapps_config flush",
            "--host=node7.example.net kapps_config flush",
            "kapps_config -h node7.example.net set some_app some_key some_value",
            "kapps_config set -h node7.example.net some_app some_key some_value",
        ],
    )
    def test_a_command_behind_it_is_not_passed_over_in_silence(self, nowhere, line):
        done = nowhere(*line.split())
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr == "sup: -h is help here; the host was node7.example.net; leave it out\n"

    def test_a_command_without_a_host_is_told_where_its_help_is(self, nowhere):
        done = nowhere("-h", "kapps_config", "flush")
        assert (done.code, done.stdout) == (1, "")
        assert "sup kapps_config flush --help" in done.stderr

    @pytest.mark.parametrize(
        "line", ["-h", "-?", "-n ecallmgr -h", "-h kapps_config", "kapps_config -h", "kapps_config set -h"]
    )
    def test_alone_it_stays_help(self, nowhere, line):
        done = nowhere(*line.split())
        assert (done.code, done.stdout.startswith("Usage: sup"), done.stderr) == HELP

    @pytest.mark.parametrize("line", ["kapps_config set some_app -h", "kapps_config set a b c -h"])
    def test_behind_everything_it_is_help(self, nowhere, line):
        done = nowhere(*line.split())
        assert (done.code, done.stdout.startswith("Usage: sup kapps_config set"), done.stderr) == HELP

    @pytest.mark.parametrize("line", ["-n -h kapps_config flush", "kapps_config get a -- -h b"])
    def test_as_a_value_and_after_two_dashes_it_is_none(self, line):
        argv.refuse_host(line.split())

    def test_the_cookie_is_not_repeated(self, nowhere):
        assert "biscuit" not in nowhere("-h", "node7", "-c", "biscuit", "kapps_config", "flush").stderr


class TestNegativeNumbers:
    @pytest.mark.parametrize("number", ["-5", "-0.25", "-.5", "-1e3"])
    @pytest.mark.parametrize("after", [[], ["-f", "text"]])
    def test_they_are_arguments(self, nowhere, number, after):
        done = nowhere("kapps_config", "get", "some_app", "some_key", number, *after)
        assert done.stderr == "sup: cannot reach CouchDB at 127.0.0.1:1: connection refused\n"

    def test_the_command_gets_them_as_they_were_typed(self, nowhere):
        shown = nowhere("-v", "kapps_config", "get", "a", "b", "-17").stdout
        assert shown.startswith("Running kapps_config:get(a, b, -17)")

    def test_an_option_still_takes_its_value(self, nowhere):
        done = nowhere("kapps_config", "get", "a", "-t", "-5")
        assert done.code == 1
        assert "-5 is below 0" in done.stderr

    def test_too_many_are_told_as_they_were_typed(self, nowhere):
        assert "(-6)" in nowhere("kapps_config", "flush", "a", "b", "c", "-6").stderr

    def test_other_words_with_a_dash_are_told_of_two_dashes(self, nowhere):
        done = nowhere("kapps_config", "get", "a", "-knm_local")
        assert done.code == 1
        assert "an argument that begins with - comes after --" in done.stderr


class TestSearching:
    def search(self, *sought):
        return [f"{each.module} {each.name}" for each in catalogue.search(sought)]

    def test_capitals_do_not_matter(self):
        assert self.search("CREATE_account") == self.search("create_account")
        assert self.search("CREATE_account")[0] == "crossbar_maintenance create_account"

    @pytest.mark.parametrize("sought", [["find", "realm"], ["realm", "find"], ["find realm"]])
    def test_all_words_must_be_there(self, sought):
        assert self.search(*sought)[0] == "crossbar_maintenance find_account_by_realm"

    def test_helps_are_searched_at_the_beginnings_of_words(self):
        assert "zone doctor" in self.search("breaks zones")
        assert not [name for name in self.search("reaks zones") if name == "zone doctor"]

    def test_the_command_line_has_it(self, nowhere):
        lines = nowhere("--list", "Find", "REALM").stdout.splitlines()
        assert lines[0].startswith("crossbar_maintenance find_account_by_realm REALM ")
        assert nowhere("list", "Find", "REALM").stdout.splitlines() == lines


class TestMachineFormats:
    @pytest.mark.parametrize("line", ["-f json --list outbox", "--list -f json outbox", "list outbox -f json"])
    def test_a_list(self, nowhere, line):
        done = nowhere(*line.split())
        envelope = json.loads(done.stdout)
        assert (done.code, envelope["status"], done.stderr) == (0, "ok", "")
        assert {"module": "outbox", "function": "flush"}.items() <= envelope["rows"][1].items()

    @pytest.mark.parametrize("line", ["-f json --version", "-V --format=json"])
    def test_the_version(self, nowhere, line):
        shown = json.loads(nowhere(*line.split()).stdout)
        assert f"kazoo-sup {shown['result']['version']}" == shown["text"][0]

    def test_a_module_alone(self, nowhere):
        done = nowhere("kapps_controller", "-f", "json")
        envelope = json.loads(done.stdout)
        assert (done.code, envelope["exit_code"], envelope["status"]) == (1, 1, "error")
        assert "list_apps" in [row["function"] for row in envelope["rows"]]
        assert envelope["errors"][0]["message"] == "a function of kapps_controller is missing"

    def test_nothing_at_all(self, nowhere):
        done = nowhere("-f", "yaml")
        envelope = yaml.safe_load(done.stdout)
        assert (done.code, envelope["status"]) == (1, "error")
        assert {row["module"] for row in envelope["rows"]} == set(catalogue.modules())

    @pytest.mark.parametrize("line", ["", "kapps_config", "--help", "kapps_config get -h", "help", "help topics"])
    def test_a_line_of_json_each(self, nowhere, line):
        done = nowhere("-f", "ndjson", *line.split())
        shown = [json.loads(each) for each in done.stdout.splitlines()]
        assert all(isinstance(each, dict) for each in shown)
        assert len(shown) > 1

    @pytest.mark.parametrize("line", ["--help", "kapps_config --help", "kapps_config get --help", "help kapps_config"])
    def test_help(self, nowhere, line):
        done = nowhere("-f", "json", *line.split())
        envelope = json.loads(done.stdout)
        assert (done.code, envelope["status"]) == (0, "ok")
        assert envelope["text"][0].startswith("Usage: sup")


class TestOverview:
    def test_it_names_the_first_jobs_and_how_to_find_others_on_one_screen(self, nowhere):
        lines = nowhere("--help").stdout.splitlines()
        assert len(lines) < 24
        assert max(map(len, lines)) <= 80
        assert len(overview.first()) == len(overview.FIRST) == 10
        assert all(any(line.endswith(f"sup {words}") for line in lines) for words in overview.FIRST)
        assert all(any(line.startswith(f"  {words}") for line in lines) for words, _ in overview.FINDING)

    def test_all_jobs_are_among_the_topics(self, nowhere):
        shown = nowhere("help", "topics").stdout
        assert all(job in shown and f"sup {line}\n" in shown for job, line in overview.JOBS)

    def test_the_options_of_every_command_have_a_page(self, nowhere):
        shown = nowhere("help", "options").stdout
        assert all(name in shown for each in options.described() for name in each.names)

    @pytest.mark.parametrize("page", ["topics", "options"])
    def test_a_page_comes_in_the_envelope_too(self, nowhere, page):
        envelope = json.loads(nowhere("-f", "json", "help", page).stdout)
        assert envelope["command"] == f"help {page}"
        assert len(envelope["text"]) > 10

    @pytest.mark.parametrize("line", [line for _, line in overview.JOBS])
    def test_each_job_s_command_is_there(self, line):
        words = re.sub(r"^-n \w+ ", "", line).split()
        module, *rest = [options.SHORT[words[0]], *words] if words[0] in options.SHORT else words
        name, *arguments = rest or ["list"]  # what a module alone stands for
        functions = catalogue.module(module).functions
        two = f"{name}_{arguments[0]}" if arguments else ""
        described = functions.get(name) or functions[two]
        wanted = [each for each in described.parameters if each.kind == "argument" and each.required]
        assert arguments[-1:] == ["…"] or two in functions or len(arguments) >= len(wanted)

    def test_every_module_is_named(self, nowhere):
        shown = nowhere("help", "topics").stdout
        assert all(re.search(rf"\b{name}\b", shown) for name in catalogue.modules())


class TestClosedStreams:
    @pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-", ">&-"])
    @pytest.mark.parametrize(
        ("line", "code"), [("config show", 0), ("kapps_config gett", 1), ("kapps_config get a b", 1), ("--list lab", 0)]
    )
    def test_the_code_stays_the_same_and_nothing_is_a_defect(self, environment, closed, line, code):
        done = self.run(environment, f"{SUP} {line} {closed}")
        assert done.returncode == code
        assert "defect" not in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        assert ("sup: " in done.stderr) == (code == 1 and "2>&-" not in closed)
        assert "sup: " not in done.stdout
        assert bool(done.stdout) == (code == 0 and ">&-" not in closed.replace("2>&-", ""))

    @pytest.mark.parametrize("line", ["outbox clear", "crossbar_maintenance create_account a b.example c"])
    def test_without_standard_input_nobody_is_asked(self, environment, line):
        done = self.run(environment, f"{SUP} {line} <&-")
        assert "defect" not in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_standard_error_that_is_full_changes_nothing(self, environment):
        done = self.run(environment, f"{SUP} kapps_config gett 2>/dev/full")
        assert (done.returncode, done.stdout) == (1, "")

    def test_a_long_answer_that_cannot_be_written_is_no_defect(self, environment):
        done = self.run(environment, f"{SUP} -f json --list >/dev/full")
        assert (done.returncode, done.stderr) == (3, "sup: cannot write the answer: No space left on device\n")

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_nor_is_that_of_a_command(self, environment, unbuffered):
        done = self.run({**environment, "PYTHONUNBUFFERED": unbuffered}, f"{SUP} amqp apis >/dev/full")
        assert (done.returncode, done.stderr) == (3, "sup: cannot write the answer: No space left on device\n")

    def run(self, environment, command):
        return subprocess.run(
            ["bash", "-c", command],
            env={**environment, "SUP_COUCHDB_URL": "http://127.0.0.1:1", "SUP_AMQP_URL": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )


@pytest.mark.parametrize(
    "module",
    [
        "kazoo_sup.cli.app",
        "kazoo_sup.cli.plain",
        "kazoo_sup.cli.catalogue",
        "kazoo_sup.cli.render.output",
        "kazoo_sup.settings",
        "requests",
    ],
)
def test_ctrl_c_while_modules_are_loaded_is_one_sentence(environment, module):
    program = f"""
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from kazoo_sup.__main__ import main
sys.argv[1:] = ["kapps_config", "get", "a", "b"]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, "SUP_COUCHDB_URL": "http://127.0.0.1:1", "SUP_AMQP_URL": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "sup: interrupted\n")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "14155550100", "1e300"])
@pytest.mark.parametrize("words", [["zone", "doctor"], ["zone", "status"]])
def test_a_deadline_that_no_timer_takes_is_refused(nowhere, words, seconds):
    done = nowhere(*words, f"--deadline={seconds}")
    assert (done.code, done.stdout) == (1, "")
    assert "--deadline must be a number of seconds above 0, and not above 100000000" in done.stderr


class TestSettingsAreToldOf:
    """What decides where a change goes, and who may read secrets, is said in cron, too."""

    @pytest.fixture
    def config(self, tmp_path):
        file = tmp_path / "config.ini"
        file.write_text(
            '[zone]\nname = "aachen"\namqp_uri = "amqp://guest:guest@127.0.0.1:2"\n'
            '[zone]\nname = "bonn"\namqp_uri = "amqp://guest:guest@127.0.0.1:3"\n'
            '[kazoo_apps]\ncookie = biscuit\nzone = "bonn"\nhost = "apps9.example.net"\n'
        )
        file.chmod(0o600)
        return file

    def test_zones_that_do_not_name_this_host(self, sup, config):
        line = ["--config", str(config), "config", "show"]
        elsewhere = {"SUP_HOST": "apps1.example.net"}
        told = sup(*line, env=elsewhere)
        assert told.code == 0
        assert told.stderr == (
            f"sup: {config} has the zones aachen, bonn but not local, the zone of this host; "
            "choose one with -z or KAZOO_ZONE\n"
        )
        assert sup("-q", *line, env=elsewhere).stderr == ""
        assert sup("-z", "bonn", *line, env=elsewhere).stderr == ""
        assert sup(*line, env={**elsewhere, "SUP_ZONE": "aachen"}).stderr == ""
        assert sup(*line, env={"SUP_HOST": "apps9.example.net"}).stderr == ""
        assert json.loads(sup("-f", "json", *line, env=elsewhere).stdout)["warnings"]

    def test_a_secret_that_others_read(self, sup, config):
        config.chmod(0o644)
        line = ["--config", str(config), "config", "show"]
        told = sup(*line, env={"SUP_HOST": "apps9.example.net"})
        assert told.stderr.startswith(f"sup: {config} holds a secret and others can read it (mode 0644)")

    def test_the_file_that_is_named_is_the_one_checked(self, sup, config):
        own = config.with_name("own.yaml")
        own.write_text("zones: {}\nnonsense: 1\n")
        assert sup("config", "check", env={"SUP_CONFIG": str(config)}).stdout == f"{config} is good\n"
        assert sup("--config", str(config), "config", "check", env={"SUP_CONFIG": str(own)}).code == 0
        wrong = sup("--config", str(own), "config", "check", env={"SUP_CONFIG": str(config)})
        assert (wrong.code, wrong.stdout) == (1, "")
        assert "nonsense" in wrong.stderr

    @pytest.mark.parametrize("mode", [0o644, 0o604])
    def test_a_file_with_a_secret_that_others_read_is_not_good(self, sup, config, mode):
        config.chmod(mode)
        done = sup("--config", str(config), "config", "check")
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.startswith(f"sup: {config}: holds a secret and others can read it")

    def test_nor_is_one_that_names_such_a_file(self, sup, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("biscuit\n")
        secret.chmod(0o644)
        file = tmp_path / "sup.yaml"
        file.write_text(
            f"zones: {{koeln: {{couchdb: {{url: 'http://127.0.0.1:1', username: u, password_file: {secret}}}}}}}\n"
        )
        file.chmod(0o600)
        done = sup("--config", str(file), "config", "check")
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.startswith(f"sup: {secret}: holds a secret and others can read it")


def test_lines_of_json_stay_such_where_standard_error_goes_to_the_same_place(environment):
    done = subprocess.run(
        [SUP, "-f", "ndjson", "kapps_config", "set_default", "a", "b", "c"],
        env={**environment, "SUP_COUCHDB_URL": "http://127.0.0.1:1", "SUP_AMQP_URL": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    shown = [json.loads(each) for each in done.stdout.splitlines()]
    assert shown[-1]["error"]["id"] == "ServerUnreachable"

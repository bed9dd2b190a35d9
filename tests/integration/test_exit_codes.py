"""Every exit code, each by the situation it stands for, and what the program says at it."""

from __future__ import annotations

import json
import socket
import subprocess

import pytest

from helpers.real_servers import SUP
from kazoo_sup.lab.seed import ACCOUNT

pytestmark = pytest.mark.integration

GET = ("kapps_config", "get", "accounts", "master_account_id")


@pytest.fixture
def silent_server():
    """Give the address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_0_done(at):
    done = at(*GET)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith('<<"')


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["kapps_confg", "get"], "there is no module 'kapps_confg'; did you mean kapps_config"),
        (["kapps_config", "gett"], "module kapps_config has no function 'gett'; did you mean get"),
        (["kapps_config", "get", "a"], "missing argument 'KEY'; usage: sup kapps_config get CATEGORY KEY"),
        (["kapps_config", "get", *"abcde"], "unexpected extra argument(s) (e); usage: sup kapps_config get"),
        (["--bogus"], "no such option: --bogus"),
        (["-f", "xml", *GET], "'xml' is not one of"),
        (["-t", "soon", *GET], "'soon' is not a whole number"),
        (["-z", "nowhere", *GET], "there is no zone 'nowhere'"),
        (["--config", "/nonexistent.yaml", *GET], "/nonexistent.yaml: "),
    ],
)
def test_1_wrong_words(at, words, sentence):
    done = at(*words)
    assert (done.code, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_1_a_server_that_cannot_be_reached(sup):
    done = sup(*GET, env={"SUP_COUCHDB_URL": "http://127.0.0.1:1"})
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == "sup: cannot reach CouchDB at 127.0.0.1:1: connection refused\n"


def test_1_help_without_a_function(sup):
    same_order = {"PYTHONHASHSEED": "0"}  # of the names of the help option
    for words in ([], ["kapps_config"]):
        done = sup(*words, env=same_order)
        helped = sup(*words, "--help", env=same_order)
        assert (done.code, helped.code) == (1, 0)
        assert done.stdout.strip() == helped.stdout.strip()
        assert sup("help", *words, env=same_order).stdout == helped.stdout
    assert "set_default CATEGORY KEY SETTING" in done.stdout


def test_2_an_answer_that_is_not_ok(at):
    assert at("crossbar_maintenance", "does_schema_exist", "find_numbers")[:2] == (2, "true\n")


def test_3_failed(at):
    done = at("kapps_config", "lock_db", "true")
    assert (done.code, done.stdout) == (3, "")


def test_4_timed_out(sup, silent_server):
    done = sup("-t", "5", *GET, env={"SUP_COUCHDB_URL": silent_server})
    whom = f"CouchDB at {silent_server.partition('://')[2]}"
    assert (done.code, done.stdout, done.stderr) == (4, "", f"sup: timed out after 5 s waiting for {whom}\n")
    watched = sup("-t", "20", *GET, env={"SUP_COUCHDB_URL": silent_server}, tty=True)
    assert f"sup: waiting for {whom} (" in watched.stdout
    slow = {"SUP_COUCHDB_URL": silent_server, "SUP_READ_TIMEOUT": "0.2"}
    assert sup(*GET, env=slow).code == 4


@pytest.mark.parametrize("words", ["--list", "--help", "-f json kapps_config get_category number_manager"])
def test_141_a_reader_that_goes_away(environment, cluster, words):
    env = {**environment, "SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": ""}
    process = subprocess.Popen([SUP, *words.split()], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    _, err = process.communicate(timeout=600)
    assert (process.returncode, err) == (141, b"")


@pytest.mark.parametrize(
    ("redirection", "code", "sentence"),
    [(">&-", 0, ""), (">/dev/full", 3, "sup: cannot write the answer: No space left on device\n")],
)
def test_an_answer_that_goes_nowhere(environment, redirection, code, sentence):
    command = ["bash", "-c", f"{SUP} --list {redirection}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (code, sentence)


def test_text_is_utf_8_whatever_the_locale(at):
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = at("-f", "json", "kapps_config", "get", "c", "k", "é€", env=plain)
    assert json.loads(done.stdout)["result"] == "é€"


@pytest.mark.parametrize("words", [["kapps_config", "gett"], ["kapps_config", "get"], ["nosuch"]])
def test_errors_come_in_the_envelope_too(at, words):
    done = at("--format=json", *words)
    envelope = json.loads(done.stdout)
    assert (done.code, envelope["exit_code"], envelope["status"]) == (1, 1, "error")
    assert done.stderr == f"sup: {envelope['errors'][0]['message']}\n"


class TestOptions:
    def test_they_work_before_between_and_after_and_the_last_wins(self, at):
        expected = json.loads(at("-f", "json", *GET).stdout)
        assert json.loads(at(*GET, "-f", "json").stdout) == expected
        assert json.loads(at(GET[0], "-f", "json", *GET[1:]).stdout) == expected
        assert json.loads(at("-f", "yaml", *GET, "-fjson").stdout) == expected

    def test_arguments_may_begin_with_a_dash_after_two(self, at):
        assert at("kapps_config", "get", "c", "k", "--", "-5").stdout == '<<"-5">>\n'
        assert at("kapps_config", "get", "--", "-c", "-k", "-5").stdout == '<<"-5">>\n'

    def test_those_of_kazoo_s_own_are_taken(self, at):
        assert at("-necallmgr", "-c", "cookie", "-s", "-t", "30", *GET).code == 0
        assert at("-?").code == 0
        words = " ".join(GET[1:])
        verbose = at("-v", *GET).stdout.splitlines()
        assert verbose[0] == f"Running kapps_config:{GET[1]}({', '.join(GET[2:])})", words
        assert verbose[1].startswith("Result: <<")

    def test_the_node_may_come_from_the_environment(self, at):
        env = {"KAZOO_NODE": "ecallmgr", "SUP_HOST": "vm9"}
        at("kapps_config", "set_default", "c", "k", "v", env=env)
        assert '{<<"pvt_node">>,<<"ecallmgr@vm9">>}' in at("kapps_config", "get_category", "c").stdout

    def test_a_short_host_name_on_request(self, at):
        env = {"SUP_HOST": "vm9.example.com"}
        at("-s", "kapps_config", "set_default", "c", "k", "v", env=env)
        assert 'kazoo_apps@vm9"' in at("kapps_config", "get_category", "c", env=env).stdout

    def test_quiet_leaves_out_what_is_only_for_people(self, at):
        assert "could not be published" in at("kapps_config", "set_default", "c", "k", "v").stderr
        assert at("-q", "kapps_config", "set_default", "c", "k", "w").stderr == ""

    @pytest.mark.parametrize(
        "words",
        [("crossbar_maintenance", "disable_account", ACCOUNT), ("kazoo_services_maintenance", "rebuild_services_db")],
        ids=["done", "live"],
    )
    def test_what_waits_for_a_broker_is_told_once_a_run(self, at, words):
        at("-y", "outbox", "clear")
        done = at("-y", "-f", "json", *words)
        [said] = [each for each in json.loads(done.stdout)["warnings"] if "could not be published" in each]
        assert done.stderr.count("could not be published") == 1
        waiting = json.loads(at("-f", "json", "outbox", "list").stdout)["rows"]
        assert int(said.split()[0]) == len(waiting) > 1

"""Several commands in one process: from standard input, and typed in the shell."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

import pexpect
import pytest
import yaml

from helpers.real_servers import SUP, until, waits
from helpers.tcp_proxy import TcpProxy
from kazoo_sup.cli import several, shell
from kazoo_sup.cli.shared import MOST, Shared

GET = "kapps_config get several_app"


@pytest.fixture
def document(put):
    """Store a category with one key."""
    put("system_config", {"_id": "several_app", "default": {"colour": "green", "a b": 7}})


def lines(*texts):
    return "".join(f"{text}\n" for text in texts)


@pytest.mark.integration
class TestStandardInput:
    def test_each_line_is_a_command(self, at, document):
        done = at("-", input=lines(f"{GET} colour", "", "# nothing", f"sup {GET} 'a b'  # seven", f"{GET} none x"))
        assert (done.code, done.stdout, done.stderr) == (0, '<<"green">>\n7\n<<"x">>\n', "")

    def test_the_last_line_needs_no_end(self, at, document):
        assert at("-", input=f"{GET} colour").stdout == '<<"green">>\n'

    def test_a_mark_of_unicode_before_the_first_word_is_no_part_of_it(self, at, document):
        assert at("-", input=f"\ufeff{GET} colour\r\n").stdout == '<<"green">>\n'

    def test_a_line_that_a_shell_would_go_on_with_is_not_run(self, at, document, stored):
        done = at("--no-events", "-", input=lines("kapps_config set_default several_app colour \\", f"{GET} colour"))
        assert (done.code, done.stdout) == (1, '<<"green">>\n')
        assert done.stderr == "sup: line 1: the line cannot be read: no escaped character; a command is one line\n"

    def test_nothing_to_do_is_done(self, at):
        assert at("-", input="") == (0, "", "")

    def test_errors_name_their_line_and_the_others_are_run(self, at, document):
        done = at("-", input=lines(f"{GET} colour", "nonsense here", f"{GET} 'oops", f"{GET}", f"{GET} 'a b'"))
        assert (done.code, done.stdout) == (1, '<<"green">>\n7\n')
        said = done.stderr.splitlines()
        assert [each.partition(": ")[2].partition(": ")[0] for each in said] == ["line 2", "line 3", "line 4"]
        assert "no closing quotation" in said[1]
        assert "missing argument 'KEY'" in said[2]

    def test_the_exit_code_is_the_highest_of_all(self, at, document):
        not_ok = "crossbar_maintenance find_account_by_name nobody"
        done = at("-", input=lines(f"{GET} colour", "nonsense here", not_ok, "nonsense here"))
        assert done.code == at(*not_ok.split()).code == 2

    def test_with_stop_on_error_the_first_one_is_the_last(self, at, document):
        done = at("-", "--stop-on-error", input=lines(f"{GET} colour", "nonsense here", f"{GET} colour"))
        assert (done.code, done.stdout) == (1, '<<"green">>\n')
        assert at("-", "--stop-on-error", input=lines(f"{GET} colour", f"{GET} colour")).code == 0

    def test_options_hold_for_every_line_that_does_not_say_otherwise(self, at, document):
        done = at("-f", "json", "-", input=lines(f"{GET} colour", f"{GET} colour -f text", "nonsense here"))
        first, text, last = done.stdout.splitlines()
        assert text == '<<"green">>'
        answer, error = json.loads(first), json.loads(last)
        assert (answer["line"], answer["result"], answer["exit_code"]) == (1, "green", 0)
        assert (error["line"], error["errors"][0]["id"], error["exit_code"]) == (3, "UnknownModule", 1)

    def test_each_json_envelope_is_one_line_whatever_is_in_it(self, at, document):
        done = at(
            "-f", "json", "-", input=lines("kapps_config get_all_kvs several_app", "couchdb databases", "amqp apis")
        )
        assert len(list(map(json.loads, done.stdout.splitlines()))) == 3

    def test_yaml_is_a_stream_of_documents(self, at, document):
        done = at("-f", "yaml", "-", input=lines(f"{GET} colour", "nonsense here"))
        assert [each["line"] for each in yaml.safe_load_all(done.stdout)] == [1, 2]

    def test_no_command_reads_the_next_one(self, at, document):
        done = at("-", input=lines("crossbar_maintenance create_account shop shop.example.org boss", f"{GET} colour"))
        assert done.stdout.endswith('<<"green">>\n')
        assert "line 1: " in done.stderr

    def test_what_one_command_was_asked_and_read_the_next_one_does_not_know(self, at, document, stored):
        written = "kapps_config set_default several_app colour"
        done = at(
            "--no-events",
            "-",
            input=lines(
                f"{GET} colour", f"--dry-run {written} red", f"{GET} colour", f"{written} blue", f"{GET} colour"
            ),
        )
        assert done.code == 0
        answers = [line for line in done.stdout.splitlines() if line.startswith("<<")]
        assert answers == ['<<"green">>', '<<"green">>', '<<"blue">>']
        assert done.stderr.count("dry run") == 1
        assert stored("system_config", "several_app")["default"]["colour"] == "blue"

    def test_it_cannot_be_asked_for_in_a_line(self, at):
        done = at("-", input=lines("-", "shell"))
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.count("among other commands") == 2

    def test_one_connection_serves_all(self, sup, cluster, document):
        parts = urlsplit(cluster)
        with TcpProxy(parts.hostname, parts.port) as proxy:
            env = {"SUP_COUCHDB_URL": cluster.replace(str(parts.port), str(proxy.port)), "SUP_AMQP_URL": ""}
            done = sup("-", env=env, input=lines(*[f"{GET} colour"] * 20))
            assert done.stdout == '<<"green">>\n' * 20
            assert proxy.connections == 1

    def test_ctrl_c_ends_all_of_it(self, environment, cluster, document):
        env = {**environment, "SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": ""}
        process = subprocess.Popen(
            [SUP, "-"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        process.stdin.write(f"{GET} colour\n".encode())
        process.stdin.flush()
        assert process.stdout.readline() == b'<<"green">>\n'
        process.send_signal(signal.SIGINT)
        _out, said = process.communicate(timeout=600)
        assert process.returncode == 130
        assert said.replace(b"line 1: ", b"") == b"sup: interrupted\n"  # while that line's command ends, perhaps

    def test_help_says_how(self, at):
        done = at("-", "--help")
        assert done.code == 0
        assert "--stop-on-error" in done.stdout


@pytest.mark.integration
class TestShell:
    @pytest.fixture
    def shell(self, environment, cluster, document):
        """Start the shell on a terminal."""
        env = {**environment, "SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": "", "TERM": "dumb", "SUP_ZONE": "east"}
        terminal = pexpect.spawn(SUP, ["shell"], env=env, encoding="utf-8", timeout=600, dimensions=(40, 150))
        terminal.expect_exact("sup east> ")
        yield terminal
        terminal.close(force=True)

    def typed(self, shell, text):
        shell.sendline(text)
        shell.expect_exact("sup east> ")
        return shell.before.partition("\r\n")[2].replace("\r\n", "\n").replace("\x1b[?2004l\r", "")

    def test_commands_are_run_and_what_fails_does_not_end_it(self, shell):
        assert '<<"green">>' in self.typed(shell, f"{GET} colour")
        assert "sup: there is no module 'nonsense'" in self.typed(shell, "nonsense here")
        assert "line" not in self.typed(shell, "nonsense here")
        shell.sendline("exit")
        shell.expect(pexpect.EOF)
        shell.close()
        assert shell.exitstatus == 1

    def test_ctrl_c_ends_the_line_and_ctrl_d_the_shell(self, shell):
        shell.send("kapps_config g")
        shell.expect_exact("kapps_config g")
        # Python notices a signal that comes just before it waits for a key only at the end of the line.
        until(lambda: waits(shell.pid), "the shell to wait for a key")
        shell.sendintr()
        shell.expect_exact("sup east> ")
        assert "Traceback" not in self.typed(shell, f"{GET} colour")
        shell.sendeof()
        shell.expect(pexpect.EOF)
        shell.close()
        assert shell.exitstatus == 0

    @pytest.mark.parametrize("option", ["-f json", "--format=json", "-fjson"])
    def test_options_alone_hold_for_the_lines_after_them(self, shell, option):
        self.typed(shell, option)
        assert '"status": "ok"' in self.typed(shell, f"{GET} colour")

    def test_a_quote_that_is_not_closed_is_told_and_the_line_is_kept_here_alone(self, shell, environment):
        said = self.typed(shell, "kapps_config set_default several_app api_secret 'hunter2")
        assert said == "sup: the line cannot be read: no closing quotation; a command is one line\n"
        self.typed(shell, "\x10'")  # Ctrl-P: the line before, mended
        assert '<<"hunter2">>' in self.typed(shell, f"{GET} api_secret")
        [history] = Path(environment["HOME"]).rglob("shell_history")
        assert history.read_text() == f"{GET} api_secret\n"

    def test_a_file_for_one_answer_is_not_written_over_by_the_next(self, shell, tmp_path):
        for option in ("--output", "--plan"):
            assert f"sup: {option} is for one command" in self.typed(shell, f"{option} {tmp_path}/file")
        assert '<<"green">>' in self.typed(shell, f"{GET} colour")
        assert not (tmp_path / "file").exists()

    def test_pasted_lines_are_a_command_each(self, shell):
        shell.send(f"\x1b[200~{GET} colour\n{GET} 'a b'\nnonsense here\n{GET} no thing\x1b[201~\r")
        for answer in ('<<"green">>', "7", "there is no module 'nonsense'", '<<"thing">>'):
            shell.expect_exact(answer)

    def test_names_are_completed(self, shell):
        shell.send("outbox fl\t")
        shell.expect_exact("outbox flush ")

    def test_earlier_lines_come_back_in_the_next_shell_without_secrets(self, shell, environment):
        self.typed(shell, f"{GET} colour")
        self.typed(shell, "kapps_config set_default several_app api_secret hunter2")
        for options in ("--live", "--format=json --dry-run"):
            self.typed(shell, f"{options} crossbar_maintenance create_account several realm ann hunter2")
        self.typed(shell, "crosbar_maintenance creat_account several realm ann hunter2")
        shell.sendline("exit")
        shell.expect(pexpect.EOF)
        [history] = Path(environment["HOME"]).rglob("shell_history")
        assert history.read_text() == f"{GET} colour\nexit\n".replace("exit\n", "")
        assert stat.S_IMODE(history.stat().st_mode) == 0o600


@pytest.mark.integration
def test_who_stopped_the_shell_and_comes_back_finds_the_prompt_and_the_line(environment, cluster, document):
    env = {**environment, "SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": "", "TERM": "dumb", "PS1": "", "SUP": SUP}
    terminal = pexpect.spawn("bash", ["--norc", "-i"], env=env, encoding="utf-8", timeout=600, dimensions=(40, 150))
    terminal.sendline("$SUP shell")
    terminal.expect_exact("sup local> ")
    terminal.send(f"{GET} col")
    terminal.expect_exact(f"{GET} col")
    terminal.send("\x1a")
    terminal.expect("Stopped")
    terminal.sendline("fg")
    terminal.expect_exact(f"sup local> {GET} col")
    terminal.sendline("our")
    terminal.expect_exact('<<"green">>')
    terminal.close(force=True)


@pytest.mark.parametrize(
    ("pasted", "commands"),
    [
        ("a b", ["a b"]),
        ("a\nb\n", ["a", "b", ""]),
        ("a '{\n1}' b\nc", ["a '{\n1}' b", "c"]),
        ("a \\\nb\nc", ["a b", "c"]),
        ("a\nb 'c\nd", ["a", "b 'c\nd"]),
        ("a\\", ["a\\"]),
    ],
)
def test_what_is_pasted_is_taken_apart_as_a_shell_does(pasted, commands):
    assert shell._lines(pasted) == commands


HUNTER2 = [
    "-c hunter2 erlang node",
    "-vchunter2 --live erlang node",
    "--cookie=hunter2",
    "crossbar_maintenance --zone=east create_account name realm ann hunter2",
    "crossbar_maintenance create account name realm ann hunter2",
    "-fjson crossbar_maintenance create_account -- name -5 ann hunter2",
    "kazoo_speech_maintenance set_tts_api_key google hunter2",
]


@pytest.mark.parametrize("line", HUNTER2)
def test_secrets_are_seen_however_the_line_is_written(line):
    assert shell._holds_secret(several.read(line).words)


def test_lines_without_a_secret_are_no_secret():
    for line in ("-fcsv kapps_config get a b", "crossbar_maintenance create_account a b c", "kamailio dispatcher list"):
        assert not shell._holds_secret(several.read(line).words)


def test_what_a_power_cut_left_of_the_history_keeps_nobody_from_the_shell(tmp_path):
    (tmp_path / "shell_history").write_bytes(b"zone status\n\0\0\0\n\xff\n")
    (tmp_path / "shell_history").chmod(0o600)
    assert shell._History(tmp_path)._earlier() == ["zone status", "", "\udcff"]


def test_lines_for_many_nodes_leave_few_settings_and_connections_open(tmp_path):
    file = tmp_path / "sup.yaml"
    file.write_text("zones: {east: {couchdb: 'http://127.0.0.1:1'}}")
    shared = Shared()
    made = []
    for number in range(3 * MOST):
        settings = shared.settings(config=file, zone=None, node=f"kazoo_apps@host{number}")
        couchdb = shared.couchdb(settings.zone(), mock.Mock)
        assert shared.couchdb(settings.zone(), mock.Mock) is couchdb
        made.append(couchdb)
    assert [each.close.called for each in made] == [True] * (2 * MOST - 1) + [False] * (MOST + 1)
    assert len(shared._loaded) == MOST
    shared.close()
    assert all(each.close.called for each in made)


def test_a_settings_file_that_others_may_read_now_is_read_again(tmp_path):
    file = tmp_path / "sup.yaml"
    file.write_text("zones: {east: {couchdb: 'http://name:password@127.0.0.1:1'}}")
    file.chmod(0o600)
    shared = Shared()
    assert not shared.settings(config=file, zone=None, node="kazoo_apps").warnings
    file.chmod(0o644)
    [warning] = shared.settings(config=file, zone=None, node="kazoo_apps").warnings
    assert "others can read it" in warning


@pytest.mark.parametrize("word", several.LEAVING)
def test_what_leaves_the_shell_leaves_it_without_a_terminal_too(sup, word):
    done = sup("shell", input=lines("list outbox flush", f"{word} now", "list outbox list"))
    assert (done.code, done.stderr) == (0, "")
    assert "flush" in done.stdout
    assert "list" not in done.stdout
    assert sup("shell", input=lines("nonsense here", word)).code == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("-", 0, ""),
        ("--no-journal knm_telnyx configure api_key=-", 3, "sup: there is no answer on standard input to: "),
    ],
)
def test_a_standard_input_that_is_only_written_is_as_good_as_none(environment, cluster, tmp_path, words, code, said):
    env = {**environment, "SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": ""}
    with (tmp_path / "out").open("w") as written:  # as nohup gives it
        done = subprocess.run(
            [SUP, *words.split()], env=env, stdin=written, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr[: len(said) or None]) == (code, said)


def test_commands_from_standard_input_end_where_it_ends_and_nowhere_else(sup):
    done = sup("-", input=lines("exit", "list outbox flush"))
    assert done.code == 1
    assert "line 1" in done.stderr
    assert "flush" in done.stdout


def test_without_a_terminal_the_shell_reads_commands(sup):
    done = sup("shell", input="list outbox flush\n")
    assert done.code == 0
    assert "outbox flush" in done.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a 'b c' \"d\" e\\ f # g", ["a", "b c", "d", "e f"]),
        ("sup a b", ["a", "b"]),
        ("  ", []),
        ("# only", []),
        ('a {"b":"c d"}', ["a", "{b:c d}"]),
        ('a \'{"b":"c d"}\'', ["a", '{"b":"c d"}']),
    ],
)
def test_a_line_is_read_as_a_shell_reads_it(text, words):
    assert several.read(text, 3) == (3, words, None)


@pytest.mark.parametrize(
    ("text", "wrong"), [("a 'b", "quotation"), ("a b\\\n", "escaped"), ("a b\\\r\n", "escaped"), ("a b\0", "NUL")]
)
def test_what_cannot_be_read_is_an_error(text, wrong):
    line = several.read(text, 4)
    assert (line.number, line.words) == (4, ())
    assert wrong in str(line.error)

"""Expressions that are piped or typed into the shell of a node, and when there is none."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pexpect
import pytest

from helpers.real_servers import SUP, until, waits

pytestmark = pytest.mark.integration


@pytest.fixture
def shell(sup, node, tmp_path):
    """Run `sup node shell` with what it reads, where the settings allow it (ALLOWED)."""
    file = tmp_path / "shell.yaml"

    def run(text, *options, allowed="true"):
        file.write_text(f"zones:\n  local:\n    node_shell: {allowed}\n")
        env = {
            "ERL_EPMD_PORT": str(node.epmd_port),
            "KAZOO_COOKIE": node.cookie,
            "SUP_HOST": "localhost",
            "SUP_AMQP_URL": "",
        }
        return sup("--config", str(file), *options, "node", "shell", env=env, input=text, forked=True)

    return run


@pytest.mark.parametrize(
    ("text", "stdout"),
    [
        ("Sum = 19 + 23.\nSum div 2.\n{Sum, sum}.\n", "42\n21\n{42,sum}\n"),
        ('Word = <<"Zo\u00eb"/utf8>>,\n  byte_size(Word).\nWord =:= <<90, 111, 195, 171>>.\n', "4\ntrue\n"),
        ("Twice = fun(N) -> 2 * N end, ok.\nTwice(8).\n", "ok\n16\n"),
        ('io:format("told ~w~n", [self() =/= undefined]).\n', "told true\nok\n"),
        ("node()", "kazoo_apps@localhost\n"),
        ("ok.\nq().\nnever.\n", "ok\n"),
        ("", ""),
    ],
)
def test_each_expression_has_its_value_and_variables_keep_theirs(shell, text, stdout):
    done = shell(text)
    assert (done.code, done.stdout) == (0, stdout), done.stderr


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("1 / 0.", "badarith"),
        ("[1, 2", "syntax error"),
        ("Nobody.", "Nobody"),
        ("throw(away).", "away"),
        ("exit(leaving).", "leaving"),
        ("nosuch:function().", "undef"),
        ("{ok, A} = {error, no}.", "badmatch"),
        ("'no end.", "unterminated"),
    ],
)
def test_the_first_that_fails_ends_it_and_nothing_behind_it_is_done(shell, bad, told):
    done = shell(f"begun.\n{bad}\nnever.\n")
    assert (done.code, done.stdout) == (3, "begun\n")
    assert told in done.stderr


def test_what_halts_the_node_takes_a_yes(shell):
    assert shell("halt().\n").code == 3
    assert shell("node().\n").stdout == "kazoo_apps@localhost\n"


def test_a_dry_run_evaluates_nothing(shell):
    done = shell('io:format("done~n").\n', "--dry-run")
    assert done.code == 0
    assert done.stdout.startswith("would evaluate ")


def test_it_must_be_allowed(shell):
    done = shell("node().\n", allowed="false")
    assert (done.code, done.stdout) == (1, "")
    assert "node_shell" in done.stderr


PROMPT = "kazoo_apps@localhost> "
MORE = "\r\n  "
STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class TestTyped:
    @pytest.fixture
    def start(self, environment, node, tmp_path):
        """Start the shell on a terminal; each is ended with the test."""
        file = tmp_path / "typed.yaml"
        file.write_text("zones:\n  local:\n    node_shell: true\n")
        env = {
            **environment,
            "ERL_EPMD_PORT": str(node.epmd_port),
            "KAZOO_COOKIE": node.cookie,
            "SUP_HOST": "localhost",
            "SUP_AMQP_URL": "",
            "TERM": "dumb",
        }
        started = []

        def start():
            words = ["--config", str(file), "node", "shell"]
            terminal = pexpect.spawn(SUP, words, env=env, encoding="utf-8", timeout=600, dimensions=(40, 150))
            started.append(terminal)
            terminal.expect_exact(PROMPT)
            return terminal

        yield start
        for each in started:
            each.close(force=True)

    @pytest.fixture
    def shell(self, start):
        return start()

    def typed(self, shell, text):
        shell.sendline(text)
        shell.expect_exact(PROMPT)
        return STEERING.sub("", shell.before).partition("\n")[2]

    def leave(self, shell, words="q()."):
        shell.sendline(words)
        shell.expect(pexpect.EOF)
        shell.close()
        assert shell.exitstatus == 0

    def test_what_fails_does_not_end_it_and_variables_stay(self, shell):
        assert self.typed(shell, "A = 20.") == "20\n"
        assert "badarith" in self.typed(shell, "A / 0.")
        assert "syntax error" in self.typed(shell, "[A, .")
        assert self.typed(shell, "A + 1.") == "21\n"
        self.leave(shell)

    def test_an_expression_over_several_lines_has_another_prompt(self, shell):
        shell.sendline("lists:sum([1,")
        shell.expect_exact(MORE)
        assert self.typed(shell, "2]).") == "3\n"

    def test_modules_and_their_functions_are_completed(self, shell):
        shell.send("probe_m\t")
        shell.expect_exact("probe_maintenance:")
        shell.send("ans\t")
        shell.expect_exact("answer(")
        assert '{ok,<<"x">>}' in self.typed(shell, '<<"x">>).')

    def test_completion_inside_an_expression_and_of_what_there_is_not(self, shell):
        shell.send("Found = erlang:binary_to_int\t")
        shell.expect_exact("erlang:binary_to_integer(")
        assert "42" in self.typed(shell, '<<"42">>).')
        shell.send("nosuch_module:x\t")
        assert "undef" in self.typed(shell, "().")

    def test_earlier_lines_come_back_in_the_next_shell(self, shell, start, environment):
        self.typed(shell, "Remembered = 17.")
        self.leave(shell)
        [history] = Path(environment["HOME"]).rglob("node_shell")
        assert stat.S_IMODE(history.stat().st_mode) == 0o600
        assert history.read_text() == "Remembered = 17.\nq().\n"
        again = start()
        again.send("\x1b[A\x1b[A")
        again.expect_exact("Remembered = 17.")
        assert self.typed(again, "") == "17\n"

    def test_what_is_asked_for_is_read_from_the_terminal(self, shell):
        shell.sendline("probe_maintenance:name().")
        shell.expect_exact("name? ")
        assert "hello Zoe\nok\n" in self.typed(shell, "Zoe")

    def test_answers_are_not_kept_among_the_lines(self, shell, environment):
        shell.sendline("probe_maintenance:name().")
        shell.expect_exact("name? ")
        self.typed(shell, "hunter2")
        shell.sendline("halt().")
        shell.expect_exact("end kazoo_apps@localhost itself")
        self.typed(shell, "n")
        self.leave(shell)
        [history] = Path(environment["HOME"]).rglob("node_shell")
        assert history.read_text() == "probe_maintenance:name().\nhalt().\nq().\n"

    def test_ctrl_c_gives_up_the_line_and_ctrl_d_leaves(self, shell):
        shell.send("never:done(")
        shell.expect_exact("never:done(")
        # Python notices a signal that comes just before it waits for a key only at the end of the line.
        until(lambda: waits(shell.pid), "the shell to wait for a key")
        shell.sendintr()
        shell.expect_exact(PROMPT)
        assert self.typed(shell, "node().") == "kazoo_apps@localhost\n"
        shell.sendeof()
        shell.expect(pexpect.EOF)
        shell.close()
        assert shell.exitstatus == 0

    def test_what_halts_the_node_is_asked_about_and_no_does_not_end_the_shell(self, shell):
        shell.sendline("halt().")
        shell.expect_exact("end kazoo_apps@localhost itself")
        assert "nothing was done" in self.typed(shell, "n")
        assert self.typed(shell, "node().") == "kazoo_apps@localhost\n"

    def test_ctrl_c_gives_up_waiting_and_what_the_shell_knows_stays(self, shell):
        assert self.typed(shell, "Kept = 5.") == "5\n"
        shell.sendline('probe_maintenance:steps(<<"1">>), timer:sleep(600000).')
        shell.expect_exact("step 1\r\n")
        shell.sendintr()
        shell.expect_exact("** interrupted: what was begun goes on there, and is not waited for\r\n")
        shell.expect_exact(PROMPT)
        assert self.typed(shell, "Kept + 1.") == "6\n"
        self.leave(shell)

    def test_ctrl_c_while_input_is_asked_for_ends_it(self, shell):
        shell.sendline("probe_maintenance:name().")
        shell.expect_exact("name? ")
        until(lambda: waits(shell.pid), "the shell to wait for a line")
        shell.sendintr()
        shell.expect(pexpect.EOF)
        shell.close()
        assert shell.exitstatus == 130

"""What only people see: on a terminal there are counts, progress and questions; elsewhere there is none of it."""

from __future__ import annotations

import os
import re
import signal
from urllib.parse import urlsplit

import pexpect
import pytest
from servers import SUP
from tcp_proxy import TcpProxy

from kazoo_sup.lab.seed import ACCOUNT

pytestmark = pytest.mark.integration

GENERATE = ("kazoo_number_manager_maintenance", "generate_numbers", "managed", ACCOUNT, "2223334000")
SET = ("kapps_config", "set_default", "c", "k", "v")


LONG = "6000"  # at least two rounds of parallel saves, each longer than the second that a bar waits


@pytest.fixture
def slowly(at, cluster):
    """Give `sup` with the seeded CouchDB, far away."""
    parts = urlsplit(cluster)
    with TcpProxy(parts.hostname, parts.port) as proxy:
        proxy.delay(0.2)
        yield lambda *words, **more: at(*words, env={"SUP_COUCHDB_URL": f"http://127.0.0.1:{proxy.port}"}, **more)


class TestCounts:
    def test_a_terminal_is_told_how_many(self, at):
        assert at(*GENERATE, "5", tty=True).stdout.endswith("ok\nsup: 5 created\n")
        assert at(*GENERATE, "5", tty=True).stdout.endswith("ok\nsup: 5 unchanged\n")

    def test_a_dry_run_says_what_would_be(self, at):
        assert at("--dry-run", *GENERATE, "2", tty=True).stdout.endswith("sup: would be 2 created\n")

    def test_elsewhere_there_is_the_answer_alone(self, at):
        done = at("-q", *GENERATE, "5")
        assert (done.stdout, done.stderr) == ("ok\n", "")


class TestWarnings:
    def test_they_are_shown_on_a_terminal_and_elsewhere_on_standard_error(self, at):
        told = "sup: 1 change event could not be published (no broker is configured)"
        assert told in at(*SET, tty=True).stdout
        done = at(*SET[:-1], "w")
        assert done.stderr.startswith(told)
        assert told not in done.stdout

    def test_not_if_it_shall_be_quiet(self, at):
        assert "could not be published" not in at("-q", *SET, tty=True).stdout


class TestProgress:
    BAR = re.compile(r"generating numbers .*[0-9]+/6000")

    def test_a_long_run_shows_it_on_a_terminal_and_wipes_it_away(self, slowly):
        shown = slowly(*GENERATE, LONG, tty=True).stdout
        assert self.BAR.search(shown)
        assert "\x1b[2K" in shown.partition("generating numbers")[2], "it was not wiped"
        assert "ok\n" in shown

    def test_a_short_run_shows_none(self, at):
        assert "generating numbers" not in at(*GENERATE, "50", tty=True).stdout

    def test_nor_does_a_long_one_without_a_terminal(self, slowly):
        done = slowly(*GENERATE, LONG)
        assert "generating" not in done.stdout + done.stderr

    def test_nor_if_it_shall_be_quiet(self, slowly):
        assert "generating" not in slowly("-q", *GENERATE, LONG, tty=True).stdout

    def test_an_envelope_on_standard_output_is_not_disturbed(self, environment, cluster, tmp_path):
        import json
        import subprocess

        ours, theirs = os.openpty()
        env = {**environment, "SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": "", "TERM": "xterm"}
        done = subprocess.run(
            [SUP, "-f", "json", *GENERATE, "3000"], env=env, stdout=subprocess.PIPE, stderr=theirs, check=False
        )
        os.close(theirs)
        os.close(ours)
        assert json.loads(done.stdout)["counts"] == {"created": 3000}


class TestQuestions:
    CLEAR = ("outbox", "clear")

    @pytest.fixture
    def waiting(self, at):
        """Let one event wait, and give a function that tells whether it still does."""
        at(*SET)
        return lambda: "doc_created" in at("outbox", "list").stdout

    def test_yes_is_done(self, at, waiting):
        done = at(*self.CLEAR, tty=True, input="y\n")
        assert "This will throw away 1 change events of zone local. Go on? [y/N]" in done.stdout
        assert done.code == 0
        assert not waiting()

    @pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
    def test_anything_else_is_not(self, at, waiting, answer):
        done = at(*self.CLEAR, tty=True, input=answer)
        assert done.code in (3, 130)
        assert "defect" not in done.stdout
        assert waiting()

    def test_who_said_yes_before_is_not_asked(self, at, waiting):
        done = at("-y", *self.CLEAR, tty=True)
        assert (done.code, "Go on?" in done.stdout) == (0, False)
        assert not waiting()

    def test_nor_is_a_dry_run_and_it_throws_nothing_away(self, at, waiting):
        done = at("--dry-run", *self.CLEAR, tty=True)
        assert (done.code, "Go on?" in done.stdout) == (0, False)
        assert waiting()

    def test_without_a_terminal_it_is_refused_with_what_it_takes(self, at, waiting):
        done = at(*self.CLEAR)
        assert (done.code, done.stdout) == (3, "")
        assert "it takes --yes" in done.stderr
        assert waiting()

    def test_ctrl_c_at_the_question(self, environment, cluster, waiting):
        env = {**environment, "SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": "", "TERM": "dumb"}
        terminal = pexpect.spawn(SUP, [*self.CLEAR], env=env, encoding="utf-8", timeout=60)
        terminal.expect(r"Go on\?")
        terminal.sendintr()
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert "sup: interrupted" in terminal.before
        assert terminal.exitstatus == 130
        assert waiting()


def test_ctrl_c_on_a_terminal_ends_a_long_run_in_one_sentence(environment, cluster):
    parts = urlsplit(cluster)
    with TcpProxy(parts.hostname, parts.port) as proxy:
        proxy.delay(0.15)
        env = {**environment, "SUP_COUCHDB_URL": f"http://127.0.0.1:{proxy.port}", "SUP_AMQP_URL": "", "TERM": "xterm"}
        terminal = pexpect.spawn(SUP, [*GENERATE, "20000"], env=env, encoding="utf-8", timeout=60)
        terminal.expect("generating numbers")
        terminal.kill(signal.SIGINT)
        terminal.expect("sup: interrupted\r\n")
        said = terminal.before
        terminal.expect(pexpect.EOF)
        terminal.close()
    assert terminal.exitstatus == 130
    assert "Traceback" not in said

"""What only people see: on a terminal there are counts, progress and questions; elsewhere there is none of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from urllib.parse import urlsplit

import pexpect
import pytest
import requests

from helpers.real_servers import SUP, until, waits
from helpers.tcp_proxy import TcpProxy
from kazoo_sup.lab.seed import ACCOUNT

pytestmark = pytest.mark.integration

GENERATE = ("kazoo_number_manager_maintenance", "generate_numbers", "managed", ACCOUNT, "2223334000")
SET = ("kapps_config", "set_default", "c", "k", "v")


LONG = "6000"  # at least two rounds of parallel saves, each longer than the second that a bar waits


def address(url):
    """Return host and port of a URL, as they are shown."""
    return urlsplit(url).netloc.rpartition("@")[2]


@pytest.fixture
def slowly(at, cluster):
    """Give `sup` with the seeded CouchDB, far away."""
    with TcpProxy.before(cluster) as proxy:
        proxy.delay(0.2)
        yield lambda *words, **more: at(*words, env={"SUP_COUCHDB_URL": proxy.url(cluster)}, **more)


class TestCounts:
    def test_a_terminal_is_told_how_many(self, at):
        assert at(*GENERATE, "5", tty=True).stdout.endswith("ok\nsup: 5 created\n")
        assert at(*GENERATE, "5", tty=True).stdout.endswith("ok\nsup: 5 unchanged\n")

    def test_a_dry_run_says_what_would_be(self, at):
        assert at("--dry-run", *GENERATE, "2", tty=True).stdout.endswith(
            "sup: would be 2 created\nsup: dry run: nothing was changed\n"
        )

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
        shown = slowly("-y", *GENERATE, LONG, tty=True).stdout
        assert self.BAR.search(shown)
        assert "\x1b[2K" in shown.partition("generating numbers")[2], "it was not wiped"
        assert "ok\n" in shown

    def test_a_short_run_shows_none(self, at):
        assert "generating numbers" not in at(*GENERATE, "50", tty=True).stdout

    def test_nor_does_a_long_one_without_a_terminal(self, slowly):
        done = slowly(*GENERATE, LONG)
        assert "generating" not in done.stdout + done.stderr

    def test_nor_if_it_shall_be_quiet(self, slowly):
        assert "generating" not in slowly("-qy", *GENERATE, LONG, tty=True).stdout

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


def unwrapped(shown):
    """Return what a terminal shows without the ends of its lines."""
    return re.sub(r"\r?\n", "", shown)


class TestManyNumbers:
    """A digit too many is asked about; a script is not held up by what may be meant."""

    def count(self, cluster):
        answer = requests.get(f"{cluster}/numbers%2Fmanaged", timeout=600)
        return answer.json()["doc_count"] if answer.ok else 0

    def test_somebody_who_looks_on_is_asked_in_which_cluster(self, at, cluster):
        done = at(*GENERATE, "5001", tty=True, input="n\n")
        assert done.code == 3
        assert f"CouchDB at {address(cluster)}). Go on?" in unwrapped(done.stdout)
        assert self.count(cluster) == 0

    def test_a_script_goes_on(self, at, cluster):
        assert at(*GENERATE, "5001").code == 0
        assert self.count(cluster) > 5001

    def test_what_would_take_hours_takes_a_yes_of_a_script_too(self, at, cluster):
        done = at(*GENERATE, "99999999")
        assert done.code == 3
        assert "create 99999999 numbers" in done.stderr
        assert f"CouchDB at {address(cluster)}); nothing was done, it takes --yes" in done.stderr
        assert self.count(cluster) == 0

    def test_so_does_a_range(self, at):
        done = at("number", "create", "+12223330000..+12233329999", ACCOUNT)
        assert done.code == 3
        assert "it takes --yes" in done.stderr
        done = at("number", "reserve", "+12223330000..+12223335555", ACCOUNT, tty=True, input="n\n")
        assert done.code == 3
        assert "Go on?" in done.stdout


class TestSaved:
    """A run that is ended by a signal says what was saved."""

    SAID = re.compile(r"(\d+) documents were saved before that")

    @pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
    def test_a_signal(self, environment, cluster, sent, code):
        env = {**environment, "SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": ""}
        command = [SUP, "-y", "-f", "json", *GENERATE, "99999999"]
        started = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        seen = iter(started.stdout.readline, "")
        next(line for line in seen if '"+2223334001"' in line)
        started.send_signal(sent)
        out, err = started.communicate(timeout=600)
        assert started.returncode == code
        assert self.SAID.search(err)
        assert self.SAID.search(out), "the envelope has it, too"


class TestQuestions:
    CLEAR = ("outbox", "clear")

    @pytest.fixture
    def waiting(self, at):
        """Let one event wait, and give a function that tells whether it still does."""
        at(*SET)
        return lambda: "doc_created" in at("outbox", "list").stdout

    def test_yes_is_done(self, at, cluster, waiting):
        done = at(*self.CLEAR, tty=True, input="y\n")
        assert "This will throw away 1 change event" in done.stdout
        assert f"(zone local, CouchDB at {address(cluster)}). Go on? [y/N]" in unwrapped(done.stdout)
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
        terminal = pexpect.spawn(SUP, [*self.CLEAR], env=env, encoding="utf-8", timeout=600)
        terminal.expect_exact("[y/N]: ")
        until(lambda: waits(terminal.pid), "an answer to be waited for")
        terminal.sendintr()
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert "sup: interrupted" in terminal.before
        assert terminal.exitstatus == 130
        assert waiting()


def test_ctrl_c_on_a_terminal_ends_a_long_run_in_one_sentence(environment, cluster):
    with TcpProxy.before(cluster) as proxy:
        proxy.delay(0.15)
        env = {**environment, "SUP_COUCHDB_URL": proxy.url(cluster), "SUP_AMQP_URL": "", "TERM": "xterm"}
        terminal = pexpect.spawn(SUP, ["-y", *GENERATE, "20000"], env=env, encoding="utf-8", timeout=600)
        terminal.expect("generating numbers")
        terminal.kill(signal.SIGINT)
        terminal.expect("sup: interrupted\r\n")
        said = terminal.before
        terminal.expect(pexpect.EOF)
        terminal.close()
    assert terminal.exitstatus == 130
    assert "Traceback" not in said

"""FreeSWITCH servers that stop in the middle, say nothing or talk rubbish: one sentence, an exit code, no traceback."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import threading

import pytest

from helpers.esl_server import EslServer, channel
from helpers.real_servers import AMPLE_SECONDS, START_SECONDS, SUP, until

pytestmark = pytest.mark.integration

HEAD = 180
"""Bytes that are sent before the body of an answer, about."""

BRIEF = 1
"""Seconds until a server is given up of which nothing is to be seen."""


@pytest.fixture
def freeswitch():
    with EslServer() as server:
        for number in range(300):
            row = channel(number)
            server.channels[row["uuid"]] = row
        yield server


@pytest.fixture
def settings(tmp_path, environment):
    """Return a function that returns an environment with servers, each given up after PATIENCE seconds."""

    def write(*urls, patience=START_SECONDS):
        file = tmp_path / "sup.yaml"
        servers = "".join(f'      fs{number}: "{url}"\n' for number, url in enumerate(urls, 1))
        timeouts = f"    timeouts: {{connect: {patience}, read: {patience}}}\n"
        file.write_text(f"zones:\n  local:\n    freeswitch:\n{servers}{timeouts}", encoding="utf-8")
        return {**environment, "SUP_CONFIG": str(file)}

    return write


def told_well(done):
    """Check that a run ended with one sentence of ours."""
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr
    assert done.stderr.startswith("sup: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("octets", [0, 10, 30, 70, 100, 150])
def test_a_server_that_ends_before_its_answer(sup, settings, freeswitch, octets):
    freeswitch.cut_after = octets
    done = sup("freeswitch", "channels", env=settings(freeswitch.url))
    assert (done.code, done.stdout) == (3, "")
    told_well(done)


@pytest.mark.parametrize("octets", [0, 10, 30, 70, 100])
def test_a_server_that_falls_silent_before_its_answer(sup, settings, freeswitch, octets):
    freeswitch.silent_after = octets
    done = sup("freeswitch", "channels", env=settings(freeswitch.url, patience=BRIEF))
    assert (done.code, done.stdout) == (4, "")
    told_well(done)


@pytest.mark.parametrize("way", ["cut_after", "silent_after"])
@pytest.mark.parametrize("octets", [HEAD + 200_000, HEAD + 250_000])
def test_a_listing_that_breaks_off_is_partly_there(sup, settings, freeswitch, way, octets):
    setattr(freeswitch, way, octets)
    done = sup("freeswitch", "channels", "-f", "json", env=settings(freeswitch.url, patience=AMPLE_SECONDS))
    answer = json.loads(done.stdout)
    assert (done.code, answer["exit_code"], answer["errors"][0]["id"]) == (5, 5, "PartlyListed")
    assert 0 < len(answer["rows"]) < 300
    told_well(done)


def test_the_listing_of_one_does_not_take_that_of_the_other_along(sup, settings, freeswitch):
    with EslServer() as other:
        other.channels["x"] = channel(uuid="x")
        freeswitch.cut_after = HEAD + 200_000
        done = sup("freeswitch", "channels", "-f", "json", env=settings(freeswitch.url, other.url))
    assert done.code == 5
    assert json.loads(done.stdout)["rows"][-1]["uuid"] == "x"
    told_well(done)


def test_a_silent_server_does_not_hide_the_others(sup, settings, freeswitch):
    with EslServer() as silent:
        silent.silent_after = 0
        env = settings(freeswitch.url, silent.url, patience=AMPLE_SECONDS)
        done = sup("freeswitch", "status", "-f", "json", env=env)
    answer = json.loads(done.stdout)
    assert (done.code, answer["status"]) == (5, "partial")
    assert [row["server"] for row in answer["rows"]] == ["fs1"]
    assert [error["id"] for error in answer["errors"]] == ["TimedOut"]


@pytest.mark.parametrize("rubbish", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\xff" * 100_000, b"\n" * 100, b""])
def test_a_server_of_another_kind(sup, settings, rubbish):
    def talk(listener):
        client, _ = listener.accept()
        with client, contextlib.suppress(OSError):
            client.sendall(rubbish)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=talk, args=(listener,))
        thread.start()
        done = sup("freeswitch", "channels", env=settings(f"esl://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join()
    assert (done.code, done.stdout) == (3, "")
    told_well(done)


@pytest.mark.parametrize(
    "answer", ["", "0 total.\n", "\0\xff", '{"row_count":5}', '{"row_count":1,"rows":[[]]}', "<xml/>", "[" * 100_000]
)
def test_an_answer_that_is_no_listing(sup, settings, freeswitch, answer):
    freeswitch.answers["show"] = answer
    done = sup("freeswitch", "channels", env=settings(freeswitch.url))
    assert done.code in (3, 5)
    told_well(done)


@pytest.mark.parametrize("answer", ["\0\xff", "[" * 100_000, "<a>", '{"a":', "9" * 10_000])
@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("uuid_dump", "x"),
        ("conference", "list"),
        ("sofia_status",),
        ("sofia_status", "x"),
        ("gateways",),
        ("acl_test", "192.0.2.1", "lan"),
    ],
)
def test_an_answer_that_cannot_be_understood(sup, settings, freeswitch, words, answer):
    freeswitch.run = lambda command: answer
    done = sup("freeswitch", *words, env=settings(freeswitch.url))
    assert (done.code, done.stdout) == (3, "")
    told_well(done)


def test_an_answer_of_more_than_the_limit(sup, settings, freeswitch):
    freeswitch.answers["show"] = "x" * 2_000_000
    done = sup("freeswitch", "channels", "--limit", "1", env=settings(freeswitch.url))
    assert (done.code, done.stdout) == (3, "")
    told_well(done)


def test_byte_by_byte_it_is_the_same(sup, settings, freeswitch):
    for name in list(freeswitch.channels)[3:]:
        del freeswitch.channels[name]
    whole = sup("freeswitch", "channels", env=settings(freeswitch.url))
    freeswitch.piece = 1
    assert sup("freeswitch", "channels", env=settings(freeswitch.url)) == whole
    assert whole.code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_waits_can_be_ended(settings, freeswitch, number, code):
    ended = threading.Event()
    freeswitch.answers["originate"] = lambda command: str(ended.wait(START_SECONDS))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [SUP, "freeswitch", "originate", "loopback/1", "1"]
    with subprocess.Popen(command, env=settings(freeswitch.url), **pipes) as waiting:
        until(lambda: [line for line in freeswitch.received if line.startswith("bgapi")], "the command")
        waiting.send_signal(number)
        _, said = waiting.communicate(timeout=START_SECONDS)
        ended.set()
    assert waiting.returncode == code
    assert said in ("sup: interrupted\n", "sup: terminated\n")


def test_a_reader_that_leaves_ends_the_listing(settings, freeswitch):
    with subprocess.Popen(
        [SUP, "freeswitch", "channels", "-f", "json"],
        env=settings(freeswitch.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as listing:
        listing.stdout.read(100)
        listing.stdout.close()
        said = listing.stderr.read()
    assert (listing.returncode, said) == (141, b"")


def test_dash_t_ends_what_waits(sup, settings, freeswitch):
    environment = settings(freeswitch.url)
    done = sup("freeswitch", "-t", "1", "events", "DTMF", env=environment)
    assert (done.code, done.stdout) == (4, "")
    told_well(done)

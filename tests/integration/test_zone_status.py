"""`sup zone` on a zone of thirty endpoints, of which a third is dead, and on zones that answer nonsense."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess

import pika
import pytest
import yaml

from helpers.byte_server import ByteServer
from helpers.esl_server import EslServer
from helpers.kazoo_nodes import KazooNode
from helpers.real_servers import AMPLE_SECONDS, START_SECONDS, SUP, free_port, running, until
from helpers.zone_bench import ZoneBench
from kazoo_sup.kazoo.zone.health import nodes

pytestmark = pytest.mark.integration

COMPONENTS = {
    "kamailio",
    "dispatcher",
    "freeswitch",
    "gateways",
    "broker",
    "rabbitmq",
    "queues",
    "kazoo",
    "couchdb",
    "couchdb node",
    "haproxy",
    "backend",
    "crossbar",
    "monster_ui",
}
DEADLINE = ("--deadline", str(2 * AMPLE_SECONDS))
"""Enough for whoever lives; the silent ones are waited for as long."""


@pytest.fixture
def bench(monkeypatch, tmp_path, rabbitmq, haproxy, couchdb_url, kamailio):
    monkeypatch.setattr(nodes, "_MARGIN", AMPLE_SECONDS / 2)
    directory = tmp_path / "bench"
    directory.mkdir()
    with ZoneBench(
        directory, rabbitmq=rabbitmq, haproxy=haproxy, couchdb_url=couchdb_url, kamailio=kamailio
    ) as started:
        yield started


@pytest.fixture
def zone(tmp_path, sup):
    """A function that runs `sup zone WORDS…` with a settings file of these zones."""
    file = tmp_path / "sup.yaml"

    def run(zones, *words, **more):
        empty = {"amqp": [], "couchdb": f"http://127.0.0.1:{free_port()}"}
        given = {name: {**empty, **found} for name, found in zones.items()}
        file.write_text(yaml.safe_dump({"zones": given}), encoding="utf-8")
        file.chmod(0o600)
        return sup("zone", *words, "--config", str(file), **more)

    return run


def states(done, *kinds):
    rows = json.loads(done.stdout)["rows"]
    return {row["name"]: row["state"] for row in rows if row["component"] in kinds}


class TestThirtyEndpoints:
    def test_every_one_has_its_state_and_the_dead_keep_nobody_back(self, bench, sup, rabbitmq):
        assert len(bench.names) == 30
        until(rabbitmq.tells_all, "RabbitMQ's statistics")
        done = sup("zone", "status", "--config", str(bench.file), "-f", "json", *DEADLINE)
        rows = json.loads(done.stdout)["rows"]
        assert {row["component"] for row in rows} == COMPONENTS
        found = {}
        for row in rows:
            found.setdefault(row["name"], []).append(row["state"])
        assert set(bench.names) <= set(found)
        troubled = {name for name in bench.names if set(found[name]) & {"critical", "unknown"}}
        dead = [*bench.names[6:9], *bench.names[14:16], *bench.names[18:20], bench.names[22], bench.names[24]]
        assert troubled == {*dead, bench.names[26], bench.names[29]}
        assert found["kazoo_apps@apps1.example.com"] == ["ok"]
        assert found["kazoo_apps@apps2.example.com"] == ["critical"]
        assert (done.code, json.loads(done.stdout)["exit_code"]) == (3, 3)

    def test_silent_servers_are_given_up_after_the_deadline(self, bench, sup):
        done = sup("zone", "status", "--config", str(bench.file), "--deadline", "2", "-f", "json")
        assert done.code == 3  # others refuse their connections
        assert states(done, "freeswitch")["fs8.example.com"] == "unknown"  # it had only a moment
        assert len(json.loads(done.stdout)["rows"]) >= len(bench.names)

    def test_plain_rows_are_aligned_and_say_the_same(self, bench, sup):
        done = sup("zone", "status", "--config", str(bench.file), *DEADLINE)
        head, *lines = done.stdout.splitlines()
        assert head.split() == ["zone", "component", "name", "state", "summary"], done
        at = head.index("state")
        assert {line[at:].split()[0] for line in lines} >= {"ok", "critical", "unknown"}
        assert re.fullmatch(r"sup: \d+ critical, (\d+ warning, )?\d+ unknown of \d+\n", done.stderr)

    def test_on_a_terminal_it_is_one_screen(self, bench, sup):
        done = sup(
            "zone", "status", "--config", str(bench.file), *DEADLINE, tty=True, env={"COLUMNS": "100", "LINES": "45"}
        )
        assert done.code == 3
        page = done.stdout.split("\nsup: ")[0].splitlines()
        assert len(page) <= 45
        assert "critical" in page[0]
        assert "\x1b[" in page[0]
        assert any("fs1, fs2, fs3" in line for line in page)


class TestWatching:
    def test_rows_are_printed_again_until_it_is_interrupted(self, zone, tmp_path, environment):
        zone({"east": {}}, "status")
        command = [SUP, "zone", "status", "--watch", "0.2", "--config", str(tmp_path / "sup.yaml"), *DEADLINE]
        with running(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            seen = 0
            for line in run.stdout:
                seen += line.startswith("zone ")
                if seen == 3:
                    run.send_signal(signal.SIGINT)
                    break
            run.stdout.read()
            assert (run.wait(START_SECONDS), run.stderr.read()) == (130, "sup: interrupted\n")

    def test_a_terminal_is_redrawn(self, zone, tmp_path, environment):
        zone({"east": {}}, "status")
        command = [SUP, "zone", "status", "--watch", "0.2", "--config", str(tmp_path / "sup.yaml"), *DEADLINE]
        ours, theirs = pty.openpty()
        with running(
            command,
            env={**environment, "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as run:
            os.close(theirs)
            said = b""
            while said.count(b"\x1b[1A") < 5:  # the cursor goes up, to draw over what was there
                said += os.read(ours, 65_536)
            run.send_signal(signal.SIGINT)
            with contextlib.suppress(OSError):
                while more := os.read(ours, 65_536):
                    said += more
            assert run.wait(START_SECONDS) == 130
        os.close(ours)
        assert b"connection refused" in said

    def test_a_node_is_known_once_it_was_heard(self, rabbitmq, zone, tmp_path, environment):
        settings = {"east": {"amqp": rabbitmq.url, "kazoo_nodes": ["kazoo_apps@late.example.com"]}}
        zone(settings, "status")
        command = [SUP, "zone", "status", "--watch", "0.1", "--config", str(tmp_path / "sup.yaml"), "-f", "json"]
        advert = {"WhApps": {"callflow": {}}, "Expires": 15_000}
        with running(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            rows = (json.loads(line.strip().rstrip(",")) for line in run.stdout if '"kazoo_apps@late' in line)
            assert next(rows)["state"] == "unknown"
            with KazooNode(rabbitmq.url, "kazoo_apps@late.example.com", advert=advert):
                assert any(row["state"] == "ok" for row in rows)
            assert next(rows)["state"] == "ok"  # for a while after it was heard last
            run.send_signal(signal.SIGINT)
            run.stdout.read()
            assert run.wait(START_SECONDS) == 130

    def test_a_broker_that_goes_away_is_heard_again_when_it_is_back(self, broker, zone, tmp_path, environment):
        zone({"east": {"amqp": broker.url, "kazoo_nodes": ["kazoo_apps@a.example.com"]}}, "status")
        command = [SUP, "zone", "status", "--watch", "0.1", "--config", str(tmp_path / "sup.yaml"), "-f", "json"]
        with running(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            rows = (json.loads(line.strip().rstrip(",")) for line in run.stdout if '"kazoo_apps@a.' in line)
            assert next(rows)["summary"].startswith("not heard within")
            broker.stop()
            assert any("no node can be heard" in row["summary"] for row in rows)
            broker.start()
            assert any(row["summary"].startswith("not heard within") for row in rows)
            run.send_signal(signal.SIGINT)
            run.stdout.read()
            assert run.wait(START_SECONDS) == 130


class TestZones:
    def test_every_zone_is_shown_and_none_need_be_the_default(self, zone):
        done = zone({"east": {}, "west": {}}, "status", "-f", "json")
        assert {row["zone"] for row in json.loads(done.stdout)["rows"]} == {"east", "west"}

    def test_one_is_shown_when_it_is_named(self, zone):
        for named in ({"words": ("-z", "west")}, {"env": {"SUP_ZONE": "west"}}):
            done = zone(
                {"east": {}, "west": {}}, "status", "-f", "json", *named.get("words", ()), env=named.get("env", {})
            )
            assert {row["zone"] for row in json.loads(done.stdout)["rows"]} == {"west"}

    def test_a_zone_that_is_not_there_is_refused(self, zone):
        done = zone({"east": {}}, "status", "-z", "wets")
        assert (done.code, done.stdout) == (1, "")
        assert "there is no zone 'wets'" in done.stderr

    @pytest.mark.parametrize(
        "words",
        [["status", "3"], ["status", "--deadline", "0"], ["doctor", "--deadline", "-1"], ["status", "x", "--watch"]],
    )
    def test_wrong_words_are_refused_before_anybody_is_asked(self, zone, words):
        done = zone({"east": {}}, *words)
        assert (done.code, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1


class TestExitCodes:
    @pytest.fixture
    def coordinator(self, couchdb_url):
        return {"couchdb": couchdb_url}

    def test_all_ok_is_0(self, zone, coordinator):
        with EslServer() as fs:
            done = zone(
                {"east": {**coordinator, "freeswitch": {"fs1": fs.url.replace("//", "//:ClueCon@")}}},
                "status",
                *DEADLINE,
            )
        assert (done.code, done.stderr) == (0, "")

    def test_a_warning_is_2(self, zone, coordinator):
        with EslServer() as fs:
            fs.answers["status"] = (
                fs.run("status")
                .replace("1000 session(s) max", "1 session(s) max")
                .replace("0 session(s) - peak", "1 session(s) - peak")
            )
            full = zone(
                {"east": {**coordinator, "freeswitch": {"fs1": fs.url.replace("//", "//:ClueCon@")}}},
                "status",
                *DEADLINE,
            )
            fs.answers["status"] = (
                fs.answers["status"]
                .replace("1 session(s) max", "1000 session(s) max")
                .replace("min idle cpu 0.00/97.20", "min idle cpu 0.00/3.20")
            )
            busy = zone(
                {"east": {**coordinator, "freeswitch": {"fs1": fs.url.replace("//", "//:ClueCon@")}}},
                "status",
                *DEADLINE,
            )
        assert (full.code, busy.code) == (3, 2)

    def test_what_could_not_be_found_out_is_5(self, zone, coordinator):
        with EslServer() as fs:
            done = zone(
                {"east": {**coordinator, "freeswitch": {"fs1": fs.url.replace("//", "//:wrong@")}}}, "status", *DEADLINE
            )
        assert done.code == 5
        assert "refused the credentials" in done.stdout


class TestNonsense:
    @pytest.mark.parametrize(
        "body",
        [
            b"{}",
            b"[]",
            b"null",
            b'"x"',
            b"[1]",
            b'{"items": [{}], "page_count": 1}',
            b'{"jsonrpc": "2.0", "result": []}',
        ],
    )
    def test_json_of_another_shape_troubles_only_its_own_row(self, zone, body):
        def answer(_request):
            yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
                len(body),
                body,
            )

        with ByteServer(answer) as nonsense, EslServer() as fs:
            url = f"http://127.0.0.1:{nonsense.port}"
            zones = {
                "couchdb": url,
                "rabbitmq_api": {"mq": url},
                "kamailio": {"p": f"{url}/RPC"},
                "crossbar": {"api": url},
                "monster_ui": {"ui": url},
                "freeswitch": {"fs1": fs.url.replace("//", "//:ClueCon@")},
            }
            done = zone({"east": zones}, "status", "-f", "json", *DEADLINE)
        assert states(done, "freeswitch") == {"fs1": "ok"}
        assert states(done, "kamailio", "crossbar", "monster_ui") == {"p": "unknown", "api": "unknown", "ui": "unknown"}
        assert "defect" not in done.stderr

    def test_a_freeswitch_that_sends_html_is_unknown(self, zone):
        with EslServer() as fs:
            fs.answers["status"] = "<html>no</html>"
            done = zone(
                {"east": {"freeswitch": {"fs1": fs.url.replace("//", "//:ClueCon@")}}},
                "status",
                "-f",
                "json",
                *DEADLINE,
            )
        assert states(done, "freeswitch") == {"fs1": "unknown"}


class TestRabbitMQ:
    def test_a_memory_alarm_is_critical(self, zone, rabbitmq):
        rabbitmq.control("set_vm_memory_high_watermark", "0.00001")
        settings = {"east": {"rabbitmq_api": {"mq": rabbitmq.api_url}}}
        try:
            until(
                lambda: states(zone(settings, "status", "-f", "json", *DEADLINE), "rabbitmq") == {"mq": "critical"},
                "the alarm to be shown",
            )
        finally:
            rabbitmq.control("set_vm_memory_high_watermark", "0.6")

    def test_a_queue_without_consumers_is_named(self, zone, rabbitmq):
        settings = {"east": {"amqp": rabbitmq.url, "rabbitmq_api": {"mq": rabbitmq.api_url}}}
        with pika.BlockingConnection(pika.URLParameters(rabbitmq.url)) as connection:
            channel = connection.channel()
            channel.queue_declare("notify_listener", exclusive=True)

            def named():
                rows = json.loads(zone(settings, "status", "-f", "json", *DEADLINE).stdout)["rows"]
                (queues,) = [row for row in rows if row["component"] == "queues"]
                return queues["state"] == "warning" and "notify_listener" in queues["details"]["without_consumers"]

            until(named, "the queue to be named")

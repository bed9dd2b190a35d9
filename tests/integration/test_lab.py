"""The lab's life: installed, started, found again, stopped, and never at another process's cost."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
from pathlib import Path

import pytest
import requests

from helpers.lab_server import link_packages
from helpers.real_servers import START_SECONDS, free_port
from kazoo_sup.errors import Declined, SettingsError, SupError
from kazoo_sup.lab import seed, server

pytestmark = pytest.mark.integration


def silent(_message):
    """Take a progress message and say nothing."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory, lab_cache):
    """Return one lab that several tests ask; none of them stops it."""
    place = tmp_path_factory.mktemp("shared")
    link_packages(place, lab_cache)
    yield server.start(place, free_port(), progress=silent)
    server.stop(place)


@pytest.fixture
def directory(tmp_path, lab_cache):
    place = tmp_path / "lab"
    place.mkdir()
    link_packages(place, lab_cache)
    yield place
    server.stop(place)


@pytest.fixture
def bystander():
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait(timeout=START_SECONDS)


def write_state(directory, pid, port=server.PORT):
    (directory / "lab.json").write_text(json.dumps({"pid": pid, "port": port}))


def test_a_started_lab_runs_in_the_background_and_is_filled(directory):
    told = []
    port = free_port()
    lab = server.start(directory, port, progress=told.append)
    assert told == ["starting the server", "creating databases and documents"]
    assert lab == server.status(directory)
    assert (lab.running, lab.url, lab.databases) == (True, f"http://127.0.0.1:{port}", len(seed.databases()))
    assert os.getsid(lab.pid) == lab.pid, "it would end with the terminal"
    realm = f"{lab.uri}/accounts/_design/accounts/_view/listing_by_realm"
    rows = requests.get(realm, params={"key": '"lab.example.com"'}, timeout=START_SECONDS).json()["rows"]
    assert [row["value"]["account_id"] for row in rows] == [seed.ACCOUNT]
    registered = f"{lab.uri}/system_data/_design/views/_view/views_by_classification"
    rows = requests.get(registered, params={"key": '"numbers/inum"'}, timeout=START_SECONDS).json()["rows"]
    assert [row["id"] for row in rows] == ["numbers/inum-kazoo_number_manager-numbers_inum"]
    assert "listening on" in lab.log.read_text()


class TestWhoMayAsk:
    """Another user of this machine, and a web page whose name leads to this machine, are turned away."""

    @pytest.mark.parametrize("login", [None, ("lab", ""), ("lab", "guess"), ("", ""), ("admin", "{password}")])
    @pytest.mark.parametrize("path", ["/", "/_up", "/_all_dbs", "/system_config/_all_docs"])
    def test_nobody_without_the_password(self, lab, login, path):
        auth = login and (login[0], login[1].format(password=lab.access.password))
        assert requests.get(f"{lab.url}{path}", auth=auth, timeout=START_SECONDS).status_code == 401

    @pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1.example.com:1", "169.254.0.1", "lab@evil", ""])
    def test_nobody_who_calls_it_by_another_name(self, lab, host):
        answer = requests.put(f"{lab.uri}/theirs", headers={"Host": host}, timeout=START_SECONDS)
        assert answer.status_code in {400, 403}
        assert requests.get(f"{lab.uri}/theirs", timeout=START_SECONDS).status_code == 404

    @pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "LOCALHOST:5984", "[::1]:15984"])
    def test_a_proxy_on_this_machine_may_stand_before_it(self, lab, host):
        assert requests.get(f"{lab.uri}/", headers={"Host": host}, timeout=START_SECONDS).ok

    def test_the_password_is_new_at_each_start_and_only_its_user_reads_it(self, directory):
        lab = server.start(directory, free_port(), progress=silent)
        for file in directory.glob("*.json"):
            assert file.stat().st_mode & 0o077 == 0, file
        assert lab.access.password not in repr(lab)
        server.stop(directory)
        again = server.start(directory, free_port(), progress=silent)
        assert again.access.password != lab.access.password
        assert requests.get(f"{again.uri}/", timeout=START_SECONDS).json()["uuid"] == lab.access.uuid

    def test_it_is_in_no_argument_of_the_server(self, lab):
        for name in ("cmdline", "environ"):
            assert lab.access.password.encode() not in Path(f"/proc/{lab.pid}/{name}").read_bytes()


class TestTheCodeOfDesignDocuments:
    """It runs, and reaches nothing but the document it was given."""

    @pytest.fixture
    def ask(self, lab):
        requests.delete(f"{lab.uri}/mine", timeout=START_SECONDS)
        requests.put(f"{lab.uri}/mine", timeout=START_SECONDS).raise_for_status()
        requests.put(f"{lab.uri}/mine/a", json={"n": 2}, timeout=START_SECONDS).raise_for_status()

        def ask(map_function, reduce_function=None, **more):
            views = {"v": {"map": map_function, **({"reduce": reduce_function} if reduce_function else {})}}
            place = f"{lab.uri}/mine/_design/{seed.ACCOUNT}"
            known = requests.get(place, timeout=START_SECONDS).json()
            design = {"views": views, **({"_rev": known["_rev"]} if "_rev" in known else {}), **more}
            requests.put(place, json=design, timeout=START_SECONDS).raise_for_status()
            return requests.get(f"{place}/_view/v", timeout=START_SECONDS).json()

        ask.lab = lab
        return ask

    @pytest.mark.parametrize(
        "reached",
        [
            "typeof process",
            "typeof require",
            "typeof globalThis.process",
            "typeof emit.constructor('return this')().process",
            "typeof emit.constructor.constructor('return process')",
            "typeof this.constructor.constructor('return this')().require",
            "typeof doc.constructor.constructor('return this')().fetch",
            "typeof isArray.constructor('return this')().WebAssembly",
        ],
    )
    def test_nothing_of_the_process_is_reached(self, ask, reached):
        [row] = ask(f"function(doc) {{ emit(1, {reached}); }}")["rows"]
        assert row["value"] in {"undefined", "function"}
        if row["value"] == "function":  # a function that would only be called
            assert ask(f"function(doc) {{ emit(1, ({reached.removeprefix('typeof ')})()); }}")["rows"] == []

    def test_one_that_does_not_end_is_ended_and_the_lab_goes_on(self, ask):
        assert ask("function(doc) { while (true) {} }")["error"] == "os_process_error"
        assert ask("function(doc) { emit(1, doc.n); }")["rows"] == [{"id": "a", "key": 1, "value": 2}]

    def test_one_that_takes_all_memory_is_ended_and_the_lab_goes_on(self, ask):
        ask("function(doc) { var all = []; while (true) { all.push(new Array(100000).fill(all.length)); } }")
        assert ask("function(doc) { emit(1, doc.n); }")["rows"] == [{"id": "a", "key": 1, "value": 2}]

    def test_reduce_functions_too(self, ask):
        twice = "function(keys, values, rereduce) { return 2 * sum(values); }"
        assert ask("function(doc) { emit(1, doc.n); }", twice)["rows"] == [{"key": None, "value": 4}]
        thrown = ask("function(doc) { emit(1, doc.n); }", "function() { throw new Error(typeof process); }")
        assert (thrown["error"], thrown["reason"]) == ("view_function_error", "undefined")

    def test_what_is_no_function_is_refused(self, ask):
        assert ask("function(doc) { emit(")["error"] == "compilation_error"
        assert ask("process.exit()")["error"] == "compilation_error"

    def test_filters_are_refused(self, ask):
        ask("function(doc) {}", filters={"f": "function(doc) { process.exit(); }"})
        place = f"{ask.lab.uri}/mine/_changes"
        for query in ({"filter": f"{seed.ACCOUNT}/f"}, {"filter": "_view", "view": f"{seed.ACCOUNT}/v"}):
            assert requests.get(place, params=query, timeout=START_SECONDS).status_code == 400
            assert requests.post(place, json=query, timeout=START_SECONDS).status_code == 400
        assert server.status(ask.lab.directory).running


def test_removing_it_leaves_nothing(directory):
    lab = server.start(directory, free_port(), progress=silent)
    assert server.remove(directory).running is False
    assert not directory.exists()
    assert not Path(f"/proc/{lab.pid}").exists()
    assert server.remove(directory).running is False


def test_a_directory_that_is_no_lab_is_not_removed(tmp_path):
    (tmp_path / "letters").write_text("dear")
    server.remove(tmp_path)
    assert (tmp_path / "letters").read_text() == "dear"


def test_its_port_is_none_that_kazoo_uses():
    assert server.PORT not in {*range(5984, 5988), *range(15984, 15988), 5672, 15672, 8000, 8443, 8021}


def test_starting_a_running_lab_leaves_it_and_its_data_alone(directory):
    lab = server.start(directory, free_port(), progress=silent)
    requests.put(f"{lab.uri}/mine", timeout=START_SECONDS).raise_for_status()
    told = []
    again = server.start(directory, free_port(), progress=told.append)
    assert (again.pid, again.url, again.databases) == (lab.pid, lab.url, lab.databases + 1)
    assert told == []


def test_it_listens_on_the_loopback_address_only(directory):
    port = free_port()
    server.start(directory, port, progress=silent)
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect(("127.0.0.2", port))


def test_stopping_ends_it_and_stopping_again_does_nothing(directory):
    lab = server.start(directory, free_port(), progress=silent)
    stopped = server.stop(directory)
    assert (stopped.running, stopped.pid, stopped.databases) == (False, None, None)
    assert not Path(f"/proc/{lab.pid}").exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(lab.uri, timeout=START_SECONDS)
    assert server.stop(directory).running is False
    assert not (directory / "lab.json").exists()


def test_what_attachments_leave_goes_with_it(directory):
    lab = server.start(directory, free_port(), progress=silent)
    boundary, content = "b" * 32, b"RIFF"
    stub = {"content_type": "audio/x-wav", "length": len(content), "follows": True}
    document = json.dumps({"_id": "greeting", "_attachments": {"greeting.wav": stub}})
    head = f"--{boundary}\r\nContent-Type: application/json\r\n\r\n{document}\r\n--{boundary}\r\n"
    head += f'Content-Disposition: attachment; filename="greeting.wav"\r\nContent-Length: {len(content)}\r\n\r\n'
    saved = requests.put(
        f"{lab.uri}/system_media/greeting",
        data=head.encode() + content + f"\r\n--{boundary}--".encode(),
        headers={"Content-Type": f'multipart/related; boundary="{boundary}"'},
        timeout=START_SECONDS,
    )
    assert saved.status_code == 201, saved.text
    assert list((directory / "tmp").iterdir())
    server.stop(directory)
    assert not (directory / "tmp").exists()


@pytest.mark.parametrize("made", [False, True])
def test_a_lab_that_was_never_started_is_not_running_and_leaves_no_trace(tmp_path, made):
    place = tmp_path / "none"
    if made:
        place.mkdir()
    for ask in (server.status, server.stop):
        assert ask(place).running is False
    assert list(tmp_path.rglob("*")) == ([place] if made else [])


@pytest.mark.parametrize(
    "installed", ["", "[]", '{"packages": {"": {}}}', '{"packages": {"node_modules/express": {}}}']
)
def test_packages_other_than_those_it_was_tried_with_do_not_count(tmp_path, installed):
    assert not server.packages_installed(tmp_path)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / ".package-lock.json").write_text(installed)
    assert not server.packages_installed(tmp_path)


def test_a_state_left_behind_by_a_dead_server_does_not_hinder_the_next(directory):
    with subprocess.Popen(["true"]) as dead:
        pass
    write_state(directory, dead.pid)
    assert server.status(directory).running is False
    assert server.start(directory, free_port(), progress=silent).running is True


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x", "port": 1}', '{"pid": null}'])
def test_a_state_that_makes_no_sense_counts_as_not_running(tmp_path, text):
    (tmp_path / "lab.json").write_text(text)
    assert server.status(tmp_path).running is False


def test_another_process_under_the_remembered_id_is_left_alone(tmp_path, bystander):
    write_state(tmp_path, bystander.pid)
    (tmp_path / "lock").touch()
    assert server.status(tmp_path).running is False
    assert server.stop(tmp_path).running is False
    assert bystander.poll() is None
    assert not (tmp_path / "lab.json").exists()


def test_the_server_of_another_directory_is_left_alone(directory, tmp_path):
    lab = server.start(directory, free_port(), progress=silent)
    (tmp_path / "second").mkdir()
    write_state(tmp_path / "second", lab.pid)
    (tmp_path / "second" / "lock").touch()
    assert server.stop(tmp_path / "second").running is False
    assert server.status(directory).running is True


def test_a_port_in_use_is_refused_before_anything_is_installed(tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(SettingsError, match="Address already in use; sup lab start PORT"),
    ):
        server.start(tmp_path / "lab", other.getsockname()[1], progress=silent)
    assert not list((tmp_path / "lab").glob("*.js*"))


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none_is_refused(tmp_path, port):
    with pytest.raises(SettingsError, match="ports are 1 to 65535"):
        server.start(tmp_path, port, progress=silent)


def test_a_start_while_another_is_under_way_is_declined(tmp_path):
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Declined, match="under way"):
            server.start(tmp_path, free_port(), progress=silent)


def test_a_server_that_ends_at_once_is_told_with_its_last_words(directory, monkeypatch):
    # Somebody takes the port between the check and the start.
    monkeypatch.setattr(server, "_check_port_is_free", silent)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        with pytest.raises(SupError, match="EADDRINUSE"):
            server.start(directory, other.getsockname()[1], progress=silent)
    assert server.status(directory).running is False


def test_nothing_keeps_running_when_the_seeding_fails(directory, monkeypatch):
    def fails(_url):
        raise SupError(reason="no room")

    monkeypatch.setattr(server, "seed", fails)
    with pytest.raises(SupError, match="no room"):
        server.start(directory, free_port(), progress=silent)
    assert server.status(directory).running is False
    assert not Path(f"/proc/{json.loads((directory / 'lab.json').read_text())['pid']}").exists()


def test_seeding_again_restores_what_is_missing_and_keeps_what_was_edited(directory):
    lab = server.start(directory, free_port(), progress=silent)
    config = f"{lab.uri}/system_config"
    edited = {**requests.get(f"{config}/accounts", timeout=START_SECONDS).json(), "edited": True}
    requests.put(f"{config}/accounts", json=edited, timeout=START_SECONDS).raise_for_status()
    gone = requests.get(f"{config}/ecallmgr", timeout=START_SECONDS).json()
    requests.delete(f"{config}/ecallmgr", params={"rev": gone["_rev"]}, timeout=START_SECONDS).raise_for_status()
    requests.delete(f"{lab.uri}/tasks", timeout=START_SECONDS).raise_for_status()
    seed.seed(lab.uri)
    assert requests.get(f"{config}/accounts", timeout=START_SECONDS).json()["edited"] is True
    assert requests.get(f"{config}/ecallmgr", timeout=START_SECONDS).json()["default"] == gone["default"]
    assert server.status(directory).databases == len(seed.databases())

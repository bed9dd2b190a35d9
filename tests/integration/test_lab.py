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
from servers import free_port, link_packages

from kazoo_sup.errors import Declined, SettingsError, SupError
from kazoo_sup.lab import seed, server

pytestmark = pytest.mark.integration


def silent(_message):
    """Take a progress message and say nothing."""


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
    process.wait(timeout=10)


def write_state(directory, pid, port=15984):
    (directory / "lab.json").write_text(json.dumps({"pid": pid, "port": port}))


def test_a_started_lab_runs_in_the_background_and_is_filled(directory):
    told = []
    port = free_port()
    lab = server.start(directory, port, progress=told.append)
    assert told == ["starting the server", "creating databases and documents"]
    assert lab == server.status(directory)
    assert (lab.running, lab.url, lab.databases) == (True, f"http://127.0.0.1:{port}", len(seed.databases()))
    assert os.getsid(lab.pid) == lab.pid, "it would end with the terminal"
    realm = f"{lab.url}/accounts/_design/accounts/_view/listing_by_realm"
    rows = requests.get(realm, params={"key": '"lab.example.com"'}, timeout=10).json()["rows"]
    assert [row["value"]["account_id"] for row in rows] == [seed.ACCOUNT]
    registered = f"{lab.url}/system_data/_design/views/_view/views_by_classification"
    rows = requests.get(registered, params={"key": '"numbers/inum"'}, timeout=10).json()["rows"]
    assert [row["id"] for row in rows] == ["numbers/inum-kazoo_number_manager-numbers_inum"]
    assert "listening on" in lab.log.read_text()


def test_starting_a_running_lab_leaves_it_and_its_data_alone(directory):
    lab = server.start(directory, free_port(), progress=silent)
    requests.put(f"{lab.url}/mine", timeout=10).raise_for_status()
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
        requests.get(lab.url, timeout=10)
    assert server.stop(directory).running is False
    assert not (directory / "lab.json").exists()


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
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(SettingsError, match="Address already in use"):
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
    config = f"{lab.url}/system_config"
    edited = {**requests.get(f"{config}/accounts", timeout=10).json(), "edited": True}
    requests.put(f"{config}/accounts", json=edited, timeout=10).raise_for_status()
    gone = requests.get(f"{config}/ecallmgr", timeout=10).json()
    requests.delete(f"{config}/ecallmgr", params={"rev": gone["_rev"]}, timeout=10).raise_for_status()
    requests.delete(f"{lab.url}/tasks", timeout=10).raise_for_status()
    seed.seed(lab.url)
    assert requests.get(f"{config}/accounts", timeout=10).json()["edited"] is True
    assert requests.get(f"{config}/ecallmgr", timeout=10).json()["default"] == gone["default"]
    assert server.status(directory).databases == len(seed.databases())

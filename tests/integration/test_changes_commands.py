"""`sup undo`, `redo`, `apply` and `confirm` end to end, on a real server."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from helpers.real_servers import SUP, until
from kazoo_sup.changes.confirming import Waiting
from kazoo_sup.lab.seed import ACCOUNT, ACCOUNT_DATABASE
from kazoo_sup.messages.names import encoded, plain

pytestmark = pytest.mark.integration

TIMEOUT = 600
PATIENCE = 600
STAMPS = ("_rev", "pvt_modified", "pvt_document_hash")


@pytest.fixture
def at(at):
    """Return `sup` without a broker, and without the events that would wait for one."""
    return lambda *words, **more: at(*words, "--no-events", **more)


@pytest.fixture
def everything(cluster):
    """Give a function that returns all documents of all databases but for revisions and stamps, by database and id."""

    def get():
        found = {}
        for name in requests.get(f"{cluster}/_all_dbs", timeout=TIMEOUT).json():
            if not name.startswith("_"):
                url = f"{cluster}/{quote(name, safe='')}/_all_docs?include_docs=true"
                rows = requests.get(url, timeout=TIMEOUT).json()["rows"]
                found[name] = {
                    row["id"]: {key: each for key, each in row["doc"].items() if key not in STAMPS} for row in rows
                }
        return found

    return get


@pytest.fixture
def state(environment):
    """Return the state directory of the runs."""
    return Path(environment["XDG_STATE_HOME"]) / "kazoo-sup"


def setting(stored, key="color"):
    return (stored("system_config", "crossbar") or {}).get("default", {}).get(key)


class TestUndo:
    def test_a_setting_goes_back_and_forth(self, at, stored, everything):
        before = everything()
        assert at("kapps_config", "set_default", "crossbar", "color", "red").code == 0
        done = at("undo")
        assert (done.code, done.stderr) == (0, "")
        assert "sup kapps_config set_default crossbar color red" in done.stdout
        assert everything() == before
        assert at("redo").code == 0
        assert setting(stored) == "red"
        assert at("-f", "json", "undo").code == 0
        assert everything() == before
        done = at("undo")
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr == "sup: the journal holds no run of this cluster that is not undone already\n"

    def test_numbers_and_their_copies_are_one_and_services_are_counted(self, at, stored, everything):
        assert at("kazoo_services_maintenance", "reconcile", ACCOUNT).code in (0, 2)
        before = everything()
        assert at("number", "create", "+14155550000..+14155550005", ACCOUNT, "--carrier", "local").code == 0
        between = everything()
        assert at("undo").code == 0
        assert {name: set(each) for name, each in everything().items()} == {
            name: set(each) for name, each in before.items()
        }
        assert at("redo").code == 0
        after = everything()
        assert after[plain(ACCOUNT_DATABASE)] == between[plain(ACCOUNT_DATABASE)]
        assert after["numbers/+1415"] == between["numbers/+1415"]

    def test_a_number_that_somebody_edited_is_left_alone_with_its_copy(self, at, stored, put, everything):
        at("number", "create", "+14155550000..+14155550002", ACCOUNT, "--carrier", "local")
        put("numbers/+1415", {**stored("numbers/+1415", "+14155550001"), "theirs": True})
        done = at("undo")
        assert done.code == 5
        assert "numbers%2F%2B1415/+14155550001: somebody edited it since; it is left alone" in done.stderr
        assert stored(ACCOUNT_DATABASE, "+14155550001")
        assert stored("numbers/+1415", "+14155550001")["theirs"] is True
        assert not stored(ACCOUNT_DATABASE, "+14155550000")
        assert not stored("numbers/+1415", "+14155550002")

    def test_the_dry_run_shows_the_difference(self, at, stored):
        at("kapps_config", "set_default", "crossbar", "color", "red")
        done = at("undo", "--dry-run")
        assert done.code == 0
        assert '-    "color": "red"' in done.stdout
        assert setting(stored) == "red"

    def test_options_that_exclude_each_other(self, at):
        assert at("undo", "--merge", "--force").code == 1

    def test_a_deleted_document_comes_back_with_its_attachment(self, at, cluster, stored, put):
        put(ACCOUNT_DATABASE, {"_id": "m1", "pvt_type": "media", "name": "m"})
        url = (
            f"{cluster}/{quote(plain(ACCOUNT_DATABASE), safe='')}/m1/a.mp3?rev={stored(ACCOUNT_DATABASE, 'm1')['_rev']}"
        )
        requests.put(url, data=b"sound", headers={"Content-Type": "audio/mpeg"}, timeout=TIMEOUT).raise_for_status()
        assert at("kapps_maintenance", "purge_doc_type", "media", ACCOUNT, "--yes").code in (0, 2)
        assert stored(ACCOUNT_DATABASE, "m1") is None
        assert at("undo").code == 0
        assert stored(ACCOUNT_DATABASE, "m1", "a.mp3") == b"sound"


class TestPlans:
    @pytest.fixture
    def file(self, at, tmp_path):
        path = tmp_path / "plan"
        done = at("kapps_config", "set_default", "crossbar", "smtp_password", "hunter2", "--plan", str(path))
        assert done.code == 0
        assert f"1 change in {path}" in done.stderr
        return path

    def test_it_is_carried_out_once(self, at, stored, file):
        assert setting(stored, "smtp_password") is None
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        done = at("apply", str(file))
        assert (done.code, done.stderr) == (0, "")
        assert setting(stored, "smtp_password") == "hunter2"
        again = at("apply", str(file))
        assert again.code == 1
        assert "was carried out at" in again.stderr
        assert at("undo").code == 0
        assert setting(stored, "smtp_password") is None

    def test_it_can_always_be_shown_without_its_secrets_and_without_a_server(self, at, file):
        at("apply", str(file))
        done = at("apply", str(file), "--show", env={"SUP_COUCHDB_URL": "http://127.0.0.1:1"})
        assert done.code == 0
        assert '+    "smtp_password": "****"' in done.stdout
        assert "hunter2" not in done.stdout + done.stderr

    def test_it_is_refused_when_a_document_has_changed(self, at, stored, put, file):
        put("system_config", {**(stored("system_config", "crossbar") or {"_id": "crossbar"}), "theirs": 1})
        done = at("apply", str(file))
        assert done.code == 1
        assert "have changed since this plan was made: system_config/crossbar; nothing was done" in done.stderr
        assert setting(stored, "smtp_password") is None

    @pytest.mark.parametrize(
        ("harm", "said"),
        [
            (lambda text: text.replace("hunter2", "hunter3"), "checksum"),
            (lambda text: text[: len(text) // 2], "not a plan"),
            (lambda text: text.rpartition('{"end"')[0], "cut off"),
            (lambda text: "x", "not a plan"),
            (lambda text: "", "cut off"),
            (lambda text: '{"plan":{"id":"1"}}\n{"end":{"sum":"x"}}\n', "checksum"),
        ],
    )
    def test_what_is_not_as_it_was_written_is_refused(self, at, stored, file, harm, said):
        file.write_text(harm(file.read_text()))
        done = at("apply", str(file))
        assert done.code == 1
        assert said in done.stderr
        assert setting(stored, "smtp_password") is None

    def test_nothing_that_is_there_is_overwritten(self, at, file):
        before = file.read_bytes()
        done = at("kapps_config", "set_default", "crossbar", "b", "1", "--plan", str(file))
        assert done.code == 1
        assert "already" in done.stderr
        assert file.read_bytes() == before

    def test_deeds_and_reads_leave_no_plan(self, at, tmp_path):
        path = tmp_path / "plan"
        done = at("-f", "json", "kapps_maintenance", "remove_db", "nothing", "--plan", str(path))
        assert done.code != 0
        assert not path.exists()
        assert list(tmp_path.glob(".plan*")) == []

    def test_what_makes_something_else_each_time_leaves_no_plan(self, at, tmp_path):
        path = tmp_path / "plan"
        words = ("crossbar_maintenance", "create_account", "acme", "acme.example.org", "ann", "hunter22")
        done = at(*words, "--plan", str(path))
        assert (done.code, path.exists()) == (1, False)
        assert "no plan was written: the command does not foretell the same twice: now it would " in done.stderr
        assert "hunter22" not in done.stdout + done.stderr

    def test_a_plan_of_many_numbers(self, at, tmp_path, everything):
        path = tmp_path / "plan"
        words = ("number", "create", "+14155550000..+14155551499", ACCOUNT, "--carrier", "local")
        assert at(*words, "--plan", str(path), "-q").code == 0
        assert at("apply", str(path), "-q").code == 0
        numbers = everything()["numbers/+1415"]
        copies = everything()[plain(ACCOUNT_DATABASE)]
        assert sum(1 for each in numbers if each.startswith("+")) == 1500
        assert "_design/numbers" in numbers
        assert all(copies[each] == document for each, document in numbers.items() if each.startswith("+"))


class TestConfirmWithin:
    def until(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.1)

    def test_what_is_confirmed_stays(self, at, stored, state):
        done = at("kapps_config", "set_default", "crossbar", "color", "red", "--confirm-within", "1h")
        assert done.code == 0
        assert "to keep this: sup confirm 2" in done.stderr
        [row] = json.loads(at("-f", "json", "confirm", "--status").stdout)["rows"]
        assert row["state"] == "waiting"
        assert at("confirm").code == 0
        assert setting(stored) == "red"
        self.until(lambda: not list(state.glob("confirm/*")))
        assert at("confirm").code == 1

    def test_what_is_not_is_taken_back(self, at, stored, state):
        at("kapps_config", "set_default", "crossbar", "color", "blue")
        at("kapps_config", "set_default", "crossbar", "color", "red", "--confirm-within", "1s")
        self.until(lambda: any(held.ended for held in Waiting(state).all()))
        assert setting(stored) == "blue"
        done = at("kapps_config", "get", "crossbar", "color")
        assert "was not confirmed by" in done.stderr
        assert at("kapps_config", "get", "crossbar", "color").stderr == ""
        [row] = json.loads(at("-f", "json", "confirm", "--status").stdout)["rows"]
        assert row["state"] == "taken back"
        assert at("confirm", row["run"]).code == 3

    def test_also_when_the_guard_was_killed_as_by_a_reboot(self, at, stored, state):
        at("kapps_config", "set_default", "crossbar", "color", "red", "--confirm-within", "1h")
        waiting = Waiting(state)
        [held] = waiting.all()
        self.until(lambda: waiting.is_guarded(held.token))
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = process.read_bytes().split(b"\0")
            except OSError:
                continue
            if held.token.encode() in words:
                os.kill(int(process.parent.name), signal.SIGKILL)
        self.until(lambda: not waiting.is_guarded(held.token))
        waiting.write(replace(held, deadline=time.time()))
        assert setting(stored) == "red"
        done = at("confirm", "--status")
        assert "what looked after it was gone: it is taken back now" in done.stderr
        self.until(lambda: any(each.ended for each in waiting.all()))
        assert setting(stored) is None

    def test_nothing_waits_where_nothing_was_changed_and_nothing_is_changed_without_a_journal(self, at, stored, state):
        assert at("kapps_config", "get", "crossbar", "color", "--confirm-within", "1h").code == 0
        self.until(lambda: not list(state.glob("confirm/*")))
        words = ("kapps_config", "set_default", "crossbar", "color", "red", "--confirm-within")
        assert at(*words, "soon").code == 1
        assert at(*words, "1h", "--no-journal").code == 1
        assert setting(stored) is None

    def test_nothing_is_changed_that_could_not_be_taken_back(self, at, stored, state):
        state.mkdir(parents=True, exist_ok=True)
        (state / "journal").write_text("there is no room for records here")
        done = at("kapps_config", "set_default", "crossbar", "color", "red", "--confirm-within", "1h")
        assert done.code == 1
        assert "a record is required (--confirm-within)" in done.stderr
        assert setting(stored) is None
        self.until(lambda: not list(state.glob("confirm/*")))


class TestKilled:
    @pytest.mark.parametrize("size", [1, 50_000, 150_000, 300_000])
    def test_a_bulk_run_its_undo_and_its_redo_are_completed(self, sup, cluster, environment, everything, state, size):
        """Each is killed when its record has that size; events of all that changed wait in the outbox."""
        env = {"SUP_COUCHDB_URL": cluster, "SUP_AMQP_URL": ""}
        whole = {**environment, **env}
        made = sup("number", "create", "+14155559999", ACCOUNT, "--carrier", "local", env=env)
        assert made.code == 0

        def numbers():
            found = everything()
            return {name: found[name] for name in ("numbers/+1415", plain(ACCOUNT_DATABASE))}

        before = numbers()
        words = ["number", "create", "+14155550000..+14155552999", ACCOUNT, "--carrier", "local", "-y"]
        run = _killed_at(size, [SUP, *words], whole, state)
        between = settled(numbers)
        _killed_at(size, [SUP, "undo", run, "-y"], whole, state)
        sup("outbox", "clear", "--yes", env=env)
        half = settled(numbers)
        assert sup("undo", run, env=env).code == 0
        assert numbers() == before
        told = json.loads(sup("-f", "json", "outbox", "list", env=env).stdout)["rows"]
        deleted = {(row["database"], row["id"]) for row in told if row["event"] == "doc_deleted"}
        assert {(encoded(name), each) for name in half for each in half[name] if each not in before[name]} <= deleted
        _killed_at(size, [SUP, "redo", run, "-y"], whole, state)
        settled(numbers)
        assert sup("redo", run, env=env).code == 0
        assert numbers() == between
        assert sup("undo", run, env=env).code == 0
        assert numbers() == before


def settled(numbers):
    """Return what NUMBERS gives once CouchDB has done what a run had asked for that was killed."""
    found: list[Any] = [numbers()]

    def same():
        found.append(numbers())
        return found[-2] == found[-1]

    until(same, "CouchDB to be done")
    return found[-1]


def _killed_at(size, command, env, state):
    """Start a run, kill it once its record has grown to so many bytes, if it lives, and return its id."""
    known = set(state.glob("journal/*.gz"))
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        new = set(state.glob("journal/*.gz")) - known
        if any(each.stat().st_size >= size for each in new):
            process.kill()
        time.sleep(0.005)
    process.wait()
    [new] = set(state.glob("journal/*.gz")) - known
    return new.name.partition(".")[0]

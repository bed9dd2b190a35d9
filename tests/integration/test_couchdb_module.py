"""The module couchdb, end to end: backups, restores and conflicts on a real server, a cluster with a node down."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
from urllib.parse import quote

import pytest
import requests

from helpers.couchdb_server import NODES, CouchDBServer
from helpers.real_servers import SUP, until

pytestmark = pytest.mark.integration

TIMEOUT = 600
NAME = "sup-test/big"
BIG = random.Random(7).randbytes(3_000_000)
ATTACHMENTS = {"large.bin": BIG, "pröm pt.csv": b"a,b\n" * 500, "empty": b""}
ODD = {"_id": 'ünï/code "q"', "f": 1.0, "big": 12345678901234567890, "e": "\U0001f600", "nothing": None}


class Database:
    """One database of a server, by HTTP alone."""

    def __init__(self, server, name):
        self.server, self.url, self.http = server, f"{server}/{quote(name, safe='')}", requests.Session()
        self.http.trust_env = False

    def create(self):
        self.http.put(self.url, timeout=TIMEOUT).raise_for_status()

    def exists(self):
        return self.http.head(self.url, timeout=TIMEOUT).ok

    def save(self, *documents, **more):
        answer = self.http.post(f"{self.url}/_bulk_docs", json={"docs": documents, **more}, timeout=TIMEOUT)
        answer.raise_for_status()
        assert not any("error" in row for row in answer.json())

    def get(self, identifier, **query):
        answer = self.http.get(f"{self.url}/{quote(identifier, safe='')}", params=query, timeout=TIMEOUT)
        return answer.json() if answer.ok else None

    def attach(self, identifier, name, content, kind):
        revision = self.get(identifier)["_rev"]
        url = f"{self.url}/{quote(identifier, safe='')}/{quote(name, safe='')}"
        answer = self.http.put(
            url, params={"rev": revision}, data=content, headers={"Content-Type": kind}, timeout=TIMEOUT
        )
        answer.raise_for_status()

    def content(self, identifier, name):
        url = f"{self.url}/{quote(identifier, safe='')}/{quote(name, safe='')}"
        return self.http.get(url, timeout=TIMEOUT).content

    def everything(self):
        """Every document as it stands, its losing revisions too, but for what a server makes of attachments."""
        query = {"include_docs": "true", "conflicts": "true"}
        rows = self.http.get(f"{self.url}/_all_docs", params=query, timeout=TIMEOUT).json()["rows"]
        for row in rows:
            for stub in row["doc"].get("_attachments", {}).values():
                del stub["revpos"]
        return {row["id"]: row["doc"] for row in rows}


@pytest.fixture
def big(cluster):
    """A database with documents, a design document, conflicts, and attachments big and small."""
    database = Database(cluster, NAME)
    database.create()
    database.save(*({"_id": f"d{number:04}", "n": number, "text": "x" * 200} for number in range(1200)))
    database.save(ODD, {"_id": "_design/v", "views": {"all": {"map": "function(doc) { emit(doc._id); }"}}})
    for name, content in ATTACHMENTS.items():
        database.attach("d0007", name, content, "application/octet-stream")
    database.attach("d0008", "small.csv", b"1,2\n", "text/csv")
    database.save({"_id": "d0009", "_rev": "1-lost", "n": "older"}, {"_id": "d0009", "_rev": "2-won"}, new_edits=False)
    return database


@pytest.fixture
def copy(cluster):
    return Database(cluster, "sup-test/copy")


def file_in(directory):
    return str(directory / "sup-test%2Fbig.jsonl")


class TestBackup:
    def test_everything_comes_back_under_its_own_revision(self, at, big, copy, tmp_path):
        assert at("couchdb", "backup", NAME, "--to", str(tmp_path), "--verify").code == 0
        for path in tmp_path.glob("sup-test*"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        done = at("couchdb", "restore", file_in(tmp_path), "--as", "sup-test/copy", "--no-events")
        assert (done.code, done.stderr) == (0, "")
        assert copy.everything() == big.everything()
        for name, content in ATTACHMENTS.items():
            assert copy.content("d0007", name) == content
        assert copy.get("d0009", rev="1-lost")["n"] == "older"
        security = f"{copy.url}/_security"
        assert (
            copy.http.get(security, timeout=TIMEOUT).json()
            == big.http.get(f"{big.url}/_security", timeout=TIMEOUT).json()
        )

    def test_a_killed_run_is_completed_by_the_next(self, at, big, copy, environment, tmp_path):
        words = ("couchdb", "backup", NAME, "--to", str(tmp_path))
        partial = tmp_path / "sup-test%2Fbig.jsonl.partial"
        _killed(environment, big.server, words, lambda: partial.exists() and partial.stat().st_size > 0)
        assert at(*words).code == 0
        verified = at("couchdb", "backup", "--verify", "--to", str(tmp_path))
        assert (verified.code, "verified" in verified.stdout) == (0, True)
        at("couchdb", "restore", file_in(tmp_path), "--as", "sup-test/copy")
        assert copy.everything() == big.everything()
        again = at(*words)
        assert (again.code, "whole already" in again.stdout) == (0, True)

    def test_all_of_them_and_what_is_wrong(self, at, big, tmp_path):
        done = json.loads(at("-f", "json", "couchdb", "backup", "--all", "--to", str(tmp_path)).stdout)
        assert {"accounts", NAME} <= {row["database"] for row in done["rows"]}
        path = tmp_path / "accounts.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"enabled":true', b'"enabled":null'))
        broken = at("couchdb", "backup", "--verify", "--to", str(tmp_path))
        assert broken.code == 5
        assert "SHA-256" in broken.stderr
        assert at("couchdb", "restore", str(path), "--as", "sup-test/copy").code == 3
        assert not Database(big.server, "sup-test/copy").exists()

    @pytest.mark.parametrize(
        "words",
        [
            ("backup", "accounts"),
            ("backup", "--to", "x"),
            ("backup", "nosuch", "--to", "x"),
            ("backup", "accounts", "--all", "--to", "x"),
            ("backup", "accounts", "--to", "/dev/null/x"),
            ("restore",),
            ("restore", "/nosuch.jsonl"),
            ("restore", "a", "b", "--as", "c"),
            ("conflicts", "list", "nosuch"),
            ("conflicts", "list", "accounts", "nosuch"),
            ("conflicts", "resolve", "accounts", "nosuch"),
            ("conflicts", "merge", "accounts"),
            ("compact",),
            ("compact", "nosuch"),
            ("compact", "accounts", "--fragmentation", "101"),
            ("databases", "nosuch*"),
            ("databases", "--order", "colour"),
            ("shards", "nosuch"),
            ("security", "accounts", "[]"),
            ("replicate", "start", "accounts"),
            ("reshard", "stop", "accounts"),
        ],
    )
    def test_wrong_words_are_refused_in_one_line(self, at, words, tmp_path):
        done = at("couchdb", *words)
        assert done.code in (1, 3)
        assert done.stdout == ""
        assert done.stderr.startswith("sup: ")
        assert done.stderr.count("\n") == 1


class TestRestore:
    @pytest.fixture
    def backup(self, at, big, tmp_path):
        at("couchdb", "backup", NAME, "--to", str(tmp_path))
        return file_in(tmp_path)

    def test_a_killed_run_is_completed_by_the_next(self, at, backup, big, copy, environment):
        words = ("couchdb", "restore", backup, "--as", "sup-test/copy")
        _killed(environment, big.server, words, copy.exists)
        done = json.loads(at("-f", "json", *words).stdout)
        [row] = done["rows"]
        assert row["stored"] + row["there"] == 1204
        assert copy.everything() == big.everything()

    def test_two_files_of_one_database_are_refused_before_anything_is_touched(self, at, backup, copy, tmp_path):
        at("couchdb", "backup", NAME, "--to", str(tmp_path / "later"))
        done = at("couchdb", "restore", backup, file_in(tmp_path / "later"))
        assert (done.code, done.stdout) == (1, "")
        assert f"are both of database {NAME}" in done.stderr

    def test_a_dry_run_shows_what_would_be_restored_and_does_nothing(self, at, backup, copy):
        done = json.loads(at("-f", "json", "couchdb", "restore", backup, "--as", "sup-test/copy", "--dry-run").stdout)
        [row] = done["rows"]
        assert (row["state"], row["stored"], row["documents"]) == ("would be restored", 1204, 1202)
        assert not copy.exists()

    def test_what_is_foreign_there_is_kept_and_takes_a_merge_that_asks(self, at, backup, big, copy):
        copy.create()
        copy.save({"_id": "mine", "n": 1})
        words = ("couchdb", "restore", backup, "--as", "sup-test/copy")
        refused = at(*words)
        assert (refused.code, refused.stdout) == (3, "")
        assert "as mine; --merge" in refused.stderr
        asked = at(*words, "--merge")
        assert (asked.code, "--yes" in asked.stderr) == (3, True)
        assert set(copy.everything()) == {"mine"}
        assert at(*words, "--merge", "--yes").code == 0
        assert copy.everything() == {**big.everything(), "mine": copy.get("mine")}

    def test_documents_that_were_deleted_since_do_not_come_back_in_silence(self, at, backup, big):
        stored = big.get("d0100")
        big.save({"_id": "d0100", "_rev": stored["_rev"], "_deleted": True})
        done = at("couchdb", "restore", backup)
        assert done.code == 3
        assert "d0100" in done.stderr
        assert "--as a new database" in done.stderr


class TestConflicts:
    def test_they_are_listed_shown_and_resolved(self, at, big):
        listed = json.loads(at("-f", "json", "couchdb", "conflicts", "list", NAME).stdout)["rows"]
        [row] = listed
        assert (row["id"], row["winner"], row["losing"]) == ("d0009", "2-won", 2)
        words = ("couchdb", "conflicts", "resolve", NAME)
        assert at(*words).code == 3
        shown = at(*words, "--dry-run")
        assert shown.code == 0
        assert "1-lost" in shown.stdout
        assert len(big.get("d0009", conflicts="true")["_conflicts"]) == 2
        assert at(*words, "--yes").code == 0
        assert big.get("d0009", conflicts="true") == {"_id": "d0009", "_rev": "2-won"}
        assert at("couchdb", "conflicts", "list", NAME).stdout.count("\n") == 1

    def test_of_one_document(self, at, big):
        big.save({"_id": "d0010", "_rev": "2-x"}, new_edits=False)
        assert at("couchdb", "conflicts", "resolve", NAME, "d0010", "-y").code == 0
        assert len(big.get("d0009", conflicts="true")["_conflicts"]) == 2
        assert "_conflicts" not in big.get("d0010", conflicts="true")

    def test_nobody_hears_of_it(self, at, big, environment):
        at("couchdb", "conflicts", "resolve", NAME, "-y")
        assert "Event" not in at("-f", "json", "outbox", "list").stdout


class TestServer:
    """On the lab's server, on a real one, on a cluster: what it has is shown, what it lacks is told in one sentence."""

    @pytest.mark.parametrize(
        "words",
        [
            ("status",),
            ("databases",),
            ("databases", "acc*", "--order", "name", "--top", "1"),
            ("active_tasks",),
            ("shards", "accounts"),
            ("reshard", "status"),
            ("replicate", "status"),
            ("security", "accounts"),
            ("compact", "accounts", "--views"),
            ("view_cleanup", "accounts"),
        ],
    )
    def test_every_question_is_answered(self, at, words):
        done = at("couchdb", *words)
        if done.code:
            assert (done.code, done.stdout) == (3, "")
            assert " has no /" in done.stderr
            assert done.stderr.count("\n") == 1
        else:
            assert done.stdout

    def test_security_is_set_and_shown(self, at, cluster):
        wanted = {"admins": {"names": [], "roles": ["_admin"]}, "members": {"names": ["me"], "roles": []}}
        assert at("couchdb", "security", "accounts", json.dumps(wanted), "-y").code == 0
        row = json.loads(at("-f", "json", "couchdb", "security", "accounts").stdout)["rows"][0]
        assert (row["member_names"], row["open"]) == ("me", False)


class TestClusterWithANodeDown:
    @pytest.fixture
    def through(self, sup):
        with CouchDBServer() as server:
            server.add("accounts", documents=3)

            def run(*words):
                return sup("couchdb", *words, env={"SUP_COUCHDB_URL": server.url, "SUP_AMQP_URL": ""})

            yield run

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (("status",), 2),
            (("compact", "accounts"), 5),
            (("view_cleanup", "accounts"), 5),
            (("shards", "accounts"), 0),
            (("databases",), 0),
            (("reshard", "start", "accounts", "-y"), 5),
            (("reshard", "start", "accounts", "--on", NODES[0], "-y"), 0),
        ],
    )
    def test_it_is_named_and_the_exit_code_says_so(self, through, words, code):
        done = through(*words)
        assert done.code == code
        assert done.stdout.startswith(("CouchDB", "database", "node", "range"))
        if code:
            assert NODES[2] in done.stdout
            assert NODES[2] in done.stderr


def _killed(environment, url, words, ready):
    """Run the program and kill it once it has begun."""
    given = {**environment, "SUP_COUCHDB_URL": url, "SUP_AMQP_URL": ""}
    process = subprocess.Popen([SUP, *words], env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: ready() or process.poll() is not None, "the run to begin")
    finally:
        with_signal = process.poll() is None
        if with_signal:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()

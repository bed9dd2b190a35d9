"""Backups and restores whose server or disk fails on the way: one sentence, and a second run completes the work."""

from __future__ import annotations

import hashlib
import resource
import signal
import subprocess
import sys

import pytest

from helpers.couchdb_server import CouchDBServer
from helpers.fault_server import answer, breaks_off, hangs_up, says, stores_then_stalls
from helpers.real_servers import SUP, until
from kazoo_sup.kazoo.couchdb import backup
from kazoo_sup.kazoo.couchdb.backup_file import Pieces, path_of, scan
from kazoo_sup.kazoo.couchdb.backup_writer import Writer
from kazoo_sup.kazoo.databases.failures import SILENT_IN_A_ROW
from kazoo_sup.transports.couchdb.sent import Sent

pytestmark = pytest.mark.integration

CONTENT = bytes(range(256)) * 8000
GONE = says(404, b'{"error":"not_found","reason":"Document is missing attachment"}')


@pytest.fixture
def server():
    """A database of 900 documents, of which one has an attachment of 2 MB."""
    with CouchDBServer(down=()) as server:
        documents = {f"{number:04}": {"_id": f"{number:04}", "_rev": "1-a", "n": number} for number in range(900)}
        stub = {"content_type": "audio/wav", "length": len(CONTENT), "revpos": 1, "stub": True}
        documents["0500"]["_attachments"] = {"a.wav": stub}
        server.databases["db"] = documents
        server.memory.contents["db", "0500", "a.wav"] = CONTENT
        yield server


@pytest.fixture
def run(server, sup):
    def run(*words, **more):
        environment = {"SUP_COUCHDB_URL": server.url, "SUP_AMQP_URL": "", "SUP_READ_TIMEOUT": "3"}
        done = sup("couchdb", *words, env=environment, **more)
        assert "Traceback" not in done.stderr
        return done

    return run


def held(directory):
    """The documents of a backup, and the attachment."""
    file = path_of(directory, "db")
    with file.open("rb") as stream:
        entries = [entry for _, entry in scan(stream, file, hashlib.sha256()) if entry]
    [content] = [each for entry in entries for each in entry.attachments]
    return [entry.document for entry in entries], Pieces(file, content).read()


def completed(run, server, directory):
    assert run("backup", "db", "--to", str(directory)).code == 0
    assert backup.check(path_of(directory, "db"))["documents"] == 900
    assert held(directory) == (list(server.databases["db"].values()), CONTENT)


@pytest.mark.parametrize("fault", [stores_then_stalls, breaks_off, says(200, b"[]")])
def test_one_database_that_fails_does_not_keep_others_from_being_backed_up(run, server, tmp_path, fault):
    server.databases |= {"a": {}, "z": {}}
    server.fails(*[fault] * 10, to="/db/_all_docs")
    done = run("-f", "csv", "backup", "a", "db", "z", "--to", str(tmp_path), "--columns", "database,state")
    assert (done.code, done.stdout) == (5, "database,state\na,done\ndb,failed\nz,done\n")
    assert "1 of 3 databases failed" in done.stderr


def test_a_server_that_is_silent_for_each_of_many_databases_ends_the_backup(run, server, tmp_path):
    names = [f"db{number}" for number in range(SILENT_IN_A_ROW + 2)]
    server.databases |= {name: {} for name in names}
    server.fails(*[stores_then_stalls] * 100, to="_all_docs")
    done = run("-f", "csv", "backup", *names, "--to", str(tmp_path), "--columns", "database")
    assert (done.code, done.stdout.split()[1:]) == (4, names[: SILENT_IN_A_ROW - 1])


def test_a_server_that_falls_silent_on_the_way_leaves_a_backup_partly_done(run, server, tmp_path):
    names = [f"db{number}_mute" for number in range(SILENT_IN_A_ROW)]
    server.databases |= {name: {} for name in ("a", *names)}
    server.fails(*[stores_then_stalls] * 100, to="mute/_all_docs")
    done = run("backup", "a", *names, "--to", str(tmp_path))
    assert done.code == 5
    assert "databases done before that: 1" in done.stderr
    assert path_of(tmp_path, "a").exists()


@pytest.mark.parametrize("to", ["_all_docs", "a.wav", "_security"])
@pytest.mark.parametrize("fault", [hangs_up, stores_then_stalls, breaks_off])
def test_a_server_that_fails_on_the_way(run, server, tmp_path, to, fault):
    server.fails(*[fault] * 10, to=to)
    done = run("backup", "db", "--to", str(tmp_path))
    assert done.code in (1, 3, 4)
    assert done.stderr.count("\n") == 1
    assert not path_of(tmp_path, "db").exists()
    server._faults.clear()
    completed(run, server, tmp_path)


def test_what_was_read_is_not_read_again(run, server, tmp_path):
    server.fails(*[hangs_up] * 10, to="a.wav")
    run("backup", "db", "--to", str(tmp_path))
    server._faults.clear()
    server.requests.clear()
    completed(run, server, tmp_path)
    [first, *_] = server.sent("GET", "_all_docs")
    assert "0498" in first.path


def test_a_document_that_is_saved_anew_meanwhile_is_read_again(run, server, tmp_path):
    server.fails(GONE, to="a.wav")
    completed(run, server, tmp_path)
    directory = tmp_path / "second"
    server.fails(GONE, GONE, GONE, to="a.wav")
    done = run("backup", "db", "--to", str(directory))
    assert done.code == 3
    assert "others keep changing document 0500" in done.stderr


def test_fewer_documents_than_the_server_counts_are_told(run, server, tmp_path):
    server.infos["db"] = {"doc_count": 902, "file": 0, "active": 0}
    done = run("backup", "db", "--to", str(tmp_path))
    assert "CouchDB counts 902 documents in db and listed 900, which the backup holds" in done.stderr
    del server.infos["db"]
    (tmp_path / "db.jsonl").unlink()
    assert "counts" not in run("backup", "db", "--to", str(tmp_path)).stderr


def test_a_full_disk(server, environment, run, tmp_path):
    words = [SUP, "couchdb", "backup", "db", "--to", str(tmp_path)]
    given = {**environment, "SUP_COUCHDB_URL": server.url, "SUP_AMQP_URL": ""}

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = subprocess.run(words, env=given, capture_output=True, text=True, preexec_fn=small_files, check=False)
    assert done.returncode == 3
    assert "cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    completed(run, server, tmp_path)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption(server, environment, run, tmp_path, number, code):
    server.fails(stores_then_stalls, to="a.wav")
    words = [SUP, "couchdb", "backup", "db", "--to", str(tmp_path)]
    given = {**environment, "SUP_COUCHDB_URL": server.url, "SUP_AMQP_URL": ""}
    process = subprocess.Popen(words, env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until(lambda: server.sent("GET", "a.wav"), "the attachment to be asked for")
    process.send_signal(number)
    _, said = process.communicate()
    assert process.returncode == code
    assert said.count("\n") == 1
    completed(run, server, tmp_path)


@pytest.mark.parametrize("to", ["PUT /copy", "_revs_diff", "_bulk_docs", "a.wav", "_security"])
def test_a_restore_that_is_cut_off_is_completed(run, server, tmp_path, to):
    completed(run, server, tmp_path)
    server.fails(*[hangs_up] * 12, to="PUT /copy/0500" if to == "a.wav" else to)
    words = ("restore", str(path_of(tmp_path, "db")), "--as", "copy", "--no-events")
    done = run(*words)
    assert done.code in (1, 3, 5)
    assert done.stderr.count("\n") == 1
    server._faults.clear()
    server.fails(_takes, to="PUT /copy/0500")
    done = run(*words)
    assert (done.code, done.stderr) == (0, "")
    assert server.databases["copy"] == server.databases["db"]


@pytest.fixture
def any_length():
    """Have the stand-in for CouchDB read numbers of any length, as CouchDB does."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    yield
    sys.set_int_max_str_digits(before)


@pytest.mark.usefixtures("any_length")
def test_a_number_of_more_digits_than_python_reads_comes_back(run, server, tmp_path):
    writer = Writer(path_of(tmp_path, "odd"))
    writer.begin({"database": "odd", "security": {}, "update_seq": "1"})
    many = b"7" * 5000  # CouchDB takes whole numbers of any length
    writer.add_plain([Sent("a", b'{"_id":"a","_rev":"1-a"}'), Sent("b", b'{"_id":"b","_rev":"1-a","n":%s}' % many)])
    writer.end()
    writer.close()
    done = run("restore", str(path_of(tmp_path, "odd")), "--no-events")
    assert (done.code, done.stderr) == (0, "")
    assert server.databases["odd"]["b"]["n"] == 7 * (10**5000 - 1) // 9


def _takes(handler, _carry_out):
    """Store the document of a multipart request, as CouchDB does, its attachment unread."""
    server = handler.server
    server.databases["copy"]["0500"] = server.databases["db"]["0500"]
    handler.send(answer(201, {"ok": True, "id": "0500", "rev": "1-a"}))

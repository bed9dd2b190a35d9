"""The file of a backup: what is written is read back, whatever is cut off or changed is noticed."""

from __future__ import annotations

import hashlib
import io
import json
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kazoo_sup.errors import BadArgument, Declined
from kazoo_sup.kazoo.couchdb import backup
from kazoo_sup.kazoo.couchdb.backup_file import PIECE, BadBackup, Pieces, manifest_path, path_of, read_manifest, scan
from kazoo_sup.kazoo.couchdb.backup_writer import Writer
from kazoo_sup.results import PartlyDone

HEAD = {"database": "a/b", "security": {"admins": {}}, "update_seq": "7"}
BIG = bytes(range(256)) * (PIECE // 100)
CONTENTS = {"big": BIG, "exact": b"x" * PIECE, "empty": b"", "small": b"abc"}


def document(identifier, *names, rev="1-a", **more):
    stubs = {name: {"content_type": "t/x", "length": len(CONTENTS[name]), "revpos": 1, "stub": True} for name in names}
    return {"_id": identifier, "_rev": rev, **more, **({"_attachments": stubs} if names else {})}


DOCUMENTS = [
    document("_design/v", views={}),
    document("a", "big", "small", text="\n\u2028 ü \ud800"),
    document("b", rev="2-b"),
    document("b", "small", rev="2-a"),
    document("c", "exact", "empty", n=12345678901234567890, f=1.0),
]


def opened(name):
    return io.BytesIO(CONTENTS[name])


def written(directory, documents=DOCUMENTS):
    """Write a backup, or what a killed run has left of it to write."""
    directory.mkdir(exist_ok=True)
    file = path_of(directory, "a/b")
    writer = Writer(file)
    try:
        if not writer.head:
            writer.begin(HEAD)
        ids = [each["_id"] for each in documents]
        start = 0 if writer.last_id is None else len(ids) - ids[::-1].index(writer.last_id)
        for each in documents[start:]:
            assert writer.add(each, opened)
        writer.end(ended="now")
    finally:
        writer.close()
    return file


def read(file):
    with file.open("rb") as stream:
        found = [entry for _, entry in scan(stream, file, hashlib.sha256()) if entry]
    return [(entry.document, {each.name: Pieces(file, each).read() for each in entry.attachments}) for entry in found]


def test_what_is_written_is_read(tmp_path):
    file = written(tmp_path)
    assert file.name == "a%2Fb.jsonl"
    assert read(file) == [(each, {name: CONTENTS[name] for name in each.get("_attachments", {})}) for each in DOCUMENTS]
    manifest = backup.check(file)
    assert (manifest["documents"], manifest["revisions"], manifest["attachments"]) == (4, 5, 5)
    assert manifest["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert manifest["bytes"] == file.stat().st_size
    assert "security" not in manifest


def test_files_are_their_owner_s_alone_and_nothing_is_left_beside_them(tmp_path):
    file = written(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([file, manifest_path(file)])
    for each in tmp_path.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600


WHOLE: list[bytes] = []


@settings(max_examples=60)
@given(data=st.data())
def test_a_file_cut_off_anywhere_is_completed_to_the_same(tmp_path_factory, data):
    if not WHOLE:
        WHOLE.append(written(tmp_path_factory.mktemp("whole")).read_bytes())
    directory = tmp_path_factory.mktemp("cut")
    places = st.one_of(st.integers(0, len(WHOLE[0])), st.sampled_from(line_ends(WHOLE[0])))
    left = WHOLE[0][: data.draw(places)] + data.draw(st.sampled_from((b"", b"\0\0\0", b'{"doc":')))
    path_of(directory, "a/b").with_suffix(".jsonl.partial").write_bytes(left)
    file = written(directory)
    assert file.read_bytes() == WHOLE[0]
    assert backup.check(file)["revisions"] == 5


def line_ends(content):
    return [at + 1 for at, byte in enumerate(content) if byte == 10]


def test_a_revision_whose_attachment_is_gone_leaves_no_trace(tmp_path):
    file = path_of(tmp_path, "a/b")
    writer = Writer(file)
    writer.begin(HEAD)
    writer.add(DOCUMENTS[0], opened)
    gone = {"big": io.BytesIO(BIG), "small": None}
    assert writer.add(DOCUMENTS[1], gone.get) is False
    for each in DOCUMENTS[1:]:
        assert writer.add(each, opened)
    writer.end(ended="now")
    writer.close()
    assert file.read_bytes() == written(tmp_path / "other").read_bytes()


def test_an_attachment_of_another_length_is_no_backup(tmp_path):
    writer = Writer(path_of(tmp_path, "a/b"))
    writer.begin(HEAD)
    with pytest.raises(BadBackup, match="2 bytes in place of 3"):
        writer.add(document("a", "small"), lambda name: io.BytesIO(b"ab"))
    writer.close()


def test_two_runs_do_not_write_one_file(tmp_path):
    writer = Writer(path_of(tmp_path, "a/b"))
    with pytest.raises(Declined, match="another run"):
        Writer(path_of(tmp_path, "a/b"))
    writer.close()
    Writer(path_of(tmp_path, "a/b")).close()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda content: content.replace(b'"abc"', b'"abd"').replace(b'"2-b"', b'"2-c"', 1), "SHA-256"),
        (lambda content: content[: len(content) // 2], "breaks off"),
        (lambda content: content.replace(b'{"doc":', b'{"dog":', 1), "not a line of a backup"),
        (lambda content: content.replace(b'"_rev":"2-b"', b'"_rev":2', 1), "not a line of a backup"),
        (lambda content: content.replace(b'"_rev":"2-b"}}', b'"_rev":"2-b"}]', 1), "not JSON"),
        (lambda content: content.replace(b'"f":1.0', b'"f":"\xff"', 1), "not JSON"),
        (lambda content: content.replace(b'{"data":"', b'{"data":"!', 1), "not base64"),
        (lambda content: content.replace(b'"sup_backup":1', b'"sup_backup":2'), "version 2"),
        (lambda content: content.replace(b'{"end":{"documents":4', b'{"end":{"documents":5'), "more or fewer"),
        (lambda content: content + b"{}\n", "follows the end"),
        (lambda content: b"\n".join(content.split(b"\n")[1:]), "not a line of a backup"),
        (lambda content: b"\n".join(line for line in content.split(b"\n") if b'"data":"YWJj"' not in line), "too few"),
        (lambda content: b"", "empty"),
        (lambda content: b"not json\n", "not JSON"),
        (lambda content: content.replace(b'{"doc":', b"[" * 5000 + b'{"doc":', 1), "not JSON"),
    ],
)
def test_damage_is_noticed(tmp_path, damage, sentence):
    file = written(tmp_path)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(BadBackup, match=sentence):
        backup.check(file)


def test_a_manifest_that_is_missing_or_none_is_told(tmp_path):
    file = written(tmp_path)
    path = manifest_path(file)
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "documents": 9}))
    with pytest.raises(BadBackup, match="manifest says 9"):
        backup.check(file)
    for content in ("[]", "{}", "x", '{"sup_backup": 1, "sha256": 5}'):
        path.write_text(content)
        with pytest.raises(BadBackup, match="not the manifest"):
            read_manifest(file)
    path.unlink()
    with pytest.raises(BadBackup, match="no manifest"):
        backup.check(file)
    with pytest.raises(BadBackup, match=r"it is a directory; name the files in it, .*/\*\.jsonl$"):
        read_manifest(tmp_path)
    with pytest.raises(BadBackup, match="there is no such file"):
        read_manifest(tmp_path / "nosuch.jsonl")


def test_what_is_there_is_verified_and_what_is_not_finished_is_told(tmp_path):
    written(tmp_path)
    path_of(tmp_path, "other").with_suffix(".jsonl.partial").write_bytes(b"")
    found = backup.verified(tmp_path)
    rows = [next(found), next(found)]
    assert [(row["database"], row["state"]) for row in rows] == [("a/b", "verified"), ("other.jsonl.partial", "failed")]
    with pytest.raises(PartlyDone, match="not finished"):
        next(found)
    with pytest.raises(BadArgument, match="no backups"):
        list(backup.verified(tmp_path / "nosuch"))

"""Backups among the files of other users: theirs are neither taken for ours nor written to."""

from __future__ import annotations

import os

import pytest

from kazoo_sup.errors import BadArgument, SupError
from kazoo_sup.kazoo.couchdb import backup
from kazoo_sup.kazoo.couchdb.backup_file import manifest_path, path_of
from kazoo_sup.kazoo.couchdb.backup_writer import Writer

SOMEBODY = 54_321
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")


@pytest.fixture
def made(tmp_path):
    """A whole backup of the database `db`."""
    writer = Writer(path_of(tmp_path, "db"))
    writer.begin({"database": "db"})
    writer.end()
    writer.close()
    return path_of(tmp_path, "db")


def rows(zone, directory):
    found, told = [], []
    try:
        found.extend(backup.run(zone, ["db"], directory, verify=True, made=told.append))
    except SupError as error:
        return found, told, error
    return found, told, None


def test_a_copy_of_ours_is_left_alone_and_was_not_made_by_this_run(zone, made):
    [row], told, error = rows(zone, made.parent)
    assert (row["state"], told, error) == (backup.VERIFIED, [], None)


@pytest.mark.parametrize("which", ["file", "manifest", "link"])
def test_a_copy_that_another_user_planted_does_not_count(zone, made, which):
    if which == "link":
        made.rename(made.with_name("real"))
        made.symlink_to(made.with_name("real"))
    else:
        os.chown(made if which == "file" else manifest_path(made), SOMEBODY, SOMEBODY)
    [row], told, error = rows(zone, made.parent)
    assert (row["state"], told) == (backup.BROKEN, [])
    assert error is not None
    assert "another user or a link has put it there" in row["wrong"]


def test_a_partial_file_that_is_a_link_is_not_written_to(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    file = path_of(tmp_path, "db")
    Writer(file).close()
    file.with_name("db.jsonl.partial").unlink()
    file.with_name("db.jsonl.partial").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"):
        Writer(file)
    assert victim.read_text() == "precious"


def test_the_directory_of_another_user_is_refused(zone, tmp_path):
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", SOMEBODY, SOMEBODY)
    with pytest.raises(BadArgument, match="belongs to another user"):
        list(backup.run(zone, ["db"], tmp_path / "theirs", verify=False))

"""Files of ours among those of other users: whatever waits in their place is neither followed nor taken over."""

from __future__ import annotations

import os
import re
import stat

import pytest

from kazoo_sup.settings import own_files
from kazoo_sup.settings.resources import PACKAGE

SOMEBODY = 54_321

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


class TestDirectories:
    def test_each_that_is_missing_is_for_us_alone(self, tmp_path):
        old = os.umask(0)
        try:
            made = own_files.directory(tmp_path / "a" / "b")
        finally:
            os.umask(old)
        assert (mode(made), mode(made.parent)) == (0o700, 0o700)
        assert own_files.directory(made) == made

    @as_root
    @pytest.mark.parametrize("place", ["itself", "above", "link", "everybody", "everybody above"])
    def test_what_another_user_decides_on_is_not_used(self, tmp_path, place):
        above, ours = tmp_path / "above", tmp_path / "above" / "ours"
        if place == "link":
            above.mkdir()
            (tmp_path / "elsewhere").mkdir()
            ours.symlink_to(tmp_path / "elsewhere")
            os.lchown(ours, SOMEBODY, SOMEBODY)
        else:
            ours.mkdir(parents=True)
            {
                "itself": lambda: os.chown(ours, SOMEBODY, SOMEBODY),
                "above": lambda: os.chown(above, SOMEBODY, SOMEBODY),
                "everybody": lambda: ours.chmod(0o777),
                "everybody above": lambda: above.chmod(0o777),
            }[place]()
        with pytest.raises(OSError, match=r"belongs to another user|everybody may write") as refused:
            own_files.directory(ours / "new")
        assert refused.value.strerror
        assert not (ours / "new").exists()

    @as_root
    def test_who_became_root_keeps_using_their_own(self, tmp_path, monkeypatch):
        os.chown(tmp_path, SOMEBODY, SOMEBODY)
        monkeypatch.setenv("SUDO_UID", str(SOMEBODY))
        assert own_files.directory(tmp_path / "new").is_dir()

    def test_a_file_in_the_place_of_a_directory(self, tmp_path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(OSError, match="it is not a directory"):
            own_files.directory(tmp_path / "file")

    def test_a_fresh_one_has_a_name_of_its_own(self, tmp_path):
        first, second = (own_files.fresh_directory(tmp_path, "months-") for _ in range(2))
        assert first != second
        assert first.name.startswith("months-")
        assert len(first.name) >= len("months-") + 8
        assert mode(first) == 0o700


class TestFiles:
    def test_a_new_one_is_readable_by_us_alone(self, tmp_path):
        with own_files.create(tmp_path / "new") as file:
            file.write("x")
        assert mode(tmp_path / "new") == 0o600
        with pytest.raises(FileExistsError):
            own_files.create(tmp_path / "new")

    @pytest.mark.parametrize("opened", [own_files.create, own_files.reopen])
    @pytest.mark.parametrize("target", ["victim", "nowhere"])
    def test_a_link_is_not_followed(self, tmp_path, opened, target):
        (tmp_path / "victim").write_text("precious")
        (tmp_path / "link").symlink_to(tmp_path / target)
        with pytest.raises(OSError):
            opened(tmp_path / "link")
        assert (tmp_path / "victim").read_text() == "precious"
        assert not (tmp_path / "nowhere").exists()

    def test_what_is_replaced_may_have_been_a_link(self, tmp_path):
        (tmp_path / "victim").write_text("precious")
        (tmp_path / "link").symlink_to(tmp_path / "victim")
        with own_files.replacing(tmp_path / "link") as file:
            file.write(b"ours")
        assert (tmp_path / "victim").read_text() == "precious"
        assert not (tmp_path / "link").is_symlink()
        assert ((tmp_path / "link").read_bytes(), mode(tmp_path / "link")) == (b"ours", 0o600)

    def test_its_name_outlives_a_crash_where_that_can_be_seen_to(self, tmp_path, monkeypatch):
        def fails(directory):
            synced.append(directory)
            raise OSError

        synced = []
        monkeypatch.setattr(own_files, "sync", fails)
        with own_files.replacing(tmp_path / "file") as file:
            file.write(b"new")
        assert (synced, (tmp_path / "file").read_bytes()) == ([tmp_path], b"new")

    def test_what_could_not_be_written_whole_replaces_nothing(self, tmp_path):
        (tmp_path / "file").write_text("before")

        def broken():
            yield b"half"
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), own_files.replacing(tmp_path / "file") as file:
            file.writelines(broken())
        assert [each.name for each in tmp_path.iterdir()] == ["file"]
        assert (tmp_path / "file").read_text() == "before"

    def test_one_is_taken_up_where_it_is_ours(self, tmp_path):
        with own_files.reopen(tmp_path / "file") as file:
            file.write(b"one")
        with own_files.reopen(tmp_path / "file") as file:
            assert file.read() == b"one"
        os.link(tmp_path / "file", tmp_path / "other")
        with pytest.raises(OSError, match="another name elsewhere"):
            own_files.reopen(tmp_path / "file")
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(OSError, match="it is not a file"):
            own_files.reopen(tmp_path / "fifo")

    @as_root
    def test_that_of_another_user_is_not_taken_up(self, tmp_path):
        (tmp_path / "file").write_text("x")
        assert own_files.is_ours(tmp_path / "file")
        os.chown(tmp_path / "file", SOMEBODY, SOMEBODY)
        assert not own_files.is_ours(tmp_path / "file")
        with pytest.raises(OSError, match="belongs to another user"):
            own_files.reopen(tmp_path / "file")


def test_nothing_is_written_in_another_way():
    """What makes, opens or replaces files does it through own_files; what is left is listed here with the reason."""
    other_ways = re.compile(
        r"\.mkdir\(|\.write_text\(|\.write_bytes\(|O_CREAT|\bmkd?s?temp\(|copyfile\(|\.open\(.*[\"'][wax]b?\+?[\"']"
    )
    known = {
        "settings/own_files.py": "the one place",
        "cli/catalogue.py": "a developer's: generated files of this repository",
        "cli/completion/scripts.py": "a developer's",
        "cli/reference.py": "a developer's",
        "lab/server.py": "its log, in the lab's own directory",
        "lab/nodejs.py": "the same log",
        "cli/help_pages.py": "the help's formatter has a method of that name",
        "cli/render/output_file.py": "a file that the user names, with the mode that a shell's > gives it",
        "kazoo/faxes/fax_conversion.py": "in a TemporaryDirectory",
    }
    found = {
        str(file.relative_to(PACKAGE)) for file in PACKAGE.rglob("*.py") if other_ways.search(file.read_text("utf-8"))
    }
    assert found <= known.keys()

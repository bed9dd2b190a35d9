"""--output: a file that changes only when the answer is whole."""

from __future__ import annotations

import os
import stat
import threading

import pytest

from kazoo_sup.cli.app import run
from kazoo_sup.cli.render.output_file import OutputFile, Unwritable
from kazoo_sup.errors import ExitCode


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUP_COUCHDB_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("SUP_AMQP_URL", "")


def test_the_answer_goes_into_the_file(tmp_path, capsys):
    file = tmp_path / "settings.csv"
    assert run(["config", "show", "-f", "csv", "--columns", "setting", "--output", str(file)]) == ExitCode.OK
    assert file.read_text().startswith("setting\nzone\n")
    assert capsys.readouterr().out == ""
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["settings.csv"]


@pytest.mark.parametrize(
    "words", [["--list", "drain"], ["--list", "drain", "-f", "csv"], ["list", "drain"], ["--version"]]
)
def test_so_does_what_sup_tells_of_itself(tmp_path, capsys, words):
    file = tmp_path / "told"
    assert run([*words, "--output", str(file)]) == ExitCode.OK
    assert "drain" in file.read_text() or "kazoo-sup " in file.read_text()
    assert capsys.readouterr().out == ""


def test_a_run_that_fails_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "value"
    file.write_text("the last one\n")
    assert run(["kapps_config", "get", "a", "b", "--output", str(file)]) == ExitCode.USAGE
    assert file.read_text() == "the last one\n"
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["value"]


def test_a_status_that_is_bad_is_an_answer(tmp_path):
    file = tmp_path / "kazoo.prom"
    code = run(["zone", "status", "--deadline", "5", "-f", "prometheus", "--output", str(file)])
    assert code == ExitCode.FAILED
    assert 'kazoo_zone_state{zone="local"} 3\n' in file.read_text()


def test_a_format_for_another_command_is_refused(tmp_path, capsys):
    assert run(["config", "show", "-f", "prometheus"]) == ExitCode.USAGE
    assert "for sup zone status alone" in capsys.readouterr().err
    assert run(["--list", "drain", "-f", "prometheus"]) == ExitCode.USAGE


@pytest.mark.parametrize("more", [["--columns", "name"], ["--query", "[].name"], ["--watch"]])
def test_collectors_are_told_all_of_the_zone_once_or_nothing(tmp_path, capsys, more):
    file = tmp_path / "kazoo.prom"
    assert run(["zone", "status", *more, "-f", "prometheus", "--output", str(file)]) == ExitCode.USAGE
    assert "-f prometheus tells" in capsys.readouterr().err
    assert not file.exists()


def test_a_new_file_has_the_mode_that_the_mask_leaves_and_one_that_is_there_keeps_its_own(tmp_path):
    before = os.umask(0o027)
    try:
        for name in ("new", "old"):
            if name == "old":
                (tmp_path / name).touch(mode=0o600)
            with OutputFile(tmp_path / name) as file:
                print("x")
                file.end()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o600


def test_a_link_stays_one(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with OutputFile(tmp_path / "link") as file:
        print("new")
        file.end()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new\n"


def test_a_link_where_everybody_may_write_is_not_followed(tmp_path):
    (tmp_path / "real").write_text("old")
    everybodys = tmp_path / "everybodys"
    everybodys.mkdir()
    everybodys.chmod(0o1777)
    (everybodys / "link").symlink_to(tmp_path / "real")
    with pytest.raises(Unwritable, match="it is a link"), OutputFile(everybodys / "link"):
        pass
    assert (tmp_path / "real").read_text() == "old"


def test_what_is_no_regular_file_is_written_to_as_it_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    with OutputFile(pipe) as file:
        print("through")
        file.end()
    reader.join(600)
    assert read == ["through\n"]


def test_where_nothing_can_be_written_that_is_said(tmp_path):
    with pytest.raises(Unwritable, match="No such file or directory"), OutputFile(tmp_path / "no" / "file"):
        pass


def test_a_format_is_no_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["config", "show", "--output", "json"]) == ExitCode.USAGE
    assert "-f json is the format" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

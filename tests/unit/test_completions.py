"""Shell completions, each tried in its own shell; what bash does is tried in test_catalogue."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pexpect
import pytest

from kazoo_sup.cli import catalogue, options
from kazoo_sup.cli.completion import scripts

FOLDER = Path(scripts.__file__).parents[3] / "completions"
NAMES = {
    "sup kapps_config_m": ["kapps_config_maintenance"],
    "sup kapps_config set_d": ["set_default"],
    "sup -z east kapps_config set_d": ["set_default"],
    "sup -f json kapps_config set_d": ["set_default"],
    "sup -f j": ["json"],
    "sup --format j": ["json"],
    "sup kapps_config get --dr": ["--dry-run"],
    "sup --vers": ["--version"],
    "sup und": ["undo"],
    "sup outbox ": ["clear", "flush", "list"],
    "sup history list --si": ["--since"],
    "sup -z east history list --since 2h --unt": ["--until"],
    "sup history list --since=2h --unt": ["--until"],
    "sup changes undo --me": ["--merge"],
    "sup undo --me": ["--merge"],
    "sup undo --only a/b --forc": ["--force"],
    "sup zone status --wat": ["--watch"],
    "sup freeswitch pause --wait --dr": ["--dry-run"],
    "sup number port stat": ["status"],
    "sup kamailio -z east dispatcher -v li": ["list"],
    "sup number port status --ca": ["--carrier"],
    "sup -f json - --st": ["--stop-on-error"],
}
HELP = {"sup help outb": ["outbox"], "sup help outbox cl": ["clear"], "sup help und": ["undo"]}
NOT_THERE = [
    "sup history show --si",
    "sup history --si",
    "sup kapps_config get --me",
    "sup kapps_config get --vers",
    "sup kapps_config get --st",
    "sup kapps_config get ato",
    "sup number port status --mer",
]

LINES = [*NAMES.items(), *HELP.items()]


@pytest.mark.parametrize("name", scripts.FILES)
def test_every_function_and_option_is_there_once_generated(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert "make generate" in text
    for command in catalogue.commands():
        assert re.search(rf"\b{command.module}\b.*\b{command.name}\b", text), command.usage
    for option in options.described():
        assert all(word.lstrip("-") in text for word in option.names)


FILES = [
    "sup kapps_config get --config ",
    "sup config check ",
    "sup -f json config check -q ",
    "sup number import ",
    "sup crossbar_maintenance create_account --password-file ",
    "sup kazoo_media_maintenance import_prompts ",
    "sup couchdb restore one two ",
    "sup tasks_maintenance add a b c d ",
    "sup apply ",
    "sup -z east apply ",
    "sup couchdb backup --to ",
    "sup number show +4930123456 --output ",
    "sup number release --plan ",
]
NO_FILES = [
    "sup kapps_config get a b c ",
    "sup kapps_config set ",
    "sup config check file ",
    "sup config show ",
    "sup tasks_maintenance add ",
    "sup couchdb restore --as ",
    "sup ecallmgr_maintenance channel_summary --wait ",
    "sup undo ",
    "sup apply file ",
    "sup history list --since ",
]
ASSIGNED = ["sup couchdb backup --to=", "sup --config=", "sup kapps_config get --output="]


@pytest.mark.parametrize("line", FILES)
def test_bash_completes_files_where_they_are_meant(line, tmp_path):
    assert completed_by_bash(line, tmp_path) == ["file.yaml"]


@pytest.mark.parametrize("line", NO_FILES)
def test_bash_completes_no_files_where_none_is_meant(line, tmp_path):
    assert completed_by_bash(line, tmp_path) == []


@pytest.mark.parametrize(("line", "names"), LINES)
def test_bash_completes_names(line, names, tmp_path):
    assert completed_by_bash(line, tmp_path) == names


@pytest.mark.parametrize("line", NOT_THERE)
def test_bash_completes_no_option_of_another_function(line, tmp_path):
    assert completed_by_bash(line, tmp_path) == []


def test_bash_asks_for_values_only_where_there_may_be_any(tmp_path):
    told = "sup() { echo asked; }"
    assert completed_by_bash("sup history list --account ", tmp_path, told) == ["asked"]
    assert completed_by_bash("sup history list --since ", tmp_path, told) == []


def completed_by_bash(line, tmp_path, told=":"):
    (tmp_path / "file.yaml").touch()
    *before, last = line.split(" ")
    words = [*before, f'"{last}"']
    script = (
        f"cd {tmp_path}; {told}; source {FOLDER}/sup.bash; COMP_WORDS=({' '.join(words)}); "
        f"COMP_CWORD={len(words) - 1}; "
        '_sup; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return sorted(done.stdout.split())


class TestBashOnATerminal:
    @pytest.fixture
    def completed(self, tmp_path):
        """Give a function that types a line and a tab, and returns the words that bash then has."""
        for name in ("file.yaml", "a file.csv", "odd@name:1.csv"):
            (tmp_path / name).touch()
        (tmp_path / "folder" / "within").mkdir(parents=True)
        environment = {"PATH": "/usr/bin:/bin", "TERM": "dumb", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
        command = ["--norc", "--noprofile", "-i"]
        shell = pexpect.spawn("bash", command, env=environment, encoding="utf-8", timeout=600, dimensions=(50, 200))
        told = "sup() { [[ $1 == __complete ]] || printf '<%s>' \"$@\"; echo; }"
        shell.sendline(f"cd {tmp_path}; source {FOLDER}/sup.bash; {told}; echo rea''dy")
        shell.expect("ready\r\n")

        def completed(line):
            shell.send(f"{line}\t\n")
            shell.expect(r"\r\n(<.*>)\r\n")
            return shell.match[1].strip("<>").split("><")

        yield completed
        shell.close(force=True)

    @pytest.mark.parametrize("line", [*FILES, *ASSIGNED])
    @pytest.mark.parametrize(
        ("begun", "file"),
        [
            ("fi", "file.yaml"),
            ("a", "a file.csv"),
            ("'a", "a file.csv"),
            ("folder/w", "folder/within/"),
            ("~/fi", "{home}/file.yaml"),
            ("odd@n", "odd@name:1.csv"),
            ("odd@name:", "odd@name:1.csv"),
        ],
    )
    def test_files_are_completed_as_bash_completes_them(self, completed, tmp_path, line, begun, file):
        home = "~" if line in ASSIGNED else tmp_path  # a shell reads no ~ behind a =
        *_, last = f"{line}{file}".rpartition(line.rpartition(" ")[0] + " ")
        assert completed(f"{line}{begun}")[-1] == last.format(home=home)

    def test_a_word_that_bash_takes_apart_is_one(self, completed):
        assert completed("sup crossbar_maintenance set_app_icon a@b:c=d fi")[-1] == "file.yaml"
        assert completed("sup crossbar_maintenance set_app_icon 'a b' fi")[-1] == "file.yaml"
        assert completed("sup crossbar_maintenance set_app_icon fi")[-1] == "fi"
        assert completed("sup history list --since=2h --unt")[-1] == "--until"


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
class TestFish:
    def completed(self, line, *, check=True):
        script = f"source {FOLDER}/sup.fish; complete -C '{line}'"
        done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=check)
        return [found.partition("\t")[0] for found in done.stdout.splitlines()], done.stderr

    @pytest.mark.parametrize(("line", "names"), LINES)
    def test_it_completes_names(self, line, names):
        assert self.completed(line)[0] == names

    @pytest.mark.parametrize("line", FILES)
    def test_it_completes_files_where_they_are_meant(self, line, tmp_path, monkeypatch):
        (tmp_path / "file.yaml").touch()
        monkeypatch.chdir(tmp_path)
        assert "file.yaml" in self.completed(line)[0]

    @pytest.mark.parametrize("line", NO_FILES)
    def test_it_completes_no_files_where_none_is_meant(self, line, tmp_path, monkeypatch):
        (tmp_path / "file.yaml").touch()
        monkeypatch.chdir(tmp_path)
        assert "file.yaml" not in self.completed(line)[0]

    @pytest.mark.parametrize("line", ASSIGNED)
    def test_it_completes_files_behind_the_equals_sign(self, line, tmp_path, monkeypatch):
        (tmp_path / "file.yaml").touch()
        monkeypatch.chdir(tmp_path)
        assert self.completed(f"{line}fi")[0] == [f"{line.split(' ')[-1]}file.yaml"]

    @pytest.mark.parametrize("line", NOT_THERE)
    def test_it_completes_no_option_of_another_function(self, line):
        assert self.completed(line) == ([], "")

    def test_it_reads_the_file_without_complaint(self):
        assert self.completed("sup kapps_config get --he") == (["--help"], "")

    def test_names_come_with_their_help(self):
        script = f"source {FOLDER}/sup.fish; complete -C 'sup outbox fl'"
        done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout == f"flush\t{catalogue.command('outbox', 'flush').summary}\n"


ZSH = """
PS1=''; unset zle_bracketed_paste; fpath=({folder} $fpath)
autoload -Uz compinit; compinit -u -d {dump}
complete-and-show() {{ zle complete-word; print -r -- "[$BUFFER]" }}
zle -N complete-and-show; bindkey '^I' complete-and-show; print rea""dy
"""


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
class TestZsh:
    @pytest.fixture
    def completed(self, tmp_path):
        """Give a function that types a line and a tab, and returns the line as it is then."""
        environment = {"PATH": "/usr/bin:/bin", "TERM": "dumb", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
        shell = pexpect.spawn("zsh", ["-f", "-i"], env=environment, encoding="utf-8", timeout=600, dimensions=(50, 200))
        shell.sendline(ZSH.format(folder=FOLDER, dump=tmp_path / "dump").strip().replace("\n", "; "))
        shell.expect("ready\r\n")

        def completed(line):
            shell.send(f"{line}\t")
            shell.expect(r"\[(sup.*)\]")
            return shell.match[1].rstrip()

        yield completed
        shell.close(force=True)

    @pytest.mark.parametrize(("line", "names"), LINES)
    def test_it_completes_names(self, completed, line, names):
        if len(names) == 1:
            # Behind the name of an option with a value there is a = until something else is typed.
            assert completed(line).removesuffix("=").split() == [*line.split()[:-1], *names]
        else:  # it then offers a list; the first letter chooses
            assert completed(line + names[0][0]) == line + names[0]

    @pytest.mark.parametrize("line", NOT_THERE)
    def test_it_completes_no_option_of_another_function(self, completed, line):
        assert completed(line) == line

    @pytest.mark.parametrize("line", [*FILES, *ASSIGNED])
    def test_it_completes_files_where_they_are_meant(self, completed, line, tmp_path):
        (tmp_path / "file.yaml").touch()
        assert completed(f"{line}{tmp_path}/file.y") == f"{line}{tmp_path}/file.yaml"

    @pytest.mark.parametrize("line", [line for line in NO_FILES if "set" not in line])
    def test_it_completes_no_files_where_none_is_meant(self, completed, line, tmp_path):
        (tmp_path / "file.yaml").touch()
        assert completed(f"{line}{tmp_path}/file.y") == f"{line}{tmp_path}/file.y"

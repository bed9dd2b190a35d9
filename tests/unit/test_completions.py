"""Shell completions, each tried in its own shell; what bash does is tried in test_catalogue."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pexpect
import pytest

from kazoo_sup import catalogue, completions, options

FOLDER = Path(completions.__file__).parents[1] / "completions"
NAMES = {
    "sup kapps_config_m": ["kapps_config_maintenance"],
    "sup kapps_config set_d": ["set_default"],
    "sup -z east kapps_config set_d": ["set_default"],
    "sup -f json kapps_config set_d": ["set_default"],
    "sup -f j": ["json"],
    "sup --format j": ["json"],
    "sup kapps_config get --dr": ["--dry-run"],
    "sup outbox ": ["clear", "flush", "list"],
}
HELP = {"sup help outb": ["outbox"], "sup help outbox cl": ["clear"]}

BEHIND = pytest.mark.xfail(strict=True, reason="what follows `help` is completed by bash alone")
LINES = [*NAMES.items(), *(pytest.param(line, names, marks=BEHIND) for line, names in HELP.items())]


@pytest.mark.parametrize("name", completions.FILES)
def test_every_function_and_option_is_there_once_generated(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert "make generate" in text
    for command in catalogue.commands():
        assert re.search(rf"\b{command.module}\b.*\b{command.name}\b", text), command.usage
    for option in options.described():
        assert all(word.lstrip("-") in text for word in option.names)


@pytest.mark.parametrize("line", ["sup kapps_config get --config ", "sup config check ", "sup kapps_config get a b c "])
def test_bash_completes_files_where_they_are_meant(line, tmp_path):
    (tmp_path / "file.yaml").touch()
    words = [*line.split(" ")[:-1], '""']
    script = (
        f"cd {tmp_path}; source {FOLDER}/sup.bash; COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; "
        '_sup; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["file.yaml"]


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
class TestFish:
    def completed(self, line, *, check=True):
        script = f"source {FOLDER}/sup.fish; complete -C '{line}'"
        done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=check)
        return [found.partition("\t")[0] for found in done.stdout.splitlines()], done.stderr

    @pytest.mark.parametrize(("line", "names"), LINES)
    def test_it_completes_names(self, line, names):
        assert self.completed(line)[0] == names

    @pytest.mark.xfail(strict=True, reason="`-s ?` is a wildcard to fish unless it is quoted")
    def test_it_reads_the_file_without_complaint(self):
        assert self.completed("sup kapps_config get --he") == (["--help"], "")

    def test_names_come_with_their_help(self):
        script = f"source {FOLDER}/sup.fish; complete -C 'sup outbox fl'"
        done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout == f"flush\t{catalogue.command('outbox', 'flush').summary}\n"


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
class TestZsh:
    @pytest.fixture
    def completed(self, tmp_path):
        """Give a function that types a line and a tab, and returns what the shell makes of it."""
        shell = pexpect.spawn(
            "zsh",
            ["-f", "-i"],
            env={"PATH": "/usr/bin:/bin", "TERM": "dumb", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
            encoding="utf-8",
            timeout=30,
            dimensions=(50, 200),
        )
        shell.sendline(
            f"PS1='<'; unset zle_bracketed_paste; fpath=({FOLDER} $fpath); autoload -Uz compinit; "
            f"compinit -u -d {tmp_path}/dump; bindkey '^I' complete-word; echo rea''dy"
        )
        shell.expect("ready\r\n<")

        def completed(line):
            shell.send(f"{line}\t\x01[\x05]")  # to the line's begin and end, so that both can be told from what follows
            shell.expect(r"\[\S* ?sup.*\]$" if False else r"\]")
            return shell.before

        yield completed
        shell.close(force=True)

    @pytest.mark.parametrize(("line", "names"), LINES)
    def test_it_completes_names(self, completed, line, names):
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", completed(line))
        assert all(re.search(rf"{name}\b", shown) for name in names), shown

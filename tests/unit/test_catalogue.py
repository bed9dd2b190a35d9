"""The catalogue, and all that is written from it, say what the functions say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kazoo_sup.cli import catalogue, reference
from kazoo_sup.cli.completion import scripts
from kazoo_sup.errors import UnknownFunction, UnknownModule

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = Path(catalogue.__file__).with_name("catalogue.jsonl")
WRITTEN = {
    MANIFEST: catalogue.manifest_text,
    **{ROOT / "completions" / name: written for name, written in scripts.FILES.items()},
    **{ROOT / "docs" / name: written for name, written in reference.FILES.items()},
}


@pytest.mark.parametrize("path", [*WRITTEN], ids=lambda path: path.name)
def test_what_is_generated_is_fresh(path):
    assert path.read_text(encoding="utf-8") == WRITTEN[path](), "stale: run `make generate`"


@pytest.mark.parametrize(("name", "place"), [*reference.TABLES])
def test_tables_of_pages_are_fresh(name, place):
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    table = reference.TABLES[name, place]()
    assert table in page
    assert page == reference.with_table(page, place, table), "stale: run `make generate`"


@pytest.mark.parametrize("command", [*catalogue.commands()], ids=lambda command: f"{command.module} {command.name}")
def test_every_command_explains_itself_and_its_parameters(command):
    assert command.summary.endswith("."), command.usage
    explained = f"{command.help} {catalogue.module(command.module).help}"
    for parameter in command.parameters:
        is_flag = parameter.kind == "option" and parameter.type == "bool"
        shown = f"--{parameter.name.replace('_', '-')}" if is_flag else rf"\b{parameter.metavar}"
        assert re.search(rf"{shown}\b", explained), f"{parameter.metavar} is nowhere explained"


def test_unknown_names_come_with_the_nearest():
    with pytest.raises(UnknownModule, match="did you mean kapps_config"):
        catalogue.module("kapps_confg")
    with pytest.raises(UnknownFunction, match="did you mean set_default"):
        catalogue.command("kapps_config", "set_defalt")
    with pytest.raises(UnknownModule, match="'qqqqq'; sup --list qqqqq looks for it"):
        catalogue.module("qqqqq")


@pytest.fixture
def plugin(tmp_path):
    """Install a package of a third party with a sup module of its own."""
    (tmp_path / "acme.py").write_text(
        '"""Acme\'s own."""\n'
        "from kazoo_sup.command import command\n"
        "from kazoo_sup.results import Answer\n"
        "@command\n"
        "def shout(word: str, times: int = 1) -> Answer:\n"
        '    """Shout WORD TIMES times."""\n'
        "    return Answer(word.upper() * times)\n"
    )
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[kazoo_sup.commands]\nacme_tools = acme\n")
    return tmp_path


def test_a_third_party_adds_modules_by_entry_point(plugin):
    def sup(*words):
        command = [sys.executable, "-m", "kazoo_sup", *words]
        done = subprocess.run(
            command, env={"PYTHONPATH": str(plugin), "PATH": "/"}, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    assert sup("acme_tools", "shout", "hey", "2") == (0, '<<"HEYHEY">>\n')
    assert "From acme" in sup("help", "topics")[1]
    assert "Shout WORD TIMES times." in sup("acme_tools", "--help")[1]
    assert sup("acme_tools", "whisper")[0] == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sup kapps_config_m", ["kapps_config_maintenance"]),
        ("sup kapps_config set_d", ["set_default"]),
        ("sup -z east kapps_config set_d", ["set_default"]),
        ("sup -f j", ["json"]),
        ("sup kapps_config get --dr", ["--dry-run"]),
        ("sup help outb", ["outbox"]),
        ("sup help outbox cl", ["clear"]),
    ],
)
def test_bash_completes_names_without_starting_python(line, expected):
    words = line.split(" ")
    script = (
        f"source {ROOT}/completions/sup.bash; COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; "
        'PATH=/nowhere; _sup; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == expected


def test_the_manual_tells_of_several_commands():
    from kazoo_sup.cli import reference

    assert "\\fBsup \\-\\fR" in reference.man()
    assert "\\fBsup shell\\fR" in reference.man()

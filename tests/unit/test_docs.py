"""Links between the pages lead somewhere, the index and the site name every page, and versions agree."""

from __future__ import annotations

import ast
import contextlib
import inspect
import itertools
import operator
import re
import shlex
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
import yaml

import kazoo_sup
from kazoo_sup import changes, results
from kazoo_sup.cli import argv, parsing
from kazoo_sup.errors import ExitCode, UsageError
from kazoo_sup.kazoo import bus
from kazoo_sup.kazoo.bus.collect import Collector, Reach
from kazoo_sup.zone import Was

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SECTIONS = ("tutorial", "how-to", "reference", "explanation")
BESIDE = [ROOT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")]
PAGES = sorted([*DOCS.rglob("*.md"), *BESIDE])
SHOWN = SimpleNamespace(
    changes=changes, bus=bus, Change=changes.Change, Was=Was, Collector=Collector, Reach=Reach, **vars(results)
)
"""What the code of the pages names."""
LINK = re.compile(r"\]\(([^)\s]*)\)")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def text_of(page: Path) -> str:
    """Return the page without its code, in which brackets are no links."""
    text = re.sub(r"^    .*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return re.sub(r"`[^`]*`", "", text)


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings as GitHub and mkdocs make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", each.lower()).strip()) for each in headings}


def links(page: Path) -> list[tuple[Path, str]]:
    """Return where the links of a page lead within the repository, each with its anchor."""
    found = [unquote(each).partition("#") for each in LINK.findall(text_of(page)) if "://" not in each]
    return [((page.parent / path).resolve() if path else page, anchor) for path, _, anchor in found]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    for target, anchor in links(page):
        assert target.exists(), target
        assert target.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(target), f"{target.name}#{anchor}"


def test_the_index_names_every_page():
    pages = {page for page in PAGES if page.is_relative_to(DOCS)} - {DOCS / "index.md"}
    assert pages <= {target for target, _ in links(DOCS / "index.md")}
    assert {page.parent.name for page in pages} == set(SECTIONS)


def test_the_site_has_every_page_once():
    sections = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    shown = [page for section in sections for pages in section.values() for page in pages]
    assert sorted(shown) == sorted(named(page) for page in PAGES)


def test_the_readme_leads_to_the_index():
    assert DOCS / "index.md" in [target for target, _ in links(ROOT / "README.md")]


def lines_of(page: Path) -> Iterator[list[str]]:
    """Yield the command lines of `sup` that a page shows: their words, up to where a shell takes over."""
    for line in re.findall(r"^    (?:\$ )?sup +(.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        words = itertools.takewhile(lambda word: word[0] not in "|<>", shlex.split(line, comments=True))
        yield argv.list_as_command(argv.with_module(list(words)))


@pytest.mark.parametrize("page", [each for each in PAGES if each.parent.name != "tutorial"], ids=named)
def test_the_command_lines_of_a_page_can_be_typed(page, capsys):
    for words in lines_of(page):
        if "MODULE" in words:
            continue
        asked = parsing.request(words)
        assert asked != ExitCode.USAGE, words
        if isinstance(asked, parsing.Request):
            described = asked.command
            wanted = [each for each in described.parameters if each.kind == "argument" and each.required]
            assert asked.unknown is None or words[0] in ("-e", "erlang"), words
            assert len(asked.words) >= len(wanted) or "…" in words, words


def test_a_command_line_that_cannot_be_typed_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "    sup kapps_config get number_manager   # why\n    $ sup number mov a.csv | wc\n", encoding="utf-8"
    )
    first, second = lines_of(page)
    assert first == ["kapps_config", "get", "number_manager"]
    for words in (first, second):
        with pytest.raises(UsageError):
            parsing.request(words)


def test_the_calls_that_the_how_to_of_commands_shows_can_be_made():
    page = (DOCS / "how-to/adding-a-command.md").read_text(encoding="utf-8").replace("…", "_")
    made = []
    for block in re.findall(r"(?:^    .*\n)+", page, re.MULTILINE):
        with contextlib.suppress(SyntaxError):  # an excerpt, or no Python
            for call in [each for each in ast.walk(ast.parse(textwrap.dedent(block))) if isinstance(each, ast.Call)]:
                name = ast.unparse(call.func)
                found = operator.attrgetter(name)(SHOWN) if name.split(".")[0] in vars(SHOWN) else None
                if found:
                    given = dict.fromkeys(each.arg for each in call.keywords)
                    inspect.signature(found).bind(*call.args, **given)
                    made.append(name)
    assert {"changes.act", "changes.apply", "Change", "Was", "Collector", "Reach", "bus.publish", "working"} <= set(
        made
    )


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == kazoo_sup.__version__
    [newest, *_] = re.findall(
        r"^## (\d+\.\d+\.\d+)\b", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert newest == kazoo_sup.__version__

"""Build the documentation to read in a browser: docs/, the README, a page for each module. Usage: site.py [DIRECTORY].

The pages are laid out in .site; mkdocs builds them in the order of mkdocs.yml, and fails where a link leads nowhere or
a page is in no section.
Pictures of runs are taken of runs while it is built.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from rich.console import Console
from rich.text import Text

from kazoo_sup.cli import catalogue

ROOT = Path(__file__).parents[1]
PAGES = ROOT / ".site"
WIDTH = 90
COMMANDS = "docs/reference/commands.md"
PAGES_BESIDE = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "config/sup.example.yaml",
    "config/sup.schema.json",
)
"""What the pages lead to outside of docs/."""

PICTURES = {
    "help": ["--help"],
    "list": ["--list", "drain"],
    "function": ["haproxy", "drain", "--help"],
    "settings": ["config", "show", "--columns", "setting,value"],
}


def lay_out() -> None:
    """Put every page where mkdocs looks for it, laid out as in the repository, so that links hold."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(ROOT / "docs", PAGES / "docs", ignore=shutil.ignore_patterns("sup.1"))
    for name in PAGES_BESIDE:
        (PAGES / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, PAGES / name)
    shutil.copy(ROOT / "scripts/file_worker.js", PAGES / "iframe-worker.js")
    with (PAGES / "README.md").open("a", encoding="utf-8") as home:
        home.write(_pictures())
    modules = list(catalogue.own_modules())
    listed = "\n".join(f"- [{name}](../../modules/{name}.md): {catalogue.module(name).summary}" for name in modules)
    _write(COMMANDS, f"# Commands\n\nEvery module and its functions; the search finds both.\n\n{listed}\n")
    for name in modules:
        _write(f"modules/{name}.md", _module_page(name))


def _module_page(name: str) -> str:
    module = catalogue.module(name)
    functions = [f"## {each.name}\n\n    {each.usage}\n\n{_plain(each.help)}\n" for each in module.functions.values()]
    return "\n".join([f"# {name}\n\n{_plain(module.help)}\n", *functions])


def _plain(text: str) -> str:
    """Return a help as Markdown that shows it as it is: nothing in it is a link or HTML."""
    return re.sub(r"([<\[*_])", r"\\\1", text)


def _pictures() -> str:
    """Take a picture of each run of PICTURES, and return the text that shows them."""
    shown = ["\n## What it looks like\n"]
    with tempfile.TemporaryDirectory() as home:
        environ = {"PATH": os.environ["PATH"], "HOME": home, "SUP_HOST": "apps1.example.com", "COLUMNS": str(WIDTH)}
        for name, words in PICTURES.items():
            run = [sys.executable, "-m", "kazoo_sup", *words]
            said = subprocess.run(run, env=environ, cwd=ROOT, capture_output=True, text=True, check=True).stdout
            line = " ".join(["sup", *words])
            _picture(f"$ {line}\n{said.replace(home, '~')}", PAGES / f"run-{name}.svg", line)
            shown.append(f"![{line}](run-{name}.svg)\n")
    shown.append("![sup zone status](docs/how-to/zone-status.svg)\n")
    return "\n".join(shown)


def _picture(text: str, file: Path, title: str) -> None:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere)
        console.print(Text(text))
        console.save_svg(str(file), title=title)


def _write(name: str, text: str) -> None:
    file = PAGES / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


def navigation(sections: list[dict[str, list[object]]]) -> list[object]:
    """Return the SECTIONS of mkdocs.yml with a page for each module below that of the commands."""
    modules = [f"modules/{name}.md" for name in catalogue.own_modules()]
    return [
        {title: [{"Commands": [page, *modules]} if page == COMMANDS else page for page in pages]}
        for section in sections
        for title, pages in section.items()
    ]


def main() -> None:
    """Lay out, and build into the directory named, else into dist/site."""
    lay_out()
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    settings |= {"docs_dir": str(PAGES), "nav": navigation(settings["nav"])}
    settings["site_dir"] = str(Path(sys.argv[1] if sys.argv[1:] else ROOT / "dist/site").absolute())
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        yaml.safe_dump(settings, file)
        file.flush()
        build = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", file.name]
        done = subprocess.run(build, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()

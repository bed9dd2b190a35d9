"""The site: every command is found, the pictures are of runs, and a link that leads nowhere is an error."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kazoo_sup.cli import catalogue

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.integration


@pytest.fixture
def sources(tmp_path):
    """Return a place with what the site is made of, to be changed."""
    place = tmp_path / "sources"
    for name in ("docs", "scripts", "config", "kazoo_sup"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "mkdocs.yml"):
        shutil.copy(ROOT / name, place)
    return place


def built(place):
    return subprocess.run(
        [sys.executable, "scripts/site.py", place / "site"],
        cwd=place,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(place), "HOME": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_has_every_command_and_pictures_of_runs(sources):
    done = built(sources)
    assert done.returncode == 0, done.stderr
    entries = json.loads((sources / "site/search/search_index.json").read_text())["docs"]
    found = {(each["location"].partition(".html")[0], each["title"]) for each in entries}
    for each in catalogue.commands():
        assert (f"modules/{each.module}", each.name) in found
    picture = (sources / "site/run-list.svg").read_text()
    assert "haproxy&#160;drain" in picture
    assert (sources / "site/config/sup.example.yaml").is_file()
    # Opened as a file it searches, too, and fetches nothing.
    assert (sources / "site/search/search_index.js").read_text().startswith("var __index = ")
    scripts = re.findall(r'<script[^>]* src="([^"]*)"', (sources / "site/modules/zone.html").read_text())
    assert "../iframe-worker.js" in scripts
    assert not [each for each in scripts if not (sources / "site/modules" / each).is_file()]


def test_a_link_that_leads_nowhere_is_an_error(sources):
    with (sources / "docs/reference/settings.md").open("a") as page:
        page.write("\n[nowhere](no-such-page.md)\n")
    done = built(sources)
    assert done.returncode != 0
    assert "no-such-page.md" in done.stderr

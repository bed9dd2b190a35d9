"""The program out of a zip that nobody unpacks: what is no code is found in there too."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    file = tmp_path_factory.mktemp("zip") / "sup.zip"
    with zipfile.ZipFile(file, "w") as zipped:
        for path in sorted((ROOT / "kazoo_sup").rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                zipped.write(path, path.relative_to(ROOT))
        for path in sorted((ROOT / "config").rglob("*")):
            if path.is_file():
                zipped.write(path, Path("kazoo_sup") / path.relative_to(ROOT))
    return file


def run(archive, code, *words):
    """Run CODE where the package is found in the archive alone."""
    where = f"import sys; sys.path.insert(0, {str(archive)!r}); import kazoo_sup; assert '.zip' in kazoo_sup.__file__\n"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SUP_")}
    command = [sys.executable, "-c", where + code, *words]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=archive.parent, env=environment, timeout=120
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


MAIN = "from kazoo_sup.__main__ import main; sys.exit(main())"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--list", "dispatcher"], "kamailio"),
        (["number", "import", "--help"], "Usage"),
    ],
)
def test_commands_find_what_they_show(archive, words, shown):
    done = run(archive, MAIN, *words)
    assert (done.returncode, shown in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "from kazoo_sup.kazoo.databases.views import bundled; assert len(bundled()) > 5",
        "from kazoo_sup.kazoo.notifications.notification_templates import defaults; assert defaults()",
        "from kazoo_sup.kazoo.config.schemas import _draft_04; _draft_04()({})",
        "from kazoo_sup.settings import schema; assert schema.schema()",
        "from kazoo_sup.settings import example; assert 'zones:' in example()",
    ],
)
def test_data_is_read(archive, code):
    assert run(archive, code).returncode == 0

"""What is built for installing: the Debian package and the zipapp, each run from where it lands.

`make try-packages` installs them in a fresh root; that takes root and minutes, so it is no part of the suite.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kazoo_sup import __version__

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.integration


def built(kind, directory):
    environ = {**os.environ, "PACKAGE_DIST": str(directory)}
    subprocess.run([ROOT / "scripts/package.sh", kind], cwd=ROOT, env=environ, check=True, capture_output=True)
    (found,) = directory.iterdir()
    return found


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="needs dpkg-deb")
def test_the_debian_package_has_all_that_a_host_needs(tmp_path):
    package = built("deb", tmp_path / "dist")
    root = tmp_path / "root"
    subprocess.run(["dpkg-deb", "--raw-extract", package, root], check=True)

    assert (root / "DEBIAN/conffiles").read_text().split() == ["/etc/kazoo-sup/sup.yaml", "/etc/logrotate.d/kazoo-sup"]
    assert os.access(root / "usr/bin/kazoo-sup", os.X_OK)
    assert not (root / "usr/bin/sup").exists()  # which is Kazoo's, where Kazoo is
    for each in (
        "usr/share/man/man1/kazoo-sup.1.gz",
        "usr/share/bash-completion/completions/kazoo-sup",
        "usr/share/zsh/vendor-completions/_kazoo-sup",
        "usr/share/fish/vendor_completions.d/kazoo-sup.fish",
    ):
        assert (root / each).stat().st_size, each
    there = (root / "usr/lib/kazoo-sup").iterdir()
    brought = [
        each for each in there if each.suffix not in (".so", ".dist-info") and not (each / "__init__.py").exists()
    ]
    assert [each.name for each in brought] == []  # only what is imported
    launcher = (root / "usr/bin/kazoo-sup").read_text().replace('"/usr/lib', f'"{root}/usr/lib')
    said = subprocess.run(
        [sys.executable, "-S", "-I", "-c", launcher, "--version"], capture_output=True, text=True, check=True
    )
    assert said.stdout == f"kazoo-sup {__version__}\n"


def test_the_zipapp_runs_with_its_data_files(tmp_path):
    archive = built("zipapp", tmp_path / "dist")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SHIV_ROOT": str(tmp_path / "unpacked")}

    def sup(*words):
        said = subprocess.run(
            [sys.executable, "-I", archive, *words], env=environ, capture_output=True, text=True, check=True
        )
        return said.stdout

    assert sup("--version") == f"kazoo-sup {__version__}\n"
    assert "CATEGORY KEY SETTING" in sup("kapps_config", "set_default", "--help")
    sup("config", "init")
    assert sup("config", "check").endswith("sup.yaml is good\n")


def test_the_zipapp_says_which_python_it_is_made_for():
    checked = (ROOT / "packaging" / "zipapp.py").read_text()
    ours = "{}.{}".format(*sys.version_info)

    def started(python):
        words = [sys.executable, "-I", "-c", checked.replace("@PYTHON@", python)]
        said = subprocess.run(words, capture_output=True, text=True, check=False)
        return said.returncode, said.stderr

    assert started(ours) == (0, "")
    sentence = f"sup: this file is made for Python 3.0, not for {ours}: python3.0 sup.pyz\n"
    assert started("3.0") == (1, sentence)


def test_a_wheel_brings_the_manual_page_and_the_completions_where_shells_look(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT], check=True
    )
    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        data = {name.partition(".data/data/")[2] for name in archive.namelist() if ".data/data/" in name}
    assert data == {
        "share/man/man1/sup.1",
        "share/bash-completion/completions/sup",
        "share/zsh/site-functions/_sup",
        "share/fish/vendor_completions.d/sup.fish",
    }


def run_script(name, argument, tmp_path, *, existing=None):
    """Run a script of the package, with `sup` elsewhere and an update-alternatives that writes what it is told."""
    place = tmp_path / "sup"
    if existing:
        place.write_text(existing)
    told = tmp_path / "told"
    fake = tmp_path / "bin" / "update-alternatives"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\necho "$@" >>{told}\necho /usr/bin/kazoo-sup\n')
    fake.chmod(0o755)
    script = (ROOT / "packaging" / name).read_text().replace("link=/usr/bin/sup", f"link={place}")
    environ = {"PATH": f"{fake.parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", script, name, argument], env=environ, check=True)
    return told.read_text() if told.exists() else ""


def test_an_install_makes_sup_an_alternative(tmp_path):
    assert "--install" in run_script("after-install.sh", "configure", tmp_path)


def test_the_sup_of_kazoo_is_left_alone(tmp_path):
    assert run_script("after-install.sh", "configure", tmp_path, existing="Kazoo's") == ""


@pytest.mark.parametrize(("argument", "removed"), [("remove", True), ("0", True), ("upgrade", False), ("1", False)])
def test_only_a_removal_takes_the_alternative_away(tmp_path, argument, removed):
    assert ("--remove" in run_script("before-remove.sh", argument, tmp_path)) is removed


@pytest.mark.skipif(not shutil.which("logrotate"), reason="needs logrotate")
def test_logrotate_takes_only_old_records_away_also_where_it_is_forced(tmp_path):
    old, young = tmp_path / "old.jsonl.gz", tmp_path / "young.jsonl.gz"
    for each in (old, young):
        each.touch()
    os.utime(old, (0, 0))
    told = (ROOT / "packaging/logrotate").read_text().replace("/root/.local/state/kazoo-sup/journal", str(tmp_path))
    (tmp_path / "logrotate").write_text(told)
    done = subprocess.run(
        ["logrotate", "--force", "--state", tmp_path / "state", tmp_path / "logrotate"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (old.exists(), young.exists()) == (False, True), done.stderr

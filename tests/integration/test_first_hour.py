"""The tutorial is typed as it stands, line by line, in one shell against a lab of its own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from helpers.lab_server import link_packages
from helpers.real_servers import SUP, free_port

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tutorial/first-hour.md").read_text(encoding="utf-8")
END = "----- answered -----"
SECONDS = 600

pytestmark = pytest.mark.integration


class Step(NamedTuple):
    """A line to type, and the lines that it shall answer."""

    typed: str
    answer: list[str]


def steps():
    found = []
    for line in PAGE.splitlines():
        if line.startswith("    $ "):
            found.append(Step(line.removeprefix("    $ "), []))
        elif line.startswith("    "):
            found[-1].answer.append(line.removeprefix("    "))
    return found


def matches(answer, said):
    """Tell whether what was said is the answer; … in it stands for anything, on a line of its own for any lines."""
    lines = [r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in answer]
    return re.fullmatch("".join(lines), said) is not None


@pytest.fixture
def typed(environment, lab_cache):
    """Return what each line answers on standard output."""
    lab = Path(environment["XDG_DATA_HOME"]) / "kazoo-sup" / "lab"
    lab.mkdir(parents=True)
    link_packages(lab, lab_cache)
    script = []
    for step in steps():
        line = step.typed.replace("lab start", f"lab start {free_port()}")
        script += [line, f"code=$?; echo; echo '{END}'; (exit $code)"]
    environ = {**environment, "PATH": f"{Path(SUP).parent}:{environment['PATH']}"}
    try:
        done = subprocess.run(
            ["bash", "-c", "\n".join(script)],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        subprocess.run([SUP, "lab", "remove"], env=environ, capture_output=True, check=False)
    return done.stdout.split(f"\n{END}\n")[:-1], done.stderr


def test_each_line_answers_what_stands_below_it(typed):
    answers, told = typed
    assert len(answers) == len(steps()), told
    for step, said in zip(steps(), answers, strict=True):
        assert matches(step.answer, said), f"$ {step.typed}\n{said}\n{told}"


def test_an_answer_that_differs_is_seen():
    assert matches(["a …", "…", "z"], "a b\nany\nz\n")
    assert not matches(["a …", "z"], "a b\nany\nz\n")
    assert not matches([], "something\n")

"""How long `sup` takes from start to end: beside Python alone, and beside what the server needs for the same read."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPConnection
from itertools import count
from statistics import median as middle
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import harness
from harness import ROOT, SUP, Column, Sample

if TYPE_CHECKING:
    from pathlib import Path

CATEGORY, KEY = "accounts", "default_timezone"
BARE = "python -c pass"
READING = "sup kapps_config get CATEGORY KEY"
SERVER = "the server alone: that GET, connection kept"
START_AIM, READ_AIM = 0.080, 0.150
"""Seconds: for help and completion, and for a read on top of what the server takes."""

COMPLETION = r"""
source "$1"; COMP_WORDS=(sup kapps_conf); COMP_CWORD=1; LC_ALL=C
began=$EPOCHREALTIME
for ((turn = 0; turn < 100; turn++)); do _sup; done
ended=$EPOCHREALTIME
[[ ${COMPREPLY[*]} == 'kapps_config kapps_config_maintenance' ]] && echo $((${ended/./} - ${began/./}))
"""
"""Prints the microseconds of 100 completions."""

Contestants = dict[str, Callable[[], Sample]]


def main() -> None:
    """Measure and print."""
    parser = harness.arguments(str(__doc__), rounds=21)
    asked = parser.parse_args()
    with harness.scratch() as directory, harness.lab(directory) as couchdb, harness.broker(directory) as amqp:
        samples = harness.in_turn(asked.rounds, {**starts(directory), **runs(directory, couchdb, amqp)})
    medians = {name: harness.seconds(each) for name, each in samples.items()}
    first, server = next(iter(medians.values())), medians[SERVER]
    rows = []
    for name, median in medians.items():
        row: dict[str, Any] = {"what": name, "median_ms": median * 1000, "ratio": median / first}
        row["fastest_ms"] = min(sample.seconds for sample in samples[name]) * 1000
        pairs = [(sample.cpu, bare.cpu) for sample, bare in zip(samples[name], samples[BARE], strict=True)]
        if all(ours and theirs for ours, theirs in pairs):
            row |= {"cpu_ms": harness.cpu(samples[name]) * 1000, "cpu_ratio": middle(a / b for a, b in pairs)}
        if any(word in name for word in ("help", "list", "completion")):
            row["aim_ms"] = START_AIM * 1000
        elif name.startswith(READING):
            row |= {"without_server_ms": (median - server) * 1000, "aim_ms": (READ_AIM + server) * 1000}
        rows.append(row)
    columns = [
        Column("what", "command"),
        Column("median_ms", "median ms", "{:.1f}"),
        Column("fastest_ms", "fastest", "{:.1f}"),
        Column("ratio", "ratio", "{:.2f}"),
        Column("cpu_ms", "CPU ms", "{:.1f}"),
        Column("cpu_ratio", "ratio of CPU", "{:.2f}"),
        Column("without_server_ms", "without server", "{:.1f}"),
        Column("aim_ms", "aim: at most", "{:.0f}"),
    ]
    notes = [
        f"whole processes, {asked.rounds} of each in turn; ratio: to Python alone, that of CPU pair by pair",
        f"the aim for a read is {READ_AIM * 1000:.0f} ms on top of the server's own time",
        "the completion is one call of the shell function in a bash that has loaded it",
    ]
    harness.show("start to end", columns, rows, notes, as_json=asked.json)


def starts(directory: Path) -> Contestants:
    """Return what needs no server."""
    environment = harness.environment(directory)
    words = ["--version", "kapps_config get --help", "--help", "--list"]
    return {
        BARE: lambda: harness.process([harness.PYTHON, "-c", "pass"], environment),
        **{f"sup {each}": partial(harness.process, [SUP, *each.split()], environment) for each in words},
        "bash completion of a module": lambda: completed(environment),
    }


def completed(environment: dict[str, str]) -> Sample:
    """Complete `sup kapps_conf` in bash."""
    file = ROOT / "completions" / "sup.bash"
    command = ["bash", "--norc", "--noprofile", "-c", COMPLETION, "bash", str(file)]
    return Sample(float(harness.process(command, environment).output) / 1e6 / 100)


def runs(directory: Path, couchdb: str, amqp: str) -> Contestants:
    """Return what talks to the servers. The settings are in the home of each, except for those of the environment."""
    values = (f"sup-bench-{number}" for number in count())
    by_variables = harness.environment(directory, SUP_COUCHDB_URL=couchdb, SUP_AMQP_URL=amqp)
    by_yaml = harness.environment(directory, HOME=str(yaml_home(directory, couchdb, amqp)))
    by_ini = harness.environment(directory, KAZOO_CONFIG=str(ini(directory, couchdb, amqp)))
    read = [SUP, "kapps_config", "get", CATEGORY, KEY]
    write = f"kapps_config set_default {CATEGORY} sup_bench"

    def set_default(*options: str) -> Sample:
        return harness.process([SUP, *options, *write.split(), next(values)], by_yaml)

    answers = asked_again(couchdb)
    return {
        SERVER: lambda: next(answers),
        f"{READING}, settings in the environment": lambda: harness.process(read, by_variables),
        f"{READING}, settings in config.ini": lambda: harness.process(read, by_ini),
        f"{READING}, settings in sup.yaml": lambda: harness.process(read, by_yaml),
        "sup kapps_config set_default, --no-events": lambda: set_default("--no-events"),
        "sup kapps_config set_default, one confirmed event": set_default,
    }


def asked_again(couchdb: str) -> Iterator[Sample]:
    """Get the document that the read needs, again and again over one connection."""
    parts = urlsplit(couchdb)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=harness.TIMEOUT)
    login = b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    while True:
        began = time.perf_counter()
        connection.request("GET", f"/system_config/{CATEGORY}", headers={"Authorization": f"Basic {login}"})
        connection.getresponse().read()
        yield Sample(time.perf_counter() - began)


def yaml_home(directory: Path, couchdb: str, amqp: str) -> Path:
    """Make a home directory with a sup.yaml as `sup config init` would have it filled in."""
    home = directory / "home"
    file = home / ".config" / "kazoo-sup" / "sup.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(f"zones:\n  local:\n    couchdb: {couchdb}\n    amqp: {amqp}\n", encoding="utf-8")
    file.chmod(0o600)
    return home


def ini(directory: Path, couchdb: str, amqp: str) -> Path:
    """Write a config.ini as a Kazoo node has it."""
    parts = urlsplit(couchdb)
    file = directory / "config.ini"
    login = f'username = "{parts.username}"\npassword = "{parts.password}"\n'
    place = f'ip = "{parts.hostname}"\nport = {parts.port}\n'
    text = f'[zone]\nname = "local"\namqp_uri = "{amqp}"\n\n[bigcouch]\n{place}{login}'
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return file


if __name__ == "__main__":
    main()

"""Draw docs/how-to/zone-status.svg: `sup zone status` on a zone of real and dead servers, which are started here.

    python scripts/zone_status_svg.py [FILE]

Addresses of this machine are shown as addresses of documentation (RFC 5737).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from rich.console import Console  # noqa: E402

from helpers import lab_server, real_servers  # noqa: E402
from helpers.zone_bench import ZoneBench  # noqa: E402
from kazoo_sup.texts.drawing import health_page  # noqa: E402

WIDTH, HEIGHT = 120, 60


def main() -> None:
    """Start the servers, ask for their health, draw it."""
    file = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs/how-to/zone-status.svg"
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as started:
        rows = _rows(Path(scratch), started)
    console = Console(width=WIDTH, height=HEIGHT, record=True, file=Path(os.devnull).open("w"), force_terminal=True)  # noqa: SIM115
    console.print(health_page(rows, WIDTH, HEIGHT))
    file.write_text(console.export_svg(title="sup zone status", unique_id="zone-status"), encoding="utf-8")


def _rows(scratch: Path, started: ExitStack) -> list[dict[str, str]]:
    """Run the command, and return its rows with other addresses."""

    def directory(name: str) -> Path:
        (scratch / name).mkdir()
        return scratch / name

    rabbitmq = real_servers.RabbitMQ(directory("rabbitmq"))
    started.callback(rabbitmq.close)
    lab = lab_server.Lab(directory("lab"), lab_server.cache_directory())
    started.callback(lab.stop)
    haproxy = real_servers.HAProxy(directory("haproxy"), lab.url)
    started.callback(haproxy.stop)
    kamailio = real_servers.Kamailio(directory("kamailio"))
    started.callback(kamailio.stop)
    bench = started.enter_context(
        ZoneBench(directory("zone"), rabbitmq=rabbitmq, haproxy=haproxy, couchdb_url=lab.url, kamailio=kamailio)
    )
    real_servers.until(rabbitmq.tells_all, "RabbitMQ's statistics")
    command = [real_servers.SUP, "zone", "status", "--config", str(bench.file), "-f", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return list(json.loads(_renamed(done.stdout))["rows"])


def _renamed(text: str) -> str:
    """Put an address of documentation in the place of each loopback one."""
    known: dict[str, str] = {}

    def address(found: re.Match[str]) -> str:
        return known.setdefault(found[0], f"192.0.2.{len(known) + 10}")

    return re.sub(r"127\.0\.0\.\d+(:\d+)?", address, text)


if __name__ == "__main__":
    main()

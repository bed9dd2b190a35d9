"""How to trust a server that is spoken to in TLS, and how to be trusted by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: the authorities to trust in place of the usual ones, our own certificate and its key.

    Without `verify` any server is believed.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    verify: bool = True

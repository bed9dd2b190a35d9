"""Orders whose outcome is not known yet: a note on disk for each, from before it is sent until it is clear.

So an order is never sent twice: not after a lost answer, nor after a run that was interrupted or killed, nor by two
runs at once. The next run finds the note and asks the carrier before anything else.
"""

from __future__ import annotations

import io
import json
import os
import re
import uuid
from typing import TYPE_CHECKING, Self

from kazoo_sup.errors import Declined, SettingsError
from kazoo_sup.settings import own_files

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from kazoo_sup.zone import Zone


class Order:
    """An order, whose note is locked while its run lives; a context manager.

    `reference` is ours, and can be searched for at the carrier where it takes one. `earlier` tells that a run before
    this one may have sent it and never learnt what became of it.
    """

    def __init__(self, path: Path, file: TextIO, reference: str, *, earlier: bool) -> None:
        """Hold FILE, open and locked, of PATH."""
        self.path = path
        self.reference = reference
        self.earlier = earlier
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def settle(self) -> None:
        """Forget it: what became of it is known."""
        self.path.unlink(missing_ok=True)


def directory(zone: Zone) -> Path:
    """Return where the notes of a zone's orders are."""
    return zone.state_dir / "orders" / zone.name


def begin(place: Path, carrier: str, number: str, deed: str) -> Order:
    """Note in PLACE an order that is about to be sent, or find the note of an earlier one of the same.

    Raises Declined while another run is at it, SettingsError when no note can be written: nothing may be ordered then.
    """
    path = place / f"{carrier}_{re.sub('[^0-9]', '', number)}_{deed}.json"
    try:
        own_files.directory(place)
        file = io.TextIOWrapper(own_files.reopen(path), encoding="utf-8")
        if not own_files.hold(file):
            file.close()
            raise Declined(reason=f"another run is at it: {number} is being {deed} at {carrier}")
        file.seek(0)
        found = _reference(file.read())
        reference = found or uuid.uuid4().hex
        if not found:
            note = {"carrier": carrier, "number": number, "deed": deed, "reference": reference}
            file.seek(0)
            file.truncate()
            file.write(json.dumps(note))
            file.flush()
            os.fsync(file.fileno())
            own_files.sync(place)
    except OSError as error:
        reason = f"no order is sent without a note of it: {error.strerror}"
        raise SettingsError(source=str(path), reason=reason) from error
    return Order(path, file, reference, earlier=bool(found))


def _reference(note: str) -> str:
    """Return the reference of a note; "" of one that was cut off while it was written, before the order was sent."""
    try:
        return str(json.loads(note)["reference"])
    except (ValueError, KeyError, TypeError):
        return ""

"""Searching for numbers: all carriers are asked side by side, what they find comes as it comes, until a deadline.

Source: Kazoo knm_search:first/1. Better than there: the deadline is for the whole search, not for each answer; and
who failed, and why, is said.
"""

from __future__ import annotations

import re
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from kazoo_sup.concurrency import next_of
from kazoo_sup.errors import ExitCode, SupError, UnexpectedError
from kazoo_sup.kazoo.carriers import countries, nanp, of
from kazoo_sup.kazoo.carriers.base import CATEGORY
from kazoo_sup.kazoo.carriers.dialcodes import dialcode
from kazoo_sup.kazoo.config import system_config
from kazoo_sup.kazoo.documents.shapes import POSITIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kazoo_sup.kazoo.carriers.base import Carrier, Found, Query
    from kazoo_sup.zone import Zone

_TIMEOUT_MS, _QUANTITY = 5000, 500
"""Kazoo's defaults of number_search_timeout_ms and maximum_search_quantity."""

_NORTH_AMERICA = ("US", "CA")


class SearchFailed(SupError):
    """no carrier answered: {reasons}"""

    remedy = "sup knm_carriers verify shows what keeps them from answering"

    reasons: str


class SearchIncomplete(SupError):
    """{failed} of {asked} carriers did not answer: {reasons}"""

    exit_code = ExitCode.PARTIAL
    remedy = "sup knm_carriers verify shows what keeps them from answering"

    failed: int
    asked: int
    reasons: str


def deadline(zone: Zone) -> float:
    """Return how many seconds a search may take (number_search_timeout_ms)."""
    return _setting(zone, "number_search_timeout_ms", _TIMEOUT_MS) / 1000


def largest(zone: Zone) -> int:
    """Return how many numbers a search may find (maximum_search_quantity)."""
    return _setting(zone, "maximum_search_quantity", _QUANTITY)


def normalised_prefix(prefix: str, country: str) -> str:
    """Return a prefix in E.164 form: with + and the country code.

    Without + it is one of North America. Raises ValueError for a malformed one, or of another country without +.
    """
    bare = re.sub(r"[\s().-]", "", prefix)
    if not re.fullmatch(r"\+?\d{0,14}\*?", bare) or not re.search(r"\d", bare):
        raise ValueError(f"{prefix!r} does not begin a phone number")
    if bare.startswith("+"):
        return bare
    if country not in _NORTH_AMERICA:
        raise ValueError(f"{prefix!r} needs + and the country code before it to be one of {country}")
    return f"{nanp.COUNTRY_CODE}{bare}"


def search(zone: Zone, modules: Sequence[str], query: Query, seconds: float, most: int) -> Iterator[Found]:
    """Ask all MODULES at once; yield what they find as it comes, each number once, MOST altogether.

    After what was found it raises SearchIncomplete when some of the carriers failed, SearchFailed when all did.
    """
    # Made here, once, rather than by whichever thread comes first.
    asked = {name: of(zone, name) for name in modules}
    _ = zone.couchdb
    told: SimpleQueue[tuple[str, Found | SupError | None]] = SimpleQueue()
    enough = threading.Event()
    for name, carrier in asked.items():
        # A daemon, so that a carrier that hangs never keeps the process from ending.
        threading.Thread(target=_ask, args=(carrier, query, told.put, enough), name=name, daemon=True).start()
    failed: dict[str, str] = {}
    try:
        yield from _gathered(set(asked), told, most, time.monotonic() + seconds, failed)
    finally:
        enough.set()
    for name in [name for name, reason in failed.items() if not reason]:
        failed[name] = f"{name}: no answer within {seconds:g} s"
    reasons = "; ".join(failed.values())
    if failed and len(failed) == len(asked):
        raise SearchFailed(reasons=reasons)
    if failed:
        raise SearchIncomplete(failed=len(failed), asked=len(asked), reasons=reasons)


def _gathered(
    waiting: set[str],
    told: SimpleQueue[tuple[str, Found | SupError | None]],
    quantity: int,
    end: float,
    failed: dict[str, str],
) -> Iterator[Found]:
    """Yield what is told until nobody is waited for, enough is found, or time is up; note who failed."""
    seen: set[str] = set()
    while waiting and len(seen) < quantity:
        try:
            name, what = next_of(told, end - time.monotonic())
        except Empty:
            failed.update(dict.fromkeys(sorted(waiting), ""))
            return
        if what is None:
            waiting.discard(name)
        elif isinstance(what, SupError):
            waiting.discard(name)
            failed[name] = str(what) if str(what).startswith(name) else f"{name}: {what}"
        elif what.number not in seen:
            seen.add(what.number)
            yield what


def _ask(
    carrier: Carrier, query: Query, tell: Callable[[tuple[str, Found | SupError | None]], None], enough: threading.Event
) -> None:
    try:
        carrier.refuse_unsearchable(query)
        for found in carrier.search(query):
            if enough.is_set():
                return
            if _is_of_the_country(found.number, query):
                tell((carrier.name, found))
        tell((carrier.name, None))
    except SupError as error:
        tell((carrier.name, error))
    except Exception as unexpected:  # noqa: BLE001 - else the search would wait for this thread in vain
        tell((carrier.name, UnexpectedError(kind=type(unexpected).__name__, reason=str(unexpected))))


def _is_of_the_country(number: str, query: Query) -> bool:
    """Return whether a number is of the country that is searched, which no carrier is trusted with."""
    if query.country:
        return countries.begins_with(query.country, number)
    return dialcode(number) == dialcode(query.prefix)


def _setting(zone: Zone, key: str, default: int) -> int:
    return system_config.read(zone, CATEGORY, key, default, POSITIVE)

"""What Kazoo prints of media that are cleaned up, and of settings of media that move.

Source: Kazoo kazoo_media_maintenance:remove_empty_media_docs/0,1, migrate/0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kazoo_sup import terms
from kazoo_sup.kazoo.config.system_config import DATABASE
from kazoo_sup.kazoo.media.media_cleanup import (
    ArchiveNamed,
    EmptyMediaFound,
    EmptyPromptFound,
    MediaArchived,
    MediaCleaned,
    MediaDeleted,
    MediaKept,
    MediaListed,
    MediaUnreadable,
)
from kazoo_sup.kazoo.media.media_settings import (
    CategoryBegun,
    CategoryDeleted,
    CategoryMissing,
    SectionRead,
    SettingKept,
    SettingRead,
    SettingsSaved,
)
from kazoo_sup.kazoo.media.prompt_languages import CATEGORY
from kazoo_sup.transports.server import MASK

if TYPE_CHECKING:
    from kazoo_sup.terms import Term


def lines(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's line for each thing that took place while media were cleaned up."""
    return map(_of_cleaning, events)


def _of_cleaning(event: object) -> str:
    match event:
        case EmptyPromptFound(document):
            return f"media document {document} has no attachments, removing"
        case MediaUnreadable(account):
            return f"error looking up media docs in account {account}: not_found"
        case MediaListed(account, count):
            return f"{f'found {count}' if count else 'no'} media docs in account {account}"
        case ArchiveNamed(file):
            return f"archiving removed media docs to {file}"
        case MediaCleaned(account):
            return f"finished cleaning up empty media docs for account {account}"
        case _:
            return _of_media(event)


def _of_media(event: object) -> str:
    match event:
        case MediaKept(document):
            return f"media doc {document} has attachments, leaving alone"
        case EmptyMediaFound(document):
            return f"media doc {document} has no attachments, archiving and removing"
        case MediaArchived(document):
            return f"dumping media doc {document} to file : ok"
        case MediaDeleted(document):
            return f"removed media doc {document}"
        case _:
            return str(event)


def settings(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's lines for each thing that took place while settings moved."""
    for event in events:
        match event:
            case CategoryBegun(category):
                yield f"migrating relevant settings from system_config/{category} to system_config/{CATEGORY}"
            case CategoryMissing(category):
                yield f"  failed to find {category}, not migrating"
            case SectionRead(section, skipped):
                yield f"skipping non-node '{section}'" if skipped else f"migrating node '{section}' settings"
            case SettingRead():
                yield from _read(event)
            case SettingKept(path, _value, True):
                yield terms.formatted("    media config has matching value for ~p", path)
            case SettingKept(path, value):
                place, shown = _shown(value)
                yield terms.formatted(f"    media config has existing value '{place}' for ~p", shown, path)
            case SettingsSaved([]):
                yield "no changes for that need saving"
            case SettingsSaved(saved):
                yield f"saving updated media config with:\n{terms.pretty(saved)}"
            case CategoryDeleted(category):
                yield f"deleted {category} from {DATABASE}"


def _read(event: SettingRead) -> Iterator[str]:
    key: Term = event.path[0] if len(event.path) == 1 else event.path
    place, shown = _shown(event.value)
    default = "default " if event.default else ""
    yield terms.formatted(f"  maybe setting ~p for node ~p to {default}'{place}'", key, event.section, shown)
    if event.value is None:
        yield terms.formatted("    no value to set for ~p", key)


def _shown(value: Term) -> tuple[str, Term]:
    """Return how a value is printed: its place in a template, and what is there."""
    if value == MASK:
        return "~s", value
    return "~p", terms.UNDEFINED if value is None else value

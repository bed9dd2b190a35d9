"""What Kazoo prints of the templates of notify. Source: Kazoo notify_maintenance:refresh_template/0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kazoo_sup import terms
from kazoo_sup.kazoo.notifications.notify_templates import (
    ADDED,
    EDITED,
    EQUAL,
    NO_TEMPLATE,
    AllMatched,
    Compared,
    DocumentsSought,
    FilesSought,
    FileUnreadable,
    Matched,
    Saved,
)

_OF_KEYS = {
    ADDED: ("key: '{}' not found in jobj adding file template value",),
    NO_TEMPLATE: ("default template is undefined", "key: '{}' one of the templates is undefined, ignoring..."),
    EQUAL: ("key: '{}' file & doc value are equal, ignoring...",),
    EDITED: ("key: '{}' doc manually updated, ignoring...",),
}
_MATCHED = {
    (True, True): "found doc & module for template file: '{}' ",
    (False, True): "did not found doc but module exist for template file: '{}', adding... ",
    (True, False): "did not module for template file: '{}', ignoring... ",
    (False, False): "did not found doc & module for template file: '{}', ignoring... ",
}
"""Whether there is a document, and whether there is a module."""


def lines(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's lines for each thing that took place."""
    for event in events:
        match event:
            case DocumentsSought(database):
                yield terms.formatted("searching for docs in: ~p ", database)
            case FilesSought(directory):
                yield terms.formatted("searching for files in: ~p ", terms.Charlist(directory))
                yield "matching now"
            case Matched(file, document, module):
                yield _MATCHED[document, module].format(file)
            case AllMatched():
                yield "comparing now"
            case FileUnreadable(file):
                yield f"comparing, failed to open template: {file}"
            case Compared():
                yield from _compared(event)
            case Saved(document, updated):
                yield f"doc {document} updated" if updated else f"doc {document} failed to update: conflict"


def _compared(event: Compared) -> Iterator[str]:
    if event.exists:
        yield f"comparing, found template & doc: {event.file} & {event.document}"
    else:
        yield f"comparing, failed to open document (does not exist): {event.document}"
    for key, became in event.keys.items():
        yield from (line.format(key) for line in _OF_KEYS[became])

"""What Kazoo prints of settings that do not fit their schemas.

Source: Kazoo kapps_maintenance:check_system_config/1, check_system_configs/0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kazoo_sup import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kazoo_sup.kazoo.migrations.system_config_check import Errors


def fault_lines(category: str, errors: Errors) -> Iterator[str]:
    """Yield the lines that report errors of a category."""
    yield f"System config {category} validation errors"
    for error in errors:
        for path, kinds in error.items():
            keys = [part.replace("%2E", ".") for part in path.split(".")]
            for each in kinds.values():
                yield terms.formatted(">>>>> ~p => '~p' : ~s", keys, each.get("value"), each.get("message"))


def checked(invalid: Iterable[tuple[str, object, Errors]]) -> Iterator[str]:
    """Yield the lines of a check of all categories, of which these are invalid: name, document and errors."""
    yield "starting system schemas validation"
    for category, _document, errors in invalid:
        yield from fault_lines(category, errors)
    yield "finished system schemas validation"

"""What Kazoo prints of JSON schemas. Source: Kazoo kz_json_schema:diff_schema/2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kazoo_sup.kazoo.config.schema_differences import SchemaDiffers


def differences(found: Iterable[SchemaDiffers]) -> Iterator[str]:
    """Show what differs between stored schemas and their files."""
    for each in found:
        if each.stored is None:
            yield f"failed to load {each.name}: not_found"
            continue
        yield f"'{each.name}' differs from on-disk file:"
        yield from _listed(" in schema", each.stored)
        yield from _listed(" on disk", each.filed)


def _listed(where: str, paths: Sequence[str]) -> Iterator[str]:
    if paths:
        yield f"{where} only: "
        yield from (f"  {path}" for path in paths)

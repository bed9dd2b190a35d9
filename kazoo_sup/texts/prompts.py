"""What Kazoo prints of prompts that are imported. Source: Kazoo kazoo_media_maintenance:import_prompts/2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kazoo_sup import terms
from kazoo_sup.kazoo.media.prompts import (
    DATABASE,
    DocumentDeleted,
    DocumentDeleting,
    DocumentRefused,
    DocumentSaved,
    FileBegun,
    FileUnreadable,
    FolderBegun,
    FolderDone,
    NotImported,
    UploadConflicted,
    Uploaded,
    UploadGivenUp,
    UploadRefused,
)
from kazoo_sup.terms import Atom


def lines(events: Iterable[object]) -> Iterator[str]:
    """Yield Kazoo's lines for each thing that took place; files that were not imported are listed at a folder's end."""
    failed: list[NotImported] = []
    for event in events:
        match event:
            case FolderBegun(directory, language):
                yield f"importing prompts from '{directory}' with language '{language}'"
            case NotImported():
                failed.append(event)
            case FolderDone():
                yield "errors encountered during import:" if failed else "importing went successfully"
                yield from (terms.formatted("  '~s': ~p", each.file, result(each)) for each in failed)
            case FileUnreadable(file, reason):
                yield f"failed to open path '{file}' for importing: {reason}"
            case FileBegun(file, language, prompt):
                yield f"importing prompt '{file}' with language '{language}'"
                yield f"  importing as '{prompt}'"
            case _:
                yield _of_file(event)


def result(failed: NotImported) -> tuple[Atom, object]:
    """Return what Kazoo's function returns for a file that was not imported."""
    return Atom("error"), failed.reason


def _of_file(event: object) -> str:
    match event:
        case DocumentRefused(reason):
            return terms.formatted("  error saving metadata: ~p", reason)
        case DocumentSaved(file):
            return f"  saved metadata about '{file}'"
        case UploadConflicted():
            return "  conflict when uploading media binary; checking doc to see if it was actually successful"
        case UploadRefused(reason):
            return terms.formatted("  error uploading prompt binary: ~p", reason)
        case DocumentDeleting():
            return f"  deleting metadata from {DATABASE}"
        case DocumentDeleted(prompt):
            return f"  removed metadata for {prompt}"
        case UploadGivenUp(attachment, prompt):
            return f"  retries exceeded for uploading {attachment} to {prompt}"
        case Uploaded(prompt, attachment):
            return f"  uploaded prompt binary to {prompt} as {attachment}"
        case _:
            return str(event)

"""What CouchDB tells of itself, by the fields that are looked at; `shapes` checks every answer before it is one.

Any field may be missing, and most may be null: versions differ. Sizes are in bytes.

Sources: CouchDB documentation, "API Reference"; BigCouch 0.4 chttpd.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from kazoo_sup.types import Document, Json


class Greeting(TypedDict, total=False):
    """The answer to GET /; `bigcouch` is the version of one."""

    version: str
    bigcouch: str
    features: list[str]
    uuid: str


class FileSizes(TypedDict, total=False):
    """Sizes of a database: of its files, and of what in them is still wanted."""

    file: int | None
    active: int | None
    external: int | None


class OlderSizes(TypedDict, total=False):
    """The size of what is still wanted in a database, as BigCouch has it."""

    data_size: int | None


class Sharding(TypedDict, total=False):
    """Into how many shards (`q`) a database is split, and how many copies (`n`) there are of each."""

    q: int | None
    n: int | None


class DatabaseInfo(TypedDict, total=False):
    """The answer to GET /DATABASE: `sizes` of CouchDB 2 and 3, `disk_size` and `other` of BigCouch."""

    doc_count: int | None
    doc_del_count: int | None
    update_seq: Json
    sizes: FileSizes | None
    disk_size: int | None
    data_size: int | None
    other: OlderSizes | None
    cluster: Sharding | None
    compact_running: bool


class DatabaseInfoRow(TypedDict, total=False):
    """A row of the answer to POST /_dbs_info: `info` is null where there is no such database."""

    key: str
    info: DatabaseInfo | None


class Task(TypedDict, total=False):
    """What a node is busy with; `started_on` is in seconds since 1970, `progress` in percent."""

    node: str | None
    type: str | None
    database: str | None
    design_document: str | None
    phase: str | None
    doc_id: str | None
    source: str | Document | None
    target: str | Document | None
    started_on: int | None
    progress: int | None
    changes_done: int
    docs_written: int
    total_changes: int
    continuous: bool


class Replication(TypedDict, total=False):
    """What the scheduler says of a replication document; `info` has its numbers, or its error."""

    id: str | None
    doc_id: str | None
    state: str | None
    source: str | Document | None
    target: str | Document | None
    info: Document | str | None
    error_count: int


class WhyState(TypedDict, total=False):
    """Why a resharding job is in its state."""

    reason: Json


class ReshardJob(TypedDict, total=False):
    """A resharding job: `source` is the shard that is split, `split_state` the step it is at."""

    id: str | None
    source: str | None
    node: str | None
    job_state: str | None
    state_info: WhyState | None
    split_state: Json
    update_time: Json


class ReshardAnswer(TypedDict, total=False):
    """What came of the wish to split one copy of a shard: the `id` of its job, or an `error`."""

    id: str | None
    node: str | None
    shard: str | None
    error: Json

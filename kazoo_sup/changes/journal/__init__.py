"""The journal: what every run changed, kept on this host so that it can be seen and taken back.

One file a run, `<state_dir>/journal/<RUN>.jsonl.gz`, made when the run changes the first thing; a run that changes
nothing has none. The directory has mode 0700, the files 0600. A run id is the UTC time to the millisecond and four
letters by chance, `20260131-235959123-k3vq`: ids sort by time and are never used again.

A file is a sequence of gzip members (see `frames`), whose content is JSON, a value on a line:

    {"run": {"run", "began", "user", "sudo_user", "host", "zone", "cluster", "module", "function", "command",
             "version", "about"}}       the first line. `cluster` is absent where the run begins with a deed that needs
                                        no CouchDB; `command` is masked; `about` holds what a run says of itself, as
                                        {"undoes": RUN}
    {"cluster": [ZONE, CLUSTER]}        what tells a zone's cluster from others, where the first line does not tell it
    {"n", "zone", "db", "id", "act", "before", "set", "gone"}
                                        a document that is about to be created, edited or deleted; `before` is the whole
                                        document with its _rev, or null; `set` and `gone` are the top-level fields
                                        that differ in the document as it is sent. `act` is "restored" for a revision
                                        from a backup, of which no document before is known
    {"file": n, "name", "type", "digest", "length", "content"}
                                        an attachment that change n removes or replaces; `content` (base 64) is null
                                        where it was too large to keep
    {"n", "zone", "database", "act"}    a database that is about to be created or deleted
    {"n", "zone", "deed", "before", "reverse", "left"}
                                        a deed that is not a document, in words; the value before, if there is one; the
                                        words of the `sup` command that takes it back: null where
                                        nothing does, none where nothing is to be taken back; the value that it leaves
    {"saved": [[n, rev], …]}            these were done; `rev` is null for what has no revision
    {"unsaved": [n, …]}                 these were not done
    {"incomplete": reason}              from here on not everything was recorded
    {"end": {"at", "code", "counts", "databases", "lasting", "incomplete"}}
                                        the run ended by itself; what `Summary` tells

What has an `n` is written, and on the disk, before its request leaves; what became of it follows when the reply is
there. Of an `n` without either nobody knows. A change that meets another revision and is made again has another `n`.
A file without an end is of a run that lives (it holds a lock on it) or was interrupted.

`Recorder` writes the record of this run. `Journal` lists the runs, `Record` reads one: forwards, or the newest change
first, in constant memory. Nothing here asks a server or needs settings other than the directory.
"""

from __future__ import annotations

from kazoo_sup.changes.journal.frames import Damaged
from kazoo_sup.changes.journal.reading import UNREADABLE, Journal, NoSuchRun, Record, Unreadable
from kazoo_sup.changes.journal.records import Changed, DatabaseChanged, Done, Entry, Header, KeptFile, Summary, Undoable

__all__ = [
    "DIRECTORY",
    "UNREADABLE",
    "Changed",
    "Damaged",
    "DatabaseChanged",
    "Done",
    "Entry",
    "Header",
    "Journal",
    "KeptFile",
    "NoSuchRun",
    "Record",
    "Summary",
    "Undoable",
    "Unreadable",
]

DIRECTORY = "journal"

"""Run a command and write seconds, peak MB and exit code to FILE: `python stopwatch.py FILE COMMAND…`.

It stands between a benchmark and what is measured because Linux counts the memory of a process into the peak of the
one it starts (fs/exec.c, exec_mmap). This one is as small as Python gets.
"""

import os
import sys
import time

file, *command = sys.argv[1:]
began = time.perf_counter()
pid = os.posix_spawnp(command[0], command, os.environ)
_, status, used = os.wait4(pid, 0)
seconds = time.perf_counter() - began
with open(file, "w", encoding="ascii") as result:  # noqa: PTH123 - pathlib would make it bigger
    result.write(f"{seconds} {used.ru_maxrss / 1024} {os.waitstatus_to_exitcode(status)}")

"""Run a command: `python stopwatch.py FILE COMMAND…` writes seconds, seconds of processors, peak MB and exit code.

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
    worked = used.ru_utime + used.ru_stime
    result.write(f"{seconds} {worked} {used.ru_maxrss / 1024} {os.waitstatus_to_exitcode(status)}")

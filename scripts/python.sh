#!/usr/bin/env bash
# Print the first Python on the PATH that is 3.11 or newer; without one the answer is an error that says so.
set -euo pipefail
for python in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v "$python"
        exit 0
    fi
done
echo "kazoo-sup needs Python 3.11 or newer: install it, or say which one it is with make PYTHON=…" >&2
exit 1

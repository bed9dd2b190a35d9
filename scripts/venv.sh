#!/usr/bin/env bash
# Make the virtual environment $2 with the Python $1, unless it works. Debian keeps what that takes in a package apart.
set -euo pipefail
python=$1 directory=$2
[ -n "$python" ] || exit 1 # scripts/python.sh has said why
"$directory/bin/python" -m pip --version >/dev/null 2>&1 && exit 0
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "kazoo-sup needs Python 3.11 or newer, which $python is not" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "$python cannot make virtual environments: install its package $package (apt-get install $package)" >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
fi
"$python" -m venv --clear "$directory"

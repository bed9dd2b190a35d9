#!/bin/sh
# Make the virtual environment $2 with the Python $1. Debian keeps what that takes in a package of its own.
set -eu
python=${1:?no Python} directory=${2:?no directory}
[ -x "$directory/bin/pip" ] && exit 0
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv
    else
        echo "$python cannot make virtual environments: apt-get install python3-venv" >&2
        exit 1
    fi
fi
"$python" -m venv "$directory"

#!/bin/sh
# Debian's dpkg says remove or upgrade, rpm how many versions stay: an upgrade keeps the alternative as it was chosen.
set -e
case ${1:-remove} in
remove | deconfigure | 0) ;;
*) exit 0 ;;
esac
command -v update-alternatives >/dev/null 2>&1 || exit 0
if update-alternatives --display sup 2>/dev/null | grep -q /usr/bin/kazoo-sup; then
    update-alternatives --remove sup /usr/bin/kazoo-sup
fi

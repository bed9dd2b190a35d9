#!/usr/bin/env bash
# The main job against a lab of our own, as a transcript. Everything here can be typed again afterwards.
# Usage: demo.sh [PORT], on which the lab then listens in place of its usual one.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH
account=lab.example.com
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi

say() { printf '\n%s# %s%s\n' "$bold" "$*" "$plain"; }
run() {
    printf '%s$' "$bold"
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./=:@-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '%s\n' "$plain"
    "$@"
}

# Whatever cluster this shell is set up for, it is not the one to try things on.
unset "${!SUP_@}" "${!KAZOO_@}"

say "A small CouchDB-compatible server, with one account; every command here is for its zone"
lab=${XDG_DATA_HOME:-$HOME/.local/share}/kazoo-sup/lab
if [ ! -d "$lab/node_modules" ]; then
    echo "The first start fetches its packages from npm (30 MB), and Node.js from PyPI (60 MB) where this machine has none"
    echo "with npm. That takes a minute or two; $lab/lab.log tells how it goes."
fi
run sup lab start "$@"
run export SUP_ZONE=lab

say "Five numbers that only this account can acquire; an account goes by its realm, too"
run sup kazoo_number_manager_maintenance generate_numbers managed $account 2223334000 5

say "Again, and one more: what is there already is left alone"
run sup -q -f json kazoo_number_manager_maintenance generate_numbers managed $account 2223334000 6

say "What would be written, without writing it"
run sup --dry-run kazoo_number_manager_maintenance generate_numbers managed $account 2223334006 1

say "The JSON schemas of config/schemas: only those that differ are saved"
run export SUP_SCHEMAS_DIR=config/schemas
run sup -q -f yaml crossbar_maintenance update_schemas

say "A setting for all nodes: first what would change, then the change, then read back"
modules='["knm_local","knm_inventory","knm_managed","knm_telnyx"]'
run sup --dry-run kapps_config set_default number_manager carrier_modules "$modules"
run sup kapps_config set_default number_manager carrier_modules "$modules"
run sup kapps_config get number_manager carrier_modules

say "The lab has no message broker: what the nodes have yet to hear waits here"
run sup outbox list

cat <<END

${bold}What to type next${plain}
  .venv/bin/sup --list                           which functions there are
  .venv/bin/sup kapps_config set_default --help  what one of them does
  .venv/bin/sup -z lab kapps_config get_category number_manager
                                                 a whole configuration of the lab
  .venv/bin/sup config init                      settings for your own cluster
  .venv/bin/sup lab stop                         stop the lab
  .venv/bin/sup lab remove                       stop it and take all that it has left away
END

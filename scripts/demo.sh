#!/bin/sh
# The main job against a lab of our own, as a transcript. Everything here can be typed again afterwards.
set -eu
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

say "A small CouchDB-compatible server, with one account"
run sup lab start

say "Five numbers that only this account can acquire; an account goes by its realm, too"
run sup -z lab kazoo_number_manager_maintenance generate_numbers managed $account 2223334000 5

say "Again, and one more: what is there already is left alone"
run sup -z lab -f json kazoo_number_manager_maintenance generate_numbers managed $account 2223334000 6

say "What would be written, without writing it"
run sup -z lab --dry-run kazoo_number_manager_maintenance generate_numbers managed $account 2223334006 1

say "The JSON schemas of config/schemas: only those that differ are saved"
run env SUP_SCHEMAS_DIR=config/schemas sup -z lab -f yaml crossbar_maintenance update_schemas

say "A setting for all nodes: first what would change, then the change, then read back"
modules='["knm_local","knm_inventory","knm_managed","knm_telnyx"]'
run sup -z lab --dry-run kapps_config set_default number_manager carrier_modules "$modules"
run sup -z lab kapps_config set_default number_manager carrier_modules "$modules"
run sup -z lab kapps_config get number_manager carrier_modules

say "The lab has no message broker: what the nodes have yet to hear waits here"
run sup -z lab outbox list

cat <<END

${bold}What to type next${plain}
  .venv/bin/sup --list                          which functions there are
  .venv/bin/sup kapps_config set_default --help what one of them does
  .venv/bin/sup config init                     settings for your own cluster
  .venv/bin/sup lab stop                        stop the lab
END

#!/usr/bin/env bash
# ./dev, as far as it goes without building anything: dev.sh PATH-OF-DEV
set -uo pipefail
dev=$1
cd /

fail() { printf 'failed: %s\n' "$*" >&2; exit 1; }

text=$("$dev" help) || fail "help: exit $?"
for command in demo test build bench format lint help; do
    grep -q "^  $command " <<<"$text" || fail "help does not speak of $command"
done
[[ $("$dev") == "$text" ]] || fail "no command at all does not show the help"

said=$("$dev" nonsense 2>&1 >/dev/null)
code=$?
((code == 2)) || fail "nonsense: exit $code, not 2"
[[ $said == "dev: no command 'nonsense'"* ]] || fail "nonsense: said \"$said\""
(($(wc -l <<<"$said") == 1)) || fail "nonsense: said more than a line"

#!/usr/bin/env bash
# The two engines share what src/ops and src/core define, and nothing else: no object of kernels
# needs a symbol that src/cpu alone defines, nor the other way round: engines.sh OBJECT…
set -euo pipefail

fail() { printf 'failed: %s\n' "$*" >&2; exit 1; }

# Ours, by their mangled names. Undefined: needed from elsewhere.
symbols() { nm --format=posix "$@" | awk -v types="$types" '$2 ~ types && $1 ~ /7impasto/ {print $1}' | sort -u; }
defined() { types='^[TWVBDRu]$' symbols "$@"; }
needed() { types='^U$' symbols "$@"; }

cpu=() kernels=()
for object; do
    case $object in
        */impasto.dir/*cpu/*) cpu+=("$object") ;;
        */impasto_emulated.dir/*/kernels/*) kernels+=("$object") ;;
    esac
done
((${#cpu[@]} > 10 && ${#kernels[@]} > 10)) || fail "only ${#cpu[@]} and ${#kernels[@]} objects"

# Objects of the first that lean on the second.
expect_apart() {
    local -n from=$1 to=$2
    found=$(comm -12 <(comm -23 <(needed "${from[@]}") <(defined "${from[@]}")) <(defined "${to[@]}"))
    [[ -z $found ]] || fail "$1 needs of $2: $(c++filt <<<"$found")"
}
expect_apart kernels cpu
expect_apart cpu kernels

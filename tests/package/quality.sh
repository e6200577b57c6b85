#!/usr/bin/env bash
# The comparison of quality, as small as it can be: quality.sh PATH-OF-RUN.PY PROGRAM
set -uo pipefail
run=$1 tool=$2

fail() { printf 'failed: %s\n' "$*" >&2; exit 1; }

for python in python3 /usr/bin/python3 none; do
    "$python" -c 'import PIL' 2>/dev/null && break
done
[[ $python == none ]] && { echo "skipped: no Python with Pillow"; exit 0; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
samples=$(dirname "$run")/../../examples/images
compare() {
    "$python" "$run" --out "$folder" --tool "$tool" --photos "$samples/harbor.jpg" \
        --paintings "$samples/ember.jpg" --methods built-in --size 64 --iterations 1 --threads 1 \
        "$@" 2>/dev/null
}
painted() { grep -c 'style weight x'; }

said=$(compare --emphases 1 3) || fail "exit $?: $said"
(($(painted <<<"$said") == 2)) || fail "two weights are to be painted: $said"
for file in results.csv summary.md curves.svg sheet.jpg; do
    [[ -s $folder/$file ]] || fail "$file is missing"
done
grep -q '^| impasto, built-in network | 3 | ' "$folder/summary.md" || fail "summary: $said"
grep -q '^harbor-ember,built-in,3.0,built-in,' "$folder/results.csv" || fail "no such row"

said=$(compare --emphases 1 3 9) || fail "again: exit $?: $said"
(($(painted <<<"$said") == 1)) || fail "only the new weight is to be painted: $said"

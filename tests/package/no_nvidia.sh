#!/usr/bin/env bash
# Nothing that is built needs a library of NVIDIA's to start: no_nvidia.sh PROGRAM…
set -uo pipefail

fail() { printf 'failed: %s\n' "$*" >&2; exit 1; }

for file; do
    needed=$(readelf --dynamic "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p') || fail "readelf $file"
    [[ $needed == *libc.so* ]] || fail "$file: readelf sees no libraries at all"
    found=$(grep -iE 'cuda|cublas|cudnn|nvidia|nvrtc|nvjit' <<<"$needed") && fail "$file needs $found"
done

# It starts where the loader is given nothing to look in.
env -i "$1" --version >/dev/null || fail "$1 does not start"

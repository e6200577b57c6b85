#!/usr/bin/env bash
# No folder includes a header of a higher floor (docs/architecture.md), and headers include each
# other in no circle: includes.sh ROOT
set -euo pipefail
cd "$1"

# FLOOR of a FOLDER as it is written in #include: impasto/FOLDER/… or FOLDER/… under src.
floors='
core 0
ops 1  cpu 1  kernels 1
nn 2  image 2  formats 2
weights 3  style 3  optim 3
painter 4  insight 4
cli 5  examples 5  bench 5'

# "FILE FOLDER TARGET" for each include of the project's own, TARGET as include/impasto or src has it.
includes() {
    find include/impasto src kernels examples bench -name '*.[hc]pp' -o -name '*.cu' -o -name '*.cuh' |
        grep -v '^include/impasto/impasto.hpp$' | while read -r file; do  # which includes all
        case $file in
            include/impasto/*) folder=${file#include/impasto/} ;;
            src/*) folder=${file#src/} ;;
            *) folder=$file ;;
        esac
        sed -nE "s|^#include <impasto/([^>]+)>.*|$file ${folder%%/*} \1 include/impasto/\1|p
                 s|^#include \"(([a-z_0-9]+)/[^\"]+)\".*|$file ${folder%%/*} \1 src/\1|p" "$file"
    done
}

includes | awk -v floors="$floors" '
    BEGIN {
        count = split(floors, words, /[ \n]+/)
        for (i = 1; i < count; i++)
            if (words[i + 1] ~ /^[0-9]+$/) floor[words[i]] = words[i + 1]
    }
    {
        split($3, to, "/")
        if (system("test -f " $4) != 0) next  # within kernels, or bench
        if (!($2 in floor)) { print $1 ": folder " $2 " stands on no floor"; bad = 1 }
        else if (to[1] in floor && floor[to[1]] > floor[$2]) {
            print $1 " (floor " floor[$2] ") includes " $3 " (floor " floor[to[1]] ")"; bad = 1
        }
        edges[$1] = edges[$1] " " $4
    }
    # Depth first; a header that is met while it is being visited closes a circle.
    function visit(file, path,    names, n, i) {
        if (state[file] == 2) return
        if (state[file] == 1) { print "a circle of includes: " path; bad = 1; return }
        state[file] = 1
        n = split(edges[file], names, " ")
        for (i = 1; i <= n; i++) visit(names[i], path " -> " names[i])
        state[file] = 2
    }
    END { for (file in edges) visit(file, file); exit bad }'

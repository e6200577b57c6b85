#!/usr/bin/env bash
# All that wants a GPU, once: builds, tests, compute-sanitizer, benchmarks, PyTorch beside them.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." || exit 1

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    cat <<'END'
usage: bench/gpu_session.sh [NUMBER]

Builds for this machine's GPU (in build/gpu), tests on it, looks for races and stray accesses with
compute-sanitizer, and measures. What each step says goes to a file in $OUT (by default out/gpu). A
step that fails is reported at the end and does not keep the others from running; those without
what they need are skipped by name. NUMBER: start with this step.
END
    exit
fi

have() { command -v "$1" >/dev/null; }
have nvidia-smi || { echo "skipped: there is no NVIDIA driver on this machine"; exit 0; }

out=$(mkdir -p "${OUT:-out/gpu}" && cd "${OUT:-out/gpu}" && pwd) || exit 1
first=${1:-1} number=0 failed=()
build=build/gpu

# step NAME COMMAND…: what it says goes to $out/NAME.txt.
step() {
    local name=$1
    shift
    ((++number >= first)) || return 0
    printf '%2d  %-28s' "$number" "$name"
    SECONDS=0
    if "$@" >"$out/$name.txt" 2>&1; then
        printf 'done, %d s\n' "$SECONDS"
    else
        printf 'FAILED, %d s: %s\n' "$SECONDS" "$out/$name.txt"
        failed+=("$name")
    fi
}
skip() {
    printf '%2d  %-28sskipped: %s\n' "$((++number))" "$1" "$2"
}

# Hopper's own tensor cores want code for 90a, which CMake's 'native' does not ask for.
configure() {
    local capability
    capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .) || return
    [[ $capability == 90 ]] && capability=90a
    cmake --preset release -B "$build" -DIMPASTO_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES="$capability-real"
}

bench() {
    local program=$1
    shift
    "$build/bench/cuda/bench_cuda_$program" --benchmark_min_time=0.05 \
        --benchmark_out="$out/$name.json" --benchmark_out_format=json "$@"
}

# The tests' kernels under a tool of compute-sanitizer; its own exit status tells of what it found.
sanitize() {
    compute-sanitizer --tool "$1" --error-exitcode 1 "$build/tests/tests_cuda_gpu"
}

peer() {
    "$python" bench/peers/torch_iteration.py --device cuda --how best --layout best --iterations 50 "$@"
}

python=
for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null && python=$candidate && break
done

step machine nvidia-smi -q
step configure configure
step build cmake --build "$build" --parallel
step tests ctest --test-dir "$build" -L gpu --no-tests=error --output-on-failure
for tool in memcheck racecheck; do
    if have compute-sanitizer; then
        step "$tool" sanitize "$tool"
    else
        skip "$tool" "compute-sanitizer is not in PATH"
    fi
done
step conv_1024 bench conv --benchmark_filter='^conv/1024/'
step gram bench gram
step losses bench losses
step iteration bench iteration
for type in bfloat16 float16 tf32 float32; do
    if [[ -n $python ]]; then
        step "torch_adam_1024_$type" peer --size 1024 --dtype "$type" --uncounted 5
        step "torch_lbfgs_512_$type" peer --size 512 --dtype "$type" --optimizer lbfgs --uncounted 105
    else
        skip "torch_$type" "no Python here has PyTorch with CUDA"
    fi
done
step conv_512_2048 bench conv --benchmark_filter='^conv/(512|2048)/'

echo "results: $out"
((${#failed[@]} == 0)) || { echo "failed: ${failed[*]}"; exit 1; }

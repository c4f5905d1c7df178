#!/usr/bin/env bash
# What simgen does on a GPU: correctness against the CPU, then the benchmark; see --help.
set -euo pipefail

usage() {
    cat <<'END'
usage: [DEVICE=cuda:0] [PYTHON=python3] [SIMGEN_COMMIT=...] examples/benchmarks/gpu.sh
           [--quick] [--peer] [--stage NAME ...] [--wheels DIR] [--results DIR]

Runs from this checkout, without the internet. The stages, in this order; --stage chooses some of them:
  install  installs the wheels in DIR, if one is given: *.whl, or the pieces wheels.tar.xz.NNN of an unpacked site
           folder, into build/gpu-site, beside what the machine's Python has; later calls find them there;
  tests    runs the tests that need a GPU, where there is pytest;
  check    compares DEVICE with the CPU, and sees that the host waits for nothing (examples/06_gpu_check.py);
  bench    measures pick_cube on DEVICE: worlds x sizes x outputs, with a plot;
  write    measures recording at 128 x 128.
Results: gpu_check.json, gpu_pick_cube.json and .png, gpu_written.json in examples/benchmarks/results (or --results),
each with date, device, versions and commit; where the tree is a copy without .git, SIMGEN_COMMIT says which it is.
--quick does it all with few worlds, --peer compares ManiSkill's engine too. On a machine without a GPU,
`DEVICE=cpu gpu.sh --quick --results DIR` tries the script itself. Exits with 1 if a part of it failed: the others are
done all the same.
END
}

root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
device=${DEVICE:-cuda:0} python=${PYTHON:-python3} results=$root/examples/benchmarks/results wheels='' quick=''
known=(install tests check bench write) stages=() engines=(newton)
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --quick) quick=yes ;;
        --peer) engines=(newton maniskill) ;;
        --stage)
            if [[ " ${known[*]} " != *" ${2:-} "* ]]; then
                echo "unknown stage ${2:-}; there are: ${known[*]}" >&2 && exit 2
            fi
            stages+=("$2") && shift
            ;;
        --wheels) wheels=$(realpath "${2:?--wheels needs a folder}") && shift ;;
        --results) results=$(realpath -m "${2:?--results needs a folder}") && shift ;;
        *) echo "unknown option $1; see --help" >&2 && exit 2 ;;
    esac
    shift
done
[ ${#stages[@]} -gt 0 ] || stages=("${known[@]}")
cd "$root"
if [ -z "${SIMGEN_COMMIT:-}" ] && ! git rev-parse --quiet --verify HEAD >/dev/null 2>&1; then
    echo "this tree has no .git; say with SIMGEN_COMMIT which commit it is, for the results" >&2 && exit 2
fi
site=$root/build/gpu-site
export PYTHONPATH="$root:$site${PYTHONPATH:+:$PYTHONPATH}"

worlds=(256 1024 4096) sizes=(64 128 256) outputs=(state rgb rgb+depth rgb+depth+segmentation)
some=(--num-envs 1024 --size 128) few=()
if [ -n "$quick" ]; then
    worlds=(2 4) sizes=(16) outputs=(state rgb+depth+segmentation) some=(--num-envs 2 --size 16)
    few=(--steps 4 --repetitions 1 --set episode.max_steps=4)
fi
command='import sys; from simgen.commands.bench import main; sys.exit(main(sys.argv[1:]))'  # also where it is not installed
bench() { "$python" -c "$command" pick_cube --device "$device" "${few[@]}" "$@"; }

# Called where an error does not end the script: what a stage does last says whether it failed.
stage_install() {
    [ -n "$wheels" ] || return 0
    mkdir -p "$site" || return 1
    if compgen -G "$wheels/wheels.tar.xz.*" >/dev/null; then
        cat "$wheels"/wheels.tar.xz.* | tar -xJf - -C "$site"
    else
        "$python" -m pip install --quiet --no-index --no-deps --no-compile --upgrade --target "$site" "$wheels"/*.whl
    fi
}

stage_tests() {
    if ! "$python" -c 'import pytest, psutil' 2>/dev/null; then
        echo "no pytest (or psutil) here: the tests that need a GPU are left out" >&2
        return 0
    fi
    if [ "$device" = cpu ]; then
        "$python" -m pytest -q -m gpu --collect-only tests/env tests/world/sensor  # it says what there is
    else
        "$python" -m pytest -q -m gpu tests/env tests/world/sensor
    fi
}

stage_check() {
    "$python" examples/06_gpu_check.py --device "$device" --engines "${engines[@]}" --num-envs "${worlds[0]}" \
        --out "$results/gpu_check.json"
}

stage_bench() {
    bench --num-envs "${worlds[@]}" --size "${sizes[@]}" --outputs "${outputs[@]}" \
        --out "$results/gpu_pick_cube.json" --plot "$results/gpu_pick_cube.png"
}

stage_write() {
    bench "${some[@]}" --write --out "$results/gpu_written.json"
}

failed=0
for stage in "${known[@]}"; do
    if [[ " ${stages[*]} " == *" $stage "* ]]; then
        echo "== $stage" >&2
        "stage_$stage" || { echo "== $stage failed" >&2 && failed=1; }
    fi
done
exit "$failed"

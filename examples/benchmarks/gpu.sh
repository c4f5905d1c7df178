#!/usr/bin/env bash
# What simgen does on a GPU: correctness against the CPU, then the benchmark; see --help.
set -euo pipefail

usage() {
    cat <<'END'
usage: [DEVICE=cuda:0] [PYTHON=python3] [SIMGEN_COMMIT=...] examples/benchmarks/gpu.sh [--quick] [--wheels DIR] [--results DIR]

Runs from this checkout, without the internet:
  1. installs the wheels in DIR, if one is given: *.whl, or the pieces wheels.tar.xz.NNN of an unpacked site folder,
     into build/gpu-site, beside what the machine's Python has;
  2. compares DEVICE with the CPU in both engines (examples/06_gpu_check.py);
  3. measures pick_cube on DEVICE: worlds x sizes x outputs with a plot, then recording at 128 x 128.
Results: gpu_check.json, gpu_pick_cube.json and .png, gpu_written.json in examples/benchmarks/results (or --results),
each with date, device, versions and commit; where the tree is a copy without .git, SIMGEN_COMMIT says which it is.
--quick tries it all with few worlds. DEVICE=cpu tries the script itself. Exits with 1 if a part of it failed.
END
}

root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
device=${DEVICE:-cuda:0} python=${PYTHON:-python3} results=$root/examples/benchmarks/results wheels='' quick=''
while [ $# -gt 0 ]; do
    case $1 in
        --help | -h) usage && exit 0 ;;
        --quick) quick=yes ;;
        --wheels) wheels=$(realpath "${2:?--wheels needs a folder}") && shift ;;
        --results) results=$(realpath -m "${2:?--results needs a folder}") && shift ;;
        *) echo "unknown option $1; see --help" >&2 && exit 2 ;;
    esac
    shift
done
cd "$root"
site=$root/build/gpu-site
if [ -n "$wheels" ]; then
    mkdir -p "$site"
    if compgen -G "$wheels/wheels.tar.xz.*" >/dev/null; then
        cat "$wheels"/wheels.tar.xz.* | tar -xJf - -C "$site"
    else
        "$python" -m pip install --quiet --no-index --no-deps --no-compile --upgrade --target "$site" "$wheels"/*.whl
    fi
    export PYTHONPATH="$root:$site"
else
    export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
fi

worlds=(256 1024 4096) sizes=(64 128 256) outputs=(state rgb rgb+depth rgb+depth+segmentation) some=(--num-envs 1024 --size 128)
few=()
if [ -n "$quick" ]; then
    worlds=(2 4) sizes=(16) outputs=(state rgb+depth+segmentation) some=(--num-envs 2 --size 16)
    few=(--steps 4 --repetitions 1 --set episode.max_steps=4)
fi
command='import sys; from simgen.commands.bench import main; sys.exit(main(sys.argv[1:]))'  # also where it is not installed
bench() { "$python" -c "$command" pick_cube --device "$device" "${few[@]}" "$@"; }

failed=0
"$python" examples/06_gpu_check.py --device "$device" --num-envs "${worlds[0]}" --out "$results/gpu_check.json" || failed=1
bench --num-envs "${worlds[@]}" --size "${sizes[@]}" --outputs "${outputs[@]}" \
    --out "$results/gpu_pick_cube.json" --plot "$results/gpu_pick_cube.png" || failed=1
bench "${some[@]}" --write --out "$results/gpu_written.json" || failed=1
exit "$failed"
